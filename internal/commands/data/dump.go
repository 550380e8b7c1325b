package data

import "github.com/raftredis/raftredis/internal/command"

var dumpCommands = []*command.Spec{Dump, Restore}

// The commands that carry values between servers, in Redis's format.
var (
	Dump = &command.Spec{
		Name:       "dump",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Linear:     true,
		OfNode:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Answers with the value of a key in the format of Redis's RDB files, for RESTORE.",
		Complexity: "O(N) in the bytes of the value.",
	}
	Restore = &command.Spec{
		Name: "restore",
		Usage: "<key:key> <ttl:integer> <serialized-value> [REPLACE] [ABSTTL] [IDLETIME <seconds:integer>] " +
			"[FREQ <frequency:integer>]",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfRestore,
		LaysOut:    true,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryKeyspace | command.CategoryDangerous,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces)},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Puts a value at a key that DUMP has answered, here or in Redis.",
		Complexity: "O(N) in the bytes of the value, O(N*log(N)) in the members of a sorted set.",
	}
)

// restoredWork is what it costs to read a byte of a payload: an element of few bytes is looked for, hashed and put.
const restoredWork = 16

// costOfRestore is the cost of RESTORE key ttl payload.
func costOfRestore(_ *command.Spec, args [][]byte, _ command.Stored) command.Estimate {
	return command.Estimate{Work: restoredWork * len(args[3])}
}
