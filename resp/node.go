package resp

// Node is what the server asks about the node that it stands before, and of it. All methods may be called from many
// goroutines at once, answer from what the node knows at the moment, and wait for nobody.
type Node interface {
	// Info returns everything at once, for INFO, ROLE and CLUSTER. It belongs to the caller.
	Info() Info
	// Leader returns who is believed to lead. It is cheap: where MOVED is said, every run asks.
	Leader() Leader
	// TakeOver asks the leader to hand leadership over to this node, and returns when that is asked: nil says nothing of
	// whether it happens. The error says why it cannot be asked; its text is for the client.
	TakeOver() error
	// Change submits a change of the members. The node answers by one call of r.Complete, at once or later, from any
	// goroutine, and r.Timeout after the call at the latest; until then the request is the node's.
	Change(r *ChangeRequest)
	// AbandonChange says that the client of a submitted change has gone: nobody waits for its end, and the node completes
	// it soon. Whether the change is made or not is left open. It may come after Complete was called.
	AbandonChange(r *ChangeRequest)
	// Join makes a node that belongs to no cluster ask, from now on, the one that listens for other nodes at an address
	// to be taken in. Nil says nothing of whether it will be; the error says why it cannot ask, for the client.
	Join(peerAddress string) error
}

// Leader is who leads, as far as a node knows.
type Leader struct {
	// Known is false while the node knows of no leader; then neither Self nor Host and Port are set.
	Known bool
	// Self is true if it is this node.
	Self bool
	// Host and Port are where clients reach it.
	Host string
	Port int
	// Removed says that the node which was asked belongs to its cluster no more: what it has is of the past.
	Removed bool
}

// Info is what a node knows of itself and of its cluster at one moment. It is local knowledge: a leader that was
// deposed a moment ago still says that it leads.
type Info struct {
	// NodeID is this node's number in the configuration, Name its 40 hex digits, ClusterID the cluster's number.
	NodeID    uint64
	Name      string
	ClusterID uint64
	// State is initializing or joining on a node that belongs to no cluster, then loading, up and, in the end, removed.
	State string
	// Role is leader, follower, candidate or learner.
	Role string
	// Leader is the node believed to lead, 0 if none is known.
	Leader uint64
	// Term, VotedFor, Commit, Applied, LastIndex are Raft's; LogEntries is how many entries the log holds. The term is
	// also what CLUSTER calls an epoch.
	Term, VotedFor, Commit, Applied, LastIndex, LogEntries uint64
	// SnapshotIndex and SnapshotTerm name the snapshot in force, 0 if none.
	SnapshotIndex, SnapshotTerm uint64
	// Keys is the number of keys, Expires how many of them have a deadline.
	Keys, Expires int64
	// Nodes are the members of the newest configuration, this node among them if it is one.
	Nodes []NodeInfo
	// Fields are further lines for the raft section of INFO, in order, names with their prefix raft_.
	Fields []Field
}

// NodeInfo describes one member. All nodes agree on ID, Name, the addresses, Voter and, in time, Absent; the rest is as
// this node sees it.
type NodeInfo struct {
	ID   uint64
	Name string
	// Host and Port are where clients reach it, PeerPort where other nodes do.
	Host           string
	Port, PeerPort int
	// Voter is false for learners. Leaving says that the cluster is changing to one in which it is no member.
	Voter, Leaving bool
	// Absent says that the leader has not heard of this voter for so long that clients are sent elsewhere.
	Absent bool
	// Up means that this node is in touch with it.
	Up bool
	// Match is the last index that it is known to hold; only a leader knows it of others.
	Match uint64
}

// Field is a name with a value, both as text.
type Field struct{ Name, Value string }

// node finds a member by its number; nil if it is none.
func (info *Info) node(id uint64) *NodeInfo {
	for i := range info.Nodes {
		if info.Nodes[i].ID == id {
			return &info.Nodes[i]
		}
	}
	return nil
}

// removed is the state of a node that its cluster has dismissed.
const removed = "removed"

// blank reports whether this node belongs to no cluster yet.
func (info *Info) blank() bool { return info.State == "initializing" || info.State == "joining" }

// leads reports whether this node believes that it leads.
func (info *Info) leads() bool { return info.Role == "leader" }
