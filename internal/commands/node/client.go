package node

import "github.com/raftredis/raftredis/internal/command"

var clientCommands = []*command.Spec{Client}

// CLIENT and its subcommands.
var (
	Client = &command.Spec{
		Name:       "client",
		Arity:      -2,
		Group:      "connection",
		Since:      "2.4.0",
		Summary:    "Holds the commands about client connections.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{
			ClientCaching, ClientGetName, ClientGetRedir, ClientID, ClientInfo, ClientKill, ClientList,
			ClientNoEvict, ClientNoTouch, ClientPause, ClientReply, ClientSetInfo, ClientSetName,
			ClientTracking, ClientTrackingInfo, ClientUnblock, ClientUnpause, ClientHelp,
		},
	}
	ClientCaching = &command.Spec{
		Name:       "client|caching",
		Usage:      "mode=(YES | NO)",
		Arity:      3,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "6.0.0",
		Summary:    "Says whether the client keeps the keys of the next command.",
		Complexity: "O(1)",
		Help: []string{
			"CACHING (YES|NO)",
			"    Say whether the client keeps the keys of the next command, after TRACKING with OPTIN or OPTOUT.",
		},
	}
	ClientGetName = &command.Spec{
		Name:       "client|getname",
		Arity:      2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "2.6.9",
		Summary:    "Answers with the name that the connection gave itself.",
		Complexity: "O(1)",
		Help: []string{
			"GETNAME",
			"    Show the name of this connection.",
		},
	}
	ClientGetRedir = &command.Spec{
		Name:       "client|getredir",
		Arity:      2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "6.0.0",
		Summary:    "Answers with the connection that is told of changes instead of this one.",
		Complexity: "O(1)",
		Help: []string{
			"GETREDIR",
			"    Show which connection is told of changes instead of this one.",
		},
	}
	ClientHelp = &command.Spec{
		Name:       "client|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of CLIENT.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	ClientID = &command.Spec{
		Name:       "client|id",
		Arity:      2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "5.0.0",
		Summary:    "Answers with the number of the connection on this node.",
		Complexity: "O(1)",
		Help: []string{
			"ID",
			"    Show the number of this connection.",
		},
	}
	ClientInfo = &command.Spec{
		Name:       "client|info",
		Arity:      2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipVaries},
		Group:      "connection",
		Since:      "6.2.0",
		Summary:    "Tells what the node knows of the connection.",
		Complexity: "O(1)",
		Help: []string{
			"INFO",
			"    Show what the node knows of this connection.",
		},
	}
	ClientKill = &command.Spec{
		Name: "client|kill",
		Usage: "filter=(<old-format=ip:port> | new-format=(ID <client-id:integer> | TYPE client-type=(NORMAL | " +
			"MASTER | SLAVE | REPLICA | PUBSUB) | USER <username> | ADDR <addr=ip:port> | LADDR <laddr=ip:port> | " +
			"SKIPME skipme=(YES | NO))...)",
		Arity:      -3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "2.4.0",
		Summary:    "Ends connections.",
		Complexity: "O(N) in the number of connections.",
		Help: []string{
			"KILL <ip:port>",
			"    End the connection from this address.",
			"KILL <option> <value> [<option> <value> ...]",
			"    End the connections that meet all conditions, and show how many they were:",
			"    ADDR <ip:port>, LADDR <ip:port>, ID <id>, TYPE (NORMAL|MASTER|REPLICA|PUBSUB), USER <name>,",
			"    SKIPME (YES|NO): leave out this connection (YES unless given).",
		},
	}
	ClientList = &command.Spec{
		Name:       "client|list",
		Usage:      "[TYPE client-type=(NORMAL | MASTER | REPLICA | PUBSUB)] [ID <client-id:integer>...]",
		Arity:      -2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipVaries},
		Group:      "connection",
		Since:      "2.4.0",
		Summary:    "Lists the connections of the node.",
		Complexity: "O(N) in the number of connections.",
		Help: []string{
			"LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)|ID <id> [<id> ...]]",
			"    List connections, one a line.",
		},
	}
	ClientNoEvict = &command.Spec{
		Name:       "client|no-evict",
		Usage:      "enabled=(ON | OFF)",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "7.0.0",
		Summary:    "Protects the connection from eviction; none is ever evicted here.",
		Complexity: "O(1)",
		Help: []string{
			"NO-EVICT (ON|OFF)",
			"    Protect this connection from eviction. None is ever evicted.",
		},
	}
	ClientNoTouch = &command.Spec{
		Name:       "client|no-touch",
		Usage:      "enabled=(ON | OFF)",
		Arity:      3,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "7.2.0",
		Summary:    "Says whether the commands of the connection count as uses of keys, on the node.",
		Complexity: "O(1)",
		Help: []string{
			"NO-TOUCH (ON|OFF)",
			"    Do not count the commands of this connection as uses of keys, but TOUCH.",
		},
	}
	ClientPause = &command.Spec{
		Name:       "client|pause",
		Usage:      "<timeout:integer> [mode=(WRITE | ALL)]",
		Arity:      -3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "3.0.0",
		Summary:    "Puts off writes, or all commands, of all connections of the node for a while.",
		Complexity: "O(1)",
		Help: []string{
			"PAUSE <milliseconds> [WRITE|ALL]",
			"    Put off writes, or all commands, of all connections of this node.",
		},
	}
	ClientReply = &command.Spec{
		Name:       "client|reply",
		Usage:      "action=(ON | OFF | SKIP)",
		Arity:      3,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "3.2.0",
		Summary:    "Says whether the connection wants replies.",
		Complexity: "O(1)",
		Help: []string{
			"REPLY (ON|OFF|SKIP)",
			"    Answer all commands of this connection, none, or all but the next.",
		},
	}
	ClientSetInfo = &command.Spec{
		Name:       "client|setinfo",
		Usage:      "attr=(LIB-NAME <libname> | LIB-VER <libver>)",
		Arity:      4,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "connection",
		Since:      "7.2.0",
		Summary:    "Tells the node the name or version of the client's library.",
		Complexity: "O(1)",
		Help: []string{
			"SETINFO (LIB-NAME|LIB-VER) <value>",
			"    Tell the node of the library that the client uses.",
		},
	}
	ClientSetName = &command.Spec{
		Name:       "client|setname",
		Usage:      "<connection-name>",
		Arity:      3,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Tips:       []string{command.TipEveryNode, command.TipAllWell},
		Group:      "connection",
		Since:      "2.6.9",
		Summary:    "Gives the connection a name.",
		Complexity: "O(1)",
		Help: []string{
			"SETNAME <name>",
			"    Name this connection.",
		},
	}
	ClientTracking = &command.Spec{
		Name: "client|tracking",
		Usage: "status=(ON | OFF) [REDIRECT <client-id:integer>] [PREFIX <prefix>]... " +
			"[BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
		Arity:      -3,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "6.0.0",
		Summary:    "Has the client told when keys change that it has read.",
		Complexity: "O(1)",
		Help: []string{
			"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
			"    Have the client told when keys change that it has read.",
		},
	}
	ClientTrackingInfo = &command.Spec{
		Name:       "client|trackinginfo",
		Arity:      2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "6.2.0",
		Summary:    "Tells how the client is told of changes.",
		Complexity: "O(1)",
		Help: []string{
			"TRACKINGINFO",
			"    Show what TRACKING is set to.",
		},
	}
	ClientUnblock = &command.Spec{
		Name:       "client|unblock",
		Usage:      "<client-id:integer> [unblock-type=(TIMEOUT | ERROR)]",
		Arity:      -3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "5.0.0",
		Summary:    "Ends what a connection waits for.",
		Complexity: "O(1)",
		Help: []string{
			"UNBLOCK <id> [TIMEOUT|ERROR]",
			"    End what a connection waits for, as if its time was over, or with an error.",
		},
	}
	ClientUnpause = &command.Spec{
		Name:       "client|unpause",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      "6.2.0",
		Summary:    "Ends a pause.",
		Complexity: "O(1)",
		Help: []string{
			"UNPAUSE",
			"    End a pause.",
		},
	}
)
