package command

var lockCommands = []*Spec{RaftHolder, RaftLock, RaftRenew, RaftUnlock}

// The commands on locks.
var (
	RaftHolder = &Spec{
		Name:       "raft.holder",
		Usage:      "<name:key>",
		Arity:      2,
		Class:      Read,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "lock",
		Since:      ownSince,
		Summary:    "Answers with the holder of a lock, its token, and how long it has left.",
		Complexity: "O(1)",
	}
	RaftLock = &Spec{
		Name:       "raft.lock",
		Usage:      "<name:key> <holder> <milliseconds:integer>",
		Arity:      4,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "lock",
		Since:      ownSince,
		Summary:    "Takes a lock for a time and answers with its token, unless another holds it.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	RaftRenew = &Spec{
		Name:       "raft.renew",
		Usage:      "<name:key> <token:integer> <milliseconds:integer>",
		Arity:      4,
		Class:      Write,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(1, changes)},
		Group:      "lock",
		Since:      ownSince,
		Summary:    "Prolongs a lock that is held with a token.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	RaftUnlock = &Spec{
		Name:       "raft.unlock",
		Usage:      "<name:key> <token:integer>",
		Arity:      3,
		Class:      Write,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(1, takes)},
		Group:      "lock",
		Since:      ownSince,
		Summary:    "Gives up a lock that is held with a token.",
		Complexity: "O(1)",
	}
)
