package consensus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/pump"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// snapshots are this node's files as its engine wants them: taken from its own machine, fetched from other nodes.
type snapshots struct {
	node  *Node
	store *snapshot.Store
	// takenAt is when the last file of this node's own state was complete, in nanoseconds; before the first, when the
	// node was opened.
	takenAt atomic.Int64
	// beganAt is when the last attempt at one began, in nanoseconds, and took how long it took; negative before the first.
	beganAt, took atomic.Int64
	// damaged is the file that the journal names and that this process could not start from; nil if there is none.
	damaged *raftlog.SnapshotMark
}

func openSnapshots(n *Node) (*snapshots, error) {
	store, err := snapshot.NewStore(vfs.OS(), filepath.Join(n.options.Directory, snapshot.DirectoryName))
	if err != nil {
		return nil, err
	}
	s := &snapshots{node: n, store: store}
	s.takenAt.Store(time.Now().UnixNano())
	s.took.Store(-1)
	return s, nil
}

// Take writes a frozen state as a file. Every failure that classify does not know means that disk or machine cannot be
// trusted.
func (s *snapshots) Take(f engine.Frozen, pace func(bytes int) error) (mark raftlog.SnapshotMark, err error) {
	defer f.Image.Release()
	if s.damaged != nil && f.Mark.Index <= s.damaged.Index {
		// The log is being applied once more. What the journal names never goes back.
		return mark, fmt.Errorf("%w: the one at %v was damaged, and the log behind it is not applied yet",
			engine.ErrUnavailable, s.damaged.Mark)
	}
	began := time.Now()
	s.beganAt.Store(began.UnixNano())
	s.node.renew()
	defer func() {
		s.took.Store(int64(time.Since(began)))
		s.node.renew()
	}()
	w, err := s.store.Create(headerOf(&f), pace)
	if err != nil {
		return mark, classify(err)
	}
	// The writer may let go of a complete file before the journal names it: the engine spares what is on its way there.
	if _, err = f.WriteTo(w); err == nil {
		mark, err = w.Commit()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return raftlog.SnapshotMark{}, classify(err)
	}
	s.takenAt.Store(time.Now().UnixNano())
	return mark, nil
}

// Restore gives the machine the state of a file. The file proves itself twice, before its first byte is used and at its
// end; the hash of the machine proves that it read everything and made the state that was frozen. When the node is
// closed it gives up, with an error that matches context.Canceled.
func (s *snapshots) Restore(
	mark raftlog.SnapshotMark, machine engine.StateMachine,
) (base engine.SnapshotState, err error) {
	f, err := s.store.Open(mark)
	if err != nil {
		return base, err
	}
	defer f.Close() // only read
	image, err := s.verified(f, mark.FileBytes)
	if err != nil {
		return base, err
	}
	h := f.Header()
	if h.Level > engine.Level { // its image may be another one
		return base, raftlog.LevelError("the snapshot in "+f.Path(), h.Level, engine.Level)
	}
	read := &restoreReader{
		source: image, context: s.node.context,
		progress: s.node.beginProgress("restoring the state from a snapshot", 0, mark.FileBytes),
	}
	base = baseOf(&h)
	if err := base.ReadFront(read); err != nil {
		return base, fmt.Errorf("%s: %w", f.Path(), err)
	}
	if err := machine.Restore(h.HashSeed, read); err != nil { // its state may be gone: this must not be tried again
		return base, vfs.Fatal(fmt.Errorf("the machine refuses the image in %s: %w", f.Path(), err))
	}
	switch left, err := io.Copy(io.Discard, read); {
	case err != nil:
		return base, vfs.Fatal(err)
	case left > 0:
		return base, fmt.Errorf("the machine left %d bytes of the image in %s", left, f.Path())
	case base.StateHash(machine.Hash()) != h.StateHash:
		return base, fmt.Errorf("the state has the hash %016x with the image in %s, which was frozen with %016x: this "+
			"build reads images otherwise than the one that wrote it", base.StateHash(machine.Hash()), f.Path(), h.StateHash)
	}
	return base, nil
}

// verified is the image in a file that was read to its end once.
func (s *snapshots) verified(f *snapshot.File, bytes uint64) (io.Reader, error) {
	p := s.node.beginProgress("verifying a snapshot", 0, bytes)
	return f.Image(func(bytes int) error {
		p.reached(p.done + uint64(bytes))
		return s.node.context.Err()
	})
}

// Retain removes all files but those named.
func (s *snapshots) Retain(marks ...raftlog.SnapshotMark) error {
	removed, err := s.store.Retain(marks...)
	if len(removed) > 0 {
		s.node.options.Logger.Debug("old snapshots were removed", "files", removed)
	}
	return err
}

// classify marks errors that say nothing about the disk as unavailability; after all others the node must not go on.
// See vfs.IsFatal. No space counts only where the store says that nothing is left of the attempt.
func classify(err error) error {
	for _, state := range []error{
		snapshot.ErrNoSpace, snapshot.ErrShortage, snapshot.ErrBusy, snapshot.ErrTooLarge, snapshot.ErrRefused,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, state) {
			return fmt.Errorf("%w: %w", engine.ErrUnavailable, err)
		}
	}
	if vfs.Passing(err) {
		return fmt.Errorf("%w: %w", engine.ErrUnavailable, err)
	}
	return err
}

func headerOf(f *engine.Frozen) snapshot.Header {
	return snapshot.Header{
		Mark: f.Mark, ClusterID: f.ClusterID, HashSeed: f.HashSeed, Time: f.Time, StateHash: f.StateHash,
		Level: f.Level, Configuration: f.Configuration,
	}
}

func baseOf(h *snapshot.Header) engine.SnapshotState {
	return engine.SnapshotState{
		Mark: h.Mark, ClusterID: h.ClusterID, HashSeed: h.HashSeed, Time: h.Time, Level: h.Level,
		Configuration: h.Configuration,
	}
}

// TakeSnapshot asks for a snapshot of the present state now. It does not wait: Event.Snapshot tells when it is over,
// and Status.SnapshotsEnded and Status.LastSnapshotError say how. Errors: ErrPending if a snapshot is asked for or
// being written already, ErrRefused on a blank node, ErrClosed.
func (n *Node) TakeSnapshot() error {
	r := n.runner.Load()
	if r == nil {
		return refuse(notMember)
	}
	switch err := r.TakeSnapshot(); {
	case errors.Is(err, pump.ErrSnapshotUnderway):
		return fmt.Errorf("%w: %w", ErrPending, err)
	case errors.Is(err, engine.ErrStopped):
		return ErrClosed
	case err != nil:
		return err
	}
	n.renew() // what shows that one is asked for
	return nil
}
