package engine

import "github.com/raftredis/raftredis/consensus/raft"

// Status is a node's state at the end of a turn, as plain values.
type Status struct {
	ID   raft.NodeID
	Term raft.Term
	// Vote is whom the node voted for in its term, 0 for nobody.
	Vote   raft.NodeID
	Role   raft.Role
	Leader raft.NodeID
	// Last is the end of the log, Durable its durable part, Written what history holds.
	Last    raft.Mark
	Durable raft.Index
	Written raft.Index
	Commit  raft.Index
	Applied raft.Index
	// Configuration is the newest configuration of the log, nil when there is none; it is never changed.
	Configuration *raft.Configuration
	// WaitingBatches wait to be sent, UnmetBatches were sent in this term and not met in the log.
	WaitingBatches int
	UnmetBatches   int
	// JournalBytes are entries in the journal and not yet in history.
	JournalBytes int
}

func (e *Engine) status() Status {
	return Status{
		ID: e.options.ID, Term: e.core.Term(), Vote: e.core.Vote(), Role: e.core.Role(), Leader: e.core.Leader(),
		Last:    e.core.Last(),
		Durable: e.core.Durable(), Written: e.written, Commit: e.commit, Applied: e.applied,
		Configuration: e.configuration, WaitingBatches: len(e.waiting), UnmetBatches: len(e.stream.unmet),
		JournalBytes: e.core.WindowBytes(),
	}
}
