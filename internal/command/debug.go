package command

var debugCommands = []*Spec{Debug}

// DEBUG and its subcommands.
var (
	Debug = &Spec{
		Name:       "debug",
		Arity:      -2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Holds commands for tests and for looking into the node.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*Spec{
			DebugError, DebugLog, DebugObject, DebugProtocol, DebugSetActiveExpire, DebugSleep, DebugHelp,
		},
	}
	DebugError = &Spec{
		Name:       "debug|error",
		Usage:      "<string>",
		Arity:      3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Answers with the error that is given.",
		Complexity: "O(1)",
		Help: []string{
			"ERROR <string>",
			"    Answer with this error.",
		},
	}
	DebugHelp = &Spec{
		Name:       "debug|help",
		Arity:      2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Lists the subcommands of DEBUG.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	DebugLog = &Spec{
		Name:       "debug|log",
		Usage:      "<message>",
		Arity:      3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Writes a line into the log of the node.",
		Complexity: "O(1)",
		Help: []string{
			"LOG <message>",
			"    Write a line into the log of the node.",
		},
	}
	DebugObject = &Spec{
		Name:       "debug|object",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		KeySpecs:   []KeySpec{oneKey(2, reads)},
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Tells how the value at a key is kept.",
		Complexity: "O(1)",
		Help: []string{
			"OBJECT <key>",
			"    Show how the value of a key is kept.",
		},
	}
	DebugProtocol = &Spec{
		Name: "debug|protocol",
		Usage: "type=(STRING | INTEGER | DOUBLE | BIGNUM | NULL | ARRAY | SET | MAP | ATTRIB | PUSH | VERBATIM | " +
			"TRUE | FALSE)",
		Arity:      3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
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
	DebugSetActiveExpire = &Spec{
		Name:       "debug|set-active-expire",
		Usage:      "<enabled:integer>",
		Arity:      3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Accepts that expired keys are removed; that cannot be changed.",
		Complexity: "O(1)",
		Help: []string{
			"SET-ACTIVE-EXPIRE (0|1)",
			"    1 changes nothing, 0 is refused: the log removes expired keys, on all nodes alike.",
		},
	}
	DebugSleep = &Spec{
		Name:       "debug|sleep",
		Usage:      "<seconds:double>",
		Arity:      3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
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
func IsDebug(s *Spec) bool { return s == Debug || s.Container() == Debug }
