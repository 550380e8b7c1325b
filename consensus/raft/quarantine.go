package raft

import (
	"fmt"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A node whose state differs from the others' is quarantined: see raftlog.Quarantine. The core never sees states. It
// keeps the quarantine as it keeps the vote: the owner decides it, the next operation carries it to the disk, and a
// start finds it there. A quarantined node logs, acknowledges and votes as ever, for all that rests on its log alone.
//
// It leaves elections to others for quarantineElections more election timeouts. It does not leave them for ever:
//
//  1. Entry 9 is on nodes 1 and 2, and committed. Node 1 is quarantined, node 3 lacks entry 9.
//  2. Node 2 fails. Node 1 and 3 are a majority, and node 3 cannot win, for its log is shorter than that of node 1.
//  3. Node 1 campaigns, brings node 3 level, and its owner hands over.
const quarantineElections = 10

// Quarantine begins the quarantine of this node's state, changes it, or ends it (zero). It counts at once, and is
// durable with the next operation. A leader goes on leading: its owner hands over.
func (r *Raft) Quarantine(q raftlog.Quarantine) {
	if q.On() && q.Agreed >= q.Differs || !q.On() && q != (raftlog.Quarantine{}) {
		panic(fmt.Sprintf("raft: no quarantine can be %+v", q))
	}
	if q == r.quarantine {
		return
	}
	r.quarantine, r.quarantineChanged = q, true
	if r.role == PreCandidate || r.role == Candidate {
		r.becomeFollower(r.term, 0)
	}
	r.resetElectionTimer()
}

// Quarantined is the quarantine of this node's state, durable or not; zero for none.
func (r *Raft) Quarantined() raftlog.Quarantine { return r.quarantine }

// Reinstall tells that the file of another node's snapshot is here, durable and proven, which replaces the state of
// this quarantined node and nothing of its log. With the next operation it is in force, and the quarantine says that
// the state was reinstalled; then the machine is to be restored from it. It returns false, and nothing changes, where a
// snapshot beyond this one is in force.
func (r *Raft) Reinstall(mark raftlog.SnapshotMark) bool {
	switch {
	case !r.quarantine.Stateless():
		panic("raft: a state is reinstalled that is not void")
	case mark.Index > r.commit:
		panic(fmt.Sprintf("raft: a state is reinstalled from %v, the log is committed up to %d", mark.Mark, r.commit))
	case mark.Index < r.newestSnapshot().IndexOrZero():
		return false
	}
	if term, known := r.log.term(mark.Index); known && term != mark.Term {
		panic(fmt.Sprintf("raft: snapshot at %v, the log has term %d there", mark.Mark, term))
	}
	r.switching = &raftlog.SnapshotSwitch{Snapshot: &mark}
	r.noteReinstalled(mark.Index)
	return true
}

// noteReinstalled notes that a snapshot of another node takes the place of a state that differs.
func (r *Raft) noteReinstalled(at raftlog.Index) {
	if r.quarantine.On() {
		r.quarantine.Reinstalled, r.quarantineChanged = at, true
	}
}

// takeQuarantine is what the next operation says of the quarantine, nil for no news.
func (r *Raft) takeQuarantine() *raftlog.Quarantine {
	if !r.quarantineChanged {
		return nil
	}
	r.quarantineChanged = false
	if r.down(guard.QuarantineDurable) {
		return nil
	}
	q := r.quarantine
	return &q
}
