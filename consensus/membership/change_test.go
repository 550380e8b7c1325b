package membership

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// candidate is a blank node as it would be added: the number stands for its data directory and its address.
func candidate(number uint64) Member {
	address := string(rune('a' + number))
	return Member{Incarnation: number, Address: address + ":1", Attributes: []byte(address + ":2")}
}

// clusterOf is a configuration of voters 1..n, of candidates 1..n.
func clusterOf(n int) *Configuration {
	c := &Configuration{ClusterID: 5, HashSeed: 6, NextID: raftlog.NodeID(n + 1)}
	for id := raftlog.NodeID(1); id <= raftlog.NodeID(n); id++ {
		m := candidate(uint64(id))
		m.ID = id
		c.Members = append(c.Members, m)
		c.Voters = append(c.Voters, id)
	}
	return c
}

// next fails the test unless the change is possible.
func next(t *testing.T, c *Configuration, change Change) *Configuration {
	t.Helper()
	n, err := change.Next(c)
	if err != nil {
		t.Fatalf("%+v on %+v: %v", change, c, err)
	}
	return n
}

// exchange is the joint configuration that the protocol makes when everyone of Promote has caught up.
func exchange(c *Configuration) *Configuration {
	joint := *c
	joint.Outgoing = c.Voters
	joint.Voters = slices.DeleteFunc(slices.Concat(c.Voters, c.Promote), func(id raftlog.NodeID) bool {
		return slices.Contains(c.Retire, id)
	})
	joint.Learners = slices.DeleteFunc(slices.Clone(c.Learners), func(id raftlog.NodeID) bool {
		return slices.Contains(c.Promote, id)
	})
	joint.Promote, joint.Retire = nil, nil
	return &joint
}

func adding(m ...Member) Change             { return Change{Add: m} }
func asLearner(m ...Member) Change          { return Change{Add: m, Learner: true} }
func removing(ids ...raftlog.NodeID) Change { return Change{Remove: ids} }
func moving(m ...Member) Change             { return Change{Update: m} }

func TestAnAddedNodeIsALearnerToBePromoted(t *testing.T) {
	c := clusterOf(1)
	got := next(t, c, Change{Add: []Member{candidate(7)}})
	if got.NextID != 3 || !slices.Equal(got.Voters, []raftlog.NodeID{1}) ||
		!slices.Equal(got.Learners, []raftlog.NodeID{2}) ||
		!slices.Equal(got.Promote, []raftlog.NodeID{2}) || got.Joint() {
		t.Fatalf("got %+v", got)
	}
	want := candidate(7)
	want.ID = 2
	if !reflect.DeepEqual(*Find(got, 2), want) {
		t.Fatalf("the member is %+v, want %+v", *Find(got, 2), want)
	}
	if got.ClusterID != 5 || got.HashSeed != 6 {
		t.Fatal("the facts of the cluster changed")
	}
}

func TestALearnerForGoodIsNotPromotedUntilItIsAddedAsAVoter(t *testing.T) {
	c := next(t, clusterOf(1), Change{Add: []Member{candidate(7)}, Learner: true})
	if len(c.Promote) != 0 || !slices.Equal(c.Learners, []raftlog.NodeID{2}) {
		t.Fatalf("got %+v", c)
	}
	c = next(t, c, Change{Add: []Member{candidate(7)}})
	if !slices.Equal(c.Promote, []raftlog.NodeID{2}) || c.NextID != 3 {
		t.Fatalf("got %+v", c)
	}
}

func TestAReplacementSwapsPlacesInOneStep(t *testing.T) {
	c := next(t, clusterOf(5), Change{
		Add:    []Member{candidate(7), candidate(8), candidate(9)},
		Remove: []raftlog.NodeID{1, 2, 3},
	})
	if !slices.Equal(c.Voters, []raftlog.NodeID{1, 2, 3, 4, 5}) || !slices.Equal(c.Promote, []raftlog.NodeID{6, 7, 8}) ||
		!slices.Equal(c.Retire, []raftlog.NodeID{1, 2, 3}) {
		t.Fatalf("got %+v", c)
	}
	final := exchange(c).Final()
	if !slices.Equal(final.Voters, []raftlog.NodeID{4, 5, 6, 7, 8}) || len(final.Members) != 5 {
		t.Fatalf("it ends as %+v", final)
	}
}

