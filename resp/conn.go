package resp

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/metrics"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/waits"
	"github.com/raftredis/raftredis/resp/wire"
)

// Action is what the owner of a Conn does next.
type Action uint8

const (
	// Receive: send Output, then read more bytes into Space and report them by Received.
	Receive Action = iota
	// Park: nothing can be done before the owner is woken, or the time Until has come. Output is not to be touched.
	Park
	// Flush: send Output; there is more to answer of what was already received.
	Flush
	// Close: send Output and close.
	Close
)

// phase is what a connection is doing.
type phase uint8

const (
	// gathering: taking requests out of the buffer.
	gathering phase = iota
	// submitted: the store has the run.
	submitted
	// viewing: the run of reads may be executed, and perhaps was in part.
	viewing
	// changing: the node has a change of the members.
	changing
	// awaiting: waiting for a fact about the node, for some work, or for a moment.
	awaiting
	// paused: the next command is put off until the end of a pause.
	paused
	// ended: nothing more is taken from this client.
	ended
)

// Conn is one client connection without its socket: bytes in, runs out to the store, completions in, bytes out. It
// starts no goroutine and waits for nothing, so the same code serves under a goroutine per connection,
// under an event loop and in a test that drives it byte by byte.
//
// Its owner calls Advance and does what it says, again and again, from one goroutine. Everything in it belongs to that
// goroutine, except the request while the store has it.
//
// Order is kept by having at most one run in flight: the calls behind it, and the buffer that they stand in, wait until
// its replies are there. A command that touches the connection or the node ends the run before it, and takes effect
// when that run is answered. Commands that fail without looking at any state, or answer from their arguments alone,
// take their place in a run with the reply already made.
type Conn struct {
	server  *Server
	session *session
	reader  wire.Reader
	phase   phase
	// replyMode says whether the client wants replies, bars why its commands are not executed as they come.
	replyMode replyMode
	bars      bars
	// transaction is what MULTI began, executing what EXEC has made a run of; nil if there is none. watched are the keys
	// on which the next EXEC depends.
	transaction, executing *transaction
	watched                watchList

	// request holds the run being gathered, then submitted. arguments and fixed are the storage of its calls.
	request   Request
	arguments [][]byte
	fixed     []byte
	bodyBytes int
	// riding is how many arguments the reads of the run have: see maxRidingArguments.
	riding int
	// writes is what the writes of the run are estimated to do.
	writes estimated
	// fillBytes is how long the calls of the run are that may fill a cache: see letFill. replicates says that a call does
	// not only read on this node, in the words of Redis: a pause of writes holds it.
	fillBytes  int
	replicates bool
	// filling says that the store has calls of a run of reads as writes. whole are all calls of the run then, unless it is
	// a transaction. unfilled says that calls of this run fill nothing any more.
	filling  bool
	whole    []command.Call
	unfilled bool
	// body is the body of a run with one write that the reader has put together; nil: the run makes it.
	body []byte
	// submittedAt is when the run was complete. clock is the time that was read since the connection last waited, and
	// zero if there is none: asking costs as much as half of all that is done for a small command.
	submittedAt, clock monotonic
	// shard is where the connection counts.
	shard *metrics.Shard
	// held is a call that was taken from the reader and has to wait for the run before it.
	held    command.Call
	holding bool
	// hearing is to what the client listens, nil for nothing. pushed is how much of what a command has appended is pushed:
	// no reply, which the client gets even if it wants none.
	hearing *hearing
	pushed  int
	// waiter is for the change of the members that is under way.
	waiter waiter
	// awaited is what the connection looks for.
	awaited await
	// waits is the call of the run that may wait for its keys, nil if it may not. It came at waitsSince; waitsOver says
	// that it waits no longer, whatever it finds.
	waits      *waits.Wait
	waitsSince time.Time
	waitsOver  bool
	// abandoned is set when the store or the node was told that the client of what they have is gone.
	abandoned bool
	// refusedSince is when the first of the newest runs was refused that all were; 0 if the newest was not. tired says
	// that this goes on for too long.
	refusedSince monotonic
	tired        bool
	// cut says that the connection was cut on purpose: when what is under way has ended, nothing that stands behind it is
	// begun. The requests of a client that has left by itself are executed as far as they came, as in Redis.
	cut bool
	// outlives says that the client is to see its connection end with the process.
	outlives bool
	// viewed is how many calls of the run of reads are answered.
	viewed int

	out []byte
	// waste is where bytes go that are read from a client of which nothing more is taken.
	waste []byte
}

