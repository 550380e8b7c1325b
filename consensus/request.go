package consensus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/pump"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Request is a command or a read on its way through a node, for callers that do not want a goroutine per request: embed
// it, fill the first group of fields, give it to Node.Submit, and leave it and what Local points to alone until Done is
// called. Then it may be submitted again, which costs no memory, unless Cancel was called for it.
type Request struct {
	// Body is the command. The node keeps it; it must not be changed. A Request with neither Body nor Read adds an entry
	// that carries only the time: it answers a StateMachine.Query that says needTick.
	Body []byte
	// Local goes to StateMachine.Apply on this node, and to no other. In a session it must be nil: what a retry gets does
	// not depend on the node that took the command.
	Local any
	// Session, if not 0, is a session that OpenSession opened, and Sequence the number of the command in it, from 1 on.
	// However often a command is submitted under its number, on whichever nodes, it is executed once. See "Exactly once"
	// in the package comment. The node then copies Body.
	Session, Sequence uint64
	// Read asks for a time at which Node.View shows everything that any node acknowledged before the Request was
	// submitted.
	Read bool
	// Done is called once, from a goroutine of the node or from Submit itself, when the request has ended. It must not
	// block.
	Done func(*Request)

	// Err says how the request ended: nil, ErrNotDone, ErrUnknown (never for a read), ErrOverloaded, ErrRefused or
	// ErrClosed; in a session also ErrReplyGone, ErrNoSession or ErrSequenceTooOld.
	Err error
	// Result is what StateMachine.Apply returned for the command on this node; in a session, when it was executed.
	Result []byte
	// Replayed: an earlier attempt of the same session and sequence was executed, and Result is its result.
	Replayed bool
	// ReadTime is log time when the leader confirmed the read, in milliseconds: the stamp for StateMachine.Query.
	ReadTime int64

	runner *pump.Runner
	// operation and ttlMillis are those of a request that opens or closes a session.
	operation raftlog.SessionOperation
	ttlMillis int64
	// kind is what was submitted. Cancel reads it and nothing that the host may change when Done is called.
	kind requestKind
	// wake is ended, made once.
	wake  func()
	batch engine.Batch
	read  engine.Read
}

// requestKind is what a request asks for.
type requestKind uint8

const (
	commandRequest requestKind = iota
	readRequest
	tickRequest // moves time and does nothing else
)

func (r *Request) kindOf() requestKind {
	switch {
	case r.Read:
		return readRequest
	case len(r.Body) == 0 && !r.inSession():
		return tickRequest
	}
	return commandRequest
}

// Submit gives a request to the node. It never blocks; Done is called when the request has ended, which may be before
// Submit returns. On a blank node it ends with ErrNotDone.
func (n *Node) Submit(r *Request) {
	r.runner, r.kind = n.runner.Load(), r.kindOf()
	r.Result, r.Replayed, r.ReadTime = nil, false, 0 // what an earlier use left
	switch {
	case r.runner == nil:
		r.end(ErrNotDone)
	case len(r.Body) > n.options.MaxEntryBytes:
		r.end(refuse("not done: the command has %d bytes, and MaxEntryBytes allows %d", len(r.Body), n.options.MaxEntryBytes))
	case r.inSession():
		n.submitInSession(r)
	case r.kind == readRequest:
		r.read = engine.Read{Wake: r.waker()}
		r.runner.SubmitRead(&r.read)
	case r.kind == tickRequest:
		n.ticks.submit(r)
	default:
		r.batch = engine.Batch{Body: r.Body, Local: r.Local, Level: raftlog.FirstLevel, Wake: r.waker()}
		r.runner.Submit(&r.batch)
	}
}

func (r *Request) waker() func() {
	if r.wake == nil {
		r.wake = r.ended
	}
	return r.wake
}

// Cancel tells the node that the result of a submitted request is not needed. A command that was not sent yet is
// dropped and ends with ErrNotDone; one that was sent goes on. Done is called in any case. Cancel may come at any time
// after Submit, and does not block.
func (n *Node) Cancel(r *Request) {
	switch {
	case r.runner == nil, r.kind == tickRequest:
	case r.kind == readRequest:
		r.runner.LeaveRead(&r.read)
	default:
		r.runner.Leave(&r.batch)
	}
}

// ended translates how the engine ended the request.
func (r *Request) ended() {
	outcome := r.batch.Outcome
	if r.kind == readRequest {
		outcome = r.read.Outcome
	}
	r.Result, r.ReadTime = r.batch.Result, int64(r.read.Stamp)
	r.batch.Body, r.batch.Local, r.batch.Result = nil, nil, nil // Timings wants no more than the rest
	err := errorOf(outcome, r.runner)
	if err == nil && r.kind == commandRequest && r.batch.InSession {
		err = r.endedInSession()
	}
	r.end(err)
}

