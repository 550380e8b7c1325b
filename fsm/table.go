package fsm

import (
	"slices"

	"github.com/raftredis/raftredis/fsm/dump"
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/geo"
	"github.com/raftredis/raftredis/fsm/hashes"
	"github.com/raftredis/raftredis/fsm/hyperloglog"
	"github.com/raftredis/raftredis/fsm/lists"
	"github.com/raftredis/raftredis/fsm/sets"
	"github.com/raftredis/raftredis/fsm/sortedsets"
	"github.com/raftredis/raftredis/fsm/sorting"
	"github.com/raftredis/raftredis/fsm/streams"
	"github.com/raftredis/raftredis/internal/commands"
)

// functions are those of all commands but RAFT.ONCE, as each family lists them in the file where they are.
var functions = slices.Concat(
	stringFunctions, conditionFunctions, counterFunctions, bitmapFunctions, keyFunctions, deadlineFunctions,
	objectFunctions, slotFunctions, lockFunctions, topicFunctions, messageFunctions, sessionFunctions,
	transactionFunctions, laterFunctions,
	streams.Functions(),
	dump.Functions, lists.Functions, sorting.Functions, hashes.Functions, sets.Functions, hyperloglog.Functions,
	sortedsets.Functions, geo.Functions,
)

// reads and writes have the functions at the IDs of their commands. A command with state has one of them, one of which
// some calls only read or some reads fill a cache has both, and a command of a connection has none. RAFT.ONCE, which
// calls the others, is a function of each machine: see New.
var reads, writes = attach(functions)

func attach(functions []exec.Function) (reads []exec.Read, writes []exec.Write) {
	reads, writes = make([]exec.Read, commands.IDs()), make([]exec.Write, commands.IDs())
	for _, f := range functions {
		reads[f.Of.ID()], writes[f.Of.ID()] = f.Read, f.Write
	}
	return reads, writes
}
