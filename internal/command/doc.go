// Package command is what a Redis command is as data, and the run of commands that travels from a connection to the
// state machine.
//
// A command is one literal, a Spec: name, arity, flags, keys, tips, arguments, summary, class and cost stand there and
// nowhere else. Dispatch, COMMAND and its subcommands, arity errors, the cut of a pipeline into runs, key extraction,
// access control and docs/commands.md all read it. The literals are in package commands, and a Table finds them.
//
//	client bytes ──► resp: Find(args) ──► Run{Calls} ──► log (bodies of the writes) ──► fsm.Apply(…, run) ──► Run.Reply
//	                                         └─ reads only ─────────────────────────► fsm.Query(…, run) ──────┘
//
// Invariants:
//
//  1. A Table never changes after it is made; a *Spec may be kept for ever, and names the command.
//  2. An ID belongs to one build: it is never stored and never sent. The log holds names.
//  3. Lookups allocate nothing, whatever the client sends.
//
// The slot of a key is computed here too, since key space and front end must agree on it.
//
// The package imports nothing of the project but leaves.
package command
