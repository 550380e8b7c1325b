package data

import "github.com/raftredis/raftredis/internal/command"

var databaseCommands = []*command.Spec{Move, SwapDB}

// The commands on databases; SELECT is one of the connection.
var (
	Move = &command.Spec{
		Name:       "move",
		Usage:      "<key:key> <db:integer>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Cost:       costOfMove,
		Group:      "generic",
		Since:      "1.0.0",
		Summary:    "Moves a key to another database, unless that has the key.",
		Complexity: "O(1)",
	}
	SwapDB = &command.Spec{
		Name:       "swapdb",
		Usage:      "<index1:integer> <index2:integer>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace | command.CategoryDangerous,
		EndsRun:    true,
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Lets two databases change places.",
		Complexity: "O(1)",
	}
)
