// Package engine turns the pure protocol of package raft into a node. It owns the batches of commands that clients wait
// for, decides their fate, and says what the goroutines around it must do.
//
// # The cut
//
//	          inputs                      outputs
//	clients ──► Batch, Read ──┐   ┌──► Messages, Reset, Peers   to the transport
//	peers   ──► Messages ─────┤   ├──► Appends                  to the log writer
//	disk    ──► Appended ─────┼─► Engine.Turn ──► Fill, Fetch   to the history filler and the fetcher
//	applier ──► Applied ──────┤   ├──► Work                     to the applier, which owns the state machine
//	files   ──► Taken, Received   ├──► Install, Retain, Trim    to the fetcher and the remover of files
//	clock   ──► Ticks, Now ───┘   └──► Ended                    to the clients
//
// Turn and Applier have no goroutines, no clock, no I/O. Package pump holds all goroutines of a node and makes no
// decisions; the simulator replaces package pump and runs exactly the code of Turn and Applier.
//
// A Message is an envelope: it carries a message of the protocol to the core, or one of the engine's own kinds, such as
// forwarded batches (message.go).
//
// # The fate of a batch
//
// A batch is one run of commands of one client connection; its writes become one entry. The node that took it from the
// client is its origin. Each batch gets a tag (origin, boot, sequence) and a term; only the leader of exactly that term
// appends it. Every node applies every entry, and the origin recognises its own tags: it answers from its own state, at
// exactly that entry.
//
//	waiting ──assign──► sent(term, sequence) ──met in the log──► Done
//	   ▲                   │         │
//	   └──── not done ─────┘         └── deadline, or a snapshot jumped over it ──► Unknown
//	   │ no leader or no room for too long, or proven not done when the deadline is over
//	   └──► NotDone
//
// Ownership makes each end exactly once: a batch belongs to the turn while it waits, and to the Applier from the moment
// it is sent. Only the Applier can prove that a sent batch was not done: terms never decrease along the log, so once it
// applied an entry of a later term without having met the tag, no later entry can carry it. It gives such a batch back
// to the turn, which assigns it anew. A broken connection or a lost leader proves nothing.
//
// Where a leader has more to append than there is room for, the nodes get equal shares of it (shares.go). A node that
// knows that it lacks a part of the log sends nothing: Engine.lacksState.
//
// A batch that is too large for one entry goes in pieces (delivery.go). It belongs to the turn until its last piece is
// sent, for without that it never takes effect. Every applier puts the pieces together (assembly.go), and a snapshot
// has what is there in part (assembly_image.go).
//
// # Who leads, who is absent
//
// A node that is about to stop hands leadership over first (handover.go). What clients sent meanwhile is proven not
// done by the new term and sent to its leader: clients see a slow reply and no error. The leader decides which voters
// are absent, and tells all nodes (presence.go). Clients are shown the cluster without them; the log does not depend on
// it.
//
// # Who is a member
//
// A change of the membership is a pure function of the present configuration (package membership). The leader applies
// it in the turn in which it is asked (change_request.go). From there the protocol walks to the end by itself, through
// changes of leaders. A removed node knows what became of its batches by its removal: no leader that has that entry
// appends its batches (removed_members.go). A member that comes back with less than it acknowledged to this leader is
// refused (arrival.go).
//
// # Snapshots
//
// A snapshot stands for the log up to its mark. A node takes one when it has applied enough since the last
// (own_snapshots.go), and removes what no start of its own and, within bounds, no follower needs. A follower that lacks
// what was removed fetches the file from the leader and begins its log anew behind it (received_snapshots.go).
//
//	applier: Freeze ──► snapshotter: file ──► Taken ─────┐                       ┌──► Retain, Trim
//	                                                     ├──► operation: Switch ─┤
//	core: Install ──► receiver: file ──► Received ───────┘     (durable)         └──► applier: Jump
//	                              when the pumps rest
//
// A snapshot comes into force by a record of the journal; a file alone counts for nothing. A state is frozen only
// behind an entry that is durable here; the machine jumps only when the journal names the snapshot.
//
// # Time
//
// Time moves by what entries carry: log time, which follows elapsed time, and the offset to wall time, which follows
// the clocks on which a majority of the voters agrees (clocks.go). The leader gives both, and appends entries that
// carry nothing but time while something is due.
//
// # Invariants
//
//	E1  A sequence is given once per (origin, boot, term), from 1, without gaps.
//	E2  A leader appends a forwarded batch only in the term it is meant for, and only as the next in its sequence.
//	E3  A batch is registered with the Applier before the message that carries it leaves.
//	E4  A batch ends exactly once, and its buffers are not touched afterwards.
//	E5  A read is answered only from a state at or above an index that a leader confirmed after the read arrived.
//	E6  No leader appends a batch of a node outside its newest configuration; an id is allotted once.
//	E7  Every batch and read ends in bounded time, whatever the network and other nodes do: Options says in which.
//	E8  A state is frozen behind an applied entry that is durable in this node's journal; one at a time, and none while
//	    a snapshot of another node is on its way.
//	E9  From the moment at which a received snapshot is to take the log's place, nothing is written to history, applied
//	    or read for others, until the journal names it and the applier is told. No entry is applied before the jump.
//	E10 No list of files to keep is made or carried out while a file is begun that is not on it.
//	E11 What a node sent, and a snapshot may have jumped over, is unknown for good.
//	E12 A body in pieces takes effect with its last piece, whole, or never; which of the two the log up to there says, to
//	    all nodes alike.
//
// # What took how long
//
// Engine and Applier know no clock but ticks. The pumps note the time where work goes from one to the next, once for
// all that goes together, and Runner.Phases makes of it where the time of one batch went (package pump).
//
// # Rejected
//
// A table of sessions in the state machine (exactly-once by client id): it costs state and a round trip, and no stock
// Redis client takes part. Retrying on a broken connection: that is how INCR runs twice. An atomic claim per batch,
// shared by turn and applier: one owner at a time needs none.
package engine
