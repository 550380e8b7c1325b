package sim

import (
	"time"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A node whose state is spoilt on purpose: its machine gets more with an entry than the log has there, and from then on
// it has another state than the others. One node at a time is. It must be named, quarantined and reinstalled; and
// once it was named, durably, no client may get an answer from that state.
//
// What a spoilt node answers before it is named may be wrong: that is no breach, and the model does not see it. Nor
// does a snapshot of such a state spread here: the world breaks each transfer of it. A node that was named must refuse.

// condition is what the checkers know of the state of a machine.
type condition struct {
	// spoilt: it is another one than that of the others at its index.
	spoilt bool
	// from and until are the first and last entry with which the machine went from or to such a state.
	from, until raftlog.Index
}

// ordeal is what a node goes through whose state is spoilt. It outlives its processes.
type ordeal struct {
	// due is how the machine is to be spoilt with the next entry that can be, in the workload's numbers counted from 1; 0
	// for not at all.
	due int
	// at is the index at which its state was last spoilt, 0 if it never was or has its state again.
	at raftlog.Index
	// named: the quarantine was on the disk, or should have been.
	named bool
}

// spoilOne spoils the state of a node, if no other one is spoilt or quarantined.
func (w *world) spoilOne() {
	for _, n := range w.nodes {
		if n.ordeal != (ordeal{}) || n.stable.quarantine.On() || n.hasSpoiltFile() ||
			n.life != nil && (n.life.state.spoilt || n.life.engine.Core().Quarantined().On()) {
			return
		}
	}
	n := w.victim()
	if n.life == nil || n.life.applier.Applied() < 2 {
		return
	}
	n.ordeal.due = 1 + w.chance.IntN(workload.Spoilings)
	w.fault(n.id, "SPOILT")
}

// hasSpoiltFile reports whether the snapshot that the node's journal names is one of a spoilt state.
func (n *node) hasSpoiltFile() bool {
	return n.stable.snapshot != nil && n.w.checker.spoiltFiles[n.stable.snapshot.FileHash]
}

// spoil gives the machine another body than the log has, if its node is due.
func (m machine) spoil(index raftlog.Index, data []byte, local any) ([]byte, any) {
	n := m.node
	spoiler, can := n.w.options.Workload.(workload.Spoiler)
	if n.ordeal.due == 0 || len(data) == 0 || !can {
		return data, local
	}
	n.w.tell(n.id, "spoilt   at entry %d", index)
	n.w.counts.Spoilt++
	data = spoiler.Spoil(data, n.ordeal.due-1)
	n.ordeal = ordeal{at: index}
	m.state.spoilt, m.state.from = true, index
	if !n.w.calm && n.w.chance.hits(n.w.options.Faults.NamedCrash) { // that state is to be on the disk
		n.life.in.TakeSnapshot = true
		n.life.wake()
	}
	return data, nil // the run that waits for it submitted something else
}

// look compares a state, with its sessions, with that of the others. One that is spoilt may become theirs again, by
// writes.
func (l *life) look(index raftlog.Index) {
	c := l.w.checker
	state := hashes{l.machine.Hash(), l.applier.StateHash()}
	if !l.state.spoilt {
		c.reaches(l.node, index, state)
		return
	}
	if l.state.until = index; c.states[index-1] == state {
		l.state.spoilt = false
	}
}

// noteQuarantine looks at the quarantine of a process after a turn.
func (c *checker) noteQuarantine(l *life) {
	q := l.engine.Core().Quarantined()
	was := l.quarantine
	l.quarantine = q
	switch {
	case q.On() == was.On():
	case q.On():
		c.w.tell(l.id, "NAMED    its state differs at %d, it agreed at %d", q.Differs, q.Agreed)
		c.w.counts.Quarantined++
		if l.ordeal.at == 0 {
			c.w.fail("wrong node named", "n%d is quarantined at %d, its state was never spoilt", l.id, q.Differs)
		}
		if n := len(l.out.Appends); n > 0 {
			l.namedBy = l.out.Appends[n-1].Number
		}
	default:
		c.w.tell(l.id, "SERVES   again, from the state of the others")
		c.w.counts.Healed++
		if l.state.spoilt && !c.w.options.OutcomesOnly {
			c.w.fail("spoilt state serves", "n%d ends its quarantine, its state was spoilt at %d", l.id, l.ordeal.at)
		}
		l.ordeal, l.namedBy = ordeal{}, 0
	}
}

// noteNamed notes that a quarantine is on the disk, or should be.
func (l *life) noteNamed(done raftlog.OperationNumber) {
	if l.namedBy != 0 && done >= l.namedBy && l.quarantine.On() {
		l.namedBy, l.ordeal.named = 0, true
		if !l.w.calm && l.w.chance.hits(l.w.options.Faults.NamedCrash) {
			l.crashWithin(100 * time.Millisecond)
		}
	}
}

// fromSpoilt reports whether an answer comes from a state that is spoilt and was not named yet: nothing follows from
// it. Once the node was named there may be no such answer.
func (l *life) fromSpoilt(r *request) bool {
	spoilt := l.state.spoilt
	if r.writes {
		spoilt = l.state.from <= r.index && r.index <= l.state.until
	}
	if !spoilt {
		return false
	}
	if l.ordeal.named && !l.w.options.OutcomesOnly {
		l.w.fail("spoilt state serves", "n%d answers, though it was named: %v", l.id, r)
	}
	return !l.ordeal.named
}

// holdsBack reports whether a node sends no file: a quarantined one must not, and a spoilt state does not spread here.
func (l *life) holdsBack(mark *raftlog.SnapshotMark) (refuses bool) {
	return l.engine.Core().Quarantined().On() || l.w.checker.spoiltFiles[mark.FileHash]
}

// giveWay lets another node lead than one whose files the world holds back, once the world is calm: without its file no
// quorum may have the entries that tell whose state differs. In earnest the file would spread, and the cluster go on.
func (l *life) giveWay() {
	if l.w.calm && l.role == raft.Leader {
		l.in.HandOver = true
		l.wake()
	}
}

// expose lets a spoilt node be found out, at the end: by so many writes that its state is compared.
func (w *world) expose(deadline time.Duration, core []*node) {
	for range 3 * w.options.Engine.CompareEntries {
		spoilt := false
		for _, n := range w.members(core) {
			n.ordeal.due = 0
			spoilt = spoilt || n.life == nil || n.life.state.spoilt || n.ordeal.at != 0
		}
		if !spoilt || len(w.clients) == 0 {
			return
		}
		w.proveService(deadline, core, w.clients[0])
	}
}
