package pump

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ErrSnapshotUnderway answers a request for a snapshot while one is asked for, being written, or on its way into the
// journal.
var ErrSnapshotUnderway = errors.New("a snapshot is already under way")

// TakeSnapshot asks for a snapshot, whatever the size of the log. It does not wait: Status.SnapshotsEnded counts
// snapshots that ended, with or without success.
func (r *Runner) TakeSnapshot() error {
	s := r.Status()
	switch {
	case r.hasStopped():
		return engine.ErrStopped
	case s.SnapshotUnderway || !r.snapshotsAsked.CompareAndSwap(s.SnapshotRequests, s.SnapshotRequests+1):
		return ErrSnapshotUnderway
	}
	r.wakeLoop()
	return nil
}

// SnapshotUnderway reports whether a snapshot is under way as of a status, or was asked for since: a caller of
// TakeSnapshot that looks before the next turn must not take it for one that has ended.
func (r *Runner) SnapshotUnderway(s *engine.Status) bool {
	return s.SnapshotUnderway || r.snapshotsAsked.Load() != s.SnapshotRequests
}

// takeSnapshots writes frozen states as files.
func (r *Runner) takeSnapshots() {
	var states []engine.Frozen
	for {
		select {
		case <-r.frozen.Woken():
		case <-r.stopping:
			return
		}
		states = r.frozen.Take(states)
		for i := range states {
			if !r.writeSnapshot(states[i]) {
				return
			}
			states[i] = engine.Frozen{} // its bodies in pieces would stay in memory until the next one
		}
	}
}

// takingSnapshots is the work that a shortage can put off.
const takingSnapshots = "write a snapshot: the log is kept meanwhile"

// writeSnapshot writes one frozen state. It returns false when the node stops.
func (r *Runner) writeSnapshot(f engine.Frozen) bool {
	log := r.effects.Logger.With("index", f.Mark.Index, "term", f.Mark.Term)
	log.Info("snapshot begun")
	began := time.Now()
	pace := pacer{bytesPerSecond: r.effects.SnapshotBytesPerSecond, hurry: r.effects.Hurry, stopping: r.stopping}
	mark, err := r.effects.Snapshots.Take(f, pace.spend)
	switch {
	case r.hasStopped():
		return false
	case err != nil && !errors.Is(err, engine.ErrUnavailable):
		r.fail(fmt.Errorf("take a snapshot at entry %d: %w", f.Mark.Index, err))
		return false
	case err != nil:
		r.effects.Shortages.Begin(takingSnapshots, err)
		log.Debug("no snapshot can be written now; the node keeps the log and tries again", "error", err)
	default:
		r.effects.Shortages.End(takingSnapshots)
		log.Info("snapshot written", "bytes", mark.FileBytes, "seconds", time.Since(began).Seconds())
	}
	r.taken.Force(engine.Taken{Mark: mark, Err: err}, 1)
	return true
}

const (
	// restPerWork is how long the snapshotter rests for the time that it worked. So it gets an eighth of a core, whatever
	// a byte costs. Its waits for the core and for the disk count as work: the more others need them, the less it gets. A
	// lower priority for its thread would not do: while the system lets such a thread wait, it keeps one of the
	// scheduler's processors, and the collector waits for it.
	restPerWork = 7
	// longestRest bounds one rest. Where a frame takes long, the disk is slow or the cores are many times overbooked: then
	// others get their share anyway, and a snapshot must end. Rests alone let 5 MB/s through, reading back included.
	longestRest = 50 * time.Millisecond
)

// pacer lets bytes through at a rate, and rests between them.
type pacer struct {
	// bytesPerSecond is the rate; 0 means as fast as it goes, without rests.
	bytesPerSecond int64
	// hurry, if not nil, says that the frozen state holds memory that is needed: then neither rate nor rests count.
	hurry    func() bool
	stopping <-chan struct{}
	// next is when the bytes spent so far are paid for.
	next time.Time
	// resumed is when the work began that the next call ends.
	resumed time.Time
}

// spend waits until what was spent before is paid for, and as long as the work since the last call asks for a rest. It
// fails when the node stops.
func (p *pacer) spend(bytes int) error {
	now := time.Now()
	if p.next.Before(now) {
		p.next = now // unused rate is lost: the journal beside it would feel a burst
	}
	wait := p.next.Sub(now)
	if p.bytesPerSecond > 0 {
		p.next = p.next.Add(time.Duration(float64(bytes) / float64(p.bytesPerSecond) * float64(time.Second)))
		wait = max(wait, p.rest(now))
	}
	if p.hurry != nil && p.hurry() {
		p.next, wait = now, 0
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-p.stopping:
		return engine.ErrStopped
	case <-timer.C:
	}
	p.resumed = time.Now()
	select { // a node that stops does not go on because both were ready
	case <-p.stopping:
		return engine.ErrStopped
	default:
		return nil
	}
}

// rest is how long the work that ends now asks for.
func (p *pacer) rest(now time.Time) time.Duration {
	if p.resumed.IsZero() {
		return 0
	}
	return min(restPerWork*now.Sub(p.resumed), longestRest)
}

// fileRequest is a snapshot to be fetched, until the context ends.
type fileRequest struct {
	raft.InstallRequest
	context context.Context
}

// fetchFiles fetches snapshots from other nodes.
func (r *Runner) fetchFiles() {
	var requests []fileRequest
	for {
		select {
		case <-r.files.Woken():
		case <-r.stopping:
			return
		}
		requests = r.files.Take(requests)
		for i := range requests {
			if !r.fetchFile(&requests[i]) {
				return
			}
		}
	}
}

