// Package sim runs whole clusters in simulated time, breaks everything around them that can break, and checks that no
// promise is ever broken.
//
// # The cut
//
// A world is one goroutine, one heap of events and one generator of chance. It runs exactly the code that a node runs:
// engine.Turn and engine.Applier with the protocol beneath, the journal and the store of snapshots over a file system
// in memory that forgets what was not synced. It replaces the pumps (goroutines become events), the sockets, and the
// segments of the history.
//
// The state machine comes from outside: Options.Workload has it, with clients that know what to ask it and a model that
// knows the answers. Package internal/worlds has the workload of the key space.
//
//	                Draw(seed, profile)
//	                        │ options: every seed switches other things on
//	                        ▼
//	clients ──────►  ┌─ world ──────────────────────────────┐
//	faults  ──────►  │  node ── life ── engine, applier     │ ──► checker: after every turn, message, sync and entry
//	                 │    │       └──── log writer, filler… │
//	                 │    └── disk, histories, stable       │ ──► at the end: all answers held against the workload's
//	                 │  network: a connection per direction │     model
//	                 └──────────────────────────────────────┘
//
// A run has two phases. In the safety phase clients work while processes die, disks lose what was not synced, links are
// cut, clocks run wrong. Then a majority is made whole, the rest stays broken, and the cluster has to recover within a
// bound: a leader, an answer to every client, one log, one state. A cluster that is safe because it stands still fails.
//
// # What a busy machine may cost
//
// With the default timeouts (a tick of 10 ms, heartbeats of 5 ticks, elections after 30 at least) no process that is
// held up for less than 150 ms costs an election, however often and on however many nodes at once, as long as messages
// take a few milliseconds and none is lost. The profile busy does that for as long as one likes. The sum behind it:
//
//	 50 ms  since the last heartbeat, when a follower is held up
//	 50 ms  that its leader counts at once when it was held up itself: a heartbeat's worth, however long it was
//	150 ms  until the follower's turn comes, and its answer leaves
//	 50 ms  are left of the leader's 300 for the way there and back
//
// A follower counts in the same way, and reads what arrived before it counts: there the sum is smaller.
// Measured in half an hour of three seeds: no election with stalls of up to 250 ms, 14 with 300 ms, 130 with 400 ms.
//
// # Members that come and go
//
// In the profile members an operator asks for changes all the time: additions, removals, both in one step, all voters
// at once, changes of mind. Machines for new members start with nothing, and take their id from the log; those of
// members that were left out are switched off some time after, or run on. Leaders are struck in the middle of their
// steps: left alone with the new voters, where a majority of one half is none of the other. At the end every intent
// must have been carried out, and one more voter is removed in peace, which has to learn of it.
//
// # Nodes that move
//
// In the profile moves nodes come back at other places: one, some or all of them, at free places or at each
// other's. A connection leads to a place, the node that lives there says who it is, and each process keeps the book
// of places that the product keeps (package locations). At the end all of the core must have found each other, and
// the log must say where they live.
//
// # Leases
//
// In the profile leases, and in a share of the others, leaders have leases for reads. Clocks run at rates that differ
// by nearly as much as leases allow, nodes promise more or less in each life, and reads are executed late. Some voters
// lose the leader, and when they campaign the others are struck: cut off, restarted at once, told to take over, or the
// leader is stopped. Clients read from the old leader all the while.
//
// # Suspicions
//
// In a share of the worlds nodes hear that a process is gone: soon after its end, or when the next one runs already, or
// of one that is well. Followers of a leader then campaign at once, all together or some of them, and in the profile
// leases the leader may have their promises.
//
// # Snapshots
//
// In the profile snapshots, and in a share of the others, logs are compacted all the time: a node that was away for a
// moment finds that what it lacks is gone. Files are real ones. Each step takes time and can be cut short:
//
//	taken     a crash at any operation of the disk; no space
//	fetched   in pieces, each a round trip: the link or the source's process may be gone, the file no longer kept there;
//	          the next attempt goes on where this one ended
//	in force  a record of the journal, and a new history before it when the log begins anew; a crash at any operation
//	          leaves the old log or the new one
//	removed   files that no journal names, entries that no snapshot and no follower needs
//
// A node starts from the snapshot that its journal names, or there is a violation. That the newest file is damaged, and
// the one before it stands in, is a matter of package consensus and its tests.
//
// # Large batches
//
// In the profile pieces, and in a share of the others, batches go through the log in pieces of a few bytes. Leaders and
// origins die between two of them, clients leave, snapshots are taken, restored and installed in the middle. What a
// machine is given must be all that one client wrote.
//
// # Sessions
//
// Clients of the test TestRetriesInSessionsExecuteOnce ask through sessions: they try again on every doubt, on any
// node, some commands late or once more after their answer. Their machine remembers every sequence that it ever
// executed.
//
// # What is checked
//
//	one leader per term, ever; one vote per node and term, ever
//	equal marks, equal logs; a leader has everything that was committed before its term
//	what is committed was durable on a majority of each half; no node applies anything else; equal index, equal state
//	a message promises only what is on its sender's disk; a restart finds exactly what was durable
//	a batch is in the log at most once, by its tag and by what it says; one called not done never
//	a machine gets whole batches, in however many pieces they came
//	a sequence of a session is executed once, and every attempt is answered as the first one was
//	answers are those that the committed log gives; reads see everything that any client saw before they were asked
//	snapshots of one index are one file, byte for byte; what is restored from one is the state that all others had there
//	a log begins anew only behind what is committed; whatever a journal names is there and whole, also while it is sent
//	all answers together fit the workload's model: for the key space, each key's history has a linear order (porcupine)
//
// # Reproduction
//
// A failing seed prints one line. It runs the same world again, event for event, and with -v tells it:
//
//	go test ./internal/worlds -run TestSeed$ -seed=0x2a -profile=mixed -v
//
// # Invariants of the simulator
//
//	1  The same options make the same world: nothing visible depends on a map's order, a goroutine or a clock.
//	2  Between nodes nothing is shared: what crosses the network or a disk is copied to the last byte.
//	3  A dead process does nothing: all that it planned is dropped when its moment comes.
//	4  The checkers know more than any node, and change nothing.
//
// # Limits
//
// Bytes that were synced do not rot here; the journal's own tests do that. History is a model; the log's own tests run
// the real one. All nodes may connect to each other: the tests of consensus and its transport check which ones are
// admitted. That a handshake shows who answers is taken for granted.
//
// # Rejected
//
// Real goroutines under a deterministic scheduler: the engine has none, so there is nothing to schedule. Checking only
// what clients see: most bugs break an invariant long before a client can tell, and then the trace ends where the bug
// is. Options.OutcomesOnly still does it, to prove that a weakened rule does harm.
package sim
