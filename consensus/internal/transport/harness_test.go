package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/reactor/looptest"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Every test closes what it opened; a goroutine that outlives them all fails the run (G14).
func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// node is a handler with its transport. What happens to it is an event; tests wait for events.
type node struct {
	t         testing.TB
	transport *Transport
	events    chan any
	room      atomic.Bool
	welcomed  atomic.Int32

	mu    sync.Mutex
	hello Hello
	admit func(Hello) error
	join  func(Join) error
	// refused is told of failed handshakes.
	refused func(Hello, error)
	// invite and change answer the other questions.
	invite func(uint64) (Newcomer, error)
	change func(uint64, []byte) (Answer, error)
}

type (
	linkUp   struct{ to raftlog.NodeID }
	linkDown struct {
		to  raftlog.NodeID
		err error
	}
	gone struct {
		id   raftlog.NodeID
		boot raftlog.Boot
	}
	met struct {
		hello Hello
		at    string
	}
	received struct {
		from    raftlog.NodeID
		message engine.Message
	}
)

func (n *node) Hello(Peer) Hello {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hello
}

func (n *node) Admit(h Hello) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.admit == nil {
		return nil
	}
	return n.admit(h)
}

func (n *node) Join(j Join) (Newcomer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.join == nil {
		return Newcomer{}, errors.New("no node joins here")
	}
	return Newcomer{ClusterID: n.hello.ClusterID, NodeID: n.hello.From}, n.join(j)
}

func (n *node) Invite(clusterID uint64) (Newcomer, error) { return n.invite(clusterID) }
func (n *node) Change(clusterID uint64, change []byte) (Answer, error) {
	return n.change(clusterID, change)
}

func (n *node) Receive(from raftlog.NodeID, messages []engine.Message) bool {
	for _, m := range messages {
		n.events <- received{from, m}
	}
	return n.room.Load()
}

func (n *node) Refused(theirs Hello, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.refused != nil {
		n.refused(theirs, err)
	}
}

func (n *node) Welcomed(theirs Hello)                     { n.welcomed.Add(1) }
func (n *node) LinkUp(to raftlog.NodeID)                  { n.events <- linkUp{to} }
func (n *node) Met(theirs Hello, at string)               { n.events <- met{theirs, at} }
func (n *node) Gone(id raftlog.NodeID, boot raftlog.Boot) { n.events <- gone{id, boot} }
func (n *node) LinkDown(to raftlog.NodeID, err error)     { n.events <- linkDown{to, err} }

// start makes node id of the test cluster on a port of its own and closes it at the end of the test.
func start(t testing.TB, id raftlog.NodeID, change ...func(*node, *Options)) *node {
	t.Helper()
	n := &node{t: t, events: make(chan any, 1<<16)}
	n.hello = Hello{
		ClusterID: testCluster, From: id, Incarnation: 1000 + uint64(id), Boot: 2000 + raftlog.Boot(id),
		Term: 7, Durable: raftlog.Mark{Term: 6, Index: 50}, Level: 1,
		Address: "192.0.2.1:16379", Attributes: []byte("attributes"),
	}
	n.room.Store(true)
	o := Options{
		Handler: n, Admission: n, Address: "127.0.0.1:0", BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond,
	}
	for _, f := range change {
		f(n, &o)
	}
	if o.Listener == nil { // else there are no sockets, and perhaps no real time
		o.Reactor = looptest.New(t)
	}
	transport, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	n.transport = transport
	t.Cleanup(func() { n.stop() })
	return n
}

func (n *node) stop() {
	if err := n.transport.Close(); err != nil {
		n.t.Errorf("close: %v", err)
	}
}

func (n *node) address() string { return n.transport.Addr().String() }

// peer is how others name this node.
func (n *node) peer() Peer {
	h := n.Hello(Peer{})
	return Peer{ID: h.From, Incarnation: h.Incarnation, Address: n.address()}
}

// at is the peer behind another address.
func (p Peer) at(address string) Peer {
	p.Address = address
	return p
}

