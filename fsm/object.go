package fsm

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

const (
	// noFrequency is Redis's, to the letter.
	noFrequency = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when " +
		"switching between policies at runtime LRU and LFU data will take some time to adjust."
	noIdleTime = "ERR idle times are not tracked: reads leave no trace in the state"
)

// objectFunctions are those of the commands that show how a value is kept.
var objectFunctions = []function{
	{of: command.DebugObject, read: debugObject},
	{of: command.MemoryUsage, read: memoryUsage},
	{of: command.ObjectEncoding, read: objectEncoding},
	{of: command.ObjectFreq, read: objectFreq},
	{of: command.ObjectHelp, read: objectHelp},
	{of: command.ObjectIdleTime, read: objectIdleTime},
	{of: command.ObjectRefCount, read: objectRefCount},
}

// objectEncoding is OBJECT ENCODING key. The answer is how Redis would keep the value if it had just been set; how it
// lies here depends on what made it, and does not show.
func objectEncoding(v view, c call) []byte {
	e := v.get(c.args[2])
	if e == nil {
		return c.null()
	}
	return c.bulkString(e.Encoding())
}

// objectRefCount is OBJECT REFCOUNT key: nothing is shared.
func objectRefCount(v view, c call) []byte {
	if v.get(c.args[2]) == nil {
		return c.null()
	}
	return c.integer(1)
}

// objectFreq is OBJECT FREQ key.
func objectFreq(v view, c call) []byte { return untracked(v, c, noFrequency) }

// objectIdleTime is OBJECT IDLETIME key.
func objectIdleTime(v view, c call) []byte { return untracked(v, c, noIdleTime) }

func untracked(v view, c call, text string) []byte {
	if v.get(c.args[2]) == nil {
		return c.null()
	}
	return c.error(text)
}

// objectHelp is OBJECT HELP.
func objectHelp(_ view, c call) []byte {
	lines := command.Object.HelpLines()
	c.reply = reply.ArrayHeader(c.reply, len(lines))
	for _, line := range lines {
		c.reply = reply.Simple(c.reply, line)
	}
	return c.reply
}
