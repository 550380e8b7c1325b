package fsm

import (
	"math"
	"strconv"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// counterFunctions are those of the commands on strings that are numbers.
var counterFunctions = []function{
	{of: command.Decr, write: decr},
	{of: command.DecrBy, write: decrBy},
	{of: command.Incr, write: incr},
	{of: command.IncrBy, write: incrBy},
	{of: command.IncrByFloat, write: incrByFloat},
}

func incr(m *Machine, c call) []byte { return addTo(m, c, 1) }

func decr(m *Machine, c call) []byte { return addTo(m, c, -1) }

func incrBy(m *Machine, c call) []byte {
	delta, ok := number.Parse(c.args[2])
	if !ok {
		return c.error(reply.NotInteger)
	}
	return addTo(m, c, delta)
}

func decrBy(m *Machine, c call) []byte {
	delta, ok := number.Parse(c.args[2])
	switch {
	case !ok:
		return c.error(reply.NotInteger)
	case delta == math.MinInt64: // its negative is not a 64-bit number
		return c.error(reply.DecrementMinimum)
	}
	return addTo(m, c, -delta)
}

// addTo adds to the number at the call's key; a missing key counts as 0.
func addTo(m *Machine, c call, delta int64) []byte {
	key := c.args[1]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	text, ok := textOf(old)
	if !ok {
		return c.wrongType()
	}
	var number int64
	if old != nil {
		if number, ok = text.Integer(); !ok {
			return c.error(reply.NotInteger)
		}
	}
	sum, ok := add(number, delta)
	if !ok {
		return c.error(reply.Overflow)
	}
	var digits [20]byte
	m.space.Put(at, key, keyspace.NewEntry(key, strconv.AppendInt(digits[:0], sum, 10)).Keeping(old))
	return c.integer(sum)
}

// incrByFloat adds to the number at the call's key and answers with the sum as it is stored; a missing key counts as 0.
func incrByFloat(m *Machine, c call) []byte {
	key := c.args[1]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	text, ok := textOf(old)
	if !ok {
		return c.wrongType()
	}
	before := []byte("0")
	if old != nil {
		before = text.AppendRange(nil, 0, min(text.Len(), maxNumberBytes+1))
	}
	number, ok := parseLongDouble(before)
	delta, alsoOK := parseLongDouble(c.args[2])
	if !ok || !alsoOK {
		return c.error(reply.NotFloat)
	}
	sum, ok := number.plus(delta)
	if !ok {
		return c.error(reply.NotFinite)
	}
	result := sum.append(nil)
	if len(result) > m.maxValueBytes {
		return c.error(reply.StringTooLong)
	}
	m.space.Put(at, key, keyspace.NewEntry(key, result).Keeping(old))
	return reply.Bulk(c.reply, result)
}

// add is a + b, and false if that is not a 64-bit number.
func add(a, b int64) (int64, bool) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, false
	}
	return a + b, true
}
