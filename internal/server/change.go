package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/attributes"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/resp"
)

// maxChanges is how many clients may wait at once for changes of the members, by way of this node. There is one change
// at a time in the whole cluster, so more than a few are a mistake of somebody's.
const maxChanges = 16

// changes are the changes of the members that clients of this node wait for, each on a goroutine of its own.
type changes struct {
	ctx    context.Context
	cancel context.CancelFunc
	// places has room for maxChanges.
	places chan struct{}
}

func newChanges() *changes {
	c := &changes{places: make(chan struct{}, maxChanges)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// stop ends all waits.
func (c *changes) stop() { c.cancel() }

// Change makes a change in the background.
func (s *store) Change(r *resp.ChangeRequest) {
	select {
	case s.changes.places <- struct{}{}:
	default:
		r.Complete(resp.ChangeResult{Outcome: resp.Overloaded})
		return
	}
	ctx, cancel := context.WithTimeout(s.changes.ctx, r.Timeout)
	r.Ticket = cancel
	go func() {
		result := s.changeMembers(ctx, &r.Change)
		cancel()
		<-s.changes.places
		r.Complete(result)
	}()
}

// AbandonChange ends the wait for a change. What the cluster has taken up goes on without it.
func (s *store) AbandonChange(r *resp.ChangeRequest) {
	if cancel, running := r.Ticket.(context.CancelFunc); running {
		cancel()
	}
}

// changeMembers makes a change and says how it ended. Names are looked up in a configuration that is at least as new as
// anything that was acknowledged to anyone: who was told the id of a new member may use it on every node.
func (s *store) changeMembers(ctx context.Context, wanted *resp.MemberChange) resp.ChangeResult {
	if failed := s.refresh(ctx); failed != nil {
		return *failed
	}
	change, unknown, err := translate(s.node.Status().Configuration, wanted)
	if err != nil || len(unknown) > 0 {
		return resp.ChangeResult{Outcome: resp.NotDone, Unknown: unknown, Reason: text(err)}
	}
	ids, err := s.node.ChangeMembers(ctx, change)
	now := s.node.Status().Configuration
	if err != nil {
		return failure(err, ctx.Err() != nil, now)
	}
	added, err := named(now, ids)
	if err != nil {
		return resp.ChangeResult{Outcome: resp.Uncertain, Reason: err.Error()}
	}
	return resp.ChangeResult{Outcome: resp.Done, Added: added}
}

// refresh waits until this node knows everything that was acknowledged before. If it cannot, nothing was done.
func (s *store) refresh(ctx context.Context) *resp.ChangeResult {
	status := s.node.Status()
	switch {
	case status.Blank:
		return &resp.ChangeResult{Outcome: resp.NotDone, Reason: "this node belongs to no cluster: ask a member"}
	case status.Removed:
		return &resp.ChangeResult{Outcome: resp.NotDone, Reason: "this node was removed from its cluster: ask a member"}
	}
	err := s.node.Query(ctx, &command.Run{Protocol: 2})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, consensus.ErrOverloaded):
		return &resp.ChangeResult{Outcome: resp.Overloaded}
	}
	return &resp.ChangeResult{Outcome: resp.NotDone}
}

// translate puts a change into the words of the library, or names those to remove who are no members.
func translate(c *membership.Configuration, wanted *resp.MemberChange) (
	change consensus.MemberChange, unknown []resp.Member, err error,
) {
	change.If = wanted.If
	for _, gone := range wanted.Remove {
		if id := find(c, gone); id != 0 {
			change.Remove = append(change.Remove, id)
		} else {
			unknown = append(unknown, gone)
		}
	}
	if len(unknown) > 0 {
		return change, unknown, replacedBefore(c, unknown[0], wanted.Add)
	}
	for _, added := range wanted.Add {
		learner := added.Learner
		if added.InPlaceOf != (resp.Member{}) {
			learner = !c.Votes(find(c, added.InPlaceOf))
		}
		if learner {
			change.AddLearners = append(change.AddLearners, added.PeerAddress)
		} else {
			change.Add = append(change.Add, added.PeerAddress)
		}
	}
	if len(change.Add) > 0 && len(change.AddLearners) > 0 {
		return change, unknown, errors.New("voters and learners cannot be replaced in one step")
	}
	return change, unknown, nil
}

