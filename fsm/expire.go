package fsm

import (
	"bytes"
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/commands/data"
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
var deadlineFunctions = []exec.Function{
	{Of: data.Expire, Write: expire},
	{Of: data.ExpireAt, Write: expireAt},
	{Of: data.ExpireTime, Read: expireTime},
	{Of: data.PExpire, Write: pExpire},
	{Of: data.PExpireAt, Write: pExpireAt},
	{Of: data.PExpireTime, Read: pExpireTime},
	{Of: data.PTTL, Read: pTTL},
	{Of: data.Persist, Write: persist},
	{Of: data.TTL, Read: ttl},
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
	_, shown := number.Add(millis, now.Wall)
	last, ok := number.Add(millis, now.Log)
	return keyspace.AtLog(last), ok && shown
}

func at(n, unit int64) (deadline keyspace.Deadline, ok bool) {
	millis, ok := millisOf(n, unit)
	return keyspace.At(millis), ok
}

func expire(w *exec.Writer, c exec.Call) []byte {
	return expireIn(w, c, "expire", millisPerSecond, true)
}
func pExpire(w *exec.Writer, c exec.Call) []byte { return expireIn(w, c, "pexpire", 1, true) }
func expireAt(w *exec.Writer, c exec.Call) []byte {
	return expireIn(w, c, "expireat", millisPerSecond, false)
}
func pExpireAt(w *exec.Writer, c exec.Call) []byte { return expireIn(w, c, "pexpireat", 1, false) }

// expireIn gives a key a deadline, a number of units from now if it is relative, else since 1970. It removes the key if
// the deadline has come already.
func expireIn(w *exec.Writer, c exec.Call, name string, unit int64, relative bool) []byte {
	condition, refusal := parseExpireCondition(c.Args[3:])
	if refusal != "" {
		return c.Error(refusal)
	}
	n, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	now := w.Now()
	deadline, ok := at(n, unit)
	if relative {
		deadline, ok = after(n, unit, now)
	}
	if !ok {
		return c.Error(invalidExpire(name))
	}
	key := c.Args[1]
	place := w.Place(key)
	old := w.Find(place, key)
	switch {
	case isLock(old):
		return c.Error(lockStays)
	case old == nil || !condition.allows(old.Deadline.Wall(now), deadline.Wall(now)):
		return c.Integer(0)
	}
	w.PutUntil(place, key, *old, deadline)
	return c.Integer(1)
}

// expireCondition are the options of EXPIRE and its like, about the deadline that the key has.
type expireCondition struct{ nx, xx, gt, lt bool }

func parseExpireCondition(args [][]byte) (condition expireCondition, refusal string) {
	for _, arg := range args {
		switch {
		case exec.Is(arg, "NX"):
			condition.nx = true
		case exec.Is(arg, "XX"):
			condition.xx = true
		case exec.Is(arg, "GT"):
			condition.gt = true
		case exec.Is(arg, "LT"):
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
func persist(w *exec.Writer, c exec.Call) []byte {
	key := c.Args[1]
	at := w.Place(key)
	old := w.Find(at, key)
	switch {
	case isLock(old):
		return c.Error(lockStays)
	case old == nil || old.Deadline == 0:
		return c.Integer(0)
	}
	w.Put(at, key, old.Until(0))
	return c.Integer(1)
}

func ttl(v exec.View, c exec.Call) []byte {
	return deadlineOf(v, c, keyspace.Deadline.Left, millisPerSecond)
}
func pTTL(v exec.View, c exec.Call) []byte { return deadlineOf(v, c, keyspace.Deadline.Left, 1) }
func expireTime(v exec.View, c exec.Call) []byte {
	return deadlineOf(v, c, keyspace.Deadline.Wall, millisPerSecond)
}
func pExpireTime(v exec.View, c exec.Call) []byte { return deadlineOf(v, c, keyspace.Deadline.Wall, 1) }

// deadlineOf answers with the deadline of a key, as it is seen from now, in rounded units: -1 without a deadline, -2
// without the key.
func deadlineOf(v exec.View, c exec.Call, seen func(keyspace.Deadline, keyspace.Now) int64, unit int64) []byte {
	e := v.Look(c.Args[1])
	switch {
	case e == nil:
		return c.Integer(-2)
	case e.Deadline == 0:
		return c.Integer(-1)
	}
	millis := seen(e.Deadline, v.Now)
	if unit == 1 {
		return c.Integer(millis)
	}
	return c.Integer(millis/unit + (millis%unit+unit/2)/unit) // no overflow at the end of all time
}
