package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/reply"
)

// set is SET key value, with its options in any order.
func set(w *exec.Writer, c exec.Call) []byte {
	options, ok := parseSetOptions(c.Args[3:], false)
	if !ok {
		return c.Error(reply.Syntax)
	}
	return setWith(w, c, "set", c.Args[2], options)
}

// setEX is SETEX key seconds value.
func setEX(w *exec.Writer, c exec.Call) []byte {
	return setWith(w, c, "setex", c.Args[3], setOptions{expiry: expiry{"EX", c.Args[2]}})
}

// pSetEX is PSETEX key milliseconds value.
func pSetEX(w *exec.Writer, c exec.Call) []byte {
	return setWith(w, c, "psetex", c.Args[3], setOptions{expiry: expiry{"PX", c.Args[2]}})
}

func setWith(w *exec.Writer, c exec.Call, name string, value []byte, options setOptions) []byte {
	deadline, refusal := options.expiry.deadline(w.Now(), name)
	switch {
	case refusal != "":
		return c.Error(refusal)
	case len(value) > w.MaxValueBytes():
		return c.Error(reply.StringTooLong)
	}
	key := c.Args[1]
	at := w.Place(key)
	old := w.Find(at, key)
	compares := options.condition.option != ""
	if options.get || compares {
		c.Read(old)
	}
	if _, isText := exec.TextOf(old); !isText && (options.get || compares) {
		return c.WrongType()
	}
	refused, refusal := options.refuse(old)
	switch {
	case refusal != "":
		return c.Error(refusal)
	case options.get: // now: old is valid until the put
		c.Reply = c.Value(old)
	case refused:
		c.Reply = c.Null()
	default:
		c.Reply = c.OK()
	}
	switch {
	case refused:
	case options.keep:
		w.Put(at, key, w.NewEntry(key, value).Keeping(old))
	default:
		w.PutUntil(at, key, w.NewEntry(key, value), deadline)
	}
	return c.Reply
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
	text, _ := exec.TextOf(old)
	holds, refusal := o.condition.holds(text)
	return !holds, refusal
}

// getEX is GETEX key: GET, and the key's deadline changes, or goes with PERSIST.
func getEX(w *exec.Writer, c exec.Call) []byte {
	options, ok := parseSetOptions(c.Args[2:], true)
	if !ok {
		return c.Error(reply.Syntax)
	}
	key := c.Args[1]
	at := w.Place(key)
	old := c.Read(w.Find(at, key))
	if old == nil {
		return c.Null()
	}
	if _, ok := exec.TextOf(old); !ok {
		return c.WrongType()
	}
	deadline, refusal := options.expiry.deadline(w.Now(), "getex")
	if refusal != "" {
		return c.Error(refusal)
	}
	c.Reply = c.Value(old)
	if deadline != 0 || (options.persist && old.Deadline != 0) {
		w.PutUntil(at, key, *old, deadline)
	}
	return c.Reply
}
