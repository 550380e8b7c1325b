// Package raft is the protocol as a pure function: a node's state changes only when a method is called, and all effects
// leave through Ready. The package knows only Raft's own messages. It has no goroutines, locks, clocks, files, sockets,
// randomness from outside or interfaces. The same calls give the same Readys, on every machine.
//
// # The contract
//
//	                       ┌──────────────────────────────────────────┐
//	Tick, Step, Propose,   │                   Raft                   │   Ready: Messages      leave at once
//	Hear, Read, SetClock,  │  role term vote leader                   │          Append        must become durable
//	LinkUp, ServeWaiting,  │  window   the log above the floor        ├─►          ├ Switch    a snapshot in force
//	SnapshotTaken, Suspect │  disk     operations in flight           │            └ Promises  leave after that
//	──────────────────────►│  membership, peers, epochs               │          Commit        may be applied
//	                       │                                          │          Confirmed     reads may run
//	Appended, Written,     │                                          │          Fetch         old entries wanted
//	Applied, Fetched,      │                                          │          Install       a snapshot wanted
//	Install, InstallFailed └──────────────────────────────────────────┘          Propose       a change's next step
//	────────────────────────────────────▲  what became of earlier Readys
//
// The owner takes everything that arrived, makes the calls, and then calls Ready once: that is a turn. A Ready
// repeats nothing, except messages to peers, which may be lost. Operations become durable in the order of
// their numbers; several may be made durable together, and then only the last is reported.
//
// # Durability
//
// Nothing that other nodes rely on leaves before it is on this node's disk. Votes, requests for votes and
// acknowledgements of entries and snapshots are promises: they travel with the append operation that makes them true. A
// candidate's own vote and a leader's own copy of an entry are promises to itself, and count by the same rule. A
// leader's entries leave before they are on its own disk (its disk is one among equals), and a node may apply what
// others made durable.
//
// # Invariants
//
// Always on, as panics, where it is cheap; all of them in Check, Observation.Follows and the tests.
//
//  1. A term has at most one leader. An Append from a second one ends the process.
//  2. Within a term a vote, once given, stays; terms, commit index and floor never fall.
//  3. Entries at or below the commit index, or proven to match this term's leader, are never truncated.
//  4. A leader never truncates or overwrites its log.
//  5. floor <= written <= commit <= last, and durable <= handed out <= last.
//  6. match < next <= last + 1 for every follower; match never falls within a term.
//  7. At most one configuration is uncommitted, and voters change only through a joint one.
//  8. An epoch counts as echoed only in the term it belongs to, and is newer than every message that left before it.
//  9. Slices that were handed out never change.
//  10. The snapshot in force never goes back, and lies at or below the commit index. It counts from the moment that the
//     operation which names it is durable; only then do others hear of it.
//  11. A log that begins anew behind a snapshot has its floor, commit index and membership from it. No operation that
//     left before proves anything of what is behind.
//
// # The life of a log
//
//	     trimmed      history, read through Fetch      memory
//	├───────────────┬───────────────────────────────┬───────────┤
//	             ▲           ▲                    floor       last
//	             retained    in force
//
// Snapshots stand for what the owner trims: see Raft.KeepFrom. A leader serves a follower from memory, from history,
// and where both have let go by telling it of the snapshot in force, which its owner fetches past the core: see
// install.go. A node's own snapshots change nothing for followers that are served from the log.
//
// # Where the paper's parts are
//
// "Paper" is Ongaro and Ousterhout's extended version of 2014, "thesis" Ongaro's dissertation of the same year.
//
//	paper 5.1      rule of terms                       raft.go        stepTerm
//	paper 5.2      elections, timeouts                 election.go    becomeCandidate, handleVote
//	paper 5.3      log replication                     follower.go    handleAppend; leader.go replicate
//	paper 5.4.1    who may win                         election.go    handleVote; raftlog.Mark.Before
//	paper 5.4.2    whose entries commit by counting    leader.go      commitByCounting
//	paper 7        snapshots                           snapshot.go    SnapshotTaken; install.go handleInstall, Install
//	thesis 3.10    handing over leadership             transfer.go    Transfer; election.go handleTimeoutNow
//	thesis 4.1     configurations, in force at once    configurations.go ProposeConfiguration
//	thesis 4.2.2   a leader that is left out           configurations.go mayCampaign; voter_exchange.go stepDown
//	thesis 4.2.3   stickiness                          raft.go        stepTerm, hearsLeader
//	thesis 4.3     joint consensus                     voter_exchange.go nextStep; package quorum
//	thesis 6.2     a leader without followers steps down leader.go      tickLeader
//	thesis 6.4     reads                               reads.go       Read
//	thesis 9.6     pre-vote                            election.go    becomePreCandidate
//	thesis 10.2.1  sending before the own disk         operations.go  takeOperation
//	thesis 10.2.2  batches and pipelines               progress.go    progress
//
// # Where it goes beyond the paper
//
//   - Every append operation has a number. The operation keeps what its completion proves, and truncations
//     lower that: see disk.
//   - A candidate's requests wait for its disk: see becomeCandidate.
//   - Hints let leader and follower skip a whole term per message when logs differ: see rejectAppend.
//   - A leader pushes the commit index at once to followers whose clients wait for it: see owesCommit.
//   - A follower that is told that its leader's process is gone asks at once whether it could win: see suspicion.go.
//   - A leader whose disk hangs gives its place up, and a node whose disk hangs does not campaign: see hung.go.
//   - The file of a snapshot is not the core's: a follower is told that there is one and pulls it, however long that
//     takes, and may take it from another leader when the first one is gone.
//   - A log is kept beyond what snapshots stand for while a live follower needs it, and so is the file of a snapshot
//     that is on its way: see reserve.go.
//   - A leader that is left out tells the other removed nodes before it hands over: see stepDown.
//   - A node left out by its newest configuration may campaign until it knows that entry committed: see mayCampaign.
//
// # Limits
//
// Options bounds messages in flight per follower and bytes per message. Entries above what is in history stay in
// memory; the owner bounds them by not proposing while WindowBytes is too high. Up to MaxInflightMessages messages
// full of older entries stay as well, so that a follower a little behind costs no disk reads. One snapshot is fetched
// at a time, and announced every installHeartbeats heartbeats. Not more than maxFlyingOperations operations wait for
// the disk; what comes then goes into one.
//
// # Rejected
//
//   - A Storage callback, as most libraries have: then the core waits for a disk at a hidden place. Entries
//     below the window are asked for in Ready.Fetch, and come when they come.
//   - Chunks of a snapshot as messages of the core, as the paper has them: the largest thing that a node ever sends
//     would pass through the one place that must never wait, and a transfer would end with its leader.
//   - A newer snapshot during a transfer: a follower that needs more time for a transfer than its leader between two
//     snapshots would never finish one. It goes on with the first one as long as the leader keeps it.
//   - To keep what a log holds behind the mark when the entry at the mark differs: it cannot be committed any more.
//   - A goroutine per node with channels: the simulator could not own the order of events.
//   - Leases for reads: they hold only as long as clocks do.
//   - Single-server membership changes: joint consensus needs no special case for swaps and replacements.
package raft
