package server

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/attributes"
	"github.com/raftredis/raftredis/resp"
)

// fiveMembers have the voters 1, 2 and 3 and the learners 4 and 5.
func fiveMembers() *membership.Configuration {
	c := &membership.Configuration{NextID: 6, Voters: []consensus.NodeID{1, 2, 3}, Learners: []consensus.NodeID{4, 5}}
	for id := consensus.NodeID(1); id < c.NextID; id++ {
		c.Members = append(c.Members, membership.Member{ID: id, Incarnation: 100 + uint64(id)})
	}
	return c
}

func nameOf(id consensus.NodeID) string { return attributes.NodeName(100 + uint64(id)) }

func TestChangesAreTranslatedByNameAndNumber(t *testing.T) {
	voter, learner := resp.Member{ID: 2}, resp.Member{Name: strings.ToUpper(nameOf(4))}
	for name, c := range map[string]struct {
		wanted  resp.MemberChange
		change  consensus.MemberChange
		unknown []resp.Member
	}{
		"a voter": {
			wanted: resp.MemberChange{Add: []resp.NewMember{{PeerAddress: "a:1"}}},
			change: consensus.MemberChange{Add: []string{"a:1"}},
		},
		"a learner": {
			wanted: resp.MemberChange{Add: []resp.NewMember{{PeerAddress: "a:1", Learner: true}}},
			change: consensus.MemberChange{AddLearners: []string{"a:1"}},
		},
		"on a condition": {
			wanted: resp.MemberChange{Add: []resp.NewMember{{PeerAddress: "a:1"}}, If: 9},
			change: consensus.MemberChange{Add: []string{"a:1"}, If: 9},
		},
		"removals": {
			wanted: resp.MemberChange{Remove: []resp.Member{voter, learner}},
			change: consensus.MemberChange{Remove: []consensus.NodeID{2, 4}},
		},
		"a voter for a voter": {
			wanted: resp.MemberChange{
				Remove: []resp.Member{voter}, Add: []resp.NewMember{{PeerAddress: "a:1", InPlaceOf: voter, Learner: true}},
			},
			change: consensus.MemberChange{Remove: []consensus.NodeID{2}, Add: []string{"a:1"}},
		},
		"a learner for a learner": {
			wanted: resp.MemberChange{
				Remove: []resp.Member{learner}, Add: []resp.NewMember{{PeerAddress: "a:1", InPlaceOf: learner}},
			},
			change: consensus.MemberChange{Remove: []consensus.NodeID{4}, AddLearners: []string{"a:1"}},
		},
		"unknown": {
			wanted:  resp.MemberChange{Remove: []resp.Member{voter, {ID: 6}, {Name: nameOf(6)}, {}}},
			change:  consensus.MemberChange{Remove: []consensus.NodeID{2}},
			unknown: []resp.Member{{ID: 6}, {Name: nameOf(6)}, {}},
		},
	} {
		change, unknown, err := translate(fiveMembers(), &c.wanted)
		if !reflect.DeepEqual(change, c.change) || !reflect.DeepEqual(unknown, c.unknown) || err != nil {
			t.Errorf("%s: %+v, unknown %v, %v", name, change, unknown, err)
		}
	}
	both := resp.MemberChange{
		Remove: []resp.Member{voter, learner},
		Add:    []resp.NewMember{{PeerAddress: "a:1", InPlaceOf: voter}, {PeerAddress: "a:2", InPlaceOf: learner}},
	}
	if change, _, err := translate(fiveMembers(), &both); err == nil {
		t.Errorf("a voter and a learner are replaced in one step: %+v", change)
	}
}

// The answer to a replacement was lost, and the client asks again: the name of the one who left is forgotten, but the
// text says that the other one is a member, and which.
func TestAReplacementThatIsCompleteIsAskedForAgain(t *testing.T) {
	c := fiveMembers()
	c.Members = c.Members[1:]
	c.Voters, c.Members[1].Address = c.Voters[1:], "a:3"
	gone := resp.Member{Name: nameOf(1)}
	for at, words := range map[string]string{"a:3": nameOf(3), "a:9": ""} {
		_, unknown, err := translate(c, &resp.MemberChange{
			Remove: []resp.Member{gone}, Add: []resp.NewMember{{PeerAddress: at, InPlaceOf: gone}},
		})
		if !reflect.DeepEqual(unknown, []resp.Member{gone}) || (err != nil) != (words != "") ||
			!strings.Contains(text(err), words) {
			t.Errorf("by %s: unknown %v, %v", at, unknown, err)
		}
	}
}

