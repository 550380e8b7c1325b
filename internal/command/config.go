package command

var configCommands = []*Spec{Config}

// CONFIG and its subcommands.
var (
	Config = &Spec{
		Name:       "config",
		Arity:      -2,
		Group:      "server",
		Since:      "2.0.0",
		Summary:    "Holds the commands about settings of the node.",
		Complexity: "Depends on the subcommand.",
		Subcommands: []*Spec{
			ConfigGet, ConfigHelp, ConfigResetStat, ConfigRewrite, ConfigSet,
		},
	}
	ConfigGet = &Spec{
		Name:       "config|get",
		Usage:      "<parameter>...",
		Arity:      -3,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Group:      "server",
		Since:      "2.0.0",
		Summary:    "Answers with the settings whose names match a pattern.",
		Complexity: "O(N) in the number of settings.",
	}
	ConfigHelp = &Spec{
		Name:       "config|help",
		Arity:      2,
		Flags:      FlagLoading | FlagStale,
		Group:      "server",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of CONFIG.",
		Complexity: "O(1)",
	}
	ConfigResetStat = &Spec{
		Name:       "config|resetstat",
		Arity:      2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{everyNode, allWell},
		Group:      "server",
		Since:      "2.0.0",
		Summary:    "Makes the counts of the node begin anew.",
		Complexity: "O(1)",
	}
	ConfigRewrite = &Spec{
		Name:       "config|rewrite",
		Arity:      2,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{everyNode, allWell},
		Group:      "server",
		Since:      "2.8.0",
		Summary:    "Writes settings that were changed into the file that the node was started from.",
		Complexity: "O(N) in the bytes of the file.",
	}
	ConfigSet = &Spec{
		Name:       "config|set",
		Usage:      "data={<parameter> <value>}...",
		Arity:      -4,
		Flags:      FlagAdmin | FlagNoScript | FlagLoading | FlagStale,
		Tips:       []string{everyNode, allWell},
		Group:      "server",
		Since:      "2.0.0",
		Summary:    "Changes settings of the node.",
		Complexity: "O(N) in the number of settings given.",
	}
)
