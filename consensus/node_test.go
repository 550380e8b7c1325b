package consensus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/reactor/looptest"
)

// patience bounds what should take milliseconds.
const patience = 30 * time.Second

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// smallOptions make nodes that start fast: the journal is the smallest there may be, for its files are written out in
// full when they are made.
func smallOptions(directory string) consensus.Options {
	return consensus.Options{
		Directory: directory, Machine: &counter{}, PeerListen: "127.0.0.1:0", JournalFileBytes: 10 << 20,
		Logger: slog.New(slog.DiscardHandler), EventLoop: looptest.Asked(),
	}
}

// certainOptions are those of nodes that wait for the fate of a command as long as a test does: none is unknown, so
// what was not done may be tried again, and nothing is done twice.
func certainOptions(directory string) consensus.Options {
	o := smallOptions(directory)
	o.UncertainAfterMillis = int(patience.Milliseconds())
	return o
}

func open(t *testing.T, o consensus.Options) *consensus.Node {
	t.Helper()
	n, err := consensus.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Err(); err != nil && !errors.Is(err, consensus.ErrClosed) {
			t.Errorf("the node failed: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// leads reports whether a node believes that it leads.
func leads(n *consensus.Node) bool {
	s := n.Status()
	return s.Leader != 0 && s.Leader == s.ID
}

func add(t *testing.T, n *consensus.Node, v uint64) {
	t.Helper()
	if _, err := n.Propose(within(t), binary.LittleEndian.AppendUint64(nil, v)); err != nil {
		t.Fatal(err)
	}
}

func expectTotal(t *testing.T, n *consensus.Node, want uint64) {
	t.Helper()
	var total uint64
	if err := n.Query(within(t), &total); err != nil || total != want {
		t.Fatalf("total is %d, %v; want %d", total, err, want)
	}
}

func TestF12_ASingleNodeKeepsWhatItAcknowledged(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	directory := t.TempDir()
	o := smallOptions(directory)
	o.Bootstrap = true
	n, err := consensus.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		add(t, n, 1)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	o.Machine = &counter{}
	again := open(t, o) // the same options: Bootstrap changes nothing
	expectTotal(t, again, 100)
	add(t, again, 1)
	expectTotal(t, again, 101)
}

func TestF21_ADirectoryServesOneNode(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap = true
	open(t, o)
	o.Machine = &counter{}
	if _, err := consensus.Open(o); err == nil || !strings.Contains(err.Error(), o.Directory) {
		t.Fatalf("a second node opened the directory: %v", err)
	}
}

func TestABlankNodeEndsCommandsAsNotDone(t *testing.T) {
	n := open(t, smallOptions(t.TempDir()))
	if _, err := n.Propose(within(t), []byte("x")); !errors.Is(err, consensus.ErrNotDone) {
		t.Fatalf("err is %v", err)
	}
	if s := n.Status(); !s.Blank || s.ClusterID != 0 || s.Incarnation == 0 {
		t.Fatalf("status is %+v", s)
	}
}

func TestB15_TheLargestCommandPassesAndOneMoreByteDoesNot(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap, o.MaxEntryBytes = true, 1<<16
	n := open(t, o)
	for _, size := range []int{1<<16 - 1, 1 << 16} {
		if _, err := n.Propose(within(t), make([]byte, size)); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
	if _, err := n.Propose(within(t), make([]byte, 1<<16+1)); !errors.Is(err, consensus.ErrRefused) {
		t.Fatalf("err is %v", err)
	}
}

// trio is a formed cluster of three, with what is needed to start its nodes again.
type trio struct {
	t       *testing.T
	nodes   [3]*consensus.Node
	options [3]consensus.Options
	machine func() consensus.StateMachine
}

func newTrio(t *testing.T) *trio {
	t.Helper()
	return newTrioOf(t, func() consensus.StateMachine { return &counter{} })
}

// newTrioOf makes a cluster of machines of another kind.
func newTrioOf(t *testing.T, machine func() consensus.StateMachine) *trio {
	t.Helper()
	return newTrioWith(t, func(*consensus.Options) {}, machine)
}

// newTrioWith makes a cluster whose nodes have other options.
func newTrioWith(t *testing.T, change func(*consensus.Options), machine func() consensus.StateMachine) *trio {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	c := &trio{t: t, machine: machine}
	directory := t.TempDir()
	for i := range c.nodes {
		o := certainOptions(filepath.Join(directory, string(rune('a'+i))))
		o.Bootstrap, o.Expect = i == 0, 3
		if i > 0 {
			o.Join = []string{c.nodes[0].Status().PeerAddress}
		}
		change(&o)
		c.options[i] = o
		c.start(i)
	}
	for i, n := range c.nodes {
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatalf("node %d: %v", i, err)
		}
	}
	return c
}

// start opens a node; from its second start on at the address where the others know it.
func (c *trio) start(i int) {
	c.t.Helper()
	o := c.options[i]
	o.Machine = c.machine()
	n, err := consensus.Open(o)
	if err != nil {
		c.t.Fatal(err)
	}
	c.nodes[i] = n
	c.options[i].PeerListen = n.Status().PeerAddress
	c.t.Cleanup(func() { n.Close() })
}

func (c *trio) leader() int {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		for i, n := range c.nodes {
			if s := n.Status(); s.Leader != 0 && s.Leader == s.ID {
				return i
			}
		}
	}
	c.t.Fatal("no leader")
	return -1
}

func TestG9_AnotherNodeGoesOnWithTheData(t *testing.T) {
	c := newTrio(t)
	for i := range 30 {
		add(t, c.nodes[i%3], 1)
	}
	first := c.leader()
	c.nodes[first].Close()
	rest := []*consensus.Node{c.nodes[(first+1)%3], c.nodes[(first+2)%3]}
	for i, n := range rest {
		expectTotal(t, n, 30+uint64(i))
		add(t, n, 1)
	}
	c.start(first)
	expectTotal(t, c.nodes[first], 32)
}

func TestH12_AllNodesStopAndComeBack(t *testing.T) {
	c := newTrio(t)
	for i := range 30 {
		add(t, c.nodes[i%3], 1)
	}
	for round := range uint64(3) {
		for _, n := range c.nodes {
			n.Close()
		}
		for i := range c.nodes {
			c.start(i)
		}
		for _, n := range c.nodes {
			expectTotal(t, n, 30+round)
		}
		add(t, c.nodes[round%3], 1)
	}
}

func TestD10_AWipedDirectoryUnderAnOldAddressIsRefused(t *testing.T) {
	c := newTrio(t)
	add(t, c.nodes[0], 1)
	c.nodes[2].Close()
	o := c.options[2]
	o.Directory, o.Machine = filepath.Join(t.TempDir(), "wiped"), &counter{}
	wiped := open(t, o)
	add(t, c.nodes[0], 1) // the cluster dials the address again and again
	if s := wiped.Status(); !s.Blank {
		t.Fatalf("the wiped node took part: %+v", s)
	}
	expectTotal(t, c.nodes[1], 2)
}

func TestOptionsOutOfRangeAreRefusedByName(t *testing.T) {
	for name, change := range map[string]func(*consensus.Options){
		"Directory":              func(o *consensus.Options) { o.Directory = "" },
		"Machine":                func(o *consensus.Options) { o.Machine = nil },
		"Expect":                 func(o *consensus.Options) { o.Expect = -1 },
		"MaxEntryBytes":          func(o *consensus.Options) { o.MaxEntryBytes = 1<<30 + 1 },
		"JournalFileBytes":       func(o *consensus.Options) { o.JournalFileBytes = 8 << 20 },
		"SnapshotLogBytes":       func(o *consensus.Options) { o.SnapshotLogBytes = 1 << 10 },
		"SnapshotBytesPerSecond": func(o *consensus.Options) { o.SnapshotBytesPerSecond = 1 << 10 },
		"MaxHistoryBytes":        func(o *consensus.Options) { o.MaxHistoryBytes = -1 },
		"MaxSubscriptions":       func(o *consensus.Options) { o.MaxSubscriptions = 1<<10 + 1 },
		"SubscriptionBytes":      func(o *consensus.Options) { o.SubscriptionBytes = 64<<10 - 1 },
		"ReadLeaseMillis":        func(o *consensus.Options) { o.ReadLeaseMillis = 251 },
		"HeartbeatMillis":        func(o *consensus.Options) { o.HeartbeatMillis = 1 },
		"Join":                   func(o *consensus.Options) { o.Bootstrap, o.Join = true, []string{"127.0.0.1:1"} },
		"ElectionMillis":         func(o *consensus.Options) { o.HeartbeatMillis, o.ElectionMillis = 100, 250 },
		"AbsentMillis":           func(o *consensus.Options) { o.HeartbeatMillis, o.AbsentMillis = 50, 140 },
		"PeerAddress":            func(o *consensus.Options) { o.PeerListen = ":0" },
		"Secret":                 func(o *consensus.Options) { o.PeerListen, o.PeerAddress = "0.0.0.0:0", "127.0.0.1:1" },
		"wildcard": func(o *consensus.Options) {
			o.Expect, o.Bootstrap, o.PeerListen, o.PeerAddress, o.InsecurePeers = 3, true, "0.0.0.0:0", ":1", true
		},
	} {
		o := smallOptions(t.TempDir())
		change(&o)
		if _, err := consensus.Open(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: err is %v", name, err)
		}
	}
}

// An operator who sets slow heartbeats need not set what follows from them.
func TestTheDefaultOfAbsentMillisFollowsTheHeartbeat(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.HeartbeatMillis, o.ElectionMillis = 1000, 4000
	open(t, o)
}

func TestAClosedNodeSaysSo(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap = true
	n := open(t, o)
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.WaitServing(within(t)); !errors.Is(err, consensus.ErrClosed) {
		t.Fatalf("the error is %v", err)
	}
	if _, err := n.Propose(within(t), []byte("x")); !errors.Is(err, consensus.ErrClosed) {
		t.Fatalf("a closed node answers a command with %v", err)
	}
	if err := n.Query(within(t), new(uint64)); !errors.Is(err, consensus.ErrClosed) {
		t.Fatalf("a closed node answers a query with %v", err)
	}
}

// MaxEntryBytes is what a node takes from its own clients. What other nodes took, or this one in other days, it stores
// whatever its own limit is.
func TestANodeStoresLargerCommandsThanItTakes(t *testing.T) {
	directory := t.TempDir()
	large := smallOptions(filepath.Join(directory, "large"))
	large.Bootstrap, large.Expect = true, 2
	first := open(t, large)
	small := smallOptions(filepath.Join(directory, "small"))
	small.Join, small.MaxEntryBytes = []string{first.Status().PeerAddress}, 1<<16
	second := open(t, small)
	for _, n := range []*consensus.Node{first, second} {
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := first.Propose(within(t), make([]byte, 1<<19)); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Propose(within(t), make([]byte, 1<<16+1)); !errors.Is(err, consensus.ErrRefused) {
		t.Fatalf("the error is %v", err)
	}
}
