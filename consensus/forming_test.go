package consensus

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/wal"
)

// blankAt is a blank node that answered; founders are those that it hears, if it is a founder itself.
func blankAt(address string, incarnation uint64, founders ...uint64) contact {
	j := transport.Join{Incarnation: incarnation, Address: address, Founding: len(founders) > 0, Founders: founders}
	return contact{address: address, named: true, state: contactBlank, who: transport.Newcomer{Join: j}}
}

// asking is a node that asked and is there.
func asking(incarnation uint64, founding bool, founders ...uint64) transport.Join {
	return transport.Join{Incarnation: incarnation, Address: "joiner:1", Founding: founding, Founders: founders}
}

// When a founder forms a cluster, and what it waits for when not.
func TestWhenAFounderFormsTheCluster(t *testing.T) {
	refused := contact{address: "c:1", named: true, state: contactRefused, err: errors.New("in use by another member")}
	away := contact{address: "c:1", named: true, err: errors.New("connection refused")}
	member := contact{address: "c:1", named: true, state: contactMember, who: transport.Newcomer{NodeID: 2, ClusterID: 7}}
	joiners := func(j ...transport.Join) []transport.Join { return j }
	named := func(c ...contact) []contact { return c }
	plain := joiners(asking(9, false, 5))
	second, hearsUs := blankAt("b:1", 6, 5, 6), asking(6, true, 5, 6)
	for name, c := range map[string]struct {
		forming
		waiting string // empty: it forms the cluster
	}{
		"alone":            {forming{own: 5, expect: 1}, ""},
		"alone, too early": {forming{own: 5, expect: 1, listening: true}, "listening whether members"},
		"no joiner":        {forming{own: 5, expect: 2}, "waiting for 1 of 2 nodes to join"},
		"one less":         {forming{own: 5, expect: 3, joiners: plain}, "1 of 3 nodes"},
		"enough":           {forming{own: 5, expect: 2, joiners: plain}, ""},
		"more":             {forming{own: 5, expect: 2, joiners: joiners(asking(9, false, 5), asking(8, false, 5))}, ""},
		"too early":        {forming{own: 5, expect: 2, listening: true, joiners: plain}, "listening"},
		"it hears us not":  {forming{own: 5, expect: 2, joiners: joiners(asking(9, false))}, "hears the same nodes"},
		"it hears another": {forming{own: 5, expect: 2, joiners: joiners(asking(9, false, 4, 5))}, "hears the same nodes"},
		"the least of two": {forming{own: 5, expect: 2, named: named(second), joiners: joiners(hearsUs)}, ""},
		"not the least": {
			forming{own: 7, expect: 2, named: named(blankAt("b:1", 6, 6, 7)), joiners: joiners(asking(6, true, 6, 7))},
			"waiting for 0000000000000006",
		},
		"it hears one less": {
			forming{own: 5, expect: 2, named: named(blankAt("b:1", 6, 6)), joiners: joiners(asking(6, true, 6))},
			"hears the same nodes",
		},
		"it hears one more": {
			forming{own: 5, expect: 2, named: named(blankAt("b:1", 6, 5, 6, 9)), joiners: joiners(asking(6, true, 5, 6, 9))},
			"hears the same nodes",
		},
		"it has not asked": {forming{own: 5, expect: 2, named: named(second)}, "waiting for 1 of 2"},
		"one does not answer": {
			forming{own: 5, expect: 2, named: named(second, away), joiners: joiners(hearsUs)}, "c:1: connection refused",
		},
		"a member refuses": {
			forming{own: 5, expect: 2, named: named(second, refused), joiners: joiners(hearsUs)}, "in use by another",
		},
		"a member takes us in": {forming{own: 5, expect: 1, named: named(member)}, "cluster 0000000000000007"},
	} {
		t.Run(name, func(t *testing.T) {
			found, waiting := c.decide()
			if found != (c.waiting == "") || !strings.Contains(waiting, c.waiting) {
				t.Errorf("it forms the cluster: %v, waiting %q; want %q", found, waiting, c.waiting)
			}
		})
	}
}

// Whatever a set of founders hears of each other, no two of them form clusters out of the same view: each subset of
// three founders and of what they have told each other is tried.
func TestNoTwoFoundersFormAClusterOfTheSameNodes(t *testing.T) {
	all := []uint64{1, 2, 3}
	for mask := range 1 << 9 { // bit 3i+j: founder i hears founder j
		hears := func(i, j int) bool { return i == j || mask>>(3*i+j)&1 == 1 }
		var formed []uint64
		for i, own := range all {
			f := forming{own: own, expect: 3}
			for j, other := range all {
				if i == j || !hears(i, j) {
					continue
				}
				var founders []uint64
				for k, third := range all {
					if hears(j, k) {
						founders = append(founders, third)
					}
				}
				f.named = append(f.named, blankAt("x:1", other, founders...))
				f.joiners = append(f.joiners, asking(other, true, founders...))
			}
			if found, _ := f.decide(); found {
				formed = append(formed, own)
			}
		}
		if len(formed) > 1 || mask == 1<<9-1 && len(formed) != 1 {
			t.Fatalf("hearing %09b, the founders %d form clusters", mask, formed)
		}
	}
}

