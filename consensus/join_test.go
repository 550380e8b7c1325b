package consensus_test

import (
	"errors"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

// A node is told to join while it runs: first an address without a node, then a member.
func TestABlankNodeThatIsToldToJoinsTheOneItWasToldLast(t *testing.T) {
	f := newFleet(t)
	joiner := f.blank(1)[0]
	if err := joiner.Join("127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	if err := joiner.Join(addresses(f.nodes[0])...); err != nil {
		t.Fatal(err)
	}
	if err := joiner.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	for _, n := range f.nodes {
		expectVoters(t, n, 1, 2)
	}
	for i, n := range f.nodes {
		if err := n.Join("127.0.0.1:1"); !errors.Is(err, consensus.ErrRefused) {
			t.Errorf("node %d is a member and was told to join another cluster: %v", i+1, err)
		}
	}
}

func TestJoinSaysWhyANodeCannotAsk(t *testing.T) {
	f := newFleet(t)
	blank := f.blank(1)[0]
	if err := blank.Join(); err == nil {
		t.Error("a node asks no other")
	}
	if err := blank.Close(); err != nil {
		t.Fatal(err)
	}
	if err := blank.Join("127.0.0.1:1"); !errors.Is(err, consensus.ErrClosed) {
		t.Errorf("a closed node: %v", err)
	}
	founder := smallOptions(t.TempDir())
	founder.Bootstrap, founder.Expect = true, 2
	if err := open(t, founder).Join("127.0.0.1:1"); !errors.Is(err, consensus.ErrRefused) {
		t.Errorf("a node that makes a cluster: %v", err)
	}
	nowhere := smallOptions(t.TempDir())
	nowhere.PeerAddress = ":16379"
	if err := open(t, nowhere).Join("127.0.0.1:1"); err == nil {
		t.Error("a node asks to be contacted whose address no other can dial")
	}
}

func TestARemovedNodeIsKnownAsOne(t *testing.T) {
	f := newFleet(t)
	gone := f.blank(1)[0]
	id := change(t, f.nodes[0], consensus.MemberChange{Add: addresses(gone)})
	if f.nodes[0].Status().Removed || gone.Status().Removed {
		t.Error("a member is taken for removed")
	}
	change(t, f.nodes[0], consensus.MemberChange{Remove: id})
	until(t, "the node to know of its removal", func() bool { return gone.Status().Removed })
}
