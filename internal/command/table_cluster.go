package command

// The commands of the cluster: package resp attaches a function to each that is not a mere container.
const (
	Asking ID = lastDebug + iota
	Cluster
	ClusterAddNode
	ClusterFailover
	ClusterForget
	ClusterHelp
	ClusterInfo
	ClusterKeySlot
	ClusterLinks
	ClusterMeet
	ClusterMyID
	ClusterMyShardID
	ClusterNodes
	ClusterRemoveNode
	ClusterReplaceNode
	ClusterShards
	ClusterSlots
	RaftNode
	RaftNodeAdd
	RaftNodeRemove
	ReadOnly
	ReadWrite
	// IDs is the number of ids, 0 included: the length of an array that a function table is.
	IDs
)

// clusterSpecs is sorted by name.
var clusterSpecs = []Spec{
	{
		ID: Asking, Name: "asking", Arity: 1, Flags: FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "3.0.0", Group: "cluster",
		Summary: "Announces a command that ASK has sent here; no node of this cluster says ASK.", Complexity: "O(1)",
	},
	{
		ID: Cluster, Name: "cluster", Arity: -2,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Holds the commands about the cluster.", Complexity: "Depends on the subcommand.",
		Subcommands: clusterSubcommands,
	},
	{
		ID: RaftNode, Name: "raft.node", Arity: -2,
		Categories: []string{"@slow"}, Since: ownSince, Group: "cluster",
		Summary: "Holds redisraft's commands about members of the cluster.", Complexity: "Depends on the subcommand.",
		Subcommands: raftNodeSubcommands,
	},
	{
		ID: ReadOnly, Name: "readonly", Arity: 1, Flags: always | FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "3.0.0", Group: "cluster",
		Summary:    "Lets a node that does not lead answer this connection's reads from what it has, however old that is.",
		Complexity: "O(1)",
	},
	{
		ID: ReadWrite, Name: "readwrite", Arity: 1, Flags: always | FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "3.0.0", Group: "cluster",
		Summary: "Ends READONLY: every read of the connection is linearizable again.", Complexity: "O(1)",
	},
}
