// Package raft is the protocol as a pure function: a node's state changes only when a method is called, and what is to
// be done leaves only through Ready. It has no goroutines, locks, clocks, files, sockets, randomness from outside or
// interfaces. The same calls give the same Readys, on every machine.
//
// # The contract
//
//	                       ┌──────────────────────────────────────────┐
//	Tick, Step, Propose,   │                   Raft                   │   Ready: Messages      leave at once
//	Read, SetClock,        │  role term vote leader                   │          Append        must become durable
//	LinkUp, ServeWaiting   │  window   the log above the floor        ├─►          └ Promises  leave after that
//	──────────────────────►│  disk     operations in flight           │          Commit        may be applied
//	                       │  membership, peers, epochs               │          Confirmed     reads may run
//	Appended, Written,     │                                          │          Fetch         old entries wanted
//	Fetched                └──────────────────────────────────────────┘          Propose       a change's next step
//	────────────────────────────────────▲  what became of earlier Readys
//
// The owner takes everything that arrived, makes the calls, and then calls Ready once: that is a turn. What is said in
// a Ready is never repeated, except to peers, where messages may be lost. Operations become durable in the order of
// their numbers; several may be made durable together, and then only the last is reported.
//
// # Durability
//
// Nothing that others build on leaves before it is on this node's disk. Votes, requests for votes and acknowledgements
// of entries are promises: they travel with the append operation that makes them true. A candidate's own vote and a
// leader's own copy of an entry are promises to itself, and count by the same rule. A leader's entries leave before
// they are on its own disk (its disk is one among equals), and a node may apply what others made durable.
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
//
// # Where the paper's parts are
//
// "Paper" is Ongaro and Ousterhout's extended version of 2014, "thesis" Ongaro's dissertation of the same year.
//
//	paper 5.1      rule of terms                       raft.go        stepTerm
//	paper 5.2      elections, timeouts                 election.go    becomeCandidate, handleVote
//	paper 5.3      log replication                     follower.go    handleAppend; leader.go replicate
//	paper 5.4.1    who may win                         types.go       Mark.Before
//	paper 5.4.2    whose entries commit by counting    leader.go      commitByCounting
//	thesis 3.10    handing over leadership             leader.go      Transfer; election.go handleTimeoutNow
//	thesis 4.1     configurations, in force at once    membership.go  membership, ProposeConfiguration
//	thesis 4.2.2   a leader that is left out           membership.go  mayCampaign; change.go resign
//	thesis 4.2.3   stickiness                          raft.go        stepTerm, hearsLeader
//	thesis 4.3     joint consensus                     change.go      nextStep; package quorum
//	thesis 6.2     a leader nobody hears steps down    leader.go      tickLeader
//	thesis 6.4     reads                               reads.go       Read
//	thesis 9.6     pre-vote                            election.go    becomePreCandidate
//	thesis 10.2.1  sending before the own disk         operations.go  takeOperation
//	thesis 10.2.2  batches and pipelines               progress.go    progress
//
// # Where it goes beyond the paper
//
//   - Every append operation has a number. What a completion proves is kept with the operation and lowered by
//     truncations: see disk.
//   - A candidate's requests wait for its disk: see becomeCandidate.
//   - Hints let leader and follower skip a whole term per message when logs differ: see rejectAppend.
//   - A leader pushes the commit index at once to followers whose clients wait for it: see owesCommit.
//   - A leader whose disk hangs gives its place up, and a node whose disk hangs does not campaign: see hung.go.
//   - A node left out by its newest configuration may campaign until it knows that entry committed: see mayCampaign.
//
// # Limits
//
// Options bounds messages in flight per follower and bytes per message. Entries above what is in history stay in
// memory; the owner bounds them by not proposing while WindowBytes is too high. Up to MaxInflightMessages messages
// full of older entries stay as well, so that a follower a little behind costs no disk reads. Snapshots are not sent
// by this package yet: a follower behind the beginning of the log waits.
//
// # Rejected
//
//   - A Storage callback, as most libraries have: then the core waits for a disk at a place that nobody sees. Entries
//     below the window are asked for in Ready.Fetch, and come when they come.
//   - A goroutine per node with channels: the simulator could not own the order of events.
//   - Leases for reads: they hold only as long as clocks do.
//   - Single-server membership changes: joint consensus needs no special case for swaps and replacements.
package raft
