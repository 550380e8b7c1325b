package explore

import (
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The rules see all nodes at once, and what went before. Their names are those of the Raft paper's figure 3, where it
// has one. Rules about outcomes say what must never come out: two leaders of a term, logs that differ, what is
// committed lost, a read of the past, a vote given twice. Rules of conduct say how a node behaves, and find a weakness
// earlier.

// past is what the rules must remember. It belongs to a state like everything else. Only what can still matter is kept:
// then states that differ in old times alone are the same.
type past struct {
	// committed are all entries that any node ever committed. All nodes commit these, and no others.
	committed []raftlog.Entry
	// leaders are who led which term, votes who promised a vote to whom.
	leaders []leads
	votes   []vote
}

type leads struct {
	term raftlog.Term
	id   raftlog.NodeID
}

type vote struct {
	voter     raftlog.NodeID
	term      raftlog.Term
	candidate raftlog.NodeID
}

// seen is what the rules compare a node with.
type seen struct {
	role        raft.Role
	term        raftlog.Term
	commit      raftlog.Index
	observation raft.Observation
}

func see(n *node) seen {
	return seen{n.core.Role(), n.core.Term(), n.core.Commit(), n.core.Observe()}
}

// forget drops what cannot matter any more: terms that the disks have left behind.
func (w *world) forget() {
	oldest := w.nodes[0].disk.term
	for _, n := range w.nodes {
		oldest = min(oldest, n.disk.term)
	}
	leader := func(l leads) bool { return l.term < oldest }
	if slices.ContainsFunc(w.past.leaders, leader) {
		w.past.leaders = slices.DeleteFunc(slices.Clone(w.past.leaders), leader)
	}
	given := func(v vote) bool { return v.term < w.node(v.voter).disk.term }
	if slices.ContainsFunc(w.past.votes, given) {
		w.past.votes = slices.DeleteFunc(slices.Clone(w.past.votes), given)
	}
}

// Reached counts what happened in the steps of a search. Rules that never had anything to look at prove nothing.
type Reached struct {
	Elections, Commits, ChangesCommitted, ReadsConfirmed, Installs, Truncations, Restarts int
}

func (r *Reached) add(more Reached) {
	r.Elections += more.Elections
	r.Commits += more.Commits
	r.ChangesCommitted += more.ChangesCommitted
	r.ReadsConfirmed += more.ReadsConfirmed
	r.Installs += more.Installs
	r.Truncations += more.Truncations
	r.Restarts += more.Restarts
}

func (m *machine) fail(format string, args ...any) {
	if !m.skipRules {
		m.violations = append(m.violations, fmt.Sprintf(format, args...))
	}
}

// promised sees a message as it leaves.
func (m *machine) promised(n *node, message *raft.Message) {
	if message.Kind != raft.VoteReply || message.Reject {
		if !m.outcomes {
			m.kept(n, message)
		}
		return
	}
	for _, v := range m.w.past.votes {
		if v.voter == n.id && v.term == message.Term {
			if v.candidate != message.To {
				m.fail("node %d voted for %d and %d in term %d", n.id, v.candidate, message.To, v.term)
			}
			return
		}
	}
	m.w.past.votes = append(slices.Clip(m.w.past.votes), vote{n.id, message.Term, message.To})
	if !m.outcomes {
		m.kept(n, message)
	}
}

// kept checks that what a node promises is on its disk.
func (m *machine) kept(n *node, message *raft.Message) {
	d := &n.disk
	is := true
	switch message.Kind {
	case raft.VoteReply:
		is = message.Reject || d.term > message.Term || d.term == message.Term && d.vote == message.To
	case raft.Vote:
		is = d.term > message.Term || d.term == message.Term && raftlog.Index(len(d.entries)) >= message.Previous.Index
	case raft.AppendReply:
		is = message.Reject || d.term > message.Term ||
			d.term == message.Term && raftlog.Index(len(d.entries)) >= message.Index
	case raft.InstallReply:
		is = message.Reject || d.term >= message.Term && raftlog.Index(len(d.entries)) >= message.Index &&
			raftlog.Index(len(m.w.past.committed)) >= message.Index &&
			(message.Index == 0 || d.holds(m.w.past.committed[message.Index-1].Mark()))
	case raft.Install:
		is = message.Snapshot.Index <= d.snapshot.IndexOrZero()
	}
	if !is {
		m.fail("node %d sends %v, and its disk (term %d, vote %d, %d entries) does not bear it out", n.id, *message, d.term,
			d.vote, len(d.entries))
	}
}

// look looks at a node after each of its steps.
func (m *machine) look(n *node) {
	before, now := n.seen, see(n)
	n.seen = now
	if now.role == raft.Leader && (before.role != raft.Leader || before.term != now.term) {
		m.elected(n)
	}
	if now.commit > before.commit {
		m.advanced(n, before)
	}
	if m.outcomes || m.skipRules {
		return
	}
	if err := n.core.Check(); err != nil {
		m.fail("node %d: %v", n.id, err)
	}
	if err := now.observation.Follows(before.observation); err != nil {
		m.fail("node %d: %v", n.id, err)
	}
}

// elected checks Election Safety and Leader Completeness.
func (m *machine) elected(n *node) {
	m.reached.Elections++
	term := n.core.Term()
	for _, l := range m.w.past.leaders {
		if l.term == term && l.id != n.id {
			m.fail("Election Safety: term %d is led by %d and %d", term, l.id, n.id)
		}
	}
	m.w.past.leaders = append(slices.Clip(m.w.past.leaders), leads{term, n.id})
	for i := range m.w.past.committed {
		mark := m.w.past.committed[i].Mark()
		if own, known := n.core.TermOf(mark.Index); (known || mark.Index > n.core.Floor().Index) && own != mark.Term {
			m.fail("Leader Completeness: the leader of term %d, node %d, lacks committed %v", term, n.id, mark)
		}
	}
	if !m.outcomes && (n.disk.term != term || n.disk.vote != n.id) {
		m.fail("node %d leads term %d by a vote that is not on its disk", n.id, term)
	}
}

// advanced checks what a node holds for committed: the same as all others.
func (m *machine) advanced(n *node, before seen) {
	commit := n.core.Commit()
	for i := max(before.commit, n.core.Floor().Index) + 1; i <= commit; i++ {
		e := &n.core.Entries(i, i, 1)[0]
		m.reached.Commits++
		if e.Kind.Traits().Configures {
			m.reached.ChangesCommitted++
		}
		if i > raftlog.Index(len(m.w.past.committed)) {
			m.w.past.committed = append(slices.Clip(m.w.past.committed), *e)
			continue
		}
		if first := &m.w.past.committed[i-1]; first.Mark() != e.Mark() || first.CRC != e.CRC {
			m.fail("State Machine Safety: node %d commits %v, another committed %v", n.id, e.Mark(), first.Mark())
		}
	}
	if m.outcomes || n.core.Role() != raft.Leader || before.role != raft.Leader {
		return
	}
	if term, known := n.core.TermOf(commit); known && term != n.core.Term() {
		m.fail("the leader of term %d commits an entry of term %d by counting", n.core.Term(), term)
	}
}

// confirm answers the reads whose epoch is confirmed.
func (m *machine) confirm(n *node, confirmed raft.Epoch) {
	if n.core.Role() != raft.Leader {
		n.reads = nil
	}
	for len(n.reads) > 0 && n.reads[0].epoch <= confirmed {
		r := n.reads[0]
		n.reads = n.reads[1:]
		m.reached.ReadsConfirmed++
		m.tracef("  %d confirms epoch %d: reads run at %d", n.id, r.epoch, r.index)
		if r.index < r.committed {
			m.fail("node %d reads at %d in term %d, but %d was committed when the read came", n.id, r.index, n.core.Term(),
				r.committed)
		}
	}
}

// compareLogs checks Log Matching between the nodes that moved and all, and what the logs say of the members.
func (m *machine) compareLogs() {
	for _, n := range m.w.nodes {
		if m.opened&(1<<n.id) == 0 {
			continue
		}
		log := logOf(n)
		for _, other := range m.w.nodes {
			if other.id != n.id && !match(log, logOf(other)) {
				m.fail("Log Matching: nodes %d and %d", n.id, other.id)
			}
		}
		if !m.outcomes {
			m.checkChanges(n, log)
		}
	}
}

func logOf(n *node) []raftlog.Entry {
	return n.core.Entries(n.core.FirstInMemory(), n.core.Last().Index, 1<<30)
}

// match reports whether two logs that have an entry with equal mark are equal up to it.
func match(a, b []raftlog.Entry) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	first := max(a[0].Index, b[0].Index)
	last := min(a[len(a)-1].Index, b[len(b)-1].Index)
	matched := false
	for i := last; i >= first; i-- {
		x, y := &a[i-a[0].Index], &b[i-b[0].Index]
		if matched = matched || x.Term == y.Term; matched && (x.Term != y.Term || x.CRC != y.CRC) {
			return false
		}
	}
	return true
}

