package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/attributes"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/resp/info"
	"github.com/raftredis/raftredis/resp/topology"
)

// The roles of a leader and of a follower in a status.
const leads, follows = "leader", "follower"

// Leader is the member that the node believes to lead.
func (s *store) Leader() topology.Leader {
	status := s.node.Status()
	leader := membership.Find(status.Configuration, status.Leader)
	answer := topology.Leader{
		Known: leader != nil, Self: leader != nil && status.Leader == status.ID, Removed: status.Removed,
	}
	if status.Obstacle != nil || status.Blank {
		answer.Refusal = s.notDone(status)
	}
	if leader != nil {
		answer.Host, answer.Port, answer.Hostname = clientAddress(leader)
	}
	return answer
}

// TakeOver asks the leader to hand over to this node.
func (s *store) TakeOver() error {
	err := s.node.TakeOver()
	if errors.Is(err, consensus.ErrNotDone) {
		return resp.ErrNoLeader
	}
	return err
}

// HandOver gives leadership away in the background. A node that cannot goes on leading, and says so in its log.
func (s *store) HandOver(period time.Duration) {
	go func() {
		ctx, cancel := context.WithTimeout(s.changes.ctx, period)
		defer cancel()
		if err := s.node.HandOver(ctx); err != nil {
			s.logger.Warn("leadership was not handed over, although a client said FAILOVER", "error", err)
		}
	}()
}

// Standing is what the node is in its cluster.
func (s *store) Standing() topology.Standing {
	return s.standing(s.node.Status())
}

func (s *store) standing(status *consensus.Status) topology.Standing {
	switch o := obstacleOf(status); {
	case o != nil && o.Kind != obstacleRemoved:
		return topology.Standing{State: obstacleState(o)}
	case status.Blank && s.config.node.Bootstrap:
		return topology.Standing{State: topology.Initializing}
	case status.Blank:
		return topology.Standing{State: topology.Joining}
	}
	standing := topology.Standing{
		State: topology.Up, Leads: status.ID != 0 && status.Leader == status.ID, Opening: !s.node.isOpen(),
	}
	switch {
	case status.Removed:
		standing.State = topology.Removed
	case !s.serving.Load() || s.loading.on.Load():
		standing.State = topology.Loading
	}
	return standing
}

// Applied is the last entry that was applied. Clients are woken before the node's status shows what was applied: it may
// not have come as far as a client that was answered and asks now, by WAIT, which nodes have its write. So the machine
// counts itself.
func (s *store) Applied() uint64 { return s.machine.applied.Load() }

// Cluster is what the node knows of its cluster.
func (s *store) Cluster() topology.Cluster {
	status := s.node.Status()
	return topology.Cluster{
		Standing: s.standing(status), Self: uint64(status.ID), Name: attributes.NodeName(status.Incarnation),
		ID:   status.ClusterID,
		Term: status.Term, Leader: uint64(status.Leader), Own: s.own, Nodes: members(status), Log: s.log(status),
	}
}

// joins is the role of a node that belongs to no cluster, where others have one.
const joins = "joiner"

// log is what the node knows of the log.
func (s *store) log(status *consensus.Status) topology.Log {
	l := topology.Log{Role: status.Role, Applied: s.Applied(), Entries: entriesOf(status)}
	l.Commit = max(status.CommitIndex, l.Applied)
	if status.Blank {
		l.Role = joins
	}
	if status.Committed != nil {
		l.ConfigurationIndex = uint64(status.Committed.Index)
	}
	return l
}

// entriesOf is how many entries the log on this node's disk has.
func entriesOf(status *consensus.Status) uint64 {
	return status.LastIndex + 1 - min(status.FirstIndex, status.LastIndex+1)
}

// ownAddresses are those that a node announces.
func ownAddresses(o *consensus.Options) (own topology.Own) {
	own.Host, own.Port = address.Split(attributes.ClientAddress(o.Attributes))
	_, own.PeerPort = address.Split(o.PeerAddress)
	return own
}

