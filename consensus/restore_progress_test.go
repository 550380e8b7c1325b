package consensus

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestReadingASnapshotTellsHowFarItIs(t *testing.T) {
	var log bytes.Buffer
	r := restoreProgress{
		source: strings.NewReader(strings.Repeat("x", 100)), logger: slog.New(slog.NewTextHandler(&log, nil)), bytes: 90,
	}
	r.begin("verifying")
	_ = r.count(50)
	if log.Len() > 0 {
		t.Fatalf("at once: %s", log.String())
	}
	r.reportedAt = r.reportedAt.Add(-progressInterval)
	_ = r.count(10)
	r.begin("restoring")
	r.reportedAt = r.reportedAt.Add(-progressInterval)
	if n, err := io.Copy(io.Discard, &r); n != 100 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	for _, says := range []string{"msg=verifying bytes=60 of=90\n", "msg=restoring bytes=90 of=90\n"} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("the log does not say %q:\n%s", says, log.String())
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}
