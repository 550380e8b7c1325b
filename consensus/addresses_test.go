package consensus

import (
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
)

// moving is a leader of three that heard announcements.
func moving(t *testing.T) (*Node, *membership.Configuration) {
	n := openBlank(t, Options{Attributes: []byte("own:2")})
	t.Cleanup(func() { n.Close() })
	c := &membership.Configuration{NextID: 4, Members: []membership.Member{
		{ID: 1, Address: n.options.PeerAddress, Attributes: []byte("own:2")},
		{ID: 2, Address: "b:1", Attributes: []byte("b:2")}, {ID: 3, Address: "c:1", Attributes: []byte("c:2")},
	}}
	return n, c
}

func leading(c *membership.Configuration) *engine.Status {
	return &engine.Status{State: engine.State{ID: 1, Role: raft.Leader, Configuration: c}}
}

func TestWhatAMemberSaysOfItsAddressIsDialledAndWritten(t *testing.T) {
	n, c := moving(t)
	b := &c.Members[1]
	if n.noteAddresses(b, &transport.Hello{Address: "b:1", Attributes: []byte("b:2")}); len(n.updates(leading(c))) != 0 {
		t.Fatal("nothing moved, and something is to be written")
	}
	n.noteAddresses(b, &transport.Hello{Address: "b:9", Attributes: []byte("b:2")})
	if got := n.addressOf(b); got != "b:9" {
		t.Fatalf("%s is dialled", got)
	}
	updates := n.updates(leading(c))
	if len(updates) != 1 || updates[0].ID != 2 || updates[0].Address != "b:9" {
		t.Fatalf("to be written: %+v", updates)
	}
	follower := leading(c)
	follower.Role = raft.Follower
	if len(n.updates(follower)) != 0 {
		t.Fatal("a follower writes")
	}
	n.noteAddresses(b, &transport.Hello{Address: "b:1", Attributes: []byte("b:2")})
	if got := n.addressOf(b); got != "b:1" || len(n.updates(leading(c))) != 0 {
		t.Fatalf("it is back, and %s is dialled", got)
	}
}

// What the log says later than the member wins: another node heard something newer.
func TestTheLogSupersedesWhatAMemberSaidBefore(t *testing.T) {
	n, c := moving(t)
	n.noteAddresses(&c.Members[1], &transport.Hello{Address: "b:9", Attributes: []byte("b:2")})
	c.Members[1].Address = "b:10"
	if got := n.addressOf(&c.Members[1]); got != "b:10" || len(n.updates(leading(c))) != 0 {
		t.Fatalf("%s is dialled, to be written: %+v", got, n.updates(leading(c)))
	}
}

func TestD14_AddressesThatCannotBeDialledAreNotTaken(t *testing.T) {
	n, c := moving(t)
	for _, address := range []string{"0.0.0.0:1", "", ":1", "[::]:1"} {
		n.noteAddresses(&c.Members[1], &transport.Hello{Address: address, Attributes: []byte("b:2")})
		if got := n.addressOf(&c.Members[1]); got != "b:1" {
			t.Errorf("%q is dialled", got)
		}
	}
}

func TestALeaderWritesItsOwnNewAddress(t *testing.T) {
	n, c := moving(t)
	c.Members[0].Attributes = []byte("before:2")
	updates := n.updates(leading(c))
	if len(updates) != 1 || updates[0].ID != 1 || string(updates[0].Attributes) != "own:2" {
		t.Fatalf("to be written: %+v", updates)
	}
}

// The others are written to the log, and the operator is told who is not.
func TestD14_WhoCanHaveMovedIsWrittenWithoutTheRest(t *testing.T) {
	ctx, n := single(t)
	for range 2 {
		g, _ := newcomer(t, ctx, n)
		if _, err := n.ChangeMembers(ctx, MemberChange{AddLearners: []string{g.options.PeerAddress}}); err != nil {
			t.Fatal(err)
		}
		if err := g.WaitServing(ctx); err != nil {
			t.Fatal(err)
		}
	}
	c := n.runner.Load().Status().Configuration
	moved := slices.Clone(c.Members[1:])
	moved[0].Address, moved[1].Attributes = c.Members[0].Address, []byte("192.0.2.9:6379")
	if obstacle, _ := n.writeAddresses(c, moved); !strings.Contains(obstacle, "node 1") {
		t.Fatalf("in the way is %q", obstacle)
	}
	now := n.runner.Load().Status().Configuration
	if !now.Members[1].Alike(&c.Members[1]) || string(now.Members[2].Attributes) != "192.0.2.9:6379" {
		t.Fatalf("the members are %+v", now.Members)
	}
}