// newConn makes a connection. wake is called when the store completed a request: see Request.
func newConn(s *Server, below socket, wake func()) *Conn {
	c := &Conn{server: s}
	c.session = &session{
		began: s.now(), socket: below, wake: wake, run: &c.request.Run, mailLimit: &s.tuning.Output.mail.hard,
		facts: facts{protocol: reply.RESP2, authenticated: s.password() == ""},
	}
	c.session.active.Store(int64(s.monotonic()))
	s.sessions.open(c.session)
	c.shard = s.calls.Shard(c.session.id)
	c.reader.Init(s.limits.wire(), s.input)
	c.reader.SetUnauthenticated(!c.facts().authenticated)
	c.request.wake, c.request.Run.LateBytes = wake, command.LeftOutBytes
	c.request.Run.Databases = s.limits.Databases
	return c
}

// facts are what the client said of itself, to be read only.
func (c *Conn) facts() *facts { return &c.session.facts }

// protocol is 2 or 3.
func (c *Conn) protocol() int { return c.session.facts.protocol }

// Space is where the next bytes go: see wire.Reader. It is called only after Advance returned Receive.
func (c *Conn) Space() []byte {
	if c.phase != gathering || c.holding || len(c.request.Run.Calls) > 0 {
		panic("resp: bytes asked for while a run stands in the buffer")
	}
	return c.reader.Space()
}

// Ahead is where bytes go that come while Output is being sent, in any phase. It is nil while no more are taken: when
// as much was read ahead as client-query-buffer-limit allows. The arguments of a run stay where they are. From a
// client of which nothing more is taken bytes are read all the same, and dropped: it may read its last replies only
// then.
func (c *Conn) Ahead() []byte {
	if c.phase != ended && !c.reader.Failed() {
		return c.reader.Ahead()
	}
	if c.waste == nil {
		c.waste = make([]byte, wire.SmallBufferBytes)
	}
	return c.waste
}

// Received says that the first n bytes of Space, or of Ahead, are filled.
func (c *Conn) Received(n int) {
	c.shard.InputBytes.Add(int64(n))
	if c.phase == ended || c.reader.Failed() {
		return
	}
	c.reader.Received(n)
	c.reader.SetMaxBytes(int(c.server.tuning.MaxBulkBytes.Load()), int(c.server.tuning.MaxQueryBytes.Load()))
	if n > 0 {
		c.session.active.Store(int64(c.server.recently()))
	}
	c.session.unread.Store(int64(c.reader.Buffered()))
	c.session.room.Store(int64(c.reader.Free()))
}

// Output is what to send. It is the connection's; its owner reports by Flushed that all of it was sent.
func (c *Conn) Output() []byte { return c.out }

// Flushed says that all of Output was sent.
func (c *Conn) Flushed() {
	c.clock = 0
	c.shard.OutputBytes.Add(int64(len(c.out)))
	c.out = c.out[:0]
	if cap(c.out) > keptOutputBytes {
		c.out = nil
	}
}

// Abandon tells the store, once for each submitted run, that its client has gone, or the node, once for each change of
// the members, and reports whether it did. The owner goes on calling Advance until it no longer returns Park.
func (c *Conn) Abandon() bool {
	if c.abandoned {
		return false
	}
	switch c.phase {
	case submitted:
		c.server.store.Abandon(&c.request)
	case changing:
		c.server.node.AbandonChange(c.waiter.request)
	case awaiting, paused:
		c.end()
	default:
		return false
	}
	c.abandoned = true
	return true
}

// Release gives back what the connection holds. It is the last call, and comes when nothing is submitted.
func (c *Conn) Release() {
	if c.phase == submitted || c.phase == changing {
		panic("resp: a connection was released while the store has its run, or the node its change")
	}
	c.end()
	c.stopTracking()
	c.stopListening()
	if c.facts().monitoring {
		c.server.monitors.remove(c.session)
	}
	if c.discard(); c.executing != nil {
		c.endTransaction()
	}
	c.server.sessions.close(c.session)
	c.reader.Release()
	c.out, c.arguments, c.fixed = nil, nil, nil
}