func (r *Request) end(err error) {
	r.Err = err
	r.Done(r)
}

func errorOf(o engine.Outcome, runner *pump.Runner) error {
	switch o {
	case engine.Done:
		return nil
	case engine.NotDone:
		return ErrNotDone
	case engine.Overloaded:
		select {
		case <-runner.Stopped(): // that is why it was refused
			return ErrClosed
		default:
			return ErrOverloaded
		}
	case engine.Unknown:
		return ErrUnknown
	}
	panic("consensus: a request ended as " + o.String())
}

// Timings says where the time of a request went that ended without an error. It is asked soon after Done: the node
// remembers some thousand groups of entries.
//
// disk is how long this node's own disk took for the entry; 0 if other disks made a majority before, and for a read.
// replicate is the rest of the time until the entry was committed, or the read confirmed. apply is the time from there
// until Apply returned, reply what has passed since. What came before them is the way to the node's loop, and the wait
// for a leader and for room.
func (r *Request) Timings() (disk, replicate, apply, reply time.Duration) {
	phases := pump.Phases{}
	if r.kind == readRequest {
		phases = r.runner.PhasesOfRead(&r.read)
	} else {
		phases = r.runner.Phases(&r.batch)
	}
	return phases.Disk, phases.Replicate, phases.Apply, phases.Reply
}

// cancelPeriod is how long a call whose context has ended waits to hear whether its command was dropped. A running node
// tells within a turn.
const cancelPeriod = 2 * tick

// call is a request whose submitter waits. The node keeps those that were done for the next ones.
type call struct {
	Request
	ended chan struct{}
}

func (n *Node) newCall() *call {
	if c, kept := n.calls.Get().(*call); kept {
		return c
	}
	c := &call{ended: make(chan struct{}, 1)}
	c.Done = func(*Request) { c.ended <- struct{}{} }
	return c
}

// answer is what a call brought.
type answer struct {
	result   []byte
	session  uint64
	readTime int64
}

// do submits a request and waits for its end. If the context ends first, the error wraps the context's, and ErrNotDone
// if the command was not sent, else ErrUnknown.
func (n *Node) do(ctx context.Context, r Request) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, cancelled(ctx)
	}
	c := n.newCall()
	r.Done, r.wake = c.Done, c.wake
	c.Request = r
	n.Submit(&c.Request)
	select {
	case <-c.ended:
	case <-ctx.Done():
		return n.leave(ctx, c)
	}
	if c.Err != nil {
		return answer{}, c.Err
	}
	a := c.answer()
	c.Request = Request{Done: c.Done, wake: c.wake} // what it brought is the caller's
	n.calls.Put(c)
	return a, nil
}

// leave ends the wait for a call. The node may hear of that later than the call ends, so the call is not used again.
func (n *Node) leave(ctx context.Context, c *call) (answer, error) {
	n.Cancel(&c.Request)
	if c.kind != commandRequest {
		return answer{}, cancelled(ctx)
	}
	patience := time.NewTimer(cancelPeriod)
	defer patience.Stop()
	select {
	case <-c.ended:
		if errors.Is(c.Err, ErrNotDone) {
			return answer{}, cancelled(ctx)
		}
		return c.answer(), c.Err
	case <-patience.C:
		return answer{}, fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
}

func (c *call) answer() answer { return answer{c.Result, c.Session, c.ReadTime} }

// Propose replicates a command and returns what StateMachine.Apply returned for it on this node. It waits until a
// majority of disks has the command and this node has applied it, or until it ended otherwise: see ErrNotDone and
// ErrUnknown. If the context ends first, the error matches the context's, and ErrNotDone if the command was not sent,
// else ErrUnknown. The node keeps command; it must not be changed.
//
// An empty command is one that carries only the time, see Request.Body: its result is nil.
func (n *Node) Propose(ctx context.Context, command []byte) ([]byte, error) {
	a, err := n.do(ctx, Request{Body: command})
	if err != nil {
		return nil, err
	}
	return a.result, nil
}

// Query executes StateMachine.Query with local, on a state that holds everything that any node acknowledged before the
// call. While the machine says needTick, Query moves time through the log and asks again: with the stamp of its first
// confirmation, or with an earlier one if another leader says so. With the newest stamp it would never end
// while things expire all the time, since the log's time trails the clock by a commit. Errors are those of a Request
// and of View.
func (n *Node) Query(ctx context.Context, local any) error {
	stamp := int64(math.MaxInt64)
	for {
		a, err := n.do(ctx, Request{Read: true})
		if err != nil {
			return err
		}
		stamp = min(stamp, a.readTime)
		needTick := false
		err = n.View(func(m StateMachine) { needTick = m.Query(stamp, local) })
		if err != nil || !needTick {
			return err
		}
		_, _ = n.do(ctx, Request{}) // however it ended: the next confirmation says what is wrong
	}
}
