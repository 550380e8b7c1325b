package node

import "github.com/raftredis/raftredis/internal/command"

var memoryCommands = []*command.Spec{Memory}

// MEMORY and its subcommands.
var (
	Memory = &command.Spec{
		Name:        "memory",
		Arity:       -2,
		Group:       "server",
		Since:       "4.0.0",
		Summary:     "Holds the commands about the memory of the node.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{MemoryMallocStats, MemoryPurge, MemoryStats, MemoryUsage, MemoryHelp},
	}
	MemoryHelp = &command.Spec{
		Name:       "memory|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Lists the subcommands of MEMORY.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	MemoryMallocStats = &command.Spec{
		Name:       "memory|malloc-stats",
		Arity:      2,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Reports what Go's allocator and collector count.",
		Complexity: "O(1)",
		Help: []string{
			"MALLOC-STATS",
			"    Show what Go's allocator and collector count.",
		},
	}
	MemoryPurge = &command.Spec{
		Name:       "memory|purge",
		Arity:      2,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Collects garbage now and gives free memory back to the system.",
		Complexity: "O(N) in the bytes in use.",
		Help: []string{
			"PURGE",
			"    Collect garbage and give free memory back to the system.",
		},
	}
	MemoryStats = &command.Spec{
		Name:       "memory|stats",
		Arity:      2,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Tells for what the node uses its memory.",
		Complexity: "O(1)",
		Help: []string{
			"STATS",
			"    Show for what this node uses its memory.",
		},
	}
	MemoryUsage = &command.Spec{
		Name:       "memory|usage",
		Usage:      "<key:key> [SAMPLES <count:integer>]",
		Arity:      -3,
		Class:      command.Read,
		OfNode:     true,
		Cost:       costOfUsage,
		Flags:      command.FlagReadOnly,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.LooksAt)},
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

// usageShare is which part of the work to go through a value it costs to add up its nodes.
const usageShare = 32

// costOfUsage is the cost of MEMORY USAGE key.
func costOfUsage(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return command.Estimate{Work: stored.Weigh(args[2]) / usageShare}
}
