package fsm

import (
	"math"
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// counterFunctions are those of the commands on strings that are numbers.
var counterFunctions = []exec.Function{
	{Of: data.Decr, Write: decr},
	{Of: data.DecrBy, Write: decrBy},
	{Of: data.Incr, Write: incr},
	{Of: data.IncrBy, Write: incrBy},
	{Of: data.IncrByFloat, Write: incrByFloat},
}

func incr(w *exec.Writer, c exec.Call) []byte { return addTo(w, c, 1) }

func decr(w *exec.Writer, c exec.Call) []byte { return addTo(w, c, -1) }

func incrBy(w *exec.Writer, c exec.Call) []byte {
	delta, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	return addTo(w, c, delta)
}

func decrBy(w *exec.Writer, c exec.Call) []byte {
	delta, ok := number.Parse(c.Args[2])
	switch {
	case !ok:
		return c.Error(reply.NotInteger)
	case delta == math.MinInt64: // its negative is not a 64-bit number
		return c.Error(reply.DecrementMinimum)
	}
	return addTo(w, c, -delta)
}

// addTo adds to the number at the call's key; a missing key counts as 0.
func addTo(w *exec.Writer, c exec.Call, delta int64) []byte {
	key := c.Args[1]
	at := w.Place(key)
	old := w.Find(at, key)
	text, ok := exec.TextOf(old)
	if !ok {
		return c.WrongType()
	}
	var before int64
	if old != nil {
		if before, ok = text.Integer(); !ok {
			return c.Error(reply.NotInteger)
		}
	}
	sum, ok := number.Add(before, delta)
	if !ok {
		return c.Error(reply.Overflow)
	}
	var digits [20]byte
	w.Put(at, key, keyspace.NewEntry(key, strconv.AppendInt(digits[:0], sum, 10)).Keeping(old))
	return c.Integer(sum)
}

// incrByFloat adds to the number at the call's key and answers with the sum as it is stored; a missing key counts as 0.
func incrByFloat(w *exec.Writer, c exec.Call) []byte {
	key := c.Args[1]
	at := w.Place(key)
	old := w.Find(at, key)
	text, ok := exec.TextOf(old)
	if !ok {
		return c.WrongType()
	}
	before := []byte("0")
	if old != nil {
		before = text.AppendRange(nil, 0, min(text.Len(), exec.MaxNumberBytes+1))
	}
	augend, ok := exec.ParseLongDouble(before)
	delta, alsoOK := exec.ParseLongDouble(c.Args[2])
	if !ok || !alsoOK {
		return c.Error(reply.NotFloat)
	}
	sum, ok := augend.Plus(delta)
	if !ok {
		return c.Error(reply.NotFinite)
	}
	result := sum.Append(nil)
	if len(result) > w.MaxValueBytes() {
		return c.Error(reply.StringTooLong)
	}
	w.Put(at, key, keyspace.NewEntry(key, result).Keeping(old))
	return reply.Bulk(c.Reply, result)
}
