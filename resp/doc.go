// Package resp is the front end for Redis clients: it reads requests, cuts them into runs, hands the runs to a Store,
// and sends the replies. It knows the Redis protocol and nothing of Raft: a Store executes runs, a Node answers
// questions about the cluster.
//
//	socket ─► link ─► Conn ─► wire.Reader       requests out of bytes, within limits
//	  ▲        │       │ gather                 commands to runs, cut at barriers
//	  │        │       ├─► Store.Write / Read   one run in flight for each connection
//	  │        ◄───────┼── Request.Complete     a wake, from any goroutine
//	  │        │       ├─► Store.View           a confirmed run of reads, on this goroutine
//	  │        │       ├─► Node.Change          a change of the members, by a request of its own
//	  │        │       ├── session              what others know of a connection, do to it, and post to it
//	  └────────┴───────┘ Output                 replies in the order of the commands; mail when none is due
//
// Package wire turns bytes into requests. Package topology says who owns which slots. Package stats remembers what took
// long. Package waits has the calls that wait for keys. conn_*.go is the life of one connection; cmd_*.go has the
// handlers of a family of commands, in a list that attaches each to its literal in internal/commands.
//
// Commands about the connection or the node (AUTH, INFO, CLUSTER …) ask the Node, those about snapshots the Saver; they
// pass by the Store. Each asks for the facts that it needs. The state machine tells of changes by Server.Changed, and
// the server passes them on to clients that cache what they read.
//
// A link is one goroutine with one socket and makes all system calls; Conn and Reader do not block, so that an event
// loop can take the link's place. While the socket takes no more replies, a second goroutine waits to send them, and
// the link reads ahead (see conn_flush.go): a client may send everything before it reads a reply. Work that waits for
// a disk or takes long (CONFIG REWRITE, MEMORY PURGE) runs on a goroutine of its own, and the connection is parked
// meanwhile (see Conn.inBackground). A connection that waits for a fact about the node (WAIT, SAVE) is woken when the
// Node notifies the server of a change; nothing is polled. A call that waits for a key (RAFT.LOG READ with BLOCK) stays
// a run of its own, and is looked at again when the state machine tells of a change of that key: see conn_await.go.
//
// Limits: every size, count and wait has a name in Limits, in Tuning or in the constants beside them. A client that
// breaks the protocol gets Redis's error and is closed; a request that is too long is dropped and refused by itself;
// of a client that does not read its replies nothing more is executed; one client too many is turned away; a failing
// accept pauses. Until it has authenticated, a client may send ten arguments of 16 KiB. Beyond maxmemory writes that
// may need memory are refused before they are proposed: a node never leaves out what stands in the log.
//
// Invariants:
//
//  1. A connection has at most one run in flight. Nothing behind that run, not even a command of the connection itself,
//     takes effect before the run is answered.
//  2. There is one reply for each command, in order, and none of a run before all of that run.
//  3. Arguments alias the reader's buffer, or the storage of their own request. Neither is changed or moved while a run
//     stands in it; what lives longer (the body of a log entry) is copied once, or is that storage.
//  4. Each submitted request is completed exactly once, and so is each change of the members, and a connection does not
//     end before that, whatever becomes of its client: the store may touch the run's buffers until then.
//  5. A word that client libraries answer by sending again (CLUSTERDOWN, TRYAGAIN, MOVED) is said only of what was
//     definitely not done.
//  6. No bytes of a client make this package panic, recurse, spin, or hold more than the limits allow.
//  7. A client that caches is told of each change to what it was sent, and behind the reply that the change makes old
//     (see tracker.go). A node that knows of no leader has its clients forget everything.
//  8. Posting to a connection does not block: beyond its limit the connection is closed.
//
// CONFIG SET changes what concerns this node and no key; a parameter that has one value here can be set to that value
// and to no other. CLIENT PAUSE, SLOWLOG, LATENCY, MONITOR and the statistics in INFO are this node's too. The time of
// a command is what its client waits for besides the network (see metrics.Calls). WAIT tells on how many disks writes
// are known to be: on a follower that is the majority, which every acknowledged write has reached. DEBUG, which the
// file has to allow as in Redis, offers what touches no key and no other client: DEBUG SLEEP holds up its own
// connection.
//
// SLOWLOG GET has the six elements of Redis's entries and no more: client libraries take them apart by their position.
// Where the time of a slow run went is told by a command of our own, RAFT.SLOWLOG, with the same numbers: the wait for
// a leader and for room, the node's own disk, the other nodes, the application, the way back. The pumps of the node
// note times as they go, once for all that goes together; they are looked at only when a run was slow. LATENCY knows
// besides Redis's events of commands those of what commands share: fsync, commit, apply and read-index.
//
// INFO, ROLE, HELLO and CLUSTER tell what this node believes at the moment; no other node is asked. All of them tell
// the role that the cluster's view gives the node: see package topology. Package info writes the sections of INFO.
//
// Cluster clients choose a node by the slot of the key. Every node serves every slot, so a map of slots is only a way
// to spread clients: see package topology.
//
// Where a run goes is decided once, when it is submitted (see Conn.submit): to the store, or, with
// Options.RedirectMoved on a node that does not lead, its calls with keys back to the client with MOVED, which is said
// only of what was not and will not be done here. RAFT.READ STALE is how a client asks for stale reads: the node
// answers the connection's reads from the state it has, which may be older than anything the client has seen elsewhere,
// and does so cut off from all others too. READONLY asks for the same only where clients see a replica. A node that has
// served nothing since its start refuses both.
//
// A change of the members takes as long as a new node needs to catch up. Its connection is parked as for a run, but the
// replies before it are sent first; its client may go at any time, and the change is then left to itself. A node that
// was removed answers MOVED to a member (nothing is done there), shows cluster clients the others, and reads nothing
// stale. A client that hears of nothing but refusals for Limits.RefusalPeriod is disconnected (see Conn.refuseRun).
//
// Rejected: redcon's reader and server (one packet can end the process, a declared count can spin a core, partial
// requests are parsed again from their beginning, and replies have no limit); a goroutine that reads while another
// waits (two stacks and two wake-ups for each command; a client that leaves a parked run is noticed by one watch for
// all connections instead, and mail for one that waits for bytes ends its read); a goroutine that writes, but while
// the socket is full (two would have to agree on what is sent first); a seventh element in the entries of SLOWLOG GET
// (it is another thing's place in later versions of Redis, and libraries know that); answering a pipeline command by
// command (a round of the cluster for each); a map of slots that follows a node's own links (nodes would disagree, and
// clients chase the difference); CROSSSLOT (there is one log for all slots).
package resp
