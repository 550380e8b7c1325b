package fsm

import (
	"bytes"
	"math"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

const millisPerSecond = 1000

// Error texts of the commands here, to the letter those of Redis.
const (
	expireNXWithOthers = "ERR NX and XX, GT or LT options at the same time are not compatible"
	expireGTWithLT     = "ERR GT and LT options at the same time are not compatible"
)

// deadlineFunctions are those of the commands on the deadlines of keys.
var deadlineFunctions = []function{
	{of: command.Expire, write: expire},
	{of: command.ExpireAt, write: expireAt},
	{of: command.ExpireTime, read: expireTime},
	{of: command.PExpire, write: pExpire},
	{of: command.PExpireAt, write: pExpireAt},
	{of: command.PExpireTime, read: pExpireTime},
	{of: command.PTTL, read: pTTL},
	{of: command.Persist, write: persist},
	{of: command.TTL, read: ttl},
}

func invalidExpire(name string) string { return "ERR invalid expire time in '" + name + "' command" }

// millisOf is a number of units in milliseconds, and false if that is no 64-bit number.
func millisOf(n, unit int64) (int64, bool) {
	if n > math.MaxInt64/unit || n < math.MinInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// after is the relative deadline n units from now. at is the absolute deadline n units after the beginning of 1970. ok
// is false if the moment is no 64-bit number: for after, neither that of log time nor the one that EXPIRETIME shows.
func after(n, unit int64, now keyspace.Now) (deadline keyspace.Deadline, ok bool) {
	millis, ok := millisOf(n, unit)
	if !ok {
		return 0, false
	}
	_, shown := add(millis, now.Wall)
	last, ok := add(millis, now.Log)
	return keyspace.AtLog(last), ok && shown
}

func at(n, unit int64) (deadline keyspace.Deadline, ok bool) {
	millis, ok := millisOf(n, unit)
	return keyspace.At(millis), ok
}

func expire(m *Machine, c call) []byte    { return expireIn(m, c, "expire", millisPerSecond, true) }
func pExpire(m *Machine, c call) []byte   { return expireIn(m, c, "pexpire", 1, true) }
func expireAt(m *Machine, c call) []byte  { return expireIn(m, c, "expireat", millisPerSecond, false) }
func pExpireAt(m *Machine, c call) []byte { return expireIn(m, c, "pexpireat", 1, false) }

// expireIn gives a key a deadline, a number of units from now if it is relative, else since 1970. It removes the key if
// the deadline has come already.
func expireIn(m *Machine, c call, name string, unit int64, relative bool) []byte {
	condition, refusal := parseExpireCondition(c.args[3:])
	if refusal != "" {
		return c.error(refusal)
	}
	n, ok := number.Parse(c.args[2])
	if !ok {
		return c.error(reply.NotInteger)
	}
	now := m.space.Now()
	deadline, ok := at(n, unit)
	if relative {
		deadline, ok = after(n, unit, now)
	}
	if !ok {
		return c.error(invalidExpire(name))
	}
	key := c.args[1]
	place := m.space.Place(key)
	old := m.space.Find(place, key)
	switch {
	case isLock(old):
		return c.error(lockStays)
	case old == nil || !condition.allows(old.Deadline.Wall(now), deadline.Wall(now)):
		return c.integer(0)
	}
	m.space.PutUntil(place, key, *old, deadline)
	return c.integer(1)
}

// expireCondition are the options of EXPIRE and its like, about the deadline that the key has.
type expireCondition struct{ nx, xx, gt, lt bool }

func parseExpireCondition(args [][]byte) (condition expireCondition, refusal string) {
	for _, arg := range args {
		switch {
		case is(arg, "NX"):
			condition.nx = true
		case is(arg, "XX"):
			condition.xx = true
		case is(arg, "GT"):
			condition.gt = true
		case is(arg, "LT"):
			condition.lt = true
		default:
			shown, _, _ := bytes.Cut(arg, []byte{0}) // Redis prints it as a C string
			return condition, "ERR Unsupported option " + string(shown)
		}
	}
	switch {
	case condition.nx && (condition.xx || condition.gt || condition.lt):
		return condition, expireNXWithOthers
	case condition.gt && condition.lt:
		return condition, expireGTWithLT
	}
	return condition, ""
}

// allows reports whether a deadline may be replaced by another, both in wall time; 0 is none, which counts as later
// than all.
func (condition expireCondition) allows(old, fresh int64) bool {
	switch {
	case condition.nx && old != 0, condition.xx && old == 0:
		return false
	case condition.gt && (old == 0 || fresh <= old), condition.lt && old != 0 && fresh >= old:
		return false
	}
	return true
}

// persist is PERSIST key: it takes the deadline away.
func persist(m *Machine, c call) []byte {
	key := c.args[1]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	switch {
	case isLock(old):
		return c.error(lockStays)
	case old == nil || old.Deadline == 0:
		return c.integer(0)
	}
	m.space.Put(at, key, old.Until(0))
	return c.integer(1)
}

func ttl(v view, c call) []byte  { return deadlineOf(v, c, keyspace.Deadline.Left, millisPerSecond) }
func pTTL(v view, c call) []byte { return deadlineOf(v, c, keyspace.Deadline.Left, 1) }
func expireTime(v view, c call) []byte {
	return deadlineOf(v, c, keyspace.Deadline.Wall, millisPerSecond)
}
func pExpireTime(v view, c call) []byte { return deadlineOf(v, c, keyspace.Deadline.Wall, 1) }

// deadlineOf answers with the deadline of a key, as it is seen from now, in rounded units: -1 without a deadline, -2
// without the key.
func deadlineOf(v view, c call, seen func(keyspace.Deadline, keyspace.Now) int64, unit int64) []byte {
	e := v.get(c.args[1])
	switch {
	case e == nil:
		return c.integer(-2)
	case e.Deadline == 0:
		return c.integer(-1)
	}
	millis := seen(e.Deadline, v.now)
	if unit == 1 {
		return c.integer(millis)
	}
	return c.integer(millis/unit + (millis%unit+unit/2)/unit) // no overflow at the end of all time
}
