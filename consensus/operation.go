package consensus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/pump"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

const (
	// changeRetry is how long a node waits before it asks again a leader that could not make a change now.
	changeRetry = 50 * time.Millisecond
	// changeRepeat is how long it waits to see in its own log what a leader accepted, before it asks again: that leader's
	// log may be lost.
	changeRepeat = time.Second
)

// operation is a change that this node wants made.
type operation struct {
	node   *Node
	runner *pump.Runner
	change membership.Change
	// addresses are where the nodes of change.Add were asked who they are.
	addresses []string
	// open means that a leader may have put the change into its log. accepted means that one did, and gave these ids to
	// the new members.
	open, accepted bool
	added          []raftlog.NodeID
	// seen means that this node's log has shown the change, committed.
	seen bool
	// obstacle is what the last attempt met.
	obstacle string
}

// carryOut has the leader make a change, and returns when the log says that it is complete. The nodes of c.Add were
// invited at the addresses.
func (n *Node) carryOut(ctx context.Context, c membership.Change, addresses []string) ([]raftlog.NodeID, error) {
	if len(c.Add)+len(c.Remove) == 0 {
		return nil, nil
	}
	o := &operation{node: n, runner: n.runner.Load(), change: c, addresses: addresses}
	for {
		wait, err := o.propose(ctx)
		if err != nil {
			return nil, err
		}
		if complete, err := o.watch(ctx, wait); complete || err != nil {
			return o.added, err
		}
	}
}

// propose asks the leader once, and says how long to wait before the next time. An error is final.
func (o *operation) propose(ctx context.Context) (wait time.Duration, err error) {
	if err := o.inviteAgain(ctx); errors.Is(err, ErrRefused) {
		return 0, o.refused(err)
	} else if err != nil {
		o.obstacle = err.Error()
		return changeRepeat, nil
	}
	return o.answered(o.node.askLeader(ctx, o.change))
}

// answered says what an answer means. A leader that stops may have taken the change:
//
//  1. A sends the change to L, which is about to stop. L's turn appends it.
//  2. The wait for that turn ends, because L stops. L says so to A, and not that it refuses.
//  3. L's entry is committed, or lost. A asks the next leader.
func (o *operation) answered(answer transport.Answer, err error) (wait time.Duration, final error) {
	var refusal *transport.Refusal
	switch {
	case errors.Is(err, engine.ErrStopped):
		o.obstacle, o.open = err.Error(), true
		return changeRetry, nil
	case errors.Is(err, membership.ErrOutdated) && errors.As(err, &refusal):
		return 0, o.refused(&reasonError{ErrConditionFailed, refuse("%s", refusal.Text)})
	case errors.As(err, &refusal):
		return 0, o.refused(fmt.Errorf("%w: %s", ErrRefused, refusal.Text))
	case err != nil:
		o.obstacle = err.Error()
		o.open = o.open || !unsent(err)
		return changeRetry, nil
	case answer.Reason != "":
		o.obstacle = answer.Reason
		return changeRetry, nil
	}
	o.open, o.accepted, o.added = true, true, answer.Added
	return changeRepeat, nil
}

// inviteAgain asks the nodes that are to be added once more who they are, if a leader may have added them:
//
//  1. L1 puts B into its log as node 4, and contacts it. B stores that it is node 4. L1's log is lost.
//  2. L2 makes C node 4, and is asked for B as it was: a blank node. It would put B into its log as node 5.
//  3. B is node 4 for good. It never catches up as 5, and no other node can be promoted until somebody gives 5 up.
func (o *operation) inviteAgain(ctx context.Context) error {
	if !o.open {
		return nil
	}
	again, err := o.node.invite(ctx, o.addresses)
	if err != nil {
		return err
	}
	for i := range again {
		if before := o.change.Add[i].Incarnation; again[i].Incarnation != before {
			return fmt.Errorf("the node at %s was %016x when it was invited, and is %016x now",
				o.addresses[i], before, again[i].Incarnation)
		}
	}
	o.change.Add = again
	return nil
}

// refused is what a refusal means: that the change is not made, unless an earlier attempt may have been accepted.
func (o *operation) refused(err error) error {
	if o.open {
		return fmt.Errorf("%w; when it was asked for again: %v", ErrUnknown, err)
	}
	return err
}

// unsent reports whether a question did not even find a connection.
func unsent(err error) bool {
	var failed *transport.DialError
	return errors.As(err, &failed)
}

// watch looks at the log until the change is complete, or it is time to ask again. A change that the log carries needs
// no asking any more.
func (o *operation) watch(ctx context.Context, wait time.Duration) (complete bool, err error) {
	changes, stop := o.node.watchers.add(Event{Members: true})
	defer stop()
	again := time.NewTimer(wait)
	defer again.Stop()
	for late := false; ; {
		stage, err := o.look()
		switch {
		case stage == fulfilled || err != nil:
			return err == nil, err
		case stage == unseen && late:
			return false, nil
		}
		select {
		case <-changes.woken:
		case <-again.C:
			late = true
		case <-o.runner.Stopped():
			return false, errors.Join(ErrClosed, o.runner.Err())
		case <-ctx.Done():
			return false, o.interrupted(ctx)
		}
	}
}

