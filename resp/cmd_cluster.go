package resp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of CLUSTER; the first three are Redis's own to the letter.
const (
	clusterDisabled  = "ERR This instance has cluster support disabled"
	failoverOnLeader = "ERR You should send CLUSTER FAILOVER to a replica"
	takeoverImpotent = "ERR CLUSTER FAILOVER TAKEOVER cannot be done: " +
		"nobody leads without the votes of a majority, and a majority that is there elects a leader by itself"
)

// clusterHandlers answer the subcommands of CLUSTER that show the cluster.
var clusterHandlers = []handler{
	{of: command.ClusterFailover, answer: clusterFailover},
	help(command.ClusterHelp, clusterHelpLines),
	{of: command.ClusterInfo, answer: clusterInfo},
	{of: command.ClusterKeySlot, answer: clusterKeySlot, pure: true},
	{of: command.ClusterLinks, answer: clusterLinks},
	{of: command.ClusterMyID, answer: clusterMyID},
	{of: command.ClusterMyShardID, answer: clusterMyShardID},
	{of: command.ClusterNodes, answer: clusterNodes},
	{of: command.ClusterShards, answer: clusterShards},
	{of: command.ClusterSlots, answer: clusterSlots},
}

// seats is the cluster as this node shows it now.
func (c *Conn) seats() ([]seat, Info) {
	knowledge := c.server.node.Info()
	return topology(c.server.view, &knowledge, int(c.server.port.Load())), knowledge
}

// clusterInfo is CLUSTER INFO. The state is ok only while a leader is known, since without one nothing is served.
func clusterInfo(c *Conn, dst []byte, _ [][]byte) []byte {
	seats, knowledge := c.seats()
	size, assigned := 0, 0
	for i := range seats {
		if seats[i].slots > 0 {
			size++
			assigned += seats[i].slots
		}
	}
	state := "fail"
	if knowledge.Leader != 0 && assigned == command.Slots && knowledge.State != removed {
		state = "ok"
	}
	var text strings.Builder
	line(&text, "cluster_state", state)
	line(&text, "cluster_slots_assigned", assigned)
	line(&text, "cluster_slots_ok", assigned)
	line(&text, "cluster_slots_pfail", 0)
	line(&text, "cluster_slots_fail", 0)
	line(&text, "cluster_known_nodes", len(seats))
	line(&text, "cluster_size", size)
	line(&text, "cluster_current_epoch", knowledge.Term)
	line(&text, "cluster_my_epoch", knowledge.Term)
	// There is no gossip: nothing was ever sent or received of it, and its links have no limit to exceed.
	line(&text, "cluster_stats_messages_sent", 0)
	line(&text, "cluster_stats_messages_received", 0)
	line(&text, "total_cluster_links_buffer_limit_exceeded", 0)
	return reply.Verbatim(dst, c.protocol(), "txt", text.String())
}

// clusterNodes is CLUSTER NODES: a line for each node. The times of ping and pong are 0, since nodes send none.
func clusterNodes(c *Conn, dst []byte, _ [][]byte) []byte {
	seats, knowledge := c.seats()
	var text strings.Builder
	for i := range seats {
		s := &seats[i]
		fmt.Fprintf(&text, "%s %s:%d@%d %s %s 0 0 %d %s",
			s.Name, s.Host, s.Port, s.PeerPort, s.flags(), s.masterName(), knowledge.Term, s.linkState())
		if s.slots > 0 {
			fmt.Fprintf(&text, " %d-%d", s.first, s.last())
		}
		text.WriteByte('\n')
	}
	return reply.Verbatim(dst, c.protocol(), "txt", text.String())
}

func (s *seat) flags() string {
	flags := "master"
	if s.replica {
		flags = "slave"
	}
	if s.myself {
		flags = "myself," + flags
	}
	if s.failed() {
		flags += ",fail"
	}
	return flags
}

func (s *seat) masterName() string {
	if s.master == nil {
		return "-"
	}
	return s.master.Name
}

func (s *seat) linkState() string {
	if s.failed() || (!s.Up && !s.myself) {
		return "disconnected"
	}
	return "connected"
}

// replicas are those of a master, without the failed ones.
func (s *seat) replicas(seats []seat) []*seat {
	var replicas []*seat
	for i := range seats {
		if seats[i].master == s && !seats[i].failed() {
			replicas = append(replicas, &seats[i])
		}
	}
	return replicas
}

