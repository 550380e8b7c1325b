package resp

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// await is what a connection waits for besides a run: a fact about the node, the end of some work, or a moment. What it
// waits for wakes its owner, which then calls Advance.
type await struct {
	// look appends the reply, and reports whether there is one. With last, there has to be one.
	look func(dst []byte, last bool) ([]byte, bool)
	// until is when the look is the last; never if it is zero.
	until time.Time
	// event wakes the connection; nil if time does, or the work that was begun for it.
	event *waiters
	// interruptible says that CLIENT UNBLOCK may end it.
	interruptible bool
	// call is the command that waits, since began, if all of that is its own time. What a client waits for by its own
	// wish, interruptibly, is not counted as the time that the command took.
	call  command.Call
	began monotonic
}

// waiters are the connections that wait for the same event. Telling them costs one look while there are none.
type waiters struct {
	count atomic.Int64
	mu    sync.Mutex
	conns map[*Conn]struct{}
}

// add makes tell wake a connection. What happens after add is told.
func (w *waiters) add(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == nil {
		w.conns = make(map[*Conn]struct{})
	}
	w.conns[c] = struct{}{}
	w.count.Store(int64(len(w.conns)))
}

func (w *waiters) remove(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
	w.count.Store(int64(len(w.conns)))
}

// tell wakes the connections; each looks whether its wait is over. Any goroutine may call it, and it blocks nothing.
func (w *waiters) tell() {
	if w.count.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.request.wake()
	}
}

// await makes the connection wait. look is called at once, at each event, and last when period is over; a period of
// zero never is. event may be nil. Commands that call this are slow: replies before theirs are sent first.
func (c *Conn) await(event *waiters, period time.Duration, look func(dst []byte, last bool) ([]byte, bool)) {
	c.awaited = await{look: look, event: event}
	if period > 0 {
		c.awaited.until = c.server.now().Add(period)
	}
	if event != nil {
		event.add(c)
	}
	c.phase, c.abandoned = awaiting, false
}

// awaitInterruptibly is await, but CLIENT UNBLOCK may end it before its time, in the same way or with an error.
func (c *Conn) awaitInterruptibly(event *waiters, period time.Duration,
	look func(dst []byte, last bool) ([]byte, bool)) {
	c.await(event, period, look)
	c.awaited.interruptible = true
	c.session.blocked.Store(blocked)
}

// looked looks once, and reports whether the waiting is over.
func (c *Conn) looked() bool {
	a, last := &c.awaited, false
	if !a.until.IsZero() {
		last = !c.server.now().Before(a.until)
	}
	if a.interruptible {
		switch c.session.blocked.Load() {
		case timedOut:
			last = true
		case interrupted:
			c.out = reply.Error(c.out, unblockedByError)
			c.stopAwaiting()
			return true
		}
	}
	out, over := a.look(c.out, last)
	if !over {
		return false
	}
	if a.call.Spec != nil {
		c.timed(a.call, a.began, out[len(c.out):])
	}
	c.out = out
	c.stopAwaiting()
	if c.outlives {
		c.phase = ended
	}
	return true
}

// stopAwaiting forgets what the connection waits for.
func (c *Conn) stopAwaiting() {
	if c.awaited.event != nil {
		c.awaited.event.remove(c)
	}
	c.session.blocked.Store(unblocked)
	c.awaited, c.phase = await{}, gathering
}

// Blocked reports, after Advance has returned Park, whether the connection waits for something besides the store or a
// change of the members.
func (c *Conn) Blocked() bool { return c.phase == awaiting || c.phase == paused }

// Until is, after Advance has returned Park, when its owner calls Advance even if it is not woken; never if it is zero.
func (c *Conn) Until() time.Time {
	switch c.phase {
	case awaiting:
		return c.awaited.until
	case paused:
		return c.server.pause.end()
	}
	return time.Time{}
}

// inBackground makes the connection wait for work that takes long, or that waits for a disk: it is done on a goroutine
// of its own, so that only this client waits for it. work returns what appends the reply. It may go on when the client
// has left, and must not touch the connection. Commands that call this are slow: replies before theirs are sent first.
func (c *Conn) inBackground(work func() (answer func(dst []byte) []byte)) {
	var done atomic.Pointer[func([]byte) []byte]
	wake := c.request.wake
	c.server.spawn(func() {
		answer := work()
		done.Store(&answer)
		wake()
	})
	c.await(nil, 0, func(dst []byte, _ bool) ([]byte, bool) {
		answer := done.Load()
		if answer == nil {
			return dst, false
		}
		return (*answer)(dst), true
	})
}

// pause is what CLIENT PAUSE asked for: for a while, runs with a write, or all commands, are put off. A pause on a node
// concerns the clients of that node only.
type pause struct {
	// on is false whenever there is no pause to look at: nearly always.
	on    atomic.Bool
	mu    sync.Mutex
	until time.Time
	all   bool
	// waiters are the connections whose next command is put off.
	waiters waiters
}

// begin makes a pause, or makes the present one longer or stricter; it never makes one shorter or milder.
func (p *pause) begin(now time.Time, period time.Duration, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on.Load() {
		p.until, p.all = now, false
	}
	if until := now.Add(period); until.After(p.until) {
		p.until = until
	}
	p.all = p.all || all
	p.on.Store(true)
}

// stop ends the pause before its time.
func (p *pause) stop() {
	p.on.Store(false)
	p.waiters.tell()
}

// end is when the pause is over.
func (p *pause) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// holds reports whether commands of a kind are put off now.
func (s *Server) holds(write bool) bool { return s.pause.on.Load() && s.pause.holds(s.now(), write) }

func (p *pause) holds(now time.Time, write bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) {
		p.on.Store(false)
		return false
	}
	return write || p.all
}

// putOff makes the connection wait for the end of the pause if there is one that holds its next command, and reports
// whether it does.
func (c *Conn) putOff(write bool) bool {
	if !c.server.holds(write) {
		return false
	}
	c.server.pause.waiters.add(c)
	c.phase, c.abandoned = paused, false
	return true
}

// resumed goes on with what was put off if the pause is over, and reports whether it is.
func (c *Conn) resumed() bool {
	if c.server.holds(c.bodyBytes > 0) {
		return false
	}
	c.stopPausing()
	if len(c.request.Run.Calls) > 0 {
		c.submit()
	}
	return true
}

func (c *Conn) stopPausing() {
	c.server.pause.waiters.remove(c)
	c.phase = gathering
}
