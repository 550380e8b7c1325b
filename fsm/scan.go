package fsm

import (
	"bytes"
	"strconv"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

const (
	// defaultScanKeys is how many keys a SCAN looks at unless COUNT says otherwise; maxScanKeys is the most, whatever
	// COUNT says: it is a hint, and Apply waits meanwhile. maxOnceScanKeys is the most by RAFT.ONCE, since every node
	// looks at them while it applies the entry.
	defaultScanKeys = 10
	maxScanKeys     = 10_000
	maxOnceScanKeys = 1000
)

const invalidCursor = "ERR invalid cursor"

// keysLike is KEYS pattern.
func keysLike(v view, c call) []byte {
	pattern := c.args[1]
	var found []string
	v.space.Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
		if !e.Expired(v.now) && glob.Match(pattern, e.Key()) {
			found = append(found, e.Key())
		}
		return true
	})
	return c.list(found)
}

// scanOptions are what may follow the cursor in SCAN.
type scanOptions struct {
	count    int64
	pattern  []byte // nil for every key
	typeName []byte // nil for every type
}

func parseScanOptions(args [][]byte) (options scanOptions, refusal string) {
	options.count = defaultScanKeys
	for i := 0; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			return options, reply.Syntax
		case is(args[i], "COUNT"):
			count, ok := number.Parse(args[i+1])
			if !ok {
				return options, reply.NotInteger
			}
			if count < 1 {
				return options, reply.Syntax
			}
			options.count = count
		case is(args[i], "MATCH"):
			options.pattern = args[i+1]
		case is(args[i], "TYPE"):
			options.typeName = args[i+1]
		default:
			return options, reply.Syntax
		}
	}
	return options, ""
}

// admits reports whether SCAN shows a key. No key has a type that does not exist.
func (options *scanOptions) admits(e *keyspace.Entry) bool {
	return (options.typeName == nil || bytes.EqualFold(options.typeName, []byte(e.Kind().Name()))) &&
		(options.pattern == nil || glob.Match(options.pattern, e.Key()))
}

// scanKeys is SCAN cursor: it looks at COUNT keys, or somewhat more, and shows those that the options admit. It shows a
// key that exists from the first call of a scan to the last exactly once.
func scanKeys(v view, c call) []byte {
	from, ok := parseCursor(c.args[1])
	if !ok {
		return c.error(invalidCursor)
	}
	options, refusal := parseScanOptions(c.args[2:])
	if refusal != "" {
		return c.error(refusal)
	}
	var (
		found      []string
		last, next keyspace.Position
		left       = min(options.count, maxScanKeys)
	)
	if c.keeping != nil {
		left = min(left, maxOnceScanKeys)
	}
	v.space.Scan(from, func(at keyspace.Position, e *keyspace.Entry) bool {
		if left <= 0 && at != last {
			next = at
			return false
		}
		left, last = left-1, at
		if !e.Expired(v.now) && options.admits(e) {
			found = append(found, e.Key())
		}
		return true
	})
	c.reply = reply.ArrayHeader(c.reply, 2)
	var digits [20]byte
	c.reply = reply.Bulk(c.reply, strconv.AppendUint(digits[:0], uint64(next), 10))
	return c.list(found)
}

// parseCursor reads what C's strtoul reads, which is what Redis takes: also nothing, and a sign, and it ends at a NUL.
// One of another server may lie behind the end of all keys, and is no error.
func parseCursor(arg []byte) (keyspace.Position, bool) {
	arg, _, _ = bytes.Cut(arg, []byte{0})
	digits := arg
	negative := len(arg) > 0 && arg[0] == '-'
	if negative || len(arg) > 0 && arg[0] == '+' {
		digits = arg[1:]
	}
	if len(arg) == 0 {
		return 0, true
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return keyspace.Position(n), true
}
