package consensus

import (
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// NodeID is the number of a member. A cluster gives each number once.
type NodeID = raftlog.NodeID

// Member is what the cluster knows of one of its nodes.
type Member = membership.Member

// Status is what a node knows of itself and its cluster. It is a picture that never changes; its slices, maps and
// pointers must not be changed either.
type Status struct {
	// ID is 0 while the node is blank. Incarnation belongs to its directory, ClusterID to the cluster.
	ID          NodeID
	ClusterID   uint64
	Incarnation uint64
	// PeerAddress is where the node listens for other nodes.
	PeerAddress string

	// Blank: the node belongs to no cluster yet. On the node that forms one, Joiners of the Expect-1 others have asked.
	Blank   bool
	Joiners int
	Expect  int
	// Waiting is what a blank node waits for, in words. Unfounded: all nodes that it asked are blank, and none of them
	// forms a cluster.
	Waiting   string
	Unfounded bool
	// Removed: the node was a member and knows that it is none any more. All requests end with ErrNotDone at once.
	Removed bool
	// Obstacle is why the node takes no part in its cluster, or in none; nil if nothing is known to be in the way.
	Obstacle *Obstacle

	// Role is follower, candidate or leader. Leader is whom the node takes for the leader, 0 if it knows of none. Vote is
	// for whom it voted in its term, 0 if for no node.
	Role   string
	Leader NodeID
	Term   uint64
	Vote   NodeID

	// FirstIndex and LastIndex are the ends of the node's log. DurableIndex is the last entry on its own disk,
	// HistoryIndex the last one in history: the files that hold what is committed, HistoryBytes in all.
	// Followers that lack entries below FirstInMemory are served from history.
	FirstIndex    uint64
	FirstInMemory uint64
	LastIndex     uint64
	DurableIndex  uint64
	HistoryIndex  uint64
	HistoryBytes  int64
	// CommitIndex and AppliedIndex are how far the log is committed, as far as this node knows, and applied here.
	CommitIndex  uint64
	AppliedIndex uint64
	// Sessions is how many sessions there are at AppliedIndex, see OpenSession: those that are open, and those that have
	// ended and are not removed yet. That is soon: at the end of a second, and 64 with each entry.
	Sessions int

	// Configuration is the newest one in the log, Committed the newest one that is committed; nil where there is none.
	// They are the same pointer unless a step of a change waits for a majority.
	Configuration *membership.Configuration
	Committed     *membership.Configuration
	// FeatureLevel is the level of what the cluster writes, BuildLevel the highest that this build knows. The first is
	// raised when all members know a higher one; Holding are those that keep it below BuildLevel, as far as this node
	// knows: their builds are older, or they are not heard.
	FeatureLevel uint8
	BuildLevel   uint8
	Holding      []NodeID
	// Linked are the nodes to which a message can leave now, in order of their numbers. Their health may be bad.
	Linked []NodeID
	// Absent are the voters that the leader has not heard for Options.AbsentMillis, in order of their numbers. All nodes
	// that hear the leader have the same list.
	Absent []NodeID
	// Match is how far the log is on each node's disk, as far as this node knows: itself, and on a leader every other
	// member, some hundred milliseconds old at most.
	Match map[NodeID]uint64

	// WallOffsetMillis is what has to be added to a stamp of the log to get the wall time of the cluster.
	// ClockAheadSeconds is by how much this node's clock is ahead of that, in whole seconds; negative if it is behind.
	// ClocksApart: this node leads, and for some seconds not even a majority of the voters' clocks has agreed.
	WallOffsetMillis  int64
	ClockAheadSeconds int64
	ClocksApart       bool

	// Confirmed is how far each member's disk holds what is committed, as a leader told last: a few hundred milliseconds
	// ago, or before a restart. A member that comes back with less was rolled back, and is refused.
	Confirmed map[NodeID]uint64
	// WaitingRequests wait for a leader or for room, UnmetRequests were sent and not applied yet.
	WaitingRequests int
	UnmetRequests   int
	// JournalBytes are entries in the journal and not yet in history. While this node leads it takes commands as long as
	// there are fewer than JournalLimitBytes.
	JournalBytes      int
	JournalLimitBytes int

	// Snapshot is the snapshot in force, Retained the one before it if its file is kept; nil where there is none.
	Snapshot *raftlog.SnapshotMark
	Retained *raftlog.SnapshotMark
	// Reserved are older ones that this leader keeps, with the log behind them, for members that fetch them, oldest first.
	Reserved []*raftlog.SnapshotMark
	// SnapshotUnderway: a snapshot of this node's own state is asked for or being written.
	SnapshotUnderway bool
	// SnapshotsTaken of this node's own state and SnapshotsInstalled of other nodes' came into force since Open.
	// SnapshotsEnded counts attempts at one of its own: failed ones (SnapshotsFailed), and those that found nothing new.
	SnapshotsTaken     uint64
	SnapshotsInstalled uint64
	SnapshotsEnded     uint64
	SnapshotsFailed    uint64
	// LastSnapshotAt is when the last snapshot of its own was complete; before the first one, when the node was opened.
	// SnapshotBeganAt is when the last attempt began. LastSnapshotTook is how long the last one took that ended; negative
	// before that.
	LastSnapshotAt   time.Time
	SnapshotBeganAt  time.Time
	LastSnapshotTook time.Duration
	// LastSnapshotError is why the last attempt failed; empty if it did not.
	LastSnapshotError string

	// InstallFrom is the node whose snapshot replaces this node's state now, 0 if none does; InstallIndex and InstallBytes
	// describe the file. InstallHere: all of it is here; until then it is being fetched.
	InstallFrom  NodeID
	InstallIndex uint64
	InstallBytes uint64
	InstallHere  bool
	// LastInstallError is why the last attempt to fetch a snapshot failed; empty if none did, or none is needed now.
	LastInstallError string

	// Quarantine is why this node serves nothing although it is a member: its state differs from that of a quorum.
	// Differs is 0 if it does not. Reinstalls counts the states that it has taken over from other nodes for that reason
	// since Open.
	Quarantine Quarantined
	Reinstalls uint64
	// Quarantined are the members with a quarantine, as the leader says, in order of their numbers.
	Quarantined []Quarantined
	// Differing are the members whose state differs as well, and that serve until they are quarantined: one is at a time.
	// The leader says so, in order of their numbers.
	Differing []NodeID
	// AgreedIndex is the last index at which this node's state had the hash that a quorum of the voters had.
	// UndecidedIndex is the last one at which states differed and none had a quorum: an operator has to find out whose is
	// right. 0 where there is none. Undecided: no quorum has agreed behind it since.
	AgreedIndex    uint64
	UndecidedIndex uint64
	Undecided      bool

	// Shortages is the work that waits because the system is short of something (file descriptors, memory, space), each
	// with its last error. The node goes on with it by itself. ShortagesBegun counts such waits since Open.
	Shortages      []string
	ShortagesBegun uint64

	// Subscriptions is how many are open, OnCommit included. SubscribedIndex is the lowest entry that one of them has yet
	// to read; 0 if none is open. One that lost entries, because it fell too far behind, does not count in it.
	Subscriptions   int
	SubscribedIndex uint64

	// Notices are what the members' hosts said last by Node.Notify, this node's own among them. A member that said nothing
	// since this node started has none.
	Notices map[NodeID][]byte
}

// Quarantined is a member whose state differs from that of a quorum. It serves nothing until it has taken over the
// state of another one.
type Quarantined struct {
	ID NodeID
	// Differs is an index at which its state was another one, Agreed the last one before at which it was the same.
	Differs, Agreed uint64
	// Reinstalled is the index of the snapshot from which its state was restored since; 0 if it was not. What is left then
	// is to compare it once more.
	Reinstalled uint64
}

// cachedStatus is a Status, and what it was made of: while that is the same, so is the Status.
type cachedStatus struct {
	Status
	source  *engine.Status
	version uint64
}

// Status returns the node's state as of its last turn. It does not block. It costs a few atomic loads, and makes a new
// picture only when something has changed since the last call.
func (n *Node) Status() *Status {
	version := n.version.Load() // before everything that it covers
	var source *engine.Status
	if r := n.runner.Load(); r != nil {
		source = r.Status()
	}
	cached := n.status.Load()
	if cached == nil || cached.source != source || cached.version != version {
		cached = &cachedStatus{source: source, version: version}
		n.fillStatus(&cached.Status, source)
		n.status.Store(cached)
	}
	return &cached.Status
}

// LeasedReads counts the reads that this node answered since Open without asking a majority, while it led (see
// Options.ReadLeaseMillis), and the requests of followers: each of these stands for all reads that a follower had at a
// moment. It does not block.
func (n *Node) LeasedReads() uint64 {
	if r := n.runner.Load(); r != nil {
		return r.LeasedReads()
	}
	return 0
}

// renew has the next Status be made anew: something changed that no turn of the engine shows.
func (n *Node) renew() { n.version.Add(1) }

// fillStatus describes the node.
func (n *Node) fillStatus(s *Status, e *engine.Status) {
	identity := n.self.Load()
	s.ClusterID, s.Incarnation = identity.ClusterID, identity.Incarnation
	s.PeerAddress, s.Linked = n.options.PeerAddress, n.links.list()
	s.Joiners, s.Expect = int(n.joinerCount.Load()), n.options.Expect
	s.LastSnapshotAt = time.Unix(0, n.snapshots.takenAt.Load())
	s.SnapshotBeganAt = time.Unix(0, n.snapshots.beganAt.Load())
	s.LastSnapshotTook = time.Duration(n.snapshots.took.Load())
	s.Notices = n.notices.list()
	s.Subscriptions, s.SubscribedIndex = int(n.subscriptions.count.Load()), n.subscriptions.needed.Load()
	s.Shortages, s.ShortagesBegun = n.shortages.Now(), n.shortages.Begun()
	s.FeatureLevel, s.BuildLevel = n.lastSeen.FeatureLevel(), engine.Level
	log := n.log.Stats()
	s.FirstIndex, s.HistoryBytes = uint64(log.HistoryFirst), log.HistoryBytes
	s.Obstacle = n.obstacle.Load()
	s.Removed = s.Obstacle != nil && s.Obstacle.Kind == obstacleRemoved
	if e == nil {
		s.Blank, s.Role = !s.Obstacle.fences(), raft.Follower.String()
		if !s.Blank {
			s.ID, s.Configuration, s.Committed = NodeID(identity.NodeID), n.lastSeen, n.lastSeen
		} else if waiting := n.waiting.Load(); waiting != nil {
			s.Waiting, s.Unfounded = waiting.text, waiting.unfounded
		}
		return
	}
	s.ID, s.Removed = e.ID, e.Removed || s.Removed
	s.Role, s.Leader, s.Term, s.Vote = roleName(e.Role), e.Leader, uint64(e.Term), e.Vote
	s.FirstInMemory = uint64(e.FirstInMemory)
	s.LastIndex, s.DurableIndex, s.HistoryIndex = uint64(e.Last.Index), uint64(e.Durable), uint64(e.Written)
	s.CommitIndex, s.AppliedIndex = uint64(e.Commit), uint64(e.Applied)
	s.Configuration, s.Committed, s.Absent = e.Configuration, e.Committed, e.Absent
	s.Match = map[NodeID]uint64{e.ID: s.DurableIndex}
	for i := range e.Followers {
		s.Match[e.Followers[i].ID] = uint64(e.Followers[i].Match)
	}
	s.FeatureLevel, s.Holding = e.Committed.FeatureLevel(), e.Holding
	s.Confirmed = make(map[NodeID]uint64, len(e.Confirmed))
	for _, mark := range e.Confirmed {
		s.Confirmed[mark.Node] = uint64(mark.Index)
	}
	s.Sessions = e.Sessions
	s.WaitingRequests, s.UnmetRequests = e.WaitingBatches, e.UnmetBatches
	s.JournalBytes, s.JournalLimitBytes = e.JournalBytes, e.ProposalRoomBytes
	s.WallOffsetMillis, s.ClockAheadSeconds = int64(e.Clock.Offset), e.Clock.AheadSeconds
	s.ClocksApart = e.Clock.Apart
	describeSnapshots(s, e)
	s.SnapshotUnderway = n.runner.Load().SnapshotUnderway(e)
	describeStates(s, e)
}

// describeStates tells how the members' states compare.
func describeStates(s *Status, e *engine.Status) {
	s.Quarantine, s.Reinstalls = quarantined(e.ID, e.Quarantine), e.Reinstalls
	s.AgreedIndex, s.UndecidedIndex, s.Undecided = uint64(e.Agreed), uint64(e.Undecided), e.Apart
	s.Differing = e.Differing
	for _, q := range e.Quarantined {
		s.Quarantined = append(s.Quarantined, quarantined(q.ID, q.Quarantine))
	}
}

func quarantined(id NodeID, q raftlog.Quarantine) Quarantined {
	return Quarantined{
		ID: id, Differs: uint64(q.Differs), Agreed: uint64(q.Agreed), Reinstalled: uint64(q.Reinstalled),
	}
}

func describeSnapshots(s *Status, e *engine.Status) {
	s.Snapshot, s.Retained = e.Snapshot, e.Retained
	for _, mark := range e.Reserved {
		if mark != nil {
			s.Reserved = append(s.Reserved, mark)
		}
	}
	s.SnapshotsTaken, s.SnapshotsInstalled = e.SnapshotsTaken, e.SnapshotsInstalled
	s.SnapshotsEnded, s.SnapshotsFailed = e.SnapshotsEnded, e.SnapshotsFailed
	s.LastSnapshotError, s.LastInstallError = e.LastSnapshotError, e.LastFetchError
	s.InstallFrom, s.InstallIndex = e.Install.From, uint64(e.Install.Mark.Index)
	s.InstallBytes, s.InstallHere = e.Install.FileBytes, e.Install.Here
}

// roleName is a role for people: to ask before campaigning is to be a candidate.
func roleName(r raft.Role) string {
	if r == raft.PreCandidate {
		r = raft.Candidate
	}
	return r.String()
}

// snapshotLog is the log as snapshots want it. History may become shorter without a turn of the engine.
type snapshotLog struct {
	*wal.Log
	node *Node
}

// Restart begins the log anew, and says so to those who read it: they have missed what is before it.
func (l snapshotLog) Restart(snapshot *raftlog.SnapshotMark, at raftlog.Time) error {
	err := l.Log.Restart(snapshot, at)
	l.node.subscriptions.cut(l.Log.Stats().HistoryFirst)
	l.node.subscriptions.wake()
	return err
}

// Trim trims, and says that there is news.
func (l snapshotLog) Trim(keep raftlog.Index) error {
	err := l.Log.Trim(keep)
	l.node.subscriptions.cut(l.Log.Stats().HistoryFirst)
	l.node.renew()
	return err
}
