package node

import "github.com/raftredis/raftredis/internal/command"

var debugCommands = []*command.Spec{Debug}

// DEBUG and its subcommands.
var (
	Debug = &command.Spec{
		Name:       "debug",
		Arity:      -2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Holds commands for tests and for looking into the node.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{
			DebugDigest, DebugDigestValue, DebugError, DebugLog, DebugObject, DebugProtocol, DebugSetActiveExpire,
			DebugSleep, DebugHelp,
		},
	}
	DebugDigest = &command.Spec{
		Name:       "debug|digest",
		Arity:      2,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Tells a hash of all keys of the database, with their values and ends.",
		Complexity: "O(N) in the number of keys.",
		Help: []string{
			"DIGEST",
			"    Show a hash of all keys of the database: two nodes, or two moments, with the same keys, values and ends",
			"    have the same. Other clusters have others.",
		},
	}
	DebugDigestValue = &command.Spec{
		Name:       "debug|digest-value",
		Usage:      "[<key:key>...]",
		Arity:      -2,
		Class:      command.Read,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		KeySpecs:   []command.KeySpec{command.KeysFrom(2, command.Reads)},
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Tells a hash of each value.",
		Complexity: "O(N) in the number of keys that are named.",
		Help: []string{
			"DIGEST-VALUE [<key> ...]",
			"    Show a hash of the value of each key: of equal values it is the same. It is 0 for a key that is absent.",
		},
	}
	DebugError = &command.Spec{
		Name:       "debug|error",
		Usage:      "<string>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Answers with the error that is given.",
		Complexity: "O(1)",
		Help: []string{
			"ERROR <string>",
			"    Answer with this error.",
		},
	}
	DebugHelp = &command.Spec{
		Name:       "debug|help",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Lists the subcommands of DEBUG.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	DebugLog = &command.Spec{
		Name:       "debug|log",
		Usage:      "<message>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Writes a line into the log of the node.",
		Complexity: "O(1)",
		Help: []string{
			"LOG <message>",
			"    Write a line into the log of the node.",
		},
	}
	DebugObject = &command.Spec{
		Name:       "debug|object",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Reads)},
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Tells how the value at a key is kept.",
		Complexity: "O(1)",
		Help: []string{
			"OBJECT <key>",
			"    Show how the value of a key is kept.",
		},
	}
	DebugProtocol = &command.Spec{
		Name: "debug|protocol",
		Usage: "type=(STRING | INTEGER | DOUBLE | BIGNUM | NULL | ARRAY | SET | MAP | ATTRIB | PUSH | VERBATIM | " +
			"TRUE | FALSE)",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Answers with a value of the type that is named.",
		Complexity: "O(1)",
		Help: []string{
			"PROTOCOL <type>",
			"    Answer with a value of this type: string, integer, double, bignum, null, array, set, map, attrib, push,",
			"    verbatim, true or false.",
		},
	}
	DebugSetActiveExpire = &command.Spec{
		Name:       "debug|set-active-expire",
		Usage:      "<enabled:integer>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Accepts that expired keys are removed; that cannot be changed.",
		Complexity: "O(1)",
		Help: []string{
			"SET-ACTIVE-EXPIRE (0|1)",
			"    1 changes nothing, 0 is refused: the log removes expired keys, on all nodes alike.",
		},
	}
	DebugSleep = &command.Spec{
		Name:       "debug|sleep",
		Usage:      "<seconds:double>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Answers after so many seconds; only this connection waits.",
		Complexity: "O(1)",
		Help: []string{
			"SLEEP <seconds>",
			"    Answer after so many seconds, fractions allowed. Only this connection waits.",
		},
	}
)

// IsDebug reports whether the command is DEBUG or one of its subcommands, which a setting allows or not.
func IsDebug(s *command.Spec) bool { return s == Debug || s.Container() == Debug }
