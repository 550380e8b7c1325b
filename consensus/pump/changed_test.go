package pump

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/engine"
)

func TestBroadcastWakesWhatWaitedBeforeTheTelling(t *testing.T) {
	var b broadcast
	b.tell()
	first, same := b.wait(), b.wait()
	select {
	case <-first:
		t.Fatal("woken by what was told before")
	default:
	}
	b.tell()
	<-first
	<-same
	select {
	case <-b.wait():
		t.Fatal("the next wait ends at once")
	default:
	}
}

func TestChangeOfTellsProgressFromSnapshots(t *testing.T) {
	before := engine.Status{}
	if got := changeOf(nil, &before); got != Progress|Snapshots {
		t.Errorf("at the start: %b", got)
	}
	for _, c := range []struct {
		name   string
		change func(s *engine.Status)
		want   Change
	}{
		{"nothing", func(*engine.Status) {}, 0},
		{"a vote", func(s *engine.Status) { s.Vote = 2 }, 0},
		{"applied", func(s *engine.Status) { s.Applied = 9 }, Progress},
		{"followers", func(s *engine.Status) { s.Observation = 1 }, Progress},
		{"a snapshot", func(s *engine.Status) { s.SnapshotsEnded = 1 }, Snapshots},
		{"an install", func(s *engine.Status) { s.Install.From = 2; s.Leader = 2 }, Progress | Snapshots},
	} {
		after := before
		c.change(&after)
		if got := changeOf(&before, &after); got != c.want {
			t.Errorf("%s: %b, want %b", c.name, got, c.want)
		}
	}
}
