package consensus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
)

// progressNode is a node that tells its progress, and logs.
func progressNode(t *testing.T) (n *Node, log *bytes.Buffer, heard func() []Progress) {
	t.Helper()
	log = new(bytes.Buffer)
	var all []Progress
	n = &Node{options: Options{
		Logger:   slog.New(slog.NewTextHandler(log, nil)),
		Progress: func(p Progress) { all = append(all, p) },
	}}
	n.context, n.stop = context.WithCancel(t.Context())
	return n, log, func() []Progress { return all }
}

func TestReadingASnapshotTellsHowFarItIs(t *testing.T) {
	n, log, heard := progressNode(t)
	r := restoreReader{
		source: strings.NewReader(strings.Repeat("x", 100)), context: n.context,
		progress: n.beginProgress("restoring", 0, 90),
	}
	if _, err := r.Read(make([]byte, 50)); err != nil || log.Len() > 0 || len(heard()) != 1 {
		t.Fatalf("at once: %v, %v, %s", err, heard(), log.String())
	}
	r.progress.loggedAt = r.progress.loggedAt.Add(-progressInterval)
	r.progress.toldAt = r.progress.toldAt.Add(-progressPeriod)
	if n, err := r.Read(make([]byte, 10)); n != 10 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	r.progress.loggedAt = r.progress.loggedAt.Add(-progressInterval)
	if n, err := io.Copy(io.Discard, &r); n != 40 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	for _, says := range []string{"msg=restoring bytes=60 of=90\n", "msg=restoring bytes=90 of=90\n"} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("the log does not say %q:\n%s", says, log.String())
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("%d lines:\n%s", lines, log.String())
	}
	for i, want := range []Progress{{"restoring", 0, 90}, {"restoring", 60, 90}} {
		if all := heard(); i >= len(all) || all[i] != want {
			t.Errorf("heard %v, want %v at %d", all, want, i)
		}
	}
}

func TestReadingASnapshotEndsWhenTheNodeIsClosed(t *testing.T) {
	n, _, _ := progressNode(t)
	r := restoreReader{
		source: strings.NewReader("state"), context: n.context, progress: n.beginProgress("restoring", 0, 5),
	}
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	n.stop()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("read on: %v", err)
	}
}