// checkChanges checks that at most one change of a log is not committed, and that each configuration may follow the one
// before.
func (m *machine) checkChanges(n *node, log []raftlog.Entry) {
	var last *membership.Configuration
	open := 0
	for i := range log {
		e := &log[i]
		if !e.Kind.Traits().Configures {
			continue
		}
		c := m.symmetry.decode(e)
		if last != nil {
			if err := c.MayFollow(last); err != nil {
				m.fail("node %d has %v after %v: %v", n.id, c, last, err)
			}
		}
		last = c
		if e.Index > 1 && !m.isCommitted(e.Mark()) {
			open++
		}
	}
	if open > 1 {
		m.fail("node %d has %d changes in its log that are not committed", n.id, open)
	}
}

func (m *machine) isCommitted(mark raftlog.Mark) bool {
	return mark.Index <= raftlog.Index(len(m.w.past.committed)) && m.w.past.committed[mark.Index-1].Mark() == mark
}

// checkKept checks that what is committed is on the disks of a majority, for good: of the voters (the new half, if that
// is joint) of the newest configuration that is committed. It is a rule of joint configurations: without them the next
// configuration decides alone what the present one has begun.
func (m *machine) checkKept() {
	count := len(m.w.past.committed)
	if count == 0 {
		return
	}
	last := m.w.past.committed[count-1].Mark()
	c := m.symmetry.decode(lastConfiguration(m.w.past.committed))
	pair := quorum.Pair[raftlog.NodeID]{New: c.Voters}
	held := quorum.Decide(pair, func(id raftlog.NodeID) quorum.Answer {
		if m.w.node(id).disk.holds(last) {
			return quorum.Yes
		}
		return quorum.No
	})
	if held != quorum.Won {
		m.fail("committed %v is not on the disks of a majority of %v", last, c)
	}
}
