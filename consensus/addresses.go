package consensus

import (
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A node that is started at another address tells it to the nodes that it meets: those that it dials, those that dial
// it, and those at the addresses of Options.Join. What it says counts at once for the connections of each of them, for
// without those a leader that moved its majority could not write to the log that they moved. They pass it on (see
// acquaintance.go), and the leader writes it to the log, for clients and for later starts.

// addressInterval is how often a leader looks whether the configuration has everyone's address, besides the moments at
// which it begins to lead, or hears something.
const addressInterval = time.Second

// noteAddresses takes what a member says of its addresses: m is the member in the newest configuration.
func (n *Node) noteAddresses(m *membership.Member, theirs *transport.Hello) {
	said := *m
	said.Address, said.Attributes = theirs.Address, theirs.Attributes
	if !takes(said.Address) || len(said.Attributes) > membership.MaxAttributesBytes {
		return
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	news := n.peers.book.Say(m, &said, theirs.Claim())
	n.renewPeers()
	signal(n.moved)
	if news {
		n.options.Logger.Info("a member is at another address", "peer", m.ID, "address", said.Address)
		signal(n.learned)
		signal(n.located)
	}
}

// hearClaims takes what a member says of the addresses of others.
func (n *Node) hearClaims(claims []locations.Claim) {
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	for _, claim := range claims {
		if takes(claim.Address) && n.peers.book.Hear(claim) {
			n.options.Logger.Info("a member is said to be at another address", "peer", claim.ID, "address", claim.Address)
			signal(n.learned)
			signal(n.located)
		}
	}
	n.renewPeers()
}

// takes reports whether an address is one that this node dials.
func takes(address string) bool {
	return transport.CheckAddress(address) == nil && len(address) <= maxAddressBytes
}

// renewPeers has the transport dial where members are by now. The caller holds the lock of the peers.
func (n *Node) renewPeers() {
	if n.peers.configured {
		n.transport.SetPeers(n.peers.list())
	}
}

// signal wakes the goroutine that waits for the channel, now or when it next waits.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// keepAddresses has a leader write to the log where members are to be found, itself included.
func (n *Node) keepAddresses() {
	ticker := time.NewTicker(addressInterval)
	defer ticker.Stop()
	var obstacle string
	for {
		ticked := false
		select {
		case <-ticker.C:
			ticked = true
		case <-n.moved:
		case <-n.context.Done():
			return
		}
		s := n.runner.Load().Status()
		if ticked {
			n.writeLogged(s)
		}
		updates := n.updates(s)
		if len(updates) == 0 {
			obstacle = ""
			continue
		}
		news, soon := n.writeAddresses(s.Configuration, updates)
		if soon {
			ticker.Reset(changeRetry)
		} else {
			ticker.Reset(addressInterval)
		}
		if news != obstacle && n.context.Err() == nil {
			n.options.Logger.Info("members have moved", "members", len(updates), "obstacle", news)
		}
		obstacle = news
	}
}

// writeAddresses writes new addresses of members to the log, and says what stood in the way; soon means that this is a
// matter of moments: a leader that has just begun takes no change yet.
func (n *Node) writeAddresses(c *membership.Configuration, updates []membership.Member) (obstacle string, soon bool) {
	possible, impossible := locations.Compatible(c, updates)
	if impossible != nil {
		obstacle = impossible.Error()
	}
	if len(possible) == 0 {
		return obstacle, false
	}
	switch answer, err := n.change(n.context, membership.Change{Update: possible}); {
	case err != nil:
		return err.Error(), false
	case answer.Reason != "":
		return answer.Reason, true
	}
	return obstacle, false
}

// writeLogged has a leader write to the log which of the voters that formed the cluster have a log by now. A refusal is
// one of the moment: it tries again.
func (n *Node) writeLogged(s *engine.Status) {
	if s.Role != raft.Leader || s.Configuration == nil || len(s.Configuration.Fresh) == 0 {
		return
	}
	var logged []raftlog.NodeID
	for _, id := range s.Configuration.Fresh {
		holds := func(f raft.FollowerStatus) bool { return f.ID == id && f.Match > 0 }
		if id == s.ID || slices.ContainsFunc(s.Followers, holds) {
			logged = append(logged, id)
		}
	}
	if len(logged) == 0 {
		return
	}
	answer, err := n.change(n.context, membership.Change{Logged: logged})
	n.options.Logger.Debug("these members have a log", "nodes", logged, "unknown", len(s.Configuration.Fresh)-len(logged),
		"obstacle", answer.Reason, "error", err)
}

// updates are the members whose addresses in the configuration are not what they say; none on a node that does not
// lead.
func (n *Node) updates(s *engine.Status) []membership.Member {
	if s.Role != raft.Leader || s.Configuration == nil {
		return nil
	}
	own := membership.Member{ID: s.ID, Address: n.options.PeerAddress, Attributes: n.options.Attributes}
	if m := membership.Find(s.Configuration, s.ID); m != nil && len(s.Configuration.Members) > 1 &&
		transport.CheckAddress(own.Address) != nil {
		own.Address, own.Attributes = m.Address, m.Attributes
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	return n.peers.book.Moved(s.Configuration, &own)
}
