// Raftredis is the one binary of the project: a node, a whole cluster on one machine to play with, and the tools that
// look at what a node wrote.
//
//	raftredis serve        run one node
//	raftredis playground   run several nodes on this machine, in child processes
//	raftredis inspect      show what is in the directory of a node
//	raftredis version      say what was built
//
// There is one file for each subcommand, which has its flags, checks them, and says what is wrong in words that tell
// what to do. Only wire.go knows how a node is put together:
//
//	clients ──► resp.Server ──► store ──► consensus.Node ◄──► peers
//	                                          │    │
//	                                    fsm.Machine  directory
//
// # What holds
//
//  1. The same command line starts a node and starts it again. --bootstrap and --join matter for a blank directory
//     only.
//  2. Standard output says `ready` once, and not before a linearizable read succeeded. Everything else is the log, on
//     standard error; a reader of it that blocks or goes away never stops the node (see log.go).
//  3. A node that must not go on ends with exitFatal and one message. Nothing is served after it.
//  4. No child outlives its playground, however that ends (see child.go).
//  5. Nobody serves two nodes from one directory, and inspect changes nothing.
//
// # Exit codes
//
// They are said by `raftredis help exit-codes`, and their numbers stand in exit.go.
//
// # Rejected
//
// A configuration file with names of its own: its lines are flags, or parameters of CONFIG SET, and nothing else.
// Restarting a child of the playground that ended: killing one and watching is what the playground is for.
package main
