package resp

import (
	"time"

	"github.com/raftredis/raftredis/resp/info"
	"github.com/raftredis/raftredis/resp/topology"
)

// Node is the node that the server stands before. Its parts are declared where they are used. All methods may be called
// from many goroutines at once, answer from what the node knows at the moment, and wait for nothing.
type Node interface {
	Leadership
	Membership
	Facts
	Probed
	Notifier
}

// Facts are what commands ask about the node. Each method answers one question; only INFO asks for all of them. What it
// returns belongs to the caller. It is local knowledge: no other node is asked.
type Facts interface {
	// Standing is what the node is in its cluster. It is cheap: clients ask by HELLO on each connection.
	Standing() topology.Standing
	// Applied is the last entry of the log that the node has applied. It has every write that the node has answered.
	Applied() uint64
	// Cluster is what the node knows of its cluster.
	Cluster() topology.Cluster
	// Progress is how far the log has come on this node's disk and on others.
	Progress() Progress
	// Keyspace counts the keys. It waits for the entry that is being applied.
	Keyspace() Keyspace
	// Sessions is the number of sessions of clients, and about how many bytes they occupy with their replies. It is cheap.
	Sessions() (count, bytes int64)
	// DataBytes is about how many bytes of this node's memory the keys and values occupy. It is cheap.
	DataBytes() int64
	// LogBytes is about how many bytes of the log are in memory.
	LogBytes() int64
	// SettingsDiffer names the settings that should be the same on all nodes and are not, as far as the node knows.
	SettingsDiffer() []string
	// MinMaxMemory is the least maxmemory of all members, as far as the node knows; 0 if none has one. It is cheap.
	MinMaxMemory() int64
	// Raft is what INFO tells of the log.
	Raft() RaftInfo
	// Loading says how far the node is with loading its state.
	Loading() LoadProgress
}

// LoadProgress is how far a node is with loading its state.
type LoadProgress struct {
	// Active is false while the node does not load; then the rest is zero.
	Active bool
	// Began is when it began.
	Began time.Time
	// DoneBytes of TotalBytes are read, of the log, of a snapshot, or from another node. TotalBytes is 0 while it is not
	// known.
	DoneBytes, TotalBytes uint64
}

// Notifier tells that facts have changed, so that connections which wait for one look again.
type Notifier interface {
	// Notify is called once, by New. From then on the node calls progressed after Applied, Progress or the leader has
	// changed, and saved after Persistence has changed. Both may be called from any goroutine, also when nothing has
	// changed, and block nothing.
	Notify(progressed, saved func())
}

// Progress is how far the log has come on disks.
type Progress struct {
	// Leads says that this node leads: only a leader knows how far others are.
	Leads bool
	// Voters counts the voters that do not leave.
	Voters int
	// Own is the last index on this node's own disk; 0 if the node is no member.
	Own uint64
	// Others are the last indices that the other members are known to hold; nil unless this node leads.
	Others []uint64
}

// Keyspace is what a node knows of its keys.
type Keyspace struct {
	// Databases are those with keys, in the order of their numbers.
	Databases []info.Database
	// Keys are there now, in all databases; Deadlines is how many of them have a deadline. Overdue keys have ended and are
	// not removed yet.
	Keys, Deadlines, Overdue int64
	// Expired is how many keys this node has removed at their end since it started.
	Expired int64
}

// RaftInfo is what a node tells of the log, in the names of redisraft.
type RaftInfo struct {
	// Role is leader, follower, candidate or learner. Term and Leader are of the same moment: one reading of the node,
	// since a role beside another moment's term would show two leaders of one term. Leader is 0 if none is known.
	Role         string
	Term, Leader uint64
	// VotedFor, Commit and LastIndex are Raft's; LogEntries is how many entries the log holds.
	VotedFor, Commit, LastIndex, LogEntries uint64
	// SnapshotIndex and SnapshotTerm name the snapshot in force, 0 if there is none.
	SnapshotIndex, SnapshotTerm uint64
	// Fields are further lines for the raft section of INFO, in order, names with their prefix raft_.
	Fields []Field
}

// Field is a name with a value, both as text.
type Field struct{ Name, Value string }

// HealthState is the word for what a node is to those who probe it. The words do not change: monitors compare them.
type HealthState string

// The states. Only the first is ready.
const (
	// HealthReady: the node serves.
	HealthReady HealthState = "ready"
	// HealthLoading: it reads its log and its snapshot, or applies what was committed before it may serve.
	HealthLoading HealthState = "loading"
	// HealthFetching: it fetches a snapshot from another node.
	HealthFetching HealthState = "fetching"
	// HealthQuarantined: its state differs from the others'. It takes over the state of another node.
	HealthQuarantined HealthState = "quarantined"
	// HealthBlank: it belongs to no cluster. HealthForming: it waits for other nodes to form one with.
	HealthBlank   HealthState = "blank"
	HealthForming HealthState = "forming"
	// HealthNoLeader: it knows of no leader, because no majority is there, or because one is being elected.
	HealthNoLeader HealthState = "no-leader"
	// HealthCatchingUp: it has served nothing since its start, and follows the leader's log.
	HealthCatchingUp HealthState = "catching-up"
	// HealthUnconfirmed: it knows of a leader, and no majority confirmed a read in time.
	HealthUnconfirmed HealthState = "unconfirmed"
	// HealthOverloaded: a disk completes nothing, so that writes wait.
	HealthOverloaded HealthState = "overloaded"
	// HealthLeaving: the cluster is changing to one without it. HealthStopping: it was told to stop.
	HealthLeaving  HealthState = "leaving"
	HealthStopping HealthState = "stopping"
	// HealthRemoved: it was removed from its cluster. HealthRolledBack: its disk has lost what it had confirmed. It never
	// serves again with this directory.
	HealthRemoved    HealthState = "removed"
	HealthRolledBack HealthState = "rolled-back"
	// HealthReplaced: another directory has its place in the cluster. HealthCopied: another process has its identity.
	// HealthWiped: it is blank, and members look for another directory at its address. HealthSecret: it is blank, and a
	// node with another cluster secret dialled it. HealthOutdated: its build is older than the cluster's feature level.
	HealthReplaced HealthState = "replaced"
	HealthCopied   HealthState = "copied"
	HealthWiped    HealthState = "wiped"
	HealthSecret   HealthState = "secret"
	HealthOutdated HealthState = "outdated"
)

// Health is what a node says of itself to those who probe it.
type Health struct {
	State HealthState
	// Reason says more, in one line for people.
	Reason string
}

// Probed is what probes ask of the node.
type Probed interface {
	// Health is what the node knows of itself.
	Health() Health
	// Confirm asks for a linearizable read of nothing. done is called once, from any goroutine, and says whether a
	// majority confirmed it; it must not block.
	Confirm(done func(confirmed bool))
}
