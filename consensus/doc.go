// Package consensus is a replicated log with a state machine on top, to be embedded in a Go program: open a Node on
// each of several machines, propose commands on any of them, read on any of them.
//
//	go get github.com/raftredis/raftredis/consensus
//
//	node, err := consensus.Open(consensus.Options{
//		Directory:  "data",           // all that the node must not forget
//		Machine:    &registers{},     // your state machine
//		PeerListen: "10.0.0.1:16379", // where other nodes reach this one
//		Secret:     secret,           // the same on all nodes; required beyond the loopback interface
//		Bootstrap:  true, Expect: 3,  // all three nodes have this, and Join, at every start
//		Join:       []string{"10.0.0.1:16379", "10.0.0.2:16379", "10.0.0.3:16379"},
//	})
//	err = node.WaitServing(ctx)                  // a member, with a leader
//	result, err := node.Propose(ctx, command)    // on a majority of disks, and applied here
//	session, err := node.OpenSession(ctx, time.Hour)
//	result, err = node.ProposeOnce(ctx, session, 1, command) // executed once, however often it is asked for
//	err = node.Query(ctx, &question)             // sees everything acknowledged on any node before
//	ids, err := node.ChangeMembers(ctx, change)  // adds, removes, replaces members
//	log, err := node.Subscribe(ctx, from)        // the committed commands, in order, each once
//	err = node.TakeSnapshot()                    // now, and not only when the log has grown enough
//	err = node.HandOver(ctx)                     // before Close: the others need no election
//	err = node.Close()
//
// The example named Cluster is a whole program: three nodes, one of which dies and is replaced, a snapshot, a restart.
//
// # What it promises
//
//	N1  A nil error from Propose means: the command is on the disks of a majority of voters, and applied on this node.
//	N2  Reads are linearizable on every node, without assumptions about clocks.
//	N3  Errors are honest. ErrNotDone: it was not done and never will be. ErrUnknown: it may have been, or may be later.
//	N4  Every node applies the same commands in the same order. A command is applied at most once per Propose; in a
//	    session, at most once per sequence.
//	N5  A node stops (Done, Err) rather than go on with a log that it cannot trust.
//	N6  A member is a data directory, not an address. A directory that was wiped, copied, rolled back or removed takes no
//	    part under its old id, and its operator is told why, and how to go on.
//
// # The state machine
//
// The log drives a StateMachine of yours: Apply executes a command, Query answers a question, Freeze and Restore carry
// the state through a file. The same commands must lead to the same state on every node, byte for byte: a machine reads
// no clock, draws no random number, and does not depend on the order of a Go map. What differs between nodes (the time,
// a random number) goes into the command, or comes as the stamp that Apply gets.
//
// Apply and Freeze hold up everything else, so both must be short. Freeze has constant time to make an image that stays
// as it is while Apply goes on. For a state of some kilobytes, copying is fine. A large one needs a structure whose
// versions share what has not changed: a tree that copies the nodes on the path of a write (persistent, or
// copy-on-write by generation), or a list of immutable segments with a small mutable one in front. The image must be a
// function of the state alone, so WriteTo writes in a sorted order.
//
// # Exactly once
//
// A command may end with ErrUnknown. Where doing it twice does harm, its client has a session: OpenSession gives it a
// number, and the client numbers its commands in it from 1 on. ProposeOnce, or a Request with Session and Sequence, may
// then be tried again on any node until the outcome is known: after ErrUnknown, after ErrNotDone, after a restart of
// all nodes. The machine sees the command once. What a retry gets is the result that the first execution had, so the
// machine's Apply must return the same on every node.
//
//	error of an attempt      this attempt                              an earlier attempt of the same sequence
//	nil                      executed; or, with Request.Replayed, not  executed, if Replayed; then Result is its result
//	ErrReplyGone             not executed                              executed; its result is no longer kept
//	ErrNoSession             not executed, and never will be           unknown for ever: the session has ended
//	ErrSequenceTooOld        not executed, and never will be           unknown for ever: 128 sequences have gone by
//	ErrNotDone, ErrClosed,   not executed, and never will be           as unknown as before: try again
//	  ErrOverloaded
//	ErrUnknown               executed or not, now or later             as unknown as before: try again
//	ErrRefused               not executed, and never possible          as unknown as before; the text says what is wrong
//
// So a client tries again until it hears nil, ErrReplyGone, ErrNoSession or ErrSequenceTooOld. If none of its attempts
// ended with ErrUnknown, the last two mean: definitely not done. Otherwise the outcome stays unknown, which a client
// avoids in this way: the session lives for longer than the client retries, and the client has 128 commands in flight
// at most, answered or not. They may come in any order, and numbers may be left out.
//
// A subscription gives every attempt that the log has; Entry.Session and Sequence say which are of one command.
//
// Sessions are a part of the state: replicated, in snapshots, in the hash that nodes compare. There may be 131,072.
// One costs some 140 bytes, and an entry to open it, so a client opens one and keeps it. It ends by CloseSession, or by
// log time when it was not used for its time to live. A client that waits for nothing loses nothing then: it opens
// another. Results are kept for an hour, up to 4 MiB each and 64 MiB together, the newest of all; and until their
// session has gone on by 128 sequences. Without sessions nothing of this costs anything.
//
// # The log itself
//
// Subscribe reads the log as others read a queue: the committed commands, in order, each once, from an index on, on
// leaders and followers alike. It is apart from the state machine: a program that wants only a replicated log has a
// machine that keeps nothing, and one with a machine can feed a cache, an index or another system from the log.
//
//	subscription, err := node.Subscribe(ctx, resume)
//	for entry, err := range subscription.Entries() {
//		if err != nil {
//			return err // a *CompactedError says how to go on, everything else that it is over
//		}
//		handle(entry.Index, entry.Command)
//	}
//
// What is given is committed by a majority and on this node's own disk: it is never taken back. A host that remembers
// Resume, or the last Index plus one, goes on there after a restart, also at another node; if it remembers that
// together with what it made of the commands, it takes in each exactly once. Only commands are given; members and terms
// are told by Events. Options.OnCommit is the same in one line, for those who want to hear and not to remember.
//
// A subscription reads from the disk what its host asks for. A slow one holds up nothing; if it is slower than
// MaxHistoryBytes allows, or this node takes over a snapshot, it ends with a CompactedError, and never passes over a
// command in silence.
//
// # Threads
//
// All methods of a Node may be called from any goroutine. Propose, Query, WaitServing, ChangeMembers, HandOver, Close
// and Subscription.Next wait; Submit, Cancel, Status, TakeSnapshot, TakeOver, Subscribe and Join do not. A program with
// many clients needs no goroutine for each: it embeds a Request, gives it to Submit, and is called back by
// Request.Done. For a read it then calls View.
//
// Options.OnCommit may wait, and has a goroutine of its own for that.
//
// The node calls Request.Done, Options.Events and Options.Late from its own goroutines. They must not block, and may
// call the methods that do not wait. The machine is called under a lock of the node: Apply alone, Query beside other
// queries. Machine and View's function must not call the node.
//
// # The event loop
//
// A node has a goroutine for each step of a command. With Options.EventLoop, on Linux, one thread does instead what
// these do: it takes in what callers and other nodes send, sends messages, writes and syncs the log while the disk is
// fast, applies what is committed, and calls Request.Done. Then a command wakes few threads, and commands that come
// together share each step. Elsewhere, and over connections that are not TCP (of Options.Dial, or of a PeerListener
// that speaks TLS), goroutines do it as before. What a node promises is the same.
//
// A machine may take its time: a sync or an Apply that lasts for more than 5 to 10 ms loses the loop, which goes on
// without it, so heartbeats leave in time. What must not block (Request.Done, Options.Events, Late, Clock, Hurry) and
// does holds up heartbeats, on the loop as on goroutines.
//
// A loop costs two file descriptors, and a thread that waits in the system. That thread keeps one of Go's processors
// (GOMAXPROCS) until the scheduler takes it back, microseconds to milliseconds later. So the loop is for processes with
// one node and at least two processors; several nodes on as few answer a single caller more slowly than on goroutines.
//
// # What a node tells
//
// Status is a picture of what the node knows, and costs a few loads from memory while nothing changes. Options.Events
// says which parts of it have changed, so a host needs no timer that looks. Options.Logger gets what an operator should
// know. Done is closed when the node has stopped: by Close, or because its disk failed or what is on it is damaged.
// Then Err says why, and the host should end its process; the library never does.
//
// # Errors
//
//	ErrNotDone, ErrOverloaded, ErrClosed   not executed. The first two may be tried again
//	ErrUnknown                             executed or not, now or later
//	ErrReplyGone, ErrNoSession,            in a session: see Exactly once
//	  ErrSequenceTooOld
//	ErrRefused                             not executed, and never possible as things are. The text says what to do
//	ErrConditionFailed                     not executed: a change of the members was based on others
//	ErrPending, ErrSuperseded              a change of the members goes on without the caller, or was taken back
//
// A context that ends gives its own error wrapped beside one of these.
//
// # Members
//
// A cluster begins with Options.Bootstrap: on one node, or on one that Expect-1 blank ones Join. Later, ChangeMembers
// on any member adds blank nodes and removes members, in one step where both are asked for, so that at no time fewer
// nodes vote than before or after. New nodes receive the log, or a snapshot and the log behind it, before they vote. A
// learner (AddLearners) receives the log and never votes. A change may depend on the members that its caller saw
// (MemberChange.If): then two callers at once do not undo each other.
//
// What the cluster knows of a Member it tells to all nodes. A node that is started at another address tells the others,
// as long as one of them is where it looks for it.
//
// # Snapshots
//
//	directory/snapshots   two of them: the one in force, and the one before it
//
// When the log has grown by Options.SnapshotLogBytes, or by as much as the last snapshot weighs, a node writes its
// state to a file, while it goes on. The log that no start needs any more goes away, but for what members lack that lag
// behind a little, and subscriptions (Options.MaxHistoryBytes). A member that lags further, or is new, fetches the
// leader's newest snapshot, on a connection of its own, and the log behind that. A transfer that breaks goes on from
// where it was, also after a restart.
//
// Each node takes its own snapshots: none waits for another's, and no node's damage spreads. A file is proven before it
// counts, whenever it is read, and once more by the hash of the state that the machine makes of it (if it has a Hash).
// If the newest one turns out to be damaged when a node starts, it starts from the one before it and a longer piece of
// log; if both are, it refuses. A node that finds a file damaged while it sends it to another node stops (N5).
//
// # Limits
//
// A command has at most Options.MaxEntryBytes, and never more than 1 GiB. One above 1 MiB goes through the log in
// pieces, and takes effect at once with the last of them. A cluster has at most 128 members, those
// included that are about to leave; each costs the leader a link and a copy of everything. A node keeps its state
// machine in memory. That a node was rolled back is noticed by every member that has heard, some hundred milliseconds
// after a commit, how far that node's disk was: see Status.Confirmed. What the node confirmed later than that only its
// leader knows. A node that was found out remembers it, and takes part under no later leader.
//
// # The parts
//
//	consensus                     Open, Node: assembles what follows, forms clusters, checks who may connect
//	consensus/internal/pump       the goroutines of a node
//	consensus/internal/engine     one turn of a node, and the applier
//	consensus/raft                the protocol as a pure function
//	consensus/membership          configurations and their changes
//	consensus/quorum              majorities
//	consensus/internal/transport  frames over TCP between nodes
//	consensus/internal/locations  what a node knows of where the members are
//	consensus/sim                 whole clusters in one goroutine, with simulated time, network and disks
//	wal, snapshot                 the log and the states on disk
package consensus
