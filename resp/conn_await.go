package resp

import (
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// pollPeriod is how often a connection that awaits something looks whether it has come.
const pollPeriod = 10 * time.Millisecond

// await is what a connection waits for that wakes nobody: the end of a snapshot, how far other nodes are, a moment. Its
// owner looks again and again, as long as Polling says so.
type await struct {
	// look appends the reply, and reports whether there is one. With last, there has to be one.
	look func(dst []byte, last bool) ([]byte, bool)
	// until is when the look is the last; never if it is zero.
	until time.Time
	// interruptible says that CLIENT UNBLOCK may end it.
	interruptible bool
	// call is the command that waits, since began, if all of that is its own time. What a client waits for by its own
	// wish, interruptibly, is not counted as the time that the command took.
	call  command.Call
	began moment
}

// await makes the connection wait. look is called at once, and every pollPeriod from then on, until it answers or
// period is over; a period of zero never is. Commands that call this are slow: replies before theirs are sent first.
func (c *Conn) await(period time.Duration, look func(dst []byte, last bool) ([]byte, bool)) {
	c.awaited = await{look: look}
	if period > 0 {
		c.awaited.until = c.server.now().Add(period)
	}
	c.phase, c.abandoned = awaiting, false
}

// awaitInterruptibly is await, but CLIENT UNBLOCK may end it before its time, in the same way or with an error.
func (c *Conn) awaitInterruptibly(period time.Duration, look func(dst []byte, last bool) ([]byte, bool)) {
	c.await(period, look)
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
	out, ended := a.look(c.out, last)
	if !ended {
		return false
	}
	if a.call.Spec != nil {
		c.timed(a.call, a.began, out[len(c.out):])
	}
	c.out = out
	c.stopAwaiting()
	return true
}

func (c *Conn) stopAwaiting() {
	c.session.blocked.Store(unblocked)
	c.awaited, c.phase = await{}, gathering
}

// Polling reports, after Advance has returned Park, whether its owner is to call Advance again after pollPeriod even if
// it is not woken.
func (c *Conn) Polling() bool { return c.phase == awaiting || c.phase == paused }

// elsewhere makes the connection wait for work that takes long, or that waits for a disk: it is done on a goroutine of
// its own, so that nothing but this client waits for it. work returns what appends the reply. It may go on when the
// client has left, and must not touch the connection. Commands that call this are slow: replies before theirs are sent
// first.
func (c *Conn) elsewhere(work func() (answer func(dst []byte) []byte)) {
	var done atomic.Pointer[func([]byte) []byte]
	wake := c.request.wake
	c.server.spawn(func() {
		answer := work()
		done.Store(&answer)
		wake()
	})
	c.await(0, func(dst []byte, _ bool) ([]byte, bool) {
		answer := done.Load()
		if answer == nil {
			return dst, false
		}
		return (*answer)(dst), true
	})
}
