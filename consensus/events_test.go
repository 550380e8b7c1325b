package consensus

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

func TestWatchersHearWhatTheyWantOnce(t *testing.T) {
	var w watchers
	w.wake(Event{Leader: true})
	one, stop := w.add(Event{Leader: true, Match: true})
	other, stopOther := w.add(Event{Snapshot: true})
	w.wake(Event{Leader: true, Applied: true})
	w.wake(Event{Match: true})
	<-one.woken
	select {
	case <-one.woken:
		t.Error("two events before the first look woke a watcher twice")
	case <-other.woken:
		t.Error("a watcher of snapshots hears of a leader")
	default:
	}
	stop()
	w.wake(Event{Leader: true, Snapshot: true})
	select {
	case <-one.woken:
		t.Error("a watcher that has stopped is woken")
	default:
	}
	<-other.woken
	if stopOther(); w.count.Load() != 0 {
		t.Errorf("%d watchers are left", w.count.Load())
	}
}

func TestEventsNameWhatHasChanged(t *testing.T) {
	before := engine.Status{}
	for _, c := range []struct {
		name   string
		change func(s *engine.Status)
		want   Event
	}{
		{"nothing", func(*engine.Status) {}, Event{}},
		{"a vote", func(s *engine.Status) { s.Vote = 2 }, Event{}},
		{"a term", func(s *engine.Status) { s.Term = 2 }, Event{Leader: true}},
		{"applied", func(s *engine.Status) { s.Applied = 9 }, Event{Applied: true}},
		{"the own disk", func(s *engine.Status) { s.Durable = 9 }, Event{Match: true}},
		{"followers", func(s *engine.Status) { s.Observation = 1 }, Event{Match: true}},
		{"an absent voter", func(s *engine.Status) { s.Absent = []NodeID{2} }, Event{Members: true}},
		{"a removal", func(s *engine.Status) { s.Removed = true }, Event{Members: true}},
		{"a snapshot", func(s *engine.Status) { s.SnapshotsEnded = 1 }, Event{Snapshot: true}},
		{"states that differ", func(s *engine.Status) { s.Undecided, s.Apart = 9, true }, Event{Quarantine: true}},
		{"... and differ still", func(s *engine.Status) { s.Undecided = 9 }, Event{}},
		{"a member that waits", func(s *engine.Status) { s.Differing = []NodeID{2} }, Event{Quarantine: true}},
		{"an install", func(s *engine.Status) { s.Install.From, s.Leader = 2, 2 }, Event{Leader: true, Snapshot: true}},
	} {
		after := before
		c.change(&after)
		if got := eventOf(&before, &after); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// A subscription that has lost what it needs does not count: it hides from the log what the others need.
func TestASubscriptionThatLostItsLogDoesNotCount(t *testing.T) {
	var all subscriptions
	slow, other := &Subscription{}, &Subscription{}
	slow.needed.Store(5)
	other.needed.Store(50)
	expect := func(want uint64) {
		t.Helper()
		if got := all.needed.Load(); got != want {
			t.Errorf("entry %d is needed, want %d", got, want)
		}
	}
	for _, s := range []*Subscription{slow, other} {
		if !all.add(s, 1, 2) {
			t.Fatal("no room")
		}
	}
	expect(5)
	all.cut(5)
	expect(5)
	all.cut(6)
	expect(50)
	slow.needed.Store(20) // it goes on behind the gap
	all.note()
	expect(20)
	all.remove(slow)
	expect(50)
	all.cut(51)
	expect(0)
	lost := &Subscription{}
	lost.needed.Store(60)
	if all.add(lost, 61, 3); all.count.Load() != 2 {
		t.Errorf("%d subscriptions", all.count.Load())
	}
	expect(0)
}
