package raft

import (
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// transfer is leadership on its way to another voter (thesis section 3.10).
type transfer struct {
	// transferee is the node that leadership is being handed to, since transferTicks; 0 for none.
	transferee    raftlog.NodeID
	transferTicks int
	// yielding means that it is handed over because this leader's disk hangs.
	yielding bool
}

// Transfer begins to hand leadership to a voter: proposals stop, and once its log is level it is told to campaign
// (thesis section 3.10). If it does not take over within an election timeout the leader goes on. It returns false if
// this node does not lead, or id is not another voter.
func (r *Raft) Transfer(id raftlog.NodeID) bool {
	if r.peer(id) == nil || !r.membership.newest().configuration.Votes(id) {
		return false
	}
	if r.transferee == 0 {
		r.transferee = id
		r.handOver()
	}
	return r.transferee == id
}

// TransferAsked is Transfer to a node that asks for it. A node whose log did not become level in an earlier attempt is
// refused until its log has grown: each attempt keeps clients waiting.
func (r *Raft) TransferAsked(by raftlog.NodeID) bool {
	p := r.peer(by)
	if p == nil || p.match < p.takesOverFrom && p.match < r.log.last().Index {
		return false
	}
	return r.Transfer(by)
}

// handOver tells the transferee to campaign, if its log is level.
func (r *Raft) handOver() {
	if p := r.peer(r.transferee); p != nil && (p.match == r.log.last().Index || r.down(guard.LevelBeforeHandOver)) {
		r.release()
		r.send(Message{Kind: TimeoutNow, To: p.id, Previous: r.log.last()})
	}
}

func (r *Raft) tickTransfer() {
	if r.transferee == 0 || r.down(guard.HandOverEnds) {
		return
	}
	r.transferTicks++
	if r.transferTicks < r.options.ElectionTicks {
		return
	}
	if p := r.peer(r.transferee); p != nil {
		p.takesOverFrom = p.match + 1
	}
	r.transfer = transfer{}
}
