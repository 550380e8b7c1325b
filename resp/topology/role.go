package topology

// Role is what a node is to its clients. HELLO, ROLE, INFO and CLUSTER all tell this one, in their own words. Who leads
// in the sense of Raft is another question, which INFO raft answers.
type Role uint8

const (
	// Master serves reads and writes, and every read is linearizable.
	Master Role = iota
	// Replica is a node that clients of Redis take for the copy of a master.
	Replica
)

// RoleOf is the role of a node in a view. A node does in every view what its clients ask for, so in SpreadView and
// NoView each is a master, whoever leads: a client that is told otherwise would go elsewhere, or be content with old
// reads. LeaderView has one master, the leader.
func (v View) RoleOf(leads bool) Role {
	if v == LeaderView && !leads {
		return Replica
	}
	return Master
}

// ReadOnlyLoosens reports whether READONLY on a node in this view means that its reads may be old: only where clients
// see the node as a replica, and read from a replica by their own wish.
func (v View) ReadOnlyLoosens() bool { return v == LeaderView }

// String is the role in the words of HELLO and CLUSTER SHARDS.
func (r Role) String() string {
	if r == Replica {
		return "replica"
	}
	return "master"
}

// Old is the role in Redis's older words, which INFO, ROLE and CLUSTER NODES use.
func (r Role) Old() string {
	if r == Replica {
		return "slave"
	}
	return "master"
}
