package raft

import (
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// rules watches a cluster and knows what must never happen. It sees more than any node: all of them at once, and what
// went before. The names are those of the Raft paper's figure 3 where it has one.
type rules struct {
	violations []string
	// leaders is who led each term (Election Safety).
	leaders map[raftlog.Term]raftlog.NodeID
	// votes is the candidate that each voter promised its vote in each term.
	votes map[vote]raftlog.NodeID
	// origin is, for every entry that ever was, what it follows and what it holds (Log Matching, by induction).
	origin map[raftlog.Mark]provenance
	// committed is the mark of each committed entry, from the node that committed it first (State Machine Safety).
	committed map[raftlog.Index]raftlog.Mark
	highest   raftlog.Index
}

type vote struct {
	voter raftlog.NodeID
	term  raftlog.Term
}

type provenance struct {
	previous raftlog.Mark
	crc      uint32
}

func newRules() *rules {
	return &rules{
		leaders:   map[raftlog.Term]raftlog.NodeID{},
		votes:     map[vote]raftlog.NodeID{},
		origin:    map[raftlog.Mark]provenance{},
		committed: map[raftlog.Index]raftlog.Mark{},
	}
}

func (r *rules) require(holds bool, format string, args ...any) {
	if !holds {
		r.violations = append(r.violations, fmt.Sprintf(format, args...))
	}
}

func (r *rules) isCommitted(m raftlog.Mark) bool { return r.committed[m.Index] == m }

func (r *rules) highestCommit() raftlog.Index { return r.highest }

// started takes note of a disk as a node boots from it.
func (r *rules) started(n *node) {
	previous := raftlog.Mark{}
	for i := range n.disk.entries {
		r.entry(previous, &n.disk.entries[i])
		previous = n.disk.entries[i].Mark()
	}
}

// appending sees what a node hands to its disk.
func (r *rules) appending(n *node, entries []raftlog.Entry) {
	if len(entries) == 0 {
		return
	}
	index := entries[0].Index - 1
	term, ok := n.core.TermOf(index)
	r.require(ok, "node %d appends after %d, which it does not know", n.id, index)
	previous := raftlog.Mark{Term: term, Index: index}
	for i := range entries {
		r.entry(previous, &entries[i])
		previous = entries[i].Mark()
	}
}

func (r *rules) entry(previous raftlog.Mark, e *raftlog.Entry) {
	now := provenance{previous, e.CRC}
	first, seen := r.origin[e.Mark()]
	r.require(!seen || first == now, "Log Matching: entry %v follows %v here and %v there", e.Mark(), now, first)
	r.origin[e.Mark()] = now
}

// sent sees a message as it leaves.
func (r *rules) sent(n *node, m *Message) {
	switch {
	case m.Kind == VoteReply && !m.Reject:
		v := vote{m.From, m.Term}
		other, voted := r.votes[v]
		r.require(!voted || other == m.To, "node %d voted for %d and %d in term %d", m.From, other, m.To, m.Term)
		r.votes[v] = m.To
		kept := n.disk.term > m.Term || n.disk.term == m.Term && n.disk.vote == m.To
		r.require(kept, "node %d promises a vote in term %d that its disk does not know", m.From, m.Term)
	case m.Kind == Vote:
		kept := n.disk.term >= m.Term && (n.disk.term > m.Term || raftlog.Index(len(n.disk.entries)) >= m.Previous.Index)
		r.require(kept, "node %d asks for votes on a log or a term that its disk does not know: %v", m.From, m)
	case m.Kind == AppendReply && !m.Reject:
		kept := n.disk.term > m.Term || n.disk.term == m.Term && raftlog.Index(len(n.disk.entries)) >= m.Index
		r.require(kept, "node %d acknowledges %d, its disk ends at %d", m.From, m.Index, len(n.disk.entries))
	case m.Kind == InstallReply && !m.Reject:
		kept := n.disk.term >= m.Term && raftlog.Index(len(n.disk.entries)) >= m.Index &&
			r.isCommitted(n.disk.entries[m.Index-1].Mark())
		r.require(kept, "node %d says that it holds what is committed up to %d, its disk does not", m.From, m.Index)
	case m.Kind == Install:
		reserved := n.core.Reserved()
		kept := slices.ContainsFunc(append(reserved[:], n.disk.snapshot, n.disk.retained), m.Snapshot.Same)
		r.require(kept, "node %d announces snapshot %v, which it does not keep", m.From, m.Snapshot.Mark)
		r.require(m.Snapshot.Index >= n.disk.base, "node %d announces snapshot %v, its log begins behind %d", m.From,
			m.Snapshot.Mark, n.disk.base)
	}
}

// stepped looks at a node after each of its steps.
func (r *rules) stepped(c *cluster, n *node) {
	now := n.core.Observe()
	if err := n.core.Check(); err != nil {
		r.require(false, "node %d: %v", n.id, err)
	}
	if err := now.Follows(n.before); err != nil {
		r.require(false, "node %d: %v", n.id, err)
	}
	r.durable(n)
	if now.role == Leader && (n.before.role != Leader || n.before.term != now.term) {
		r.elected(n)
	}
	if now.commit > n.before.commit {
		r.advanced(c, n)
	}
	n.before = now
}

// durable compares what a core believes to be on its disk with what is there (B7, B16).
func (r *rules) durable(n *node) {
	i := n.core.Durable()
	term, known := n.core.TermOf(i)
	kept := raftlog.Index(len(n.disk.entries)) >= i && (i == 0 || n.disk.entries[i-1].Term == term)
	r.require(!known || kept, "node %d believes %d/%d durable, its disk ends at %d", n.id, i, term, len(n.disk.entries))
}

// elected checks Election Safety, Leader Completeness and that the winner cannot forget its own vote.
func (r *rules) elected(n *node) {
	term := n.core.Term()
	other, led := r.leaders[term]
	r.require(!led || other == n.id, "Election Safety: term %d is led by %d and %d", term, other, n.id)
	r.leaders[term] = n.id
	r.require(n.disk.term == term && n.disk.vote == n.id, "node %d leads term %d by a vote not on its disk", n.id, term)
	for i := n.core.Floor().Index; i <= r.highest; i++ {
		mark, known := r.committed[i]
		own, _ := n.core.TermOf(i)
		r.require(!known || own == mark.Term, "Leader Completeness: the leader of term %d lacks committed %v", term, mark)
	}
}

// advanced checks what a node holds for committed: the same as all others, and if it leads, on a quorum of disks.
func (r *rules) advanced(c *cluster, n *node) {
	commit := n.core.Commit()
	for i := max(n.before.commit, n.core.Floor().Index) + 1; i <= commit; i++ {
		term, _ := n.core.TermOf(i)
		mark := raftlog.Mark{Term: term, Index: i}
		first, seen := r.committed[i]
		r.require(!seen || first == mark, "State Machine Safety: node %d commits %v, another committed %v", n.id, mark, first)
		r.committed[i] = mark
	}
	r.highest = max(r.highest, commit)
	if n.core.Role() != Leader || n.before.role != Leader {
		return
	}
	term, known := n.core.TermOf(commit)
	r.require(!known || term == n.core.Term(), "the leader of term %d commits an entry of term %d", n.core.Term(), term)
	kept := r.onQuorum(c, n.core.Configuration(), commit, term)
	r.require(kept, "node %d commits %d, but it is not on a quorum of disks", n.id, commit)
}

func (r *rules) onQuorum(c *cluster, configuration *membership.Configuration, i raftlog.Index, term raftlog.Term) bool {
	return quorum.Decide(configuration.Pair(), func(id raftlog.NodeID) quorum.Answer {
		entries := c.node(id).disk.entries
		if raftlog.Index(len(entries)) >= i && entries[i-1].Term == term {
			return quorum.Yes
		}
		return quorum.No
	}) == quorum.Won
}