// end ends the connection, whatever it waits for, unless the store has its run, or the node its change.
func (c *Conn) end() {
	switch c.phase {
	case awaiting:
		c.stopAwaiting()
	case paused:
		c.stopPausing()
	}
	if c.waits != nil {
		c.stopWaiting()
	}
	c.phase = ended
}

// Advance does all that can be done without new bytes and without waiting, and says what its owner has to do. It may be
// called at any time; a call without need changes nothing.
func (c *Conn) Advance() Action {
	for {
		switch {
		case c.phase == ended:
			return Close
		case c.phase == submitted && !c.request.completed():
			return Park
		case c.phase == submitted && c.hearing != nil && c.hearing.joining != nil:
			c.joined()
		case c.phase == submitted:
			before := len(c.out)
			c.settle()
			c.dropMuted(before)
		case c.phase == changing, c.phase == awaiting, c.phase == paused:
			if !c.passed() {
				return c.resting()
			}
		case c.cut:
			c.phase = ended
		case len(c.out) >= c.server.limits.FlushBytes, c.slowNext():
			return Flush
		case c.phase == viewing:
			before := len(c.out)
			c.view()
			c.dropMuted(before)
		case !c.gather():
			if c.collect() && c.room() {
				return Receive
			}
		}
	}
}

// present is the moment of the clock that was asked for last, or now.
func (c *Conn) present() monotonic {
	if c.clock == 0 {
		c.clock = c.server.monotonic()
	}
	return c.clock
}

// passed reports whether what the connection waits for, other than a run, is over; if so, it is answered.
func (c *Conn) passed() (over bool) {
	before := len(c.out)
	switch c.phase {
	case changing:
		over = c.changed()
		c.dropMuted(before)
	case awaiting:
		over = c.looked()
		c.dropMuted(before)
	default:
		over = c.resumed()
	}
	c.clock = 0
	return over
}

// dropMuted takes back what a step appended to the output if the client wants no reply.
func (c *Conn) dropMuted(before int) {
	if c.replyMode.muted() {
		c.out = c.out[:min(before, len(c.out))]
	}
}

// collect takes what was posted to the client, and ends the connection if that was too much.
func (c *Conn) collect() (ok bool) {
	if !c.session.mailed.Load() {
		return true
	}
	if c.out, ok = c.session.collect(c.out); !ok {
		c.overflow()
	}
	return ok
}

// room makes room for more bytes, and ends the connection if there is none for them.
func (c *Conn) room() bool {
	err := c.reader.MakeRoom()
	if err != nil {
		c.server.metrics.InputLimit.Inc()
		c.out = reply.Error(c.out, err.Error())
		c.phase = ended
	}
	return err == nil
}

// slowNext reports whether replies would wait for a slow command that is next: they are sent before.
func (c *Conn) slowNext() bool {
	return c.phase == gathering && c.holding && mayTakeLong(&c.held) && len(c.out) > 0
}

// overflow ends a connection whose reads exceed its limit. As in Redis nothing more is sent: what the client would read
// is cut in the middle anyway. Replies of a run with writes are sent whatever their size: they exist already, and a
// client that saw only the end would not know the fate of its writes.
func (c *Conn) overflow() {
	c.server.metrics.OutputLimit.Inc()
	c.out = nil
	c.end()
}

// settle takes the answer of the store.
func (c *Conn) settle() {
	run := &c.request.Run
	outcome := c.request.end()
	if outcome == Done {
		c.refusedSince = 0
	}
	switch {
	case c.filling && outcome != Done:
		c.leaveUnfilled()
	case outcome != Done:
		if run.Head != nil {
			c.refuseTransaction(func() { c.refuseRun(standIn(run.Calls), outcome) })
		} else {
			before := len(c.out)
			c.watched.refused(run.Calls)
			c.refuseRun(run.Calls[c.viewed:], outcome)
			c.measure(run.Calls[c.viewed:], c.out[before:])
			c.finish()
		}
		if c.tired {
			c.server.metrics.RefusedTooLong.Inc()
			c.phase = ended
		}
	case c.request.Body != nil:
		if run.Join(); len(run.Reply) < len(c.out) {
			panic("resp: the store shortened the replies before its own")
		}
		from := len(c.out)
		c.out = run.Reply
		if c.whole != nil {
			c.filled(from)
		} else {
			c.conclude(from)
		}
	default:
		c.phase = viewing
	}
}

