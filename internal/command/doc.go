// Package command is the table of Redis commands as data, and the run of commands that travels from a connection to the
// state machine.
//
// The table is the one truth about a command's name, arity, flags, keys and class. Dispatch, COMMAND and its
// subcommands, arity errors, the cut of a pipeline into runs, key extraction and access control all read it. It holds
// no function: package fsm attaches one to each command that has state, package resp one to each of a connection,
// and a test in each proves that none is missing and none is attached twice.
//
//	client bytes ──► resp: Find(args) ──► Run{Calls} ──► log (bodies of the writes) ──► fsm.Apply(…, run) ──► Run.Reply
//	                                         └─ reads only ─────────────────────────► fsm.Query(…, run) ──────┘
//
// Invariants:
//
//  1. The table never changes after the start of the process; a *Spec may be kept for ever.
//  2. An ID names a command of this build only. It is never stored and never sent: the log holds names.
//  3. Lookups allocate nothing, whatever the client sends.
//
// The slot of a key is computed here too, since key space and front end must never disagree on it.
//
// Names, arities, flags, key positions and arguments are Redis's, because clients read them; summaries are this
// project's words. What a command takes is one line of text in usage.go: COMMAND DOCS is made of it, and a test holds
// it against the arity. The package imports nothing of the project.
package command
