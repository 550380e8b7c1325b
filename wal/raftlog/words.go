package raftlog

import "fmt"

// The numbers of the protocol. Each has a type of its own: the compiler refuses to compare a term with an index.
type (
	// NodeID names a member. It is allotted by the configuration, starts at 1 and is never reused; 0 means no node.
	NodeID uint64
	// Term numbers elections (Raft paper, section 5.1); 0 is before the first one.
	Term uint64
	// Index numbers log entries from 1; 0 is before the first one.
	Index uint64
	// Boot is drawn at random by each start of a process; 0 means none.
	Boot uint64
	// Sequence numbers an origin's batches from 1 within (origin, boot, term).
	Sequence uint64
	// Operation numbers a node's append operations from 1 within one boot.
	OperationNumber uint64
	// Stamp is a time in milliseconds. The stamps of entries are log time: it began as milliseconds since 1970 UTC, moves
	// with elapsed time, and never goes back. The clocks in messages are wall clocks, in milliseconds since 1970 UTC.
	Stamp int64
	// Offset is what has to be added to log time to get wall time, in milliseconds. The leader corrects it when the
	// voters' clocks were set. It lies between -MaxOffset and MaxOffset.
	Offset int64
)

// Time is what an entry says of time: log time by its stamp, and wall time.
type Time struct {
	Stamp  Stamp
	Offset Offset
}

// Wall is the wall time.
func (t Time) Wall() Stamp { return t.Stamp + Stamp(t.Offset) }

// Then is the time at an entry that follows: its stamp, which is never earlier, and its offset.
func (t Time) Then(e *Entry) Time { return Time{Stamp: max(t.Stamp, e.Stamp), Offset: e.Offset} }

// Mark is a position in a log: the index of an entry and the term in which it was appended. Two logs that hold an entry
// with equal mark are equal up to it (Log Matching, Raft paper figure 3).
type Mark struct {
	Term  Term
	Index Index
}

// Before reports whether a log that ends at m is less up to date than one that ends at n: by term first, then by index
// (Raft paper, section 5.4.1).
func (m Mark) Before(n Mark) bool {
	if m.Term != n.Term {
		return m.Term < n.Term
	}
	return m.Index < n.Index
}

// String is index/term, as the Raft literature draws it.
func (m Mark) String() string { return fmt.Sprintf("%d/%d", m.Index, m.Term) }

// Tag names a batch of client commands: the node that took it from a client, its boot, and the number there. Together
// with the term of its entry it is unique for ever. A zero Tag marks entries that no client waits for.
type Tag struct {
	Origin   NodeID
	Boot     Boot
	Sequence Sequence
}

// SnapshotMark names a snapshot: the state after the entry at Mark, and what is needed to go on from there.
type SnapshotMark struct {
	Mark
	// Configuration is the encoded configuration in force at Mark.
	Configuration []byte
	// FileHash is the hash of the snapshot file, FileBytes its length.
	FileHash  uint64
	FileBytes uint64
}

// Same reports whether two marks name the same file. A nil mark is the same as no other.
func (m *SnapshotMark) Same(other *SnapshotMark) bool {
	return m != nil && other != nil && m.Mark == other.Mark && m.FileHash == other.FileHash
}

// IndexOrZero is the index of the snapshot, 0 for nil.
func (m *SnapshotMark) IndexOrZero() Index {
	if m == nil {
		return 0
	}
	return m.Index
}

// SnapshotSwitch says, in Operation.Switch, that with this operation a snapshot comes into force.
type SnapshotSwitch struct {
	// Snapshot comes into force. Retained is the one that was in force before it, whose file stays as long as this one
	// is in force; nil when there was none, and after a Restart.
	Snapshot *SnapshotMark
	Retained *SnapshotMark
	// Restart means that the log begins anew behind the snapshot: all entries of earlier operations are void, and those
	// of this operation follow the snapshot. Time is then that of the snapshot's last entry.
	Restart bool
	Time    Time
}

// Quarantine says that a node's state is not that of the others: it serves nothing until it has their state again. The
// zero value says that there is none.
type Quarantine struct {
	// Differs is an index at which the state had another hash than that of a quorum; 0 for no quarantine.
	Differs Index
	// Agreed is the last index at which it had the same, for people to read: no snapshot of this node is restored, neither
	// one above it nor one below.
	Agreed Index
	// Reinstalled is the index of the other node's snapshot from which the state was restored since, 0 if it was not.
	// What is left then is to compare it once more.
	Reinstalled Index
}

// On reports whether there is a quarantine.
func (q Quarantine) On() bool { return q.Differs != 0 }

// Stateless reports whether the node has no state that it may go on from. A start then restores no snapshot.
func (q Quarantine) Stateless() bool { return q.On() && q.Reinstalled == 0 }

// Operation is one step of a node's durable state: term, vote, snapshot and entries change together or not at all.
type Operation struct {
	// Number counts the operations of this boot from 1; 0 means that there is nothing to do.
	Number OperationNumber
	// Term and Vote are complete in every operation, changed or not.
	Term Term
	Vote NodeID
	// Commit is the commit index at the time. It is a hint for the log and proves nothing.
	Commit Index
	// Switch, when not nil, comes before the entries: a snapshot comes into force.
	Switch *SnapshotSwitch
	// Quarantine, when not nil, begins, changes or ends the quarantine of the node's state.
	Quarantine *Quarantine
	// Entries supersede everything at or after Entries[0].Index.
	Entries []Entry
}
