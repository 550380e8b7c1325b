package raft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// cluster is a few cores, their disks and the wire between them, all driven by a test: nothing happens that the
// test does not ask for. After every step the rules of the game are checked (rules_test.go).
type cluster struct {
	nodes []*node
	wire  []Message
	rules *rules
	// hung names the nodes whose disks complete nothing while the cluster settles.
	hung map[raftlog.NodeID]bool
	// trace receives a line for everything that a node does, if set.
	trace   func(line string)
	options func(id raftlog.NodeID) Options
	files   snapshotStore
	// installs counts the snapshots that logs began anew behind.
	installs int
}

// node is one core with its disk.
type node struct {
	id   raftlog.NodeID
	core *Raft
	rd   Ready
	disk image
	// flying are the operations that the core handed out and the disk has not done.
	flying []AppendOperation
	// fetches are not yet answered.
	fetches []FetchRequest
	// reads are registered and not yet confirmed.
	reads []read
	// taking is the snapshot that the node is making, installing the one that it is to fetch; nil if there is none.
	taking     *raftlog.SnapshotMark
	installing *InstallRequest
	// before is the node as it was after the last step.
	before Observation
	down   bool
}

// image is what a power loss leaves: the durable part of a node.
type image struct {
	term    raftlog.Term
	vote    raftlog.NodeID
	entries []raftlog.Entry // from index 1 on; those up to base are gone from the log, and stand for a snapshot's content
	base    raftlog.Index
	// history is how far the log's old part is in its final place.
	history raftlog.Index
	// snapshot is in force, retained was before it.
	snapshot, retained *raftlog.SnapshotMark
}

// read is one call of Raft.Read.
type read struct {
	term  raftlog.Term
	epoch Epoch
	index raftlog.Index
	// floor is the highest index that any node had committed when the read came in: its answer must contain that.
	floor raftlog.Index
}

func testOptions(id raftlog.NodeID) Options {
	return Options{
		ID:                  id,
		HeartbeatTicks:      2,
		ElectionTicks:       10,
		MaxInflightMessages: 3,
		MaxMessageBytes:     3 * (raftlog.EntryHeaderBytes + 1),
		Seed:                uint64(id),
		Level:               1,
	}
}

func newCluster() *cluster {
	return &cluster{rules: newRules(), hung: map[raftlog.NodeID]bool{}, options: testOptions, files: snapshotStore{}}
}

// weaken switches a rule off in every node that starts from now on.
func (c *cluster) weaken(g guard.Guard) {
	plain := c.options
	c.options = func(id raftlog.NodeID) Options {
		o := plain(id)
		o.Weakened = o.Weakened.With(g)
		return o
	}
}

// add starts a node whose disk holds the entries.
func (c *cluster) add(id raftlog.NodeID, term raftlog.Term, entries ...raftlog.Entry) *node {
	n := &node{id: id, disk: image{term: term, entries: entries}}
	c.nodes = append(c.nodes, n)
	c.start(n, 0)
	return n
}

// voters starts nodes 1..n, all of which already hold the first entry: a configuration with all of them.
func (c *cluster) voters(n int) {
	configuration := &membership.Configuration{}
	for id := range n {
		configuration.Voters = append(configuration.Voters, raftlog.NodeID(id+1))
	}
	for id := range n {
		c.add(raftlog.NodeID(id+1), 1, configurationEntry(1, 1, configuration))
	}
}

func configurationEntry(index raftlog.Index, term raftlog.Term, configuration *membership.Configuration) raftlog.Entry {
	e := raftlog.Entry{
		Index: index, Term: term, Kind: raftlog.EntryConfiguration, Body: membership.Encode(withMembers(configuration)),
	}
	e.Seal()
	return e
}

// withMembers completes a configuration of which a test gave only the roles.
func withMembers(c *membership.Configuration) *membership.Configuration {
	roles := slices.Concat(c.Voters, c.Outgoing, c.Learners, c.Promote, c.Retire)
	slices.Sort(roles)
	c.Members, c.NextID = nil, 100
	for _, id := range slices.Compact(roles) {
		c.Members = append(c.Members, membership.Member{ID: id})
	}
	return c
}

// decoded is the configuration that an entry carries.
func decoded(e *raftlog.Entry) *membership.Configuration {
	c, err := membership.Decode(e.Body)
	if err != nil {
		panic(err)
	}
	return c
}

func commandEntry(index raftlog.Index, term raftlog.Term, body string) raftlog.Entry {
	e := raftlog.Entry{Index: index, Term: term, Kind: raftlog.EntryCommand, Body: []byte(body)}
	e.Seal()
	return e
}

