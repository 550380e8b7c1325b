package data

import (
	"strings"

	"github.com/raftredis/raftredis/internal/command"
)

var dumpCommands = []*command.Spec{Dump, Migrate, Restore}

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
	Migrate = &command.Spec{
		Name: "migrate",
		Usage: `<host> <port:integer> key-selector=(<key:key> | empty-string="") <destination-db:integer> ` +
			"<timeout:integer> [COPY] [REPLACE] [authentication=(AUTH <auth=password> | " +
			"AUTH2 auth2={<username> <password>})] [KEYS <keys:key=key>...]",
		Arity:      -6,
		Class:      command.Barrier,
		Flags:      command.FlagWrite,
		Categories: command.CategoryKeyspace | command.CategoryDangerous,
		KeySpecs: []command.KeySpec{
			command.OneKey(3, command.Takes),
			{Flags: command.MayTake, First: -2, Last: -1, Step: 1, Keyword: "KEYS"},
		},
		FindKeys:   keysOfMigrate,
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Moves keys to another server by DUMP and RESTORE: a key is here, there, or at both, whatever fails.",
		Complexity: "O(N) in the bytes of the values, at both servers and between them.",
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

// keysOfMigrate are the positions of the keys of MIGRATE: those behind KEYS, if the key is empty, or else the key.
func keysOfMigrate(dst []int, args [][]byte) []int {
	const key, options = 3, 6
	if len(args) > key && len(args[key]) == 0 {
		for at := options; at < len(args); at++ {
			switch strings.ToLower(string(args[at][:min(len(args[at]), len("auth2")+1)])) {
			case "keys":
				for at++; at < len(args); at++ {
					dst = append(dst, at)
				}
				return dst
			case "auth":
				at++
			case "auth2":
				at += 2
			}
		}
	}
	if len(args) <= key {
		return dst
	}
	return append(dst, key)
}
