package resp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

// Error texts of CLUSTER; the first is Redis's own to the letter, the second up to its colon.
const (
	clusterDisabled  = "ERR This instance has cluster support disabled"
	failoverOnLeader = "ERR You should send CLUSTER FAILOVER to a replica: this node leads already. " +
		"Send it to the node that shall lead"
	takeoverImpotent = "ERR CLUSTER FAILOVER TAKEOVER cannot be done: " +
		"a node leads only with the votes of a majority, and a majority that is there elects a leader by itself"
)

// clusterHandlers answer the subcommands of CLUSTER that show the cluster.
var clusterHandlers = []handler{
	{of: node.ClusterCountFailureReports, answer: clusterCountFailureReports},
	{of: node.ClusterFailover, answer: clusterFailover},
	help(node.ClusterHelp),
	{of: node.ClusterInfo, answer: clusterInfo},
	{of: node.ClusterKeySlot, answer: clusterKeySlot, pure: true},
	{of: node.ClusterLinks, answer: clusterLinks},
	{of: node.ClusterMyID, answer: clusterMyID},
	{of: node.ClusterMyShardID, answer: clusterMyShardID},
	{of: node.ClusterNodes, answer: clusterNodes},
	{of: node.ClusterReplicas, answer: clusterReplicas},
	{of: node.ClusterSaveConfig, answer: clusterSaveConfig},
	{of: node.ClusterShards, answer: clusterShards},
	{of: node.ClusterSlaves, answer: clusterReplicas},
	{of: node.ClusterSlots, answer: clusterSlots},
}

// needsCluster reports whether a command is refused where clients see no cluster.
func needsCluster(spec *command.Spec) bool {
	switch spec {
	case node.Asking, node.ReadOnly, node.ReadWrite:
		return true
	}
	return spec.Container() == node.Cluster && !ownInCluster(spec)
}

// clusterMap is the cluster as this node shows it now.
func (s *Server) clusterMap() (*topology.Map, *topology.Cluster) {
	cluster := s.node.Cluster()
	if cluster.Own.Port == 0 {
		cluster.Own.Port = int(s.port.Load())
	}
	return topology.Show(s.view, &cluster), &cluster
}

// clusterInfo is CLUSTER INFO. The state is ok only while a leader is known, since without one nothing is served.
func clusterInfo(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, cluster := c.server.clusterMap()
	size, assigned := shown.Assigned()
	state := "fail"
	if shown.Serves() {
		state = "ok"
	}
	var text strings.Builder
	line(&text, "cluster_state", state)
	line(&text, "cluster_slots_assigned", assigned)
	line(&text, "cluster_slots_ok", assigned)
	line(&text, "cluster_slots_pfail", 0)
	line(&text, "cluster_slots_fail", 0)
	line(&text, "cluster_known_nodes", len(shown.Owners))
	line(&text, "cluster_size", size)
	line(&text, "cluster_current_epoch", cluster.Term)
	line(&text, "cluster_my_epoch", cluster.Term)
	// There is no gossip: nodes send no messages of it, and its links have no limit to exceed.
	line(&text, "cluster_stats_messages_sent", 0)
	line(&text, "cluster_stats_messages_received", 0)
	line(&text, "total_cluster_links_buffer_limit_exceeded", 0)
	raftLines(&text, cluster)
	if differ := c.server.node.SettingsDiffer(); len(differ) > 0 { // Redis has no such line: it stands where it is needed
		line(&text, "cluster_settings_differ", strings.Join(differ, ","))
	}
	return reply.Verbatim(dst, c.protocol(), "txt", text.String())
}

// raftLines are the lines of CLUSTER INFO about Raft: those that Valkey's Raft-based cluster bus has, with its names
// and meanings, and the index that a change of the members may be based on.
func raftLines(text *strings.Builder, cluster *topology.Cluster) {
	leader := ""
	if node := cluster.Node(cluster.Leader); node != nil {
		leader = node.Name
	}
	line(text, "cluster_raft_role", cluster.Log.Role)
	line(text, "cluster_raft_current_term", cluster.Term)
	line(text, "cluster_raft_commit_index", cluster.Log.Commit)
	line(text, "cluster_raft_last_applied", cluster.Log.Applied)
	line(text, "cluster_raft_log_entries", cluster.Log.Entries)
	line(text, "cluster_raft_leader", leader)
	line(text, "cluster_config_index", cluster.Log.ConfigurationIndex)
}

