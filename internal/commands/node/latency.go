package node

import "github.com/raftredis/raftredis/internal/command"

var latencyCommands = []*command.Spec{Latency}

// LATENCY and its subcommands.
var (
	Latency = &command.Spec{
		Name:       "latency",
		Arity:      -2,
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Holds the commands about the time that commands take.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{
			LatencyDoctor, LatencyGraph, LatencyHistogram, LatencyHistory, LatencyLatest, LatencyReset,
			LatencyHelp,
		},
	}
	LatencyDoctor = &command.Spec{
		Name:       "latency|doctor",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Says in sentences what was late, and what to do.",
		Complexity: "O(1)",
		Help: []string{
			"DOCTOR",
			"    Show in sentences what was late, and what to do.",
		},
	}
	LatencyGraph = &command.Spec{
		Name:       "latency|graph",
		Usage:      "<event>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Draws when an event took long, and how long.",
		Complexity: "O(1)",
		Help: []string{
			"GRAPH <event>",
			"    Draw when an event took long, and how long.",
		},
	}
	LatencyHelp = &command.Spec{
		Name:       "latency|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Lists the subcommands of LATENCY.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	LatencyHistogram = &command.Spec{
		Name:       "latency|histogram",
		Usage:      "[<command>...]",
		Arity:      -2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "7.0.0",
		Summary:    "Tells how many calls of commands took how long.",
		Complexity: "O(N) in the number of commands.",
		Help: []string{
			"HISTOGRAM [<command> ...]",
			"    Show how many calls of commands took how long.",
		},
	}
	LatencyHistory = &command.Spec{
		Name:       "latency|history",
		Usage:      "<event>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Tells when an event took long, and how long.",
		Complexity: "O(1)",
		Help: []string{
			"HISTORY <event>",
			"    Show when an event took long, and how long.",
		},
	}
	LatencyLatest = &command.Spec{
		Name:       "latency|latest",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Tells of the last time that each event took long.",
		Complexity: "O(1)",
		Help: []string{
			"LATEST",
			"    Show when each event took long last, how long then, and at most.",
		},
	}
	LatencyReset = &command.Spec{
		Name:       "latency|reset",
		Usage:      "[<event>...]",
		Arity:      -2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipEveryNode, command.TipAddUp},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Forgets what took long.",
		Complexity: "O(1)",
		Help: []string{
			"RESET [<event> ...]",
			"    Forget these events, or all.",
		},
	}
)