func TestWhetherAllNodesWaitForAnother(t *testing.T) {
	blank := blankAt("b:1", 6)
	for name, c := range map[string]struct {
		named []contact
		want  bool
	}{
		"none asked":      {nil, false},
		"all blank":       {[]contact{blank, blank}, true},
		"one founds":      {[]contact{blank, blankAt("c:1", 7, 7)}, false},
		"one is away":     {[]contact{blank, {address: "c:1", err: errors.New("away")}}, false},
		"one is a member": {[]contact{blank, {address: "c:1", state: contactMember}}, false},
	} {
		if got := unfounded(c.named); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAnObstacleComesBackFromItsNote(t *testing.T) {
	for _, kind := range []string{obstacleRemoved, obstacleRolledBack, obstacleWiped} {
		o := &Obstacle{Kind: kind, By: 2, ByAddress: "h:1", ByAttributes: []byte{1}, ClusterID: 1<<64 - 1, Member: 3,
			Incarnation: 1<<64 - 2, Text: "text"}
		got := decodeObstacle(o.encode())
		same := got != nil && got.Kind == kind && got.Incarnation == o.Incarnation && got.ClusterID == o.ClusterID
		if !same || got.Text != "text" {
			t.Errorf("%s comes back as %+v", kind, got)
		}
	}
	longest := &Obstacle{
		Kind: obstacleWiped, By: 1<<64 - 1, ByAddress: strings.Repeat("\x01", 2*maxAddressBytes),
		ByAttributes: make([]byte, maxNoteAttributes), At: time.Now(), ClusterID: 1<<64 - 1, Member: 1<<64 - 1,
		Incarnation: 1<<64 - 1, Text: strings.Repeat("\x01", 2*maxNoteText),
	}
	if note := longest.encode(); len(note) > wal.MaxNoteBytes || !decodeObstacle(note).bars() {
		t.Errorf("the longest note has %d bytes, allowed are %d", len(note), wal.MaxNoteBytes)
	}
	if decodeObstacle("") != nil {
		t.Error("no note is an obstacle")
	}
	if o := decodeObstacle("later"); !o.fences() {
		t.Errorf("a note that cannot be read permits to take part: %+v", o)
	}
}

// The name of a machine may mean 127.0.1.1 to itself: then its own entry in a list of all nodes leads to where it does
// not listen. It is this node all the same, if the port is; not if the node listens on the loopback interface itself,
// where others may have the same port.
func TestAnOwnNameThatMeansLoopbackIsThisNode(t *testing.T) {
	table := map[string][]string{"own.test": {"127.0.1.1"}, "other.test": {"192.0.2.1"}}
	for _, c := range []struct {
		listen, announced, asked string
		want                     bool
	}{
		{"0.0.0.0:0", "node1.example:7", "own.test:7", true},
		{"0.0.0.0:0", "node1.example:7", "127.0.1.1:7", true},
		{"0.0.0.0:0", "node1.example:7", "[::1]:7", true},
		{"0.0.0.0:0", "node1.example:7", "own.test:8", false},
		{"0.0.0.0:0", "node1.example:7", "other.test:7", false},
		{"127.0.0.1:0", "node1.example:7", "own.test:7", false},
	} {
		n := openBlankAt(t, c.listen, Options{
			PeerAddress: c.announced, InsecurePeers: true, Lookup: lookupIn(table),
		})
		places, err := n.transport.Places(t.Context(), c.asked)
		if err != nil || len(places) != 1 {
			t.Fatalf("%s leads to %q, %v", c.asked, places, err)
		}
		if got := n.isSelf(places[0]); got != c.want {
			t.Errorf("a node that listens on %s as %s takes %s for itself: %v", c.listen, c.announced, c.asked, got)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

// lookupIn resolves names by a table.
func lookupIn(table map[string][]string) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, host string) (found []netip.Addr, err error) {
		for _, address := range table[host] {
			found = append(found, netip.MustParseAddr(address))
		}
		if found == nil {
			err = errors.New("no such host")
		}
		return found, err
	}
}

// One name for all nodes of a cluster: each address that it has is asked, and one of them is this node's own.
func TestEachAddressOfANameIsAsked(t *testing.T) {
	port := func(n *Node) string { return strings.TrimPrefix(n.options.PeerAddress, "127.0.0.1:") }
	first := openBlank(t, Options{})
	defer endBlank(t, first)
	second := openBlankAt(t, "127.0.0.2:"+port(first), Options{})
	defer endBlank(t, second)
	table := map[string][]string{
		"all.test":  {"127.0.0.2", "127.0.0.3", "127.0.0.4"},
		"dual.test": {"::1", "127.0.0.2"},
		"deaf.test": {"::1", "127.0.0.4"},
	}
	n := openBlankAt(t, "127.0.0.3:"+port(first), Options{Lookup: lookupIn(table)})
	defer endBlank(t, n)
	for asked, want := range map[string][]contactState{
		"all.test":    {contactBlank, contactSelf, contactUnreachable},
		"dual.test":   {contactBlank},
		"deaf.test":   {contactUnreachable, contactUnreachable},
		"127.0.0.1":   {contactBlank},
		"nobody.test": {contactUnreachable},
	} {
		n.mu.Lock()
		self := n.describe()
		n.mu.Unlock()
		var got []contactState
		for _, c := range n.contactAll([]contact{{address: asked + ":" + port(first), named: true}}, self) {
			if got = append(got, c.state); !c.named || !strings.HasPrefix(c.String(), asked) {
				t.Errorf("%s: %v is not named", asked, c)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the answers are %v, want %v", asked, got, want)
		}
	}
}
