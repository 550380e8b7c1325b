package locations

import (
	"errors"
	"reflect"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// three is a configuration of nodes 1 to 3 at a:1, b:1 and c:1, with a book of node 1's.
func three() (*Book, *membership.Configuration) {
	c := &membership.Configuration{NextID: 4, Voters: []raftlog.NodeID{1, 2, 3}}
	for i, address := range []string{"a:1", "b:1", "c:1"} {
		id := raftlog.NodeID(i + 1)
		c.Members = append(c.Members, membership.Member{ID: id, Incarnation: 10 * uint64(id), Address: address})
	}
	b := new(Book)
	b.Configure(1, c.Members)
	return b, c
}

// claim is what start number s of a node says.
func claim(id raftlog.NodeID, s uint64, address string) Claim {
	return Claim{ID: id, Incarnation: 10 * uint64(id), Start: s, Boot: raftlog.Boot(s), Address: address}
}

// say has a member say something of itself.
func say(b *Book, m *membership.Member, c Claim) (news bool) {
	said := *m
	said.Address = c.Address
	return b.Say(m, &said, c)
}

func expectAddresses(t *testing.T, b *Book, m *membership.Member, want ...string) {
	t.Helper()
	if got := b.Addresses(m); !reflect.DeepEqual(got, want) {
		t.Errorf("node %d is looked for at %q, want %q", m.ID, got, want)
	}
}

func TestWhatAMemberSaysIsTriedFirst(t *testing.T) {
	b, c := three()
	m := &c.Members[1]
	expectAddresses(t, b, m, "b:1")
	if say(b, m, claim(2, 1, "b:1")) || b.Ahead() {
		t.Error("what the configuration says is news")
	}
	if !say(b, m, claim(2, 2, "b:2")) || say(b, m, claim(2, 2, "b:2")) || !b.Ahead() {
		t.Error("the new address is no news, or twice")
	}
	expectAddresses(t, b, m, "b:2", "b:1")
	b.Meet(2, 20, "192.0.2.2:2")
	b.Meet(2, 21, "192.0.2.9:9") // of another data directory
	b.Meet(2, 20, "b:1")
	expectAddresses(t, b, m, "b:2", "b:1", "192.0.2.2:2")
	say(b, m, claim(2, 3, "b:1"))
	expectAddresses(t, b, m, "b:1", "192.0.2.2:2")
}

func TestHearsayIsTriedInTheOrderOfStarts(t *testing.T) {
	b, c := three()
	m := &c.Members[1]
	say(b, m, claim(2, 5, "b:5"))
	for _, old := range []uint64{4, 5} {
		if b.Hear(claim(2, old, "b:4")) {
			t.Errorf("start %d is newer than start 5", old)
		}
	}
	if !b.Hear(claim(2, 7, "b:7")) || b.Hear(claim(2, 6, "b:6")) || !b.Ahead() {
		t.Error("the later start does not count")
	}
	expectAddresses(t, b, m, "b:7", "b:5", "b:1")
	say(b, m, claim(2, 6, "b:6")) // it lives, and knows better than others who claim to know of a later start
	expectAddresses(t, b, m, "b:6", "b:1")
}

// Somebody says something of a node that is none, of another directory, or of this node itself.
func TestHearsayOfStrangersIsNotTaken(t *testing.T) {
	b, c := three()
	other := claim(2, 9, "x:1")
	other.Incarnation = 21
	for _, wrong := range []Claim{claim(4, 9, "x:1"), claim(1, 9, "x:1"), other} {
		if b.Hear(wrong) {
			t.Errorf("%+v is taken", wrong)
		}
	}
	if len(b.Claims()) != 0 || len(b.Moved(c, &c.Members[0])) != 0 {
		t.Errorf("it is passed on: %+v", b.Claims())
	}
}

func TestOnlyWhatAMemberSaysItselfIsWritten(t *testing.T) {
	b, c := three()
	b.Hear(claim(2, 7, "b:7"))
	b.Meet(2, 20, "192.0.2.2:2")
	say(b, &c.Members[2], claim(3, 7, "c:7"))
	own := c.Members[0]
	own.Attributes = []byte("new")
	moved := b.Moved(c, &own)
	if len(moved) != 2 || moved[0].ID != 1 || string(moved[0].Attributes) != "new" || moved[1].Address != "c:7" {
		t.Errorf("to be written: %+v", moved)
	}
	if got := b.Claims(); !reflect.DeepEqual(got, []Claim{claim(2, 7, "b:7"), claim(3, 7, "c:7")}) {
		t.Errorf("passed on: %+v", got)
	}
}

// What the log says later than the member wins: another node heard something newer.
func TestTheConfigurationReplacesWhatWasSaidBefore(t *testing.T) {
	b, c := three()
	say(b, &c.Members[1], claim(2, 2, "b:2"))
	c.Members[1].Address = "b:3"
	b.Configure(1, c.Members)
	if b.Ahead() {
		t.Error("the configuration says it")
	}
	expectAddresses(t, b, &c.Members[1], "b:3", "b:2")
	if moved := b.Moved(c, &c.Members[0]); len(moved) != 0 {
		t.Errorf("to be written: %+v", moved)
	}
	if b.Hear(claim(2, 1, "b:1")) {
		t.Error("an older start is news")
	}
}

// Node 2 is linked, and says where it is. Then an entry arrives that a leader wrote before node 2 moved there.
func TestAnOldEntryDoesNotReplaceWhatALinkedMemberSays(t *testing.T) {
	b, c := three()
	say(b, &c.Members[1], claim(2, 3, "b:3"))
	b.Link(2, true)
	b.Link(3, true) // of which nothing is known
	c.Members[1].Address = "b:2"
	b.Configure(1, c.Members)
	expectAddresses(t, b, &c.Members[1], "b:3", "b:2")
	if moved := b.Moved(c, &c.Members[0]); len(moved) != 1 || moved[0].Address != "b:3" || !b.Ahead() {
		t.Errorf("to be written: %+v", moved)
	}
	b.Link(2, false)
	expectAddresses(t, b, &c.Members[1], "b:2", "b:3")
	if len(b.Moved(c, &c.Members[0])) != 0 || b.Ahead() {
		t.Error("it is written although the log may be newer")
	}
}

// Node 2 leads at b:1, and this node has its entry that says so. Then node 2 moves and leads again; it has dialled and
// said where it is. The entry is cut off: the configuration of before knows neither address. As long as this node does
// not dial b:2 the leader hears no acknowledgement of it, and sends it nothing that would say more.
func TestAnEntryThatIsCutOffLeavesWhatTheMemberSaid(t *testing.T) {
	b, c := three()
	before := c.Members
	c.Members = append([]membership.Member(nil), before...)
	c.Members[1].Address = "b:1"
	before[1].Address = "b:0"
	b.Configure(1, c.Members)
	say(b, &c.Members[1], claim(2, 2, "b:2"))
	if b.Hear(claim(2, 2, "b:2")) {
		t.Error("what others know of it counts")
	}
	b.Configure(1, before)
	expectAddresses(t, b, &before[1], "b:0", "b:2")
}

func TestAReplacedMemberIsForgotten(t *testing.T) {
	b, c := three()
	say(b, &c.Members[1], claim(2, 2, "b:2"))
	b.Hear(claim(3, 2, "c:2"))
	members := append(c.Members[:1:1], c.Members[1])
	members[1].Incarnation = 21
	b.Configure(1, members)
	expectAddresses(t, b, &members[1], "b:1")
	if len(b.Claims()) != 0 {
		t.Errorf("passed on: %+v", b.Claims())
	}
}

// to is an update that moves a node.
func to(c *membership.Configuration, id raftlog.NodeID, address string) membership.Member {
	m := c.Members[id-1]
	m.Address = address
	return m
}

// D14: Members swapped and rotated addresses, and one claims the address of node 3, which has not moved.
func TestUpdatesThatCanBeMadeTogether(t *testing.T) {
	_, c := three()
	for i, address := range []string{"d:1", "e:1"} {
		id := raftlog.NodeID(i + 4)
		c.Members = append(c.Members, membership.Member{ID: id, Incarnation: 10 * uint64(id), Address: address})
		c.Voters, c.NextID = append(c.Voters, id), id+1
	}
	move := func(moves ...membership.Member) []membership.Member { return moves }
	swap := move(to(c, 1, "b:1"), to(c, 2, "a:1"))
	rotation := move(to(c, 1, "b:1"), to(c, 2, "c:1"), to(c, 3, "a:1"))
	impossible := to(c, 4, "c:1")
	for name, test := range map[string]struct {
		updates, want []membership.Member
	}{
		"swapped":                   {swap, swap},
		"rotated":                   {rotation, rotation},
		"swapped, and one in use":   {append(move(impossible), swap...), swap},
		"in use":                    {move(impossible), move()},
		"moved to where another is": {move(impossible, to(c, 5, "d:1"), to(c, 2, "b:9")), move(to(c, 2, "b:9"))},
		"two at one address":        {move(to(c, 1, "x:1"), to(c, 2, "x:1")), move(to(c, 1, "x:1"))},
		"not a member":              {move(membership.Member{ID: 9}, to(c, 2, "b:9")), move(to(c, 2, "b:9"))},
	} {
		possible, err := Compatible(c, test.updates)
		if len(possible)+len(test.want) > 0 && !reflect.DeepEqual(possible, test.want) {
			t.Errorf("%s: possible are %+v", name, possible)
		}
		if whole := len(test.want) == len(test.updates); (err == nil) != whole {
			t.Errorf("%s: %v", name, err)
		} else if !whole && !errors.Is(err, membership.ErrInUse) && !errors.Is(err, membership.ErrNoMember) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
