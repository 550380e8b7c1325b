package fsm

import "github.com/raftredis/raftredis/internal/reply"

func get(v view, c *call) { c.value(v.space.get(c.args[1])) }

func strlen(v view, c *call) {
	length := 0
	if e := v.space.get(c.args[1]); e != nil {
		length = e.length()
	}
	c.integer(int64(length))
}

func mget(v view, c *call) {
	keys := c.args[1:]
	c.reply = reply.ArrayHeader(c.reply, len(keys))
	for _, key := range keys {
		c.value(v.space.get(key))
	}
}

func set(m *Machine, c *call) {
	options, refusal := parseSetOptions(c.args[3:])
	switch {
	case refusal != "":
		c.error(refusal)
		return
	case len(c.args[2]) > m.maxValueBytes:
		c.error(reply.StringTooLong)
		return
	}
	key := c.args[1]
	at := m.space.place(key)
	old := m.space.find(at, key)
	if options.get { // before the put: old is valid until the next write
		c.value(old)
	}
	if (options.onlyNew && old != nil) || (options.onlyOld && old == nil) {
		if !options.get {
			c.null()
		}
		return
	}
	m.space.put(at, key, newEntry(key, c.args[2]))
	if !options.get {
		c.ok()
	}
}

func mset(m *Machine, c *call) {
	pairs := c.args[1:]
	if len(pairs)%2 != 0 {
		c.error(reply.WrongArity("mset"))
		return
	}
	for i := 1; i < len(pairs); i += 2 {
		if len(pairs[i]) > m.maxValueBytes {
			c.error(reply.StringTooLong)
			return
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		m.space.set(pairs[i], pairs[i+1])
	}
	c.ok()
}

func appendTo(m *Machine, c *call) {
	key, more := c.args[1], c.args[2]
	at := m.space.place(key)
	old := m.space.find(at, key)
	length := len(more)
	if old != nil {
		length += old.length()
	}
	switch {
	case length > m.maxValueBytes:
		c.error(reply.StringTooLong)
		return
	case old == nil:
		m.space.put(at, key, newEntry(key, more))
	case len(more) > 0:
		m.space.put(at, key, old.lengthened(more, m.space.values))
	}
	c.integer(int64(length))
}