// clusterSlots is CLUSTER SLOTS: each range with its owner and the owner's replicas.
func clusterSlots(c *Conn, dst []byte, _ [][]byte) []byte {
	seats, _ := c.seats()
	ranges := 0
	for i := range seats {
		if seats[i].slots > 0 {
			ranges++
		}
	}
	dst = reply.ArrayHeader(dst, ranges)
	for i := range seats {
		owner := &seats[i]
		if owner.slots == 0 {
			continue
		}
		replicas := owner.replicas(seats)
		dst = reply.ArrayHeader(dst, 3+len(replicas))
		dst = reply.Integer(reply.Integer(dst, int64(owner.first)), int64(owner.last()))
		dst = appendEndpoint(dst, c.protocol(), owner)
		for _, replica := range replicas {
			dst = appendEndpoint(dst, c.protocol(), replica)
		}
	}
	return dst
}

// appendEndpoint appends where a node is, who it is, and no further facts.
func appendEndpoint(dst []byte, protocol int, s *seat) []byte {
	dst = reply.BulkString(reply.ArrayHeader(dst, 4), s.Host)
	dst = reply.BulkString(reply.Integer(dst, int64(s.Port)), s.Name)
	return reply.MapHeader(dst, protocol, 0)
}

// clusterShards is CLUSTER SHARDS: each master with its replicas, the failed ones too. A node whose master is not known
// is a shard by itself.
func clusterShards(c *Conn, dst []byte, _ [][]byte) []byte {
	seats, knowledge := c.seats()
	var shards [][]*seat
	for i := range seats {
		head := &seats[i]
		if head.master != nil {
			continue
		}
		shard := []*seat{head}
		for j := range seats {
			if seats[j].master == head {
				shard = append(shard, &seats[j])
			}
		}
		shards = append(shards, shard)
	}
	dst = reply.ArrayHeader(dst, len(shards))
	for _, shard := range shards {
		dst = appendShard(dst, c.protocol(), shard, knowledge.State)
	}
	return dst
}

func appendShard(dst []byte, protocol int, shard []*seat, ownState string) []byte {
	head := shard[0]
	dst = reply.BulkString(reply.MapHeader(dst, protocol, 2), "slots")
	if head.slots == 0 {
		dst = reply.ArrayHeader(dst, 0)
	} else {
		dst = reply.ArrayHeader(dst, 2)
		dst = reply.Integer(reply.Integer(dst, int64(head.first)), int64(head.last()))
	}
	dst = reply.ArrayHeader(reply.BulkString(dst, "nodes"), len(shard))
	for _, s := range shard {
		dst = reply.MapHeader(dst, protocol, 7)
		dst = appendPair(dst, "id", s.Name)
		dst = reply.Integer(reply.BulkString(dst, "port"), int64(s.Port))
		dst = appendPair(dst, "ip", s.Host)
		dst = appendPair(dst, "endpoint", s.Host)
		dst = appendPair(dst, "role", s.role())
		dst = reply.Integer(reply.BulkString(dst, "replication-offset"), int64(s.Match))
		dst = appendPair(dst, "health", s.health(ownState))
	}
	return dst
}

func (s *seat) role() string {
	if s.replica {
		return "replica"
	}
	return "master"
}

func (s *seat) health(ownState string) string {
	switch {
	case s.failed():
		return "fail"
	case s.myself && ownState != "up":
		return "loading"
	}
	return "online"
}

// clusterMyID is CLUSTER MYID.
func clusterMyID(c *Conn, dst []byte, _ [][]byte) []byte {
	seats, _ := c.seats()
	return reply.BulkString(dst, myself(seats).Name)
}

// clusterMyShardID is CLUSTER MYSHARDID. In the view of the leader there is one shard, and its id is not that of a
// node: it stays the same whoever leads.
func clusterMyShardID(c *Conn, dst []byte, _ [][]byte) []byte {
	seats, knowledge := c.seats()
	own := myself(seats)
	switch {
	case c.server.view == LeaderView:
		return reply.BulkString(dst, fmt.Sprintf("%040x", knowledge.ClusterID))
	case own.master != nil:
		return reply.BulkString(dst, own.master.Name)
	}
	return reply.BulkString(dst, own.Name)
}