// await returns the next event for which pick says yes, dropping those before it.
func await[E any](n *node, what string, pick func(E) bool) E {
	n.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case event := <-n.events:
			if e, ok := event.(E); ok && pick(e) {
				return e
			}
		case <-timeout.C:
			n.t.Fatalf("%s did not happen; links: %+v", what, n.transport.Status())
		}
	}
}

func (n *node) awaitUp(to raftlog.NodeID) {
	n.t.Helper()
	await(n, fmt.Sprintf("link to %d", to), func(e linkUp) bool { return e.to == to })
}

func (n *node) awaitDown(to raftlog.NodeID) error {
	n.t.Helper()
	return await(n, fmt.Sprintf("end of the link to %d", to), func(e linkDown) bool { return e.to == to }).err
}

// awaitMet waits until the node has met another one, and returns what it said and where it was met.
func (n *node) awaitMet(id raftlog.NodeID) met {
	n.t.Helper()
	return await(n, fmt.Sprintf("to meet %d", id), func(e met) bool { return e.hello.From == id })
}

func (n *node) awaitMessage() engine.Message {
	n.t.Helper()
	return await(n, "a message", func(received) bool { return true }).message
}

// awaitProblem waits until the link to the peer has a problem of the kind, and returns it.
func (n *node) awaitProblem(id raftlog.NodeID, wanted func(error) bool) error {
	n.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(deadline) {
		for _, s := range n.transport.Status() {
			if s.ID == id && s.Problem != nil && wanted(s.Problem) {
				return s.Problem
			}
		}
		<-tick.C
	}
	n.t.Fatalf("no such problem; links: %+v", n.transport.Status())
	return nil
}

// awaitUntil waits for a condition that has no event of its own.
func (n *node) awaitUntil(what string, condition func() bool) {
	n.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			n.t.Fatalf("%s: not after %v", what, patience)
		}
		<-tick.C
	}
}

// link gives n a link to the peer and waits for it.
func (n *node) link(to Peer) {
	n.t.Helper()
	n.transport.SetPeers([]Peer{to})
	n.awaitUp(to.ID)
}

// heartbeat is a small message that a number tells from others.
func heartbeat(from, to raftlog.NodeID, number int) engine.Message {
	m := engine.Message{Message: raft.Message{Kind: raft.Heartbeat, From: from, To: to, Term: 7}}
	m.Epoch = raft.Epoch(number)
	return m
}

// proxy stands between a dialler and a node, and does to the bytes what a network may do.
type proxy struct {
	t        testing.TB
	listener net.Listener
	target   string
	// tamper is asked for each piece on its way to the target: what to pass on, and whether to cut after it.
	tamper func(connection int, offset int64, piece []byte) ([]byte, bool)

	context     context.Context
	cancel      context.CancelFunc
	goroutines  sync.WaitGroup
	connections atomic.Int64
}

func newProxy(t testing.TB, target string, tamper func(int, int64, []byte) ([]byte, bool)) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &proxy{t: t, listener: listener, target: target, tamper: tamper, context: ctx, cancel: cancel}
	p.goroutines.Go(p.serve)
	t.Cleanup(p.stop)
	return p
}

// stop closes the port, and then all connections.
func (p *proxy) stop() {
	p.listener.Close()
	p.cancel()
	p.goroutines.Wait()
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil {
			near.Close()
			continue
		}
		number := int(p.connections.Add(1)) - 1
		hangUp := func() { near.Close(); far.Close() }
		context.AfterFunc(p.context, hangUp)
		p.goroutines.Go(func() {
			defer hangUp()
			p.pass(number, near, far)
		})
		p.goroutines.Go(func() {
			defer hangUp()
			buf := make([]byte, 4<<10)
			for {
				n, err := far.Read(buf)
				if _, failed := near.Write(buf[:n]); err != nil || failed != nil {
					return
				}
			}
		})
	}
}

func (p *proxy) pass(number int, near, far net.Conn) {
	buf := make([]byte, 4<<10)
	offset := int64(0)
	for {
		n, err := near.Read(buf)
		piece, cut := p.tamper(number, offset, slices.Clone(buf[:n]))
		offset += int64(n)
		if _, failed := far.Write(piece); err != nil || failed != nil || cut {
			return
		}
	}
}
