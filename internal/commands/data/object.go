package data

import "github.com/raftredis/raftredis/internal/command"

var objectCommands = []*command.Spec{Object}

// The commands that show how a value is kept.
var (
	Object = &command.Spec{
		Name:        "object",
		Arity:       -2,
		Group:       "generic",
		Since:       "2.2.3",
		Summary:     "Holds the commands about how values are kept.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{ObjectEncoding, ObjectFreq, ObjectIdleTime, ObjectRefCount, ObjectHelp},
	}
	ObjectEncoding = &command.Spec{
		Name:       "object|encoding",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      command.Read,
		OfNode:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.LooksAt)},
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "2.2.3",
		Summary:    "Names the way in which Redis would keep the value at a key.",
		Complexity: "O(1)",
		Help: []string{
			"ENCODING <key>",
			"    How Redis would keep the value, by the settings of this node: int, embstr or raw for strings.",
		},
	}
	ObjectFreq = &command.Spec{
		Name:       "object|freq",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      command.Read,
		OfNode:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.LooksAt)},
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "4.0.0",
		Summary:    "Tells how often the node has used a key lately, if maxmemory-policy has it count that.",
		Complexity: "O(1)",
		Help: []string{
			"FREQ <key>",
			"    How often the node has used the key lately, on a logarithmic scale.",
		},
	}
	ObjectHelp = &command.Spec{
		Name:       "object|help",
		Arity:      2,
		Class:      command.Read,
		OfNode:     true,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryKeyspace,
		Group:      "generic",
		Since:      "6.2.0",
		Summary:    "Lists the subcommands.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Print this help.",
		},
	}
	ObjectIdleTime = &command.Spec{
		Name:       "object|idletime",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      command.Read,
		OfNode:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.LooksAt)},
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "2.2.3",
		Summary:    "Tells for how many seconds the node has not used a key.",
		Complexity: "O(1)",
		Help: []string{
			"IDLETIME <key>",
			"    For how many seconds the node has not used the key.",
		},
	}
	ObjectRefCount = &command.Spec{
		Name:       "object|refcount",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.LooksAt)},
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "2.2.3",
		Summary:    "Answers with how many parts of a server would use a value that had just been made: many, or 1.",
		Complexity: "O(1)",
		Help: []string{
			"REFCOUNT <key>",
			"    2147483647 for a whole number below 10000, which Redis shares, 1 for all else.",
		},
	}
)
