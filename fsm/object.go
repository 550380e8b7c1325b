package fsm

import (
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
)

// Errors, to the letter those of Redis.
const (
	noFrequency = "ERR An LFU maxmemory policy is not selected, access frequency not tracked" + adjusts
	noIdleTime  = "ERR An LFU maxmemory policy is selected, idle time not tracked" + adjusts
	adjusts     = ". Please note that when switching between policies at runtime LRU and LFU data will take some " +
		"time to adjust."
)

// objectFunctions are those of the commands that show how a value is kept.
var objectFunctions = []exec.Function{
	{Of: node.DebugDigest, Read: debugDigest},
	{Of: node.DebugDigestValue, Read: debugDigestValue},
	{Of: node.DebugObject, Read: debugObject},
	{Of: node.MemoryUsage, Read: memoryUsage},
	{Of: data.ObjectEncoding, Read: objectEncoding},
	{Of: data.ObjectFreq, Read: objectFreq},
	{Of: data.ObjectHelp, Read: objectHelp},
	{Of: data.ObjectIdleTime, Read: objectIdleTime},
	{Of: data.ObjectRefCount, Read: objectRefCount},
}

// objectEncoding is OBJECT ENCODING key. The answer is how Redis would keep the value if it had just been made, within
// this node's limits; how it lies here depends on what made it, and does not show.
func objectEncoding(v exec.View, c exec.Call) []byte {
	e := v.Look(c.Args[2])
	if e == nil {
		return c.Null()
	}
	return c.BulkString(e.Encoding(v.Encodings()))
}

// Redis shares the values of whole numbers below sharedIntegers, and counts manyReferences to each.
const (
	sharedIntegers = 10_000
	manyReferences = math.MaxInt32
)

// objectRefCount is OBJECT REFCOUNT key. As OBJECT ENCODING does, it tells how Redis would keep the value if it had
// just been made.
func objectRefCount(v exec.View, c exec.Call) []byte {
	e := v.Look(c.Args[2])
	if e == nil {
		return c.Null()
	}
	return c.Integer(references(e))
}

func references(e *keyspace.Entry) int64 {
	if text, ok := e.Text(); ok {
		if n, isNumber := text.Integer(); isNumber && n >= 0 && n < sharedIntegers {
			return manyReferences
		}
	}
	return 1
}

// objectFreq is OBJECT FREQ key: about how often this node has used a key lately, by a logarithmic counter.
func objectFreq(v exec.View, c exec.Call) []byte {
	if v.Look(c.Args[2]) == nil {
		return c.Null()
	}
	if !v.Use.ByFrequency {
		return c.Error(noFrequency)
	}
	mark, _ := v.Space.Mark(c.Args[2])
	return c.Integer(v.Use.Count(mark))
}

// objectIdleTime is OBJECT IDLETIME key: for how many seconds this node has not used a key.
func objectIdleTime(v exec.View, c exec.Call) []byte {
	if v.Look(c.Args[2]) == nil {
		return c.Null()
	}
	if v.Use.ByFrequency {
		return c.Error(noIdleTime)
	}
	mark, _ := v.Space.Mark(c.Args[2])
	return c.Integer(v.Use.IdleSeconds(mark))
}

// objectHelp is OBJECT HELP.
func objectHelp(_ exec.View, c exec.Call) []byte {
	lines := data.Object.HelpLines()
	c.Reply = reply.ArrayHeader(c.Reply, len(lines))
	for _, line := range lines {
		c.Reply = reply.Simple(c.Reply, line)
	}
	return c.Reply
}
