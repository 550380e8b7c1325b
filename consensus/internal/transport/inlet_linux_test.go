package transport

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/internal/tcppair"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// onInlet is a connection of node 2 that a reactor serves for node 1.
type onInlet struct {
	*node
	in       *incoming
	reactor  *reactor.Reactor
	peer     net.Conn
	end      context.CancelFunc
	returned chan error
}

// serveInlet begins to serve a connection. greeted is called while its socket is on its way to the reactor.
func serveInlet(t *testing.T, greeted func(*incoming)) *onInlet {
	t.Helper()
	r, err := reactor.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	other, conn := tcppair.New(t)
	n := &node{t: t, events: make(chan any, 1<<10), hello: Hello{ClusterID: testCluster, From: 1}}
	n.room.Store(true)
	in := &incoming{place: place{2, purposeMessages}, conn: conn, ended: make(chan struct{})}
	ctx, end := context.WithCancel(t.Context())
	t.Cleanup(end)
	transport := &Transport{context: ctx, options: Options{
		Handler: greeting{n, func() { greeted(in) }}, Reactor: r, ReadTimeout: 10 * patience,
		Logger: slog.New(slog.DiscardHandler),
	}}
	transport.peers.Store(&map[raftlog.NodeID]*peer{})
	n.transport = transport
	s := &onInlet{node: n, in: in, reactor: r, peer: other, end: end, returned: make(chan error, 1)}
	frames := newFrameReader(conn, maxControlBytes)
	go func() {
		_, err := transport.receiveOnLoop(in, frames)
		s.returned <- err
	}()
	return s
}

// greeting is a node that is asked for its Hello.
type greeting struct {
	*node
	asked func()
}

func (g greeting) Hello(to Peer) Hello {
	g.asked()
	return g.node.Hello(to)
}

// send sends heartbeats as node 2 does.
func (s *onInlet) send(number int) {
	s.t.Helper()
	var out assembly
	m := heartbeat(2, 1, number)
	out.message(testCluster, &m)
	if err := out.writeTo(s.peer, patience); err != nil {
		s.t.Fatal(err)
	}
}

// awaitEnd waits until the connection is served no more.
func (s *onInlet) awaitEnd() error {
	s.t.Helper()
	select {
	case err := <-s.returned:
		return err
	case <-time.After(patience):
		s.t.Fatal("the connection is still served")
	}
	panic("unreachable")
}

// A cut that comes while the socket is on its way to the reactor ends the connection, as one that comes later does: who
// cuts it waits for the end.
func TestACutWhileTheSocketIsTakenIsNotLost(t *testing.T) {
	s := serveInlet(t, func(in *incoming) { in.cut() })
	if err := s.awaitEnd(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it ended with: %v", err)
	}
}

// What came before a cut, and was not read, is not delivered: the stream may have a gap, or be of another directory.
func TestNothingIsDeliveredBehindACut(t *testing.T) {
	s := serveInlet(t, func(*incoming) {})
	s.send(1)
	await(s.node, "the first message", func(received) bool { return true })
	s.reactor.Do(func() {
		s.send(2)
		s.in.cut()
	})
	if err := s.awaitEnd(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it ended with: %v", err)
	}
	if len(s.events) != 0 {
		t.Errorf("%v was delivered", <-s.events)
	}
}

// A task that still stands in the reactor's queue when the connection ends reads nothing: the number of the socket may
// be another one's.
func TestNothingIsReadBehindTheEnd(t *testing.T) {
	s := serveInlet(t, func(*incoming) {})
	s.send(1)
	await(s.node, "the first message", func(received) bool { return true })
	s.end()
	if err := s.awaitEnd(); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with: %v", err)
	}
	i := s.in.onLoop
	var out assembly
	m := heartbeat(2, 1, 2)
	out.message(testCluster, &m)
	s.reactor.Do(func() {
		i.source.before, i.source.empty = out.scratch, false
		i.Do()
	})
	if len(s.events) != 0 {
		t.Errorf("%v was delivered", <-s.events)
	}
}
