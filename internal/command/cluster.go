package command

var clusterCommands = []*Spec{Asking, Cluster, ReadOnly, ReadWrite}

// The commands on the cluster.
var (
	Asking = &Spec{
		Name:       "asking",
		Arity:      1,
		Flags:      FlagFast,
		Categories: CategoryConnection,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Announces a command that ASK has sent here; no node of this cluster says ASK.",
		Complexity: "O(1)",
	}
	Cluster = &Spec{
		Name:       "cluster",
		Arity:      -2,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Holds the commands about the cluster.",
		Complexity: "Depends on the subcommand.",
		Subcommands: []*Spec{
			ClusterAddNode, ClusterCountKeysInSlot, ClusterFailover, ClusterForget, ClusterGetKeysInSlot,
			ClusterHelp, ClusterInfo, ClusterKeySlot, ClusterLinks, ClusterMeet, ClusterMyID, ClusterMyShardID,
			ClusterNodes, ClusterRemoveNode, ClusterReplaceNode, ClusterShards, ClusterSlots,
		},
	}
	ClusterAddNode = &Spec{
		Name:       "cluster|addnode",
		Usage:      "<address=host:port[@peerport]> [PEER <peer-address=host:port>] [LEARNER]",
		Arity:      -3,
		Flags:      FlagAdmin | FlagStale | FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      ownSince,
		Summary:    "Makes a node a member of the cluster: a voter, or a learner.",
		Complexity: "O(N) in the bytes of the log.",
	}
	ClusterCountKeysInSlot = &Spec{
		Name:       "cluster|countkeysinslot",
		Usage:      "<slot:integer>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagStale,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Counts the keys of a slot.",
		Complexity: "O(1)",
	}
	ClusterFailover = &Spec{
		Name:       "cluster|failover",
		Usage:      "[options=(FORCE | TAKEOVER)]",
		Arity:      -2,
		Flags:      FlagAdmin | FlagStale | FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Asks the leader to hand leadership over to this node.",
		Complexity: "O(1)",
	}
	ClusterForget = &Spec{
		Name:       "cluster|forget",
		Usage:      "<node-id>",
		Arity:      3,
		Flags:      FlagAdmin | FlagStale | FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Takes a member out of the cluster; one that is none need not leave.",
		Complexity: "O(1)",
	}
	ClusterGetKeysInSlot = &Spec{
		Name:       "cluster|getkeysinslot",
		Usage:      "<slot:integer> <count:integer>",
		Arity:      4,
		Class:      Read,
		Flags:      FlagStale,
		Tips:       []string{varies},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Lists keys of a slot, as many as asked for.",
		Complexity: "O(N) in the number of keys asked for.",
	}
	ClusterHelp = &Spec{
		Name:       "cluster|help",
		Arity:      2,
		Flags:      FlagLoading | FlagStale,
		Group:      "cluster",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of CLUSTER.",
		Complexity: "O(1)",
	}
	ClusterInfo = &Spec{
		Name:       "cluster|info",
		Arity:      2,
		Flags:      FlagStale,
		Tips:       []string{varies},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Reports the state of the cluster, as text.",
		Complexity: "O(N) in the number of nodes.",
	}
	ClusterKeySlot = &Spec{
		Name:       "cluster|keyslot",
		Usage:      "<key>",
		Arity:      3,
		Flags:      FlagStale,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Says to which slot a key belongs.",
		Complexity: "O(N) in the bytes of the key.",
	}
	ClusterLinks = &Spec{
		Name:       "cluster|links",
		Arity:      2,
		Flags:      FlagStale,
		Tips:       []string{varies},
		Group:      "cluster",
		Since:      "7.0.0",
		Summary:    "Lists the connections of this node to others.",
		Complexity: "O(N) in the number of nodes.",
	}
	ClusterMeet = &Spec{
		Name:       "cluster|meet",
		Usage:      "<ip> <port:integer> [<cluster-bus-port:integer>]",
		Arity:      -4,
		Flags:      FlagAdmin | FlagStale | FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Takes a node into the cluster, or asks to be taken into that of another.",
		Complexity: "O(N) in the bytes of the log.",
	}
	ClusterMyID = &Spec{
		Name:       "cluster|myid",
		Arity:      2,
		Flags:      FlagStale,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Answers with the id of this node.",
		Complexity: "O(1)",
	}
	ClusterMyShardID = &Spec{
		Name:       "cluster|myshardid",
		Arity:      2,
		Flags:      FlagStale,
		Tips:       []string{varies},
		Group:      "cluster",
		Since:      "7.2.0",
		Summary:    "Answers with the id of the shard of this node.",
		Complexity: "O(N) in the number of nodes.",
	}
	ClusterNodes = &Spec{
		Name:       "cluster|nodes",
		Arity:      2,
		Flags:      FlagStale,
		Tips:       []string{varies},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Lists the nodes and their slots, as text.",
		Complexity: "O(N) in the number of nodes.",
	}
	ClusterRemoveNode = &Spec{
		Name:       "cluster|removenode",
		Usage:      "<node-id>...",
		Arity:      -3,
		Flags:      FlagAdmin | FlagStale | FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      ownSince,
		Summary:    "Takes members out of the cluster, all in one step.",
		Complexity: "O(1)",
	}
	ClusterReplaceNode = &Spec{
		Name:       "cluster|replacenode",
		Usage:      "pair={<node-id> <address=host:port[@peerport]>}...",
		Arity:      -4,
		Flags:      FlagAdmin | FlagStale | FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      ownSince,
		Summary:    "Puts nodes into the places of members, all in one step.",
		Complexity: "O(N) in the bytes of the log.",
	}
	ClusterShards = &Spec{
		Name:       "cluster|shards",
		Arity:      2,
		Flags:      FlagLoading | FlagStale,
		Tips:       []string{varies},
		Group:      "cluster",
		Since:      "7.0.0",
		Summary:    "Lists the shares of the slots with the nodes of each.",
		Complexity: "O(N) in the number of nodes.",
	}
	ClusterSlots = &Spec{
		Name:       "cluster|slots",
		Arity:      2,
		Flags:      FlagLoading | FlagStale,
		Tips:       []string{varies},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Lists the ranges of slots with the nodes of each.",
		Complexity: "O(N) in the number of nodes.",
	}
	ReadOnly = &Spec{
		Name:       "readonly",
		Arity:      1,
		Flags:      FlagLoading | FlagStale | FlagFast,
		Categories: CategoryConnection,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Lets a node that does not lead answer this connection's reads from what it has, however old that is.",
		Complexity: "O(1)",
	}
	ReadWrite = &Spec{
		Name:       "readwrite",
		Arity:      1,
		Flags:      FlagLoading | FlagStale | FlagFast,
		Categories: CategoryConnection,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Ends READONLY: every read of the connection is linearizable again.",
		Complexity: "O(1)",
	}
)
