package consensus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// How the members of a cluster change while it runs (A is where ChangeMembers was called, L leads, B is blank):
//
//  1. A invites B: B says who it is. Nothing is promised yet.
//  2. A sends the change to L, which appends a configuration with B as a learner that is to be promoted.
//  3. L connects to B and names B's incarnation; B takes its identity and receives the log from its first entry on.
//  4. B has caught up. The leader makes B a voter and drops the voters that are to go, in one joint change.
//  5. That is committed, as A hears by the log like everyone else.
//
// From 2 on the log carries the change; A may stop. Before, or if 2 was lost with L, A sends it again: a change that is
// made already is no change.

// MemberChange says which nodes become members and which cease to be members. New voters and removed ones change places
// in one step, so that at no time fewer nodes vote than before or after.
type MemberChange struct {
	// Add and AddLearners are the peer addresses of blank nodes that become voters, or learners for good. A member at such
	// an address is added already; a learner in Add becomes a voter.
	Add         []string
	AddLearners []string
	// Remove are the ids of members to remove. A node that was removed before is removed already.
	Remove []raftlog.NodeID
	// If, unless it is 0, is the index of the configuration that the change is based on, Status.Committed.Index: if that
	// is not the newest one any more, the change is refused (ErrConditionFailed), so that two operators who act at once do
	// not undo each other. The leader compares, where it puts the change into its log. What is made already is no change,
	// and is not refused: asking for the same again is right as ever, with the same If. Voters and learners are then added
	// one after the other.
	If uint64
}

// ChangeMembers changes the members of the cluster, and returns the ids of those in Add and then in AddLearners when
// the change is complete: it is committed, those of Add vote, those in Remove are gone. It works on any member, and
// goes on through changes of leaders until the context ends. Voters and learners are not added in one step: learners
// are added first, and members are removed in the last step.
//
// Errors: ErrRefused if it cannot be, with the reason; ErrSuperseded if another change took it back; ErrUnknown if it
// is refused now, and may have been accepted before; ErrPending with the context's error if the log carries the change
// and it is not complete; else the context's error, with what stood in the way. After any of the last three, asking for
// the same again is right.
func (n *Node) ChangeMembers(ctx context.Context, c MemberChange) (added []raftlog.NodeID, err error) {
	r := n.runner.Load()
	if r == nil || r.Status().Removed {
		return nil, refuse(notMember)
	}
	if len(c.Add)+len(c.AddLearners) > 0 {
		if err := checkReachable(r.Status().Configuration); err != nil {
			return nil, err
		}
	}
	if c.If != 0 && len(c.Add) > 0 && len(c.AddLearners) > 0 {
		return nil, refuse("voters and learners cannot be added in one step: with a condition, ask for one after the other")
	}
	base := raftlog.Index(c.If)
	voters, err := n.invite(ctx, c.Add)
	if err != nil {
		return nil, err
	}
	learners, err := n.invite(ctx, c.AddLearners)
	if err != nil {
		return nil, err
	}
	if err := contradiction(append(voters, learners...), c.Remove); err != nil {
		return nil, err
	}
	if len(voters) == 0 { // in one step, for a learner may leave its address to the one that takes its place
		change := membership.Change{Add: learners, Learner: true, Remove: c.Remove, If: base}
		return n.carryOut(ctx, change, c.AddLearners)
	}
	second, err := n.carryOut(ctx, membership.Change{Add: learners, Learner: true}, c.AddLearners)
	if err != nil {
		return nil, err
	}
	first, err := n.carryOut(ctx, membership.Change{Add: voters, Remove: c.Remove, If: base}, c.Add)
	if err != nil && len(second) > 0 {
		err = fmt.Errorf("nodes %d are learners now; the rest: %w", second, err)
	}
	return append(first, second...), err
}

// checkReachable refuses to grow a cluster whose members others cannot dial: one that was made of a single node need
// not have an address that means anything elsewhere.
func checkReachable(c *membership.Configuration) error {
	if c == nil {
		return nil
	}
	for i := range c.Members {
		if err := transport.CheckAddress(c.Members[i].Address); err != nil {
			return fmt.Errorf("%w: node %d cannot be reached by others: %w; start it with an address that can be dialled",
				ErrRefused, c.Members[i].ID, err)
		}
	}
	return nil
}

// contradiction refuses to add and remove the same node.
func contradiction(add []membership.Member, remove []raftlog.NodeID) error {
	for _, m := range add {
		if m.ID != 0 && slices.Contains(remove, m.ID) {
			return fmt.Errorf("%w: node %d is to be added and removed", ErrRefused, m.ID)
		}
	}
	return nil
}

// invite asks the nodes at the addresses who they are. The ID of a blank one is 0.
func (n *Node) invite(ctx context.Context, addresses []string) ([]membership.Member, error) {
	var members []membership.Member
	for _, address := range addresses {
		m, err := n.inviteOne(ctx, address)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

func (n *Node) inviteOne(ctx context.Context, address string) (membership.Member, error) {
	s := n.runner.Load().Status()
	newcomer, err := n.transport.Invite(ctx, address, n.clusterID())
	var refusal *transport.Refusal
	switch {
	case errors.As(err, &refusal):
		return membership.Member{}, fmt.Errorf("%w: the node at %s: %s", ErrRefused, address, refusal.Text)
	case err != nil:
		if m := memberAt(s.Configuration, address); m != nil {
			return *m, nil // it is down, and a member all the same
		}
		return membership.Member{}, fmt.Errorf("the node at %s does not answer there, where other nodes are to "+
			"reach it: %w; start it first, or name its port for other nodes", address, err)
	case newcomer.NodeID != 0 && membership.LeftOut(s.Committed, newcomer.NodeID):
		return membership.Member{}, fmt.Errorf("%w: the node at %s is node %d, which was removed from this cluster; %s",
			ErrRefused, address, newcomer.NodeID, emptyDirectory)
	}
	if transport.CheckAddress(newcomer.Address) != nil {
		newcomer.Address = address // it listens everywhere and does not know what others call it
	}
	if err := checkJoiner(newcomer.Join); err != nil {
		return membership.Member{}, fmt.Errorf("the node at %s: %w", address, err)
	}
	if err := checkJoinerLevel(s.Configuration, newcomer.Level); err != nil {
		return membership.Member{}, fmt.Errorf("%w: the node at %s: %w", ErrRefused, address, err)
	}
	m := memberOf(newcomer.Join)
	m.ID = newcomer.NodeID
	return m, nil
}

// memberOf is a blank node as a change of the membership wants it.
func memberOf(j transport.Join) membership.Member {
	return membership.Member{
		Incarnation: j.Incarnation, Address: j.Address, Attributes: j.Attributes,
	}
}

func memberAt(c *membership.Configuration, peerAddress string) *membership.Member {
	if c == nil {
		return nil
	}
	for i := range c.Members {
		if c.Members[i].Address == peerAddress {
			return &c.Members[i]
		}
	}
	return nil
}