// replacedBefore says so if a node that is no member was to leave for one that is: a person who was told UNCERTAIN asks
// again for what is done. It is an error all the same: the name of a node that has left is forgotten, and one with a
// wrong digit looks like it.
func replacedBefore(c *membership.Configuration, gone resp.Member, added []resp.NewMember) error {
	for _, n := range added {
		if place := at(c, n.PeerAddress); n.InPlaceOf == gone && place != 0 {
			return fmt.Errorf("the node at %s is a member already, with the id %s. If you ask again for a change whose "+
				"end you were not told, it is done", n.PeerAddress,
				attributes.NodeName(membership.Find(c, place).Incarnation))
		}
	}
	return nil
}

// at is the number of the member that is to be found at a peer address; 0 if there is none.
func at(c *membership.Configuration, peerAddress string) consensus.NodeID {
	for i := range c.Members {
		if c.Members[i].Address == peerAddress {
			return c.Members[i].ID
		}
	}
	return 0
}

// find is the number of a member; 0 if there is none.
func find(c *membership.Configuration, wanted resp.Member) consensus.NodeID {
	for i := range c.Members {
		m := &c.Members[i]
		isNamed := wanted.Name != "" && strings.EqualFold(attributes.NodeName(m.Incarnation), wanted.Name)
		if uint64(m.ID) == wanted.ID || isNamed {
			return m.ID
		}
	}
	return 0
}

// named tells who has the numbers. This node has seen them become members; one that it does not know was removed since.
func named(c *membership.Configuration, ids []consensus.NodeID) ([]resp.Member, error) {
	members := make([]resp.Member, 0, len(ids))
	for _, id := range ids {
		m := membership.Find(c, id)
		if m == nil {
			return nil, fmt.Errorf("node %d was added, and removed again by somebody else", id)
		}
		members = append(members, resp.Member{ID: uint64(id), Name: attributes.NodeName(m.Incarnation)})
	}
	return members, nil
}

// failure translates the errors of changing members. What ended before its time was refused, and nothing of it was
// done, unless the error says otherwise. When the time is up it may go on, even where that is not known: a leader may
// have had it and not answered.
func failure(err error, late bool, c *membership.Configuration) resp.ChangeResult {
	open := late
	for _, known := range []error{
		consensus.ErrPending, consensus.ErrUnknown, consensus.ErrSuperseded, consensus.ErrClosed,
	} {
		open = open || errors.Is(err, known)
	}
	switch {
	case errors.Is(err, consensus.ErrConditionFailed):
		return resp.ChangeResult{Outcome: resp.NotDone, Reason: reasonOf(err) + "; CLUSTER NODES shows the members, " +
			"CLUSTER INFO their cluster_config_index"}
	case errors.Is(err, consensus.ErrRefused) || !open:
		return resp.ChangeResult{Outcome: resp.NotDone, Reason: reasonOf(err)}
	case errors.Is(err, consensus.ErrPending) && c != nil:
		return resp.ChangeResult{Outcome: resp.Uncertain, Reason: pending(c)}
	}
	return resp.ChangeResult{Outcome: resp.Uncertain, Reason: err.Error()}
}

// reasonOf is the text of a refusal: that it is refused is clear.
func reasonOf(err error) string {
	return strings.TrimPrefix(err.Error(), consensus.ErrRefused.Error()+": ")
}

// pending says what a change that goes on waits for, as far as the newest configuration tells.
func pending(c *membership.Configuration) string {
	switch {
	case c.Joint():
		return "a majority of the voters before and a majority of those after have to agree"
	case len(c.Promote) > 0:
		return fmt.Sprintf("nodes %d have to catch up before they become voters", c.Promote)
	}
	return "a majority of the voters has to agree"
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Join makes a blank node ask to be taken in.
func (s *store) Join(peerAddress string) error { return s.node.Join(peerAddress) }
