package command

var memoryCommands = []*Spec{Memory}

// MEMORY and its subcommands.
var (
	Memory = &Spec{
		Name:        "memory",
		Arity:       -2,
		Group:       "server",
		Since:       "4.0.0",
		Summary:     "Holds the commands about the memory of the node.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*Spec{MemoryMallocStats, MemoryPurge, MemoryStats, MemoryUsage, MemoryHelp},
	}
	MemoryHelp = &Spec{
		Name:       "memory|help",
		Arity:      2,
		Flags:      FlagLoading | FlagStale,
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Lists the subcommands of MEMORY.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	MemoryMallocStats = &Spec{
		Name:       "memory|malloc-stats",
		Arity:      2,
		Tips:       []string{varies, everyNode, ownWay},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Reports what Go's allocator and collector count.",
		Complexity: "O(1)",
		Help: []string{
			"MALLOC-STATS",
			"    Show what Go's allocator and collector count.",
		},
	}
	MemoryPurge = &Spec{
		Name:       "memory|purge",
		Arity:      2,
		Tips:       []string{everyNode, allWell},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Collects garbage now and gives free memory back to the system.",
		Complexity: "O(N) in the bytes in use.",
		Help: []string{
			"PURGE",
			"    Collect garbage and give free memory back to the system.",
		},
	}
	MemoryStats = &Spec{
		Name:       "memory|stats",
		Arity:      2,
		Tips:       []string{varies, everyNode, ownWay},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Tells for what the node uses its memory.",
		Complexity: "O(1)",
		Help: []string{
			"STATS",
			"    Show for what this node uses its memory.",
		},
	}
	MemoryUsage = &Spec{
		Name:       "memory|usage",
		Usage:      "<key:key> [SAMPLES <count:integer>]",
		Arity:      -3,
		Class:      Read,
		OfNode:     true,
		Flags:      FlagReadOnly,
		KeySpecs:   []KeySpec{oneKey(2, looksAt)},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Estimates how many bytes the node holds for a key.",
		Complexity: "O(N) in the bytes of a long string.",
		Help: []string{
			"USAGE <key> [SAMPLES <count>]",
			"    Estimate the bytes of a key with its value. Nothing is sampled: the count means nothing.",
		},
	}
)
