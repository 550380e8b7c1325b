package consensus

import (
	"context"
	"errors"
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
func (o peerHandler) Join(j transport.Join) (transport.Newcomer, error) {
	<-o.assembled
	var err error
	switch {
	case j.Boot == o.boot:
		err = &transport.Refusal{Cause: transport.ErrSelf, Text: transport.ErrSelf.Error()}
	case j.Withdraw:
		err = o.release(j)
	case o.runner.Load() == nil:
		return o.takeJoiner(j)
	default:
		err = o.admitJoiner(j)
	}
	if err != nil {
		return transport.Newcomer{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.introduceLocked(), nil
}

// admitJoiner adds a node that asks for it to the cluster, as a voter. It does not wait until it is one: the node asks
// again, until it is contacted.
func (n *Node) admitJoiner(j transport.Join) error {
	if err := checkJoiner(j); err != nil {
		return err
	}
	if o := n.obstacle.Load(); o.fences() {
		return &transport.Refusal{Text: "this node takes no part itself: " + o.Text, Redirect: o.ByAddress}
	}
	m := memberOf(j)
	s := n.runner.Load().Status()
	known := memberByIncarnation(s.Configuration, m.Incarnation)
	if known != nil && j.Incarnation != n.self.Load().Incarnation &&
		(j.Address != known.Address || s.Configuration.HasLog(known.ID)) {
		return n.refuseCopy(j, known)
	}
	if known != nil && known.Alike(&m) && j.Address == known.Address {
		return n.checkTwin(j, nil)
	}
	if err := checkJoinerLevel(s.Configuration, j.Level); err != nil {
		return &transport.Refusal{Text: err.Error()}
	}
	if err := n.checkJoinerIsThere(j, known); err != nil {
		return err
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

// checkJoinerLevel refuses a blank node whose build could not read the log. One that is added while the level is raised
// is refused by each member that it meets.
func checkJoinerLevel(c *membership.Configuration, level uint8) error {
	if known, needs := max(level, raftlog.FirstLevel), c.FeatureLevel(); known < needs {
		return fmt.Errorf("its build knows feature level %d, the cluster's is %d: start it with a build of level %d or later",
			known, needs, needs)
	}
	return nil
}

// checkJoinerIsThere refuses a node that does not answer at its address: it would be a member that no one reaches, and
// the change that waits for it would hold up all others. It also refuses one whose incarnation another living process
// at its address has.
func (n *Node) checkJoinerIsThere(j transport.Join, known *membership.Member) error {
	var first *transport.Join
	if known != nil {
		first = &transport.Join{Incarnation: known.Incarnation, Address: known.Address}
	}
	if err := n.checkTwin(j, first); err != nil {
		return err
	}
	if err := n.lookAt(j); err != nil {
		return &transport.Refusal{Text: lookedFor + err.Error()}
	}
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
	obstacle := o.obstacle.Load()
	switch {
	case obstacle.fences(): // also to one that asks whether a process with its incarnation is here: this one is gone
		return transport.Newcomer{}, &transport.Refusal{Cause: obstacle.cause(), Text: "it takes no part any more: " +
			obstacle.Text + "; " + emptyDirectory}
	case o.renaming && !o.started:
		return transport.Newcomer{}, &transport.Refusal{Text: "it is about to draw another incarnation; ask again"}
	case clusterID == 0:
		return o.introduceLocked(), nil
	case o.identity.NodeID == 0 && o.options.Bootstrap && !obstacle.bars():
		return transport.Newcomer{}, &transport.Refusal{
			Text: "it is making a cluster of its own, and waits for others to join",
		}
	case o.identity.NodeID != 0 && o.identity.ClusterID != clusterID:
		return transport.Newcomer{}, &transport.Refusal{Text: fmt.Sprintf("it is node %d of another cluster, %016x; %s",
			o.identity.NodeID, o.identity.ClusterID, emptyDirectory)}
	}
	return o.introduceLocked(), o.name()
}

// introduceLocked is who the node is to one that asks. The caller holds the lock.
func (n *Node) introduceLocked() transport.Newcomer {
	who := transport.Newcomer{Join: n.describe()}
	if n.started {
		who.ClusterID, who.NodeID = n.identity.ClusterID, raftlog.NodeID(n.identity.NodeID)
	}
	return who
}

// describe is what the node says of itself. The caller holds the lock.
func (n *Node) describe() transport.Join {
	j := transport.Join{
		Incarnation: n.identity.Incarnation, Boot: n.boot,
		Address: n.options.PeerAddress, Attributes: n.options.Attributes, Level: engine.Level,
	}
	if !n.started {
		j.Founding, j.Founders = n.options.Bootstrap && !n.barred(), n.founders
	}
	return j
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
	answer, err := o.change(o.context, c)
	return answer, toldOfStop(err)
}

// toldOfStop is what a node answers that ended before a change did: not a refusal, since the change may be in the log.
func toldOfStop(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) {
		return &transport.Refusal{
			Cause: engine.ErrStopped, Text: "the leader stops; whether it took the change is not known",
		}
	}
	return err
}

// checkArrival has the engine check whether a member that dialled holds what it confirmed.
func (n *Node) checkArrival(ctx context.Context, theirs *transport.Hello) error {
	r := n.runner.Load()
	answered := make(chan struct{})
	a := &engine.Arrival{
		From: theirs.From, Boot: theirs.Boot, Incarnation: theirs.Incarnation, Start: theirs.Start, Level: theirs.Level,
		Term: theirs.Term, Durable: theirs.Durable.Index, DurableTerm: theirs.Durable.Term,
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
