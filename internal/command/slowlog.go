package command

var slowLogCommands = []*Spec{SlowLog}

// SLOWLOG and its subcommands.
var (
	SlowLog = &Spec{
		Name:       "slowlog",
		Arity:      -2,
		Group:      "server",
		Since:      "2.2.12",
		Summary:    "Holds the commands about runs that took long.",
		Complexity: "Depends on the subcommand.",
		Subcommands: []*Spec{
			SlowLogGet, SlowLogHelp, SlowLogLen, SlowLogReset,
		},
	}
	SlowLogGet = &Spec{
		Name:       "slowlog|get",
		Usage:      "[<count:integer>]",
		Arity:      -2,
		Flags:      FlagAdmin | FlagLoading | FlagStale,
		Tips:       []string{everyNode, varies},
		Group:      "server",
		Since:      "2.2.12",
		Summary:    "Lists the newest of the runs that took long.",
		Complexity: "O(N) in the number of runs listed.",
	}
	SlowLogHelp = &Spec{
		Name:       "slowlog|help",
		Arity:      2,
		Flags:      FlagLoading | FlagStale,
		Group:      "server",
		Since:      "6.2.0",
		Summary:    "Lists the subcommands of SLOWLOG.",
		Complexity: "O(1)",
	}
	SlowLogLen = &Spec{
		Name:       "slowlog|len",
		Arity:      2,
		Flags:      FlagAdmin | FlagLoading | FlagStale,
		Tips:       []string{everyNode, addUp, varies},
		Group:      "server",
		Since:      "2.2.12",
		Summary:    "Counts the runs that took long.",
		Complexity: "O(1)",
	}
	SlowLogReset = &Spec{
		Name:       "slowlog|reset",
		Arity:      2,
		Flags:      FlagAdmin | FlagLoading | FlagStale,
		Tips:       []string{everyNode, allWell},
		Group:      "server",
		Since:      "2.2.12",
		Summary:    "Forgets the runs that took long.",
		Complexity: "O(N) in their number.",
	}
)
