package data

import "github.com/raftredis/raftredis/internal/command"

// onceCommands let a client have a command executed once, however often it is sent.
var onceCommands = []*command.Spec{RaftOnce, RaftSession}

// RAFT.ONCE, and RAFT.SESSION with its subcommands.
var (
	RaftOnce = &command.Spec{
		Name:       "raft.once",
		Usage:      "<session:integer> <sequence:integer> <command> [<arg>...]",
		Arity:      -4,
		Class:      command.Write,
		LaysOut:    true,
		Flags:      command.FlagWrite | command.FlagNoMandatoryKeys | command.FlagMovableKeys,
		Wraps:      3,
		Group:      "raft",
		Since:      command.OwnSince,
		Summary:    "Executes a command once, however often it is sent, and answers each time with its first reply.",
		Complexity: "That of the command.",
	}
	RaftSession = &command.Spec{
		Name:        "raft.session",
		Arity:       -2,
		Group:       "raft",
		Since:       command.OwnSince,
		Summary:     "Holds the commands about sessions, in which RAFT.ONCE executes commands.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"RAFT.SESSION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{RaftSessionClose, RaftSessionHelp, RaftSessionInfo, RaftSessionOpen},
	}
	RaftSessionClose = &command.Spec{
		Name:       "raft.session|close",
		Usage:      "<session:integer>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Group:      "raft",
		Since:      command.OwnSince,
		Summary:    "Ends a session, and forgets what was executed in it.",
		Complexity: "O(1)",
		Help: []string{
			"CLOSE <session>",
			"    End a session. Its client must not send anything in it again.",
		},
	}
	RaftSessionHelp = &command.Spec{
		Name:       "raft.session|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "raft",
		Since:      command.OwnSince,
		Summary:    "Lists the subcommands of RAFT.SESSION.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	RaftSessionInfo = &command.Spec{
		Name:       "raft.session|info",
		Usage:      "<session:integer>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Group:      "raft",
		Since:      command.OwnSince,
		Summary:    "Tells when a session ends, which sequence was its highest, and how many replies are kept.",
		Complexity: "O(1)",
		Help: []string{
			"INFO <session>",
			"    Show when a session ends and what is kept of it. This does not make it live longer.",
		},
	}
	RaftSessionOpen = &command.Spec{
		Name:       "raft.session|open",
		Usage:      "[TTL <milliseconds:integer>]",
		Arity:      -2,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Group:      "raft",
		Since:      command.OwnSince,
		Summary:    "Opens a session, and answers with its number.",
		Complexity: "O(1)",
		Help: []string{
			"OPEN [TTL <milliseconds>]",
			"    Open a session that lives for so long (by default an hour) behind its last use. Show its number.",
		},
	}
)
