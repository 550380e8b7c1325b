package fsm

import (
	"bytes"
	"strconv"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/reply"
)

const (
	// scanDefaultKeys is how many keys a SCAN looks at unless COUNT says otherwise; scanMostKeys is the most, whatever
	// COUNT says: it is a hint, and the applier waits meanwhile.
	scanDefaultKeys = 10
	scanMostKeys    = 10_000
)

const invalidCursor = "ERR invalid cursor"

// position is where a key stands in the order of slots and hashes: 14 bits of slot, then the first 49 of the hash. That
// is a positive number of 64 bits, as some clients want cursors to be. It depends on the key alone, so that a
// cursor means the same after the table has grown, after a restart, and on another node. Several keys may have one
// position, and are never divided between two replies of SCAN.
type position uint64

const positionHashBits = 49

func (p place) position() position {
	return position(p.slot)<<positionHashBits | position(p.hash>>(64-positionHashBits))
}

// first is the first place with this position.
func (at position) first() place {
	return place{uint16(at >> positionHashBits), uint64(at) << (64 - positionHashBits)}
}

const scanEnd = position(command.Slots) << positionHashBits

// scan visits all that is stored from a position on, in the order of (slot, hash, key), until visit says that it is
// enough. It visits also keys that are overdue.
func (s *space) scan(from position, visit func(at position, e *entry) bool) {
	if from >= scanEnd {
		return
	}
	var scratch []ranked
	low := from.first()
	for slot := int(low.slot); slot < command.Slots; slot++ {
		p := s.root.pages[slot/pageSlots]
		if p == nil || p.total == 0 {
			slot |= pageSlots - 1 // to the next page
			low.hash = 0
			continue
		}
		err := p.slots[slot%pageSlots].walkFrom(low.hash, topShift, s.hashing.keys, &scratch, func(r ranked) error {
			if !visit(place{uint16(slot), r.hash}.position(), r.entry) {
				return errEnough
			}
			return nil
		})
		if err != nil {
			return
		}
		low.hash = 0
	}
}

// keysLike is KEYS pattern.
func keysLike(v view, c call) []byte {
	pattern := c.args[1]
	var found []string
	v.space.scan(0, func(_ position, e *entry) bool {
		if !e.expired(v.now) && glob.Match(pattern, e.key()) {
			found = append(found, e.key())
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
	options.count = scanDefaultKeys
	for i := 0; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			return options, reply.Syntax
		case is(args[i], "COUNT"):
			count, ok := parseInteger(args[i+1])
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

// admits reports whether a key is to be shown. A type that does not exist is one that no key has.
func (options *scanOptions) admits(e *entry) bool {
	return (options.typeName == nil || bytes.EqualFold(options.typeName, []byte(e.typeName()))) &&
		(options.pattern == nil || glob.Match(options.pattern, e.key()))
}

// scanKeys is SCAN cursor: it looks at COUNT keys, or somewhat more, and shows those that are wanted. A key that is
// there from the first call of a scan to the last is shown exactly once.
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
		last, next position
		left       = min(options.count, scanMostKeys)
	)
	v.space.scan(from, func(at position, e *entry) bool {
		if left <= 0 && at != last {
			next = at
			return false
		}
		left, last = left-1, at
		if !e.expired(v.now) && options.admits(e) {
			found = append(found, e.key())
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
func parseCursor(arg []byte) (position, bool) {
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
	return position(n), true
}
