package consensus

import (
	"context"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/sessions"
	"github.com/raftredis/raftredis/internal/stepwise"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// OpenSession opens a session for one client, on all nodes, and returns its number, which no other session of the
// cluster ever has. The session ends by CloseSession, or when it was not used for as long as ttl, by log time. That is
// how long a client may go on retrying a command; 0 means an hour, the longest are 366 days.
//
// All nodes that are started from older copies of their directories go back to older numbers: clients from before must
// open new sessions then, or they meet those of others.
//
// After ErrUnknown the caller opens another one: the first may be there, and ends by itself. ErrRefused: there are
// 131,072 sessions, or ttl is out of range. Other errors are those of Propose.
func (n *Node) OpenSession(ctx context.Context, ttl time.Duration) (session uint64, err error) {
	limits, millis := sessions.DefaultLimits(), int64((ttl+time.Millisecond-1)/time.Millisecond)
	if ttl == 0 {
		millis = sessions.DefaultTTLMillis
	}
	if millis < 1 || millis > limits.MaxTTLMillis {
		return 0, refuse("not done: a session lives for 1 ms to %d ms without use, not for %v", limits.MaxTTLMillis, ttl)
	}
	a, err := n.do(ctx, Request{operation: raftlog.SessionOpen, ttlMillis: millis})
	if err != nil {
		return 0, err
	}
	return a.session, nil
}

// CloseSession ends a session, and lets all nodes forget its results. A session that has ended already is closed, so
// asking again does no harm. Errors are those of Propose.
func (n *Node) CloseSession(ctx context.Context, session uint64) error {
	_, err := n.do(ctx, Request{operation: raftlog.SessionClose, Session: session})
	return err
}

// ProposeOnce is Propose for a command in a session: see Request.Session. Any error but ErrReplyGone, ErrNoSession,
// ErrSequenceTooOld and ErrRefused is a reason to call it again, with the same numbers and the same command, until it
// succeeds: on this node or on another one, but after ErrClosed on another one only. ErrNotDone and ErrOverloaded may
// come at once, so pause before the next call. The node copies command.
func (n *Node) ProposeOnce(ctx context.Context, session, sequence uint64, command []byte) ([]byte, error) {
	if session == 0 {
		return nil, refuse("not done: a session has a number from 1 on: see OpenSession")
	}
	a, err := n.do(ctx, Request{Session: session, Sequence: sequence, Body: command})
	if err != nil {
		return nil, err
	}
	return a.result, nil
}

func (r *Request) inSession() bool { return r.Session != 0 || r.Sequence != 0 || r.operation != 0 }

// submitInSession submits what concerns a session.
func (n *Node) submitInSession(r *Request) {
	b := raftlog.SessionBody{
		Operation: r.operation, Session: r.Session, Sequence: r.Sequence, TTLMillis: r.ttlMillis, Command: r.Body,
	}
	if b.Operation == 0 {
		b.Operation = raftlog.SessionCommand
		if err := r.checkInSession(); err != nil {
			r.end(err)
			return
		}
	}
	body := make([]byte, 0, raftlog.SessionHeaderBytes+len(r.Body))
	r.batch = engine.Batch{
		Body: stepwise.Append(b.AppendHeader(body), r.Body), InSession: true, Level: raftlog.FirstLevel, Wake: r.waker(),
	}
	r.runner.Submit(&r.batch)
}

// checkInSession says what is wrong with a command in a session.
func (r *Request) checkInSession() error {
	switch {
	case r.Read || len(r.Body) == 0:
		return refuse("not done: a session is for commands, and this is none")
	case r.Session == 0 || r.Sequence == 0:
		return refuse("not done: session %d, sequence %d: both count from 1", r.Session, r.Sequence)
	case r.Local != nil:
		return refuse("not done: a command in a session has no Local, for the same result must come from every node")
	case len(r.Body) > raftlog.MaxBodyBytes-raftlog.SessionHeaderBytes:
		return refuse("not done: the command has %d bytes, in a session %d are allowed", len(r.Body),
			raftlog.MaxBodyBytes-raftlog.SessionHeaderBytes)
	}
	return nil
}

// endedInSession says what became of a request that went through the log.
func (r *Request) endedInSession() error {
	switch r.batch.Session {
	case engine.Replayed:
		r.Replayed = true
	case engine.ReplyGone:
		return ErrReplyGone
	case engine.NoSession:
		return ErrNoSession
	case engine.TooOld:
		return ErrSequenceTooOld
	case engine.Opened:
		r.Session = uint64(r.batch.Times.Index)
	case engine.Full:
		return refuse("not done: %d sessions are open, and more are not allowed: close some, or wait until they expire",
			sessions.DefaultLimits().MaxSessions)
	}
	return nil
}
