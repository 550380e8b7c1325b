package resp

import (
	"time"

	infos "github.com/raftredis/raftredis/resp/info"
	"github.com/raftredis/raftredis/resp/topology"
)

// fakeInfo is all that a fake node knows.
type fakeInfo struct {
	NodeID    uint64
	Name      string
	ClusterID uint64
	State     topology.State
	Role      string
	Leader    uint64

	Term, VotedFor, Commit, Applied, LastIndex, LogEntries uint64
	SnapshotIndex, SnapshotTerm                            uint64

	Keys, Expires int64
	Keyspace      Keyspace
	// Data and Log are bytes.
	Data, Log int64
	// Differ and MinMaxMemory are what other nodes have.
	Differ       []string
	MinMaxMemory int64
	Nodes        []topology.Node
	Fields       []Field

	Loading LoadProgress
	Opening bool
	Health  Health
	// confirm ends the reads that probes ask for; nil confirms them at once.
	confirm func(done func(confirmed bool))
}

// fakeFacts answers as a Node from what now returns.
type fakeFacts struct {
	now func() fakeInfo
	// progressed and saved are what the server wants to be told by.
	progressed, saved func()
}

func (f *fakeFacts) Standing() topology.Standing {
	info := f.now()
	return topology.Standing{State: info.State, Leads: info.Role == "leader", Opening: info.Opening}
}

func (f *fakeFacts) Applied() uint64 { return f.now().Applied }

func (f *fakeFacts) Cluster() topology.Cluster {
	info := f.now()
	return topology.Cluster{
		Standing: f.Standing(), Self: info.NodeID, Name: info.Name, ID: info.ClusterID, Term: info.Term,
		Leader: info.Leader, Nodes: info.Nodes,
		Log: topology.Log{Role: info.Role, Commit: 40, Applied: 39, Entries: 38, ConfigurationIndex: 7},
	}
}

func (f *fakeFacts) Progress() Progress {
	info := f.now()
	p := Progress{Leads: info.Role == "leader"}
	for i := range info.Nodes {
		member := &info.Nodes[i]
		if member.Voter && !member.Leaving {
			p.Voters++
		}
		if member.ID == info.NodeID {
			p.Own = member.Match
		} else if p.Leads {
			p.Others = append(p.Others, member.Match)
		}
	}
	return p
}

func (f *fakeFacts) Keyspace() Keyspace {
	info := f.now()
	if info.Keyspace.Keys > 0 {
		return info.Keyspace
	}
	all := Keyspace{Keys: info.Keys, Deadlines: info.Expires}
	if info.Keys > 0 {
		all.Databases = []infos.Database{{Keys: info.Keys, Deadlines: info.Expires}}
	}
	return all
}

func (f *fakeFacts) Sessions() (count, bytes int64) { return 3, 700 }

func (f *fakeFacts) DataBytes() int64 { return f.now().Data }
func (f *fakeFacts) LogBytes() int64  { return f.now().Log }

func (f *fakeFacts) SettingsDiffer() []string { return f.now().Differ }
func (f *fakeFacts) MinMaxMemory() int64      { return f.now().MinMaxMemory }

func (f *fakeFacts) Raft() RaftInfo {
	info := f.now()
	return RaftInfo{
		Role: info.Role, Term: info.Term, Leader: info.Leader, VotedFor: info.VotedFor, Commit: info.Commit,
		LastIndex: info.LastIndex, LogEntries: info.LogEntries,
		SnapshotIndex: info.SnapshotIndex, SnapshotTerm: info.SnapshotTerm,
		Fields: info.Fields,
	}
}

func (f *fakeFacts) Loading() LoadProgress { return f.now().Loading }

func (f *fakeFacts) Health() Health { return f.now().Health }

func (f *fakeFacts) Confirm(done func(confirmed bool)) {
	if confirm := f.now().confirm; confirm != nil {
		confirm(done)
		return
	}
	done(true)
}

func (f *fakeFacts) Notify(progressed, saved func()) { f.progressed, f.saved = progressed, saved }

// Leader is derived from the other facts, as a real node's is.
func (f *fakeFacts) Leader() topology.Leader {
	cluster := f.Cluster()
	leader := topology.Leader{Removed: cluster.State == topology.Removed}
	switch cluster.State {
	case "rolled-back", "replaced", "copied":
		leader.Refusal = "it is " + string(cluster.State)
	}
	if node := cluster.Node(cluster.Leader); node != nil {
		leader.Known, leader.Self, leader.Host, leader.Port = true, node.ID == cluster.Self, node.Host, node.Port
		leader.Hostname = node.Hostname
	}
	return leader
}

// stillNode is a Node that knows what it is told.
type stillNode struct{ fakeFacts }

func newStillNode(info fakeInfo) *stillNode {
	return &stillNode{fakeFacts{now: func() fakeInfo { return info }}}
}

func (n *stillNode) TakeOver() error               { return nil }
func (n *stillNode) HandOver(time.Duration)        {}
func (n *stillNode) Change(r *ChangeRequest)       { r.Complete(ChangeResult{Outcome: NotDone}) }
func (n *stillNode) AbandonChange(*ChangeRequest)  {}
func (n *stillNode) Join(peerAddress string) error { return nil }

// node finds a member by its number; nil if it is none.
func (info *fakeInfo) node(id uint64) *topology.Node {
	cluster := topology.Cluster{Nodes: info.Nodes}
	return cluster.Node(id)
}
