package command

// The commands of a node: package resp attaches a function to each that is not a mere container.
const (
	BGSave ID = lastConnection + iota
	Command
	CommandCount
	CommandDocs
	CommandGetKeys
	CommandGetKeysAndFlags
	CommandHelp
	CommandInfo
	CommandList
	Config
	ConfigGet
	ConfigHelp
	ConfigResetStat
	ConfigRewrite
	ConfigSet
	Info
	LastSave
	Latency
	LatencyDoctor
	LatencyGraph
	LatencyHelp
	LatencyHistogram
	LatencyHistory
	LatencyLatest
	LatencyReset
	LolWut
	Module
	ModuleHelp
	ModuleList
	Monitor
	RaftIndex
	RaftRead
	RaftSlowLog
	Role
	Save
	SlowLog
	SlowLogGet
	SlowLogHelp
	SlowLogLen
	SlowLogReset
	Time
	Wait
	WaitAOF
	lastServer
)

// serverSpecs is sorted by name.
var serverSpecs = []Spec{
	{
		ID: BGSave, Name: "bgsave", Arity: -1, Flags: FlagAdmin | FlagNoScript | FlagNoAsyncLoading,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Asks for a snapshot and does not wait for it.", Complexity: "O(1)",
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
		ID: Info, Name: "info", Arity: -1, Flags: always,
		Categories: []string{"@slow", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Reports the state of the node, in sections of text.", Complexity: "O(1)",
	},
	{
		ID: LastSave, Name: "lastsave", Arity: 1, Flags: FlagFast | always,
		Categories: []string{"@admin", "@fast", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Answers with the time of the last snapshot.", Complexity: "O(1)",
	},
	{
		ID: Latency, Name: "latency", Arity: -2,
		Categories: []string{"@slow"}, Since: "2.8.13", Group: "server",
		Summary: "Holds the commands about the time that commands take.", Complexity: "Depends on the subcommand.",
		Subcommands: latencySubcommands,
	},
	{
		ID: LolWut, Name: "lolwut", Arity: -1, Flags: fastRead,
		Categories: []string{"@read", "@fast"}, Since: "5.0.0", Group: "server",
		Summary: "Draws a picture, and says which version of Redis is spoken.", Complexity: "O(1)",
	},
	{
		ID: Module, Name: "module", Arity: -2,
		Categories: []string{"@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Holds the commands about modules.", Complexity: "Depends on the subcommand.",
		Subcommands: moduleSubcommands,
	},
	{
		ID: Monitor, Name: "monitor", Arity: 1, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Shows the client every command of the node's other clients.", Complexity: "O(1)",
	},
	{
		ID: RaftIndex, Name: "raft.index", Arity: 1, Flags: FlagFast | always,
		Categories: []string{"@fast", "@connection"}, Since: ownSince, Group: "server",
		Summary: "Answers with the last entry of the log that the node has applied.", Complexity: "O(1)",
	},
	{
		ID: RaftRead, Name: "raft.read", Arity: -1, Flags: FlagFast | always,
		Categories: []string{"@fast", "@connection"}, Since: ownSince, Group: "connection",
		Summary: "Says how old the state may be that reads of the connection are answered from.", Complexity: "O(1)",
	},
	{
		ID: RaftSlowLog, Name: "raft.slowlog", Arity: -1, Flags: FlagAdmin | always,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: ownSince, Group: "server",
		Summary: "Tells where the time went of the newest runs that took long.", Complexity: "O(N) in the number of runs.",
	},
	{
		ID: Role, Name: "role", Arity: 1, Flags: connection | FlagFast,
		Categories: []string{"@admin", "@fast", "@dangerous"}, Since: "2.8.12", Group: "server",
		Summary: "Says whether the node leads or follows, and how far it is.", Complexity: "O(1)",
	},
	{
		ID: Save, Name: "save", Arity: 1, Flags: FlagAdmin | FlagNoScript | FlagNoAsyncLoading | FlagNoMulti,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Has a snapshot written and waits until it is.", Complexity: "O(N) in the bytes of all keys.",
	},
	{
		ID: SlowLog, Name: "slowlog", Arity: -2,
		Categories: []string{"@slow"}, Since: "2.2.12", Group: "server",
		Summary: "Holds the commands about runs that took long.", Complexity: "Depends on the subcommand.",
		Subcommands: slowLogSubcommands,
	},
	{
		ID: Time, Name: "time", Arity: 1, Flags: FlagFast | always,
		Categories: []string{"@fast"}, Since: "2.6.0", Group: "server",
		Summary: "Answers with the clock of the node.", Complexity: "O(1)",
	},
	{
		ID: Wait, Name: "wait", Arity: 3,
		Categories: []string{"@slow", "@connection"}, Since: "3.0.0", Group: "generic",
		Summary: "Waits until the writes so far are on the disks of so many other nodes.", Complexity: "O(1)",
	},
	{
		ID: WaitAOF, Name: "waitaof", Arity: 4, Flags: FlagNoScript,
		Categories: []string{"@slow", "@connection"}, Since: "7.2.0", Group: "generic",
		Summary: "As WAIT, and may ask for the disk of this node too.", Complexity: "O(1)",
	},
}
