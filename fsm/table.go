package fsm

import "github.com/raftredis/raftredis/internal/command"

// read is the function of a command that only looks: it returns the call's replies with its own behind them. It is
// handed a view, from which nothing can be changed, and may run beside other reads.
type read func(v view, c call) []byte

// write is the function of a command that may change the key space: it returns what a read does. It depends on nothing
// but the machine and the call's arguments, so that it does the same on every node.
type write func(m *Machine, c call) []byte

// reads and writes attach the functions to the commands: a command with state has exactly one, in the array of its
// class, and a command of a connection has none. Each family of commands brings its own.
var (
	reads  = collect(stringReads, bitmapReads, keyReads)
	writes = collect(stringWrites, bitmapWrites, keyWrites)
)

func collect[F any](families ...map[command.ID]F) (all [command.IDs]F) {
	for _, family := range families {
		for id, f := range family {
			all[id] = f
		}
	}
	return all
}
