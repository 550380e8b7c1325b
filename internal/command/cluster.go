package command

// clusterSubcommands have the flags of Redis, where the two that read keys are not marked as reads.
var clusterSubcommands = []Spec{
	{
		ID: ClusterAddNode, Name: "cluster|addnode", Arity: -3, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: ownSince, Group: "cluster",
		Summary: "Makes a node a member of the cluster: a voter, or a learner.", Complexity: "O(N) in the bytes of the log.",
	},
	{
		ID: ClusterCountKeysInSlot, Name: "cluster|countkeysinslot", Arity: 3, Flags: FlagStale, Class: Read,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Counts the keys of a slot.", Complexity: "O(1)",
	},
	{
		ID: ClusterFailover, Name: "cluster|failover", Arity: -2, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "3.0.0", Group: "cluster",
		Summary: "Asks the leader to hand leadership over to this node.", Complexity: "O(1)",
	},
	{
		ID: ClusterForget, Name: "cluster|forget", Arity: 3, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "3.0.0", Group: "cluster",
		Summary: "Takes a member out of the cluster; one that is none need not leave.", Complexity: "O(1)",
	},
	{
		ID: ClusterGetKeysInSlot, Name: "cluster|getkeysinslot", Arity: 4, Flags: FlagStale, Class: Read,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Lists keys of a slot, as many as asked for.", Complexity: "O(N) in the number of keys asked for.",
	},
	{
		ID: ClusterHelp, Name: "cluster|help", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "5.0.0", Group: "cluster",
		Summary: "Lists the subcommands of CLUSTER.", Complexity: "O(1)",
	},
	{
		ID: ClusterInfo, Name: "cluster|info", Arity: 2, Flags: FlagStale,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Reports the state of the cluster, as text.", Complexity: "O(N) in the number of nodes.",
	},
	{
		ID: ClusterKeySlot, Name: "cluster|keyslot", Arity: 3, Flags: FlagStale,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Says to which slot a key belongs.", Complexity: "O(N) in the bytes of the key.",
	},
	{
		ID: ClusterLinks, Name: "cluster|links", Arity: 2, Flags: FlagStale,
		Categories: []string{"@slow"}, Since: "7.0.0", Group: "cluster",
		Summary: "Lists the connections of this node to others.", Complexity: "O(N) in the number of nodes.",
	},
	{
		ID: ClusterMeet, Name: "cluster|meet", Arity: -4, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "3.0.0", Group: "cluster",
		Summary:    "Takes a node into the cluster, or asks to be taken into that of another.",
		Complexity: "O(N) in the bytes of the log.",
	},
	{
		ID: ClusterMyID, Name: "cluster|myid", Arity: 2, Flags: FlagStale,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Answers with the id of this node.", Complexity: "O(1)",
	},
	{
		ID: ClusterMyShardID, Name: "cluster|myshardid", Arity: 2, Flags: FlagStale,
		Categories: []string{"@slow"}, Since: "7.2.0", Group: "cluster",
		Summary: "Answers with the id of the shard of this node.", Complexity: "O(N) in the number of nodes.",
	},
	{
		ID: ClusterNodes, Name: "cluster|nodes", Arity: 2, Flags: FlagStale,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Lists the nodes and their slots, as text.", Complexity: "O(N) in the number of nodes.",
	},
	{
		ID: ClusterRemoveNode, Name: "cluster|removenode", Arity: -3, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: ownSince, Group: "cluster",
		Summary: "Takes members out of the cluster, all in one step.", Complexity: "O(1)",
	},
	{
		ID: ClusterReplaceNode, Name: "cluster|replacenode", Arity: -4, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: ownSince, Group: "cluster",
		Summary: "Puts nodes into the places of members, all in one step.", Complexity: "O(N) in the bytes of the log.",
	},
	{
		ID: ClusterShards, Name: "cluster|shards", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "7.0.0", Group: "cluster",
		Summary: "Lists the shares of the slots with the nodes of each.", Complexity: "O(N) in the number of nodes.",
	},
	{
		ID: ClusterSlots, Name: "cluster|slots", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Lists the ranges of slots with the nodes of each.", Complexity: "O(N) in the number of nodes.",
	},
}