func TestFailedChangesAreRefusedOrUncertain(t *testing.T) {
	joint, catching := fiveMembers(), fiveMembers()
	joint.Outgoing, catching.Promote = []consensus.NodeID{1}, []consensus.NodeID{4, 5}
	refused := fmt.Errorf("%w: node 2: %w", consensus.ErrRefused, membership.ErrInUse)
	goesOn := fmt.Errorf("%w: %w", consensus.ErrPending, context.DeadlineExceeded)
	for _, c := range []struct {
		err     error
		late    bool
		now     *membership.Configuration
		outcome resp.Outcome
		reason  string
	}{
		{refused, false, fiveMembers(), resp.NotDone, "node 2: in use by another member"},
		{refused, true, fiveMembers(), resp.NotDone, "node 2: in use by another member"},
		{errors.New("ask the node at a:1"), false, fiveMembers(), resp.NotDone, "ask the node at a:1"},
		{errors.New("no leader"), true, fiveMembers(), resp.Uncertain, "no leader"},
		{consensus.ErrClosed, false, nil, resp.Uncertain, consensus.ErrClosed.Error()},
		{consensus.ErrSuperseded, false, fiveMembers(), resp.Uncertain, consensus.ErrSuperseded.Error()},
		{consensus.ErrUnknown, false, fiveMembers(), resp.Uncertain, consensus.ErrUnknown.Error()},
		{goesOn, true, catching, resp.Uncertain, "nodes [4 5] have to catch up before they become voters"},
		{goesOn, true, joint, resp.Uncertain, "a majority of the voters before and a majority of those after have to agree"},
		{goesOn, true, fiveMembers(), resp.Uncertain, "a majority of the voters has to agree"},
		{goesOn, true, nil, resp.Uncertain, goesOn.Error()},
	} {
		got := failure(c.err, c.late, c.now)
		if got.Outcome != c.outcome || got.Reason != c.reason {
			t.Errorf("%v, late %v: %v %q, want %v %q", c.err, c.late, got.Outcome, got.Reason, c.outcome, c.reason)
		}
	}
}

func TestNewMembersAreNamedUnlessTheyAreGoneAgain(t *testing.T) {
	members, err := named(fiveMembers(), []consensus.NodeID{5, 4})
	if want := []resp.Member{{ID: 5, Name: nameOf(5)}, {ID: 4, Name: nameOf(4)}}; !reflect.DeepEqual(members, want) {
		t.Errorf("%v, %v", members, err)
	}
	if members, err := named(fiveMembers(), []consensus.NodeID{4, 6}); err == nil {
		t.Errorf("a node that is no member is named: %v", members)
	}
}

func TestInfoTellsHowFarAChangeHasCome(t *testing.T) {
	stable := fiveMembers()
	joint, catching, retiring := fiveMembers(), fiveMembers(), fiveMembers()
	joint.Outgoing, catching.Promote, retiring.Retire = []consensus.NodeID{1}, []consensus.NodeID{4}, []consensus.NodeID{1}
	for want, state := range map[string]consensus.Status{
		"none":        {},
		"stable":      {Configuration: stable, Committed: stable},
		"uncommitted": {Configuration: stable, Committed: retiring},
		"catching-up": {Configuration: catching, Committed: catching},
		"retiring":    {Configuration: retiring, Committed: retiring},
		"joint":       {Configuration: joint, Committed: joint},
	} {
		if got := changeStage(&state); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestWhoeverIsOnlyInTheOldHalfLeaves(t *testing.T) {
	c := fiveMembers()
	for id := consensus.NodeID(1); id < 6; id++ {
		if leaves(c, id) {
			t.Errorf("node %d leaves a configuration that is not joint", id)
		}
	}
	c.Outgoing, c.Voters = []consensus.NodeID{1, 2, 3}, []consensus.NodeID{2, 3, 4}
	c.Learners = []consensus.NodeID{5}
	for id := consensus.NodeID(1); id < 6; id++ {
		if leaves(c, id) != (id == 1) {
			t.Errorf("node %d leaves: %v", id, leaves(c, id))
		}
	}
}
