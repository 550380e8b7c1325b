package node

import "github.com/raftredis/raftredis/internal/command"

var slowLogCommands = []*command.Spec{SlowLog}

// SLOWLOG and its subcommands.
var (
	SlowLog = &command.Spec{
		Name:        "slowlog",
		Arity:       -2,
		Group:       "server",
		Since:       "2.2.12",
		Summary:     "Holds the commands about runs that took long.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{SlowLogGet, SlowLogLen, SlowLogReset, SlowLogHelp},
	}
	SlowLogGet = &command.Spec{
		Name:       "slowlog|get",
		Usage:      "[<count:integer>]",
		Arity:      -2,
		Flags:      command.FlagAdmin | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipEveryNode, command.TipVaries},
		Group:      "server",
		Since:      "2.2.12",
		Summary:    "Lists the newest of the runs that took long.",
		Complexity: "O(N) in the number of runs listed.",
		Help: []string{
			"GET [<count>]",
			"    Show the newest of the runs that took long (10 unless a count is given; -1 means all), each as:",
			"    id, second, microseconds, the first command, address and name of the client",
		},
	}
	SlowLogHelp = &command.Spec{
		Name:       "slowlog|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.2.0",
		Summary:    "Lists the subcommands of SLOWLOG.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	SlowLogLen = &command.Spec{
		Name:       "slowlog|len",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipEveryNode, command.TipAddUp, command.TipVaries},
		Group:      "server",
		Since:      "2.2.12",
		Summary:    "Counts the runs that took long.",
		Complexity: "O(1)",
		Help: []string{
			"LEN",
			"    Count them.",
		},
	}
	SlowLogReset = &command.Spec{
		Name:       "slowlog|reset",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "server",
		Since:      "2.2.12",
		Summary:    "Forgets the runs that took long.",
		Complexity: "O(N) in their number.",
		Help: []string{
			"RESET",
			"    Forget them.",
		},
	}
)
