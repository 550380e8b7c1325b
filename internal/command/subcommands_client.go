package command

var clientSubcommands = []Spec{
	{
		ID: ClientCaching, Name: "client|caching", Arity: 3, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "6.0.0", Group: "connection",
		Summary: "Says whether the client keeps the keys of the next command.", Complexity: "O(1)",
	},
	{
		ID: ClientGetName, Name: "client|getname", Arity: 2, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "2.6.9", Group: "connection",
		Summary: "Answers with the name that the connection gave itself.", Complexity: "O(1)",
	},
	{
		ID: ClientGetRedir, Name: "client|getredir", Arity: 2, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "6.0.0", Group: "connection",
		Summary: "Answers with the connection that is told of changes instead of this one.", Complexity: "O(1)",
	},
	{
		ID: ClientHelp, Name: "client|help", Arity: 2, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "5.0.0", Group: "connection",
		Summary: "Lists the subcommands of CLIENT.", Complexity: "O(1)",
	},
	{
		ID: ClientID, Name: "client|id", Arity: 2, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "5.0.0", Group: "connection",
		Summary: "Answers with the number of the connection on this node.", Complexity: "O(1)",
	},
	{
		ID: ClientInfo, Name: "client|info", Arity: 2, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "6.2.0", Group: "connection",
		Summary: "Tells what the node knows of the connection.", Complexity: "O(1)",
	},
	{
		ID: ClientKill, Name: "client|kill", Arity: -3, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous", "@connection"}, Since: "2.4.0", Group: "connection",
		Summary: "Ends connections.", Complexity: "O(N) in the number of connections.",
	},
	{
		ID: ClientList, Name: "client|list", Arity: -2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous", "@connection"}, Since: "2.4.0", Group: "connection",
		Summary: "Lists the connections of the node.", Complexity: "O(N) in the number of connections.",
	},
	{
		ID: ClientNoEvict, Name: "client|no-evict", Arity: 3, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous", "@connection"}, Since: "7.0.0", Group: "connection",
		Summary: "Protects the connection from eviction; none is ever evicted here.", Complexity: "O(1)",
	},
	{
		ID: ClientNoTouch, Name: "client|no-touch", Arity: 3, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "7.2.0", Group: "connection",
		Summary:    "Says whether the commands of the connection count as use of the keys; none ever does here.",
		Complexity: "O(1)",
	},
	{
		ID: ClientPause, Name: "client|pause", Arity: -3, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous", "@connection"}, Since: "3.0.0", Group: "connection",
		Summary: "Puts off writes, or all commands, of all connections of the node for a while.", Complexity: "O(1)",
	},
	{
		ID: ClientReply, Name: "client|reply", Arity: 3, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "3.2.0", Group: "connection",
		Summary: "Says whether the connection wants replies.", Complexity: "O(1)",
	},
	{
		ID: ClientSetInfo, Name: "client|setinfo", Arity: 4, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "7.2.0", Group: "connection",
		Summary: "Tells the node the name or version of the client's library.", Complexity: "O(1)",
	},
	{
		ID: ClientSetName, Name: "client|setname", Arity: 3, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "2.6.9", Group: "connection",
		Summary: "Gives the connection a name.", Complexity: "O(1)",
	},
	{
		ID: ClientTracking, Name: "client|tracking", Arity: -3, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "6.0.0", Group: "connection",
		Summary: "Has the client told when keys change that it has read.", Complexity: "O(1)",
	},
	{
		ID: ClientTrackingInfo, Name: "client|trackinginfo", Arity: 2, Flags: connection,
		Categories: []string{"@slow", "@connection"}, Since: "6.2.0", Group: "connection",
		Summary: "Tells how the client is told of changes.", Complexity: "O(1)",
	},
	{
		ID: ClientUnblock, Name: "client|unblock", Arity: -3, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous", "@connection"}, Since: "5.0.0", Group: "connection",
		Summary: "Ends what a connection waits for.", Complexity: "O(1)",
	},
	{
		ID: ClientUnpause, Name: "client|unpause", Arity: 2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous", "@connection"}, Since: "6.2.0", Group: "connection",
		Summary: "Ends a pause.", Complexity: "O(1)",
	},
}