// fetchFile fetches one snapshot. It returns false when the node stops.
func (r *Runner) fetchFile(f *fileRequest) bool {
	mark := f.Snapshot
	log := r.effects.Logger.With("index", mark.Index, "term", mark.Term, "from", f.From)
	why := "the log of the others begins behind this node's: it fetches a snapshot"
	if r.status.Load().Quarantine.Stateless() {
		why = "this node fetches the state of another one, since its own differs"
	}
	log.Info(why, "bytes", mark.FileBytes)
	began := time.Now()
	base, err := r.effects.Snapshots.Fetch(f.context, f.From, mark, func(bytes int) { r.fetchedBytes.Add(int64(bytes)) })
	switch {
	case r.hasStopped():
		return false
	case err == nil:
		log.Info("snapshot received", "bytes", mark.FileBytes, "seconds", time.Since(began).Seconds())
	case f.context.Err() != nil:
		log.Info("the fetch of the snapshot was ended: the log has reached it, or another leader has a better one")
	case errors.Is(err, engine.ErrUnavailable):
		log.Warn("the snapshot could not be fetched; it is tried again when a leader announces one", "error", err)
	default:
		r.fail(fmt.Errorf("fetch the snapshot at entry %d from node %d: %w", mark.Index, f.From, err))
		return false
	}
	r.received.Force(engine.Received{Mark: mark, State: base, Err: err}, 1)
	return true
}

// startFetch hands a request to fetchFiles. The loop calls it, and stopFetch.
func (r *Runner) startFetch(request *raft.InstallRequest) {
	r.endFetch() // of the one before, which is over
	ctx, cancel := context.WithCancel(r.context)
	r.endFetch = cancel
	r.files.Force(fileRequest{InstallRequest: *request, context: ctx}, 1)
}

// removeGarbage removes what is not needed any more: all files but those named, history below an index. It is slow work
// that nothing waits for.
func (r *Runner) removeGarbage() {
	var lists [][]raftlog.SnapshotMark
	for {
		select {
		case <-r.garbage.Woken():
		case <-r.stopping:
			return
		}
		lists = r.garbage.Take(lists)
		for _, retain := range lists {
			if err := r.removeFiles(retain); err != nil {
				r.fail(err)
				return
			}
		}
		if err := r.trimHistory(raftlog.Index(r.trim.Swap(0)), raftlog.Index(r.own.Load())); err != nil {
			r.fail(err)
			return
		}
	}
}

func (r *Runner) removeFiles(retain []raftlog.SnapshotMark) error {
	err := r.insist("remove old snapshots", func() error { return r.effects.Snapshots.Retain(retain...) })
	if err != nil {
		return fmt.Errorf("remove old snapshots: %w", err)
	}
	r.retired.Store(true)
	r.wakeLoop()
	return nil
}

// trimHistory removes history below an entry, and tells the loop how much is left below the first one that this node
// itself needs.
func (r *Runner) trimHistory(keep, own raftlog.Index) error {
	if keep == 0 {
		return nil
	}
	err := r.insist("remove old history", func() error {
		if err := r.effects.SnapshotLog.Trim(keep); err != nil {
			return err
		}
		bytes, err := r.effects.SnapshotLog.BytesBefore(own)
		r.lentBytes.Store(bytes)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove history below entry %d: %w", keep, err)
	}
	return nil
}

// ErrRestoring answers views while the state of the machine is being replaced by a snapshot of another node.
var ErrRestoring = errors.New("the state is being replaced by a snapshot of another node")

// ErrQuarantined answers views while the state of the machine is quarantined.
var ErrQuarantined = errors.New("the state differs from that of the other nodes, and is being replaced")

// jump gives the machine the state of a snapshot of other nodes. It returns false when the node stops.
//
// Views are refused meanwhile: a restore may take minutes. They are refused for ever if it ends early, because no
// reader may see half of a state:
//
//  1. The machine has let go of its old state, and the rest of the file cannot be read.
//  2. The node fails. Until its process ends, clients ask for stale reads, and are shown what there is.
func (r *Runner) jump(w *engine.Work) bool {
	mark := w.Jump
	var report engine.Applied
	began := time.Now()
	r.hide(ErrRestoring)
	err := r.insist("open a snapshot to restore it", func() error {
		base, err := r.effects.Snapshots.Restore(*mark, r.effects.Machine)
		if err == nil {
			r.applier.Jumped(base, &report)
		}
		return err
	})
	if errors.Is(err, context.Canceled) {
		return false
	}
	if err != nil {
		r.fail(fmt.Errorf("restore the state from the snapshot at entry %d: %w", mark.Index, err))
		return false
	}
	r.hide(nil)
	r.effects.Logger.Info("snapshot installed", "reinstalled", w.Reinstall, "index", mark.Index, "term", mark.Term,
		"seconds", time.Since(began).Seconds())
	r.report(&report)
	return true
}

// freeze freezes the state for the snapshotter.
func (r *Runner) freeze() {
	var report engine.Applied
	r.machineLock.Lock()
	frozen := r.applier.Freeze(&report)
	r.machineLock.Unlock()
	r.report(&report)
	r.frozen.Force(frozen, 1)
}

// releaseImages gives up the states that will not be written any more.
func (r *Runner) releaseImages() {
	for _, f := range r.frozen.Close() {
		f.Image.Release()
	}
}
