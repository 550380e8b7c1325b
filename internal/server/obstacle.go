package server

import (
	"fmt"
	"strings"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/attributes"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/resp/topology"
)

// obstacleRemoved is the kind of obstacle that clients are told in words of their own.
const obstacleRemoved = "removed"

// obstacleOf is why a node takes no part, if that is what keeps it from serving: one that has a leader serves.
func obstacleOf(status *consensus.Status) *consensus.Obstacle {
	if status.Leader != 0 && !status.Removed {
		return nil
	}
	return status.Obstacle
}

// obstacleState is the state of a node that takes no part.
func obstacleState(o *consensus.Obstacle) topology.State {
	if o.Kind == "secret" {
		return topology.Joining
	}
	return topology.State(o.Kind)
}

// obstacleText says why a node takes no part, who says so, since when, and what to do. The commands in it run as
// printed, but for a password.
func (c *Config) obstacleText(status *consensus.Status, o *consensus.Obstacle) string {
	since := ""
	if !o.At.IsZero() {
		since = " at " + o.At.UTC().Format(time.RFC3339)
	}
	switch o.Kind {
	case obstacleRemoved:
		if o.Unproven {
			return fmt.Sprintf("one node says that this node was removed from its cluster (learned%s%s); not confirmed by a "+
				"majority of the members yet", since, witness(o))
		}
		return fmt.Sprintf("this node was removed from its cluster (learned%s%s). To use it again, stop it, move %s away, "+
			"and start it: it begins with an empty directory", since, witness(o), c.node.Directory)
	case "rolled-back":
		if o.Unproven {
			return fmt.Sprintf("one node says that the directory of this node is older than what the node has confirmed: %s "+
				"(learned%s%s); not confirmed by a majority of the members yet. The node takes no part until that node takes "+
				"it back, or is silent while the others let it in; if it is so, CLUSTER REPLACENODE puts another one into its "+
				"place",
				o.Text, since, witness(o))
		}
		return fmt.Sprintf("the directory of this node is older than what the node has confirmed: %s (learned%s%s). Stop "+
			"it, move %s away, start it, and put it into its own place: %s", o.Text, since, witness(o), c.node.Directory,
			c.replaceCommand(o, fmt.Sprint(status.ID)))
	case "wiped":
		return fmt.Sprintf("a cluster runs: %s (learned%s%s). Start this node with that directory; if it is lost, put this "+
			"node into its place: %s (to make a new cluster in spite of it, move %s away first)", o.Text, since, witness(o),
			c.replaceCommand(o, attributes.NodeName(o.Incarnation)), c.node.Directory)
	case "replaced":
		return fmt.Sprintf("another data directory has the place of this one (learned%s%s): %s. If the node is to be a new "+
			"member, stop it, move %s away, and start it", since, witness(o), o.Text, c.node.Directory)
	case "copied":
		return fmt.Sprintf("another process runs with this data directory or a copy of it (learned%s%s): %s", since,
			witness(o), o.Text)
	case "outdated":
		return fmt.Sprintf("the build of this node is older than its cluster allows (learned%s%s): %s. Its data are good: "+
			"stop it, and start the new binary with the same command line", since, witness(o), o.Text)
	case "secret":
		return fmt.Sprintf("a node whose cluster secret is not this one's (learned%s%s) dials this address, where a cluster "+
			"may have had a node: give this one the same --cluster-secret-file", since, witness(o))
	}
	return o.Text
}

// witness is the node that said it, as people name it.
func witness(o *consensus.Obstacle) string {
	if o.By == 0 {
		return ""
	}
	at := attributes.ClientAddress(o.ByAttributes)
	if at == "" {
		at = o.ByAddress
	}
	return fmt.Sprintf(" from node %d, %s", o.By, at)
}

// replaceCommand puts this node into the place of a member, by way of the one that said who is missing.
func (c *Config) replaceCommand(o *consensus.Obstacle, member string) string {
	own := joinable(c)
	host, port := address.Split(attributes.ClientAddress(o.ByAttributes))
	if host == "" {
		return fmt.Sprintf("CLUSTER REPLACENODE %s %s, sent to a member", member, own)
	}
	return fmt.Sprintf("redis-cli -h %s -p %d CLUSTER REPLACENODE %s %s", host, port, member, own)
}

// blankText says what a node waits for that belongs to no cluster, and how to go on if that does not come.
func (c *Config) blankText(status *consensus.Status) string {
	peers := "HOST:PORT of each node"
	if len(c.join) > 0 {
		peers = strings.Join(c.join, " --join ")
	}
	together := fmt.Sprintf("--bootstrap --expect %d --join %s", max(status.Expect, len(c.join)), peers)
	switch {
	case c.node.Bootstrap && status.Waiting == "":
		return "looking whether its cluster exists"
	case c.node.Bootstrap && len(c.join) == 0 && status.Joiners < status.Expect-1:
		return fmt.Sprintf("%s (start them with --join %s, or all of them with %s)", status.Waiting,
			joinable(c), together)
	case c.node.Bootstrap:
		return status.Waiting
	case len(c.join) > 0 && status.Unfounded:
		return fmt.Sprintf("waiting to be taken into a cluster: %s. If there is none yet, start all its nodes with %s",
			status.Waiting, together)
	case len(c.join) > 0 && status.Waiting != "":
		return "waiting to be taken into a cluster: " + status.Waiting
	case len(c.join) > 0:
		return "waiting to be taken into a cluster by the nodes at " + strings.Join(c.join, ", ")
	}
	return "waiting for a cluster: the directory belongs to none. CLUSTER ADDNODE on a member adds " +
		"this node, --join asks for that, --bootstrap makes a new cluster"
}

// joinable is what others give to --join, and operators to CLUSTER, to reach this node at its port for other nodes.
func joinable(c *Config) string {
	_, clientPort := address.Split(attributes.ClientAddress(c.node.Attributes))
	host, peerPort := address.Split(c.node.PeerAddress)
	if peerPort == clientPort+address.PeerPortDistance {
		return address.Join(host, clientPort)
	}
	return fmt.Sprintf("%s@%d", address.Join(host, clientPort), peerPort)
}

// notDone says why a node that serves nothing has not done what a client wants; empty where the reason is the usual.
func (s *store) notDone(status *consensus.Status) string {
	switch o := obstacleOf(status); {
	case o != nil:
		return oneLine(s.config.obstacleText(status, o))
	case status.Blank:
		return oneLine("this node belongs to no cluster yet: " + s.config.blankText(status))
	}
	return ""
}

// obstacleFields are the fields of INFO about a node that takes no part; they are empty on one that does.
func (s *store) obstacleFields(status *consensus.Status) []resp.Field {
	waitingFor, kind, since, by, text := "", "", int64(0), consensus.NodeID(0), ""
	if status.Blank {
		waitingFor = oneLine(s.config.blankText(status))
	}
	if o := obstacleOf(status); o != nil {
		kind, since, by, text = o.Kind, o.At.Unix(), o.By, oneLine(s.config.obstacleText(status, o))
	}
	return []resp.Field{
		{Name: "raft_waiting_for", Value: waitingFor},
		{Name: "raft_obstacle", Value: kind},
		{Name: "raft_obstacle_since", Value: fmt.Sprint(since)},
		{Name: "raft_obstacle_by", Value: number(by)},
		{Name: "raft_obstacle_text", Value: text},
	}
}
