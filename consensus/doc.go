// Package consensus is a replicated log with a state machine on top: open a Node on each of several machines, propose
// commands on any of them, read on any of them.
//
//	node, err := consensus.Open(consensus.Options{
//		Directory: dir, Machine: machine, PeerListen: ":16379", Bootstrap: true,
//	})
//	result, err := node.Propose(ctx, command)   // done on a majority of disks, applied here
//	err = node.Query(ctx, question)             // sees everything that was acknowledged anywhere before
//	ids, err := node.ChangeMembers(ctx, change) // adds, removes, replaces members
//	err = node.TakeSnapshot()                   // now, instead of when the log has grown enough
//	err = node.HandOver(ctx)                    // before Close: nobody has to wait for an election
//
// # What it promises
//
//	N1  A nil error from Propose means: the command is on the disks of a majority of voters, and applied on this node.
//	N2  Reads are linearizable on every node, without assumptions about clocks.
//	N3  Errors are honest. ErrNotDone: it was not done and never will be. ErrUnknown: it may have been, or may yet be.
//	N4  Every node applies the same commands in the same order. A command is applied at most once per Propose.
//	N5  The node stops (Options.Fatal) rather than go on with a log it cannot trust.
//	N6  A member is a data directory, not an address. One that was wiped, copied, rolled back or removed takes no part
//	    under its old id, and its operator is told why, and how to go on.
//
// # The parts
//
//	consensus          Open, Node: assembles what follows, forms clusters and changes them, judges who may connect
//	consensus/engine   one turn of a node, the applier, and the goroutines around them
//	consensus/raft     the protocol as a pure function
//	consensus/quorum   majorities
//	consensus/internal/transport  frames over TCP between nodes
//	consensus/sim      whole clusters in one goroutine, with simulated time, network and disks
//	wal                the log on disk
//	snapshot           files that hold a state
//
// # Snapshots
//
//	directory/snapshots   two of them: the one in force, and the one before it
//
// When the log has grown by Options.SnapshotLogBytes, or by as much as the last snapshot weighs, a node writes its
// state to a file, while it goes on. The log that no start needs any more goes away, but for what members lack that lag
// behind a little (Options.MaxHistoryBytes). A member that lags further, or is new, fetches the leader's newest
// snapshot, on a connection of its own, and the log behind that. A transfer that breaks goes on from where it was, also
// after a restart.
//
// Each node takes its own snapshots: nobody waits for another one's, and no node's damage spreads. A file is proven
// before it counts, whenever it is read, and once more by the hash of the state that the machine makes of it. If the
// newest one turns out to be damaged when a node starts, it starts from the one before it and a longer piece of log; if
// both are, it refuses. One that is found damaged while it is sent to another node ends this node (N5).
//
// # Limits
//
// A command is at most Options.MaxEntryBytes long, a cluster has at most raft.MaxMembers members. A node keeps its
// state machine in memory.
//
// Members that are started at other addresses find each other as long as one of them is where the others look for it.
// That a node was rolled back is noticed by the leader to whom it confirmed what it lost, and by no other.
package consensus
