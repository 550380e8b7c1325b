package fsm

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/reply"
)

// set is SET key value, with its options in any order.
func set(m *Machine, c call) []byte {
	options, ok := parseSetOptions(c.args[3:], false)
	if !ok {
		return c.error(reply.Syntax)
	}
	return setWith(m, c, "set", c.args[2], options)
}

// setEX is SETEX key seconds value.
func setEX(m *Machine, c call) []byte {
	return setWith(m, c, "setex", c.args[3], setOptions{expiry: expiry{"EX", c.args[2]}})
}

// pSetEX is PSETEX key milliseconds value.
func pSetEX(m *Machine, c call) []byte {
	return setWith(m, c, "psetex", c.args[3], setOptions{expiry: expiry{"PX", c.args[2]}})
}

func setWith(m *Machine, c call, name string, value []byte, options setOptions) []byte {
	deadline, refusal := options.expiry.deadline(m.space.Now(), name)
	switch {
	case refusal != "":
		return c.error(refusal)
	case len(value) > m.maxValueBytes:
		return c.error(reply.StringTooLong)
	}
	key := c.args[1]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	compares := options.condition.option != ""
	if options.get || compares {
		c.read(old)
	}
	if _, isText := textOf(old); !isText && (options.get || compares) {
		return c.wrongType()
	}
	refused, refusal := options.refuse(old)
	switch {
	case refusal != "":
		return c.error(refusal)
	case options.get: // now: old is valid until the put
		c.reply = c.value(old)
	case refused:
		c.reply = c.null()
	default:
		c.reply = c.ok()
	}
	switch {
	case refused:
	case options.keep:
		m.space.Put(at, key, m.newEntry(key, value).Keeping(old))
	default:
		m.space.PutUntil(at, key, m.newEntry(key, value), deadline)
	}
	return c.reply
}

// refuse reports whether a SET is not done because of what is there: an entry of a string where the options compare, or
// nil. refusal is an error, empty if there is none.
func (o *setOptions) refuse(old *keyspace.Entry) (refused bool, refusal string) {
	switch {
	case o.condition.option == "":
		return (o.onlyNew && old != nil) || (o.onlyOld && old == nil), ""
	case old == nil:
		return !o.condition.holdsWithout(), ""
	}
	text, _ := textOf(old)
	holds, refusal := o.condition.holds(text)
	return !holds, refusal
}

// getEX is GETEX key: GET, and the key's deadline changes, or goes with PERSIST.
func getEX(m *Machine, c call) []byte {
	options, ok := parseSetOptions(c.args[2:], true)
	if !ok {
		return c.error(reply.Syntax)
	}
	key := c.args[1]
	at := m.space.Place(key)
	old := c.read(m.space.Find(at, key))
	if old == nil {
		return c.null()
	}
	if _, ok := textOf(old); !ok {
		return c.wrongType()
	}
	deadline, refusal := options.expiry.deadline(m.space.Now(), "getex")
	if refusal != "" {
		return c.error(refusal)
	}
	c.reply = c.value(old)
	if deadline != 0 || (options.persist && old.Deadline != 0) {
		m.space.PutUntil(at, key, *old, deadline)
	}
	return c.reply
}
