package resp

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/waits"
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
	// abandon, if not nil, is called when the wait has ended, also where the client has left: work that goes on ends.
	abandon func()
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
			c.endWait()
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
	c.endWait()
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
	if c.awaited.abandon != nil {
		c.awaited.abandon()
	}
	c.session.blocked.Store(unblocked)
	c.awaited, c.phase = await{}, gathering
}

// resting is what the owner does while the connection waits for something besides the store: what was posted is sent
// at once, since the wait may last for ever. The replies before it were sent, so it stands between two replies.
func (c *Conn) resting() Action {
	switch {
	case c.phase != awaiting && c.phase != paused, c.isAnswering():
		return Park
	case !c.collect():
		return Close
	case len(c.out) > 0:
		return Flush
	}
	return Park
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

// A call that may wait (Spec.MayBlock) is a run of its own, and is executed as every run is: a read is confirmed, so
// the first look is linearizable, and a node that cannot confirm it refuses it. If there is nothing to answer, the
// state machine says so (Run.Waiting), and the connection keeps the run, and waits: in the phase awaiting, where it
// costs nothing but its place in Server.keyWaits. What stands behind it is not executed before it is answered, and
// the replies before it are sent first.
//
//	what happens                     the client gets
//	a key of the call changes        the reply, if there is something now; else it waits on
//	its time is over, or TIMEOUT     what the call answers when there is nothing
//	CLIENT UNBLOCK … ERROR           UNBLOCKED
//	CLIENT KILL, or it leaves        nothing; its place is free at once, or when the watch sees it
//	the node may not serve any more  nothing yet: the call is confirmed again, and refused as any read if it cannot be;
//	                                 a call that is content with old state (RAFT.READ STALE) waits on
//	the node stops                   CLUSTERDOWN: the call did nothing, another node can be asked
//
// While the store has the call (the first look, and each one that is confirmed again), BLOCK's time ends nothing: null
// says that there is nothing new, and that is not known before the store answers. So a call lasts at most its time and
// then as long as a read may, and a node without a leader refuses it.
//
// The later looks need no confirmation. The first one was confirmed after the request came, so what has been applied
// here since was committed behind that: the state that answers is that of a moment between request and reply. The
// answer that there is nothing stands for the moment of the first look.

// nodeStops is the answer to calls that wait when the node is told to stop.
const nodeStops = refusalPrefix + "this node stops. Ask another one"

// block submits a call that may wait, when nothing stands before it.
func (c *Conn) block(call command.Call) {
	wait, ok := c.server.keyWaits.Add(c.request.wake, &call)
	if !ok {
		c.shard.Rejected(call.Spec.ID())
		before := len(c.out)
		c.answered(c.refused(tooManyWaits))
		c.dropMuted(before)
		return
	}
	c.waits, c.waitsSince, c.waitsOver, c.request.Run.MayWait = wait, c.server.now(), false, true
	if c.join(call); c.phase == gathering && len(c.request.Run.Calls) > 0 {
		c.submit()
	}
}

// tooManyWaits is the answer where Limits.MaxWaitedKeys is reached.
const tooManyWaits = "TRYAGAIN The command was not executed: clients wait for too many keys on this node. " +
	"Ask without BLOCK, or another node"

// suspend lets the call wait that was executed and has nothing to answer. It reports whether it waits.
func (c *Conn) suspend() bool {
	period := c.request.Run.Waiting.Millis
	until := time.Time{}
	if period > 0 && period <= math.MaxInt64/int64(time.Millisecond) {
		until = c.waitsSince.Add(time.Duration(period) * time.Millisecond)
		c.waitsOver = c.waitsOver || !c.server.now().Before(until)
	}
	if c.waitsOver {
		return false
	}
	c.request.Run.Lookups = command.Lookups{} // the last look counts
	c.request.Run.HasWaited = true
	c.awaitInterruptibly(nil, 0, c.lookAgain)
	c.awaited.until = until
	return true
}

// lookAgain executes the call once more if there is a reason to.
func (c *Conn) lookAgain(dst []byte, last bool) ([]byte, bool) {
	run, news := &c.request.Run, c.waits.News()
	c.waitsOver = last
	if c.request.Stale && c.contentWithOld(c.server.node.Leader()) {
		news &^= waits.StandingChanged
	}
	switch {
	case c.server.isClosing():
		return refuse(dst, run.Calls, nodeStops), true
	case news.Has(waits.StandingChanged):
		c.confirmAgain()
		return dst, false
	case news == 0 && !last:
		return dst, false
	}
	run.Reply, run.Random, run.Left, run.Waiting = dst, rand.Uint64(), 0, command.Waiting{}
	run.MaxReplyBytes = c.maxReplyBytes()
	c.submittedAt = c.server.monotonic()
	switch {
	case !c.server.store.View(&c.request):
		c.confirmAgain()
		return dst, false
	case run.Waiting.Wanted && !last:
		run.Lookups = command.Lookups{}
		return dst, false
	}
	run.Join()
	c.measure(run.Calls, run.Reply[len(dst):])
	return run.Reply, true
}

// confirmAgain submits the call anew.
func (c *Conn) confirmAgain() {
	c.stopAwaiting()
	c.request.Run.Waiting, c.submittedAt = command.Waiting{}, c.server.monotonic()
	c.read()
}

// endWait ends the waiting of a call, with its run.
func (c *Conn) endWait() {
	if c.waits != nil {
		c.finish()
	}
}

// stopWaiting takes the call of a run that ends from among those that wait.
func (c *Conn) stopWaiting() {
	c.server.keyWaits.Remove(c.waits)
	c.waits, c.request.Run.MayWait, c.request.Run.HasWaited, c.request.Run.Waiting = nil, false, false, command.Waiting{}
}

// mayTakeLong reports whether the replies before a call are sent first, since its own may take long.
func mayTakeLong(call *command.Call) bool { return slow(call.Spec) || call.Spec.MayBlock(call.Args) }

// confirmLooks: of the looks of the watch in a row that find a node not ready, the calls that wait confirm again at the
// first, and at each one that is so many later. Not at each: an overloaded node may confirm them for hours.
const confirmLooks = 10

// confirmWaits has the calls that wait confirm that the node still serves, while it does not look so: a node that is
// cut off hears of no change, and its clients had better ask another. It takes at how many looks in a row the node was
// not ready before, and returns the number with this one.
//
// The first of these looks is not enough:
//
//  1. A look finds no leader. The calls confirm again.
//  2. A leader is there for a moment, and confirms them: they wait on.
//  3. The node is cut off for good before the next look, which finds what the one before did.
func (s *Server) confirmWaits(unready int) int {
	if s.keyWaits.Keys() == 0 || s.node.Health().State == HealthReady {
		return 0
	}
	if unready%confirmLooks == 0 {
		s.keyWaits.TellAll(waits.StandingChanged)
	}
	return unready + 1
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
	if c.server.holds(c.replicates || c.filling || (c.holding && writesOutside(c.held.Spec))) {
		return false
	}
	c.stopPausing()
	if c.filling {
		c.write()
		return true
	}
	if len(c.request.Run.Calls) > 0 || c.request.Run.Head != nil {
		c.submit()
	}
	return true
}

// putOffCall makes the connection wait before a command that is executed outside of runs and changes keys, if there is
// a pause that holds it, and reports whether it does.
func (c *Conn) putOffCall(call command.Call) bool {
	if !writesOutside(call.Spec) || !c.putOff(true) {
		return false
	}
	c.hold(call)
	return true
}

// writesOutside reports whether a command changes keys and is no part of a run: MIGRATE does.
func writesOutside(spec *command.Spec) bool {
	return spec != nil && isBarrier(spec) && spec.Flags&command.FlagWrite != 0
}

func (c *Conn) stopPausing() {
	c.server.pause.waiters.remove(c)
	c.phase = gathering
}
