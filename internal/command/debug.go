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
		Subcommands: []*Spec{
			DebugError, DebugHelp, DebugLog, DebugObject, DebugProtocol, DebugSetActiveExpire, DebugSleep,
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
	}
	DebugHelp = &Spec{
		Name:       "debug|help",
		Arity:      2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Lists the subcommands of DEBUG.",
		Complexity: "O(1)",
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
	}
)

// IsDebug reports whether the command is DEBUG or one of its subcommands, which a setting allows or not.
func (s *Spec) IsDebug() bool { return s == Debug || s.container == Debug }
