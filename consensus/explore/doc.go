// Package explore looks at everything that can happen to a small cluster: not some orders of events, as a simulator
// does, but all of them, breadth first, with the real core (package raft) and no model beside it.
//
//	state   nodes, disks, messages under way, what the rules remember, what may still happen
//	          │ an action: a message arrives, a timer fires, a disk completes, a node crashes, a client asks
//	          ▼
//	state   the rules look at it; its fingerprint says whether it was seen before
//
// # What is explored
//
// Bounds say how many nodes, terms, entries and mishaps there are. Within the bounds nothing is left out:
//
//   - Any message under way may arrive next: that is reordering. A message that never arrives is lost. Nothing is
//     gained by removing it: whatever can happen without it can happen while it waits.
//   - Time is a choice: any timer may fire at any moment. See raft.Raft.Fire.
//   - A crash loses all but the disk, with any number of operations completed. The node starts again at once; being
//     down for a while is the same as being left alone for a while.
//   - A node drops the log that a snapshot of its own stands for, so others need that snapshot.
//
// # What makes it cheap
//
//   - A step copies one node (raft.Raft.Clone). Everything else is shared between states.
//   - A state is 8 bytes of a record and 8 bytes of a fingerprint. It is made again by its actions; states that are
//     expanded one after the other share nearly all of the way.
//   - States that differ only in which node plays which part are one: see symmetry. Messages are a set.
//   - Messages that cannot have an effect any more are dropped: see world.dead. So are steps that change nothing but
//     that a message is gone: see machine.apply. Both leave out no outcome.
//
// Bounds that end in "prompt", and pre-votes that are won at once, leave out orders of events: they lead deeper in the
// same time.
//
// # Limits
//
// At most five nodes. Two states with the same fingerprint of 64 bits count as one: see seenSet. The core picks by the
// order of names in one place, when a removed leader hands over to one of several that are level: then the others are
// reached through Bounds.Transfers only. A disk that hangs, quarantine, entries in pieces, and reads from history are
// not explored.
package explore