func (c *cluster) node(id raftlog.NodeID) *node {
	for _, n := range c.nodes {
		if n.id == id {
			return n
		}
	}
	panic(fmt.Sprintf("no node %d", id))
}

// leader is the leader of the highest term, nil if there is none.
func (c *cluster) leader() *node {
	var leader *node
	for _, n := range c.nodes {
		if !n.down && n.core.Role() == Leader && (leader == nil || n.core.Term() > leader.core.Term()) {
			leader = n
		}
	}
	return leader
}

// start boots a node from its disk. Entries up to floor stay there.
func (c *cluster) start(n *node, floor raftlog.Index) {
	restored := Restored{
		Term: n.disk.term, Vote: n.disk.vote, Entries: slices.Clone(n.disk.entries[floor:]),
		Snapshot: n.disk.snapshot, Retained: n.disk.retained,
	}
	for _, e := range n.disk.entries[:floor] {
		restored.Floor, restored.FloorTime = e.Mark(), e.Time()
		if e.Kind == raftlog.EntryConfiguration {
			restored.Configuration, restored.ConfigurationIndex = decoded(&e), e.Index
		}
	}
	n.core = New(c.options(n.id), restored)
	n.rd, n.flying, n.fetches, n.reads, n.down = Ready{}, nil, nil, nil, false
	n.taking, n.installing = nil, nil
	n.before = n.core.Observe()
	c.rules.started(n)
}

// crash takes a node down; the first synced operations in flight reached the disk, the others are lost.
func (c *cluster) crash(n *node, synced int) {
	for i := range n.flying[:synced] {
		c.persist(n, &n.flying[i])
	}
	n.flying, n.down = nil, true
}

// do calls the core and then takes what it has to say.
func (c *cluster) do(n *node, call func(*Raft)) {
	call(n.core)
	c.turn(n)
}

// turn takes Readys until there is nothing to do.
func (c *cluster) turn(n *node) {
	for again := true; again; {
		again = n.core.Ready(&n.rd)
		if again {
			c.take(n)
		}
		c.rules.stepped(c, n)
	}
}

func (c *cluster) take(n *node) {
	rd := &n.rd
	for i := range rd.Messages {
		c.post(n, rd.Messages[i])
	}
	if op := rd.Append; op.Number > 0 {
		c.tracef("  %d %v", n.id, op)
		op.Promises = slices.Clone(op.Promises)
		n.flying = append(n.flying, op)
		c.rules.appending(n, op.Entries)
	}
	for _, f := range rd.Fetch {
		c.tracef("  %d fetches from %d for %d", n.id, f.From, f.To)
		n.fetches = append(n.fetches, f)
	}
	if rd.Install != nil {
		c.tracef("  %d fetches snapshot %v from %d", n.id, rd.Install.Snapshot.Mark, rd.Install.From)
		c.rules.require(n.installing == nil, "node %d is to fetch two snapshots at a time", n.id)
		n.installing = rd.Install
	}
	if rd.Commit > n.before.commit {
		c.tracef("  %d commits %d", n.id, rd.Commit)
	}
	c.confirm(n)
	if rd.Propose != nil {
		c.rules.stepped(c, n) // by the configuration that was in force so far
		c.tracef("  %d proposes %v", n.id, rd.Propose)
		_, err := n.core.ProposeConfiguration(rd.Propose)
		c.rules.require(err == nil, "the next step of a change was refused: %v", err)
	}
}

// confirm answers the reads whose epoch is confirmed.
func (c *cluster) confirm(n *node) {
	for len(n.reads) > 0 && n.core.Role() == Leader && n.reads[0].epoch <= n.rd.Confirmed {
		r := n.reads[0]
		n.reads = n.reads[1:]
		if r.term == n.core.Term() {
			c.tracef("  %d confirms epoch %d: reads run at %d", n.id, r.epoch, r.index)
			c.rules.require(r.index >= r.floor, "node %d reads at %d in term %d, but %d was committed when the read came",
				n.id, r.index, r.term, r.floor)
		}
	}
}

// read registers a read on a node, if it leads.
func (c *cluster) read(n *node) bool {
	epoch, index, ok := n.core.Read()
	if ok {
		c.tracef("  %d registers epoch %d at %d", n.id, epoch, index)
		n.reads = append(n.reads, read{n.core.Term(), epoch, index, c.rules.highestCommit()})
	}
	c.turn(n)
	return ok
}

// post puts a message on the wire.
func (c *cluster) post(n *node, m Message) {
	m.Entries = slices.Clone(m.Entries)
	c.tracef("  %v", m)
	c.rules.sent(n, &m)
	c.wire = append(c.wire, m)
}

