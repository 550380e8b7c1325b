package explore

import (
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// machine makes worlds out of worlds. Each worker has one.
type machine struct {
	bounds Bounds
	guards guard.Set
	// outcomes leaves out the rules of conduct: see Options.
	outcomes bool
	symmetry symmetry
	ready    raft.Ready
	// violations are what the rules found in the present step; skipped, they are not asked.
	violations []string
	skipRules  bool
	reached    Reached
	// trace receives a line for everything that a node does, if set.
	trace func(line string)

	// w is the world that the present step makes. opened are the nodes that it has copies of.
	w      *world
	opened uint64
	// asker is the node that waits for the replies to the delivered message, answers are those that came. sent counts
	// messages that left in this step.
	asker   raftlog.NodeID
	answers []raft.Message
	sent    int
	// granted are pre-votes, given at once.
	granted []raft.Message
}

func newMachine(b Bounds, o *Options) *machine {
	m := &machine{bounds: b, guards: o.Weakened, outcomes: o.OutcomesOnly}
	m.symmetry = newSymmetry(&m.bounds)
	return m
}

// start is the world in which an exploration begins.
func (m *machine) start() *world {
	w := &world{}
	first := firstEntry(&m.bounds)
	w.past.committed = []raftlog.Entry{}
	for i := range m.bounds.Voters + m.bounds.Learners {
		n := &node{id: raftlog.NodeID(i + 1), disk: image{term: 1, entries: []raftlog.Entry{first}}}
		m.boot(n)
		w.nodes = append(w.nodes, n)
	}
	if m.bounds.Leader > 0 {
		w = m.settle(w)
	}
	w.left = m.bounds.left()
	return w
}

// fingerprintOfStart is that of the world in which an exploration begins.
func (m *machine) fingerprintOfStart() uint64 { return m.symmetry.fingerprint(m.start()) }

// firstEntry is the configuration that all nodes begin with.
func firstEntry(b *Bounds) raftlog.Entry {
	c := &membership.Configuration{NextID: nodesMax + 1}
	for i := range b.Voters + b.Learners {
		id := raftlog.NodeID(i + 1)
		c.Members = append(c.Members, membership.Member{ID: id})
		if i < b.Voters {
			c.Voters = append(c.Voters, id)
		} else {
			c.Learners = append(c.Learners, id)
		}
	}
	e := raftlog.Entry{Index: 1, Term: 1, Kind: raftlog.EntryConfiguration, Body: membership.Encode(c)}
	e.Seal()
	return e
}

// settle lets node 1 lead, and delivers and syncs until nothing moves.
func (m *machine) settle(w *world) *world {
	bounds := m.bounds
	m.bounds.Terms, m.bounds.PromptReplies, m.bounds.Copies = 2, 0, wireMax
	w = m.apply(w, newAction(kindCampaign, 1, 0))
	for range 2 {
		for moved := true; moved; {
			moved = false
			for _, n := range w.nodes {
				for len(w.node(n.id).flying) > 0 {
					w, moved = m.apply(w, newAction(kindSync, n.id, 0)), true
				}
			}
			for len(w.wire) > 0 {
				to := w.wire[0].message.To
				if next := m.apply(w, newAction(kindDeliver, to, 0)); next != nil {
					w = next
				} else {
					w = w.copy()
					w.wire = w.wire[1:]
				}
				moved = true
			}
		}
		w = m.apply(w, newAction(kindBeat, 1, 0)) // tells what is committed
	}
	m.bounds = bounds
	w.wire = nil
	return w
}

func (m *machine) options(id raftlog.NodeID) raft.Options {
	return raft.Options{
		ID: id, HeartbeatTicks: 2, ElectionTicks: 4, MaxInflightMessages: 2, MaxMessageBytes: 1, Level: 1,
		Weakened: m.guards,
	}
}

// boot starts a node from its disk.
func (m *machine) boot(n *node) {
	m.reached.Restarts++
	n.core = raft.New(m.options(n.id), n.disk.restored())
	n.core.StopClocks()
	n.flying, n.reads, n.installing = nil, nil, nil
	n.seen = see(n)
}

// apply does what an action says, in a new world. It returns nil if the action is impossible here, or changes nothing
// but that a message is gone: what can happen then can happen with the message still under way, too.
func (m *machine) apply(w *world, a action) *world {
	m.w, m.opened, m.violations, m.sent = w.copy(), 0, m.violations[:0], 0
	m.asker, m.answers, m.granted = 0, m.answers[:0], nil
	n := m.open(a.node())
	m.describe(a)
	if !m.act(n, a) {
		return nil
	}
	if a.has(dies) {
		if len(n.flying) == 0 {
			return nil // no different from a crash between two steps
		}
		m.tracef("  %d crashes", n.id)
		m.boot(n)
	}
	m.completeAll(n)
	if !m.takeAnswers(a) {
		return nil
	}
	if a.kind() == kindDeliver && m.sent == 0 && !a.has(dies|double) && m.symmetry.same(n, w.node(n.id)) {
		return nil
	}
	m.finish()
	return m.w
}

// open returns the node of the new world, which may be changed.
func (m *machine) open(id raftlog.NodeID) *node {
	if m.opened&(1<<id) != 0 {
		return m.w.node(id)
	}
	m.opened |= 1 << id
	n := *m.w.node(id)
	n.core = n.core.Clone()
	n.flying, n.reads = slices.Clip(n.flying), slices.Clip(n.reads)
	n.sums, n.colour = nil, 0
	m.w.nodes[id-1] = &n
	return &n
}

// finish stops the clocks of the nodes that moved, and has the rules look at what came out.
func (m *machine) finish() {
	for _, n := range m.w.nodes {
		if m.opened&(1<<n.id) != 0 {
			n.core.StopClocks()
		}
	}
	m.w.forget()
	m.w.wire = slices.DeleteFunc(m.w.wire, func(l *letter) bool { return m.w.dead(&l.message) })
	if !m.skipRules {
		m.compareLogs()
		if !m.outcomes {
			m.checkKept()
		}
	}
}

// dead reports whether a message can have no effect any more, whatever happens: the receiver's disk knows a later term,
// and drops replies of earlier ones.
func (w *world) dead(message *raft.Message) bool {
	n := w.node(message.To)
	switch message.Kind {
	case raft.VoteReply, raft.AppendReply, raft.HeartbeatReply, raft.InstallReply, raft.TimeoutNow:
		if message.Term < n.disk.term {
			return true
		}
	case raft.PreVoteReply:
		return message.Term <= n.disk.term && !message.Reject || message.Term < n.disk.term
	}
	return message.Kind == raft.VoteReply && message.Term == n.disk.term && n.core.Role() != raft.Candidate
}

// isReply reports whether a message answers another one.
func isReply(k raft.MessageKind) bool {
	switch k {
	case raft.PreVoteReply, raft.VoteReply, raft.AppendReply, raft.HeartbeatReply, raft.InstallReply:
		return true
	}
	return false
}

// act does what is special about a kind of action. It reports false if it is impossible.
func (m *machine) act(n *node, a action) bool {
	switch a.kind() {
	case kindDeliver:
		m.deliver(n, a)
	case kindCampaign:
		n.core.Fire(raft.ElectionTimer)
	case kindSync:
		m.complete(n)
		return true
	case kindCrash:
		m.spend(crashes)
		for i := range a.argument() {
			n.disk.persist(&n.flying[i], m.w.past.committed)
		}
		m.boot(n)
		return true
	case kindPropose:
		m.spend(entries)
		if _, ok := n.core.Propose([]raft.Proposal{{Kind: raftlog.EntryCommand, Body: []byte("x")}}); !ok {
			return false // it hands over
		}
	case kindRegister:
		m.spend(reads)
		epoch, index, _ := n.core.Read()
		n.reads = append(n.reads, read{epoch, index, raftlog.Index(len(m.w.past.committed))})
	case kindBeat:
		m.spend(beats)
		n.core.Fire(raft.HeartbeatTimer)
	case kindStall:
		m.spend(beats)
		n.core.Fire(raft.StallTimer)
	case kindLonely:
		m.spend(resignations)
		n.core.Fire(raft.LonelyTimer)
	case kindGiveUp:
		m.spend(resignations)
		n.core.Fire(raft.TransferTimer)
	case kindChange:
		if !m.change(n, a.argument()) {
			return false
		}
	case kindSnapshot:
		m.spend(snapshots)
		n.core.SnapshotTaken(snapshotOf(n))
	case kindFile:
		m.install(n)
	case kindTransfer:
		m.spend(transfers)
		if !n.core.Transfer(raftlog.NodeID(a.argument())) {
			return false
		}
	}
	if a.has(dies) {
		m.spend(crashes)
	}
	m.turn(n)
	return true
}

// spend counts that something happens that happens a limited number of times. The start of an exploration counts not.
func (m *machine) spend(b budget) {
	if m.w.left[b] > 0 {
		m.w.left[b]--
	}
}

func (m *machine) deliver(n *node, a action) {
	l := m.w.wire[a.argument()]
	if a.has(double) {
		m.spend(duplicates)
	} else {
		m.w.wire = slices.Delete(m.w.wire, a.argument(), a.argument()+1)
	}
	if m.bounds.PromptReplies > 0 && !isReply(l.message.Kind) {
		m.asker = l.message.From
	}
	message := l.message
	n.core.Step(&message)
}

// takeAnswers brings the replies to the delivered message to its sender. It reports false if all would be lost and
// there are none.
func (m *machine) takeAnswers(a action) bool {
	answers := m.answers
	m.answers = m.answers[:0]
	if a.has(unanswered) {
		m.spend(losses)
		return len(answers) > 0
	}
	asker := m.asker
	m.asker = 0
	for i := range answers {
		m.tracef("deliver %v", answers[i])
		n := m.open(asker)
		n.core.Step(&answers[i])
		m.turn(n)
		m.completeAll(n)
	}
	return true
}

// change has a leader propose one of the changes that Bounds.Changes names.
func (m *machine) change(n *node, choice int) bool {
	next := successors(n.core.Configuration(), m.bounds.Single > 0)
	if choice >= len(next) {
		return false
	}
	m.spend(changes)
	if _, err := n.core.ProposeConfiguration(next[choice]); err != nil {
		m.tracef("  refused: %v", err)
		return false
	}
	m.tracef("  %d proposes %v", n.id, next[choice])
	return true
}

// successors are the configurations that can be proposed after one.
func successors(c *membership.Configuration, single bool) (list []*membership.Configuration) {
	if c == nil || c.Joint() {
		return nil
	}
	none := []raftlog.NodeID{0}
	for _, retired := range slices.Concat(none, c.Voters) {
		for _, promoted := range slices.Concat(none, c.Learners) {
			both, neither := retired > 0 && promoted > 0, retired+promoted == 0
			if neither || single && both || retired > 0 && promoted == 0 && len(c.Voters) == 1 {
				continue
			}
			intent := *c
			intent.Retire, intent.Promote = only(retired), only(promoted)
			next := intent.Exchange()
			if single {
				next = next.Final()
			}
			list = append(list, next)
		}
	}
	return list
}

func only(id raftlog.NodeID) []raftlog.NodeID {
	if id == 0 {
		return nil
	}
	return []raftlog.NodeID{id}
}

// snapshotOf names the snapshot that a node can take.
func snapshotOf(n *node) raftlog.SnapshotMark {
	i := n.core.Commit()
	content := n.disk.entries[:i]
	return raftlog.SnapshotMark{
		Mark: content[i-1].Mark(), FileHash: uint64(i), FileBytes: uint64(i),
		Configuration: lastConfiguration(content).Body,
	}
}

// install ends the fetch of a snapshot.
func (m *machine) install(n *node) {
	mark := n.installing.Snapshot
	n.installing = nil
	c, err := membership.Decode(mark.Configuration)
	if err != nil {
		panic(err)
	}
	if n.core.Install(mark, c, raftlog.Time{}) {
		m.reached.Installs++
		n.reads = nil
		m.tracef("  %d has snapshot %v (%v), and begins anew", n.id, mark.Mark, c)
	}
}

// turn takes Readys until there is nothing to do.
func (m *machine) turn(n *node) {
	for again := true; again; {
		again = n.core.Ready(&m.ready)
		if again {
			m.take(n)
		}
		m.look(n)
		if len(m.granted) > 0 {
			granted := m.granted
			m.granted = nil
			for i := range granted {
				n.core.Step(&granted[i])
			}
			again = true
		}
	}
}

func (m *machine) take(n *node) {
	rd := &m.ready
	for i := range rd.Messages {
		m.post(n, &rd.Messages[i])
	}
	if op := rd.Append; op.Number > 0 {
		m.tracef("  %d %v", n.id, op)
		op.Promises = slices.Clone(op.Promises)
		n.flying = append(n.flying, op)
	}
	fetches := slices.Clone(rd.Fetch)
	if rd.Install != nil {
		m.tracef("  %d fetches snapshot %v from %d", n.id, rd.Install.Snapshot.Mark, rd.Install.From)
		n.installing = rd.Install
	}
	if rd.Commit > n.seen.commit {
		m.tracef("  %d commits %d", n.id, rd.Commit)
	}
	m.confirm(n, rd.Confirmed)
	if next := rd.Propose; next != nil {
		m.look(n) // by the configuration that was in force so far
		m.tracef("  %d proposes %v", n.id, next)
		if _, err := n.core.ProposeConfiguration(next); err != nil {
			m.fail("the next step of a change was refused: %v", err)
		}
	}
	for _, f := range fetches {
		m.fetch(n, f)
	}
}

// fetch answers from the log on the disk, at once.
func (m *machine) fetch(n *node, f raft.FetchRequest) {
	m.tracef("  %d fetches from %d for %d", n.id, f.From, f.To)
	d := &n.disk
	if f.From <= d.gone {
		n.core.Fetched(f.To, raftlog.Mark{}, nil, true)
		return
	}
	n.core.Fetched(f.To, d.entries[f.From-2].Mark(), d.entries[f.From-1:f.From], false)
}

// post puts a message on the wire, or grants a pre-vote.
func (m *machine) post(n *node, message *raft.Message) {
	m.sent++
	m.promised(n, message)
	if message.Kind == raft.PreVote && m.bounds.PreVotes == 0 {
		m.granted = append(m.granted, raft.Message{
			Kind: raft.PreVoteReply, From: message.To, To: message.From, Term: message.Term,
		})
		return
	}
	m.tracef("  %v", *message)
	if m.bounds.PromptReplies > 0 && isReply(message.Kind) {
		if message.To == m.asker {
			m.answers = append(m.answers, *message)
		}
		return
	}
	l := &letter{message: *message}
	if m.symmetry.count(m.w.wire, l) < m.bounds.Copies && len(m.w.wire) < wireMax && !m.w.dead(message) {
		m.w.wire = append(m.w.wire, l)
	}
}

// complete makes the oldest operation in flight durable.
func (m *machine) complete(n *node) {
	op := n.flying[0]
	n.flying = n.flying[1:]
	if len(op.Entries) > 0 && op.Entries[0].Index <= raftlog.Index(len(n.disk.entries)) {
		m.reached.Truncations++
	}
	n.disk.persist(&op, m.w.past.committed)
	for i := range op.Promises {
		m.post(n, &op.Promises[i])
	}
	n.core.Appended(op.Number)
	if op.Switch != nil {
		n.core.Written(op.Switch.Snapshot.Index)
		n.core.Applied(op.Switch.Snapshot.Index)
	}
	m.turn(n)
}

// completeAll lets prompt disks complete all that they have.
func (m *machine) completeAll(n *node) {
	for m.bounds.PromptDisks > 0 && len(n.flying) > 0 {
		m.complete(n)
	}
}

func (m *machine) tracef(format string, args ...any) {
	if m.trace != nil {
		m.trace(fmt.Sprintf(format, args...))
	}
}
