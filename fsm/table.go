package fsm

import (
	"slices"

	"github.com/raftredis/raftredis/internal/command"
)

// read is the function of a command that changes nothing: it returns the call's replies with its own behind them. It
// gets a view, which can change nothing, and may run beside other reads.
type read func(v view, c call) []byte

// write is the function of a command that may change the key space: it returns what a read does. It depends on nothing
// but the machine and the call's arguments, so that it does the same on every node.
type write func(m *Machine, c call) []byte

// function attaches its function to a command: read or write, as the command's class is.
type function struct {
	// of is the command.
	of    *command.Spec
	read  read
	write write
}

// functions are all, as each family lists them in the file where they are.
var functions = slices.Concat(
	stringFunctions, conditionFunctions, counterFunctions, bitmapFunctions, keyFunctions, deadlineFunctions,
	objectFunctions, slotFunctions, lockFunctions, topicFunctions, onceFunctions, laterFunctions,
)

// reads and writes have the functions at the IDs of their commands. A command with state has exactly one, and a command
// of a connection has none.
var reads, writes = attach(functions)

func attach(functions []function) (reads []read, writes []write) {
	reads, writes = make([]read, command.IDs()), make([]write, command.IDs())
	for _, f := range functions {
		reads[f.of.ID()], writes[f.of.ID()] = f.read, f.write
	}
	return reads, writes
}