// clusterNodes is CLUSTER NODES: a line for each node. The times of ping and pong are 0, since nodes send none.
func clusterNodes(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, cluster := c.server.clusterMap()
	var text strings.Builder
	for i := range shown.Owners {
		text.WriteString(nodeLine(&shown.Owners[i], cluster.Term) + "\n")
	}
	return reply.Verbatim(dst, c.protocol(), "txt", text.String())
}

// hostnameSuffix is how CLUSTER NODES adds the host name that a node announced.
func hostnameSuffix(o *topology.SlotOwner) string {
	if o.Hostname == "" {
		return ""
	}
	return "," + o.Hostname
}

// nodeLine describes a node as CLUSTER NODES does.
func nodeLine(o *topology.SlotOwner, term uint64) string {
	text := fmt.Sprintf("%s %s:%d@%d%s %s %s 0 0 %d %s",
		o.Name, o.Host, o.Port, o.PeerPort, hostnameSuffix(o), o.Flags(), o.MasterName(), term, o.LinkState())
	if o.Slots > 0 {
		text += fmt.Sprintf(" %d-%d", o.First, o.Last())
	}
	return text
}

// clusterReplicas is CLUSTER REPLICAS id: a line of CLUSTER NODES for each replica of a node.
func clusterReplicas(c *Conn, dst []byte, args [][]byte) []byte {
	shown, cluster := c.server.clusterMap()
	of := shown.Named(strings.ToLower(string(args[2])))
	switch {
	case of == nil:
		return reply.Error(dst, unknownNode+string(args[2]))
	case of.Role == topology.Replica:
		return reply.Error(dst, "ERR The specified node is not a master")
	}
	replicas := shown.Followers(of)
	dst = reply.ArrayHeader(dst, len(replicas))
	for _, replica := range replicas {
		dst = reply.BulkString(dst, nodeLine(replica, cluster.Term))
	}
	return dst
}

// clusterCountFailureReports is CLUSTER COUNT-FAILURE-REPORTS id. The leader alone says who has failed.
func clusterCountFailureReports(c *Conn, dst []byte, args [][]byte) []byte {
	shown, _ := c.server.clusterMap()
	of := shown.Named(strings.ToLower(string(args[2])))
	if of == nil {
		return reply.Error(dst, unknownNode+string(args[2]))
	}
	return reply.Integer(dst, int64(digit(of.Failed())))
}

// clusterSaveConfig is CLUSTER SAVECONFIG: the configuration is never anywhere but on disks.
func clusterSaveConfig(_ *Conn, dst []byte, _ [][]byte) []byte { return reply.OK(dst) }

// clusterSlots is CLUSTER SLOTS: each range with its owner and the owner's replicas.
func clusterSlots(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, _ := c.server.clusterMap()
	ranges, _ := shown.Assigned()
	dst = reply.ArrayHeader(dst, ranges)
	for i := range shown.Owners {
		owner := &shown.Owners[i]
		if owner.Slots == 0 {
			continue
		}
		replicas := shown.Replicas(owner)
		dst = reply.ArrayHeader(dst, 3+len(replicas))
		dst = reply.Integer(reply.Integer(dst, int64(owner.First)), int64(owner.Last()))
		dst = c.appendEndpoint(dst, owner)
		for _, replica := range replicas {
			dst = c.appendEndpoint(dst, replica)
		}
	}
	return dst
}

// endpoint is by which of their names clients are told to connect to nodes.
func (s *Server) endpoint() topology.EndpointType {
	endpoint, _ := topology.ParseEndpointType(s.tuning.EndpointType.Load()) // the setting has no other names
	return endpoint
}

// appendEndpoint appends where a node is, who it is, and by which other names it can be reached.
func (c *Conn) appendEndpoint(dst []byte, o *topology.SlotOwner) []byte {
	endpoint := c.server.endpoint()
	dst = reply.ArrayHeader(dst, 4)
	if endpoint == topology.UnknownEndpoint {
		dst = reply.Null(dst, c.protocol())
	} else {
		dst = reply.BulkString(dst, endpoint.Of(o.Host, o.Hostname))
	}
	dst = reply.BulkString(reply.Integer(dst, int64(o.Port)), o.Name)
	var others [][2]string
	if endpoint != topology.IPEndpoint {
		others = append(others, [2]string{"ip", o.Host})
	}
	if endpoint != topology.HostnameEndpoint && o.Hostname != "" {
		others = append(others, [2]string{"hostname", o.Hostname})
	}
	dst = reply.MapHeader(dst, c.protocol(), len(others))
	for _, other := range others {
		dst = appendPair(dst, other[0], other[1])
	}
	return dst
}

