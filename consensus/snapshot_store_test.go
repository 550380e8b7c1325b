package consensus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// still is a machine without a state.
type still struct{ nothing }

func (still) Freeze() io.WriterTo              { return still{} }
func (still) Hash() uint64                     { return 1 }
func (still) Due() int64                       { return 0 }
func (still) Release()                         {}
func (still) WriteTo(io.Writer) (int64, error) { return 0, nil }

func TestOnlySnapshotsThatTheJournalNamesAreServed(t *testing.T) {
	n := openBlank(t, Options{Bootstrap: true, Machine: still{}})
	wait, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := n.WaitServing(wait); err != nil {
		t.Fatal(err)
	}
	mark := raftlog.SnapshotMark{Mark: raftlog.Mark{Index: 1, Term: 1}, FileHash: 5, FileBytes: 100}
	var refusal *transport.Refusal
	if _, err := (peerHandler{n}).OpenSnapshot(transport.Hello{From: 2}, mark); !errors.As(err, &refusal) {
		t.Fatalf("the answer is %v", err)
	}
	if err := n.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for ; n.Status().Snapshot == nil; <-look.C {
		if s := n.Status(); s.LastSnapshotError != "" || s.LastInstallError != "" {
			t.Fatal(s.LastSnapshotError, s.LastInstallError)
		}
	}
	mark = *n.Status().Snapshot
	mark.Configuration = nil // as it comes from the network
	source, err := (peerHandler{n}).OpenSnapshot(transport.Hello{From: 2}, mark)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := source.Chunk(0, nil); err != nil || len(b) == 0 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
	for what, wrong := range map[string]func(m *raftlog.SnapshotMark){
		"index": func(m *raftlog.SnapshotMark) { m.Index++ }, "term": func(m *raftlog.SnapshotMark) { m.Term++ },
		"hash": func(m *raftlog.SnapshotMark) { m.FileHash++ }, "size": func(m *raftlog.SnapshotMark) { m.FileBytes++ },
	} {
		m := mark
		wrong(&m)
		if _, err := (peerHandler{n}).OpenSnapshot(transport.Hello{From: 2}, m); !errors.As(err, &refusal) {
			t.Errorf("another %s: the answer is %v", what, err)
		}
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

func TestASnapshotOfAnUnknownNodeCannotBeHad(t *testing.T) {
	n := openBlank(t, Options{})
	mark := raftlog.SnapshotMark{Mark: raftlog.Mark{Index: 9, Term: 1}, FileHash: 5, FileBytes: 100}
	if _, err := n.snapshots.Fetch(t.Context(), 7, mark, func(int) {}); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	mark.FileBytes = 1 << 60
	if _, err := n.snapshots.Fetch(t.Context(), 7, mark, func(int) {}); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

func TestStatesAreToldFromErrorsOfTheDisk(t *testing.T) {
	for _, state := range []error{
		snapshot.ErrNoSpace, snapshot.ErrBusy, snapshot.ErrTooLarge, snapshot.ErrRefused, context.Canceled,
		&os.PathError{Op: "open", Path: "a", Err: syscall.EMFILE}, snapshot.ErrShortage,
		&os.PathError{Op: "read", Path: "a", Err: syscall.ENOMEM},
		&os.PathError{Op: "remove", Path: "a", Err: syscall.EPERM},
	} {
		err := classify(fmt.Errorf("wrapped: %w", state))
		if !errors.Is(err, engine.ErrUnavailable) || !errors.Is(err, state) {
			t.Errorf("%v is classified as %v", state, err)
		}
	}
	// A full disk is no state by itself: where snapshot does not call it one, something is left of the attempt.
	for _, final := range []error{
		syscall.ENOSPC, syscall.EIO, &os.PathError{Op: "sync", Path: "a", Err: syscall.ENOMEM},
		&snapshot.CorruptionError{File: "a"}, snapshot.ErrForeign, snapshot.ErrVersion,
	} {
		if err := classify(fmt.Errorf("wrapped: %w", final)); errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("%v is classified as unavailability", final)
		}
	}
	if err := classify(errors.Join(syscall.ENOSPC, syscall.EIO)); errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("an error of the disk beside a full one is classified as unavailability")
	}
}
