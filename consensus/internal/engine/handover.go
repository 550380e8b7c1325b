package engine

import (
	"cmp"
	"slices"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// handOver is a leader's intent to give leadership away because it is about to stop. It ends with the term.
//
// From clients' point of view (what is under way in steps, L leads, N takes over):
//
//  1. L stops appending. Batches of other nodes are held, with their place in their sequence taken; those of L's own
//     clients wait.
//  2. N holds all of L's log, is told to campaign, and wins: L and the others vote for it at once.
//  3. N begins its term with an entry; the origins apply it. That proves of every batch that L held that it is not
//     done, and they send it to N; L sends what waits. No client sees an error.
//
// If N does not take over within an election timeout, L appends what it held, and then asks the next best. One
// intent asks each voter once: a leader whose voters cannot take over must not spend its life trying, for it appends
// only between two attempts. To go on, ask again.
type handOver struct {
	wanted bool
	tried  []raftlog.NodeID
	// rested is the tick at which a quarantined leader asks its voters again.
	rested uint64
}

// continueHandOver runs after the turn's proposals were appended: batches that were held during a failed attempt are
// appended before the next attempt begins.
func (e *Engine) continueHandOver(in *Inputs) {
	if in.TakeOver && !e.leads() && e.leader != 0 && !e.quarantined() {
		e.send(Message{Own: AskTransfer, Message: raft.Message{To: e.leader, Term: e.term}})
	}
	h := &e.handOver
	h.wanted = h.wanted || (in.HandOver || e.quarantined() && e.tick >= h.rested) && e.leads()
	if !h.wanted || in.Ticks == 0 && !in.HandOver {
		return
	}
	status := e.core.Status()
	if status.Transferee != 0 {
		return // an attempt is under way; the core ends it
	}
	successor := e.successor(status.Followers)
	if successor == 0 {
		*h = handOver{rested: e.tick + repeatTicks}
		return
	}
	h.tried = append(h.tried, successor)
	e.core.Transfer(successor)
}

// takeAskTransfer hands over to a follower that asks for it in this term.
func (e *Engine) takeAskTransfer(m *Message) {
	if m.Term == e.core.Term() && !e.isQuarantined(m.From) {
		e.core.TransferAsked(m.From)
	}
}

// successor is the voter that should lead next: one that is up, was heard just now, and has the longest log; 0 if all
// were tried.
func (e *Engine) successor(followers []raft.FollowerStatus) raftlog.NodeID {
	candidates := slices.DeleteFunc(slices.Clone(followers), func(f raft.FollowerStatus) bool {
		return !f.Voter || slices.Contains(e.handOver.tried, f.ID) || e.isQuarantined(f.ID)
	})
	if len(candidates) == 0 {
		return 0
	}
	best := slices.MinFunc(candidates, func(a, b raft.FollowerStatus) int {
		return cmp.Or(
			cmp.Compare(e.doubts(&a), e.doubts(&b)),
			cmp.Compare(b.Match, a.Match),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return best.ID
}

// doubts ranks voters that may be down: 2 for an absent one, 1 for one that missed heartbeats.
func (e *Engine) doubts(f *raft.FollowerStatus) int {
	switch {
	case slices.Contains(e.presence.absent, f.ID):
		return 2
	case f.SilentTicks > 2*e.options.HeartbeatTicks:
		return 1
	}
	return 0
}
