package hashes

import (
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts, to the letter those of Redis.
const (
	notInteger  = "ERR hash value is not an integer"
	notFloat    = "ERR hash value is not a float"
	notANumber  = "ERR value is NaN or Infinity"
	fieldsStart = 2
)

// set is HSET key field value [field value …]: how many of the fields are new.
func set(w *exec.Writer, c exec.Call) []byte {
	made, refusal := setFields(w, c, "hset")
	if refusal != "" {
		return c.Error(refusal)
	}
	return c.Integer(made)
}

// setAll is HMSET key field value [field value …].
func setAll(w *exec.Writer, c exec.Call) []byte {
	if _, refusal := setFields(w, c, "hmset"); refusal != "" {
		return c.Error(refusal)
	}
	return c.OK()
}

// setFields sets the fields of a call, and says how many are new. refusal is why it sets none, empty if it does.
func setFields(w *exec.Writer, c exec.Call, name string) (made int64, refusal string) {
	pairs := c.Args[fieldsStart:]
	switch {
	case len(pairs)%2 == 1:
		return 0, reply.WrongArity(name)
	case !fit(w, pairs):
		return 0, reply.StringTooLong
	}
	h, ok := write(w, c)
	if !ok {
		return 0, reply.WrongType
	}
	for ; len(pairs) > 0; pairs = pairs[2:] {
		if !h.Set(pairs[0], pairs[1]) {
			made++
		}
	}
	h.put()
	return made, ""
}

// setNew is HSETNX key field value.
func setNew(w *exec.Writer, c exec.Call) []byte {
	if !fit(w, c.Args[fieldsStart:]) {
		return c.Error(reply.StringTooLong)
	}
	h, ok := write(w, c)
	if !ok {
		return c.WrongType()
	}
	if _, there := h.Get(c.Args[2]); there {
		return c.Integer(0)
	}
	h.Set(c.Args[2], c.Args[3])
	h.put()
	return c.Integer(1)
}

// del is HDEL key field [field …]: how many fields there were.
func del(w *exec.Writer, c exec.Call) []byte {
	h, ok := write(w, c)
	if !ok {
		return c.WrongType()
	}
	var gone int64
	for _, field := range c.Args[fieldsStart:] {
		if h.Remove(field) {
			gone++
		}
	}
	if gone > 0 {
		h.put()
	}
	return c.Integer(gone)
}

// incrBy is HINCRBY key field increment. A missing field counts as 0.
func incrBy(w *exec.Writer, c exec.Call) []byte {
	delta, ok := number.Parse(c.Args[3])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	h, ok := write(w, c)
	if !ok {
		return c.WrongType()
	}
	var before int64
	if v, there := h.Get(c.Args[2]); there {
		if before, ok = v.Integer(); !ok {
			return c.Error(notInteger)
		}
	}
	sum, ok := number.Add(before, delta)
	if !ok {
		return c.Error(reply.Overflow)
	}
	var digits value.Digits
	if refusal := h.setNumber(w, c.Args[2], strconv.AppendInt(digits[:0], sum, 10)); refusal != "" {
		return c.Error(refusal)
	}
	return c.Integer(sum)
}

// incrByFloat is HINCRBYFLOAT key field increment: it answers with the sum as it is stored. A missing field counts as
// 0.
func incrByFloat(w *exec.Writer, c exec.Call) []byte {
	delta, ok := exec.ParseLongDouble(c.Args[3])
	switch {
	case !ok:
		return c.Error(reply.NotFloat)
	case delta.IsInfinite():
		return c.Error(notANumber)
	}
	h, ok := write(w, c)
	if !ok {
		return c.WrongType()
	}
	text := []byte("0")
	if v, there := h.Get(c.Args[2]); there && v.Len() <= exec.MaxNumberBytes {
		text = v.Append(text[:0])
	} else if there {
		return c.Error(notFloat)
	}
	before, ok := exec.ParseLongDouble(text)
	if !ok {
		return c.Error(notFloat)
	}
	sum, ok := before.Plus(delta)
	if !ok {
		return c.Error(reply.NotFinite)
	}
	result := sum.Append(nil)
	if refusal := h.setNumber(w, c.Args[2], result); refusal != "" {
		return c.Error(refusal)
	}
	return reply.Bulk(c.Reply, result)
}

// setNumber gives a field a number that was computed. refusal is why it does not, empty if it does.
func (h *written) setNumber(w *exec.Writer, field, digits []byte) (refusal string) {
	if !fit(w, [][]byte{field, digits}) {
		return reply.StringTooLong
	}
	h.Set(field, digits)
	h.put()
	return ""
}
