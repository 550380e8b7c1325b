package node

import "github.com/raftredis/raftredis/internal/command"

var configCommands = []*command.Spec{Config}

// CONFIG and its subcommands.
var (
	Config = &command.Spec{
		Name:        "config",
		Arity:       -2,
		Group:       "server",
		Since:       "2.0.0",
		Summary:     "Holds the commands about settings of the node.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{ConfigGet, ConfigSet, ConfigResetStat, ConfigRewrite, ConfigHelp},
	}
	ConfigGet = &command.Spec{
		Name:       "config|get",
		Usage:      "<parameter>...",
		Arity:      -3,
		Globs:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "2.0.0",
		Summary:    "Answers with the settings whose names match a pattern.",
		Complexity: "O(N) in the number of settings.",
		Help: []string{
			"GET <pattern> [<pattern> ...]",
			"    Show the settings whose names match a pattern.",
		},
	}
	ConfigHelp = &command.Spec{
		Name:       "config|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of CONFIG.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	ConfigResetStat = &command.Spec{
		Name:       "config|resetstat",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "server",
		Since:      "2.0.0",
		Summary:    "Makes the counts of the node begin anew.",
		Complexity: "O(1)",
		Help: []string{
			"RESETSTAT",
			"    Make the counts in INFO begin anew.",
		},
	}
	ConfigRewrite = &command.Spec{
		Name:       "config|rewrite",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "server",
		Since:      "2.8.0",
		Summary:    "Writes settings that were changed into the file that the node was started from.",
		Complexity: "O(N) in the bytes of the file.",
		Help: []string{
			"REWRITE",
			"    Write what SET has changed into the configuration file.",
		},
	}
	ConfigSet = &command.Spec{
		Name:       "config|set",
		Usage:      "data={<parameter> <value>}...",
		Arity:      -4,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "server",
		Since:      "2.0.0",
		Summary:    "Changes settings of the node.",
		Complexity: "O(N) in the number of settings given.",
		Help: []string{
			"SET <name> <value> [<name> <value> ...]",
			"    Change settings of this node, all or none.",
		},
	}
)
