package command

// The commands that have state: package fsm attaches a function to each.
const (
	Append ID = iota + 1
	ClusterCountKeysInSlot
	ClusterGetKeysInSlot
	DBSize
	Decr
	DecrBy
	Del
	Exists
	Get
	Incr
	IncrBy
	MGet
	MSet
	Set
	Strlen
	lastData
)

// The commands of a connection or node: package resp attaches a function to each that is not a mere container.
const (
	Asking ID = lastData + iota
	Auth
	Client
	ClientGetName
	ClientID
	ClientSetInfo
	ClientSetName
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
	Command
	CommandCount
	CommandDocs
	CommandInfo
	CommandList
	Config
	ConfigGet
	Echo
	Hello
	Info
	Ping
	Quit
	RaftNode
	RaftNodeAdd
	RaftNodeRemove
	ReadOnly
	ReadWrite
	Role
	Select
	// IDs is the number of ids, 0 included: the length of an array that a function table is.
	IDs
)

// Shorthands for flags that many commands share.
const (
	fastRead   = FlagReadOnly | FlagFast
	fastWrite  = FlagWrite | FlagDenyOOM | FlagFast
	always     = FlagLoading | FlagStale
	connection = FlagNoScript | always
	entrance   = connection | FlagFast | FlagNoAuth | FlagAllowBusy
	// membership is for what changes the members, as Redis has it for CLUSTER MEET.
	membership = FlagAdmin | FlagStale | FlagNoAsyncLoading
)

// ownSince is what commands that Redis does not have say of their age: the version whose behaviour is followed.
const ownSince = "7.2.4"

// table is sorted by name.
var table = []Spec{
	{
		ID: Append, Name: "append", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "2.0.0", Group: "string",
		Summary:    "Lengthens a string at its end; a missing key counts as empty.",
		Complexity: "O(M) in the bytes that are added, amortized.",
	},
	{
		ID: Asking, Name: "asking", Arity: 1, Flags: FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "3.0.0", Group: "cluster",
		Summary: "Announces a command that ASK has sent here; no node of this cluster says ASK.", Complexity: "O(1)",
	},
	{
		ID: Auth, Name: "auth", Arity: -2, Flags: entrance,
		Categories: []string{"@fast", "@connection"}, Since: "1.0.0", Group: "connection",
		Summary: "Proves to the node who the client is.", Complexity: "O(1)",
	},
	{
		ID: Client, Name: "client", Arity: -2,
		Categories: []string{"@slow"}, Since: "2.4.0", Group: "connection",
		Summary: "Holds the commands about client connections.", Complexity: "Depends on the subcommand.",
		Subcommands: clientSubcommands,
	},
	{
		ID: Cluster, Name: "cluster", Arity: -2,
		Categories: []string{"@slow"}, Since: "3.0.0", Group: "cluster",
		Summary: "Holds the commands about the cluster.", Complexity: "Depends on the subcommand.",
		Subcommands: clusterSubcommands,
	},
	{
		ID: Command, Name: "command", Arity: -1, Flags: always,
		Categories: []string{"@slow", "@connection"}, Since: "2.8.13", Group: "server",
		Summary: "Describes all commands of the node.", Complexity: "O(N) in the number of commands.",
		Subcommands: commandSubcommands,
	},
	{
		ID: Config, Name: "config", Arity: -2,
		Categories: []string{"@slow"}, Since: "2.0.0", Group: "server",
		Summary: "Holds the commands about settings of the node.", Complexity: "Depends on the subcommand.",
		Subcommands: configSubcommands,
	},
	{
		ID: DBSize, Name: "dbsize", Arity: 1, Flags: fastRead, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "1.0.0", Group: "server",
		Summary: "Counts the keys.", Complexity: "O(1)",
	},
	{
		ID: Decr, Name: "decr", Arity: 2, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Subtracts one from an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: DecrBy, Name: "decrby", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Subtracts a number from an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: Del, Name: "del", Arity: -2, Flags: FlagWrite, FirstKey: 1, LastKey: -1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@slow"}, Since: "1.0.0", Group: "generic",
		Summary: "Removes keys and says how many there were.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: Echo, Name: "echo", Arity: 2, Flags: always | FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "1.0.0", Group: "connection",
		Summary: "Answers with its argument.", Complexity: "O(1)",
	},
	{
		ID: Exists, Name: "exists", Arity: -2, Flags: fastRead, FirstKey: 1, LastKey: -1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "1.0.0", Group: "generic",
		Summary:    "Counts how many of the keys given exist; one given twice counts twice.",
		Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: Get, Name: "get", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Answers with the string at a key.", Complexity: "O(1)",
	},
	{
		ID: Hello, Name: "hello", Arity: -1, Flags: entrance,
		Categories: []string{"@fast", "@connection"}, Since: "6.0.0", Group: "connection",
		Summary: "Introduces client and node to each other and agrees on a protocol.", Complexity: "O(1)",
	},
	{
		ID: Incr, Name: "incr", Arity: 2, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Adds one to an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: IncrBy, Name: "incrby", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Adds a number to an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: Info, Name: "info", Arity: -1, Flags: always,
		Categories: []string{"@slow", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Reports the state of the node, in sections of text.", Complexity: "O(1)",
	},
	{
		ID: MGet, Name: "mget", Arity: -2, Flags: fastRead, FirstKey: 1, LastKey: -1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Answers with the strings at several keys.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: MSet, Name: "mset", Arity: -3, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: -1, Step: 2, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "1.0.1", Group: "string",
		Summary: "Sets several keys at once.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: Ping, Name: "ping", Arity: -1, Flags: FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "1.0.0", Group: "connection",
		Summary: "Answers PONG, or with its argument: a sign of life.", Complexity: "O(1)",
	},
	{
		ID: Quit, Name: "quit", Arity: -1, Flags: entrance,
		Categories: []string{"@fast", "@connection"}, Since: "1.0.0", Group: "connection",
		Summary: "Ends the connection after the replies to everything before it.", Complexity: "O(1)",
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
	{
		ID: Role, Name: "role", Arity: 1, Flags: connection | FlagFast,
		Categories: []string{"@admin", "@fast", "@dangerous"}, Since: "2.8.12", Group: "server",
		Summary: "Says whether the node leads or follows, and how far it is.", Complexity: "O(1)",
	},
	{
		ID: Select, Name: "select", Arity: 2, Flags: always | FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "1.0.0", Group: "connection",
		Summary: "Chooses the database; there is one, number 0.", Complexity: "O(1)",
	},
	{
		ID: Set, Name: "set", Arity: -3, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "1.0.0", Group: "string",
		Summary: "Puts a string at a key, whatever was there; options make it conditional.", Complexity: "O(1)",
	},
	{
		ID: Strlen, Name: "strlen", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@fast"}, Since: "2.2.0", Group: "string",
		Summary: "Answers with the length in bytes of the string at a key.", Complexity: "O(1)",
	},
}
