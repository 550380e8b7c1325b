package engine

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// journal is a state machine that writes down what it applied.
type journal struct {
	seed    uint64
	applied []string
	// deadlines are moments at which something is due; each entry removes one of those that its stamp has reached.
	deadlines []int64
	// offset is the last one, level the last feature level.
	offset int64
	level  uint8
}

func (j *journal) SetLevel(level uint8) { j.level = level }

func (j *journal) Prepare([]byte, int)    {}
func (j *journal) SetOffset(offset int64) { j.offset = offset }

// Due is the earliest deadline.
func (j *journal) Due() int64 {
	if len(j.deadlines) == 0 {
		return 0
	}
	return j.deadlines[0]
}

func (j *journal) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if len(j.deadlines) > 0 && j.deadlines[0] <= stamp {
		j.deadlines = j.deadlines[1:]
	}
	if len(data) == 0 {
		return nil
	}
	j.applied = append(j.applied, string(data))
	return fmt.Appendf(nil, "%d", len(j.applied))
}
func (j *journal) Query(int64, any) bool { return false }
func (j *journal) Restore(seed uint64, _ io.Reader) error {
	j.seed = seed
	return nil
}
func (j *journal) Hash() uint64 { return uint64(len(j.applied)) }

// count says how often a command was applied.
func (j *journal) count(command string) int {
	n := 0
	for _, c := range j.applied {
		if c == command {
			n++
		}
	}
	return n
}

// table is a cluster whose every step a test takes by hand. Disks are instant; messages wait until delivered.
type table struct {
	t      *testing.T
	nodes  []*testNode
	now    raftlog.Stamp
	flying []Message
	// lose says which messages vanish when they are sent.
	lose func(*Message) bool
	// adjust changes the options of nodes that boot from now on.
	adjust func(*Options)
}

// seat is one node at the table.
type testNode struct {
	id      raftlog.NodeID
	engine  *Engine
	applier *Applier
	machine *journal
	in      Inputs
	out     Outputs
	// disk is what survives: hard state, log.
	term raftlog.Term
	vote raftlog.NodeID
	log  []raftlog.Entry
	// ended are the batches that ended here.
	down bool
	// holdApply keeps the applier from working.
	holdApply bool
	work      []Work
	resets    []raftlog.NodeID
	// wrong is by how much the node's clock is ahead, started when its monotonic clock began.
	wrong, started raftlog.Stamp
	peers          []membership.Member
	// start is the ordinal of the process, where a test restarts nodes.
	start uint64
	snapshotEffects
}

const testSeed = 7

// longestResendTicks is how long a stream at rest may wait for its next resend, after many in vain.
var longestResendTicks = DefaultOptions().ResendTicks << maxResendDoublings

func newTable(t *testing.T, n int, weakened ...guard.Guard) *table {
	t.Helper()
	tb := &table{t: t, now: 1000}
	c := &membership.Configuration{ClusterID: 1, HashSeed: testSeed, NextID: raftlog.NodeID(n + 1)}
	for id := raftlog.NodeID(1); id <= raftlog.NodeID(n); id++ {
		c.Members = append(c.Members, membership.Member{ID: id})
		c.Voters = append(c.Voters, id)
	}
	first := FirstEntry(c, 1000)
	for id := raftlog.NodeID(1); id <= raftlog.NodeID(n); id++ {
		s := &testNode{id: id, term: 1, log: []raftlog.Entry{first}}
		tb.nodes = append(tb.nodes, s)
		tb.boot(s, raftlog.Boot(100+id), weakened...)
	}
	return tb
}

// boot starts a node from its disk.
func (tb *table) boot(s *testNode, boot raftlog.Boot, weakened ...guard.Guard) {
	o := DefaultOptions()
	o.ID, o.Boot, o.Seed = s.id, boot, uint64(s.id)
	for _, g := range weakened {
		o.Weakened = o.Weakened.With(g)
	}
	if tb.adjust != nil {
		tb.adjust(&o)
	}
	s.machine, s.started = &journal{}, tb.now-1
	restored, base := s.restore(tb.t)
	e, err := New(o, restored, base.Mark.Index)
	if err != nil {
		tb.t.Fatal(err)
	}
	s.engine, s.applier, s.down = e, NewApplier(o, s.machine, base), false
	s.in, s.out, s.work, s.holdApply = Inputs{}, Outputs{}, nil, false
	s.peers = nil
	if c := e.core.Configuration(); c != nil {
		s.peers = c.Members
	}
}

