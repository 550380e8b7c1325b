package consensus

import (
	"context"
	"fmt"
	"math"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// emptyDirectory is the way back in for a node whose data directory belongs to no member.
const emptyDirectory = "to add it as a new member, start it with an empty data directory"

// Join answers a blank node that asks to be a member.
func (o peerHandler) Join(j transport.Join) error {
	<-o.assembled
	if o.runner.Load() == nil {
		return o.takeJoiner(j)
	}
	return o.admitJoiner(j)
}

// admitJoiner adds a node that asks for it to the cluster, as a voter. It does not wait until it is one: the node asks
// again, until it is contacted.
func (n *Node) admitJoiner(j transport.Join) error {
	if err := checkJoiner(j); err != nil {
		return err
	}
	m := memberOf(j)
	s := n.runner.Load().Status()
	if known := memberByIncarnation(s.Configuration, m.Incarnation); known != nil && known.Alike(&m) {
		return nil
	}
	if err := checkReachable(s.Configuration); err != nil {
		return err
	}
	answer, err := n.change(n.context, membership.Change{Add: []membership.Member{m}})
	switch {
	case err != nil:
		return err
	case answer.Reason != "":
		return &transport.Refusal{Text: answer.Reason, Redirect: answer.Redirect}
	}
	n.options.Logger.Info("a node is to join", "peer", j.Address, "node", answer.Added[0])
	return nil
}

func memberByIncarnation(c *membership.Configuration, incarnation uint64) *membership.Member {
	if c == nil {
		return nil
	}
	for i := range c.Members {
		if c.Members[i].Incarnation == incarnation {
			return &c.Members[i]
		}
	}
	return nil
}

// Invite says who this node is.
func (o peerHandler) Invite(clusterID uint64) (transport.Newcomer, error) {
	<-o.assembled
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.identity.NodeID == 0 && o.options.Bootstrap:
		return transport.Newcomer{}, &transport.Refusal{
			Text: "it is making a cluster of its own, and waits for others to join",
		}
	case o.identity.NodeID != 0 && o.identity.ClusterID != clusterID:
		return transport.Newcomer{}, &transport.Refusal{Text: fmt.Sprintf("it is node %d of another cluster, %016x; %s",
			o.identity.NodeID, o.identity.ClusterID, emptyDirectory)}
	}
	return transport.Newcomer{NodeID: raftlog.NodeID(o.identity.NodeID), Join: o.describe()}, nil
}

// describe is what the node says of itself. The caller holds the lock.
func (n *Node) describe() transport.Join {
	return transport.Join{
		Incarnation: n.identity.Incarnation, Address: n.options.PeerAddress, Attributes: n.options.Attributes,
	}
}

// Change makes a change of the membership, if this node leads.
func (o peerHandler) Change(clusterID uint64, change []byte) (transport.Answer, error) {
	<-o.assembled
	if o.runner.Load() == nil {
		return transport.Answer{}, &transport.Refusal{Text: "this node is no member of a cluster"}
	}
	if own := o.clusterID(); own != clusterID {
		return transport.Answer{}, fmt.Errorf("%w: %016x and %016x", transport.ErrCluster, own, clusterID)
	}
	c, err := membership.DecodeChange(change)
	if err != nil {
		return transport.Answer{}, err
	}
	return o.change(o.context, c)
}

// checkArrival has the engine check whether a member that dialled holds what it confirmed.
func (n *Node) checkArrival(ctx context.Context, theirs *transport.Hello) error {
	r := n.runner.Load()
	answered := make(chan struct{})
	a := &engine.Arrival{
		From: theirs.From, Boot: theirs.Boot, Term: theirs.Term, Durable: theirs.Durable.Index,
		JournalRoomBytes: int(min(theirs.JournalRoomBytes, math.MaxInt)),
		Wake:             func() { close(answered) },
	}
	r.SubmitArrival(a)
	select {
	case <-answered:
		return a.Err
	case <-r.Stopped():
		return ErrClosed
	case <-ctx.Done():
		return ErrClosed
	}
}
