package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

// memory is a network without a kernel, for tests in which time is simulated. It listens for one node.
type memory struct {
	once    sync.Once
	closed  chan struct{}
	waiting chan net.Conn
	// through may replace the dialler's end.
	through func(net.Conn) net.Conn
}

func newMemory() *memory { return &memory{closed: make(chan struct{}), waiting: make(chan net.Conn)} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.waiting:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memory) Addr() net.Addr { return &net.TCPAddr{} }

func (m *memory) dial(ctx context.Context, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	if m.through != nil {
		near = m.through(near)
	}
	select {
	case m.waiting <- far:
		return near, nil
	case <-m.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// silenced is a connection whose writes vanish once mute is closed.
type silenced struct {
	net.Conn
	mute chan struct{}
}

func (s silenced) Write(p []byte) (int, error) {
	select {
	case <-s.mute:
		return len(p), nil
	default:
		return s.Conn.Write(p)
	}
}

// pair is two nodes on a network without a kernel, of which the first dials the second.
func pair(t *testing.T, network *memory) (a, b *node) {
	a = start(t, 1, func(_ *node, o *Options) { o.Dial, o.Listener = network.dial, newMemory() })
	b = start(t, 2, func(_ *node, o *Options) { o.Listener = network })
	return a, b
}

func TestAnIdleLinkStaysUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t, newMemory())
		a.link(b.peer())
		<-time.After(10 * DefaultReadTimeout)
		a.transport.Send([]engine.Message{heartbeat(1, 2, 1)})
		if got := b.awaitMessage(); got.Epoch != 1 {
			t.Fatalf("got %+v", got)
		}
		if n := len(a.events); n != 0 {
			t.Fatalf("an idle link went down: %v", <-a.events)
		}
	})
}

// G13.
func TestASilentDiallerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, mute := newMemory(), make(chan struct{})
		network.through = func(conn net.Conn) net.Conn { return silenced{conn, mute} }
		a, b := pair(t, network)
		a.link(b.peer())
		close(mute)
		began := time.Now()
		if err := a.awaitDown(2); err == nil {
			t.Fatal("a link ended without a reason")
		}
		if waited := time.Since(began); waited > DefaultReadTimeout || waited < DefaultReadTimeout-aliveInterval {
			t.Fatalf("given up after %v", waited)
		}
	})
}

// G13.
func TestAHandshakeThatStallsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, mute := newMemory(), make(chan struct{})
		close(mute)
		network.through = func(conn net.Conn) net.Conn { return silenced{conn, mute} }
		a, b := pair(t, network)
		began := time.Now()
		a.transport.SetPeers([]Peer{b.peer()})
		a.awaitProblem(2, func(error) bool { return true })
		if waited := time.Since(began); waited > DefaultHandshakeTimeout+10*time.Millisecond {
			t.Fatalf("given up after %v", waited)
		}
		if n := len(b.transport.connections); n > 1 {
			t.Fatalf("%d connections are still held", n)
		}
	})
}

// trickle takes a few bytes of each write and then times out: a slow link as a deadline sees it.
type trickle struct {
	recorder
	takes, writes int
}

func (c *trickle) Write(p []byte) (int, error) {
	c.writes++
	n, _ := c.Buffer.Write(p[:min(c.takes, len(p))])
	if n < len(p) {
		return n, os.ErrDeadlineExceeded
	}
	return n, nil
}

func TestTheWriteDeadlineIsForProgress(t *testing.T) {
	var a assembly
	m := testAppend(testEntry(1, 5000), testEntry(2, 10))
	a.message(testCluster, &m)
	slow := &trickle{takes: 100}
	if err := a.writeTo(slow, time.Second); err != nil {
		t.Fatal(err)
	}
	if got, err := decode(slow.Bytes()); err != nil || len(got) != 1 || !equal(got[0], m) || slow.writes < 50 {
		t.Fatalf("after %d writes: %d messages, error %v", slow.writes, len(got), err)
	}
	a.message(testCluster, &m)
	if err := a.writeTo(new(trickle), time.Second); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a connection that takes nothing: %v", err)
	}
	if a.bytes() != 0 {
		t.Fatalf("%d bytes are kept after a failed write", a.bytes())
	}
}

func TestBackoffGrowsToItsBoundAndNeverBeyond(t *testing.T) {
	const shortest, longest = 10 * time.Millisecond, time.Second
	before := time.Duration(0)
	for failures := range 200 {
		low, high := backoff(shortest, longest, failures, 0), backoff(shortest, longest, failures, 1)
		if low < shortest/2 || high > longest || low > high || low < before {
			t.Fatalf("after %d failures: %v to %v, before %v", failures, low, high, before)
		}
		before = low
	}
	if before != longest/2 {
		t.Fatalf("the wait ends at %v", before)
	}
}

func TestEqualRefusalsAreLoggedOnceInAWhile(t *testing.T) {
	var r repeatedly
	now := time.Unix(1000, 0)
	for _, c := range []struct {
		text  string
		after time.Duration
		want  bool
	}{
		{"a", 0, true}, {"a", repeatInterval - 1, false}, {"b", 0, true}, {"a", 0, false}, {"a", 1, true}, {"b", 0, false},
		{"a", 2*repeatInterval - 1, false}, {"a", 1, true}, {"a", 8 * repeatInterval, true}, {"a", repeatInterval - 1, false},
		{"a", 1, true},
	} {
		now = now.Add(c.after)
		if got := r.news(c.text, now); got != c.want {
			t.Fatalf("%q after %v: %t", c.text, c.after, got)
		}
	}
}

// Messages that take turns must not make each other new, and a flood of different ones must not fill the memory.
func TestTheMemoryOfRefusalsIsBounded(t *testing.T) {
	var r repeatedly
	now := time.Unix(1000, 0)
	for i := range 10 * maxRepeated {
		if !r.news(fmt.Sprint(i), now) {
			t.Fatalf("message %d is not news", i)
		}
		if len(r.logged) > maxRepeated {
			t.Fatalf("%d messages are remembered", len(r.logged))
		}
	}
	if r.news(fmt.Sprint(10*maxRepeated-1), now) {
		t.Error("the last message is forgotten")
	}
}

func TestAnErrorIsTheSameWhateverPortTheSystemChose(t *testing.T) {
	failure := func(port int, cause error) error {
		source := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
		return fmt.Errorf("handshake: %w", &net.OpError{Op: "read", Net: "tcp", Source: source, Addr: source, Err: cause})
	}
	first, again := failure(40001, syscall.ECONNRESET), failure(40002, syscall.ECONNRESET)
	if first.Error() == again.Error() || Gist(first) != Gist(again) {
		t.Errorf("%q and %q have the gists %q and %q", first, again, Gist(first), Gist(again))
	}
	if other := failure(40001, syscall.ECONNREFUSED); Gist(first) == Gist(other) {
		t.Errorf("a reset and a refusal have the same gist %q", Gist(other))
	}
	if plain := errors.New("plain"); Gist(plain) != "plain" {
		t.Errorf("the gist of a plain error is %q", Gist(plain))
	}
}
