package fsm

import "github.com/raftredis/raftredis/internal/reply"

func get(v view, c call) []byte { return c.value(v.space.get(c.args[1])) }

func strlen(v view, c call) []byte {
	length := 0
	if e := v.space.get(c.args[1]); e != nil {
		length = e.length()
	}
	return c.integer(int64(length))
}

func mget(v view, c call) []byte {
	keys := c.args[1:]
	c.reply = reply.ArrayHeader(c.reply, len(keys))
	for _, key := range keys {
		c.reply = c.value(v.space.get(key))
	}
	return c.reply
}

func mset(m *Machine, c call) []byte {
	pairs := c.args[1:]
	if len(pairs)%2 != 0 {
		return c.error(reply.WrongArity("mset"))
	}
	for i := 1; i < len(pairs); i += 2 {
		if len(pairs[i]) > m.maxValueBytes {
			return c.error(reply.StringTooLong)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		m.space.set(pairs[i], pairs[i+1])
	}
	return c.ok()
}

func appendTo(m *Machine, c call) []byte {
	key, more := c.args[1], c.args[2]
	at := m.space.place(key)
	old := m.space.find(at, key)
	length := len(more)
	if old != nil {
		length += old.length()
	}
	switch {
	case length > m.maxValueBytes:
		return c.error(reply.StringTooLong)
	case old == nil:
		m.space.put(at, key, newEntry(key, more))
	case len(more) > 0:
		m.space.put(at, key, old.overwritten(old.length(), more, m.space.values, m.space.generation))
	}
	return c.integer(int64(length))
}
