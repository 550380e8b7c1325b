package info

import (
	"fmt"
	"strings"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

// Replication is the section that says whether a node is a master or a replica, as the cluster's view has it, and of
// whom.
type Replication struct {
	Map *topology.Map
	// Cluster is the cluster's number, Applied the last entry of the log that this node has applied: an offset here is an
	// index of the log.
	Cluster, Applied uint64
	// Installing says that another node's state is being taken over.
	Installing bool
	// Leaderless is for how long the node has known of no leader; 0 while it knows of one.
	Leaderless time.Duration
}

// Write writes the fields.
func (r *Replication) Write(t Text) {
	own := r.Map.Myself()
	t.Field("role", own.Role.Old())
	if own.Role == topology.Replica {
		r.writeMaster(t, own.Master)
	}
	replicas := r.Map.Followers(own)
	t.Field("connected_slaves", len(replicas))
	for i, replica := range replicas {
		state := "offline"
		if replica.Up {
			state = "online"
		}
		t.Fieldf(fmt.Sprint("slave", i), "ip=%s,port=%d,state=%s,offset=%d,lag=0", replica.Host, replica.Port, state,
			replica.Match)
	}
	t.Field("master_failover_state", "no-failover")
	t.Fieldf("master_replid", "%040x", r.Cluster)
	t.Field("master_replid2", strings.Repeat("0", 40))
	t.Field("master_repl_offset", r.Applied)
	t.Field("second_repl_offset", -1)
	t.None("repl_backlog_active", "repl_backlog_size", "repl_backlog_first_byte_offset", "repl_backlog_histlen")
}

// writeMaster tells a replica's master. A node that knows of a leader has heard from it within the last second: it
// would take it for gone otherwise.
func (r *Replication) writeMaster(t Text, master *topology.SlotOwner) {
	host, port, status, heard := "", 0, "down", -1
	if master != nil {
		host, port, status, heard = master.Host, master.Port, "up", 0
	}
	t.Field("master_host", host)
	t.Field("master_port", port)
	t.Field("master_link_status", status)
	t.Field("master_last_io_seconds_ago", heard)
	t.Field("master_sync_in_progress", Digit(r.Installing))
	t.Field("slave_read_repl_offset", r.Applied)
	t.Field("slave_repl_offset", r.Applied)
	if master == nil {
		t.Field("master_link_down_since_seconds", Seconds(r.Leaderless))
	}
	t.Field("slave_priority", 100)
	t.Field("slave_read_only", 0) // it takes writes, and has the leader do them
	t.Field("replica_announced", 1)
}
