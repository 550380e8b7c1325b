package consensus

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/consensus/transport"
)

// moving is a leader of three that was told things.
func moving(t *testing.T) (*Node, *raft.Configuration) {
	n := openBlank(t, Options{ClientAddress: "own:2"})
	t.Cleanup(func() { n.Close() })
	c := &raft.Configuration{NextID: 4, Members: []raft.Member{
		{ID: 1, PeerAddress: n.options.PeerAddress, ClientAddress: "own:2"},
		{ID: 2, PeerAddress: "b:1", ClientAddress: "b:2"}, {ID: 3, PeerAddress: "c:1", ClientAddress: "c:2"},
	}}
	return n, c
}

func leading(c *raft.Configuration) *engine.Status {
	return &engine.Status{State: engine.State{ID: 1, Role: raft.Leader, Configuration: c}}
}

func TestWhatAMemberSaysOfItsAddressIsDialledAndWritten(t *testing.T) {
	n, c := moving(t)
	b := &c.Members[1]
	if n.noteAddresses(b, &transport.Hello{PeerAddress: "b:1", ClientAddress: "b:2"}); len(n.updates(leading(c))) != 0 {
		t.Fatal("nothing moved, and something is to be written")
	}
	n.noteAddresses(b, &transport.Hello{PeerAddress: "b:9", ClientAddress: "b:2"})
	if got := n.peers.addressOf(b); got != "b:9" {
		t.Fatalf("%s is dialled", got)
	}
	updates := n.updates(leading(c))
	if len(updates) != 1 || updates[0].ID != 2 || updates[0].PeerAddress != "b:9" {
		t.Fatalf("to be written: %+v", updates)
	}
	follower := leading(c)
	follower.Role = raft.Follower
	if len(n.updates(follower)) != 0 {
		t.Fatal("a follower writes")
	}
	n.noteAddresses(b, &transport.Hello{PeerAddress: "b:1", ClientAddress: "b:2"})
	if got := n.peers.addressOf(b); got != "b:1" || len(n.updates(leading(c))) != 0 {
		t.Fatalf("it is back, and %s is dialled", got)
	}
}

// What the log says later than the member wins: somebody else was told something newer.
func TestTheLogSupersedesWhatAMemberSaidBefore(t *testing.T) {
	n, c := moving(t)
	n.noteAddresses(&c.Members[1], &transport.Hello{PeerAddress: "b:9", ClientAddress: "b:2"})
	c.Members[1].PeerAddress = "b:10"
	if got := n.peers.addressOf(&c.Members[1]); got != "b:10" || len(n.updates(leading(c))) != 0 {
		t.Fatalf("%s is dialled, to be written: %+v", got, n.updates(leading(c)))
	}
}

func TestD14_AddressesThatCannotBeDialledAreNotTaken(t *testing.T) {
	n, c := moving(t)
	for _, address := range []string{"0.0.0.0:1", "", ":1", "[::]:1"} {
		n.noteAddresses(&c.Members[1], &transport.Hello{PeerAddress: address, ClientAddress: "b:2"})
		if got := n.peers.addressOf(&c.Members[1]); got != "b:1" {
			t.Errorf("%q is dialled", got)
		}
	}
}

func TestALeaderWritesItsOwnNewAddress(t *testing.T) {
	n, c := moving(t)
	c.Members[0].ClientAddress = "before:2"
	updates := n.updates(leading(c))
	if len(updates) != 1 || updates[0].ID != 1 || updates[0].ClientAddress != "own:2" {
		t.Fatalf("to be written: %+v", updates)
	}
}
