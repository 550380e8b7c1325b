package consensus_test

import "testing"

func TestLeaderIsTheMemberThatLeads(t *testing.T) {
	c := newTrio(t)
	for range 2 {
		first := c.leader()
		want := c.nodes[first].Status()
		for i, n := range c.nodes {
			until(t, "every node to know its leader", func() bool { return n.Status().Leader == want.ID })
			m, self := n.Leader()
			if m == nil || m.ID != want.ID || m.PeerAddress != want.PeerAddress || self != (i == first) {
				t.Fatalf("node %d says %+v, itself: %v; node %d leads", i, m, self, want.ID)
			}
		}
		if err := c.nodes[first].HandOver(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABlankNodeKnowsNoLeader(t *testing.T) {
	n := open(t, smallOptions(t.TempDir()))
	if m, self := n.Leader(); m != nil || self {
		t.Fatalf("it names %+v, itself: %v", m, self)
	}
}

func TestANodeWithoutAMajorityKnowsNoLeader(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	c.nodes[(first+1)%3].Close()
	c.nodes[(first+2)%3].Close()
	until(t, "the leader to step down", func() bool { m, self := c.nodes[first].Leader(); return m == nil && !self })
}

// The front end asks before every run of commands.
func TestAskingForTheLeaderAllocatesNothing(t *testing.T) {
	c := newTrio(t)
	n := c.nodes[c.leader()]
	if perCall := testing.AllocsPerRun(1000, func() { n.Leader() }); perCall != 0 {
		t.Fatalf("%v allocations per call", perCall)
	}
}
