package command

var commandSubcommands = []Spec{
	{
		ID: CommandCount, Name: "command|count", Arity: 2, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "2.8.13", Group: "server",
		Summary: "Counts the commands of the node.", Complexity: "O(1)",
	},
	{
		ID: CommandDocs, Name: "command|docs", Arity: -2, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "7.0.0", Group: "server",
		Summary: "Documents the commands given, or all.", Complexity: "O(N) in the number of commands.",
	},
	{
		ID: CommandGetKeys, Name: "command|getkeys", Arity: -3, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "2.8.13", Group: "server",
		Summary: "Picks the keys out of a command.", Complexity: "O(N) in the number of arguments.",
	},
	{
		ID: CommandGetKeysAndFlags, Name: "command|getkeysandflags", Arity: -3, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "7.0.0", Group: "server",
		Summary:    "Picks the keys out of a command and says what it does to each.",
		Complexity: "O(N) in the number of arguments.",
	},
	{
		ID: CommandHelp, Name: "command|help", Arity: 2, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "5.0.0", Group: "server",
		Summary: "Lists the subcommands of COMMAND.", Complexity: "O(1)",
	},
	{
		ID: CommandInfo, Name: "command|info", Arity: -2, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "2.8.13", Group: "server",
		Summary: "Describes the commands given, or all.", Complexity: "O(N) in the number of commands.",
	},
	{
		ID: CommandList, Name: "command|list", Arity: -2, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "7.0.0", Group: "server",
		Summary: "Lists the names of the commands.", Complexity: "O(N) in the number of commands.",
	},
}

var configSubcommands = []Spec{
	{
		ID: ConfigGet, Name: "config|get", Arity: -3, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.0.0", Group: "server",
		Summary: "Answers with the settings whose names match a pattern.", Complexity: "O(N) in the number of settings.",
	},
	{
		ID: ConfigHelp, Name: "config|help", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "5.0.0", Group: "server",
		Summary: "Lists the subcommands of CONFIG.", Complexity: "O(1)",
	},
	{
		ID: ConfigResetStat, Name: "config|resetstat", Arity: 2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.0.0", Group: "server",
		Summary: "Makes the counts of the node begin anew.", Complexity: "O(1)",
	},
	{
		ID: ConfigRewrite, Name: "config|rewrite", Arity: 2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.8.0", Group: "server",
		Summary:    "Writes settings that were changed into the file that the node was started from.",
		Complexity: "O(N) in the bytes of the file.",
	},
	{
		ID: ConfigSet, Name: "config|set", Arity: -4, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.0.0", Group: "server",
		Summary: "Changes settings of the node.", Complexity: "O(N) in the number of settings given.",
	},
}

var moduleSubcommands = []Spec{
	{
		ID: ModuleHelp, Name: "module|help", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "5.0.0", Group: "server",
		Summary: "Lists the subcommands of MODULE.", Complexity: "O(1)",
	},
	{
		ID: ModuleList, Name: "module|list", Arity: 2, Flags: FlagAdmin | FlagNoScript,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "4.0.0", Group: "server",
		Summary: "Lists the modules; there are none.", Complexity: "O(1)",
	},
}

var raftNodeSubcommands = []Spec{
	{
		ID: RaftNodeAdd, Name: "raft.node|add", Arity: 4, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: ownSince, Group: "cluster",
		Summary: "Makes a node a voter of the cluster; see CLUSTER ADDNODE.", Complexity: "O(N) in the bytes of the log.",
	},
	{
		ID: RaftNodeRemove, Name: "raft.node|remove", Arity: 3, Flags: membership,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: ownSince, Group: "cluster",
		Summary: "Takes a member out of the cluster; see CLUSTER REMOVENODE.", Complexity: "O(1)",
	},
}
