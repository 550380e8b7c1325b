package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// enoughDials is how many dials may fail until a test believes that a node says nothing.
const enoughDials = 5

// dials counts the dials of a node, which connect as ever.
type dials struct{ count atomic.Int64 }

func (d *dials) counted(_ *node, o *Options) {
	o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		d.count.Add(1)
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
}

// awaitSome waits until the node has dialled a few times more.
func (d *dials) awaitSome(n *node) {
	n.t.Helper()
	from := d.count.Load()
	n.awaitUntil("dials", func() bool { return d.count.Load() >= from+enoughDials })
}

// silent fails if the node was told of the end of a process.
func (n *node) silent(when string) {
	n.t.Helper()
	for len(n.events) > 0 {
		if e, is := (<-n.events).(gone); is {
			n.t.Fatalf("%s: %+v", when, e)
		}
	}
}

func (n *node) awaitGone(id raftlog.NodeID) gone {
	n.t.Helper()
	return await(n, fmt.Sprintf("the end of node %d", id), func(e gone) bool { return e.id == id })
}

// linkBoth makes links in both directions: a dials b at an address, which leads there.
func linkBoth(a, b *node, at string) {
	b.link(a.peer())
	a.link(b.peer().at(at))
}

// A process that ends closes its connections and its port: the other side is told which process that was, and again as
// long as it stays so.
func TestTheEndOfAProcessIsTold(t *testing.T) {
	var d dials
	a, b := start(t, 1, d.counted), start(t, 2)
	linkBoth(a, b, b.address())
	address := b.address()
	b.stop()
	for range 2 {
		if e := a.awaitGone(2); e.boot != b.hello.Boot {
			t.Fatalf("%+v", e)
		}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, 2, func(n *node, o *Options) { n.hello.Boot, o.Listener = 9999, listener })
	a.awaitUp(2)
	a.silent("the next process is there")
	again.stop()
	if e := a.awaitGone(2); e.boot != 9999 {
		t.Fatalf("%+v", e)
	}
}

// A17: A node that was never linked to, or is dialled at another address now, is not said to have ended.
func TestANodeThatWasNotThereHasNotEnded(t *testing.T) {
	var d dials
	a, b := start(t, 1, d.counted), start(t, 2)
	free := start(t, 3)
	address := free.address()
	free.stop()
	a.transport.SetPeers([]Peer{b.peer().at(address)})
	d.awaitSome(a)
	a.silent("there was no link")
	linkBoth(a, b, b.address())
	a.silent("all is well")
	a.transport.SetPeers([]Peer{b.peer().at(address)})
	b.stop()
	a.awaitDown(2)
	d.awaitSome(a)
	a.silent("it moved")
}

// A17: A connection that ends while something listens is not the end of a process.
func TestAPortThatListensIsNotGone(t *testing.T) {
	var d dials
	a, b := start(t, 1, d.counted), start(t, 2)
	front := newProxy(t, b.address(), func(_ int, _ int64, piece []byte) ([]byte, bool) { return piece, false })
	linkBoth(a, b, front.address())
	b.transport.Reset(1)
	a.awaitDown(2)
	a.awaitUp(2)
	a.silent("the link was made anew")
	b.stop() // what listens now has no node behind it
	a.awaitDown(2)
	d.awaitSome(a)
	a.silent("another program has the port")
}

// A17: As long as messages of a peer come, it is alive, whatever its port says.
func TestANodeThatIsHeardIsNotGone(t *testing.T) {
	var d dials
	a, b := start(t, 1, d.counted), start(t, 2)
	front := newProxy(t, b.address(), func(_ int, _ int64, piece []byte) ([]byte, bool) { return piece, false })
	linkBoth(a, b, front.address())
	front.stop()
	if err := a.awaitDown(2); !endedThere(err) {
		t.Fatal(err)
	}
	d.awaitSome(a)
	a.silent("the way there is closed, and the peer is heard")
	b.stop()
	a.awaitGone(2)
}

// A17: A peer that a dial does not reach, or that stops to answer, may be alive.
func TestADialThatReachesNothingSaysNothing(t *testing.T) {
	var failure atomic.Pointer[error]
	var count atomic.Int64
	a := start(t, 1, func(_ *node, o *Options) {
		o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			if err := failure.Load(); err != nil {
				count.Add(1)
				return nil, *err
			}
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	})
	b := start(t, 2)
	linkBoth(a, b, b.address())
	fail := func(err error) {
		failure.Store(&err)
		from := count.Load()
		a.awaitUntil("dials", func() bool { return count.Load() >= from+enoughDials })
	}
	timeout := &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	first := error(timeout)
	failure.Store(&first)
	b.stop()
	fail(timeout)
	fail(errors.Join(refused, timeout))
	fail(errors.Join(timeout, refused))
	fail(os.NewSyscallError("connect", syscall.EHOSTUNREACH))
	fail(os.NewSyscallError("socket", syscall.EMFILE))
	a.silent("not all places refuse")
	fail(errors.Join(refused, refused))
	a.awaitGone(2)
}

// Only what the other side does ends a link there.
func TestWhoEndsALink(t *testing.T) {
	for _, c := range []struct {
		err   error
		there bool
	}{
		{fmt.Errorf("the other side ended the link: %w", io.EOF), true},
		{fmt.Errorf("read: %w", os.NewSyscallError("read", syscall.ECONNRESET)), true},
		{fmt.Errorf("write: %w", os.NewSyscallError("write", syscall.EPIPE)), true},
		{ErrClosed, false},
		{errQueueFull, false},
		{fmt.Errorf("write: %w", os.ErrDeadlineExceeded), false},
		{fmt.Errorf("read: %w", os.NewSyscallError("read", syscall.ETIMEDOUT)), false},
		{ErrBadFrame, false},
		{net.ErrClosed, false},
	} {
		if endedThere(c.err) != c.there {
			t.Errorf("%v: ended there %t", c.err, !c.there)
		}
	}
}
