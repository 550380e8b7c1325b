package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Two processes with one incarnation are two copies of a data directory. Only one may speak; boot ids tell them apart.
// The one that was there first is believed as long as it answers. That holds for two members; a blank process is never
// believed to be a member that has moved (refuseCopy).
//
// A directory that is set back to the time when it was blank has the incarnation and the address of its member. The
// configuration knows which members have a log (Configuration.HasLog), and each member that dials such a one says so:
// the blank node does not take the member's place then (lostLog). A node that was added, and that stopped before it had
// its identity, takes it when it comes back: it has no log that anyone knows of.

// copiedDirectory is the way out for a process with a copy of a data directory.
const copiedDirectory = "its data directory is a copy, or the same: stop one of the two, and start it with an empty " +
	"data directory"

// twinPatience is how long the process that was there first has to answer. The second one waits for it, and it is most
// often the only one: a node that has moved.
const twinPatience = time.Second

// twinError refuses the process at one address for the one at another.
func twinError(incarnation uint64, second, first string) error {
	return &transport.Refusal{Cause: transport.ErrDuplicate, Text: fmt.Sprintf(
		"the node at %s has the incarnation %016x, and so has the one at %s, which runs; %s",
		second, incarnation, first, copiedDirectory)}
}

// checkTwin refuses a blank node that asks to join under an incarnation that another living process has: this one, or
// the one that was known by it before. known is what that one said of itself; nil if there is none.
func (n *Node) checkTwin(j transport.Join, known *transport.Join) error {
	switch {
	case j.Boot == n.boot:
		return &transport.Refusal{Cause: transport.ErrSelf, Text: transport.ErrSelf.Error()}
	case j.Incarnation == n.self.Load().Incarnation:
		err := twinError(j.Incarnation, j.Address, n.options.PeerAddress)
		n.options.Logger.Warn("a node that asks to join is refused", "peer", j.Address, "reason", err)
		return err
	case known == nil || known.Boot == j.Boot:
		return nil
	}
	return n.checkFirst(known.Address, j.Address, j.Incarnation, j.Boot)
}

// refuseCopy refuses a blank node that has a member's incarnation, if it has another address, or if the member has a
// log. It does so whether that member answers or not: the blank one has no log, and the member may have acknowledged
// entries. If it is the member itself, added and never met, it draws another incarnation (renameCopy) and joins as a
// new one.
func (n *Node) refuseCopy(j transport.Join, m *membership.Member) error {
	err := &transport.Refusal{Cause: transport.ErrTaken, Text: fmt.Sprintf(
		"the blank node at %s has the incarnation %016x, and so has node %d of this cluster, at %s: its data directory may "+
			"be a copy, or set back", j.Address, j.Incarnation, m.ID, m.Address)}
	n.options.Logger.Warn("a node that asks to join is refused", "peer", j.Address, "reason", err)
	return err
}

// lostLog is the answer of a blank node to a member that looks for the log that it had. It gives up the incarnation,
// under which it has promised what it has forgotten, and is a wiped node from then on. The caller holds the lock.
func (n *Node) lostLog(theirs *transport.Hello) error {
	o := &Obstacle{
		Kind: obstacleWiped, By: theirs.From, ByAddress: theirs.Address, ByAttributes: theirs.Attributes, At: time.Now(),
		ClusterID: theirs.ClusterID, Member: theirs.To, Incarnation: theirs.ToIncarnation,
		Text: fmt.Sprintf("node %d of cluster %016x looks for node %d at this address, which had a log, and this data "+
			"directory is blank: it was set back to before", theirs.From, theirs.ClusterID, theirs.To),
	}
	identity := n.identity
	identity.Incarnation, identity.Note = random(), o.encode()
	if err := n.storeIdentity(identity); err != nil {
		return err
	}
	n.renaming, n.asked = false, nil
	n.tellObstacle(o)
	return &transport.Refusal{Cause: transport.ErrIncarnation, Text: fmt.Sprintf(
		"the data directory of node %d is blank, and it had a log: %v; if that is lost, replace the member", theirs.To,
		transport.ErrIncarnation)}
}

// checkFirst refuses the process at the address second, with this incarnation and boot, if another process with the
// incarnation answers at the address first.
func (n *Node) checkFirst(first, second string, incarnation uint64, boot raftlog.Boot) error {
	ctx, cancel := context.WithTimeout(n.context, twinPatience)
	defer cancel()
	there, err := n.transport.Invite(ctx, first, 0)
	switch {
	case refusesToSay(err): // its cause is not passed on: it is about this node's question
		return fmt.Errorf("the process that was first known by the incarnation %016x, at %s, may be there, and does not "+
			"say who it is: %v; ask again", incarnation, first, err)
	case err != nil || there.Incarnation != incarnation || there.Boot == boot:
		return nil // it is gone, or it is this one
	}
	err = twinError(incarnation, second, first)
	n.options.Logger.Warn("a second process with one data directory is refused", "second", second, "first", first,
		"reason", err)
	return err
}

// refusesToSay reports whether a node is at an address that does not say who it is: it knows another password, or is
// about to draw another incarnation. One that takes no part any more counts as gone.
func refusesToSay(err error) bool {
	var refusal *transport.Refusal
	gone := errors.Is(err, transport.ErrSelf) || errors.Is(err, transport.ErrRemoved) ||
		errors.Is(err, engine.ErrRolledBack)
	return errors.Is(err, transport.ErrSecret) || errors.As(err, &refusal) && !gone
}

// lookedFor begins the refusal of a node that lookAt did not find.
const lookedFor = "this node looked for the one that asks: "

// lookAt dials a blank node that asked to join at the address that it says is its own. The error says why no other node
// could reach it there.
func (n *Node) lookAt(j transport.Join) error {
	there, err := n.transport.Invite(n.context, j.Address, 0)
	switch {
	case errors.Is(err, transport.ErrSelf) || err == nil && there.Boot == n.boot:
		return fmt.Errorf("its address %s leads from here to this node itself", j.Address)
	case err != nil:
		return fmt.Errorf("it cannot be reached at the address that it names: %w", err)
	case there.NodeID != 0 && there.ClusterID != n.clusterID():
		return fmt.Errorf("it is node %d of another cluster by now, %016x", there.NodeID, there.ClusterID)
	case there.Incarnation != j.Incarnation || there.Boot != j.Boot:
		return fmt.Errorf("another node answers at its address %s: %016x, and not %016x", j.Address, there.Incarnation,
			j.Incarnation)
	}
	return nil
}

// checkMoved refuses a member that says that it is at another address than the cluster knows, while the process at that
// address runs: it is the member, and the one that moved is a copy. Each process is checked once.
func (n *Node) checkMoved(m *membership.Member, theirs *transport.Hello) error {
	known := n.addressOf(m)
	if known == theirs.Address || n.peers.checkedBoot(m.ID) == theirs.Boot {
		return nil
	}
	if err := n.checkFirst(known, theirs.Address, theirs.Incarnation, theirs.Boot); err != nil {
		return err
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	n.peers.boots[m.ID] = theirs.Boot
	return nil
}

// checkedBoot is the boot of a member's process that checkMoved found to be the only one.
func (p *peers) checkedBoot(id raftlog.NodeID) raftlog.Boot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.boots[id]
}
