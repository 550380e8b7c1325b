package transport

import (
	"net"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/internal/tcppair"
)

// P6: what waits for a peer that reads slowly is encoded a piece at a time: its queue may hold more than the loop may
// do at once.
func TestWhatWaitsForRoomIsEncodedAPieceAtATime(t *testing.T) {
	l := newLink(nil, testCluster, 1, 2, &Options{QueueBytes: 1 << 30})
	o := &outlet{link: l}
	all := 0
	for i := 0; all < 5*flushBytes/2; i++ {
		m := heartbeat(1, 2, i)
		l.queue.Put(m, 1)
		all += encodedBytes(&m)
	}
	var pieces []int
	for o.assemble(); o.out.bytes() > 0; o.assemble() {
		pieces = append(pieces, o.out.bytes())
		all -= o.out.bytes()
		o.out.clear()
	}
	if len(pieces) != 3 || pieces[0] < flushBytes || pieces[0] > flushBytes+1000 || all != 0 {
		t.Errorf("pieces of %d bytes, %d are missing", pieces, all)
	}
}

// encodedBytes is the size of a message on the wire.
func encodedBytes(m *engine.Message) int {
	var out assembly
	out.message(testCluster, m)
	return out.bytes()
}

// What waits for a peer that reads slowly comes in order, behind what was sent before and before what is sent later.
func TestWhatWaitedForRoomComesInOrder(t *testing.T) {
	r, err := reactor.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	conn, other := tcppair.New(t)
	l := newLink(conn, testCluster, 1, 2, &Options{QueueBytes: 1 << 30, WriteTimeout: patience})
	l.joinLoop(r)
	ended := make(chan error, 1)
	go func() { ended <- l.run() }()
	defer func() {
		l.fail(net.ErrClosed)
		<-ended
	}()

	isBlocked := func() bool {
		l.outlet.mu.Lock()
		defer l.outlet.mu.Unlock()
		return l.outlet.blocked
	}
	large := testAppend(testEntry(1, 1<<20))
	for !isBlocked() {
		l.put(&large, messageBytes(&large))
	}
	const small = 30_000 // some pieces
	for i := range small {
		m := heartbeat(1, 2, i+1)
		l.put(&m, messageBytes(&m))
	}
	_ = other.SetReadDeadline(time.Now().Add(patience))
	frames := newFrameReader(other, 2<<20)
	next := func() (m engine.Message) {
		t.Helper()
		for {
			h, body, err := frames.next()
			if err != nil {
				t.Fatal(err)
			}
			if h.kind == frameAlive {
				continue
			}
			if err := decodeMessage(&h, body, &m); err != nil {
				t.Fatal(err)
			}
			return m
		}
	}
	m := next()
	for m.Kind == raft.Append {
		m = next()
	}
	for i := range small {
		if m.Kind != raft.Heartbeat || m.Epoch != raft.Epoch(i+1) {
			t.Fatalf("%+v instead of heartbeat %d", m, i+1)
		}
		if i == small-1 {
			last := heartbeat(1, 2, small+1)
			l.put(&last, messageBytes(&last))
			l.outlet.flush()
		}
		m = next()
	}
	if m.Epoch != small+1 {
		t.Errorf("%+v instead of the last heartbeat", m)
	}
}