// A change that is asked for again, because its answer was lost, changes nothing, at any stage.
func TestAChangeThatIsDoneIsNoChange(t *testing.T) {
	change := Change{Add: []Member{candidate(7)}, Remove: []raftlog.NodeID{1}}
	c := next(t, clusterOf(3), change)
	for stage, c := range []*Configuration{c, exchange(c), exchange(c).Final()} {
		if again := next(t, c, change); again != c {
			t.Errorf("stage %d: it becomes %+v", stage, again)
		}
	}
	if c := clusterOf(2); next(t, c, Change{Update: []Member{c.Members[0]}}) != c || next(t, c, Change{}) != c {
		t.Error("nothing to change, and it changed")
	}
}

func TestRemovingALearnerGivesItsPromotionUp(t *testing.T) {
	c := next(t, clusterOf(3), Change{Add: []Member{candidate(7), candidate(8)}, Remove: []raftlog.NodeID{1}})
	c = next(t, c, Change{Remove: []raftlog.NodeID{4}})
	if !slices.Equal(c.Promote, []raftlog.NodeID{5}) || !slices.Equal(c.Retire, []raftlog.NodeID{1}) {
		t.Fatalf("one of two is given up: %+v", c)
	}
	c = next(t, c, Change{Remove: []raftlog.NodeID{5}})
	if len(c.Promote)+len(c.Retire)+len(c.Learners) != 0 || len(c.Members) != 3 || c.NextID != 6 {
		t.Fatalf("both are given up: %+v", c)
	}
}

// One node is removed while another one is down, which the others would need to decide. Removing that one as well is
// the way out; so is to keep the first.
func TestARemovalThatWaitsTakesAnotherAlongOrIsGivenUp(t *testing.T) {
	waiting := next(t, clusterOf(3), Change{Remove: []raftlog.NodeID{2}})
	if c := next(t, waiting, Change{Remove: []raftlog.NodeID{3}}); !slices.Equal(c.Retire, []raftlog.NodeID{2, 3}) {
		t.Fatalf("got %+v", c)
	}
	kept := next(t, waiting, Change{Add: []Member{candidate(2)}})
	if len(kept.Retire) != 0 || !slices.Equal(kept.Voters, []raftlog.NodeID{1, 2, 3}) {
		t.Fatalf("got %+v", kept)
	}
}

// The learner that was to take node 1's place is given up, and node 1 shall go all the same.
func TestGivingAReplacementUpDoesNotKeepWhoIsToGo(t *testing.T) {
	c := next(t, clusterOf(3), Change{Add: []Member{candidate(7)}, Remove: []raftlog.NodeID{1}})
	for _, remove := range [][]raftlog.NodeID{{1, 4}, {4, 1}} {
		got := next(t, c, Change{Remove: remove})
		if !slices.Equal(got.Retire, []raftlog.NodeID{1}) || len(got.Promote) != 0 || Find(got, 4) != nil {
			t.Fatalf("got %+v", got)
		}
	}
}

// D15.
func TestAChangeOfAddressTouchesNothingElse(t *testing.T) {
	c := next(t, clusterOf(3), Change{Add: []Member{candidate(7)}, Learner: true})
	moved := *Find(c, 4)
	moved.Address, moved.Attributes = "elsewhere:1", []byte("elsewhere:2")
	got := next(t, c, Change{Update: []Member{moved}})
	want := *c
	want.Members = slices.Clone(c.Members)
	want.Members[3] = moved
	if !reflect.DeepEqual(*got, want) {
		t.Fatalf("got %+v\nwant %+v", *got, want)
	}
	if Find(c, 4).Address == "elsewhere:1" {
		t.Fatal("a configuration of the log was changed")
	}
}

func TestTwoMembersMaySwapAddresses(t *testing.T) {
	c := clusterOf(3)
	a, b := c.Members[0], c.Members[1]
	a.Address, b.Address = b.Address, a.Address
	if got := next(t, c, Change{Update: []Member{a, b}}); !got.Members[0].Alike(&a) || !got.Members[1].Alike(&b) {
		t.Fatalf("got %+v", got)
	}
}

// The disk of node 3 is lost. An empty one takes its place, at its address.
func TestALostDiskIsReplacedAtItsAddress(t *testing.T) {
	c := clusterOf(3)
	fresh := candidate(3)
	fresh.Incarnation = 33
	_, err := Change{Add: []Member{fresh}}.Next(c)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "replace node 3") {
		t.Fatalf("beside the old one: %v", err)
	}
	c = next(t, c, Change{Add: []Member{fresh}, Remove: []raftlog.NodeID{3}})
	if c = exchange(c).Final(); !slices.Equal(c.Voters, []raftlog.NodeID{1, 2, 4}) {
		t.Fatalf("got %+v", c)
	}
}

