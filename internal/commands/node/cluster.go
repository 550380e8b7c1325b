package node

import "github.com/raftredis/raftredis/internal/command"

var clusterCommands = []*command.Spec{Asking, Cluster, ReadOnly, ReadWrite}

// The commands on the cluster.
var (
	Asking = &command.Spec{
		Name:       "asking",
		Arity:      1,
		Flags:      command.FlagFast,
		Categories: command.CategoryConnection,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Announces a command that ASK has sent here; no node of this cluster says ASK.",
		Complexity: "O(1)",
	}
	Cluster = &command.Spec{
		Name:       "cluster",
		Arity:      -2,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Holds the commands about the cluster.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{
			ClusterAddNode, ClusterCountFailureReports, ClusterCountKeysInSlot, ClusterFailover, ClusterForget,
			ClusterGetKeysInSlot, ClusterInfo, ClusterKeySlot, ClusterLinks, ClusterMeet, ClusterMyID,
			ClusterMyShardID, ClusterNodes, ClusterRemoveNode, ClusterReplaceNode, ClusterReplicas,
			ClusterSaveConfig, ClusterShards, ClusterSlaves, ClusterSlots, ClusterHelp,
		},
	}
	ClusterAddNode = &command.Spec{
		Name:       "cluster|addnode",
		Usage:      "<address=host:port[@peerport]> [PEER <peer-address=host:port>] [LEARNER] [IF <config-index:integer>]",
		Arity:      -3,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      command.OwnSince,
		Summary:    "Makes a node a member of the cluster: a voter, or a learner.",
		Complexity: "O(N) in the bytes of the log.",
		Help: []string{
			"ADDNODE <host:port[@peerport]> [PEER <host:port>] [LEARNER] [IF <config-index>]",
			"    Make the node with this address for clients a member, and show its id. Ask again as often as you like.",
			"    With IF only if the members are still those of that index, which CLUSTER INFO shows.",
		},
	}
	ClusterCountFailureReports = &command.Spec{
		Name:       "cluster|count-failure-reports",
		Usage:      "<node-id>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Says whether a node is known to have failed.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"COUNT-FAILURE-REPORTS <node-id>",
			"    Show 1 for a node that has failed, and 0 for any other: the leader alone judges.",
		},
	}
	ClusterCountKeysInSlot = &command.Spec{
		Name:       "cluster|countkeysinslot",
		Usage:      "<slot:integer>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagStale,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Counts the keys of a slot.",
		Complexity: "O(1)",
		Help: []string{
			"COUNTKEYSINSLOT <slot>",
			"    Count the keys of a slot.",
		},
	}
	ClusterFailover = &command.Spec{
		Name:       "cluster|failover",
		Usage:      "[options=(FORCE | TAKEOVER)]",
		Arity:      -2,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Asks the leader to hand leadership over to this node.",
		Complexity: "O(1)",
		Help: []string{
			"FAILOVER [FORCE|TAKEOVER]",
			"    Ask the leader to hand leadership over to this node. FORCE asks no differently, TAKEOVER is always refused.",
		},
	}
	ClusterForget = &command.Spec{
		Name:       "cluster|forget",
		Usage:      "<node-id>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Takes a member out of the cluster; one that is none need not leave.",
		Complexity: "O(1)",
		Help: []string{
			"FORGET <node-id>",
			"    As REMOVENODE, for one node. An id that no member has is no error: tools say this to every node in turn.",
		},
	}
	ClusterGetKeysInSlot = &command.Spec{
		Name:       "cluster|getkeysinslot",
		Usage:      "<slot:integer> <count:integer>",
		Arity:      4,
		Class:      command.Read,
		Flags:      command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Lists keys of a slot, as many as asked for.",
		Complexity: "O(N) in the number of keys asked for.",
		Help: []string{
			"GETKEYSINSLOT <slot> <count>",
			"    List up to <count> keys of a slot.",
		},
	}
	ClusterHelp = &command.Spec{
		Name:       "cluster|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "cluster",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of CLUSTER.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	ClusterInfo = &command.Spec{
		Name:       "cluster|info",
		Arity:      2,
		Flags:      command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Reports the state of the cluster, as text.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"INFO",
			"    Show the state of the cluster.",
		},
	}
	ClusterKeySlot = &command.Spec{
		Name:       "cluster|keyslot",
		Usage:      "<key>",
		Arity:      3,
		Flags:      command.FlagStale,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Says to which slot a key belongs.",
		Complexity: "O(N) in the bytes of the key.",
		Help: []string{
			"KEYSLOT <key>",
			"    Show the slot of a key.",
		},
	}
	ClusterLinks = &command.Spec{
		Name:       "cluster|links",
		Arity:      2,
		Flags:      command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "7.0.0",
		Summary:    "Lists the connections of this node to others.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"LINKS",
			"    List the nodes to which this node is connected.",
		},
	}
	ClusterMeet = &command.Spec{
		Name:       "cluster|meet",
		Usage:      "<ip> <port:integer> [<cluster-bus-port:integer>]",
		Arity:      -4,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Takes a node into the cluster, or asks to be taken into that of another.",
		Complexity: "O(N) in the bytes of the log.",
		Help: []string{
			"MEET <host> <port> [<peerport>]",
			"    On a member: as ADDNODE. On a node without a cluster: ask to be taken into the cluster of that node.",
		},
	}
	ClusterMyID = &command.Spec{
		Name:       "cluster|myid",
		Arity:      2,
		Flags:      command.FlagStale,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Answers with the id of this node.",
		Complexity: "O(1)",
		Help: []string{
			"MYID",
			"    Show the id of this node.",
		},
	}
	ClusterMyShardID = &command.Spec{
		Name:       "cluster|myshardid",
		Arity:      2,
		Flags:      command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "7.2.0",
		Summary:    "Answers with the id of the shard of this node.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"MYSHARDID",
			"    Show the id of the shard of this node.",
		},
	}
	ClusterNodes = &command.Spec{
		Name:       "cluster|nodes",
		Arity:      2,
		Flags:      command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Lists the nodes and their slots, as text.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"NODES",
			"    List the nodes, one a line:",
			"    <id> <host:port@peerport> <flags> <master> <ping> <pong> <epoch> <link> <slots>",
		},
	}
	ClusterRemoveNode = &command.Spec{
		Name:       "cluster|removenode",
		Usage:      "<node-id>... [IF <config-index:integer>]",
		Arity:      -3,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      command.OwnSince,
		Summary:    "Takes members out of the cluster, all in one step.",
		Complexity: "O(1)",
		Help: []string{
			"REMOVENODE <node-id> [<node-id> ...] [IF <config-index>]",
			"    Take members out of the cluster, all in one step. CLUSTER NODES shows the ids, of 40 hex digits.",
			"    With IF only if the members are still those of that index, which CLUSTER INFO shows.",
		},
	}
	ClusterReplaceNode = &command.Spec{
		Name:       "cluster|replacenode",
		Usage:      "pair={<node-id> <address=host:port[@peerport]>}... [IF <config-index:integer>]",
		Arity:      -4,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      command.OwnSince,
		Summary:    "Puts nodes into the places of members, all in one step.",
		Complexity: "O(N) in the bytes of the log.",
		Help: []string{
			"REPLACENODE <node-id> <host:port[@peerport]> [<node-id> <host:port[@peerport]> ...] [IF <config-index>]",
			"    Put nodes into the places of members, all in one step, and show their ids.",
			"    With IF only if the members are still those of that index, which CLUSTER INFO shows.",
		},
	}
	ClusterReplicas = &command.Spec{
		Name:       "cluster|replicas",
		Usage:      "<node-id>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "5.0.0",
		Summary:    "Lists the replicas of a node.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"REPLICAS <node-id>",
			"    List the replicas of a node, in the form of NODES.",
		},
	}
	ClusterSaveConfig = &command.Spec{
		Name:       "cluster|saveconfig",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Answers OK: who belongs to the cluster is on the disks of a majority at all times.",
		Complexity: "O(1)",
		Help: []string{
			"SAVECONFIG",
			"    Do nothing: who belongs to the cluster is on the disks of a majority at all times.",
		},
	}
	ClusterShards = &command.Spec{
		Name:       "cluster|shards",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "7.0.0",
		Summary:    "Lists the shares of the slots with the nodes of each.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"SHARDS",
			"    List the shares of the slots, each with its nodes.",
		},
	}
	ClusterSlaves = &command.Spec{
		Name:       "cluster|slaves",
		Usage:      "<node-id>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Is the older name of CLUSTER REPLICAS.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"SLAVES <node-id>",
			"    The older name of REPLICAS.",
		},
	}
	ClusterSlots = &command.Spec{
		Name:       "cluster|slots",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Lists the ranges of slots with the nodes of each.",
		Complexity: "O(N) in the number of nodes.",
		Help: []string{
			"SLOTS",
			"    List the ranges of slots, each with its owner and replicas.",
		},
	}
	ReadOnly = &command.Spec{
		Name:       "readonly",
		Arity:      1,
		Flags:      command.FlagLoading | command.FlagStale | command.FlagFast,
		Categories: command.CategoryConnection,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Says that the client may read from a replica. Its reads may be old only where clients see replicas.",
		Complexity: "O(1)",
	}
	ReadWrite = &command.Spec{
		Name:       "readwrite",
		Arity:      1,
		Flags:      command.FlagLoading | command.FlagStale | command.FlagFast,
		Categories: command.CategoryConnection,
		Group:      "cluster",
		Since:      "3.0.0",
		Summary:    "Ends READONLY.",
		Complexity: "O(1)",
	}
)
