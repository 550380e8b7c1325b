package consensus_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// baseOf is the index of the newest configuration that a node knows to be committed.
func baseOf(n *consensus.Node) uint64 { return uint64(n.Status().Committed.Index) }

// newFleetOf is a cluster of voters that know all of each other.
func newFleetOf(t *testing.T, voters int) *fleet {
	t.Helper()
	f := newFleet(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(voters - 1)...)})
	for i, n := range f.nodes {
		until(t, fmt.Sprintf("node %d to know the members", i), func() bool {
			s := n.Status()
			return s.Committed != nil && len(s.Committed.Voters) == voters && baseOf(n) == baseOf(f.nodes[0])
		})
	}
	return f
}

// expectOutdated wants a change refused because of its condition, with the newest configuration named.
func expectOutdated(t *testing.T, err error, newest uint64) {
	t.Helper()
	named := fmt.Sprintf("that of entry %d,", newest)
	if !errors.Is(err, consensus.ErrConditionFailed) || !errors.Is(err, consensus.ErrRefused) ||
		!strings.Contains(err.Error(), named) {
		t.Errorf("%v, want a refusal that names entry %d", err, newest)
	}
}

// D19: Two operators see three voters, and each removes another one, by way of different nodes. One of them is refused:
// without a condition one voter would be left.
func TestTwoOperatorsDoNotUndoEachOther(t *testing.T) {
	f := newFleetOf(t, 3)
	base := baseOf(f.nodes[0])
	ended := make(chan error, 2)
	for i := range 2 {
		gone := f.nodes[i+1].Status().ID
		go func() {
			_, err := f.nodes[i].ChangeMembers(within(t), consensus.MemberChange{Remove: []raftlog.NodeID{gone}, If: base})
			ended <- err
		}()
	}
	first, second := <-ended, <-ended
	if first != nil {
		first, second = second, first
	}
	if first != nil {
		t.Fatalf("both are refused: %v, %v", first, second)
	}
	if !errors.Is(second, consensus.ErrConditionFailed) || !errors.Is(second, consensus.ErrRefused) {
		t.Fatalf("both were told nil, or this: %v", second)
	}
	if s := f.nodes[0].Status(); len(s.Committed.Voters) != 2 {
		t.Errorf("the voters are %v", s.Committed.Voters)
	}
}

// A change that was made is no change, whatever its condition: who was not told asks again, with the same condition. A
// condition that does not hold is refused on every node, and names the newest configuration.
func TestAChangeWithAConditionMayBeAskedForAgain(t *testing.T) {
	f := newFleetOf(t, 2)
	leader, follower := f.nodes[0], f.nodes[1]
	base := baseOf(leader)
	learner := f.blank(1)
	add := consensus.MemberChange{AddLearners: addresses(learner...), If: base}
	id := change(t, follower, add)[0]
	newest := baseOf(follower)
	if newest <= base {
		t.Fatalf("the configuration of entry %d is followed by that of entry %d", base, newest)
	}
	for _, n := range []*consensus.Node{leader, follower} {
		if again := change(t, n, add)[0]; again != id {
			t.Errorf("asked for again it is node %d, and was node %d", again, id)
		}
		for _, stale := range []uint64{base, newest - 1, newest + 1} {
			_, err := n.ChangeMembers(within(t), consensus.MemberChange{Remove: []raftlog.NodeID{id}, If: stale})
			expectOutdated(t, err, newest)
		}
	}
	both := consensus.MemberChange{Add: []string{"a:1"}, AddLearners: []string{"a:2"}, If: newest}
	if _, err := leader.ChangeMembers(within(t), both); !errors.Is(err, consensus.ErrRefused) {
		t.Errorf("voters and learners at once: %v", err)
	}
	remove := consensus.MemberChange{Remove: []raftlog.NodeID{id}, If: newest}
	change(t, follower, remove)
	change(t, leader, remove) // once more
	_, err := follower.ChangeMembers(within(t), add)
	if !errors.Is(err, consensus.ErrRefused) { // it was removed, and its directory is not added again
		t.Errorf("the node that another operator has removed is added again: %v", err)
	}
}

// The leader dies while it is asked for a change: the next one makes it, on the same condition.
func TestAConditionHoldsAcrossAFailover(t *testing.T) {
	f := newFleetOf(t, 3)
	base := baseOf(f.nodes[0])
	leader := 0
	until(t, "a leader", func() bool {
		for i, n := range f.nodes {
			if leads(n) {
				leader = i
				return true
			}
		}
		return false
	})
	by := f.nodes[(leader+1)%3]
	learner := f.blank(1)
	closed := make(chan error, 1)
	go func() { closed <- f.nodes[leader].Close() }()
	added := change(t, by, consensus.MemberChange{AddLearners: addresses(learner...), If: base})
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if s := by.Status(); len(added) != 1 || len(s.Committed.Learners) != 1 || s.Committed.Learners[0] != added[0] {
		t.Errorf("added are %v, and the learners are %v", added, s.Committed.Learners)
	}
}

// A node that knows the members from a snapshot knows them by the same index, and holds others to it when it leads.
func TestAConfigurationHasOneIndexOnAllNodes(t *testing.T) {
	l := newArchive(t, 3)
	l.write(0, 4)
	base := baseOf(l.nodes[0])
	behind := l.nodes[2].Status().LastIndex
	l.stop(2)
	l.compact(0, behind, 0, 1)
	l.start(2)
	l.expectAlike(2)
	if s := l.nodes[2].Status(); s.SnapshotsInstalled == 0 || baseOf(l.nodes[2]) < base {
		t.Fatalf("%d snapshots installed; the configuration is that of entry %d, and was of %d", s.SnapshotsInstalled,
			baseOf(l.nodes[2]), base)
	}
	until(t, "all to know the same configuration", func() bool {
		return baseOf(l.nodes[0]) == baseOf(l.nodes[1]) && baseOf(l.nodes[1]) == baseOf(l.nodes[2])
	})
	until(t, "the node to lead", func() bool {
		_ = l.nodes[2].TakeOver()
		return leads(l.nodes[2])
	})
	base = baseOf(l.nodes[0])
	_, err := l.nodes[1].ChangeMembers(within(t), consensus.MemberChange{
		Remove: []raftlog.NodeID{l.nodes[0].Status().ID}, If: base + 1,
	})
	expectOutdated(t, err, base)
	change(t, l.nodes[1], consensus.MemberChange{Remove: []raftlog.NodeID{l.nodes[0].Status().ID}, If: base})
}
