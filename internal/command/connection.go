package command

var connectionCommands = []*Spec{
	Auth, Echo, Hello, Ping, Quit, Reset, Select,
}

// The commands on a connection.
var (
	Auth = &Spec{
		Name:       "auth",
		Usage:      "[<username>] <password>",
		Arity:      -2,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagNoAuth | FlagAllowBusy,
		Categories: CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Proves to the node who the client is.",
		Complexity: "O(1)",
	}
	Echo = &Spec{
		Name:       "echo",
		Usage:      "<message>",
		Arity:      2,
		Flags:      FlagLoading | FlagStale | FlagFast,
		Categories: CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Answers with its argument.",
		Complexity: "O(1)",
	}
	Hello = &Spec{
		Name: "hello",
		Usage: "[arguments={<protover:integer> [AUTH auth={<username> <password>}] " +
			"[SETNAME <clientname>]}]",
		Arity:      -1,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagNoAuth | FlagAllowBusy,
		Categories: CategoryConnection,
		Group:      "connection",
		Since:      "6.0.0",
		Summary:    "Introduces client and node to each other and agrees on a protocol.",
		Complexity: "O(1)",
	}
	Ping = &Spec{
		Name:       "ping",
		Usage:      "[<message>]",
		Arity:      -1,
		Flags:      FlagFast,
		Categories: CategoryConnection,
		Tips:       []string{everyNode, allWell},
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Answers PONG, or with its argument: a sign of life.",
		Complexity: "O(1)",
	}
	Quit = &Spec{
		Name:       "quit",
		Arity:      -1,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagNoAuth | FlagAllowBusy,
		Categories: CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Ends the connection after the replies to everything before it.",
		Complexity: "O(1)",
	}
	Reset = &Spec{
		Name:       "reset",
		Arity:      1,
		Flags:      FlagNoScript | FlagLoading | FlagStale | FlagFast | FlagNoAuth | FlagAllowBusy,
		Categories: CategoryConnection,
		Group:      "connection",
		Since:      "6.2.0",
		Summary:    "Makes the connection as it was when it was made.",
		Complexity: "O(1)",
	}
	Select = &Spec{
		Name:       "select",
		Usage:      "<index:integer>",
		Arity:      2,
		Flags:      FlagLoading | FlagStale | FlagFast,
		Categories: CategoryConnection,
		Group:      "connection",
		Since:      "1.0.0",
		Summary:    "Chooses the database; there is one, number 0.",
		Complexity: "O(1)",
	}
)
