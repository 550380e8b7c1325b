package command

// The commands for tests and for looking into a node: package resp attaches a function to each but the container and
// DEBUG OBJECT, which looks at a key.
const (
	Debug ID = lastMemory + iota
	DebugError
	DebugHelp
	DebugLog
	DebugProtocol
	DebugSetActiveExpire
	DebugSleep
	lastDebug
)

// debugging are the flags of DEBUG, and of each of its subcommands: Redis has them for all in one.
const debugging = FlagAdmin | connection

var debugCategories = []string{"@admin", "@slow", "@dangerous"}

var debugSpecs = []Spec{
	{
		ID: Debug, Name: "debug", Arity: -2, Flags: debugging,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Holds commands for tests and for looking into the node.", Complexity: "Depends on the subcommand.",
		Subcommands: debugSubcommands,
	},
}

var debugSubcommands = []Spec{
	{
		ID: DebugError, Name: "debug|error", Arity: 3, Flags: debugging,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Answers with the error that is given.", Complexity: "O(1)",
	},
	{
		ID: DebugHelp, Name: "debug|help", Arity: 2, Flags: debugging,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Lists the subcommands of DEBUG.", Complexity: "O(1)",
	},
	{
		ID: DebugLog, Name: "debug|log", Arity: 3, Flags: debugging,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Writes a line into the log of the node.", Complexity: "O(1)",
	},
	{
		ID: DebugObject, Name: "debug|object", Arity: 3, Flags: debugging,
		FirstKey: 2, LastKey: 2, Step: 1, Class: Read,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Tells how the value at a key is kept.", Complexity: "O(1)",
	},
	{
		ID: DebugProtocol, Name: "debug|protocol", Arity: 3, Flags: debugging,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Answers with a value of the type that is named.", Complexity: "O(1)",
	},
	{
		ID: DebugSetActiveExpire, Name: "debug|set-active-expire", Arity: 3, Flags: debugging,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Accepts that expired keys are removed; that cannot be changed.", Complexity: "O(1)",
	},
	{
		ID: DebugSleep, Name: "debug|sleep", Arity: 3, Flags: debugging,
		Categories: debugCategories, Since: "1.0.0", Group: "server",
		Summary: "Answers after so many seconds; only this connection waits.", Complexity: "O(1)",
	},
}

// IsDebug reports whether the command is DEBUG or one of its subcommands, which a setting allows or not.
func (s *Spec) IsDebug() bool { return s.ID == DebugObject || s.ID >= Debug && s.ID < lastDebug }
