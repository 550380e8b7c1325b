package node

import "github.com/raftredis/raftredis/internal/command"

var introspectionCommands = []*command.Spec{Command}

// COMMAND and its subcommands.
var (
	Command = &command.Spec{
		Name:       "command",
		Arity:      -1,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipVariesInOrder},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Describes all commands of the node.",
		Complexity: "O(N) in the number of commands.",
		Help: []string{
			"COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
			"(none)",
			"    Describe all commands.",
		},
		Subcommands: []*command.Spec{
			CommandCount, CommandDocs, CommandGetKeys, CommandGetKeysAndFlags, CommandInfo, CommandList,
			CommandHelp,
		},
	}
	CommandCount = &command.Spec{
		Name:       "command|count",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Counts the commands of the node.",
		Complexity: "O(1)",
		Help: []string{
			"COUNT",
			"    Count the commands.",
		},
	}
	CommandDocs = &command.Spec{
		Name:       "command|docs",
		Usage:      "[<command-name>...]",
		Arity:      -2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipVariesInOrder},
		Group:      "server",
		Since:      "7.0.0",
		Summary:    "Documents the commands given, or all.",
		Complexity: "O(N) in the number of commands.",
		Help: []string{
			"DOCS [<command> ...]",
			"    Document these commands, or all.",
		},
	}
	CommandGetKeys = &command.Spec{
		Name:       "command|getkeys",
		Usage:      "<command> [<arg>...]",
		Arity:      -3,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Picks the keys out of a command.",
		Complexity: "O(N) in the number of arguments.",
		Help: []string{
			"GETKEYS <command> [<arg> ...]",
			"    Pick the keys out of a command.",
		},
	}
	CommandGetKeysAndFlags = &command.Spec{
		Name:       "command|getkeysandflags",
		Usage:      "<command> [<arg>...]",
		Arity:      -3,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "server",
		Since:      "7.0.0",
		Summary:    "Picks the keys out of a command and says what it does to each.",
		Complexity: "O(N) in the number of arguments.",
		Help: []string{
			"GETKEYSANDFLAGS <command> [<arg> ...]",
			"    Pick the keys out of a command, each with what the command does to it.",
		},
	}
	CommandHelp = &command.Spec{
		Name:       "command|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "server",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of COMMAND.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	CommandInfo = &command.Spec{
		Name:       "command|info",
		Usage:      "[<command-name>...]",
		Arity:      -2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipVariesInOrder},
		Group:      "server",
		Since:      "2.8.13",
		Summary:    "Describes the commands given, or all.",
		Complexity: "O(N) in the number of commands.",
		Help: []string{
			"INFO [<command> ...]",
			"    Describe these commands, or all.",
		},
	}
	CommandList = &command.Spec{
		Name: "command|list",
		Usage: "[FILTERBY filterby=(MODULE <module-name> | " +
			"ACLCAT <category> | PATTERN <pattern:pattern>)]",
		Arity:      -2,
		Globs:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipVariesInOrder},
		Group:      "server",
		Since:      "7.0.0",
		Summary:    "Lists the names of the commands.",
		Complexity: "O(N) in the number of commands.",
		Help: []string{
			"LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]",
			"    List the names of commands and subcommands.",
		},
	}
)
