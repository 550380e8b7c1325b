package node

import "github.com/raftredis/raftredis/internal/command"

var connectionCommands = []*command.Spec{
	Auth, Echo, Hello, Ping, Quit, Reset, Select,
}

// The commands on a connection.
var (
	Auth = &command.Spec{
		Name:  "auth",
		Usage: "[<username>] <password>",
		Arity: -2,
		Flags: command.FlagNoScript | command.FlagLoading | command.FlagStale |
			command.FlagFast | command.FlagNoAuth | command.FlagAllowBusy,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Proves to the node who the client is.",
		Complexity: "O(1)",
	}
	Echo = &command.Spec{
		Name:       "echo",
		Usage:      "<message>",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale | command.FlagFast,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Answers with its argument.",
		Complexity: "O(1)",
	}
	Hello = &command.Spec{
		Name: "hello",
		Usage: "[arguments={<protover:integer> [AUTH auth={<username> <password>}] " +
			"[SETNAME <clientname>]}]",
		Arity: -1,
		Flags: command.FlagNoScript | command.FlagLoading | command.FlagStale |
			command.FlagFast | command.FlagNoAuth | command.FlagAllowBusy,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "6.0.0",
		Summary:    "Introduces client and node to each other and agrees on a protocol.",
		Complexity: "O(1)",
	}
	Ping = &command.Spec{
		Name:       "ping",
		Usage:      "[<message>]",
		Arity:      -1,
		Flags:      command.FlagFast,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Answers PONG, or with its argument: a sign of life.",
		Complexity: "O(1)",
	}
	Quit = &command.Spec{
		Name:  "quit",
		Arity: -1,
		Flags: command.FlagNoScript | command.FlagLoading | command.FlagStale |
			command.FlagFast | command.FlagNoAuth | command.FlagAllowBusy,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Ends the connection after the replies to everything before it.",
		Complexity: "O(1)",
	}
	Reset = &command.Spec{
		Name:  "reset",
		Arity: 1,
		Flags: command.FlagNoScript | command.FlagLoading | command.FlagStale |
			command.FlagFast | command.FlagNoAuth | command.FlagAllowBusy,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "6.2.0",
		Summary:    "Makes the connection as it was when it was made.",
		Complexity: "O(1)",
	}
	Select = &command.Spec{
		Name:       "select",
		Usage:      "<index:integer>",
		Arity:      2,
		Selects:    true,
		Flags:      command.FlagLoading | command.FlagStale | command.FlagFast,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Chooses the database of what the client sends from now on.",
		Complexity: "O(1)",
	}
)
