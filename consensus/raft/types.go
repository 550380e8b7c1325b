package raft

import "fmt"

// The numbers of the protocol. Each has a type of its own: the compiler refuses to compare a term with an index.
type (
	// NodeID names a member. It is allotted by the configuration, starts at 1 and is never reused; 0 means no node.
	NodeID uint64
	// Term numbers elections (Raft paper, section 5.1); 0 is before the first one.
	Term uint64
	// Index numbers log entries from 1; 0 is before the first one.
	Index uint64
	// Epoch numbers a leader's rounds of read confirmation within its term (thesis section 6.4); 0 is before the first.
	Epoch uint64
	// Boot is drawn at random by each start of a process; 0 means none.
	Boot uint64
	// Sequence numbers an origin's batches from 1 within (origin, boot, term).
	Sequence uint64
	// Operation numbers a node's append operations from 1 within one boot.
	Operation uint64
	// Stamp is wall clock time in milliseconds since 1970 UTC, as the leader saw it when it appended an entry.
	Stamp int64
)

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

// Tag names a batch of client commands: who took it from a client, in which boot, and its number there. Together with
// the term of its entry it is unique for ever. A zero Tag marks entries that no client waits for.
type Tag struct {
	Origin   NodeID
	Boot     Boot
	Sequence Sequence
}

// Member is what the configuration knows of a node besides its vote. Raft itself reads only ID.
type Member struct {
	// ID is allotted once and never reused.
	ID NodeID
	// Name is the 40 hex digits by which Redis clients know the node.
	Name string
	// Incarnation is drawn by each data directory: a wiped disk under an old id is another incarnation.
	Incarnation uint64
	// PeerAddress is host:port for other nodes, ClientAddress for Redis clients. Identity is never the address.
	PeerAddress   string
	ClientAddress string
}

// Configuration is the membership that an entry puts in force, and the facts of the cluster that every entry of its
// kind repeats. It is a value: once in an entry it is never changed.
type Configuration struct {
	// ClusterID is drawn when the cluster is made; messages of another cluster are refused.
	ClusterID uint64
	// HashSeed is drawn with it and seeds the state machine's hashing on all nodes alike.
	HashSeed uint64
	// NextID is the id that the next new member gets.
	NextID NodeID
	// Members describes everyone named below, in order of ID.
	Members []Member
	// Voters are the voters; in a joint configuration, those of its new half.
	Voters []NodeID
	// Outgoing are the voters of the old half of a joint configuration; empty otherwise (thesis section 4.3).
	Outgoing []NodeID
	// Learners receive the log and do not vote.
	Learners []NodeID
	// Promote names learners that become voters, all in one step, when all of them have caught up. Retire names voters
	// that cease to be voters in the same step; it comes at once if nobody is to be promoted. Both are part of the log,
	// so a new leader carries the intent on. A joint configuration has neither: it is the step.
	Promote []NodeID
	Retire  []NodeID
}

// Joint reports whether the configuration is joint: decisions then need a majority of Voters and one of Outgoing.
func (c *Configuration) Joint() bool { return len(c.Outgoing) > 0 }

// SnapshotMark names a snapshot: the state after the entry at Mark, and what is needed to go on from there.
type SnapshotMark struct {
	Mark
	// Configuration is the encoded configuration in force at Mark.
	Configuration []byte
	// FileHash is the hash of the snapshot file, FileBytes its length.
	FileHash  uint64
	FileBytes uint64
}
