// Raftredis is the one binary of the project: a node, a whole cluster on one machine to play with, and the tools that
// look at what a node wrote.
//
//	raftredis serve        run one node
//	raftredis playground   run several nodes on this machine, in child processes
//	raftredis inspect      show what is in the directory of a node
//	raftredis version      say what was built
//	raftredis completion   print what makes a shell complete command lines
//	raftredis help         explain a subcommand, or a topic: essays of a screen, in the directory topics
//
// There is one file for each subcommand, which has its flags, checks them, and says what is wrong in words that tell
// what to do. Subcommands and flags are a table (subcommand.go), from which help, completion, the nearest name to a
// wrong one, and the tests of everything that the topics tell people to type are made. The work is done by
// internal/server, internal/server/playground and internal/inspect.
//
// # What holds
//
//  1. The same command line starts a node and starts it again. --bootstrap and --join matter for a blank directory
//     only.
//  2. Standard output says `ready` once, and not before a linearizable read succeeded. Everything else is the log, on
//     standard error; a reader of it that blocks or goes away never stops the node (see internal/console).
//  3. A node that must not go on ends with exitFatal and one message. Nothing is served after it.
//  4. No child outlives its playground, however that ends (see internal/server/playground).
//  5. Nobody serves two nodes from one directory, and inspect changes nothing.
//  6. What is wrong with the flags, the file or the directory as such is refused before anything is made or opened.
//  7. Help fits 80 columns, and a topic a screen.
//
// # Exit codes
//
// They are said by `raftredis help exit-codes`, and their numbers stand in internal/exit.
//
// # Rejected
//
// A configuration file with names of its own: its lines are flags, or parameters of CONFIG SET, and nothing else.
// A library for command lines: pflag reads flags, and a table of six subcommands needs no more. Restarting a child of
// the playground that ended: killing one and watching is what the playground is for.
package main
