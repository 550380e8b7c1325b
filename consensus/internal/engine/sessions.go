package engine

import (
	"bytes"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/sessions"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Sessions stand between the log and the state machine: they follow from the log alone, as the machine's state does, a
// snapshot carries both, and the hash of the state is that of both. The machine sees a command of a session once. At an
// entry that brings it again, and at one that opens or closes a session, it sees an entry without a command.
//
// Hosts without sessions pay for them with one comparison per entry: the table is empty, and nothing in it is due.

// SessionOutcome says what became of a batch in a session that is Done.
type SessionOutcome uint8

// The outcomes.
const (
	// NotInSession: the batch is in no session, or it has not ended as Done.
	NotInSession SessionOutcome = iota
	// Executed: it was executed now, for the first time; Result is its result.
	Executed
	// Replayed: it was executed before; Result is what it resulted in then.
	Replayed
	// ReplyGone: it was executed before, and its result is no longer kept.
	ReplyGone
	// NoSession: there is no such session any more; it was not executed now.
	NoSession
	// TooOld: its sequence has left the session's window; it was not executed now.
	TooOld
	// Opened: a session was opened; Times.Index is its number. Full: there are too many.
	Opened
	Full
	// Closed: there is no such session any more.
	Closed
)

// expiredPerEntry is how many sessions an entry removes whose time is over, and 16 times as many replies. The leader
// adds entries while there are more.
const expiredPerEntry = 64

// execute gives the machine what an entry has for it, and the result to the batch, if the entry has one of this node.
func (a *Applier) execute(e *raftlog.Entry, data []byte, b *Batch) {
	now := int64(max(a.base.Time.Stamp, e.Stamp))
	if due := a.sessions.Due(); due != 0 && due <= now {
		a.sessions.Expire(now, expiredPerEntry)
	}
	var local any
	switch {
	case len(data) > 0 && e.Kind.Traits().InSession:
		outcome, result := a.executeInSession(e, data, now)
		if b != nil {
			b.Session, b.Result = outcome, result
			if outcome == Replayed {
				b.Result = bytes.Clone(result) // the table has its own, and drops it when it wants
			}
		}
		return
	case b != nil:
		local = b.Local
	}
	result := a.machine.Apply(uint64(e.Index), int64(e.Stamp), data, local)
	if b != nil {
		b.Result = result
	}
}

// executeInSession executes a command that its session does not know yet. What a retry gets must not depend on the
// node that executed it, so the machine gets nothing local. The result of one that is Replayed is the table's own.
func (a *Applier) executeInSession(e *raftlog.Entry, data []byte, now int64) (o SessionOutcome, result []byte) {
	body, err := raftlog.DecodeSessionBody(data)
	switch {
	case err != nil: // no node proposes that
	case body.Operation == raftlog.SessionOpen:
		if o = Full; a.sessions.Open(uint64(e.Index), now, body.TTLMillis) {
			o = Opened
		}
	case body.Operation == raftlog.SessionClose:
		a.sessions.Close(body.Session, now)
		o = Closed
	default:
		kept, reply := a.sessions.Begin(body.Session, body.Sequence, now)
		o, result = outcomes[kept], reply
	}
	again := (o == Replayed || o == ReplyGone) && a.options.Weakened.Down(guard.ExecutedOnce)
	if o == Executed || again {
		result = a.machine.Apply(uint64(e.Index), int64(e.Stamp), body.Command, nil)
		a.sessions.Record(body.Session, body.Sequence, now, result)
		return o, result
	}
	if e.Kind.Traits().Piece {
		a.machine.Prepare(nil, 0) // what it was shown does not come
	}
	a.machine.Apply(uint64(e.Index), int64(e.Stamp), nil, nil)
	return o, result
}

var outcomes = [...]SessionOutcome{
	sessions.First: Executed, sessions.Replayed: Replayed, sessions.ReplyGone: ReplyGone,
	sessions.NoSession: NoSession, sessions.TooOld: TooOld,
}

// prepare shows the machine what is here of a body. Of one in a session it sees the command alone, once that begins.
func (a *Applier) prepare(e *raftlog.Entry, part []byte, totalBytes int) (shown bool) {
	if e.Kind.Traits().InSession {
		if len(part) <= raftlog.SessionHeaderBytes {
			return false
		}
		part, totalBytes = part[raftlog.SessionHeaderBytes:], totalBytes-raftlog.SessionHeaderBytes
	}
	a.machine.Prepare(part, totalBytes)
	return true
}

// due is the earliest time at which time alone changes the state, 0 for never.
func (a *Applier) due() raftlog.Stamp {
	machine, table := a.machine.Due(), a.sessions.Due()
	if machine == 0 || table != 0 && table < machine {
		return raftlog.Stamp(table)
	}
	return raftlog.Stamp(machine)
}

// StateHash is the hash of the whole state: of the machine's and of the sessions.
func (a *Applier) StateHash() uint64 { return a.machine.Hash() + a.sessions.Hash() }
