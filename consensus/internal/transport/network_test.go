package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// G11.
func TestAConnectionCutWithinAFrameIsMadeAgain(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	const cutAfter = 2000 // well past the handshake, within some frame
	between := newProxy(t, b.address(), func(connection int, offset int64, piece []byte) ([]byte, bool) {
		if end := cutAfter + int64(connection); connection < 8 && offset+int64(len(piece)) >= end {
			return piece[:max(0, end-offset)], true
		}
		return piece, false
	})
	resumes(t, a, b, between)
	if n := between.connections.Load(); n < 9 {
		t.Fatalf("%d connections: nothing was cut", n)
	}
}

// G11.
func TestADamagedByteEndsTheConnectionAndNothingWrongIsDelivered(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	between := newProxy(t, b.address(), func(connection int, offset int64, piece []byte) ([]byte, bool) {
		at := 2000 + int64(7*connection) - offset
		if connection < 8 && at >= 0 && at < int64(len(piece)) {
			piece[at] ^= 1 << (connection % 8)
		}
		return piece, false
	})
	resumes(t, a, b, between)
	if n := between.connections.Load(); n < 9 {
		t.Fatalf("%d connections: no damage was noticed", n)
	}
}

// resumes sends numbered messages over a bad network until one arrives on a connection after the eighth. Numbers may be
// missing, but never go back, and no message is other than it was sent.
func resumes(t *testing.T, a, b *node, between *proxy) {
	t.Helper()
	a.transport.SetPeers([]Peer{b.peer().at(between.address())})
	entry := testEntry(1, 100)
	message := func(i int) engine.Message {
		m := testAppend(entry)
		m.Epoch = raft.Epoch(i)
		return m
	}
	last, sent := raft.Epoch(0), 0
	b.awaitUntil("traffic after the last fault", func() bool {
		sent++
		a.transport.Send([]engine.Message{message(sent)})
		for {
			select {
			case event := <-b.events:
				got := event.(received).message
				if got.Epoch <= last || got.Epoch > raft.Epoch(sent) || !equal(got, message(int(got.Epoch))) {
					t.Fatalf("after %d came %+v", last, got)
				}
				last = got.Epoch
				if between.connections.Load() > 8 {
					return true
				}
			default:
				return false
			}
		}
	})
}

// deaf makes a proxy that passes the first piece of the handshake on and then reads nothing more until the test ends.
func deaf(t *testing.T, target string) *proxy {
	ready := make(chan *proxy, 1)
	p := newProxy(t, target, func(_ int, offset int64, piece []byte) ([]byte, bool) {
		if offset > 0 && len(piece) > 0 {
			p := <-ready
			ready <- p
			<-p.context.Done()
		}
		return piece, false
	})
	ready <- p
	return p
}

// G12, G13.
func TestAPeerThatTakesNothingIsGivenUpAndHoldsUpNobody(t *testing.T) {
	a := start(t, 1, func(_ *node, o *Options) { o.WriteTimeout, o.QueueBytes = 300*time.Millisecond, 8<<20 })
	b, c := start(t, 2), start(t, 3)
	a.transport.SetPeers([]Peer{b.peer().at(deaf(t, b.address()).address()), c.peer()})
	a.awaitUntil("both links", func() bool {
		s := a.transport.Status()
		return len(s) == 2 && s[0].Up && s[1].Up
	})
	large := testAppend(testEntry(1, 1<<20))
	for i := range 64 {
		a.transport.Send([]engine.Message{large, heartbeat(1, 3, i+1)})
	}
	for i := range 64 {
		if got := c.awaitMessage(); got.Epoch != raft.Epoch(i+1) {
			t.Fatalf("message %d is %+v", i+1, got)
		}
	}
	var timeout net.Error
	if err := a.awaitDown(2); !errors.As(err, &timeout) {
		t.Fatalf("the link ended with %v", err)
	}
}

func TestAFullQueueDropsMessagesAndEndsAStreamOfForwards(t *testing.T) {
	const queueBytes = 4 << 20
	a := start(t, 1, func(_ *node, o *Options) { o.WriteTimeout, o.QueueBytes = 3*patience, queueBytes })
	b := start(t, 2)
	a.link(b.peer().at(deaf(t, b.address()).address()))
	large := testAppend(testEntry(1, 1<<20))
	a.awaitUntil("a full queue", func() bool {
		a.transport.Send([]engine.Message{large})
		return a.transport.Status()[0].Dropped > 100
	})
	if s := a.transport.Status()[0]; !s.Up {
		t.Fatalf("a dropped message ended the link: %+v", s)
	}
	forward := engine.Message{
		Own: engine.Forward, Message: raft.Message{From: 1, To: 2, Term: 7}, Boot: 1,
		Batches: []engine.ForwardedBatch{{Sequence: 1, Body: make([]byte, 1<<20)}},
	}
	for range 2 * queueBytes >> 20 {
		a.transport.Send([]engine.Message{forward})
	}
	if err := a.awaitDown(2); !errors.Is(err, errQueueFull) {
		t.Fatalf("the link ended with %v", err)
	}
}

// dialRaw shakes hands as node 1 would and returns the bare connection.
func dialRaw(t *testing.T, b *node) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", b.address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	own := Hello{ClusterID: testCluster, From: 1, Incarnation: 1001, Boot: 5, To: 2, ToIncarnation: 1002}
	o := Options{HandshakeTimeout: patience, WriteTimeout: patience, QueueBytes: 1}
	if _, err := newLink(conn, testCluster, 1, 2, &o).greet(&own, b.peer(), &o); err != nil {
		t.Fatal(err)
	}
	return conn
}

