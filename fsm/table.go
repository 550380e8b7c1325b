package fsm

import "github.com/raftredis/raftredis/internal/command"

// read is the function of a command that only looks: it returns the call's replies with its own behind them. It is
// handed a view, from which nothing can be changed, and may run beside other reads.
type read func(v view, c call) []byte

// write is the function of a command that may change the key space: it returns what a read does. It depends on nothing
// but the machine and the call's arguments, so that it does the same on every node.
type write func(m *Machine, c call) []byte

// reads and writes attach the functions to the commands: a command with state has exactly one, in the array of its
// class, and a command of a connection has none.
var (
	reads = [command.IDs]read{
		command.ClusterCountKeysInSlot: countKeysInSlot,
		command.ClusterGetKeysInSlot:   getKeysInSlot,
		command.DBSize:                 dbsize,
		command.Exists:                 exists,
		command.Get:                    get,
		command.MGet:                   mget,
		command.Strlen:                 strlen,
	}
	writes = [command.IDs]write{
		command.Append: appendTo,
		command.Decr:   decr,
		command.DecrBy: decrBy,
		command.Del:    del,
		command.Incr:   incr,
		command.IncrBy: incrBy,
		command.MSet:   mset,
		command.Set:    set,
	}
)
