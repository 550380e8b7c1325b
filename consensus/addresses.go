package consensus

import (
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
)

// A node that is started at another address tells it to the nodes that it dials. What it says counts at once
// for the connections of each of them, for without those a leader that moved its majority could not write to the log
// that they moved; and the leader writes it to the log, for all the others and for clients.

// addressInterval is how often a leader looks whether the configuration has everyone's address.
const addressInterval = time.Second

// announcement is what a member said of itself, beside what the configuration said then. When the configuration
// changes, it is at least as new.
type announcement struct {
	member     membership.Member
	configured membership.Member
}

// noteAddresses takes what an admitted member says of its addresses. It reports whether that is news.
func (n *Node) noteAddresses(m *membership.Member, theirs *transport.Hello) {
	said := *m
	said.Address, said.Attributes = theirs.Address, theirs.Attributes
	tooLong := len(said.Address) > maxAddressBytes || len(said.Attributes) > membership.MaxAttributesBytes
	if transport.CheckAddress(said.Address) != nil || tooLong {
		return
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	before := n.peers.addressLocked(m)
	if m.Alike(&said) {
		delete(n.peers.announced, m.ID)
	} else {
		n.peers.announced[m.ID] = announcement{member: said, configured: *m}
	}
	if n.peers.configured && n.peers.addressLocked(m) != before {
		n.transport.SetPeers(n.peers.list())
	}
	select {
	case n.moved <- struct{}{}:
	default:
	}
}

// keepAddresses has a leader write to the log where members are to be found, itself included.
func (n *Node) keepAddresses() {
	ticker := time.NewTicker(addressInterval)
	defer ticker.Stop()
	var obstacle string
	for {
		select {
		case <-ticker.C:
		case <-n.moved:
		case <-n.context.Done():
			return
		}
		s := n.runner.Load().Status()
		updates := n.updates(s)
		if len(updates) == 0 {
			obstacle = ""
			continue
		}
		news := n.writeAddresses(s.Configuration, updates)
		if news != obstacle && n.context.Err() == nil {
			n.options.Logger.Info("members have moved", "members", len(updates), "obstacle", news)
		}
		obstacle = news
	}
}

// writeAddresses writes new addresses of members to the log, and says what stood in the way.
func (n *Node) writeAddresses(c *membership.Configuration, updates []membership.Member) (obstacle string) {
	possible, impossible := compatible(c, updates)
	if impossible != nil {
		obstacle = impossible.Error()
	}
	if len(possible) == 0 {
		return obstacle
	}
	switch answer, err := n.change(n.context, membership.Change{Update: possible}); {
	case err != nil:
		return err.Error()
	case answer.Reason != "":
		return answer.Reason
	}
	return obstacle
}

// compatible are those of some updates that can be made together, all of them if possible: two members may have swapped
// addresses. Else a member that claims an address of another one, and cannot have moved there, holds up only itself;
// then there is an error.
func compatible(c *membership.Configuration, updates []membership.Member) (
	possible []membership.Member, impossible error,
) {
	if _, err := (membership.Change{Update: updates}).Next(c); err == nil {
		return updates, nil
	}
	for _, m := range updates {
		more := append(slices.Clone(possible), m)
		if _, err := (membership.Change{Update: more}).Next(c); err != nil {
			impossible = err
			continue
		}
		possible = more
	}
	return possible, impossible
}

// updates are the members whose addresses in the configuration are not what they say; none on a node that does not
// lead.
func (n *Node) updates(s *engine.Status) []membership.Member {
	if s.Role != raft.Leader || s.Configuration == nil {
		return nil
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	var moved []membership.Member
	for i := range s.Configuration.Members {
		m := &s.Configuration.Members[i]
		said := n.peers.announcedLocked(m)
		if m.ID == s.ID {
			own := *m
			own.Address, own.Attributes = n.options.PeerAddress, n.options.Attributes
			said = &own
			if len(s.Configuration.Members) > 1 && transport.CheckAddress(own.Address) != nil {
				continue
			}
		}
		if said != nil && !said.Alike(m) {
			moved = append(moved, *said)
		}
	}
	return moved
}