// It may be a copy of the member's directory from a time when that was blank: if the member moved there, it would lose
// its log. One that has an id is no blank node, and moves.
func TestABlankNodeDoesNotMoveAMember(t *testing.T) {
	c := next(t, clusterOf(1), Change{Add: []Member{candidate(7)}})
	moved := candidate(7)
	moved.Address = "elsewhere:1"
	_, err := Change{Add: []Member{moved}}.Next(c)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "node 2 at "+candidate(7).Address) {
		t.Fatalf("a blank node: %v", err)
	}
	moved.ID = 2
	if got := next(t, c, Change{Add: []Member{moved}}); len(got.Members) != 2 || Find(got, 2).Address != "elsewhere:1" {
		t.Fatalf("the member: %+v", got)
	}
	if got := next(t, c, Change{Add: []Member{candidate(7)}}); len(got.Members) != 2 || len(got.Promote) != 1 {
		t.Fatalf("a blank node at the member's address: %+v", got)
	}
}

// D11:
// A node took its identity from a leader whose log was lost before anyone else had the entry. It keeps the id, for its
// data directory has it.
func TestANodeKeepsTheIDThatALostLogPromised(t *testing.T) {
	promised := candidate(7)
	promised.ID = 6
	c := next(t, clusterOf(3), Change{Add: []Member{promised}})
	if m := Find(c, 6); m == nil || c.NextID != 7 {
		t.Fatalf("got %+v", c)
	}
	c = next(t, c, Change{Remove: []raftlog.NodeID{6}})
	if _, err := (Change{Add: []Member{promised}}).Next(c); !errors.Is(err, ErrNoMember) {
		t.Fatalf("after its removal: %v", err)
	}
}

