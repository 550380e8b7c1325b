package data

import "github.com/raftredis/raftredis/internal/command"

var topicCommands = []*command.Spec{RaftLog}

// RAFT.LOG and its subcommands: replicated logs at keys.
var (
	RaftLog = &command.Spec{
		Name:        "raft.log",
		Arity:       -2,
		Group:       "stream",
		Since:       command.OwnSince,
		Summary:     "Holds the commands on topics: replicated logs that any client appends to and reads once, in order.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"RAFT.LOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{RaftLogAppend, RaftLogInfo, RaftLogLimit, RaftLogRead, RaftLogTrim, RaftLogHelp},
	}
	RaftLogAppend = &command.Spec{
		Name:       "raft.log|append",
		Usage:      "<topic:key> <data>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Lengthens)},
		Group:      "stream",
		Since:      command.OwnSince,
		Summary:    "Appends an entry to a topic and answers with its index. Makes the topic if there is none.",
		Complexity: "O(N) in the bytes of the entry.",
		Help: []string{
			"APPEND <topic> <data>",
			"    Append an entry and show its index, one above that of the entry before.",
		},
	}
	RaftLogHelp = &command.Spec{
		Name:       "raft.log|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "stream",
		Since:      command.OwnSince,
		Summary:    "Lists the subcommands of RAFT.LOG.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	RaftLogInfo = &command.Spec{
		Name:       "raft.log|info",
		Usage:      "<topic:key>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Reads)},
		Group:      "stream",
		Since:      command.OwnSince,
		Summary:    "Tells which entries a topic holds, and how many it may hold.",
		Complexity: "O(1)",
		Help: []string{
			"INFO <topic>",
			"    Show the first and the last index, the number and the bytes of the entries, and the limits.",
		},
	}
	RaftLogLimit = &command.Spec{
		Name: "raft.log|limit",
		Usage: "<topic:key> [BYTES <max-bytes:integer>] [ENTRIES <max-entries:integer>] " +
			"[FULL when-full=(REFUSE | TRIM)]",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Changes)},
		Group:      "stream",
		Since:      command.OwnSince,
		Summary:    "Bounds a topic, and says what becomes of entries beyond that. Makes the topic if there is none.",
		Complexity: "O(N) in the number of entries that are dropped.",
		Help: []string{
			"LIMIT <topic> [BYTES <n>] [ENTRIES <n>] [FULL REFUSE|TRIM]",
			"    Bound the bytes and the number of entries. A full topic refuses entries, or drops the oldest for them.",
		},
	}
	RaftLogRead = &command.Spec{
		Name:        "raft.log|read",
		Usage:       "<topic:key> <after-index> [COUNT <count:integer>] [BLOCK <milliseconds:integer>]",
		Arity:       -4,
		Class:       command.Read,
		Flags:       command.FlagReadOnly | command.FlagBlocking,
		BlockOption: "block",
		Categories:  command.CategoryStream,
		KeySpecs:    []command.KeySpec{command.OneKey(2, command.Reads)},
		Group:       "stream",
		Since:       command.OwnSince,
		Summary:     "Answers with the entries behind an index, in order, and waits for one if it shall.",
		Complexity:  "O(log(N)+M) in the number of entries held, and in the bytes answered.",
		Help: []string{
			"READ <topic> <after-index>|$|- [COUNT <n>] [BLOCK <milliseconds>]",
			"    Show up to <n> entries behind an index, each with its index; $: behind the newest; -: from the first.",
			"    BLOCK waits for one, 0 for ever. Null: there is none.",
		},
	}
	RaftLogTrim = &command.Spec{
		Name:       "raft.log|trim",
		Usage:      "<topic:key> bound=(BEFORE <index:integer> | BYTES <max-bytes:integer> | AGE <milliseconds:integer>)",
		Arity:      5,
		Class:      command.Write,
		Flags:      command.FlagWrite,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, []string{"RW", "delete"})},
		Group:      "stream",
		Since:      command.OwnSince,
		Summary:    "Drops the oldest entries of a topic and says how many.",
		Complexity: "O(1), and a bounded part for the entries at the bound.",
		Help: []string{
			"TRIM <topic> BEFORE <index>|BYTES <n>|AGE <milliseconds>",
			"    Drop entries before an index, all but the newest <n> bytes, or those older than that.",
		},
	}
)