// linked are the messages to nodes that the node holds links to. A node without peers yet answers every
// node that speaks to it.
func (s *testNode) linked(messages []Message) []Message {
	if s.peers == nil {
		return messages
	}
	return slices.DeleteFunc(slices.Clone(messages), func(m Message) bool {
		return !slices.ContainsFunc(s.peers, func(p membership.Member) bool { return p.ID == m.To })
	})
}

func (tb *table) node(id raftlog.NodeID) *testNode { return tb.nodes[id-1] }

// turn runs one turn of a node and everything its pumps do at once.
func (tb *table) turn(s *testNode) {
	if s.down {
		return
	}
	s.in.Now, s.in.Elapsed = tb.now+s.wrong, tb.now-s.started
	s.engine.Turn(&s.in, &s.out)
	s.in.Reset()
	if s.out.Fatal != nil {
		tb.t.Fatalf("node %d: %v", s.id, s.out.Fatal)
	}
	if !s.out.Work.Empty() {
		s.work = append(s.work, s.out.Work)
	}
	if s.out.Peers != nil {
		s.peers = s.out.Peers
	}
	tb.send(s.linked(s.out.Messages))
	s.appends = append(s.appends, s.out.Appends...)
	tb.write(s)
	if n := len(s.out.Fill); n > 0 {
		s.fill = s.out.Fill
	}
	tb.moveHistory(s)
	tb.moveFiles(s)
	s.resets = append(s.resets, s.out.Reset...)
	for _, b := range s.out.Ended {
		b.Wake()
	}
	for _, r := range s.out.EndedReads {
		r.Wake()
	}
	if !s.holdApply {
		tb.apply(s)
	}
}

// write makes all operations durable, unless the disk hangs.
func (tb *table) write(s *testNode) {
	if s.holdDisk {
		return
	}
	for _, op := range s.appends {
		s.persist(tb.t, op)
		tb.send(s.linked(CoalescePromises([]raft.AppendOperation{op})))
		s.in.Appended = op.Number
	}
	s.appends = nil
}

func (s *testNode) persist(t *testing.T, op raft.AppendOperation) {
	s.switchTo(t, op.Switch)
	s.term, s.vote = op.Term, op.Vote
	if len(op.Entries) > 0 {
		at := op.Entries[0].Index - s.floor.Mark.Index - 1
		s.log = append(s.log[:at:at], op.Entries...)
	}
}

// apply lets the applier do all its work.
func (tb *table) apply(s *testNode) {
	for _, w := range s.work {
		var report Applied
		if w.Jump != nil {
			file := s.files[w.Jump.FileHash]
			s.machine.applied = slices.Clone(file.applied)
			s.applier.Jumped(file.base, &report)
		}
		s.applier.Register(w.Sent, &report)
		if w.Tick != 0 {
			s.applier.Expire(w.Tick, &report)
		}
		if w.Last != 0 {
			entries := w.Entries
			if len(entries) == 0 {
				entries = s.history(tb.t, w.First, w.Last)
			}
			s.applier.Apply(entries, &report)
		}
		if w.Freeze {
			s.frozen = append(s.frozen, s.applier.Freeze(&report))
		}
		for _, b := range report.Ended {
			b.Wake()
		}
		if !report.Empty() {
			s.in.Applied = append(s.in.Applied, report)
		}
	}
	s.work = nil
	tb.take(s)
}

func (tb *table) send(messages []Message) {
	for _, m := range messages {
		if tb.lose == nil || !tb.lose(&m) {
			tb.flying = append(tb.flying, m)
		}
	}
}

