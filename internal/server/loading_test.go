package server

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// Each step is a picture of the node, and whether it loads then.
func TestLoading_FollowsTheNode(t *testing.T) {
	type step struct {
		name    string
		status  consensus.Status
		serving bool
		on      bool
	}
	index := func(applied, commit uint64) consensus.Status {
		return consensus.Status{AppliedIndex: applied, CommitIndex: commit}
	}
	fetching := func(applied, commit uint64) consensus.Status {
		s := index(applied, commit)
		s.InstallFrom = 2
		return s
	}
	for name, steps := range map[string][]step{
		"a blank node has nothing to load": {{"opened", consensus.Status{Blank: true}, false, false}},
		"nor has one that was removed": {
			{"opened", consensus.Status{Removed: true, CommitIndex: 9}, false, false},
			{"later", consensus.Status{Removed: true, CommitIndex: 9}, true, false},
		},
		"a start applies the log": {
			{"opened", index(100, 300), false, true},
			{"applies", index(299, 300), false, true},
			{"applied", index(300, 300), false, false},
			{"hears of some more", index(300, 300+loadingEntries), false, false},
			{"hears of too many", index(300, 301+loadingEntries), false, true},
			{"has them", index(301+loadingEntries, 301+loadingEntries), false, false},
			{"serves", index(10_000, 10_000), true, false},
			{"is behind", index(10_000, 20_000), true, false},
		},
		"a start under load": {
			{"opened", index(100, 300), false, true},
			{"applies", index(300, 350), false, true},
			{"nearly", index(349, 360), true, true},
			{"has what was known before it served", index(350, 400), true, false},
		},
		"no majority": {
			{"opened", index(0, 0), false, false},
			{"waits", index(0, 0), false, false},
		},
		"a snapshot of another node": {
			{"opened", index(100, 100), false, false},
			{"serves", index(100, 100), true, false},
			{"fetches", fetching(100, 900), true, true},
			{"installs", fetching(100, 900), true, true},
			{"installed", index(800, 900), true, true},
			{"applies under load", index(899, 1000), true, true},
			{"applied", index(900, 1001), true, false},
		},
		"a snapshot at a start": {
			{"opened", index(0, 0), false, false},
			{"fetches", fetching(0, 900), false, true},
			{"installed", index(800, 900), false, true},
			{"applied", index(900, 900), false, false},
		},
	} {
		l := &loading{}
		l.begin(time.Unix(1700000000, 0))
		for _, s := range steps {
			if l.update(&s.status, s.serving, time.Unix(1700000001, 0)); l.on.Load() != s.on {
				t.Errorf("%s: %s: it loads: %v, want %v", name, s.name, !s.on, s.on)
			}
		}
	}
}

// A disk that completes nothing is stalled; one that has nothing to do is not.
func TestStall_IsADiskThatCompletesNothing(t *testing.T) {
	s, at := &stall{}, time.Unix(1700000000, 0)
	for _, step := range []struct {
		durable, last uint64
		after         time.Duration
		want          time.Duration
	}{
		{10, 10, 0, 0}, {10, 10, time.Hour, 0}, {10, 11, time.Second, time.Second}, {10, 12, time.Second, 2 * time.Second},
		{11, 12, time.Second, 0}, {11, 12, time.Second, time.Second}, {12, 12, time.Second, 0}, {12, 12, time.Second, 0},
	} {
		at = at.Add(step.after)
		s.look(&consensus.Status{DurableIndex: step.durable, LastIndex: step.last}, at)
		if got := time.Duration(s.nanos.Load()); got != step.want {
			t.Errorf("durable %d of %d: stalled for %v, want %v", step.durable, step.last, got, step.want)
		}
	}
}
