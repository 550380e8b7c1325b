package membership

import (
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// The walk goes through every configuration that small clusters can come to, by every change that somebody could ask
// for at every moment, and by the two steps that the protocol takes by itself. What must hold on each edge:
//
//  1. Any majority of one configuration meets any majority of the other.
//  2. An id is never given twice; who was left out never comes back under its id.
//  3. There is a voter, no node has two roles, nodes with a role are members and the others are none.
//  4. The change itself, asked for again, is no change.

// walkNodes bounds the ids that the walk gives, walkCandidates the data directories there are.
const (
	walkNodes      = 4
	walkCandidates = 3
)

// D1.
func TestChangesLeadOnlyToMajoritiesThatMeet(t *testing.T) {
	seen := map[string]bool{}
	edges := 0
	queue := []*Configuration{clusterOf(1), clusterOf(3)}
	for len(queue) > 0 {
		c := queue[0]
		queue = queue[1:]
		for _, to := range neighbours(t, c) {
			edges++
			if err := mayBecome(c, to); err != nil {
				t.Fatalf("%s\nbecomes %s\n%v", sketch(c), sketch(to), err)
			}
			if key := sketch(to); !seen[key] && to.NextID <= walkNodes+1 {
				seen[key] = true
				queue = append(queue, to)
			}
		}
	}
	if len(seen) < 500 {
		t.Fatalf("the walk saw %d configurations on %d edges", len(seen), edges)
	}
	t.Logf("%d configurations, %d edges", len(seen), edges)
}

// neighbours are the configurations that can follow c.
func neighbours(t *testing.T, c *Configuration) []*Configuration {
	if c.Joint() {
		return []*Configuration{c.Final()}
	}
	var list []*Configuration
	if len(c.Promote)+len(c.Retire) > 0 {
		list = append(list, exchange(c))
	}
	for _, change := range everyChange(c) {
		to, err := change.Next(c)
		if err != nil || to == c {
			continue
		}
		if again, err := change.Next(to); err != nil || again != to {
			t.Fatalf("%s: %+v makes %s, and then %v", sketch(c), change, sketch(to), err)
		}
		list = append(list, to)
	}
	return list
}

// everyChange lists the changes of up to two nodes to add and two to remove.
func everyChange(c *Configuration) []Change {
	var adds [][]Member
	var removes [][]raftlog.NodeID
	adds, removes = append(adds, nil), append(removes, nil)
	for a := uint64(1); a <= walkCandidates; a++ {
		adds = append(adds, []Member{candidate(a)})
		for b := a + 1; b <= walkCandidates; b++ {
			adds = append(adds, []Member{candidate(a), candidate(b)})
		}
	}
	for a := raftlog.NodeID(1); a < c.NextID; a++ {
		removes = append(removes, []raftlog.NodeID{a})
		for b := raftlog.NodeID(1); b < c.NextID; b++ {
			if a != b {
				removes = append(removes, []raftlog.NodeID{a, b})
			}
		}
	}
	var all []Change
	for _, add := range adds {
		for _, remove := range removes {
			all = append(all, Change{Add: add, Remove: remove})
			if len(add) > 0 {
				all = append(all, Change{Add: add, Remove: remove, Learner: true})
			}
		}
	}
	return all
}

// mayBecome says what is wrong with an edge of the walk.
func mayBecome(from, to *Configuration) error {
	if err := validConfiguration(to); err != nil {
		return err
	}
	for id := raftlog.NodeID(1); id < from.NextID; id++ {
		if Find(from, id) == nil && Find(to, id) != nil {
			return fmt.Errorf("node %d came back", id)
		}
		if a, b := Find(from, id), Find(to, id); a != nil && b != nil && a.Incarnation != b.Incarnation {
			return fmt.Errorf("node %d is another one", id)
		}
	}
	if to.NextID < from.NextID {
		return fmt.Errorf("ids are given again")
	}
	for _, m := range to.Members {
		if to.Votes(m.ID) == slices.Contains(to.Learners, m.ID) {
			return fmt.Errorf("node %d is neither voter nor learner, or both", m.ID)
		}
	}
	for _, id := range to.Promote {
		if !slices.Contains(to.Learners, id) {
			return fmt.Errorf("node %d is to be promoted and no learner", id)
		}
	}
	for _, id := range to.Retire {
		if !slices.Contains(to.Voters, id) {
			return fmt.Errorf("node %d is to be retired and no voter", id)
		}
	}
	return meet(from, to)
}

// meet tries every pair of sets of nodes.
func meet(from, to *Configuration) error {
	for a := range 1 << (walkNodes + 3) {
		if !decides(from, a) {
			continue
		}
		if rest := ^a; decides(to, rest) {
			return fmt.Errorf("the nodes %b decide there and the others here", a)
		}
	}
	return nil
}

// decides reports whether the nodes of a set, by the bits of their ids, are a majority of a configuration.
func decides(c *Configuration, set int) bool {
	for _, voters := range [][]raftlog.NodeID{c.Voters, c.Outgoing} {
		n := 0
		for _, id := range voters {
			n += set >> id & 1
		}
		if len(voters) > 0 && n <= len(voters)/2 {
			return false
		}
	}
	return true
}

// sketch is a configuration in a line.
func sketch(c *Configuration) string {
	var members []string
	for _, m := range c.Members {
		members = append(members, fmt.Sprintf("%d:%d", m.ID, m.Incarnation))
	}
	return fmt.Sprint("next ", c.NextID, " members ", members, " voters ", c.Voters, " outgoing ", c.Outgoing,
		" learners ", c.Learners, " promote ", c.Promote, " retire ", c.Retire)
}
