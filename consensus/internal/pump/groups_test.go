package pump

import (
	"fmt"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// What clients send waits for the group under way until that is committed, and no longer than it may take.
func TestNewWorkWaitsForTheGroupUnderWay(t *testing.T) {
	const sync = 300 * time.Microsecond
	begun := time.Unix(1, 0)
	due := begun.Add(holdSlack + 2*sync)
	var g groups
	if g.holds(0, begun) {
		t.Error("batches wait for no group")
	}
	if g.begin(1, 10, begun, sync); g.holds(9, begun) {
		t.Error("batches wait for a single one")
	}
	g.begin(2, 10, begun, sync)
	for _, c := range []struct {
		commit raftlog.Index
		now    time.Time
		want   bool
	}{{9, begun, true}, {9, due.Add(-1), true}, {10, begun, false}, {11, begun, false}} {
		if got := g.holds(c.commit, c.now); got != c.want {
			t.Errorf("commit %d, %v after the begin: %v", c.commit, c.now.Sub(begun), got)
		}
	}
	if g.holds(9, due) || g.alone != aloneGroups {
		t.Fatalf("a group that takes too long holds batches up, or the next ones: %+v", g)
	}
	for i := range aloneGroups {
		if g.begin(2, raftlog.Index(11+i), due, sync); g.holds(9, due) {
			t.Fatalf("group %d behind a slow one is waited for", i+1)
		}
	}
	if g.begin(2, 100, due, sync); !g.holds(9, due) {
		t.Error("no group is waited for any more")
	}
	g.begin(2, 101, due, time.Second)
	if slow := due.Add(holdSlack + 2*slowSync); !g.holds(9, slow.Add(-1)) || g.holds(9, slow) {
		t.Error("a slow disk changes how long a group is waited for")
	}
}

// Before a group the sockets are looked at as long as more came and fewer wait than were answered and waited before.
func TestAGroupAwaitsThoseWhoWereAnswered(t *testing.T) {
	g := groups{before: 2}
	if g.awaits(1, 0) {
		t.Error("more is awaited although no client was answered")
	}
	g.answered(3)
	for _, c := range []struct {
		waiting int
		want    bool
	}{{0, false}, {2, true}, {2, false}, {4, true}, {4, false}, {5, false}, {6, false}} {
		if got := g.awaits(c.waiting, 0); got != c.want {
			t.Errorf("%d wait, 5 are expected: %v", c.waiting, got)
		}
	}
	if g.end = 7; g.awaits(3, 6) || !g.awaits(3, 7) {
		t.Error("a look at the sockets is for groups that may begin")
	}
	if g.begin(1, 8, time.Unix(1, 0), 0); g.awaits(1, 8) {
		t.Error("who came is awaited once more")
	}
}

// While no follower acknowledges anything, batches that come behind others are appended all the same.
func TestABatchBehindASlowGroupIsAppended(t *testing.T) {
	h := newHub()
	nodes := h.startAll(t, 3)
	nodes[0].propose(t, "before")
	leader := leaderOf(t, nodes)
	for _, r := range nodes {
		if r != leader {
			defer r.log.hold()()
		}
	}
	first := leader.Status().Last.Index
	for i := range raftlog.Index(3) {
		body := fmt.Appendf(nil, "while no follower acknowledges, %d", i)
		leader.Submit(&engine.Batch{Body: body, Level: engine.Level, Wake: func() {}})
		for deadline := time.Now().Add(patience); leader.Status().Last.Index <= first+i; <-time.After(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("batch %d was not appended", i+1)
			}
		}
	}
}