// closedByPeer waits until the other side closed the connection.
func closedByPeer(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for buf := make([]byte, 512); ; {
		_, err := conn.Read(buf)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Fatal("the connection is still open")
		}
		if err != nil {
			return
		}
	}
}

func TestFramesThatDoNotFitTheHandshakeEndTheConnection(t *testing.T) {
	wrong := map[string]header{
		"another cluster":   {kind: frameAlive, clusterID: 1, from: 1, to: 2},
		"another sender":    {kind: frameAlive, clusterID: testCluster, from: 3, to: 2},
		"another receiver":  {kind: frameAlive, clusterID: testCluster, from: 1, to: 3},
		"a second hello":    {kind: frameHello, clusterID: testCluster, from: 1, to: 2},
		"life with flags":   {kind: frameAlive, clusterID: testCluster, from: 1, to: 2, flags: 1},
		"body of a message": {kind: frameKind(raft.Heartbeat), clusterID: testCluster, from: 1, to: 2},
	}
	for name, h := range wrong {
		t.Run(name, func(t *testing.T) {
			b := start(t, 2)
			conn := dialRaw(t, b)
			good := heartbeat(1, 2, 1)
			wire := append(encode(t, good), appendFrame(nil, h, nil)...)
			if _, err := conn.Write(append(wire, encode(t, good)...)); err != nil {
				t.Fatal(err)
			}
			closedByPeer(t, conn)
			if got := b.awaitMessage(); !equal(got, good) {
				t.Fatalf("delivered %+v", got)
			}
			if n := len(b.events); n != 0 {
				t.Fatalf("%d messages delivered after the wrong frame", n)
			}
		})
	}
}

// G16.
func TestOtherProgramsAreHungUpOn(t *testing.T) {
	b := start(t, 2, func(_ *node, o *Options) { o.HandshakeTimeout = 200 * time.Millisecond })
	hello := purposeMessages.preamble()
	for name, bytes := range map[string][]byte{
		"nothing":           nil,
		"a Redis client":    []byte("*1\r\n$4\r\nPING\r\n"),
		"another version":   {'r', 'a', 'f', 't', 'r', 'd', 9, 'm'},
		"bulk":              {'r', 'a', 'f', 't', 'r', 'd', protocolVersion, 'b'},
		"preamble only":     hello,
		"a message":         append(bytes.Clone(hello), encode(t, heartbeat(1, 2, 1))...),
		"an empty hello":    appendFrame(bytes.Clone(hello), header{kind: frameHello}, nil),
		"a hello of zeros":  appendFrame(bytes.Clone(hello), header{kind: frameHello}, encodeControl(&wireHello{})),
		"an oversize hello": appendFrame(bytes.Clone(hello), header{kind: frameHello}, make([]byte, maxControlBytes)),
		"header in use":     appendFrame(bytes.Clone(hello), header{kind: frameHello, term: 1}, encodeControl(&wireHello{})),
		"a hello as a join": appendFrame(purposeJoin.preamble(), header{kind: frameJoin}, encodeControl(&wireHello{})),
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", b.address())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write(bytes); err != nil {
				t.Fatal(err)
			}
			closedByPeer(t, conn)
		})
	}
}

// G18: A node of an earlier or later version hears in words which versions the two speak, in a frame that it can read.
func TestAnotherHandshakeIsRefusedInWords(t *testing.T) {
	b := start(t, 2)
	for _, version := range []byte{1, protocolVersion - 1, protocolVersion + 1} {
		conn, err := net.Dial("tcp", b.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		preamble := append([]byte(preambleMagic), version, byte(purposeMessages))
		if _, err := conn.Write(appendFrame(preamble, header{kind: frameHello}, encodeControl(&wireHello{}))); err != nil {
			t.Fatal(err)
		}
		s, err := newHandshake(conn, nil, patience)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.receive(frameWelcome)
		var refusal *Refusal
		want := fmt.Sprintf("protocol version %d, this node speaks %d", version, protocolVersion)
		if !errors.As(err, &refusal) || refusal.Text != want {
			t.Errorf("version %d: got %v, want %q", version, err, want)
		}
	}
}

func TestConnectionsAndHandshakesAreBounded(t *testing.T) {
	b := start(t, 2, func(_ *node, o *Options) {
		o.MaxConnections, o.MaxHandshakes, o.HandshakeTimeout = 4, 2, 3*patience
	})
	open := func() net.Conn {
		conn, err := net.Dial("tcp", b.address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	welcome := dialRaw(t, b)
	b.awaitUntil("the end of its handshake", func() bool { return len(b.transport.handshakes) == 0 })
	first, _ := open(), open()
	b.awaitUntil("two handshakes", func() bool { return len(b.transport.handshakes) == 2 })
	closedByPeer(t, open()) // a third handshake
	first.Close()
	b.awaitUntil("a free place", func() bool { return len(b.transport.handshakes) == 1 })
	for range 2 {
		b.transport.connections <- struct{}{} // as if two more peers were connected
	}
	closedByPeer(t, open()) // a fifth connection
	for range 2 {
		<-b.transport.connections
	}
	if _, err := welcome.Write(encode(t, heartbeat(1, 2, 1))); err != nil {
		t.Fatal(err)
	}
	b.awaitMessage()
}