// members lists the nodes of the newest configuration. A node vouches for itself, and for those to which it has a link.
func members(status *consensus.Status) []topology.Node {
	if status.Configuration == nil {
		return nil
	}
	nodes := make([]topology.Node, 0, len(status.Configuration.Members))
	for i := range status.Configuration.Members {
		m := &status.Configuration.Members[i]
		host, port, hostname := clientAddress(m)
		_, peerPort := address.Split(m.Address)
		node := topology.Node{
			ID: uint64(m.ID), Name: attributes.NodeName(m.Incarnation), Host: host, Port: port, PeerPort: peerPort,
			Hostname: hostname,
			Voter:    status.Configuration.Votes(m.ID),
			Leaving:  leaves(status.Configuration, m.ID),
			Up:       m.ID == status.ID || slices.Contains(status.Linked, m.ID),
			Absent:   slices.Contains(status.Absent, m.ID),
			Match:    status.Match[m.ID],
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// clientAddress is where clients reach a member.
func clientAddress(m *membership.Member) (host string, port int, hostname string) {
	a, _ := attributes.Decode(m.Attributes) // those that another version wrote are none here
	host, port = address.Split(a.ClientAddress)
	return host, port, a.ClientHostname
}

// leaves reports whether a member is one only as long as voters are being exchanged. One that is to leave when others
// have caught up serves its clients until then like any other.
func leaves(c *membership.Configuration, id consensus.NodeID) bool {
	return c.Joint() && !slices.Contains(c.Voters, id) && !slices.Contains(c.Learners, id)
}

// Progress is how far the log has come on this node's disk and, where it leads, on others.
func (s *store) Progress() resp.Progress {
	status := s.node.Status()
	if status.Configuration == nil {
		return resp.Progress{}
	}
	p := resp.Progress{Leads: status.Role == leads}
	for i := range status.Configuration.Members {
		id := status.Configuration.Members[i].ID
		if status.Configuration.Votes(id) && !leaves(status.Configuration, id) {
			p.Voters++
		}
		if id == status.ID {
			p.Own = status.DurableIndex
		} else if p.Leads {
			p.Others = append(p.Others, status.Match[id])
		}
	}
	return p
}

// Keyspace counts the keys. While the node loads, or the state may not be shown, there are none.
func (s *store) Keyspace() resp.Keyspace {
	if s.loading.on.Load() {
		return resp.Keyspace{}
	}
	var stats fsm.Stats
	if s.node.View(func(m consensus.StateMachine) { stats = m.(*machine).Stats() }) != nil {
		return resp.Keyspace{}
	}
	all := resp.Keyspace{
		Keys: int64(stats.Keys), Deadlines: int64(stats.Deadlines), Overdue: int64(stats.Overdue),
		Expired: int64(stats.Expired),
	}
	for _, d := range stats.Databases {
		all.Databases = append(all.Databases, info.Database{
			Number: int64(d.Number), Keys: int64(d.Keys), Deadlines: int64(d.Deadlines), MillisLeft: d.MeanMillisLeft,
		})
	}
	return all
}

// Sessions counts the sessions, and the bytes that they occupy, as of the last entry.
func (s *store) Sessions() (count, bytes int64) {
	return s.machine.sessions.Load(), s.machine.sessionBytes.Load()
}

// DataBytes is about how many bytes the keys and values occupy.
func (s *store) DataBytes() int64 { return s.machine.held.Load() }

// LogBytes is how much of the log is in memory: what is not in history yet.
func (s *store) LogBytes() int64 { return int64(s.node.Status().JournalBytes) }

// SettingsDiffer names the settings of which not all nodes have the same.
func (s *store) SettingsDiffer() []string { return s.compared().differ }

// MinMaxMemory is the least maxmemory of all members, as far as this node has heard; 0 if none has one.
func (s *store) MinMaxMemory() int64 { return s.compared().maxMemory }

// compared is how the settings of the nodes compare.
func (s *store) compared() *comparison {
	if s.alike == nil {
		return &comparison{}
	}
	return s.alike.found.Load()
}

// Notify has the relay tell what changes. It is called once, before clients are served.
func (s *store) Notify(progressed, saved func()) { s.relay.subscribe(progressed, saved) }
