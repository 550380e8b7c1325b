package fsm

import (
	"bytes"
	"math"

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

// unitsAfter is the time n units after since, in milliseconds, and false if that is no 64-bit number.
func unitsAfter(n, unit, since int64) (int64, bool) {
	if n > math.MaxInt64/unit || n < math.MinInt64/unit {
		return 0, false
	}
	return add(n*unit, since)
}

func expire(m *Machine, c call) []byte {
	return expireAfter(m, c, "expire", millisPerSecond, m.space.Time())
}
func pExpire(m *Machine, c call) []byte   { return expireAfter(m, c, "pexpire", 1, m.space.Time()) }
func expireAt(m *Machine, c call) []byte  { return expireAfter(m, c, "expireat", millisPerSecond, 0) }
func pExpireAt(m *Machine, c call) []byte { return expireAfter(m, c, "pexpireat", 1, 0) }

// expireAfter gives a key a deadline, a number of units after since. It removes the key if the deadline has come
// already.
func expireAfter(m *Machine, c call, name string, unit, since int64) []byte {
	condition, refusal := parseExpireCondition(c.args[3:])
	if refusal != "" {
		return c.error(refusal)
	}
	n, ok := number.Parse(c.args[2])
	if !ok {
		return c.error(reply.NotInteger)
	}
	deadline, ok := unitsAfter(n, unit, since)
	if !ok {
		return c.error(invalidExpire(name))
	}
	key := c.args[1]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	if old == nil || !condition.allows(old.Deadline, deadline) {
		return c.integer(0)
	}
	m.space.PutUntil(at, key, *old, max(deadline, 1)) // 0 would be no deadline, and has come since 1970
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

// allows reports whether a deadline may be replaced by another; 0 is none, which counts as later than all.
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
	if old == nil || old.Deadline == 0 {
		return c.integer(0)
	}
	m.space.Put(at, key, old.Until(0))
	return c.integer(1)
}

func ttl(v view, c call) []byte         { return remaining(v, c, v.now, millisPerSecond) }
func pTTL(v view, c call) []byte        { return remaining(v, c, v.now, 1) }
func expireTime(v view, c call) []byte  { return remaining(v, c, 0, millisPerSecond) }
func pExpireTime(v view, c call) []byte { return remaining(v, c, 0, 1) }

// remaining answers with the time from since to the deadline of a key, in rounded units: -1 without a deadline, -2
// without the key.
func remaining(v view, c call, since, unit int64) []byte {
	e := v.get(c.args[1])
	switch {
	case e == nil:
		return c.integer(-2)
	case e.Deadline == 0:
		return c.integer(-1)
	}
	millis := e.Deadline - since
	if unit == 1 {
		return c.integer(millis)
	}
	return c.integer(millis/unit + (millis%unit+unit/2)/unit) // no overflow at the end of all time
}
