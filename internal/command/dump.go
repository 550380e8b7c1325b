package command

var dumpCommands = []*Spec{Dump, Restore}

// The commands that carry values between servers, in Redis's format.
var (
	Dump = &Spec{
		Name:       "dump",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Read,
		Linear:     true,
		OfNode:     true,
		Flags:      FlagReadOnly,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Tips:       []string{varies},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Answers with the value of a key in the format of Redis's RDB files, for RESTORE.",
		Complexity: "O(N) in the bytes of the value.",
	}
	Restore = &Spec{
		Name: "restore",
		Usage: "<key:key> <ttl:integer> <serialized-value> [REPLACE] [ABSTTL] [IDLETIME <seconds:integer>] " +
			"[FREQ <frequency:integer>]",
		Arity:      -4,
		Class:      Write,
		Cost:       costOfRestore,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryKeyspace | CategoryDangerous,
		KeySpecs:   []KeySpec{oneKey(1, replaces)},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Puts a value at a key that DUMP has answered, here or in Redis.",
		Complexity: "O(N) in the bytes of the value, O(N*log(N)) in the members of a sorted set.",
	}
)

// restoredWork is what it costs to read a byte of a payload: an element of few bytes is looked for, hashed and put.
const restoredWork = 16

// costOfRestore is the cost of RESTORE key ttl payload.
func costOfRestore(_ *Spec, args [][]byte, _ Stored) Estimate {
	return Estimate{Work: restoredWork * len(args[3])}
}
