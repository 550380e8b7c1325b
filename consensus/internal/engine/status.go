package engine

import (
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Status is a node's state at the end of a turn. The value never changes.
type Status struct {
	State
	// Absent are the voters that count as down for the leader, in ascending order; every node that hears the leader has
	// the same list. The slice must not be changed.
	Absent []raftlog.NodeID
	// Followers is what a leader knows of each other node, in order of id and at most observeTicks old; nil on a node
	// that does not lead. The slice must not be changed.
	Followers []raft.FollowerStatus
	// Confirmed is how far the members' disks are, as the leader told last. The slice must not be changed.
	Confirmed []Confirmed
	// Holding are the members that keep the cluster's feature level below this node's, in ascending order.
	Holding []raftlog.NodeID
	// Quarantined are the members whose state is quarantined, as the leader says, in ascending order. The slice must not
	// be changed.
	Quarantined []Quarantined
	// Differing are the members whose state differs and that wait for their turn to be quarantined, as the leader says, in
	// ascending order. The slice must not be changed.
	Differing []raftlog.NodeID
}

// State is the part of a Status that can be compared.
type State struct {
	ID   raftlog.NodeID
	Term raftlog.Term
	// Vote is the node that this one voted for in its term, 0 for none.
	Vote   raftlog.NodeID
	Role   raft.Role
	Leader raftlog.NodeID
	// Last is the end of the log, Durable its durable part, Written what history holds. FirstInMemory is the first entry
	// that this node still has in memory: followers that lack earlier ones are served from history.
	Last    raftlog.Mark
	Durable raftlog.Index
	// DurableTerm is the term of the entry at Durable.
	DurableTerm   raftlog.Term
	Written       raftlog.Index
	FirstInMemory raftlog.Index
	Commit        raftlog.Index
	Applied       raftlog.Index
	// Sessions is how many sessions there are at Applied, with those that have ended and are not removed yet.
	Sessions int
	// Configuration is the newest configuration of the log, nil when there is none; it is never changed.
	Configuration *membership.Configuration
	// Committed is the newest configuration that the node knows to be committed, nil when there is none. It is another
	// pointer whenever it is another configuration.
	Committed *membership.Configuration
	// Removed: the node has learned that it was removed from the cluster. It answers clients NotDone at once.
	Removed bool
	// WaitingBatches wait to be sent, UnmetBatches were sent in this term and not met in the log.
	WaitingBatches int
	UnmetBatches   int
	// JournalBytes are entries in the journal and not yet in history. ProposalRoomBytes is how many of them there may be
	// while this node leads and takes in more: a share of what the smallest journal of the members has room for, as far as
	// this node has met them.
	JournalBytes      int
	ProposalRoomBytes int
	// Snapshot is the snapshot in force, Retained the one before it if its file is kept: as the journal names them, on
	// the disk. Nil when there is none; what they point to is never changed.
	Snapshot *raftlog.SnapshotMark
	Retained *raftlog.SnapshotMark
	// Reserved are snapshots that a leader keeps for followers alone, with the log behind them: see raft.Reserved.
	Reserved raft.Reserved
	// SnapshotUnderway: a snapshot is asked for, being written, or on its way into the journal. SnapshotRequests counts
	// how often one was asked for until now.
	SnapshotUnderway bool
	SnapshotRequests uint64
	// Install is the snapshot that is being fetched from another node or installed.
	Install InstallStatus
	// SnapshotsTaken of this node's own came into force, SnapshotsInstalled came from other nodes, in this boot.
	// SnapshotsEnded counts attempts at one of its own that ended, however; a request that found nothing new since the
	// snapshot in force counts. SnapshotsFailed are those of them that failed.
	SnapshotsTaken     uint64
	SnapshotsInstalled uint64
	SnapshotsEnded     uint64
	SnapshotsFailed    uint64
	// LastSnapshotError is why the last attempt to take a snapshot failed; empty when the last one did not, or when one of
	// another node was installed since. LastFetchError is why the last attempt to fetch one from another node failed;
	// empty when none failed, or none is needed any more.
	LastSnapshotError string
	LastFetchError    string
	// Clock is what this node knows of the time.
	Clock ClockStatus
	// Quarantine is that of this node's state. Agreed is the last index at which this node's state had the hash that a
	// quorum has, Undecided the last one at which states differed and no quorum agreed, as the leader says; 0 for none.
	Quarantine raftlog.Quarantine
	Agreed     raftlog.Index
	Undecided  raftlog.Index
	// Apart: no quorum has agreed beyond Undecided, so the states still differ as far as this node knows.
	Apart bool
	// Differs is the last index at which this node's state had another hash than the agreed one, 0 for none since they
	// were the same. Such a node is quarantined unless another one is.
	Differs raftlog.Index
	// Reinstalls counts the states that this process took over from another node because its own differed.
	Reinstalls uint64
	// Observation counts the changes of Status.Absent, Status.Followers, Status.Confirmed, Status.Quarantined,
	// Status.Differing and what Status.Holding rests on.
	Observation uint64
}

// InstallStatus describes the snapshot that a node takes over from another one; zero when there is none.
type InstallStatus struct {
	// From is the node that announced it and sends it.
	From      raftlog.NodeID
	Mark      raftlog.Mark
	FileBytes uint64
	// Here: the file is here. Until then it is being fetched.
	Here bool
}

func (e *Engine) installStatus() InstallStatus {
	i := e.snapshots.install
	if i == nil {
		return InstallStatus{}
	}
	m := &i.request.Snapshot
	return InstallStatus{From: i.request.From, Mark: m.Mark, FileBytes: m.FileBytes, Here: i.base != nil}
}

// State is the comparable part of the status, built anew.
func (e *Engine) State() State {
	s := &e.snapshots
	committed, _ := e.core.CommittedConfiguration()
	durableTerm, _ := e.core.TermOf(e.core.Durable())
	return State{
		ID: e.options.ID, Term: e.core.Term(), Vote: e.core.Vote(), Role: e.core.Role(), Leader: e.core.Leader(),
		Last: e.core.Last(), Durable: e.core.Durable(), DurableTerm: durableTerm, Written: e.written,
		FirstInMemory: e.core.FirstInMemory(), Commit: e.commit, Applied: e.applied, Sessions: e.sessions,
		Configuration: e.core.Configuration(), Committed: committed, Removed: membership.LeftOut(committed, e.options.ID),
		WaitingBatches: len(e.waiting.batches) + len(e.large.batches), UnmetBatches: len(e.stream.unmet),
		JournalBytes: e.core.WindowBytes(), ProposalRoomBytes: e.proposalCapacity(),
		Observation: e.presence.observation + e.states.observation,
		Snapshot:    s.inForce, Retained: s.retained, Reserved: s.reserved,
		SnapshotUnderway: s.asked || s.underway || s.taken != nil, SnapshotRequests: s.requests,
		Install: e.installStatus(), SnapshotsTaken: s.made, SnapshotsInstalled: s.installed, SnapshotsEnded: s.ended,
		SnapshotsFailed: s.failed, LastSnapshotError: s.lastError, LastFetchError: s.fetchError, Clock: e.clockStatus(),
		Quarantine: e.core.Quarantined(), Agreed: e.states.agreed, Undecided: e.states.undecided, Apart: e.states.apart(),
		Differs:    e.states.differs,
		Reinstalls: e.states.reinstalls,
	}
}

// Status is what the node knows now, built anew.
func (e *Engine) Status() Status { return e.StatusAround(e.State()) }

// StatusAround is Status where the present State is at hand.
func (e *Engine) StatusAround(s State) Status {
	return Status{
		State: s, Absent: e.presence.absent, Followers: e.presence.followers, Holding: e.holding(),
		Confirmed: e.confirmed, Quarantined: e.states.quarantined,
		Differing: e.states.differing,
	}
}
