// Package torture breaks a running cluster in every way that does not need another machine, while clients work on it,
// and demands that no client was told anything wrong. It treats nodes as their users do: it speaks Redis's protocol to
// them, and knows nothing else of them.
//
//	Run ──┬── clients, probes ──────── TCP ──────────────► nodes
//	      │      └─► registers, counters: what was told      ▲ │
//	      ├── ballast: makes logs grow ──────────────────────┤ │
//	      ├── workloads: topics, locks, … ──── Doors ────────┤ │
//	      │      └─► histories: what was told                ▲ │
//	      ├── watch: who leads, in which term; snapshots ────┤ │ every link between two nodes passes a Gate
//	      ├── faults, drawn from a seed ─┬─ Nodes: kill, stop, start, pause, continue; lead, take a snapshot
//	      │                              ├─ Network: cut, refuse, slow one direction ──► Gates
//	      │                              └─ Disks, members: lose a disk, leave, come back as somebody else
//	      └── at the end: all healed; every node serves, all agree; histories are judged
//
// # What holds
//
//  1. A command has one of three fates. What was answered must fit some order of all commands (porcupine decides for
//     registers); what was refused must leave no trace; what is unknown may or may not have happened, at any later
//     time. An error reply that names none of the three fates fails the run, as does a verdict that the checker does
//     not reach.
//  2. A run that did nothing fails: after every episode of faults each node must answer clients again within a named
//     limit.
//  3. Everything that a run breaks it heals, also when it fails. When Run returns, none of its goroutines is left.
//  4. The faults are a function of the seed alone: kinds, lengths, order, and whom they meet, except that "the leader"
//     is the node that leads then. How many of them happen depends on the machine.
//  5. At most one node at a time belongs to the cluster no more, or has lost its disk; the next episode begins when it
//     is a member again. More would be allowed to lose data.
//  6. At the end all nodes have applied the same entries and have the same hash of everything, whether they came there
//     by the log or by a snapshot.
//  7. What was done in a session was done once: see OnceJournal. A topic has one order, in which every reader sees all
//     of it: see Topics. A lock has one holder, by its token, and by time as far as time can be known: see Locks.
//
// # Limits
//
// The checker needs short histories: a register is used for a bounded number of commands, and less if the fates of some
// are unknown, and then left for a new one. A Gate works on the connections of one direction between two nodes; it
// cannot hold back the acknowledgements of the kernel, nor reorder or damage bytes.
//
// # Rejected
//
// Network namespaces and packet filters, which need privileges and other tools than Go. Checking one long history at
// the end: with a few unknown fates on one key the search takes longer than anybody waits.
package torture
