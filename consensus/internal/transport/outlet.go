package transport

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/reactor"
)

// outlet is the sending end of a link whose socket a reactor watches: messages are written where they are sent, and
// wait only for room. Without it a goroutine of the link has to be woken for them.
type outlet struct {
	link    *link
	reactor *reactor.Reactor
	socket  int

	mu  sync.Mutex
	out assembly
	// blocked says that the rest of out waits for room, since the time moved; what is sent then waits in the link's queue.
	blocked bool
	moved   time.Time
	// spoke says that something was sent since the link last looked; closed that nothing is written any more.
	spoke, closed bool
	// taken is what was taken from the queue last, left what of that is not in out yet: nothing while blocked is false.
	taken, left []engine.Message
}

// joinLoop gives the link's socket to the reactor, if there is one and the connection is one of TCP.
func (l *link) joinLoop(r *reactor.Reactor) {
	if r == nil {
		return
	}
	socket, err := reactor.Take(l.conn)
	if err != nil { // nothing was done: the goroutine of the link writes
		return
	}
	l.outlet = &outlet{link: l, reactor: r, socket: socket}
	if err := r.Watch(socket, l.outlet); err != nil {
		l.fail(err)
	}
}

// put adds a message to what is written next, or to the queue while that waits.
func (o *outlet) put(m *engine.Message, bytes int) (ok bool) {
	o.locked(func() (err error) {
		if o.blocked {
			ok = o.link.queue.Put(*m, bytes)
			return nil
		}
		if o.out.message(o.link.clusterID, m); o.out.bytes() >= flushBytes {
			err = o.write()
		}
		ok = true
		return err
	})
	return ok
}

// flush writes what was put.
func (o *outlet) flush() {
	o.locked(func() error {
		if o.blocked || o.out.bytes() == 0 {
			return nil
		}
		return o.write()
	})
}

// locked calls a function under the lock, and ends the link if that fails.
func (o *outlet) locked(f func() error) {
	o.mu.Lock()
	err := f()
	o.mu.Unlock()
	if err != nil {
		o.link.fail(fmt.Errorf("write: %w", err))
	}
}

// write writes what there is room for. The caller holds the lock.
func (o *outlet) write() error {
	if o.closed {
		o.out.clear()
		return nil
	}
	o.spoke = true
	done, err := o.out.writeNow(o.socket)
	switch {
	case err != nil:
	case !done:
		o.moved = time.Now()
		err = o.block(true)
	default:
		err = o.block(false)
	}
	return err
}

// block says whether what is sent has to wait for room.
func (o *outlet) block(blocked bool) error {
	if o.blocked == blocked {
		return nil
	}
	o.blocked = blocked
	return o.reactor.AwaitRoom(o.socket, blocked)
}

// Ready goes on with what waits for room, and sees the other side end the link: nothing else comes from there.
func (o *outlet) Ready(is reactor.Readiness) {
	if is.Readable {
		var b [1]byte
		if n, err := reactor.Read(o.socket, b[:]); err == nil {
			o.link.fail(fmt.Errorf("the other side ended the link: %w: %d bytes on a link that only sends", ErrBadFrame, n))
		} else if !errors.Is(err, reactor.ErrNothing) {
			o.link.fail(fmt.Errorf("the other side ended the link: %w", err))
		}
	}
	if is.Writable {
		o.locked(o.resume)
	}
}

// resume writes the rest, and makes ready what was queued meanwhile: as much as is written at once elsewhere. The
// system reports at once whether there is room for that, and others have their turn before. The caller holds the lock.
func (o *outlet) resume() error {
	if !o.blocked {
		return nil
	}
	if err := o.write(); err != nil || o.blocked {
		return err
	}
	if o.assemble(); o.out.bytes() == 0 {
		return nil
	}
	o.moved = time.Now()
	return o.block(true) // until this is written, what is sent stands behind it
}

// assemble makes frames of what is left of the queue, for one write.
func (o *outlet) assemble() {
	if len(o.left) == 0 {
		o.taken = o.link.queue.Take(o.taken)
		o.left = o.taken
	}
	n := 0
	for ; n < len(o.left) && o.out.bytes() < flushBytes; n++ {
		o.out.message(o.link.clusterID, &o.left[n])
	}
	clear(o.left[:n])
	o.left = o.left[n:]
}

// run serves the link until it fails, and returns why.
func (o *outlet) run() error {
	l := o.link
	alive := time.NewTicker(aliveInterval)
	defer alive.Stop()
	for ended := false; !ended; {
		select {
		case <-l.done:
			ended = true
		case now := <-alive.C:
			o.look(now)
		}
	}
	o.reactor.Do(func() { o.reactor.Forget(o.socket) })
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.out.clear()
	reactor.Close(o.socket)
	return l.err
}

// look shows that this node is there if it said nothing, and ends a link whose other side takes nothing.
func (o *outlet) look(now time.Time) {
	o.locked(func() (err error) {
		switch timeout := o.link.writeTimeout; {
		case o.blocked && now.Sub(o.moved) > timeout:
			err = fmt.Errorf("the other side takes nothing for %v: %w", timeout, os.ErrDeadlineExceeded)
		case !o.blocked && !o.spoke:
			o.out.alive(o.link.clusterID, o.link.from, o.link.to)
			err = o.write()
		}
		o.spoke = false
		return err
	})
}

// cut makes the other side see the end.
func (o *outlet) cut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		reactor.Shut(o.socket)
	}
}
