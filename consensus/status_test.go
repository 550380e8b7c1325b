package consensus_test

import "testing"

func TestStatusNamesTheLeader(t *testing.T) {
	c := newTrio(t)
	for range 2 {
		first := c.leader()
		want := c.nodes[first].Status()
		for i, n := range c.nodes {
			until(t, "every node to know its leader", func() bool { return n.Status().Leader == want.ID })
			if leads(n) != (i == first) {
				t.Fatalf("node %d says that it leads: %v; node %d leads", i, leads(n), want.ID)
			}
		}
		if err := c.nodes[first].HandOver(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABlankNodeKnowsNoLeader(t *testing.T) {
	n := open(t, smallOptions(t.TempDir()))
	if s := n.Status(); s.Leader != 0 || !s.Blank {
		t.Fatalf("its status is %+v", s)
	}
}

func TestANodeWithoutAMajorityKnowsNoLeader(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	c.nodes[(first+1)%3].Close()
	c.nodes[(first+2)%3].Close()
	until(t, "the leader to step down", func() bool { return c.nodes[first].Status().Leader == 0 })
}

// A host asks for the leader before every command: only a change of the status may cost more than some loads.
func TestStatusThatHasNotChangedAllocatesNothing(t *testing.T) {
	c := newTrio(t)
	n := c.nodes[c.leader()]
	if perCall := testing.AllocsPerRun(1000, func() { n.Status() }); perCall != 0 {
		t.Fatalf("%v allocations per call", perCall)
	}
}