func TestChangesThatCannotBeAreRefusedInWords(t *testing.T) {
	three := clusterOf(3)
	promoting := next(t, three, Change{Add: []Member{candidate(7)}})
	retiring := next(t, three, Change{Remove: []raftlog.NodeID{3}})
	two := exchange(next(t, three, Change{Remove: []raftlog.NodeID{2}})).Final()
	joint := exchange(promoting)
	stranger, wiped := candidate(9), candidate(2)
	stranger.ID, wiped.ID, wiped.Incarnation = 9, 2, 22
	full := clusterOf(MaxMembers)
	collides, verbose := candidate(1), candidate(9)
	collides.ID, collides.Address, verbose.Address = 1, "c:1", strings.Repeat("x", MaxBytes)
	wordy := candidate(9)
	wordy.Attributes = make([]byte, MaxAttributesBytes+1)
	busy := ErrChangeInProgress
	removed, mistaken, far := candidate(9), candidate(2), candidate(9)
	removed.ID, mistaken.ID, far.ID = 2, 3, 1<<64-1
	for name, c := range map[string]struct {
		current *Configuration
		change  Change
		want    error
		text    string
	}{
		"remove who never was":      {three, removing(4), ErrNoMember, "node 4"},
		"remove node 0":             {three, removing(0), ErrNoMember, "node 0"},
		"move a stranger":           {three, moving(stranger), ErrNoMember, "node 9"},
		"move another directory":    {three, moving(wiped), ErrInUse, "0000000000000016"},
		"remove the only voter":     {clusterOf(1), removing(1), ErrLastVoter, "last voter"},
		"remove all voters":         {three, removing(1, 2, 3), ErrLastVoter, "last voter"},
		"a voter as a learner":      {three, asLearner(candidate(2)), ErrIsVoter, "node 2"},
		"who was removed":           {two, adding(removed), ErrNoMember, "node 2"},
		"another id than it has":    {three, adding(mistaken), ErrInUse, "node 3"},
		"an id from nowhere":        {three, adding(far), ErrNoMember, "not any more"},
		"a second promotion":        {promoting, adding(candidate(8)), busy, "node 4"},
		"a removal in a promotion":  {promoting, removing(1), busy, "node 4"},
		"a promotion in a removal":  {retiring, adding(candidate(8)), busy, "node 3"},
		"a learner to be promoted":  {promoting, asLearner(candidate(7)), busy, "node 4"},
		"who leaves in an exchange": {exchange(retiring), adding(candidate(3)), busy, "node 3"},
		"who is to go, as learner":  {retiring, asLearner(candidate(3)), busy, "node 3"},
		"an exchange under way":     {joint, asLearner(candidate(8)), busy, "exchanged"},
		"one member too many":       {full, adding(candidate(200)), ErrTooManyMembers, "129"},
		"an address in use":         {three, moving(collides), ErrInUse, "node 2"},
		"texts that do not fit in ": {three, adding(verbose), ErrTooManyMembers, "exceeds"},
		"attributes too long":       {three, adding(wordy), ErrAttributes, "1025 bytes"},
	} {
		got, err := c.change.Next(c.current)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || got != nil {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
}

// D19: A condition holds for what would change the members, and before every other refusal; what is made already, and
// what is under way, is no change.
func TestAConditionIsThatOfTheConfiguration(t *testing.T) {
	three := clusterOf(3)
	three.Index = 10
	on := func(c Change, base raftlog.Index) Change {
		c.If = base
		return c
	}
	remove, add := Change{Remove: []raftlog.NodeID{3}}, Change{Add: []Member{candidate(7)}}
	removing, adding := next(t, three, remove), next(t, three, add)
	removing.Index, adding.Index = 11, 11
	for name, c := range map[string]struct {
		current *Configuration
		change  Change
		want    error
	}{
		"it holds":                        {three, on(remove, 10), nil},
		"no condition":                    {three, on(remove, 0), nil},
		"an older one":                    {three, on(remove, 9), ErrOutdated},
		"a later one":                     {three, on(remove, 11), ErrOutdated},
		"under way":                       {removing, on(remove, 10), nil},
		"under way, and another one":      {removing, on(add, 10), ErrOutdated},
		"another one, while one goes on":  {adding, on(remove, 10), ErrOutdated},
		"the same, with its newest index": {adding, on(remove, 11), ErrChangeInProgress},
		"what cannot be":                  {three, on(Change{Remove: []raftlog.NodeID{9}}, 9), ErrOutdated},
		"what cannot be, and it holds":    {three, on(Change{Remove: []raftlog.NodeID{9}}, 10), ErrNoMember},
		"nothing to do":                   {three, on(Change{Logged: []raftlog.NodeID{1}}, 9), nil},
	} {
		if _, err := c.change.Next(c.current); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A cluster with a node too many from other days can still be repaired.
func TestAClusterThatIsTooLargeCanBeChanged(t *testing.T) {
	c := clusterOf(MaxMembers + 2)
	c = next(t, c, Change{Remove: []raftlog.NodeID{1}})
	if len(c.Retire) != 1 {
		t.Fatalf("got %+v", c.Retire)
	}
}

func TestAChangeSurvivesItsEncoding(t *testing.T) {
	want := Change{
		Add: []Member{candidate(7), candidate(8)}, Learner: true, Remove: []raftlog.NodeID{1, 2},
		Update: []Member{candidate(3)}, If: 1 << 40,
	}
	body := EncodeChange(want)
	got, err := DecodeChange(body)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for n := range body {
		if _, err := DecodeChange(body[:n]); err == nil {
			t.Fatalf("accepted the first %d of %d bytes", n, len(body))
		}
	}
	if _, err := DecodeChange(make([]byte, MaxChangeBytes+1)); err == nil {
		t.Error("accepted a change above the limit")
	}
	other := slices.Clone(body)
	other[1]++
	if _, err := DecodeChange(other); err == nil || !strings.Contains(err.Error(), "format") {
		t.Errorf("another format: %v", err)
	}
}

func FuzzDecodeChange(f *testing.F) {
	f.Add(EncodeChange(Change{Add: []Member{candidate(7)}, Remove: []raftlog.NodeID{1}}))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := DecodeChange(body)
		if err != nil {
			return
		}
		if again, err := DecodeChange(EncodeChange(c)); err != nil || !reflect.DeepEqual(c, again) {
			t.Fatalf("%+v does not survive: %v", c, err)
		}
		if next, err := c.Next(clusterOf(3)); err == nil {
			if err := validConfiguration(next); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// D16:
// What a change becomes on its way must fit as well: in a joint configuration the voters are named twice, and one that
// is too large ends every node that gets it.
func TestAChangeThatIsAcceptedFitsInEveryStep(t *testing.T) {
	full := &Configuration{ClusterID: 1, HashSeed: 1 << 60, NextID: 1}
	for len(Encode(full)) < MaxBytes-1100 {
		m := Member{ID: full.NextID, Incarnation: 1<<63 + uint64(full.NextID)}
		m.Address, m.Attributes = strings.Repeat("x", 240)+string(rune(m.ID)), make([]byte, 280)
		full.Members, full.Voters = append(full.Members, m), append(full.Voters, m.ID)
		full.NextID++
	}
	accepted, refused := 0, 0
	for length := range 400 {
		c, err := adding(Member{Incarnation: 5, Address: strings.Repeat("y", 2*length)}).Next(full)
		if err != nil {
			refused++
			continue
		}
		accepted++
		if _, err := Decode(Encode(exchange(c))); err != nil {
			t.Fatalf("accepted with %d bytes: %v", len(Encode(c)), err)
		}
	}
	if accepted == 0 || refused == 0 {
		t.Fatalf("%d accepted, %d refused: the limit was not met", accepted, refused)
	}
}
