package transport

import (
	"bytes"
	"errors"
	"net"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestMessagesArriveInOrderOnEveryLink(t *testing.T) {
	const count = 2000
	nodes := []*node{start(t, 1), start(t, 2), start(t, 3)}
	for _, n := range nodes {
		var others []Peer
		for _, other := range nodes {
			if other != n {
				others = append(others, other.peer())
			}
		}
		n.transport.SetPeers(others)
	}
	for _, n := range nodes {
		up := map[raftlog.NodeID]bool{}
		for len(up) < 2 {
			up[await(n, "links", func(linkUp) bool { return true }).to] = true
		}
	}
	for number := 1; number <= count; number++ {
		for i := range nodes {
			from := raftlog.NodeID(i + 1)
			var turn []engine.Message
			for to := raftlog.NodeID(1); to <= 3; to++ {
				if to != from {
					turn = append(turn, heartbeat(from, to, number))
				}
			}
			nodes[i].transport.Send(turn)
		}
	}
	for _, n := range nodes {
		last := map[raftlog.NodeID]raft.Epoch{}
		for range 2 * count {
			got := await(n, "messages", func(received) bool { return true })
			if got.message.From != got.from || got.message.Epoch != last[got.from]+1 {
				t.Fatalf("after %d from node %d came %+v", last[got.from], got.from, got.message)
			}
			last[got.from]++
		}
	}
}

func TestLargeEntriesArriveWhole(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	a.link(b.peer())
	large := testEntry(1, DefaultMaxEntryBytes)
	for i := range 3 {
		m := testAppend(large, testEntry(2, 10))
		m.Epoch = raft.Epoch(i)
		a.transport.Send([]engine.Message{m, heartbeat(1, 2, 100+i)})
	}
	for i := range 3 {
		got := b.awaitMessage()
		if got.Kind != raft.Append || got.Epoch != raft.Epoch(i) || !bytes.Equal(got.Entries[0].Body, large.Body) {
			t.Fatalf("large message %d came as %v with %d entries", i, got.Kind, len(got.Entries))
		}
		if got := b.awaitMessage(); got.Epoch != raft.Epoch(100+i) {
			t.Fatalf("after it came %+v", got)
		}
	}
}

func TestTheDiallerIsToldOfRestartsAndDialsAgain(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	address := b.address()
	a.link(b.peer())
	b.stop()
	if err := a.awaitDown(2); err == nil {
		t.Fatal("a link ended without a reason")
	}
	a.transport.Send([]engine.Message{heartbeat(1, 2, 1)})
	if s := a.transport.Status(); len(s) != 1 || s[0].Up || s[0].Dropped != 1 {
		t.Fatalf("status while the peer is away: %+v", s)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, 2, func(n *node, o *Options) {
		n.hello.Boot = 9999
		o.Listener = listener
	})
	a.awaitUp(2)
	a.transport.Send([]engine.Message{heartbeat(1, 2, 2)})
	if got := again.awaitMessage(); got.Epoch != 2 {
		t.Fatalf("after the restart came %+v", got)
	}
}

func TestResetMakesThePeerDialAgain(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	a.link(b.peer())
	b.transport.Reset(1)
	b.transport.Reset(99) // no such peer
	if err := a.awaitDown(2); err == nil {
		t.Fatal("a link ended without a reason")
	}
	a.awaitUp(2)
	a.transport.Send([]engine.Message{heartbeat(1, 2, 3)})
	if got := b.awaitMessage(); got.Epoch != 3 {
		t.Fatalf("after the reset came %+v", got)
	}
}

func TestAPeerThatIsLeftOutLosesItsLinkAndTheOthersKeepTheirs(t *testing.T) {
	a, b, c := start(t, 1), start(t, 2), start(t, 3)
	a.transport.SetPeers([]Peer{b.peer(), c.peer()})
	a.awaitUntil("both links", func() bool {
		s := a.transport.Status()
		return len(s) == 2 && s[0].Up && s[1].Up
	})
	a.transport.SetPeers([]Peer{c.peer()})
	if err := a.awaitDown(2); !errors.Is(err, ErrClosed) {
		t.Fatalf("the link ended with %v", err)
	}
	a.transport.Send([]engine.Message{heartbeat(1, 2, 1), heartbeat(1, 3, 2)})
	if got := c.awaitMessage(); got.Epoch != 2 {
		t.Fatalf("node 3 got %+v", got)
	}
	a.transport.SetPeers([]Peer{b.peer(), c.peer()})
	a.awaitUp(2)
}

func TestANewAddressCountsFromTheNextDial(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wrong := closed.Addr().String()
	closed.Close()
	a.transport.SetPeers([]Peer{b.peer().at(wrong)})
	a.awaitProblem(2, func(error) bool { return true })
	a.link(b.peer())
	a.transport.SetPeers([]Peer{b.peer().at(wrong)})
	a.transport.Send([]engine.Message{heartbeat(1, 2, 4)})
	if got := b.awaitMessage(); got.Epoch != 4 {
		t.Fatalf("the link did not outlive a change of address: %+v", got)
	}
}

func TestAPeerThatDialsIsDialledAtOnce(t *testing.T) {
	slow := func(_ *node, o *Options) { o.BackoffMin, o.BackoffMax = patience*3, patience*3 }
	a, b := start(t, 1, slow), start(t, 2)
	proxied := newProxy(t, b.address(), func(connection int, _ int64, piece []byte) ([]byte, bool) {
		return piece, connection == 0 // the first attempt fails
	})
	a.transport.SetPeers([]Peer{b.peer().at(proxied.address())})
	a.awaitProblem(2, func(error) bool { return true })
	b.link(a.peer()) // ends a's wait, which is longer than the test
	a.awaitUp(2)
}

func TestAHandlerWithoutRoomLosesMessagesAndKeepsTheConnection(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	b.room.Store(false)
	a.link(b.peer())
	for i := range 100 {
		a.transport.Send([]engine.Message{heartbeat(1, 2, i)})
		b.awaitMessage()
	}
	if s := a.transport.Status(); !s[0].Up {
		t.Fatalf("status: %+v", s)
	}
}

func TestSendPanicsOnWhatNoFrameCanCarry(t *testing.T) {
	a, b := start(t, 1, func(_ *node, o *Options) { o.MaxEntryBytes = 1 }), start(t, 2)
	a.link(b.peer())
	tooLarge := testAppend(testEntry(1, 2<<20))
	for name, m := range map[string]engine.Message{"too large": tooLarge, "not from here": heartbeat(3, 2, 1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			a.transport.Send([]engine.Message{m})
		}()
	}
}

func TestOptionsAreRefusedOutsideTheirRanges(t *testing.T) {
	for name, o := range map[string]Options{
		"no handler":   {Address: "127.0.0.1:0"},
		"entry":        {Handler: &node{}, Admission: &node{}, Address: "127.0.0.1:0", MaxEntryBytes: 2 << 30},
		"queue":        {Handler: &node{}, Admission: &node{}, Address: "127.0.0.1:0", QueueBytes: -1},
		"read timeout": {Handler: &node{}, Admission: &node{}, Address: "127.0.0.1:0", ReadTimeout: aliveInterval},
		"back-off":     {Handler: &node{}, Admission: &node{}, Address: "127.0.0.1:0", BackoffMin: 2, BackoffMax: 1},
		"bulk":         {Handler: &node{}, Admission: &node{}, Address: "127.0.0.1:0", MaxBulk: -1},
		"bulk rate": {
			Handler: &node{}, Admission: &node{}, Address: "127.0.0.1:0", BulkBytesPerSecond: MaxChunkBytes - 1,
		},
		"address in use": {Handler: &node{}, Admission: &node{}, Address: "256.0.0.1:0"},
	} {
		if transport, err := New(o); err == nil {
			transport.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}
