package raft

import (
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Ready is the one way out of the core: what must be done, in parts that may be done at the same time. The caller owns
// it, passes the same one each time, and must not keep its slices past the next call of Raft.Ready; what the slices
// point to (bodies, configurations) is immutable and may be kept, and so may slices of entries.
//
// Rules of the hand-over:
//
//  1. Messages may leave at once, before Append is durable (thesis section 10.2.1).
//  2. Append operations become durable in the order of their numbers. Append.Promises leave only when the operation
//     is durable; then the caller reports Raft.Appended.
//  3. Entries up to Commit may be applied, even before they are durable here.
//  4. The answer to each Fetch is Raft.Fetched.
//  5. The answer to each Install is Raft.Install or Raft.InstallFailed. No other part waits for it.
type Ready struct {
	Messages []Message
	Append   AppendOperation
	// Commit is the commit index: it never goes back.
	Commit raftlog.Index
	// Confirmed is the newest read epoch of this term that a majority confirmed; 0 while there is none or not leader.
	Confirmed Epoch
	// Fetch asks for old entries for followers that are behind the window.
	Fetch []FetchRequest
	// Install, when not nil, asks for a snapshot that the leader has and this node needs. It is not repeated until
	// Raft.Install or Raft.InstallFailed answers it.
	Install *InstallRequest
	// Offer, when not nil, is a snapshot that was announced while the owner fetches one: it may be the same from another
	// leader. The owner takes it by giving up what it fetches; then it is announced again, and comes as Install.
	Offer *InstallRequest
	// Propose, when not nil, is the configuration that the leader wants appended now (the next step of a membership
	// change): the caller encodes it and calls Raft.ProposeConfiguration before anything else.
	Propose *membership.Configuration
}

// AppendOperation is an operation for the log, with the messages that must not leave before it is durable.
type AppendOperation struct {
	raftlog.Operation
	// Promises are messages that rest on the operation.
	Promises []Message
}

// Operations appends to dst what the log needs to know of a group.
func Operations(dst []raftlog.Operation, group []AppendOperation) []raftlog.Operation {
	for i := range group {
		dst = append(dst, group[i].Operation)
	}
	return dst
}

// FetchRequest asks for the mark before From and the entries from From on, up to MaxBytes but at least one.
type FetchRequest struct {
	To       raftlog.NodeID
	From     raftlog.Index
	MaxBytes int
}

// Role is what a node is in its term.
type Role uint8

// The roles of Raft. A PreCandidate asks whether it could win before it raises its term (thesis section 9.6).
const (
	Follower Role = iota
	PreCandidate
	Candidate
	Leader
)

// String is the role's name in lower case.
func (r Role) String() string {
	return [...]string{"follower", "pre-candidate", "candidate", "leader"}[r]
}

// Options are the core's constants. Zero values are refused, except where noted.
type Options struct {
	ID raftlog.NodeID
	// HeartbeatTicks and ElectionTicks count calls of Tick. An election timeout is drawn between ElectionTicks and
	// twice that, anew each time.
	HeartbeatTicks int
	ElectionTicks  int
	// HungTicks is how long a leader's disk may complete nothing before the leader gives its place up: see hung.go. Less
	// than two election timeouts, such as 0, counts as two.
	HungTicks int
	// LeaseMillis is for how long this node promises a leader that it hears to help no other one, by Clock.Elapsed, and
	// what its leases rest on while it leads: see lease.go. 0: it promises nothing, and has no leases.
	LeaseMillis raftlog.Stamp
	// MaxInflightMessages is how many Append messages may be unacknowledged per follower, MaxMessageBytes how many
	// bytes of entries one carries (or one entry of any size).
	MaxInflightMessages int
	MaxMessageBytes     int
	// Seed seeds the drawing of election timeouts. It should differ from node to node; the protocol survives if not.
	Seed uint64
	// Level is the highest feature level that this node knows: see Raft.Level for what it writes.
	Level uint8
	// Weakened names guards that a mutation test has switched off; it has no effect in an ordinary build.
	Weakened guard.Set
}

// Restored is what a node knows when it starts.
type Restored struct {
	Term raftlog.Term
	Vote raftlog.NodeID
	// Floor is the mark of the last entry that is not in Entries: the log's entries up to it are committed, and are
	// fetched from elsewhere. Zero when Entries starts at index 1.
	Floor raftlog.Mark
	// Snapshot is the snapshot in force, Retained the one before it that is kept; nil when there is none. Everything up
	// to Snapshot is committed. It lies at or below the last entry; what is between Floor and it is in Entries.
	Snapshot, Retained *raftlog.SnapshotMark
	// Part names the snapshot of another node of whose file a part is here, by its mark and its hash; nil if there is
	// none.
	Part *raftlog.SnapshotMark
	// Quarantine is that of the node's state, zero for none.
	Quarantine raftlog.Quarantine
	// Configuration is the newest one at or below Floor, at ConfigurationIndex; nil when there is none.
	Configuration      *membership.Configuration
	ConfigurationIndex raftlog.Index
	// Entries are those above Floor, without a gap, configurations decoded. All of them are durable.
	Entries []raftlog.Entry
	// FloorTime is the time of the entry at Floor.
	FloorTime raftlog.Time
	// PromisedMillis is the longest LeaseMillis of an earlier process of this node that may have ended less than so long
	// ago.
	PromisedMillis raftlog.Stamp
}

// Proposal is what a leader is asked to append.
type Proposal struct {
	Kind raftlog.EntryKind
	// Left is that of a piece: see raftlog.Entry.
	Left uint32
	Tag  raftlog.Tag
	Body []byte
}