// myself is the seat of the node that answers; topology makes exactly one.
func myself(seats []seat) *seat {
	for i := range seats {
		if seats[i].myself {
			return &seats[i]
		}
	}
	panic("resp: a node has no seat in its own view of the cluster")
}

// clusterKeySlot is CLUSTER KEYSLOT key.
func clusterKeySlot(_ *Conn, dst []byte, args [][]byte) []byte {
	return reply.Integer(dst, int64(command.Slot(args[2])))
}

// clusterLinks is CLUSTER LINKS: to whom this node has a connection. When it was made and what its buffers hold is not
// known here, and left out.
func clusterLinks(c *Conn, dst []byte, _ [][]byte) []byte {
	seats, _ := c.seats()
	var linked []*seat
	for i := range seats {
		if seats[i].Up && !seats[i].myself {
			linked = append(linked, &seats[i])
		}
	}
	dst = reply.ArrayHeader(dst, len(linked))
	for _, s := range linked {
		dst = reply.MapHeader(dst, c.protocol(), 2)
		dst = appendPair(appendPair(dst, "direction", "to"), "node", s.Name)
	}
	return dst
}

// clusterFailover is CLUSTER FAILOVER [FORCE|TAKEOVER], sent to the node that shall lead. As in Redis OK means that it
// was asked for. FORCE asks no differently: a leader that does not answer is replaced by an election without being
// asked for, and one that does must not be passed over.
func clusterFailover(c *Conn, dst []byte, args [][]byte) []byte {
	option := ""
	if len(args) == 3 {
		option = strings.ToLower(string(args[2]))
	}
	switch {
	case len(args) > 3:
		return reply.Error(dst, reply.SubcommandSyntax(args))
	case option != "" && option != "force" && option != "takeover":
		return reply.Error(dst, reply.Syntax)
	case c.server.node.Leader().Self:
		return reply.Error(dst, failoverOnLeader)
	case option == "takeover":
		return reply.Error(dst, takeoverImpotent)
	}
	if err := c.server.node.TakeOver(); err != nil {
		return reply.Error(dst, "ERR "+err.Error())
	}
	return reply.OK(dst)
}

// moved is the text that sends a client to the leader.
func moved(slot uint16, leader Leader) string {
	return "MOVED " + strconv.Itoa(int(slot)) + " " + leader.Host + ":" + strconv.Itoa(leader.Port)
}

// clusterHelpLines are what CLUSTER HELP says.
var clusterHelpLines = []string{
	"CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"ADDNODE <host:port[@peerport]> [PEER <host:port>] [LEARNER]",
	"    Make the node with this address for clients a member, and show its id. Ask again as often as you like.",
	"COUNTKEYSINSLOT <slot>",
	"    Count the keys of a slot.",
	"FAILOVER [FORCE|TAKEOVER]",
	"    Ask the leader to hand leadership over to this node. TAKEOVER is always refused.",
	"FORGET <node-id>",
	"    As REMOVENODE, but a node that is no member is no error.",
	"GETKEYSINSLOT <slot> <count>",
	"    List up to <count> keys of a slot.",
	"INFO",
	"    Show the state of the cluster.",
	"KEYSLOT <key>",
	"    Show the slot of a key.",
	"LINKS",
	"    List the nodes to which this node is connected.",
	"MEET <host> <port> [<peerport>]",
	"    On a member: as ADDNODE. On a node without a cluster: ask to be taken into the cluster of that node.",
	"MYID",
	"    Show the id of this node.",
	"MYSHARDID",
	"    Show the id of the shard of this node.",
	"NODES",
	"    List the nodes, one a line:",
	"    <id> <host:port@peerport> <flags> <master> <ping> <pong> <epoch> <link> <slots>",
	"REMOVENODE <node-id> [<node-id> ...]",
	"    Take members out of the cluster, all in one step.",
	"REPLACENODE <node-id> <host:port[@peerport]> [<node-id> <host:port[@peerport]> ...]",
	"    Put nodes into the places of members, all in one step, and show their ids.",
	"SHARDS",
	"    List the shares of the slots, each with its nodes.",
	"SLOTS",
	"    List the ranges of slots, each with its owner and replicas.",
	"HELP",
	"    Show this list.",
}
