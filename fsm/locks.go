package fsm

import (
	"fmt"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
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
var lockFunctions = []function{
	{of: command.RaftHolder, read: lockHolder},
	{of: command.RaftLock, write: lock},
	{of: command.RaftRenew, write: renewLock},
	{of: command.RaftUnlock, write: unlock},
}

// lockOf gives the lock of an entry; no entry is no lock. ok is false if the value is of another kind.
func lockOf(e *keyspace.Entry) (held *value.Lock, ok bool) {
	if e == nil {
		return nil, true
	}
	held, ok = e.Apart().(*value.Lock)
	return held, ok
}

// isLock reports whether an entry, which may be nil, is a lock.
func isLock(e *keyspace.Entry) bool {
	held, _ := lockOf(e)
	return held != nil
}

// lock is RAFT.LOCK name holder milliseconds: it answers with the token, or with null while another holds the lock. For
// the holder itself it is RAFT.RENEW, and answers with the same token: so a client that was not told may ask again.
func lock(m *Machine, c call) []byte {
	name, holder := c.args[1], c.args[2]
	ends, refusal := m.lockEnds(c.args[3], "raft.lock")
	switch {
	case refusal != "":
		return c.error(refusal)
	case len(holder) == 0 || len(holder) > value.MaxHolderBytes:
		return c.error(holderTooLong)
	}
	at := m.space.Place(name)
	old := m.space.Find(at, name)
	held, ok := lockOf(old)
	switch {
	case !ok:
		return c.wrongType()
	case held == nil:
		held = m.space.NewLock(holder, m.space.NextNumber())
		m.space.Put(at, name, keyspace.EntryOf(name, held).Until(ends))
	case held.Holder() != string(holder):
		return c.null()
	default:
		m.prolong(at, name, old, ends)
	}
	return c.integer(int64(held.Token()))
}

// lockEnds is when a lock ends that shall last from now on. refusal is the error of the command of that name, empty if
// there is none.
func (m *Machine) lockEnds(millis []byte, name string) (ends keyspace.Deadline, refusal string) {
	n, ok := number.Parse(millis)
	switch {
	case !ok:
		return 0, reply.NotInteger
	case n < 1 || n > maxLockMillis:
		return 0, badLockTime
	}
	ends, ok = after(n, 1, m.space.Now())
	if !ok {
		return 0, invalidExpire(name)
	}
	return ends, ""
}

// prolong lets a lock end at a moment, unless it ends later anyway: what comes late, or twice, takes no time from the
// holder that it was promised since.
func (m *Machine) prolong(at keyspace.Place, name []byte, old *keyspace.Entry, ends keyspace.Deadline) {
	now := m.space.Now()
	if ends.Left(now) > old.Deadline.Left(now) {
		m.space.Put(at, name, old.Until(ends))
	}
}

// renewLock is RAFT.RENEW name token milliseconds: 1 if the lock is held with that token. It lasts so long from now on.
func renewLock(m *Machine, c call) []byte {
	name := c.args[1]
	token, ok := number.Parse(c.args[2])
	if !ok {
		return c.error(reply.NotInteger)
	}
	ends, refusal := m.lockEnds(c.args[3], "raft.renew")
	if refusal != "" {
		return c.error(refusal)
	}
	at := m.space.Place(name)
	old := m.space.Find(at, name)
	held, ok := lockOf(old)
	switch {
	case !ok:
		return c.wrongType()
	case held == nil || int64(held.Token()) != token:
		return c.integer(0)
	}
	m.prolong(at, name, old, ends)
	return c.integer(1)
}

// unlock is RAFT.UNLOCK name token: 1 if the lock was held with that token.
func unlock(m *Machine, c call) []byte {
	name := c.args[1]
	token, ok := number.Parse(c.args[2])
	if !ok {
		return c.error(reply.NotInteger)
	}
	held, ok := lockOf(m.space.Get(name))
	switch {
	case !ok:
		return c.wrongType()
	case held == nil || int64(held.Token()) != token:
		return c.integer(0)
	}
	m.space.Remove(name)
	return c.integer(1)
}

// lockHolder is RAFT.HOLDER name: holder, token, and the milliseconds that are left; null if the lock is free.
func lockHolder(v view, c call) []byte {
	e := v.get(c.args[1])
	held, ok := lockOf(e)
	switch {
	case !ok:
		return c.wrongType()
	case held == nil:
		return c.null()
	}
	c.reply = reply.ArrayHeader(c.reply, 3)
	c.reply = c.bulkString(held.Holder())
	c.reply = c.integer(int64(held.Token()))
	return c.integer(e.Deadline.Left(v.now))
}
