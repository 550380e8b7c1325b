package raft

import "github.com/raftredis/raftredis/wal/raftlog"

// MessageKind says what a message of the protocol is.
type MessageKind uint8

// The kinds of messages between nodes. Their numbers are part of the wire format.
//
// Which fields a kind uses:
//
//	kind            from -> to           fields besides From, To, Term
//	PreVote         candidate -> voter   Previous (the candidate's last mark); Term is the one it would campaign in
//	PreVoteReply    voter -> candidate   Reject; Term as asked if granted, else the voter's own; Clock, LogTime
//	Vote            candidate -> voter   Previous; Hint (the mark of the TimeoutNow that began the campaign, if one did):
//	                                     a promise: the log and the term that it claims are durable
//	VoteReply       voter -> candidate   Reject; Clock, LogTime                  (a promise: waits for the disk)
//	Append          leader -> follower   Previous, Entries, Commit, Epoch, LogTime
//	AppendReply     follower -> leader   Index (last index proven to match), Epoch (a promise: waits for the disk);
//	                                     or, at once: Reject, Previous (as in the request), Hint (the last entry here
//	                                     that both logs can hold), Epoch; Clock
//	Heartbeat       leader -> follower   Commit (not beyond what the follower is known to match), Epoch, LogTime
//	HeartbeatReply  follower -> leader   Epoch, PromiseMillis; Clock: leaves at once, promises nothing of the log
//	TimeoutNow      leader -> follower   Previous (the leader's last mark): campaign now (thesis section 3.10)
//	Install         leader -> follower   Snapshot, Epoch: a snapshot is ready to be fetched; Hint: the mark of the one
//	                                     that the follower asked for instead, which the leader cannot serve
//	InstallReply    follower -> leader   Index (last index known to be committed, a promise: waits for the disk); Clock;
//	                                     or, at once: Reject, Snapshot (mark and hash of a file of which a part is here:
//	                                     it is better than the one that was announced), Clock
const (
	PreVote MessageKind = iota + 1
	PreVoteReply
	Vote
	VoteReply
	Append
	AppendReply
	Heartbeat
	HeartbeatReply
	TimeoutNow
	Install
	InstallReply
	messageKinds
)

var messageNames = [messageKinds]string{
	"?", "PreVote", "PreVoteReply", "Vote", "VoteReply", "Append", "AppendReply", "Heartbeat", "HeartbeatReply",
	"TimeoutNow", "Install", "InstallReply",
}

// Known reports whether the kind is one of those above.
func (k MessageKind) Known() bool { return k > 0 && k < messageKinds }

// String is the kind's name.
func (k MessageKind) String() string {
	if !k.Known() {
		return messageNames[0]
	}
	return messageNames[k]
}

// Message is a message of the protocol. It is a flat value: the kind says which fields mean something, the others are
// zero. What it points to (entries, bodies) is immutable.
type Message struct {
	Kind     MessageKind
	From, To raftlog.NodeID
	Term     raftlog.Term

	Reject   bool
	Previous raftlog.Mark
	Hint     raftlog.Mark
	Commit   raftlog.Index
	Index    raftlog.Index
	Epoch    Epoch
	// PromiseMillis is for how long, from when it heard the epoch, the sender helps no other node to lead; 0 if it may.
	PromiseMillis raftlog.Stamp
	// Clock is the sender's wall clock.
	Clock raftlog.Stamp
	// LogTime is the leader's log time; in an answer to a candidate the log time that the voter carries on, 0 if its
	// process has heard none.
	LogTime  raftlog.Stamp
	Entries  []raftlog.Entry
	Snapshot *raftlog.SnapshotMark
}
