package explore

import (
	"testing"
)

// space is a space that is explored completely, with the number of its states. The number changes when the core does
// something else than before, or the rules of what is the same do. Then look at what changed, and say so in the commit.
type space struct {
	name, bounds  string
	states, depth int
	// reached tells whether the space has what it is there for.
	reached func(Reached) bool
}

// All orders of events in small worlds, not some of them.
func TestSmallSpacesAreExploredCompletely(t *testing.T) {
	for _, s := range spaces {
		t.Run(s.name, func(t *testing.T) {
			b, err := Parse(s.bounds)
			if err != nil {
				t.Fatal(err)
			}
			// With more workers it may depend on chance which of equal states is kept, and with it the number of states.
			r, err := Explore(b, Options{Workers: 1, StatesMax: 1 << 20})
			switch {
			case err != nil:
				t.Fatal(err)
			case r.Violation != nil:
				t.Fatalf("after %d steps:\n%v", r.Violation.Steps, r.Violation)
			case !r.Complete || r.States != s.states || r.Depth != s.depth:
				t.Fatalf("%v; want %d states, depth %d", r, s.states, s.depth)
			case !s.reached(r.Reached):
				t.Fatalf("the rules had nothing to look at: %+v", r.Reached)
			}
			t.Logf("%v, %+v", r, r.Reached)
		})
	}
}

// A violation is told from the start on, and what is told is what happens.
func TestAViolationIsTold(t *testing.T) {
	b, _ := Parse("voters=3 terms=3 promptdisks=1 promptreplies=1")
	s := &search{bounds: b, options: Options{Workers: 1, StatesMax: 1 << 20}, records: newRecords(1 << 20)}
	s.records.add(0)
	s.records.add(newRecord(0, newAction(kindCampaign, 2, 0)))
	v := s.tell(&failure{1, newAction(kindDeliver, 1, 0), []string{"a rule"}})
	want := `1: follower term=1 vote=0 leader=0 commit=0 last=1/1 durable=1 floor=0/0 configuration=1
2: follower term=1 vote=0 leader=0 commit=0 last=1/1 durable=1 floor=0/0 configuration=1
3: follower term=1 vote=0 leader=0 commit=0 last=1/1 durable=1 floor=0/0 configuration=1
campaign 2
  2 operation 1: term=2 vote=2 promises=2
  2->1 Vote term=2 previous=1/1
  2->3 Vote term=2 previous=1/1
deliver 2->1 Vote term=2 previous=1/1
  1 operation 1: term=2 vote=2 promises=1
  1->2 VoteReply term=2
deliver 1->2 VoteReply term=2
  2->1 Append term=2 previous=1/1 commit=0 entries=[2/2 no-op]
  2->3 Append term=2 previous=1/1 commit=0 entries=[2/2 no-op]
  2 operation 2: term=2 vote=2 entries=[2/2 no-op]
a rule`
	if v.String() != want || v.Steps != 2 {
		t.Fatalf("after %d steps:\n%v", v.Steps, v)
	}
}

var spaces = []space{
	{
		"elections in three terms", "voters=3 terms=3 promptdisks=1 promptreplies=1", 34679, 17,
		func(r Reached) bool { return r.Elections > 0 && r.Commits > 0 && r.Truncations > 0 },
	},
	{
		"disks and replies take their time", "voters=3 terms=2 entries=1", 34956, 27,
		func(r Reached) bool { return r.Elections > 0 && r.Commits > 0 },
	},
	{
		"a voter retires", "voters=3 leader=1 terms=3 changes=1 promptdisks=1 promptreplies=1", 6241, 19,
		func(r Reached) bool { return r.Elections > 0 && r.ChangesCommitted > 0 && r.Truncations > 0 },
	},
	{
		"a snapshot", "voters=3 leader=1 terms=3 entries=1 snapshots=1 beats=1 promptdisks=1 promptreplies=1", 166710, 20,
		func(r Reached) bool { return r.Installs > 0 && r.Truncations > 0 },
	},
	{
		"a learner takes the place of a voter",
		"voters=2 learners=1 leader=1 terms=3 changes=1 promptdisks=1 promptreplies=1", 8542, 18,
		func(r Reached) bool { return r.Elections > 0 && r.ChangesCommitted > 0 },
	},
	{
		"crashes while disks and replies take their time", "voters=3 terms=2 crashes=1", 15618, 20,
		func(r Reached) bool { return r.Elections > 0 && r.Restarts > 0 },
	},
	{
		"hand-overs", "voters=3 leader=1 terms=3 transfers=1 resignations=1 promptdisks=1 promptreplies=1", 4830, 17,
		func(r Reached) bool { return r.Elections > 0 && r.Commits > 0 },
	},
	{
		"reads while a voter retires", "voters=3 leader=1 terms=2 changes=1 reads=1", 39835, 36,
		func(r Reached) bool { return r.ChangesCommitted > 0 && r.ReadsConfirmed > 0 },
	},
}