// clusterShards is CLUSTER SHARDS.
func clusterShards(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, cluster := c.server.clusterMap()
	shards := shown.Shards()
	dst = reply.ArrayHeader(dst, len(shards))
	for _, shard := range shards {
		dst = c.appendShard(dst, shard, cluster.State)
	}
	return dst
}

func (c *Conn) appendShard(dst []byte, shard []*topology.SlotOwner, own topology.State) []byte {
	head := shard[0]
	dst = reply.BulkString(reply.MapHeader(dst, c.protocol(), 2), "slots")
	if head.Slots == 0 {
		dst = reply.ArrayHeader(dst, 0)
	} else {
		dst = reply.ArrayHeader(dst, 2)
		dst = reply.Integer(reply.Integer(dst, int64(head.First)), int64(head.Last()))
	}
	dst = reply.ArrayHeader(reply.BulkString(dst, "nodes"), len(shard))
	for _, o := range shard {
		facts := 7
		if o.Hostname != "" {
			facts++
		}
		dst = reply.MapHeader(dst, c.protocol(), facts)
		dst = appendPair(dst, "id", o.Name)
		dst = reply.Integer(reply.BulkString(dst, "port"), int64(o.Port))
		dst = appendPair(dst, "ip", o.Host)
		dst = appendPair(dst, "endpoint", c.server.endpoint().Of(o.Host, o.Hostname))
		if o.Hostname != "" {
			dst = appendPair(dst, "hostname", o.Hostname)
		}
		dst = appendPair(dst, "role", o.Role.String())
		dst = reply.Integer(reply.BulkString(dst, "replication-offset"), int64(o.Match))
		dst = appendPair(dst, "health", o.Health(own))
	}
	return dst
}

// clusterMyID is CLUSTER MYID.
func clusterMyID(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, _ := c.server.clusterMap()
	return reply.BulkString(dst, shown.Myself().Name)
}

// clusterMyShardID is CLUSTER MYSHARDID.
func clusterMyShardID(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, _ := c.server.clusterMap()
	return reply.BulkString(dst, shown.ShardID())
}

// clusterKeySlot is CLUSTER KEYSLOT key.
func clusterKeySlot(_ *Conn, dst []byte, args [][]byte) []byte {
	return reply.Integer(dst, int64(command.Slot(args[2])))
}

// clusterLinks is CLUSTER LINKS: to whom this node has a connection. When it was made and what its buffers hold is not
// known here, and left out.
func clusterLinks(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, _ := c.server.clusterMap()
	var linked []*topology.SlotOwner
	for i := range shown.Owners {
		if o := &shown.Owners[i]; o.Up && !o.Myself {
			linked = append(linked, o)
		}
	}
	dst = reply.ArrayHeader(dst, len(linked))
	for _, o := range linked {
		dst = reply.MapHeader(dst, c.protocol(), 2)
		dst = appendPair(appendPair(dst, "direction", "to"), "node", o.Name)
	}
	return dst
}

// Leadership is what the node knows of who leads, and how a client has that changed.
type Leadership interface {
	// Leader returns who is believed to lead. It is cheap: where MOVED is said, every run asks.
	Leader() topology.Leader
	// TakeOver asks the leader to hand leadership over to this node, and returns when that is asked: nil does not say
	// that it happens. ErrNoLeader says that there is none to ask; the text of any other error is for the client.
	TakeOver() error
	// HandOver has this node, if it leads, give leadership to another voter. It tries for a period, and returns at once.
	HandOver(period time.Duration)
}

// ErrNoLeader is TakeOver's answer while the node knows of no leader.
var ErrNoLeader = errors.New("resp: no leader is known")

// noLeaderText is said of what only a leader could do. Nothing was done.
const noLeaderText = "CLUSTERDOWN No leader is known that could hand leadership over: " +
	"one is being elected, or no majority runs"

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
	switch err := c.server.node.TakeOver(); {
	case errors.Is(err, ErrNoLeader):
		return reply.Error(dst, noLeaderText)
	case err != nil:
		return reply.Error(dst, "ERR "+err.Error())
	}
	return reply.OK(dst)
}
