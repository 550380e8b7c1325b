// Package commands is the table of all commands. Each is one literal, in the file of its family:
//
//	commands/data   the commands on what is stored: package fsm has their functions
//	commands/node   those on a connection, a node or the cluster: package resp has their functions
//
// A container of subcommands stands where most of these belong; MEMORY USAGE, which looks at the state, is in
// commands/node. Functions are attached to the value (data.Get), and a test in fsm and one in resp prove that every
// command has exactly one.
//
// A new command needs its literal and its name in the list of the family, and its function with the line that attaches
// it. A new subcommand stands in the Subcommands of its container instead. A family in a new file needs its list in All
// of its package.
//
// Names, arities, flags, key positions and arguments are Redis's, because clients read them; summaries are this
// project's words.
package commands