// deliver moves every flying message to its node.
func (tb *table) deliver() {
	for _, m := range tb.flying {
		if s := tb.node(m.To); !s.down {
			s.in.Messages = append(s.in.Messages, m)
		}
	}
	tb.flying = tb.flying[:0]
}

// settle runs turns until nothing moves.
func (tb *table) settle() {
	for range 200 {
		tb.deliver()
		busy := false
		for _, s := range tb.nodes {
			if s.down {
				continue
			}
			tb.turn(s)
			busy = busy || len(s.in.Applied) > 0 || s.in.Appended != 0 || s.in.Written != 0 || len(s.in.Fetched) > 0 ||
				s.in.Taken != nil || s.in.Received != nil || s.in.Retired
		}
		if len(tb.flying) == 0 && !busy {
			return
		}
	}
	tb.t.Fatal("the cluster does not settle")
}

// ticks lets time pass on the given nodes, or on all.
func (tb *table) ticks(n int, ids ...raftlog.NodeID) {
	for range n {
		tb.now += 10
		for _, s := range tb.nodes {
			if len(ids) == 0 || slices.Contains(ids, s.id) {
				s.in.Ticks = 1
			}
		}
		tb.settle()
	}
}

// elect lets time pass, and only one node campaign, until that one leads.
func (tb *table) elect(id raftlog.NodeID) {
	tb.t.Helper()
	before := tb.lose
	defer func() { tb.lose = before }()
	tb.lose = func(m *Message) bool { // no other node campaigns, and the leader is not heard
		rival := m.From != id && (m.Kind == raft.PreVote || m.Kind == raft.Vote)
		old := m.From != id && (m.Kind == raft.Heartbeat || m.Kind == raft.Append)
		return rival || old || before != nil && before(m)
	}
	for range 300 {
		tb.ticks(1)
		if tb.node(id).engine.leads() {
			return
		}
	}
	tb.t.Fatalf("node %d does not win", id)
}

// cut loses every message from or to the given nodes.
func (tb *table) cut(ids ...raftlog.NodeID) {
	tb.lose = func(m *Message) bool { return slices.Contains(ids, m.From) || slices.Contains(ids, m.To) }
}

// hold takes matching messages out of the network from now on and collects them, for a test to deliver late.
func (tb *table) hold(match func(*Message) bool) *[]Message {
	held := &[]Message{}
	tb.lose = func(m *Message) bool {
		if !match(m) {
			return false
		}
		*held = append(*held, *m)
		return true
	}
	return held
}

// crash takes a node down; what it had not sent is gone.
func (tb *table) crash(id raftlog.NodeID) { tb.node(id).down = true }

// client is a batch and what its client saw.
type client struct {
	*Batch
	woken int
}

func (tb *table) submit(id raftlog.NodeID, command string) *client {
	c := &client{}
	c.Batch = &Batch{Body: []byte(command), Level: Level}
	c.Wake = func() { c.woken++ }
	s := tb.node(id)
	s.in.Batches = append(s.in.Batches, c.Batch)
	return c
}

// expect fails unless the batch ended as given, once.
func (tb *table) expect(c *client, o Outcome) {
	tb.t.Helper()
	woken := 1
	if o == Pending {
		woken = 0
	}
	if c.Outcome != o || c.woken != woken {
		tb.t.Fatalf("batch %q: %v, woken %d times, want %v", c.Body, c.Outcome, c.woken, o)
	}
}

// expectApplied fails unless each live node applied exactly these commands.
func (tb *table) expectApplied(commands ...string) {
	tb.t.Helper()
	tb.ticks(10) // heartbeats tell all nodes what is committed
	for _, s := range tb.nodes {
		if !s.down && !slices.Equal(s.machine.applied, commands) {
			tb.t.Fatalf("node %d applied %s, want %s", s.id, strings.Join(s.machine.applied, " "), strings.Join(commands, " "))
		}
	}
}

// isForward picks forwards from a node.
func isForward(m *Message, from raftlog.NodeID) bool {
	return m.Own == Forward && m.From == from
}
