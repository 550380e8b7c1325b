package fsm

import (
	"bytes"
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/reply"
)

// keysLike is KEYS pattern.
func keysLike(v exec.View, c exec.Call) []byte {
	pattern, ok := c.Compile(c.Args[1])
	if !ok {
		return c.Reply
	}
	var (
		found   []string
		names   exec.Names
		tooMuch bool
	)
	v.Space.Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
		if !e.Expired(v.Now) && pattern.Match(e.Key()) {
			found = append(found, e.Key())
		}
		tooMuch = names.AreTooMuch(c, e.Key())
		return !tooMuch
	})
	if tooMuch {
		return c.Reply
	}
	return c.List(found)
}

// scanKeys is SCAN cursor: it looks at COUNT keys, or somewhat more, and shows those that the options admit. It shows a
// key that exists from the first call of a scan to the last exactly once. No key has a type that does not exist.
func scanKeys(v exec.View, c exec.Call) []byte {
	from, ok := exec.ParseCursor(c.Args[1])
	if !ok {
		return c.Error(exec.InvalidCursor)
	}
	options, refusal := exec.ParseScanOptions(c.Args[2:], true)
	if refusal != "" {
		return c.Error(refusal)
	}
	if !options.Compile(c) {
		return c.Reply
	}
	var (
		found      []string
		names      exec.Names
		tooMuch    bool
		last, next keyspace.Position
		left       = options.Count(c)
	)
	v.Space.Scan(keyspace.Position(from), func(at keyspace.Position, e *keyspace.Entry) bool {
		if left <= 0 && at != last {
			next = at
			return false
		}
		left, last = left-1, at
		typed := options.TypeName == nil || bytes.EqualFold(options.TypeName, []byte(e.Kind().Name()))
		if typed && !e.Expired(v.Now) && options.Matches(e.Key()) {
			found = append(found, e.Key())
		}
		tooMuch = names.AreTooMuch(c, e.Key())
		return !tooMuch
	})
	if tooMuch {
		return c.Reply
	}
	c.Reply = reply.ArrayHeader(c.Reply, 2)
	var digits [20]byte
	c.Reply = reply.Bulk(c.Reply, strconv.AppendUint(digits[:0], uint64(next), 10))
	return c.List(found)
}
