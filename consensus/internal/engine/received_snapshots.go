package engine

import (
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// install follows a snapshot of another node to this node's state. "Left" is what a crash after the step leaves:
//
//  1. The core asks for it: Outputs.Install. Left: nothing, or a part of the file, with which the next attempt begins.
//  2. The file is here: Inputs.Received. Left: a file without a name in the journal.
//  3. The pumps come to rest: nothing is being written to history, applied, or read for others.
//  4. The core begins the log anew. The operation is on its way to the disk. Left: the old log or the new one.
//  5. It is durable: Work.Jump. The applier restores the machine. Left: the snapshot, from which the next start begins.
//  6. The applier reports the mark as applied. Files and history that are not needed are removed.
//
// Why the pumps must rest at step 4, with entries up to 100 committed, and a snapshot at 500:
//
//  1. The filler was handed 90 to 100. The core begins the log anew behind 500; the log writer does so on the disk.
//  2. The filler writes 90 to 100 into the new history, which begins at 501.
type install struct {
	request raft.InstallRequest
	// asked: the file was asked for. pace is how fast it comes, left that another source is better: see considerOffer.
	asked bool
	pace  fetchPace
	left  bool
	// base and configuration are what the file says, nil until it is here.
	base          *SnapshotState
	configuration *membership.Configuration
	// dropped: the log came to hold the snapshot's entry, so that the file is not needed.
	dropped bool
	// switching: the log begins anew. handed: the applier was told.
	switching bool
	handed    bool
	// reinstall: the file replaces a state that is quarantined, and the log stays: quarantine.go.
	reinstall bool
}

// mark is what is being installed, nil for a nil install.
func (i *install) mark() *raftlog.SnapshotMark {
	if i == nil {
		return nil
	}
	return &i.request.Snapshot
}

// Received is the answer to Outputs.Install.
type Received struct {
	Mark  raftlog.SnapshotMark
	State SnapshotState
	// Err is nil, or says why there is no file now; see ErrUnavailable.
	Err error
}

// beginInstall passes on the core's request. The core asks for one snapshot at a time, but its part is done when the
// log begins anew. While the machine is still being restored, the others may compact their logs beyond the snapshot:
// then the next snapshot waits until it is announced again.
func (e *Engine) beginInstall(request *raft.InstallRequest) {
	s := &e.snapshots
	if request == nil {
		return
	}
	s.announced = max(s.announced, request.Snapshot.Index)
	if s.install != nil {
		e.core.InstallFailed(request.Snapshot)
		e.giveWay(s.install)
		return
	}
	e.startInstall(&install{request: *request})
}

// startInstall has a file fetched. What is here of another one is of no use.
func (e *Engine) startInstall(i *install) {
	s := &e.snapshots
	s.install = i
	if s.partial != nil && !s.partial.Same(i.mark()) {
		s.partial, s.retire = nil, true
	}
}

// askForFile asks for the file to be fetched, once no list is being carried out that may lack it.
func (e *Engine) askForFile() {
	s := &e.snapshots
	if i := s.install; i != nil && !i.asked && !s.retiring {
		i.asked = true
		e.out.Install = &i.request
	}
}

// takeReceived takes the result of a fetch.
func (e *Engine) takeReceived(r *Received) {
	s := &e.snapshots
	i := s.install
	if i == nil || i.base != nil || !i.request.Snapshot.Same(&r.Mark) {
		panic("engine: a snapshot came that was not asked for")
	}
	if r.Err != nil {
		if !i.dropped && !i.left {
			s.fetchError = r.Err.Error()
		}
		e.endInstall()
		return
	}
	if err := r.State.Check(e.options.Level); err != nil {
		e.out.Fatal = err
		return
	}
	configuration, _ := membership.Decode(r.State.Configuration) // it was checked
	i.base, i.configuration = &r.State, configuration
}

// endInstall gives an install up: the core asks again when a leader announces a snapshot.
func (e *Engine) endInstall() {
	s := &e.snapshots
	s.partial = s.install.mark()
	s.install = nil
	e.core.InstallFailed(*s.partial)
}

// continueInstall lets the core begin the log anew when the file is here and the pumps rest. It stops a fetch that is
// not needed any more; the answer still comes. It gives up a file that is not needed any more at once, because the
// pumps of a leader may never rest:
//
//  1. The file is here. Before the pumps rest the log comes to hold what it covers, and this node is elected.
//  2. Two followers lack so much that one or the other always waits for entries from history.
//  3. Nothing is applied here until both are level: no command is answered.
func (e *Engine) continueInstall() {
	s := &e.snapshots
	i := s.install
	switch {
	case i == nil || i.switching:
	case i.reinstall:
		e.continueReinstall(i)
	case i.base == nil:
		e.dropInstall()
	case i.request.Snapshot.Index > e.core.Commit() && (e.filling || e.handed != e.applied || s.fetches > 0) &&
		!e.options.Weakened.Down(guard.PumpsRest):
		// soon
	case !e.core.Install(i.request.Snapshot, i.configuration, i.base.Time):
		s.install, s.partial, s.retire, s.fetchError = nil, nil, true, ""
	default:
		i.switching = true
		e.filled, e.written = i.request.Snapshot.Index, i.request.Snapshot.Index
		e.commit = e.core.Commit()
	}
}

// dropInstall gives up a file that is not here yet, when the log has come to hold what it covers.
func (e *Engine) dropInstall() {
	switch i := e.snapshots.install; {
	case i.request.Snapshot.Index > e.core.Commit() || i.dropped:
	case i.asked:
		i.dropped = true
		e.out.StopInstall = true
	default:
		e.endInstall()
	}
}

// halts reports whether the pumps must come to rest or stay at rest: from the arrival of a snapshot until the applier
// is told of it.
func (i *install) halts() bool { return i != nil && i.base != nil && !i.handed }

// handJump tells the applier of the snapshot that takes the log's place, once that is durable.
func (e *Engine) handJump(w *Work) {
	i := e.snapshots.install
	if i == nil || !i.switching || i.handed {
		return
	}
	if !i.request.Snapshot.Same(e.snapshots.inForce) && !e.options.Weakened.Down(guard.JumpWhenDurable) {
		return
	}
	i.handed = true
	w.Jump, w.Reinstall = &i.request.Snapshot, i.reinstall
	e.noteSpan(w.Jump.Index, 0)
}

// noteJumped ends an install when the machine is restored.
func (e *Engine) noteJumped() {
	s := &e.snapshots
	if i := s.install; i != nil && i.handed && e.applied >= i.request.Snapshot.Index {
		s.install, s.partial = nil, nil
		s.installed++
		s.bytes, s.failures, s.lastError, s.fetchError = 0, 0, "", ""
		s.retire = true
	}
}
