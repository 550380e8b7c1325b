package fsm

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/stepwise"
)

// stringFunctions are those of the commands on strings.
var stringFunctions = []function{
	{of: command.Append, write: appendTo},
	{of: command.Get, read: get},
	{of: command.GetDel, write: getDel},
	{of: command.GetEX, write: getEX},
	{of: command.GetRange, read: getRange},
	{of: command.GetSet, write: getSet},
	{of: command.LCS, read: lcs},
	{of: command.MGet, read: mget},
	{of: command.MSet, write: mset},
	{of: command.MSetNX, write: msetNX},
	{of: command.PSetEX, write: pSetEX},
	{of: command.Set, write: set},
	{of: command.SetEX, write: setEX},
	{of: command.SetNX, write: setNX},
	{of: command.SetRange, write: setRange},
	{of: command.Strlen, read: strlen},
	{of: command.SubStr, read: getRange},
}

func get(v view, c call) []byte { return c.value(v.get(c.args[1])) }

func strlen(v view, c call) []byte {
	text, ok := textOf(v.get(c.args[1]))
	if !ok {
		return c.wrongType()
	}
	return c.integer(int64(text.Len()))
}

func mget(v view, c call) []byte {
	keys := c.args[1:]
	bytes, room := 0, 0
	for _, key := range keys {
		text, _ := textOf(v.space.Get(key))
		bytes += text.Len() + valueOverheadBytes
		if room += valueOverheadBytes; !c.isLong(text.Len()) {
			room += text.Len()
		}
	}
	if !c.fits(bytes) {
		return c.tooLong()
	}
	if room > stepwise.StepBytes { // or append would copy at one stroke what there is, again and again
		c.reply = stepwise.Grow(c.reply, room+valueOverheadBytes)
	}
	c.reply = reply.ArrayHeader(c.reply, len(keys))
	for _, key := range keys {
		if e := v.get(key); e != nil && e.Kind() != value.KindString {
			c.reply = c.null() // a value of another kind is none
		} else {
			c.reply = c.value(e)
		}
	}
	return c.reply
}

// getRange answers with a part of a string. Positions count from 0, or from the end if they are negative.
func getRange(v view, c call) []byte {
	first, ok := number.Parse(c.args[2])
	last, alsoOK := number.Parse(c.args[3])
	if !ok || !alsoOK {
		return c.error(reply.NotInteger)
	}
	text, ok := textOf(v.get(c.args[1]))
	begin, end := span{first, last}.within(int64(text.Len()))
	switch {
	case !ok:
		return c.wrongType()
	case begin == end:
		return c.bulkString("")
	case !c.fits(int(end-begin) + valueOverheadBytes):
		return c.tooLong()
	}
	return c.bulkRange(text, int(begin), int(end))
}

func getSet(m *Machine, c call) []byte {
	key, value := c.args[1], c.args[2]
	if len(value) > m.maxValueBytes {
		return c.error(reply.StringTooLong)
	}
	at := m.space.Place(key)
	old := c.read(m.space.Find(at, key))
	if _, ok := textOf(old); !ok {
		return c.wrongType()
	}
	c.reply = c.value(old)
	m.space.Put(at, key, m.newEntry(key, value))
	return c.reply
}

func getDel(m *Machine, c call) []byte {
	key := c.args[1]
	old := c.read(m.space.Get(key))
	if _, ok := textOf(old); !ok {
		return c.wrongType()
	}
	c.reply = c.value(old)
	m.space.Remove(key)
	return c.reply
}

func setNX(m *Machine, c call) []byte {
	key, value := c.args[1], c.args[2]
	if len(value) > m.maxValueBytes {
		return c.error(reply.StringTooLong)
	}
	at := m.space.Place(key)
	if m.space.Find(at, key) != nil {
		return c.integer(0)
	}
	m.space.Put(at, key, m.newEntry(key, value))
	return c.integer(1)
}

func mset(m *Machine, c call) []byte {
	pairs := c.args[1:]
	if refusal := m.refusePairs(pairs, "mset"); refusal != "" {
		return c.error(refusal)
	}
	m.setPairs(pairs)
	return c.ok()
}

func msetNX(m *Machine, c call) []byte {
	pairs := c.args[1:]
	if refusal := m.refusePairs(pairs, "msetnx"); refusal != "" {
		return c.error(refusal)
	}
	for i := 0; i < len(pairs); i += 2 {
		if m.space.Get(pairs[i]) != nil {
			return c.integer(0)
		}
	}
	m.setPairs(pairs)
	return c.integer(1)
}

// refusePairs gives the error of a list of keys and values, empty if there is none.
func (m *Machine) refusePairs(pairs [][]byte, name string) string {
	if len(pairs)%2 != 0 {
		return reply.WrongArity(name)
	}
	for i := 1; i < len(pairs); i += 2 {
		if len(pairs[i]) > m.maxValueBytes {
			return reply.StringTooLong
		}
	}
	return ""
}

func (m *Machine) setPairs(pairs [][]byte) {
	for i := 0; i < len(pairs); i += 2 {
		m.space.Put(m.space.Place(pairs[i]), pairs[i], m.newEntry(pairs[i], pairs[i+1]))
	}
}

func appendTo(m *Machine, c call) []byte {
	key, more := c.args[1], c.args[2]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	text, ok := textOf(old)
	length := text.Len() + len(more)
	switch {
	case !ok:
		return c.wrongType()
	case length > m.maxValueBytes:
		return c.error(reply.StringTooLong)
	case old == nil:
		m.space.Put(at, key, m.newEntry(key, more))
	case len(more) > 0:
		m.overwrite(at, key, old, text.Len(), more)
	}
	return c.integer(int64(length))
}

// setRange writes a part of a string, and lengthens the string with zeros if it ends before that part. An empty part
// changes nothing and makes no key.
func setRange(m *Machine, c call) []byte {
	key, part := c.args[1], c.args[3]
	offset, ok := number.Parse(c.args[2])
	switch {
	case !ok:
		return c.error(reply.NotInteger)
	case offset < 0:
		return c.error(reply.OffsetOutOfRange)
	}
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	text, ok := textOf(old)
	length := text.Len()
	switch {
	case !ok:
		return c.wrongType()
	case len(part) == 0:
		return c.integer(int64(length))
	case offset > int64(m.maxValueBytes-len(part)):
		return c.error(reply.StringTooLong)
	}
	m.overwrite(at, key, old, int(offset), part)
	return c.integer(int64(max(length, int(offset)+len(part))))
}

// overwrite writes b, which is not empty, into the string of a key at an offset. The key keeps its deadline. old is its
// entry, of a string, or nil for an empty one.
func (m *Machine) overwrite(at keyspace.Place, key []byte, old *keyspace.Entry, offset int, b []byte) {
	if old == nil {
		empty := keyspace.NewEntry(key, nil)
		old = &empty
	}
	if made := m.ahead.made(b); made != nil && offset == 0 && old.Size() <= len(b) {
		m.space.Put(at, key, keyspace.EntryOf(key, made).Keeping(old))
		return
	}
	m.space.Put(at, key, m.space.Overwritten(old, offset, b))
}
