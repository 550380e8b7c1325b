package command

// The commands of a connection: package resp attaches a function to each that is not a mere container.
const (
	Auth ID = lastKeys + iota
	Client
	ClientCaching
	ClientGetName
	ClientGetRedir
	ClientHelp
	ClientID
	ClientInfo
	ClientKill
	ClientList
	ClientNoEvict
	ClientNoTouch
	ClientPause
	ClientReply
	ClientSetInfo
	ClientSetName
	ClientTracking
	ClientTrackingInfo
	ClientUnblock
	ClientUnpause
	Echo
	Hello
	Ping
	Quit
	Reset
	Select
	lastConnection
)

// connectionSpecs is sorted by name.
var connectionSpecs = []Spec{
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
		ID: Echo, Name: "echo", Arity: 2, Flags: always | FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "1.0.0", Group: "connection",
		Summary: "Answers with its argument.", Complexity: "O(1)",
	},
	{
		ID: Hello, Name: "hello", Arity: -1, Flags: entrance,
		Categories: []string{"@fast", "@connection"}, Since: "6.0.0", Group: "connection",
		Summary: "Introduces client and node to each other and agrees on a protocol.", Complexity: "O(1)",
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
		ID: Reset, Name: "reset", Arity: 1, Flags: entrance,
		Categories: []string{"@fast", "@connection"}, Since: "6.2.0", Group: "connection",
		Summary: "Makes the connection as it was when it was made.", Complexity: "O(1)",
	},
	{
		ID: Select, Name: "select", Arity: 2, Flags: always | FlagFast,
		Categories: []string{"@fast", "@connection"}, Since: "1.0.0", Group: "connection",
		Summary: "Chooses the database; there is one, number 0.", Complexity: "O(1)",
	},
}
