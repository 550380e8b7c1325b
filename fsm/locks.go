package fsm

import (
	"fmt"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// maxLockMillis bounds the time of a lock: a year.
const maxLockMillis = 365 * 24 * 60 * 60 * millisPerSecond

// Error texts of the commands here, and of those that leave a lock's key alone.
var (
	holderTooLong = fmt.Sprintf("ERR the holder of a lock has 1 to %d bytes", value.MaxHolderBytes)
	badLockTime   = fmt.Sprintf("ERR a lock lasts 1 to %d milliseconds", int64(maxLockMillis))
)

// lockStays refuses to move a lock, to double it, or to change when it ends.
const lockStays = "ERR the key is a lock: RAFT.RENEW prolongs it, RAFT.UNLOCK and DEL end it"

// lockFunctions are those of the commands on locks. A lock is a key with a deadline of log time, so it ends by elapsed
// time, on all nodes at the same place of the log, whatever the clocks do. Its token is a number that only grows.
var lockFunctions = []exec.Function{
	{Of: data.RaftHolder, Read: lockHolder},
	{Of: data.RaftLock, Write: lock},
	{Of: data.RaftRenew, Write: renewLock},
	{Of: data.RaftUnlock, Write: unlock},
}

// lockOf gives the lock of an entry; no entry is no lock. ok is false if the value is of another kind.
func lockOf(e *keyspace.Entry) (held *value.Lock, ok bool) { return exec.ValueOf[*value.Lock](e) }

// isLock reports whether an entry, which may be nil, is a lock.
func isLock(e *keyspace.Entry) bool {
	held, _ := lockOf(e)
	return held != nil
}

// lock is RAFT.LOCK name holder milliseconds: it answers with the token, or with null while another holds the lock. For
// the holder itself it is RAFT.RENEW, and answers with the same token: so a client that was not told may ask again.
func lock(w *exec.Writer, c exec.Call) []byte {
	name, holder := c.Args[1], c.Args[2]
	ends, refusal := lockEnds(w, c.Args[3], "raft.lock")
	switch {
	case refusal != "":
		return c.Error(refusal)
	case len(holder) == 0 || len(holder) > value.MaxHolderBytes:
		return c.Error(holderTooLong)
	}
	at := w.Place(name)
	old := w.Find(at, name)
	held, ok := lockOf(old)
	switch {
	case !ok:
		return c.WrongType()
	case held == nil:
		state, _ := w.Making()
		held = value.NewLock(holder, w.NextNumber(), state)
		w.Put(at, name, keyspace.EntryOf(name, held).Until(ends))
	case held.Holder() != string(holder):
		return c.Null()
	default:
		prolong(w, at, name, old, ends)
	}
	return c.Integer(int64(held.Token()))
}

// lockEnds is when a lock ends that shall last from now on. refusal is the error of the command of that name, empty if
// there is none.
func lockEnds(w *exec.Writer, millis []byte, name string) (ends keyspace.Deadline, refusal string) {
	n, ok := number.Parse(millis)
	switch {
	case !ok:
		return 0, reply.NotInteger
	case n < 1 || n > maxLockMillis:
		return 0, badLockTime
	}
	ends, ok = after(n, 1, w.Now())
	if !ok {
		return 0, invalidExpire(name)
	}
	return ends, ""
}

// prolong lets a lock end at a moment, unless it ends later anyway: what comes late, or twice, takes no time from the
// holder that it was promised since.
func prolong(w *exec.Writer, at keyspace.Place, name []byte, old *keyspace.Entry, ends keyspace.Deadline) {
	now := w.Now()
	if ends.Left(now) > old.Deadline.Left(now) {
		w.Put(at, name, old.Until(ends))
	}
}

// renewLock is RAFT.RENEW name token milliseconds: 1 if the lock is held with that token. It lasts so long from now on.
func renewLock(w *exec.Writer, c exec.Call) []byte {
	name := c.Args[1]
	token, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	ends, refusal := lockEnds(w, c.Args[3], "raft.renew")
	if refusal != "" {
		return c.Error(refusal)
	}
	at := w.Place(name)
	old := w.Find(at, name)
	held, ok := lockOf(old)
	switch {
	case !ok:
		return c.WrongType()
	case held == nil || int64(held.Token()) != token:
		return c.Integer(0)
	}
	prolong(w, at, name, old, ends)
	return c.Integer(1)
}

// unlock is RAFT.UNLOCK name token: 1 if the lock was held with that token.
func unlock(w *exec.Writer, c exec.Call) []byte {
	name := c.Args[1]
	token, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	held, ok := lockOf(w.Get(name))
	switch {
	case !ok:
		return c.WrongType()
	case held == nil || int64(held.Token()) != token:
		return c.Integer(0)
	}
	w.Remove(name)
	return c.Integer(1)
}

// lockHolder is RAFT.HOLDER name: holder, token, and the milliseconds that are left; null if the lock is free.
func lockHolder(v exec.View, c exec.Call) []byte {
	e := v.Get(c.Args[1])
	held, ok := lockOf(e)
	switch {
	case !ok:
		return c.WrongType()
	case held == nil:
		return c.Null()
	}
	c.Reply = reply.ArrayHeader(c.Reply, 3)
	c.Reply = c.BulkString(held.Holder())
	c.Reply = c.Integer(int64(held.Token()))
	return c.Integer(e.Deadline.Left(v.Now))
}
