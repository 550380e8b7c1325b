package transport

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/locations"
)

// D15: node 3 lives where node 2 was. The node that looks for 2 and node 3 learn where the other one is, and no message
// goes to the wrong one.
func TestANodeMetAtAWrongAddressTellsWhoItIs(t *testing.T) {
	a := start(t, 1, func(n *node, _ *Options) { n.hello.Address = "192.0.2.1:1" })
	c := start(t, 3, func(n *node, _ *Options) {
		n.hello.Address, n.hello.Start = "192.0.2.3:3", 9
		n.hello.Claims = []locations.Claim{{ID: 2, Incarnation: 1002, Start: 4, Boot: 5, Address: "192.0.2.2:2"}}
		n.admit = func(Hello) error { t.Error("the handler was asked to admit a node that looks for another"); return nil }
	})
	a.transport.SetPeers([]Peer{{ID: 2, Incarnation: 1002, Address: c.address()}})
	seen := a.awaitMet(3)
	want := c.Hello(Peer{})
	want.To, want.ToIncarnation = 1, 1001
	if seen.at != c.address() || !reflect.DeepEqual(seen.hello, want) {
		t.Errorf("the dialler met %+v", seen)
	}
	if seen := c.awaitMet(1); seen.at != "" || seen.hello.Address != "192.0.2.1:1" {
		t.Errorf("the other one met %+v", seen)
	}
	a.awaitProblem(2, says(ErrNode))
}

func TestAPeerIsFoundAtItsOtherAddresses(t *testing.T) {
	a, b, c := start(t, 1), start(t, 2), start(t, 3)
	silent := newProxy(t, "127.0.0.1:1", nil) // hangs up
	peer := b.peer().at(silent.address())
	peer.Others = []string{c.address(), b.address()}
	a.transport.SetPeers([]Peer{peer})
	a.awaitMet(3)
	a.awaitUp(2)
	if got := a.transport.Status()[0]; got.Address != b.address() {
		t.Errorf("the link leads to %s", got.Address)
	}
}

// A member asks at an address who lives there.
func TestMembersMeet(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	if err := a.transport.Meet(context.Background(), b.address()); err != nil {
		t.Fatal(err)
	}
	if seen := a.awaitMet(2); seen.at != b.address() {
		t.Errorf("met at %q", seen.at)
	}
	b.awaitMet(1)
	if err := a.transport.Meet(context.Background(), a.address()); !errors.Is(err, ErrSelf) && !says(ErrSelf)(err) {
		t.Errorf("a node meets itself: %v", err)
	}
}

// Who is no member, or does not know the secret, is neither told anything nor believed.
func TestOnlyMembersMeet(t *testing.T) {
	secret := func(s string) func(*node, *Options) {
		return func(_ *node, o *Options) { o.Secret = []byte(s) }
	}
	b := start(t, 2, secret("right"))
	for name, stranger := range map[string]*node{
		"wrong secret":    start(t, 1, secret("wrong")),
		"no secret":       start(t, 1),
		"another cluster": start(t, 1, secret("right"), func(n *node, _ *Options) { n.hello.ClusterID++ }),
		"blank":           start(t, 0, secret("right"), func(n *node, _ *Options) { n.hello = Hello{Boot: 78} }),
		"the same id":     start(t, 2, secret("right"), func(n *node, _ *Options) { n.hello.Boot++ }),
	} {
		if err := stranger.transport.Meet(context.Background(), b.address()); err == nil {
			t.Errorf("%s: met", name)
		}
		if err := b.transport.Meet(context.Background(), stranger.address()); err == nil {
			t.Errorf("%s: met when it was asked", name)
		}
		stranger.stop()
		select {
		case e := <-stranger.events:
			t.Errorf("%s: %+v", name, e)
		default:
		}
	}
	select {
	case e := <-b.events:
		t.Errorf("%+v", e)
	default:
	}
}

// D12: a copy of node 1's directory runs somewhere else, while node 1 is connected.
func TestACopyOfADirectoryIsNotBelieved(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	clone := start(t, 1, func(n *node, _ *Options) { n.hello.Boot = 3001 })
	a.link(b.peer())
	b.awaitUntil("to be connected", func() bool {
		return b.transport.connectedAsAnother(&Hello{From: 1})
	})
	err := clone.transport.Meet(context.Background(), b.address())
	if err == nil || !says(ErrDuplicate)(err) {
		t.Errorf("the copy meets node 2: %v", err)
	}
	clone.transport.SetPeers([]Peer{{ID: 3, Incarnation: 1003, Address: b.address()}})
	clone.awaitProblem(3, says(ErrDuplicate))
}

func TestWordsOfAMeetingThatFails(t *testing.T) {
	a := start(t, 1)
	blank := start(t, 0, func(n *node, _ *Options) { n.hello = Hello{Incarnation: 77, Boot: 78} })
	err := a.transport.Meet(context.Background(), blank.address())
	if err == nil || !strings.Contains(err.Error(), blank.address()) || !strings.Contains(err.Error(), "none yet") {
		t.Error(err)
	}
}
