package node

import "github.com/raftredis/raftredis/internal/command"

var raftCommands = []*command.Spec{RaftHealth, RaftIndex, RaftNode, RaftRead, RaftSlowLog}

// The commands that Redis does not have, but those of CLUSTER.
var (
	RaftHealth = &command.Spec{
		Name:       "raft.health",
		Usage:      "[probe=(LIVE | READY)]",
		Arity:      -1,
		Flags:      command.FlagFast | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "server",
		Since:      command.OwnSince,
		Summary:    "Answers probes: whether the node serves now, and why not.",
		Complexity: "O(1)",
	}
	RaftIndex = &command.Spec{
		Name:       "raft.index",
		Arity:      1,
		Flags:      command.FlagFast | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "server",
		Since:      command.OwnSince,
		Summary:    "Answers with the last entry of the log that the node has applied.",
		Complexity: "O(1)",
	}
	RaftNode = &command.Spec{
		Name:        "raft.node",
		Arity:       -2,
		Group:       "cluster",
		Since:       command.OwnSince,
		Summary:     "Holds redisraft's commands about members of the cluster.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"RAFT.NODE <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{RaftNodeAdd, RaftNodeRemove, RaftNodeHelp},
	}
	RaftNodeAdd = &command.Spec{
		Name:       "raft.node|add",
		Usage:      "<id:integer> <peer-address=host:port>",
		Arity:      4,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      command.OwnSince,
		Summary:    "Makes a node a voter of the cluster; see CLUSTER ADDNODE.",
		Complexity: "O(N) in the bytes of the log.",
		Help: []string{
			"ADD 0 <host:port>",
			"    As CLUSTER ADDNODE, but show the number of the node and that of the cluster. The first number is always 0.",
		},
	}
	RaftNodeHelp = &command.Spec{
		Name:       "raft.node|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "cluster",
		Since:      command.OwnSince,
		Summary:    "Lists the subcommands of RAFT.NODE.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	RaftNodeRemove = &command.Spec{
		Name:       "raft.node|remove",
		Usage:      "<number:integer>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      command.OwnSince,
		Summary:    "Takes a member out of the cluster; see CLUSTER REMOVENODE.",
		Complexity: "O(1)",
		Help: []string{
			"REMOVE <number>",
			"    Take a member out of the cluster. INFO raft shows the number of each node: raft_node0:id=1,name=...",
		},
	}
	RaftRead = &command.Spec{
		Name:       "raft.read",
		Usage:      "[level=(LINEARIZABLE | STALE)]",
		Arity:      -1,
		Flags:      command.FlagFast | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryConnection,
		Group:      "connection",
		Since:      command.OwnSince,
		Summary:    "Says how old the state may be that reads of the connection are answered from.",
		Complexity: "O(1)",
	}
	RaftSlowLog = &command.Spec{
		Name:       "raft.slowlog",
		Usage:      "[<count:integer>]",
		Arity:      -1,
		Flags:      command.FlagAdmin | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      command.OwnSince,
		Summary:    "Tells where the time went of the newest runs that took long.",
		Complexity: "O(N) in the number of runs.",
	}
)