// look compares the log with the change. What it showed once as committed, and shows no more, somebody gave up.
func (o *operation) look() (stage, error) {
	if !o.accepted {
		return unseen, nil
	}
	stage, err := stageOf(o.runner.Status().Committed, &o.change, o.added)
	if stage == unseen && o.seen && err == nil {
		err = fmt.Errorf("%w: it was given up before it was complete", ErrSuperseded)
	}
	o.seen = o.seen || stage != unseen
	return stage, err
}

// interrupted is the error of an operation whose caller waits no longer.
func (o *operation) interrupted(ctx context.Context) error {
	if o.accepted {
		return fmt.Errorf("%w: %w", ErrPending, ctx.Err())
	}
	return fmt.Errorf("membership change: %w: %s", ctx.Err(), o.obstacle)
}

// stage is how far the log has come with a change.
type stage uint8

const (
	unseen    stage = iota // it does not show the change, or no more
	underWay               // it carries the change on by itself
	fulfilled              // it is as the change wants it
)

// stageOf compares a committed configuration with what a change wants, after a leader gave the ids added to the nodes
// of change.Add. The error says that somebody gave the change up meanwhile.
func stageOf(c *membership.Configuration, change *membership.Change, added []raftlog.NodeID) (stage, error) {
	if c == nil {
		return unseen, nil
	}
	s := fulfilled
	if c.Joint() {
		s = underWay
	}
	for i, id := range added {
		m := membership.Find(c, id)
		switch {
		case membership.LeftOut(c, id):
			return unseen, fmt.Errorf("%w: node %d was removed again", ErrSuperseded, id)
		case m == nil || m.Incarnation != change.Add[i].Incarnation:
			return unseen, nil
		case !change.Learner && !slices.Contains(c.Voters, id):
			s = underWay
		}
	}
	for _, id := range change.Remove {
		switch {
		case id >= c.NextID: // this node has yet to see that it was added
			return unseen, nil
		case membership.Find(c, id) == nil:
		case slices.Contains(c.Retire, id) || c.Votes(id) && !slices.Contains(c.Voters, id):
			s = underWay
		default:
			return unseen, nil
		}
	}
	return s, nil
}

// askLeader gives a change to the leader: an error that is a *transport.Refusal is final.
func (n *Node) askLeader(ctx context.Context, c membership.Change) (transport.Answer, error) {
	leader, self := n.leader()
	switch {
	case leader == nil:
		return transport.Answer{Reason: "there is no leader at the moment"}, nil
	case self:
		return n.change(ctx, c)
	}
	return n.transport.Change(ctx, n.addressOf(leader), n.clusterID(), membership.EncodeChange(c))
}

// change gives a change to this node's own turn.
func (n *Node) change(ctx context.Context, c membership.Change) (transport.Answer, error) {
	r := n.runner.Load()
	answered := make(chan struct{})
	request := &engine.ChangeRequest{Change: c, Wake: func() { close(answered) }}
	r.SubmitChange(request)
	var ended error
	select {
	case <-answered:
	case <-r.Stopped():
		ended = ErrClosed
	case <-ctx.Done():
		ended = ctx.Err()
	}
	select {
	case <-answered: // that says more, and may have come at the same moment
	default:
		return transport.Answer{}, ended
	}
	switch err := request.Err; {
	case err == nil:
		return transport.Answer{Added: idsOf(request.Accepted, c.Add)}, nil
	case errors.Is(err, raft.ErrNotLeader):
		return transport.Answer{Reason: err.Error(), Redirect: n.leaderAddress()}, nil
	case errors.Is(err, raft.ErrTooEarly), errors.Is(err, membership.ErrChangeInProgress),
		errors.Is(err, engine.ErrStopped):
		return transport.Answer{Reason: err.Error()}, nil
	default:
		return transport.Answer{}, &transport.Refusal{Text: err.Error(), Cause: err}
	}
}

// idsOf are the ids of those whom a change added.
func idsOf(c *membership.Configuration, added []membership.Member) []raftlog.NodeID {
	var ids []raftlog.NodeID
	for _, a := range added {
		at := slices.IndexFunc(c.Members, func(m membership.Member) bool { return m.Incarnation == a.Incarnation })
		ids = append(ids, c.Members[at].ID)
	}
	return ids
}

// leader is the member that this node believes to lead, and whether it is this node itself; nil if it knows of none, or
// of one that its newest configuration does not name.
func (n *Node) leader() (leader *membership.Member, self bool) {
	s := n.runner.Load().Status()
	leader = membership.Find(s.Configuration, s.Leader)
	return leader, leader != nil && s.Leader == s.ID
}

// leaderAddress is where the leader that this node knows takes connections; empty if it knows none, or leads itself.
func (n *Node) leaderAddress() string {
	leader, self := n.leader()
	if leader == nil || self {
		return ""
	}
	return n.addressOf(leader)
}

func (n *Node) clusterID() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.identity.ClusterID
}
