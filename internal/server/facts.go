package server

import (
	"slices"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Leader is the member that the node believes to lead.
func (s *store) Leader() topology.Leader {
	leader, self := s.node.Leader()
	answer := topology.Leader{Known: leader != nil, Self: self, Removed: s.node.Removed()}
	if leader != nil {
		answer.Host, answer.Port = address.Split(leader.ClientAddress)
	}
	return answer
}

// TakeOver asks the leader to hand over to this node.
func (s *store) TakeOver() error { return s.node.TakeOver() }

// Standing is what the node is in its cluster.
func (s *store) Standing() topology.Standing {
	status := s.node.Latest()
	switch {
	case status == nil && s.node.Status().Expect > 1:
		return topology.Standing{State: topology.Initializing}
	case status == nil:
		return topology.Standing{State: topology.Joining}
	}
	standing := topology.Standing{State: topology.Up, Leads: status.Role == raft.Leader}
	switch {
	case status.Removed:
		standing.State = topology.Removed
	case !s.serving.Load():
		standing.State = topology.Loading
	}
	return standing
}

// Applied is the last entry that was applied. Clients are woken before the loop hears of what was applied: the status
// may not have come as far as a client that was answered and asks now, by WAIT, which nodes have its write.
func (s *store) Applied() uint64 {
	applied := s.machine.applied.Load()
	if status := s.node.Latest(); status != nil {
		applied = max(applied, uint64(status.Applied))
	}
	return applied
}

// Cluster is what the node knows of its cluster.
func (s *store) Cluster() topology.Cluster {
	status := s.node.Status()
	return topology.Cluster{
		Standing: s.Standing(), Self: uint64(status.ID), Name: status.Name, ID: status.ClusterID,
		Term: uint64(status.Term), Leader: uint64(status.Leader), Nodes: members(&status),
	}
}

// members lists the nodes of the newest configuration. A node vouches for itself, and for those to which it has a link.
func members(status *consensus.Status) []topology.Node {
	if status.Configuration == nil {
		return nil
	}
	nodes := make([]topology.Node, 0, len(status.Configuration.Members))
	for i := range status.Configuration.Members {
		m := &status.Configuration.Members[i]
		host, port := address.Split(m.ClientAddress)
		_, peerPort := address.Split(m.PeerAddress)
		node := topology.Node{
			ID: uint64(m.ID), Name: m.Name, Host: host, Port: port, PeerPort: peerPort,
			Voter:   status.Configuration.Votes(m.ID),
			Leaving: leaves(status.Configuration, m.ID),
			Up:      m.ID == status.ID || slices.Contains(status.Linked, m.ID),
			Absent:  slices.Contains(status.Absent, m.ID),
		}
		if m.ID == status.ID {
			node.Match = uint64(status.Durable)
		}
		for k := range status.Followers {
			if status.Followers[k].ID == m.ID {
				node.Match = uint64(status.Followers[k].Match)
			}
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// leaves reports whether a member is one only as long as voters are being exchanged. One that is to leave when others
// have caught up serves its clients until then like any other.
func leaves(c *membership.Configuration, id raftlog.NodeID) bool {
	return c.Joint() && !slices.Contains(c.Voters, id) && !slices.Contains(c.Learners, id)
}

// Progress is how far the log has come on this node's disk and, where it leads, on others.
func (s *store) Progress() resp.Progress {
	status := s.node.Latest()
	if status == nil || status.Configuration == nil {
		return resp.Progress{}
	}
	p := resp.Progress{Leads: status.Role == raft.Leader}
	for i := range status.Configuration.Members {
		id := status.Configuration.Members[i].ID
		if status.Configuration.Votes(id) && !leaves(status.Configuration, id) {
			p.Voters++
		}
		if id == status.ID {
			p.Own = uint64(status.Durable)
		}
	}
	if p.Leads {
		p.Others = make([]uint64, 0, len(status.Followers))
		for i := range status.Followers {
			if membership.Find(status.Configuration, status.Followers[i].ID) != nil {
				p.Others = append(p.Others, uint64(status.Followers[i].Match))
			}
		}
	}
	return p
}

// Keys counts the keys, and those with a deadline.
func (s *store) Keys() (keys, deadlines int64) {
	var stats fsm.Stats
	s.node.View(func(m consensus.StateMachine) { stats = m.(*machine).Stats() })
	return int64(stats.Keys), int64(stats.Deadlines)
}

// Notify has the relay tell what changes. It is called once, before clients are served.
func (s *store) Notify(progressed, saved func()) { s.relay.subscribe(progressed, saved) }