// ridingReplyBytes bounds the replies of a run with a write, which exist all at once.
func (c *Conn) ridingReplyBytes() int {
	if hard := c.maxReplyBytes(); hard < math.MaxInt {
		return hard
	}
	return maxRidingReplyBytes
}

// maxReplyBytes is how many bytes of replies may wait for the client.
func (c *Conn) maxReplyBytes() int {
	if hard := c.server.tuning.Output.normal.hard.Load(); hard > 0 && hard < math.MaxInt {
		return int(hard)
	}
	return math.MaxInt
}

// view answers some calls of a run of reads. It takes them in portions, and the store leaves of a portion what follows
// on long replies, so that one flush and not one read lock bounds what a pipeline of large replies holds in memory:
// every portion is executed from the state at that moment, which is at least as recent as the run's confirmation asks
// for. A transaction is one portion: its replies are bounded as those of a run with a write.
func (c *Conn) view() {
	run := &c.request.Run
	calls := run.Calls
	upto := min(c.viewed+viewCalls, len(calls))
	run.MaxReplyBytes = c.maxReplyBytes()
	if run.Head != nil {
		upto, run.MaxReplyBytes = len(calls), c.ridingReplyBytes()
	}
	run.Calls, run.Reply, run.Random, run.Left = calls[c.viewed:upto], c.out, rand.Uint64(), 0
	run.MayFill, run.WantsFill = !c.unfilled && !c.request.Stale, false
	answered := c.server.store.View(&c.request)
	run.Calls = calls
	upto -= run.Left
	run.Join()
	switch {
	case !answered:
		c.read()
		return
	case run.Waiting.Wanted && c.suspend():
		return
	case len(run.Reply) < len(c.out):
		panic("resp: the store shortened the replies before its own")
	}
	from := len(c.out)
	c.out = run.Reply
	switch {
	case len(c.out) > run.MaxReplyBytes && run.Head == nil:
		c.measure(calls[c.viewed:upto], c.out[from:])
		c.overflow()
	case run.WantsFill:
		if run.Head == nil && upto > c.viewed {
			c.measure(calls[c.viewed:upto], c.out[from:])
			c.viewed = upto
		}
		c.fill()
	case upto == len(calls):
		c.conclude(from)
	default:
		c.measure(calls[c.viewed:upto], c.out[from:])
		c.viewed = upto
	}
}

// finish ends a run whose replies are in the output, and forgets everything that points into the buffer.
func (c *Conn) finish() {
	run := &c.request.Run
	clear(run.Calls)
	run.Calls, run.Reply, run.Long = run.Calls[:0], nil, command.Long{}
	if cap(run.Calls) > keptArguments {
		run.Calls = nil
	}
	c.request.Body, c.request.Stale = nil, false // the store may use the ticket again
	run.Submitted, run.Summed, run.Head, run.Layout = nil, false, nil, nil
	c.forgetFixed()
	c.body, c.bodyBytes, c.riding, c.viewed, c.writes = nil, 0, 0, 0, estimated{}
	c.fillBytes, c.replicates, c.filling, c.unfilled = 0, false, false, false
	if c.waits != nil {
		c.stopWaiting()
	}
	kept := 0
	if c.holding {
		kept = copy(c.arguments, c.held.Args)
		c.held.Args = c.arguments[:kept:kept]
	}
	c.forget(kept)
	c.phase = gathering
}

// forgetFixed drops the replies that were made before their run.
func (c *Conn) forgetFixed() {
	c.fixed = c.fixed[:0]
	if cap(c.fixed) > keptOutputBytes {
		c.fixed = nil
	}
}

// forget drops all arguments but the first ones.
func (c *Conn) forget(kept int) {
	clear(c.arguments[kept:])
	c.arguments = c.arguments[:kept]
	if kept == 0 && cap(c.arguments) > keptArguments {
		c.arguments = nil
	}
}
