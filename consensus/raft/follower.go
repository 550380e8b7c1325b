package raft

import (
	"fmt"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// follow notes that the leader of this term is alive and echoes its read epoch if that is news. The echo need not wait
// for the disk: it says only that this node has not left the term.
func (r *Raft) follow(m *Message) {
	if (r.role == Leader || r.leader != 0 && r.leader != m.From) && !r.down(guard.OneLeaderPerTerm) {
		panic(fmt.Sprintf("raft: term %d has two leaders, %d and %d", r.term, r.leader, m.From))
	}
	r.becomeFollower(r.term, m.From)
	r.leaderTicks = 0
	r.endSuspicion()
	r.resetElectionTimer()
	if m.Epoch > r.echoed || m.Kind == Heartbeat {
		r.echoed = max(r.echoed, m.Epoch)
		r.send(Message{
			Kind: HeartbeatReply, To: m.From, Epoch: r.echoed, PromiseMillis: r.promiseLeader(), Clock: r.clock.Wall,
		})
	}
}

// handleAppend stores a leader's entries if the log holds the one before them (Raft paper, section 5.3), and answers
// once they are durable.
func (r *Raft) handleAppend(m *Message) {
	r.follow(m)
	if !r.holds(m.Previous) {
		r.rejectAppend(m)
		return
	}
	r.store(m.Entries)
	end := m.Previous.Index + raftlog.Index(len(m.Entries))
	r.proven = max(r.proven, end)
	r.advanceCommit(r.provenCommit(m.Commit, end))
	r.acknowledge(Message{
		Kind:  AppendReply,
		To:    m.From,
		Index: max(end, r.commit),
		Epoch: r.echoed,
		Clock: r.clock.Wall,
	})
}

// holds reports whether the log holds the entry. Every leader holds all committed entries, so it does not look at these
// (they may be gone from memory, B9).
func (r *Raft) holds(m raftlog.Mark) bool {
	if m.Index <= r.commit {
		return true
	}
	term, ok := r.log.term(m.Index)
	return ok && (term == m.Term || r.down(guard.PreviousHeld))
}

// store appends the entries that the log does not have. It looks for the first real conflict and truncates only there:
// a message that was overtaken by later ones must not take back what they brought (B3).
func (r *Raft) store(entries []raftlog.Entry) {
	for i := range entries {
		e := &entries[i]
		if r.holds(e.Mark()) && !r.down(guard.TruncateAtConflict) {
			continue
		}
		if e.Index <= r.log.last().Index {
			r.truncate(e.Index)
		}
		r.log.append(entries[i:])
		r.membership.add(entries[i:])
		return
	}
}

// provenCommit bounds the leader's commit index by the last entry that the message proves to match: beyond it this log
// may still hold entries of a leader long gone (B1).
func (r *Raft) provenCommit(leaders, end raftlog.Index) raftlog.Index {
	if r.down(guard.CommitProven) {
		return min(leaders, r.log.last().Index)
	}
	return min(leaders, end)
}

func (r *Raft) acknowledge(m Message) {
	if r.down(guard.AppendDurable) {
		r.send(m)
		return
	}
	r.promise(m)
}

// rejectAppend answers with a hint: the last entry here that can also be in the leader's log, which has nothing of a
// term later than that of m.Previous up to there. Together with the leader's own jump this costs at most a message per
// term in dispute, not one per entry. A rejection promises nothing and does not wait for the disk.
func (r *Raft) rejectAppend(m *Message) {
	at := max(r.log.lastNotAfter(m.Previous), r.commit)
	term, _ := r.log.term(at)
	r.send(Message{
		Kind:     AppendReply,
		To:       m.From,
		Reject:   true,
		Previous: m.Previous,
		Hint:     raftlog.Mark{Term: term, Index: at},
		Epoch:    r.echoed,
		Clock:    r.clock.Wall,
	})
}

// handleHeartbeat takes the commit index of a heartbeat as it is: the leader sends none beyond what this node
// acknowledged to it in this term, and that is durable. If it is gone all the same, advanceCommit ends the process.
func (r *Raft) handleHeartbeat(m *Message) {
	r.follow(m)
	r.advanceCommit(m.Commit)
}
