package command

var transactionCommands = []*Spec{Discard, Exec, Multi, Unwatch, Watch}

// The commands around transactions.
var (
	Discard = &Spec{
		Name:       "discard",
		Arity:      1,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagAllowBusy,
		Categories: CategoryTransaction,
		Group:      "transactions",
		Since:      "2.0.0",
		Summary:    "Forgets the commands of a transaction, and the keys that are watched.",
		Complexity: "O(N) in the number of commands that are queued.",
	}
	Exec = &Spec{
		Name:       "exec",
		Arity:      1,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagSkipSlowlog,
		Categories: CategoryTransaction,
		Group:      "transactions",
		Since:      "1.2.0",
		Summary:    "Executes the commands of a transaction as one, unless a watched key has changed.",
		Complexity: "That of the commands.",
	}
	Multi = &Spec{
		Name:       "multi",
		Arity:      1,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagAllowBusy,
		Categories: CategoryTransaction,
		Group:      "transactions",
		Since:      "1.2.0",
		Summary:    "Begins a transaction: the commands behind it are queued until EXEC.",
		Complexity: "O(1)",
	}
	Unwatch = &Spec{
		Name:       "unwatch",
		Arity:      1,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagAllowBusy,
		Categories: CategoryTransaction,
		Group:      "transactions",
		Since:      "2.2.0",
		Summary:    "Forgets the keys that are watched.",
		Complexity: "O(1)",
	}
	Watch = &Spec{
		Name:       "watch",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      Read,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagAllowBusy,
		Categories: CategoryTransaction,
		KeySpecs:   []KeySpec{keysFrom(1, looksAt)},
		EndsRun:    true,
		Group:      "transactions",
		Since:      "2.2.0",
		Summary:    "Makes the next EXEC depend on keys: it does nothing if one of them has changed until then.",
		Complexity: "O(1) for every key.",
	}
)
