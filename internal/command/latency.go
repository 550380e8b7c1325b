package command

var latencyCommands = []*Spec{Latency}

// LATENCY and its subcommands.
var (
	Latency = &Spec{
		Name:       "latency",
		Arity:      -2,
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Holds the commands about the time that commands take.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*Spec{
			LatencyDoctor, LatencyGraph, LatencyHistogram, LatencyHistory, LatencyLatest, LatencyReset,
			LatencyHelp,
		},
	}
	LatencyDoctor = &Spec{
		Name:       "latency|doctor",
		Arity:      2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{varies, everyNode, ownWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Says in sentences what was late, and what to do.",
		Complexity: "O(1)",
		Help: []string{
			"DOCTOR",
			"    Show in sentences what was late, and what to do.",
		},
	}
	LatencyGraph = &Spec{
		Name:       "latency|graph",
		Usage:      "<event>",
		Arity:      3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{varies, everyNode, ownWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Draws when an event took long, and how long.",
		Complexity: "O(1)",
		Help: []string{
			"GRAPH <event>",
			"    Draw when an event took long, and how long.",
		},
	}
	LatencyHelp = &Spec{
		Name:       "latency|help",
		Arity:      2,
		Flags:      FlagLoading | FlagStale,
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Lists the subcommands of LATENCY.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	LatencyHistogram = &Spec{
		Name:       "latency|histogram",
		Usage:      "[<command>...]",
		Arity:      -2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{varies, everyNode, ownWay},
		Group:      "server",
		Since:      "7.0.0",
		Summary:    "Tells how many calls of commands took how long.",
		Complexity: "O(N) in the number of commands.",
		Help: []string{
			"HISTOGRAM [<command> ...]",
			"    Show how many calls of commands took how long.",
		},
	}
	LatencyHistory = &Spec{
		Name:       "latency|history",
		Usage:      "<event>",
		Arity:      3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{varies, everyNode, ownWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Tells when an event took long, and how long.",
		Complexity: "O(1)",
		Help: []string{
			"HISTORY <event>",
			"    Show when an event took long, and how long.",
		},
	}
	LatencyLatest = &Spec{
		Name:       "latency|latest",
		Arity:      2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{varies, everyNode, ownWay},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Tells of the last time that each event took long.",
		Complexity: "O(1)",
		Help: []string{
			"LATEST",
			"    Show when each event took long last, how long then, and at most.",
		},
	}
	LatencyReset = &Spec{
		Name:       "latency|reset",
		Usage:      "[<event>...]",
		Arity:      -2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{everyNode, addUp},
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
