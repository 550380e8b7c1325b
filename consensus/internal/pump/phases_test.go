package pump

import (
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// slowness is what the slow part of a test's cluster waits for; everything else takes far less, unless the machine is
// very busy, and the tests compare nothing with that.
const slowness = 60 * time.Millisecond

// slow makes every sync take as long as is said, from the next group on.
func (l *memoryLog) slow(period time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.period = period
}

// phasesOf has one command done by way of a node, and asks for its phases.
func phasesOf(t *testing.T, r *running, command string) Phases {
	t.Helper()
	if b := r.propose(t, command); b.Outcome == engine.Done {
		return r.Phases(b)
	}
	t.Fatalf("%s was not done", command)
	return Phases{}
}

func TestASlowDiskOfASingleNodeShowsAsDisk(t *testing.T) {
	_, nodes := startCluster(t, 1)
	phasesOf(t, nodes[0], "a")
	nodes[0].log.slow(slowness)
	p := phasesOf(t, nodes[0], "b")
	if p.Disk < slowness || p.Replicate >= p.Disk {
		t.Errorf("%+v", p)
	}
}

func TestSlowDisksOfFollowersShowAsReplicate(t *testing.T) {
	hub := newHub()
	hub.tick = slowness // so that no node takes a slow disk for a dead one
	nodes := hub.startAll(t, 3)
	phasesOf(t, nodes[0], "a")
	var leader *running
	for _, r := range nodes {
		if s := r.Status(); s.Role == raft.Leader {
			leader = r
		} else {
			r.log.slow(slowness)
		}
	}
	if leader == nil {
		t.Fatal("no node leads")
	}
	if p := phasesOf(t, leader, "b"); p.Replicate < slowness/2 || p.Disk >= p.Replicate {
		t.Errorf("%+v", p)
	}
}

func TestASlowApplicationShowsAsApply(t *testing.T) {
	_, nodes := startCluster(t, 1)
	phasesOf(t, nodes[0], "a")
	nodes[0].machineLock.RLock() // a long read
	timer := time.AfterFunc(slowness, nodes[0].machineLock.RUnlock)
	defer timer.Stop()
	if p := phasesOf(t, nodes[0], "b"); p.Apply < slowness/2 || p.Disk+p.Replicate >= p.Apply {
		t.Errorf("%+v", p)
	}
}

func TestWhatTookLongIsTold(t *testing.T) {
	hub := newHub()
	heard := struct {
		sync.Mutex
		longest map[string]time.Duration
	}{longest: map[string]time.Duration{}}
	hub.late = func(event string, took time.Duration) {
		heard.Lock()
		defer heard.Unlock()
		heard.longest[event] = max(heard.longest[event], took)
	}
	nodes := hub.startAll(t, 1)
	nodes[0].log.slow(slowness)
	nodes[0].propose(t, "a")
	read := &engine.Read{}
	ended := make(chan struct{})
	read.Wake = func() { close(ended) }
	nodes[0].SubmitRead(read)
	await(t, ended, "the read")
	heard.Lock()
	defer heard.Unlock()
	for _, event := range []string{EventSync, EventCommit} {
		if heard.longest[event] < slowness {
			t.Errorf("%s took %v", event, heard.longest[event])
		}
	}
	for _, event := range []string{EventApply, EventRead} {
		if _, found := heard.longest[event]; !found {
			t.Errorf("%s is not measured", event)
		}
	}
	if p := nodes[0].PhasesOfRead(read); p.Replicate < 0 || p.Reply < 0 || p.Disk != 0 {
		t.Errorf("%+v", p)
	}
}

func TestMarksKnowWhenAnIndexWasReached(t *testing.T) {
	var m marks
	if _, known := m.at(1); known {
		t.Error("an empty list knows something")
	}
	m.note(5, 50)
	m.note(9, 90)
	expect := func(index raftlog.Index, want int64) {
		t.Helper()
		if got, known := m.at(index); got != want || known != (want != 0) {
			t.Errorf("index %d: at %d, %v", index, got, known)
		}
	}
	expect(1, 50)
	expect(5, 50)
	expect(6, 90)
	expect(10, 0)
	m.note(7, 100) // a new leader replaces 7 to 9
	expect(6, 100)
	expect(8, 0)
}

func TestMarksAreBoundedAndTheNewestAreExact(t *testing.T) {
	var m marks
	const noted = 10 * maxMarks
	for i := range noted {
		m.note(raftlog.Index(i+1), int64(i+1))
	}
	if len(m.list) > maxMarks || cap(m.list) > 2*maxMarks {
		t.Errorf("%d marks, room for %d", len(m.list), cap(m.list))
	}
	for _, index := range []raftlog.Index{1, noted / 2, noted} {
		at, known := m.at(index)
		if !known || at < int64(index) || index == noted && at != noted {
			t.Errorf("index %d: at %d, %v", index, at, known)
		}
	}
}
