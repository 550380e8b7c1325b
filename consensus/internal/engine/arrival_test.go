package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// arrive introduces a node to another one, as its hello would.
func (tb *table) arrive(at raftlog.NodeID, a Arrival) error {
	a.Wake = func() {}
	s := tb.node(at)
	s.in.Arrivals = append(s.in.Arrivals, &a)
	tb.turn(s)
	return a.Err
}

// acknowledging is a cluster in which node 2 confirmed everything to node 1, the leader, in boot 102.
func acknowledging(t *testing.T) (tb *table, term raftlog.Term, last raftlog.Index) {
	t.Helper()
	tb = newTable(t, 3)
	for id := raftlog.NodeID(2); id <= 3; id++ {
		if err := tb.arrive(1, Arrival{From: id, Boot: raftlog.Boot(100 + id), Term: 1, Durable: 1}); err != nil {
			t.Fatal(err)
		}
	}
	tb.elect(1)
	tb.submit(1, "c")
	tb.ticks(20)
	return tb, tb.node(1).engine.core.Term(), tb.node(1).engine.core.Last().Index
}

func TestANodeThatComesBackWithLessThanItConfirmedIsRefused(t *testing.T) {
	tb, term, last := acknowledging(t)
	for name, a := range map[string]Arrival{
		"an entry less": {From: 2, Boot: 7, Term: term, Durable: last - 1},
		"a term less":   {From: 2, Boot: 7, Term: term - 1, Durable: last},
		"nothing":       {From: 2, Boot: 7},
	} {
		for range 2 { // it does not help to ask again
			err := tb.arrive(1, a)
			if !errors.Is(err, ErrRolledBack) || !strings.Contains(err.Error(), "empty data directory") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if err := tb.arrive(1, Arrival{From: 2, Boot: 7, Term: term, Durable: last}); err != nil {
		t.Errorf("with all of it: %v", err)
	}
}

// S28: F acknowledged entry 60 of term 3 to L3; L4 replaced it; F stopped in term 4 and meets L3, which does not know
// that it is deposed.
func TestWhatALaterLeaderReplacedIsNotRolledBack(t *testing.T) {
	tb := newTable(t, 5)
	for id := raftlog.NodeID(2); id <= 5; id++ {
		tb.greet(1, id)
	}
	tb.elect(1)
	tb.ticks(20)
	tb.lose = func(m *Message) bool { return m.From > 2 && m.Kind == raft.AppendReply }
	tb.submit(1, "c")
	tb.ticks(DefaultOptions().ElectionTicks)
	core := tb.node(1).engine.core
	term, last := core.Term(), core.Last().Index
	if core.Commit() >= last || tb.node(1).engine.acknowledged(2) != last {
		t.Fatal("node 2 alone must have acknowledged the entry: the test proves nothing")
	}
	if err := tb.arrive(1, Arrival{From: 2, Boot: 7, Term: term, Durable: last - 1}); !errors.Is(err, ErrRolledBack) {
		t.Fatalf("in the same term: %v", err)
	}
	if err := tb.arrive(1, Arrival{From: 2, Boot: 7, Term: term + 1, Durable: last - 1}); err != nil {
		t.Fatal(err)
	}
}

// A connection breaks and is made anew: what its hello says is older than what arrived by the one before.
func TestOnlyTheFirstArrivalOfABootIsJudged(t *testing.T) {
	tb, _, _ := acknowledging(t)
	if err := tb.arrive(1, Arrival{From: 2, Boot: 102, Term: 1, Durable: 1}); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyALeaderJudgesAndOnlyMembers(t *testing.T) {
	tb, _, _ := acknowledging(t)
	if err := tb.arrive(3, Arrival{From: 2, Boot: 7}); err != nil {
		t.Fatalf("a follower judges: %v", err)
	}
	if err := tb.arrive(1, Arrival{From: 9, Boot: 7}); err != nil {
		t.Fatalf("a stranger is judged: %v", err)
	}
	fresh := newTable(t, 3)
	fresh.lose = func(m *Message) bool { return m.Kind == raft.AppendReply }
	fresh.elect(1)
	if err := fresh.arrive(1, Arrival{From: 2, Boot: 7}); err != nil {
		t.Fatalf("nothing was acknowledged, and a node is refused: %v", err)
	}
}

// A new learner dials a node that does not know it yet, which then learns of it and leads. The connection breaks and is
// made anew, with a hello that is older than what arrived by the one before: the node is healthy.
func TestTheBootOfANodeThatIsNoMemberYetIsNoted(t *testing.T) {
	tb, term, _ := acknowledging(t)
	const learner = 4
	hello := Arrival{From: learner, Boot: 7, Term: term, Durable: 1}
	if err := tb.arrive(1, hello); err != nil {
		t.Fatal(err)
	}
	if r := tb.request(1, membership.Change{Add: []membership.Member{tb.invite()}, Learner: true}); r.Err != nil {
		t.Fatal(r.Err)
	}
	leader := tb.node(1)
	leader.in.Messages = append(leader.in.Messages, Message{Message: raft.Message{
		Kind: raft.AppendReply, From: learner, To: 1, Term: term, Index: leader.engine.core.Last().Index,
	}})
	tb.turn(leader)
	if leader.engine.acknowledged(learner) == 0 {
		t.Fatal("the learner is no member: the test proves nothing")
	}
	if err := tb.arrive(1, hello); err != nil {
		t.Fatalf("its hello is older than what it acknowledged since: %v", err)
	}
	hello.Boot = 8
	if err := tb.arrive(1, hello); !errors.Is(err, ErrRolledBack) {
		t.Fatalf("another boot: %v", err)
	}
}

// P6.
func TestTheBootsOfStrangersAreBounded(t *testing.T) {
	tb, _, _ := acknowledging(t)
	boots := tb.node(1).engine.boots
	members := len(boots)
	for i := range 3 * maxStrangers {
		if err := tb.arrive(1, Arrival{From: raftlog.NodeID(10 + i), Boot: 7}); err != nil {
			t.Fatal(err)
		}
		if want := members + min(i+1, maxStrangers); len(boots) != want {
			t.Fatalf("after %d strangers: %d boots, want %d", i+1, len(boots), want)
		}
	}
	if boots[2].boot != 102 || boots[10].boot != 0 || boots[raftlog.NodeID(9+3*maxStrangers)].boot != 7 {
		t.Fatalf("%v", boots)
	}
}
