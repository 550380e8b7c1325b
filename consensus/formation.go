package consensus

import (
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// How a cluster of several nodes begins:
//
//  1. Blank nodes ask the first one to be taken in, and name their incarnations.
//  2. When enough have asked, the first node draws a cluster id, takes id 1, and makes its identity durable.
//  3. It makes entry 1 durable: the configuration with all of them. Until then no other node knows of the cluster.
//  4. It connects to each of them, naming incarnation and id. A blank node that finds its own incarnation named takes
//     the identity, makes it durable, and only then votes or acknowledges anything.
//  5. Entry 1 reaches them as any entry does.
//
// A crash between 2 and 3 leaves an identity that no other node knows; the same command line begins again.

// firstNode is the id of the node that makes a cluster.
const firstNode = 1

// takeJoiner answers a blank node that asks to be a member.
func (n *Node) takeJoiner(j transport.Join) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return ErrClosed
	case n.started:
		return &transport.Refusal{Text: "the cluster was formed a moment ago; ask again"}
	case !n.options.Bootstrap:
		return &transport.Refusal{Text: "this node belongs to no cluster itself"}
	case j.Address == n.options.PeerAddress:
		return &transport.Refusal{Text: "the peer address " + j.Address + " is this node's own"}
	}
	if err := checkJoiner(j); err != nil {
		return err
	}
	if !n.askedBefore(j) {
		n.joiners = append(n.joiners, j)
		n.countJoiners()
		n.options.Logger.Info("a node asks to join", "peer", j.Address,
			"nodes", len(n.joiners)+1, "expect", n.options.Expect)
	}
	if len(n.joiners)+1 < n.options.Expect {
		return nil
	}
	return n.form() // a cluster that cannot be formed is refused each time, to each of its nodes
}

// maxAddressBytes bounds an address: a host name of DNS has at most 253 bytes, a colon and a port six.
const maxAddressBytes = 259

// checkJoiner refuses what no node says of itself. It goes into the first entry, and with it to every node for good:
// one that cannot be decoded again would end the cluster at its first restart.
func checkJoiner(j transport.Join) error {
	switch {
	case j.Incarnation == 0:
		return &transport.Refusal{Text: "the node names no incarnation"}
	case len(j.Address) > maxAddressBytes:
		return &transport.Refusal{Text: fmt.Sprintf("the address is longer than %d bytes", maxAddressBytes)}
	case len(j.Attributes) > membership.MaxAttributesBytes:
		return &transport.Refusal{Text: fmt.Sprintf("the attributes are longer than %d bytes", membership.MaxAttributesBytes)}
	}
	return nil
}

// askedBefore reports whether the joiner is known, and notes what it says now: maybe it has another address, maybe an
// emptied directory. If it is two that were known, an old directory and an old address, one is left.
func (n *Node) askedBefore(j transport.Join) bool {
	same := func(k transport.Join) bool { return k.Incarnation == j.Incarnation || k.Address == j.Address }
	known := slices.IndexFunc(n.joiners, same)
	if known < 0 {
		return false
	}
	n.joiners[known] = j
	others := slices.DeleteFunc(n.joiners[known+1:], same)
	n.joiners = n.joiners[:known+1+len(others)]
	n.countJoiners()
	return true
}

func (n *Node) countJoiners() {
	n.joinerCount.Store(int32(len(n.joiners)))
	n.renew()
}

// form makes the cluster of this node and those that asked. The caller holds the lock.
func (n *Node) form() error {
	identity := n.identity
	identity.NodeID = firstNode
	if identity.ClusterID == 0 {
		identity.ClusterID = random()
	}
	c := &membership.Configuration{ClusterID: identity.ClusterID, HashSeed: random(), NextID: firstNode + 1}
	c.Members = []membership.Member{{
		ID: firstNode, Incarnation: identity.Incarnation,
		Address: n.options.PeerAddress, Attributes: n.options.Attributes,
	}}
	for _, j := range n.joiners {
		c.Members = append(c.Members, membership.Member{
			ID: c.NextID, Incarnation: j.Incarnation, Address: j.Address, Attributes: j.Attributes,
		})
		c.NextID++
	}
	for _, m := range c.Members {
		c.Voters = append(c.Voters, m.ID)
	}
	if err := membership.CheckRoom(c); err != nil {
		return fmt.Errorf("the cluster cannot be formed: %w", err)
	}
	if err := n.log.SetIdentity(identity); err != nil {
		return n.broken(fmt.Errorf("store the identity: %w", err))
	}
	n.setIdentity(identity)
	// It carries no time: this node has heard no other clock yet, and its own may be wrong.
	first := engine.FirstEntry(c, 0)
	operation := raftlog.Operation{Number: 1, Term: first.Term, Entries: []raftlog.Entry{first}}
	if err := n.log.Append([]raftlog.Operation{operation}); err != nil {
		err = fmt.Errorf("store the first entry: %w", err)
		n.fail(err) // the journal's errors are fatal, whatever they are
		return err
	}
	n.restored.Term, n.restored.Entries = first.Term, operation.Entries
	n.options.Logger.Info("cluster formed", "cluster", fmt.Sprintf("%016x", identity.ClusterID), "nodes", len(c.Members))
	return n.start()
}

// adopt makes this blank node the member that a peer's hello calls it.
func (n *Node) adopt(theirs transport.Hello) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.started {
		return nil // another member was faster
	}
	if n.closed {
		return ErrClosed // start would do nothing, and there would be no runner to ask
	}
	identity := n.identity
	if identity.NodeID != 0 {
		return errors.New("this node is making a cluster of its own")
	}
	identity.ClusterID, identity.NodeID = theirs.ClusterID, uint64(theirs.To)
	if err := n.log.SetIdentity(identity); err != nil {
		return n.broken(fmt.Errorf("store the identity: %w", err))
	}
	n.setIdentity(identity)
	n.options.Logger.Info("member of a cluster",
		"cluster", fmt.Sprintf("%016x", identity.ClusterID), "node", identity.NodeID)
	return n.start()
}

// broken fails the node for an error of the disk. One that may pass leaves the node as it was: whoever asked for what
// failed asks again.
func (n *Node) broken(err error) error {
	if vfs.IsFatal(err) {
		n.fail(err)
	}
	return err
}

// setIdentity says who the node is. The caller holds the lock, except in Open.
func (n *Node) setIdentity(identity wal.Identity) {
	n.identity = identity
	n.self.Store(&identity)
	n.renew()
}
