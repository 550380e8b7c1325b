package engine

import (
	"errors"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A quarantined node has a state that differs from that of a quorum. "Left" is what a crash after the step leaves:
//
//  1. The verdict: from here on it serves nothing and applies nothing. Left: nothing. The state that its snapshot has
//     is compared again at the next index.
//  2. An operation makes the quarantine durable. Left: a node without a state, which goes on at 3.
//  3. The leader is asked for a snapshot at or above a floor: Outputs.Install fetches its file. Left: as before, and a
//     part of the file.
//  4. One operation puts the file in force and says that the state is reinstalled. Left: the quarantine, and a state to
//     start from, which goes on at 6. If power fails between the two records of the operation, the file is in force and
//     the quarantine as it was: the state is fetched once more.
//  5. Work.Jump: the machine is restored from the file. The log is applied from there on.
//  6. The state is compared at an index beyond the file. If it is the agreed one, the node serves, and an operation
//     ends the quarantine. Left before that: the quarantine, and 6 once more.
//
// The floor makes sure that the applied index never goes back, and that the state does not come about again through the
// entries that spoilt it.

// quarantined reports whether this node serves nothing because its state differs.
func (e *Engine) quarantined() bool { return e.core.Quarantined().On() }

// stateless reports whether there is no state to apply entries to.
func (e *Engine) stateless() bool { return e.core.Quarantined().Stateless() }

// beginQuarantine stops serving.
func (e *Engine) beginQuarantine(differs raftlog.Index) {
	e.core.Quarantine(raftlog.Quarantine{Differs: differs, Agreed: e.states.agreed})
	e.states.retryAt, e.states.failures = 0, 0
	e.voidState()
}

// quarantineAgain begins anew: the state differs although it was reinstalled. The next attempt waits, each time longer.
func (e *Engine) quarantineAgain(differs raftlog.Index) {
	s := &e.states
	q := e.core.Quarantined()
	e.core.Quarantine(raftlog.Quarantine{Differs: differs, Agreed: q.Agreed})
	s.retryAt = e.tick + snapshotRetryTicks<<min(s.failures, maxSnapshotDoublings)
	s.failures++
	e.voidState()
}

// voidState forgets what was noted of the state, and begins to hand over.
func (e *Engine) voidState() {
	s := &e.states
	s.multiples, s.times, s.fresh = nil, nil, true
	e.handOver = handOver{}
}

// endQuarantine lets the node serve again.
func (e *Engine) endQuarantine() {
	e.core.Quarantine(raftlog.Quarantine{})
	e.states.failures, e.states.differs, e.states.fresh = 0, 0, true
}

// errQuarantined is why no snapshot is taken of a state that differs.
var errQuarantined = errors.New("the state differs from that of the other nodes, and is being replaced")

// keepQuarantine does what a quarantine asks for in every turn: no client is served, no snapshot is taken, and no
// leadership kept.
func (e *Engine) keepQuarantine() {
	if !e.quarantined() {
		return
	}
	e.sweepWaiting(func(*Batch) bool { return true })
	e.expireReads(0)
	if s := &e.snapshots; s.asked {
		s.asked = false
		s.ended++
		s.failed++
		s.lastError = errQuarantined.Error()
	}
}

// needsState reports whether this node needs the file of another one's state, which may be on its way.
func (e *Engine) needsState() bool { return e.stateless() && !e.leads() && e.tick >= e.states.retryAt }

// wantsState reports whether this node waits for a leader to offer it such a file.
func (e *Engine) wantsState() bool { return e.needsState() && e.snapshots.install == nil }

// partOfState names the file that is fetched for a reinstallation, or of which a part is here; nil for none.
func (e *Engine) partOfState() *raftlog.SnapshotMark {
	part := e.snapshots.partial
	if i := e.snapshots.install; i != nil {
		part = i.mark()
	}
	if part == nil {
		return nil
	}
	return &raftlog.SnapshotMark{Mark: part.Mark, FileHash: part.FileHash}
}

// reinstallFloor is the least index of a snapshot that can replace the state.
func (e *Engine) reinstallFloor() raftlog.Index {
	return max(e.core.Quarantined().Differs, e.handed, e.core.NewestSnapshot().IndexOrZero())
}

// takeStateOffer has the file of a snapshot fetched that the leader offers, if it is of use. One beyond what is known
// to be committed here is offered again. While one is fetched, it is judged whether the offer is better, as for a
// snapshot that the log needs. While the log needs one, none is taken.
func (e *Engine) takeStateOffer(from raftlog.NodeID, mark *raftlog.SnapshotMark) {
	commit := e.core.Commit()
	if !e.needsState() || mark.Index < e.reinstallFloor() || mark.Index > commit || e.snapshots.announced > commit {
		return
	}
	offer := raft.InstallRequest{From: from, Snapshot: *mark}
	if i := e.snapshots.install; i == nil {
		e.startInstall(&install{request: offer, reinstall: true})
	} else if i.reinstall {
		e.considerOffer(&offer)
	}
}

// giveWay ends the fetch of a state, if it is under way, for a snapshot that the log needs: that replaces the state as
// well. Without that the node fetches two files, one after the other, and the first is in vain. A file that is here is
// put in force first: that takes a moment.
func (e *Engine) giveWay(i *install) {
	switch {
	case !i.reinstall || i.base != nil || i.left || i.dropped:
	case i.asked:
		i.left = true
		e.out.StopInstall = true
	default:
		e.endInstall()
	}
}

// continueReinstall puts the file in force once it is here and the applier rests.
func (e *Engine) continueReinstall(i *install) {
	switch {
	case !e.stateless(): // another snapshot came first
		if i.base != nil {
			e.endInstall()
		}
	case i.base == nil || e.handed != e.applied: // soon
	case !e.core.Reinstall(i.request.Snapshot):
		e.endInstall()
	default:
		i.switching = true
	}
}
