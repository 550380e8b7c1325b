// Package command is the table of Redis commands as data, and the run of commands that travels from a connection to the
// state machine.
//
// A command is one literal, a Spec, in the file of its family: name, arity, flags, keys, tips, arguments, summary and
// class stand there and nowhere else. Dispatch, COMMAND and its subcommands, arity errors, the cut of a pipeline into
// runs, key extraction, access control and docs/commands.md all read it. Package fsm attaches a function to each
// command on state, package resp to each command on a connection or the node. Both attach to the value (command.Get),
// and a test in each proves that every command has exactly one function.
//
//	client bytes ──► resp: Find(args) ──► Run{Calls} ──► log (bodies of the writes) ──► fsm.Apply(…, run) ──► Run.Reply
//	                                         └─ reads only ─────────────────────────► fsm.Query(…, run) ──────┘
//
// A new command needs its literal and its name in the list of the family, and its function with the line that attaches
// it. A new subcommand stands in the Subcommands of its container instead.
//
// Invariants:
//
//  1. The table never changes after the package is initialised; a *Spec may be kept for ever, and names the command.
//  2. An ID belongs to one build: it is never stored and never sent. The log holds names.
//  3. Lookups allocate nothing, whatever the client sends.
//
// The slot of a key is computed here too, since key space and front end must agree on it.
//
// Names, arities, flags, key positions and arguments are Redis's, because clients read them; summaries are this
// project's words. The package imports nothing of the project.
package command
