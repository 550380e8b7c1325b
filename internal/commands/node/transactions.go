package node

import "github.com/raftredis/raftredis/internal/command"

var transactionCommands = []*command.Spec{Discard, Exec, Multi, Unwatch, Watch}

// The commands around transactions.
var (
	Discard = &command.Spec{
		Name:       "discard",
		Arity:      1,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale | command.FlagFast | command.FlagAllowBusy,
		Categories: command.CategoryTransaction,
		Group:      "transactions",
		Since:      "2.0.0",
		Summary:    "Forgets the commands of a transaction, and the keys that are watched.",
		Complexity: "O(N) in the number of commands that are queued.",
	}
	Exec = &command.Spec{
		Name:       "exec",
		Arity:      1,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale | command.FlagSkipSlowlog,
		Categories: command.CategoryTransaction,
		Group:      "transactions",
		Since:      "1.2.0",
		Summary:    "Executes the commands of a transaction as one, unless a watched key has changed.",
		Complexity: "That of the commands.",
	}
	Multi = &command.Spec{
		Name:       "multi",
		Arity:      1,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale | command.FlagFast | command.FlagAllowBusy,
		Categories: command.CategoryTransaction,
		Group:      "transactions",
		Since:      "1.2.0",
		Summary:    "Begins a transaction: the commands behind it are queued until EXEC.",
		Complexity: "O(1)",
	}
	Unwatch = &command.Spec{
		Name:       "unwatch",
		Arity:      1,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale | command.FlagFast | command.FlagAllowBusy,
		Categories: command.CategoryTransaction,
		Group:      "transactions",
		Since:      "2.2.0",
		Summary:    "Forgets the keys that are watched.",
		Complexity: "O(1)",
	}
	Watch = &command.Spec{
		Name:       "watch",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      command.Read,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale | command.FlagFast | command.FlagAllowBusy,
		Categories: command.CategoryTransaction,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, command.LooksAt)},
		EndsRun:    true,
		Group:      "transactions",
		Since:      "2.2.0",
		Summary:    "Makes the next EXEC depend on keys: it does nothing if one of them has changed until then.",
		Complexity: "O(1) for every key.",
	}
)
