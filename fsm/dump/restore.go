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

// options are those of RESTORE. How long a key was idle, and how often it is used, is not tracked: both are checked
// only.
type options struct{ replace, absolute bool }

func parseOptions(args [][]byte) (o options, refusal string) {
	idle, frequent := false, false
	for len(args) > 0 {
		switch {
		case exec.Is(args[0], "REPLACE"):
			o.replace = true
		case exec.Is(args[0], "ABSTTL"):
			o.absolute = true
		case exec.Is(args[0], "IDLETIME") && len(args) > 1 && !frequent:
			idle, args = true, args[1:]
			if refusal = refuse(args[0], math.MaxInt64, invalidIdleTime); refusal != "" {
				return o, refusal
			}
		case exec.Is(args[0], "FREQ") && len(args) > 1 && !idle:
			frequent, args = true, args[1:]
			if refusal = refuse(args[0], maxFrequency, invalidFreq); refusal != "" {
				return o, refusal
			}
		default:
			return o, reply.Syntax
		}
		args = args[1:]
	}
	return o, ""
}

// refuse says why an argument is no number from 0 to a highest one; empty if it is.
func refuse(arg []byte, highest int64, invalid string) (refusal string) {
	switch n, ok := number.Parse(arg); {
	case !ok:
		return reply.NotInteger
	case n < 0 || n > highest:
		return invalid
	}
	return ""
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
