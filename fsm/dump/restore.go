package dump

import (
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/rdb"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of RESTORE, to the letter those of Redis.
const (
	busyKey         = "BUSYKEY Target key name already exists."
	invalidTTL      = "ERR Invalid TTL value, must be >= 0"
	invalidIdleTime = "ERR Invalid IDLETIME value, must be >= 0"
	invalidFreq     = "ERR Invalid FREQ value, must be >= 0 and <= 255"
	wrongPayload    = "ERR DUMP payload version or checksum are wrong"
	badFormat       = "ERR Bad data format"
)

// maxFrequency is the highest of Redis's.
const maxFrequency = 255

// maxUnpackedBytes bounds what the compressed strings of a payload may hold together. It is the same on all nodes.
const maxUnpackedBytes = 1 << 30

// options are those of RESTORE. For how many seconds the key was not used, and how often it was, are negative where the
// client does not say. Each node notes what it keeps of both.
type options struct {
	replace, absolute bool
	idle, count       int64
}

func parseOptions(args [][]byte) (o options, refusal string) {
	o.idle, o.count = -1, -1
	for len(args) > 0 {
		switch {
		case exec.Is(args[0], "REPLACE"):
			o.replace = true
		case exec.Is(args[0], "ABSTTL"):
			o.absolute = true
		case exec.Is(args[0], "IDLETIME") && len(args) > 1 && o.count < 0:
			args = args[1:]
			if o.idle, refusal = within(args[0], math.MaxInt64, invalidIdleTime); refusal != "" {
				return o, refusal
			}
		case exec.Is(args[0], "FREQ") && len(args) > 1 && o.idle < 0:
			args = args[1:]
			if o.count, refusal = within(args[0], maxFrequency, invalidFreq); refusal != "" {
				return o, refusal
			}
		default:
			return o, reply.Syntax
		}
		args = args[1:]
	}
	return o, ""
}

// within is a number from 0 to a highest one. refusal says why the argument is none.
func within(arg []byte, highest int64, invalid string) (n int64, refusal string) {
	n, ok := number.Parse(arg)
	switch {
	case !ok:
		return 0, reply.NotInteger
	case n < 0 || n > highest:
		return 0, invalid
	}
	return n, ""
}

// restore is RESTORE key ttl payload, with its options in any order. Faults are found in Redis's order.
func restore(w *exec.Writer, c exec.Call) []byte {
	o, refusal := parseOptions(c.Args[4:])
	if refusal != "" {
		return c.Error(refusal)
	}
	key := c.Args[1]
	at := w.Place(key)
	if !o.replace && w.Find(at, key) != nil {
		return c.Error(busyKey)
	}
	ttl, ok := number.Parse(c.Args[2])
	if !ok {
		return c.Error(reply.NotInteger)
	}
	deadline, ok := deadlineOf(ttl, o.absolute, w.Now())
	if !ok {
		return c.Error(invalidTTL)
	}
	object, ok := rdb.Unseal(c.Args[3])
	if !ok {
		return c.Error(wrongPayload)
	}
	e, ok := entryOf(w, key, object)
	if !ok {
		return c.Error(badFormat)
	}
	w.PutUntil(at, key, e, deadline)
	switch {
	case o.idle >= 0:
		w.UsedBefore(key, o.idle)
	case o.count >= 0:
		w.UsedOften(key, o.count)
	}
	return c.OK()
}

// deadlineOf is the deadline that a TTL means, in milliseconds: none if it is 0, else from now or since 1970. ok is
// false if it is negative or no moment.
func deadlineOf(ttl int64, absolute bool, now keyspace.Now) (deadline keyspace.Deadline, ok bool) {
	switch {
	case ttl == 0:
		return 0, true
	case ttl < 0, !absolute && ttl > math.MaxInt64-max(now.Log, now.Wall):
		return 0, false
	case absolute:
		return keyspace.At(ttl), true
	}
	return keyspace.AtLog(now.Log + ttl), true
}
