package data

import "github.com/raftredis/raftredis/internal/command"

var lockCommands = []*command.Spec{RaftHolder, RaftLock, RaftRenew, RaftUnlock}

// The commands on locks.
var (
	RaftHolder = &command.Spec{
		Name:       "raft.holder",
		Usage:      "<name:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "lock",
		Since:      command.OwnSince,
		Summary:    "Answers with the holder of a lock, its token, and how long it has left.",
		Complexity: "O(1)",
	}
	RaftLock = &command.Spec{
		Name:       "raft.lock",
		Usage:      "<name:key> <holder> <milliseconds:integer>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "lock",
		Since:      command.OwnSince,
		Summary:    "Takes a lock for a time and answers with its token, unless another holds it.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	RaftRenew = &command.Spec{
		Name:       "raft.renew",
		Usage:      "<name:key> <token:integer> <milliseconds:integer>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "lock",
		Since:      command.OwnSince,
		Summary:    "Prolongs a lock that is held with a token.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	RaftUnlock = &command.Spec{
		Name:       "raft.unlock",
		Usage:      "<name:key> <token:integer>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Group:      "lock",
		Since:      command.OwnSince,
		Summary:    "Gives up a lock that is held with a token.",
		Complexity: "O(1)",
	}
)
