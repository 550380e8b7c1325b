// Raftredis is the one binary of the project: a node, a whole cluster on one machine to play with, and the tools that
// look at what a node wrote.
//
//	raftredis serve        run one node
//	raftredis playground   run several nodes on this machine, in child processes
//	raftredis inspect      show what is in the directory of a node
//	raftredis bench        generate load for a server, and measure it
//	raftredis version      say what was built
//	raftredis completion   print what makes a shell complete command lines
//	raftredis help         explain a subcommand, or a topic: essays of a screen, in the directory topics
//
// One short file declares each subcommand to cobra. The work is done elsewhere: internal/server runs a node,
// internal/server/playground a cluster, internal/inspect describes a directory, internal/bench generates
// load, and internal/cli words help and errors.
//
// # What holds
//
//  1. The same command line starts a node and starts it again. --bootstrap and --join matter for a blank directory
//     only.
//  2. Standard output says `ready` once, and not before a linearizable read succeeded. Everything else is the log, on
//     standard error. A reader of the log that blocks or goes away never stops the node (see internal/console).
//  3. A node that must not go on ends with exit.Fatal and one message. It serves nothing after that.
//  4. No child outlives its playground, however that ends (see internal/server/playground).
//  5. One directory serves one node at a time. inspect changes nothing.
//  6. Wrong flags, files and directories are refused before anything is made or opened.
//  7. Help fits 80 columns, and a topic a screen.
//
// # Exit codes
//
// `raftredis help exit-codes` explains them. Their numbers stand in internal/exit.
//
// # Rejected
//
// A configuration file with names of its own: its lines are settings of the one table, and nothing else. Restarting a
// child of the playground that ended: killing one and watching is what the playground is for.
package main
