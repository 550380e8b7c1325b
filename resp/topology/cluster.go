package topology

// State is how far a node has come in its cluster.
type State string

// States, in the words of redisraft.
const (
	// Initializing: the node forms a new cluster with others.
	Initializing State = "initializing"
	// Joining: the node belongs to no cluster and waits to be added to one.
	Joining State = "joining"
	// Loading: the node is a member that has served nothing since its start, or that takes over another one's state.
	Loading State = "loading"
	// Up: the node serves.
	Up State = "up"
	// Removed: the node has learned that it was removed from its cluster.
	Removed State = "removed"
	// Wiped: the node belongs to no cluster, and members look for another data directory at its address.
	Wiped State = "wiped"
)

// Blank reports whether the node belongs to no cluster yet.
func (s State) Blank() bool { return s == Initializing || s == Joining || s == Wiped }

// Standing is what a node is in its cluster. It is local knowledge: a leader that was deposed a moment ago still says
// that it leads.
type Standing struct {
	State State
	// Leads says that the node believes that it leads.
	Leads bool
	// Opening says that the node still reads its log and its snapshot, and does not know its cluster yet.
	Opening bool
}

// Leader is who leads, as far as a node knows.
type Leader struct {
	// Known is false while the node knows of no leader; then neither Self nor Host and Port are set.
	Known bool
	// Self is true if it is this node.
	Self bool
	// Host and Port are where clients reach it, Hostname is a name of the host that it announced beside, if any.
	Host     string
	Port     int
	Hostname string
	// Removed says that the node which was asked was removed from its cluster: its state is of the past.
	Removed bool
	// Refusal says why the node that was asked takes no part in a cluster; empty if it does.
	Refusal string
}

// Cluster is what a node knows of its cluster at one moment.
type Cluster struct {
	Standing
	// Self is this node's number in the configuration, Name its 40 hex digits, ID the cluster's number.
	Self uint64
	Name string
	ID   uint64
	// Term is Raft's. CLUSTER calls it an epoch.
	Term uint64
	// Leader is the node believed to lead, 0 if none is known.
	Leader uint64
	// Log is what this node knows of the log.
	Log Log
	// Own is where this node is reached, which matters while it is no member.
	Own Own
	// Nodes are the members of the newest configuration, this node among them if it is one.
	Nodes []Node
}

// Log is what a node knows of the log.
type Log struct {
	// Role is follower, candidate or leader, and joiner on a node that belongs to no cluster.
	Role string
	// Commit and Applied are indexes, Entries how many entries the log on this node's disk has.
	Commit, Applied, Entries uint64
	// ConfigurationIndex is that of the newest configuration that this node knows to be committed: a change of the members
	// may be based on it. 0 if it knows none.
	ConfigurationIndex uint64
}

// Own is where a node is reached: by clients at Host and Port, by other nodes at PeerPort.
type Own struct {
	Host           string
	Port, PeerPort int
}

// Node describes one member. All nodes agree on ID, Name, the addresses, Voter and, in time, Absent; the rest is as one
// node sees it.
type Node struct {
	ID   uint64
	Name string
	// Host and Port are where clients reach it, PeerPort where other nodes do. Hostname is a name of the host that it
	// announced beside; it may be empty.
	Host           string
	Port, PeerPort int
	Hostname       string
	// Voter is false for learners. Leaving says that the cluster is changing to one without this member.
	Voter, Leaving bool
	// Absent says that the leader has not heard this voter for so long that clients are sent to other nodes.
	Absent bool
	// Up means that this node is in touch with it.
	Up bool
	// Match is the last index that it is known to hold; only a leader knows it of others.
	Match uint64
}

// Node finds a member by its number, or returns nil.
func (c *Cluster) Node(id uint64) *Node {
	for i := range c.Nodes {
		if c.Nodes[i].ID == id {
			return &c.Nodes[i]
		}
	}
	return nil
}