// sync makes a node's first k operations in flight durable, all of them for k < 0.
func (c *cluster) sync(n *node, k int) {
	if k < 0 || k > len(n.flying) {
		k = len(n.flying)
	}
	done := n.flying[:k]
	n.flying = n.flying[k:]
	if k == 0 {
		return
	}
	for i := range done {
		c.persist(n, &done[i])
		for _, m := range done[i].Promises {
			c.post(n, m)
		}
	}
	c.do(n, func(r *Raft) { r.Appended(done[k-1].Number) })
}

// archive moves committed, durable entries up to i into history.
func (c *cluster) archive(n *node, i raftlog.Index) {
	n.disk.history = max(n.disk.history, min(i, n.core.Commit(), n.core.Durable()))
	c.do(n, func(r *Raft) {
		r.Written(n.disk.history)
		r.Applied(n.disk.history)
	})
}

// answerFetch answers the oldest fetch of a node from its history.
func (c *cluster) answerFetch(n *node, works bool) {
	f := n.fetches[0]
	n.fetches = n.fetches[1:]
	var entries []raftlog.Entry
	var previous raftlog.Mark
	if works && f.From > n.disk.base && f.From <= n.disk.history {
		bytes := 0
		for _, e := range n.disk.entries[f.From-1 : n.disk.history] {
			if bytes += e.Size(); bytes > f.MaxBytes && len(entries) > 0 {
				break
			}
			entries = append(entries, e)
		}
		if f.From > 1 {
			previous = n.disk.entries[f.From-2].Mark()
		}
	}
	c.do(n, func(r *Raft) { r.Fetched(f.To, previous, entries, f.From <= n.disk.base) })
}

// deliver takes the message at a place of the wire to its node.
func (c *cluster) deliver(place int) {
	m := c.wire[place]
	c.wire = slices.Delete(c.wire, place, place+1)
	if n := c.node(m.To); !n.down {
		c.do(n, func(r *Raft) { r.Step(&m) })
	}
}

// settle delivers everything in order and syncs all nodes until nothing moves; keep says which messages get through.
func (c *cluster) settle(keep func(*Message) bool) {
	for moved := true; moved; {
		moved = false
		for len(c.wire) > 0 {
			if keep == nil || keep(&c.wire[0]) {
				c.deliver(0)
			} else {
				c.wire = c.wire[1:]
			}
			moved = true
		}
		for _, n := range c.nodes {
			for !n.down && len(n.fetches) > 0 {
				c.answerFetch(n, true)
				moved = true
			}
			if !n.down && !c.hung[n.id] && len(n.flying) > 0 {
				c.sync(n, -1)
				moved = true
			}
		}
	}
}

// tick lets time pass on one node.
func (c *cluster) tick(n *node, ticks int) {
	for range ticks {
		c.do(n, (*Raft).Tick)
	}
}

// campaign ticks a node until it asks for votes.
func (c *cluster) campaign(id raftlog.NodeID) {
	n := c.node(id)
	for ticks, under := 0, len(c.wire); len(c.wire) == under && n.core.Role() != Leader && ticks < 100; ticks++ {
		c.tick(n, 1)
	}
}

// elect makes a node the leader with the help of all others, and settles.
func (c *cluster) elect(id raftlog.NodeID) *node {
	for _, n := range c.nodes {
		if n.id != id {
			n.core.leaderTicks = n.core.options.ElectionTicks // patience is over
		}
	}
	c.campaign(id)
	c.settle(nil)
	return c.node(id)
}

// propose appends commands on a node, one for each body; it returns the first index, 0 if the node refused.
func (c *cluster) propose(n *node, bodies ...string) raftlog.Index {
	proposals := make([]Proposal, len(bodies))
	for i, body := range bodies {
		proposals[i] = Proposal{Kind: raftlog.EntryCommand, Body: []byte(body)}
	}
	first := raftlog.Index(0)
	c.do(n, func(r *Raft) { first, _ = r.Propose(proposals) })
	return first
}

// reconfigure proposes a configuration on a node.
func (c *cluster) reconfigure(n *node, configuration *membership.Configuration) error {
	_, err := n.core.ProposeConfiguration(withMembers(configuration))
	c.turn(n)
	return err
}

func (c *cluster) tracef(format string, args ...any) {
	if c.trace != nil {
		c.trace(fmt.Sprintf(format, args...))
	}
}

// log renders a node's log.
func (n *node) log() string {
	var b strings.Builder
	fmt.Fprintf(&b, "floor %v", n.core.Floor())
	for _, e := range n.core.Entries(n.core.FirstInMemory(), n.core.Last().Index, maxInt) {
		fmt.Fprintf(&b, ", %s", describeEntry(&e))
	}
	return b.String()
}
