package sim

import (
	"bytes"
	"time"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// checker sees everything that happens in a world and knows what no node can know: the committed log, all leaders and
// votes, which state belongs to which index. It checks every turn, message, sync and applied entry.
type checker struct {
	w *world
	// leaders are those of all terms, votes all votes that ever became durable or left a node.
	leaders map[raftlog.Term]raftlog.NodeID
	votes   map[ballot]raftlog.NodeID
	// logs holds the hash of the log at each mark that any node ever had.
	logs map[raftlog.Mark]uint64
	// committed is the committed log, states the hashes of the state after each entry, zero where no
	// node was yet.
	committed []commitment
	states    []hashes
	// read is the part of the committed log whose contents were looked at, delivered the part of which a machine was told.
	read, delivered raftlog.Index
	// lastPieces are the entries with the last piece of a batch.
	lastPieces map[raftlog.Index]bool
	// tags are those of the committed log.
	tags map[tagged]raftlog.Index
	// inputs are what the machines were given, index by index.
	inputs workload.Log
	// files are the hashes of the snapshots at each index.
	files map[raftlog.Index]uint64
	// spoiltFiles are the hashes of snapshots of states that were spoilt.
	spoiltFiles map[uint64]bool
	// requests are all writes, by the number that their body carries.
	requests []*request
	// seen is the highest index whose effects any client has seen.
	seen raftlog.Index
	// configuration is the newest one that any node knows to be committed, at configurationIndex.
	configuration      *membership.Configuration
	configurationIndex raftlog.Index
	// times are the times of the committed log.
	times times
	// count numbers requests and answers in the order in which they happened.
	count int64
}

// hashes are those of a state: of the machine, and of machine and sessions together.
type hashes struct{ machine, whole uint64 }

type ballot struct {
	voter raftlog.NodeID
	term  raftlog.Term
}

// commitment is an entry of the committed log, and the term in which a node first knew that it is committed.
type commitment struct {
	prefix
	known raftlog.Term
}

type tagged struct {
	tag  raftlog.Tag
	term raftlog.Term
}

func newChecker(w *world) *checker {
	return &checker{
		w: w, leaders: map[raftlog.Term]raftlog.NodeID{}, votes: map[ballot]raftlog.NodeID{}, logs: map[raftlog.Mark]uint64{},
		tags: map[tagged]raftlog.Index{}, files: map[raftlog.Index]uint64{}, spoiltFiles: map[uint64]bool{},
		lastPieces: map[raftlog.Index]bool{},
		times:      times{appended: map[raftlog.Mark]time.Duration{}},
	}
}

// afterTurn checks a node against everything known.
func (c *checker) afterTurn(l *life) {
	core := l.engine.Core()
	c.checkLog(l)
	c.checkTerm(l)
	c.noteTimes(l)
	c.noteQuarantine(l)
	if core.Role() == raft.Leader && (l.role != raft.Leader || l.term != core.Term()) {
		c.checkNewLeader(l)
	}
	if commit := core.Commit(); commit != l.commit {
		c.checkCommit(l, commit)
		l.commit = commit
	}
	if l.applier.Applied() > core.Commit() {
		c.w.fail("applied beyond commit", "n%d applied %d, commit is %d", l.id, l.applier.Applied(), core.Commit())
	}
	if core.Role() == raft.Leader && l.role == raft.Leader && core.Configuration() != l.inForce {
		c.checkStep(l)
		c.w.rift(l)
	}
	l.role, l.term, l.inForce = core.Role(), core.Term(), core.Configuration()
	l.inForceSince = core.ConfigurationIndex()
	if newest, index := core.CommittedConfiguration(); index > c.configurationIndex && index <= core.Commit() {
		c.configuration, c.configurationIndex = newest, index
		c.w.membersChanged(newest)
	}
}

// checkLog: the log that the engine handed out is the log that it has, and agrees with all others that have an entry in
// common with it (log matching). Only what this turn added can be new.
func (c *checker) checkLog(l *life) {
	if last := l.engine.Core().Last(); last != l.log.last() {
		c.w.fail("log", "n%d: the log ends at %v, what was handed to the disk at %v", l.id, last, l.log.last())
	}
	for i := range l.out.Appends {
		for k := range l.out.Appends[i].Entries {
			e := &l.out.Appends[i].Entries[k]
			at := l.log.at(e.Index)
			if at.term != e.Term {
				continue // replaced by a later operation of the same turn
			}
			known, ok := c.logs[e.Mark()]
			if !ok {
				c.logs[e.Mark()] = at.hash
			} else if known != at.hash {
				c.w.fail("log matching", "n%d: its log up to %v is another than one seen before", l.id, e.Mark())
			}
		}
	}
}

// checkTerm: the term never goes back, neither in a life nor across lives.
func (c *checker) checkTerm(l *life) {
	if term := l.engine.Core().Term(); term < l.term || term < l.stable.term && !c.w.options.OutcomesOnly {
		c.w.fail("term goes back", "n%d: term %d after %d, durable is %d", l.id, term, l.term, l.stable.term)
	}
}

// checkStep: a leader changes the configuration only when the one before is committed.
func (c *checker) checkStep(l *life) {
	before := l.inForceSince
	for i := range l.out.Appends {
		for k := range l.out.Appends[i].Entries {
			e := &l.out.Appends[i].Entries[k]
			if !e.Kind.Traits().Configures {
				continue
			}
			if before > l.engine.Core().Commit() && !c.w.options.OutcomesOnly {
				c.w.fail("one change", "n%d appends a configuration at %d, the one at %d is not committed", l.id, e.Index, before)
			}
			before = e.Index
		}
	}
}

// checkNewLeader: a term has one leader; it has its own vote on disk; it has all entries that were committed before.
func (c *checker) checkNewLeader(l *life) {
	core := l.engine.Core()
	term := core.Term()
	if other, ok := c.leaders[term]; ok {
		c.w.fail("election safety", "n%d leads term %d, n%d led it before", l.id, term, other)
	}
	c.leaders[term] = l.id
	if len(c.leaders) > 1 && !c.w.calm {
		c.w.counts.LeaderChanges++
	}
	c.times.disturbed = c.w.now
	c.w.strikeNewLeader(l)
	c.w.tell(l.id, "LEADS    term %d, log %v, commit %d", term, l.log.last(), core.Commit())
	forgettable := l.stable.term < term || l.stable.term == term && l.stable.vote != l.id
	if forgettable && !c.w.options.OutcomesOnly {
		c.w.fail("vote before durable", "n%d leads term %d, on its disk are term %d and vote %d", l.id, term,
			l.stable.term, l.stable.vote)
	}
	i := len(c.committed)
	for i > 0 && c.committed[i-1].known >= term {
		i-- // committed under a later leader, whom this one may not know
	}
	if i > 0 && l.log.at(raftlog.Index(i)) != c.committed[i-1].prefix {
		c.w.fail("leader completeness", "n%d leads term %d without entry %d/%d, which is committed", l.id, term,
			i, c.committed[i-1].term)
	}
}

// checkCommit: the commit index does not go back, stays within the log, and covers the one committed log. New
// entries of that log are durable on a majority.
func (c *checker) checkCommit(l *life, commit raftlog.Index) {
	if commit < l.commit {
		c.w.fail("commit goes back", "n%d: %d after %d", l.id, commit, l.commit)
	}
	if last := l.log.last().Index; commit > last {
		c.w.fail("commit beyond log", "n%d: commit %d, log ends at %d", l.id, commit, last)
	}
	for i := raftlog.Index(len(c.committed)) + 1; i <= commit; i++ {
		c.commitEntry(l, i)
	}
	if l.log.at(commit) != c.committed[commit-1].prefix {
		c.w.fail("state machine safety", "n%d holds entries up to %d to be committed, but others were", l.id, commit)
	}
	if core := l.engine.Core(); core.Role() == raft.Leader && !c.w.options.OutcomesOnly {
		c.checkMatches(l)
	}
}

func (c *checker) commitEntry(l *life, i raftlog.Index) {
	at := l.log.at(i)
	for _, voters := range [][]raftlog.NodeID{l.inForce.Voters, l.inForce.Outgoing} {
		holders := 0
		for _, id := range voters {
			if int(id) <= len(c.w.nodes) && c.w.node(id).stable.log.at(i) == at {
				holders++
			}
		}
		if len(voters) > 0 && holders <= len(voters)/2 && !c.w.options.OutcomesOnly {
			c.w.fail("commit without majority", "n%d: entry %d/%d is on %d of the %d disks of %v", l.id, i, at.term,
				holders, len(voters), voters)
		}
	}
	c.committed = append(c.committed, commitment{prefix: at, known: l.engine.Core().Term()})
	c.states = append(c.states, hashes{})
}

// checkMatches: what a leader believes to be on a follower's disk is there, unless a later term has replaced it.
func (c *checker) checkMatches(l *life) {
	for _, f := range l.engine.Core().Status().Followers {
		if f.Match == 0 {
			continue // the node may not be there yet
		}
		stable := &c.w.node(f.ID).stable
		if stable.term > l.engine.Core().Term() {
			continue
		}
		if stable.log.at(f.Match) != l.log.at(f.Match) || f.Match >= f.Next {
			c.w.fail("match", "n%d believes that n%d has entry %d (next %d); its disk ends at %v", l.id, f.ID,
				f.Match, f.Next, stable.log.last())
		}
	}
}

// votesIn: a node votes once in a term.
func (c *checker) votesIn(voter raftlog.NodeID, term raftlog.Term, vote raftlog.NodeID) {
	if vote == 0 || c.w.options.OutcomesOnly {
		return
	}
	b := ballot{voter, term}
	if before, ok := c.votes[b]; ok && before != vote {
		c.w.fail("one vote per term", "n%d votes for n%d in term %d, it voted for n%d before", voter, vote, term, before)
	}
	c.votes[b] = vote
}

// leaves: what a message promises is on the disk of the node that sends it.
func (c *checker) leaves(l *life, m *raft.Message) {
	stable := &l.stable
	switch {
	case c.w.options.OutcomesOnly:
	case m.Kind == raft.VoteReply && !m.Reject:
		c.votesIn(l.id, m.Term, m.To)
		if stable.term < m.Term || stable.term == m.Term && stable.vote != m.To {
			c.w.fail("vote before durable", "n%d grants n%d term %d, on its disk are term %d and vote %d", l.id, m.To,
				m.Term, stable.term, stable.vote)
		}
	case m.Kind == raft.Vote:
		// A candidate promises as well: its term, its own vote, and the log that it asks votes for.
		mine := stable.vote == l.id && (l.role != raft.Candidate || !stable.log.last().Before(m.Previous))
		if stable.term < m.Term || stable.term == m.Term && !mine {
			c.w.fail("vote before durable", "n%d asks for votes in term %d with log %v, on its disk are term %d, vote %d "+
				"and log %v", l.id, m.Term, m.Previous, stable.term, stable.vote, stable.log.last())
		}
	case (m.Kind == raft.AppendReply || m.Kind == raft.InstallReply) && !m.Reject:
		if stable.term < m.Term || stable.term == m.Term && stable.log.last().Index < m.Index {
			c.w.fail("acknowledged before durable", "n%d acknowledges %d in term %d, its disk ends at %v in term %d",
				l.id, m.Index, m.Term, stable.log.last(), stable.term)
		}
	}
}

// enterHistory: only entries that are committed and on this node's disk enter its history.
func (c *checker) enterHistory(n *node, entries []raftlog.Entry) {
	for i := range entries {
		e := &entries[i]
		known := int(e.Index) <= len(c.committed) && n.stable.log.at(e.Index) == c.committed[e.Index-1].prefix
		if !known && !c.w.options.OutcomesOnly {
			c.w.fail("history", "n%d writes entry %v, which is not committed or not durable there", n.id, e.Mark())
		}
	}
}

// applies: a node applies the committed log, the same one as all others. The checker reads an entry
// when the first node applies it.
func (c *checker) applies(l *life, e *raftlog.Entry) {
	if int(e.Index) > len(c.committed) {
		c.w.fail("state machine safety", "n%d applies entry %v, no node knows it to be committed", l.id, e.Mark())
	}
	before := prefix{}
	if e.Index > 1 {
		before = c.committed[e.Index-2].prefix
	}
	if mix(before.hash, hashOf(e)) != c.committed[e.Index-1].hash {
		c.w.fail("state machine safety", "n%d applies an entry %v that is not the committed one", l.id, e.Mark())
	}
	if e.Index == c.read+1 {
		c.read++
		c.checkTime(e)
		c.readEntry(e)
	}
}

// readEntry: no batch, and no piece of one, is in the log twice by its tag.
func (c *checker) readEntry(e *raftlog.Entry) {
	traits := e.Kind.Traits()
	if !traits.ForMachine && !traits.Piece || e.Tag.Sequence == 0 {
		return
	}
	name := tagged{tag: e.Tag, term: e.Term}
	if at, twice := c.tags[name]; twice {
		c.w.fail("batch twice", "entry %v has the tag of entry %d", e.Mark(), at)
	}
	c.tags[name] = e.Index
	if traits.Piece && e.Left == 0 && len(e.Body) > 0 {
		c.lastPieces[e.Index] = true
	}
}

// delivers: what a machine gets is one whole batch of one client, however many entries carried it; no batch twice, and
// none that was called not done. The checker looks when the first node applies an entry.
func (c *checker) delivers(n *node, i raftlog.Index, data []byte) {
	if i != c.delivered+1 {
		return
	}
	c.delivered++
	if len(data) == 0 {
		if c.lastPieces[i] {
			c.w.counts.Undone++
		}
		return
	}
	if c.lastPieces[i] {
		c.w.counts.InPieces++
	}
	number, ok := c.w.options.Workload.NumberOf(data)
	if !ok || number >= len(c.requests) {
		c.w.fail("unknown batch", "n%d: entry %d carries what no client wrote: %q", n.id, i, data)
	}
	r := c.requests[number]
	switch {
	case !r.writes || !bytes.Equal(data, r.run.Body()):
		c.w.fail("torn batch", "n%d: entry %d carries %q, which is not all that its client wrote: %s", n.id, i, data, r)
	case r.index != 0:
		c.w.fail("batch twice", "entry %d carries the batch of entry %d: %s", i, r.index, r)
	}
	r.index = i
	if r.ended && r.outcome.notDone() {
		c.w.fail("not done, yet done", "entry %d carries a batch that was called not done: %s", i, r)
	}
}

// finish holds the whole history against the workload's model.
func (c *checker) finish() {
	history := make([]workload.Operation, len(c.requests))
	for i, r := range c.requests {
		history[i] = workload.Operation{
			Run: r.run, Number: r.number, Asked: r.asked, Answered: r.answered,
			Known: r.ended && r.outcome == done && !r.tainted,
			Index: r.index, ReadAt: r.readAt, Stamp: r.stamp,
		}
	}
	for i := range c.inputs.Inputs {
		c.inputs.Inputs[i].Hash = c.states[i].machine
	}
	if err := c.w.options.Workload.Check(history, &c.inputs); err != nil {
		panic(err)
	}
}

// keepInput keeps what the first machine that comes to an index was given there. All others get the same: see applies.
func (c *checker) keepInput(i raftlog.Index, in workload.Input) {
	if int(i) == len(c.inputs.Inputs)+1 {
		in.Data = bytes.Clone(in.Data)
		c.inputs.Inputs = append(c.inputs.Inputs, in)
	}
}

// reaches: the state after an entry is the same on all nodes, ever.
func (c *checker) reaches(n *node, i raftlog.Index, state hashes) {
	switch known := c.states[i-1]; known {
	case hashes{}:
		c.states[i-1] = state
	case state:
	default:
		c.w.fail("state", "n%d: the state after entry %d has the hashes %016x, another node's had %016x", n.id, i, state,
			known)
	}
}

// upTo is the log that a snapshot stands for: the committed one, up to its mark.
func (c *checker) upTo(m raftlog.Mark) (log mirror) {
	if int(m.Index) > len(c.committed) || m.Index > 0 && c.committed[m.Index-1].term != m.Term {
		c.w.fail("snapshot of what is not committed", "a log begins anew behind %v, %d entries are committed", m,
			len(c.committed))
	}
	log.prefixes = make([]prefix, m.Index)
	for i := range log.prefixes {
		log.prefixes[i] = c.committed[i].prefix
	}
	return log
}

// snapshotOf: the file at an index is the same, byte for byte, on all nodes.
func (c *checker) snapshotOf(n *node, mark *raftlog.SnapshotMark) {
	if known, ok := c.files[mark.Index]; ok && known != mark.FileHash {
		c.w.fail("snapshots differ", "n%d: the file at %v has hash %016x, another node's had %016x", n.id, mark.Mark,
			mark.FileHash, known)
	}
	c.files[mark.Index] = mark.FileHash
}
