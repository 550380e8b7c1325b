package pump

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/mailbox"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// startSnapshotCluster runs the first n nodes of a cluster of three that takes snapshots all the time and keeps little.
func startSnapshotCluster(t *testing.T, n int, short bool) (*hub, []*disk, []*running) {
	t.Helper()
	h, _ := startCluster(t, 0)
	h.short = short
	disks := newDisks(3)
	var all []*running
	for _, d := range disks {
		o := &d.options
		o.MaxInflightMessages, o.MaxMessageBytes, o.SnapshotLogBytes, o.MaxHistoryBytes = 2, 128, 2000, 1
		if len(all) < n {
			all = append(all, h.start(t, d))
		}
	}
	return h, disks, all
}

// A node that was never there joins the two others when the log they began with is gone. Snapshots are taken, fetched
// and installed by real goroutines, under load.
func TestRunnersBringANodeLevelBySnapshot(t *testing.T) { bringANodeLevel(t, false) }

// G7: the same while every second call finds no file descriptor. Nothing but time is lost.
func TestRunnersBringANodeLevelInAShortage(t *testing.T) { bringANodeLevel(t, true) }

func bringANodeLevel(t *testing.T, short bool) {
	h, disks, nodes := startSnapshotCluster(t, 2, short)
	ripe := func(r *running) bool { return r.Status().SnapshotsTaken > 2 && r.log.beginsBehind() > 1 }
	for i := 0; i < 200 || !ripe(nodes[0]) || !ripe(nodes[1]); i++ {
		nodes[i%2].propose(t, fmt.Sprint("c", i))
	}
	late := h.start(t, disks[2])
	installed := make(chan struct{})
	go func() {
		defer close(installed)
		awaitStatus(t, late, "an install", func(s *engine.Status) bool { return s.SnapshotsInstalled > 0 })
	}()
	all := append(nodes, late)
	for i := 0; ; i++ {
		select {
		case <-installed:
		default:
			nodes[i%2].propose(t, fmt.Sprint("during", i))
			continue
		}
		break
	}
	for i, r := range all {
		if b := r.propose(t, fmt.Sprint("after", i)); b.Outcome != engine.Done {
			t.Fatalf("outcome %v", b.Outcome)
		}
	}
	var states [][]string
	for _, r := range all {
		awaitStatus(t, r, "the end", func(*engine.Status) (there bool) {
			r.View(func(m engine.StateMachine) { there = m.(*diary).count("after2") == 1 })
			return there
		})
		r.View(func(m engine.StateMachine) { states = append(states, slices.Clone(m.(*diary).applied)) })
	}
	if !slices.Equal(states[0], states[1]) || !slices.Equal(states[0], states[2]) {
		t.Fatalf("states of %d, %d and %d commands", len(states[0]), len(states[1]), len(states[2]))
	}
	if !short {
		return
	}
	late.log.mu.Lock()
	defer late.log.mu.Unlock()
	nodes[0].log.mu.Lock()
	defer nodes[0].log.mu.Unlock()
	late.shelf.set(func(s *shelf) {
		if !late.log.short.waited("restart") || !s.short.waited("restore") || !nodes[0].log.short.waited("trim") {
			t.Errorf("nothing was short: the test proves nothing: %v, %v, %v", late.log.short.calls, s.short.calls,
				nodes[0].log.short.calls)
		}
	})
}

func TestRunnersTakeASnapshotWhenAsked(t *testing.T) {
	_, nodes := startCluster(t, 1)
	r := nodes[0]
	r.propose(t, "x")
	gate := make(chan struct{})
	r.shelf.set(func(s *shelf) { s.gate = gate })
	if err := r.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	awaitStatus(t, r, "the snapshot's beginning", func(s *engine.Status) bool { return s.SnapshotUnderway })
	if err := r.TakeSnapshot(); !errors.Is(err, ErrSnapshotUnderway) {
		t.Fatalf("a second one: %v", err)
	}
	if b := r.propose(t, "meanwhile"); b.Outcome != engine.Done {
		t.Fatalf("outcome %v", b.Outcome)
	}
	close(gate)
	s := awaitStatus(t, r, "the snapshot", func(s *engine.Status) bool { return s.SnapshotsEnded == 1 })
	if s.SnapshotsTaken != 1 || s.Snapshot == nil || s.SnapshotUnderway {
		t.Fatalf("%+v", s)
	}
	r.Close()
	if err := r.TakeSnapshot(); !errors.Is(err, engine.ErrStopped) {
		t.Fatalf("after the end: %v", err)
	}
}

// A node that stops gives up the state that is being written, and the one that waits to be.
func TestCloseReleasesTheFrozenState(t *testing.T) {
	_, nodes := startCluster(t, 1)
	r := nodes[0]
	r.propose(t, "x")
	r.shelf.set(func(s *shelf) { s.gate = make(chan struct{}) })
	if err := r.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	begun := func(*engine.Status) bool {
		r.shelf.mu.Lock()
		defer r.shelf.mu.Unlock()
		return len(r.shelf.images) == 1
	}
	awaitStatus(t, r, "the snapshot's beginning", begun)
	waiting := frozenDiary{released: new(bool)}
	r.frozen.Force(engine.Frozen{Image: waiting}, 1)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if !*r.shelf.images[0].released || !*waiting.released {
		t.Fatal("an image was not released")
	}
	if len(r.fatal) != 0 {
		t.Fatalf("it ended with %v", <-r.fatal)
	}
}

// F18.
func TestNoSpaceForASnapshotIsAState(t *testing.T) {
	_, nodes := startCluster(t, 1)
	r := nodes[0]
	r.propose(t, "x")
	r.shelf.set(func(s *shelf) { s.takeError = fmt.Errorf("%w: no space left on device", engine.ErrUnavailable) })
	if err := r.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	awaitStatus(t, r, "the failure", func(s *engine.Status) bool { return s.SnapshotsFailed == 1 })
	if s := r.Status(); !strings.Contains(s.LastSnapshotError, "no space") {
		t.Fatalf("%+v", s)
	}
	r.shelf.set(func(s *shelf) { s.takeError = nil })
	if err := r.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	awaitStatus(t, r, "the snapshot", func(s *engine.Status) bool {
		return s.SnapshotsTaken == 1 && s.LastSnapshotError == ""
	})
}

// F1.
func TestADiskThatDoesNotKeepASnapshotEndsTheNode(t *testing.T) {
	_, nodes := startCluster(t, 1)
	r := nodes[0]
	r.propose(t, "x")
	failure := errors.New("input/output error")
	r.shelf.set(func(s *shelf) { s.takeError = failure })
	if err := r.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	if err := await(t, r.fatal, "the end of the node"); !errors.Is(err, failure) {
		t.Fatalf("the node ended with %v", err)
	}
}

// A transfer under way does not hold up the end of the node.
func TestCloseEndsATransfer(t *testing.T) {
	h, disks, nodes := startSnapshotCluster(t, 2, false)
	for i := range 200 {
		nodes[i%2].propose(t, fmt.Sprint("c", i))
	}
	for _, r := range nodes {
		awaitStatus(t, r, "snapshots", func(s *engine.Status) bool { return r.log.beginsBehind() > 1 })
	}
	h.hang = make(chan struct{})
	late := h.start(t, disks[2])
	awaitStatus(t, late, "the transfer", func(s *engine.Status) bool { return s.Install.From != 0 && !s.Install.Here })
	if err := late.Close(); err != nil {
		t.Fatal(err)
	}
}

// B7: The log writer puts a snapshot in force before it writes the operation that carries it, and after those before
// it.
func TestASnapshotComesIntoForceAtItsPlaceInTheLog(t *testing.T) {
	log := newMemoryLog()
	r := &Runner{
		effects: Effects{Log: log, SnapshotLog: log}, appends: mailbox.New[raft.AppendOperation](completions),
		wake: make(chan struct{}, 1), stopping: make(chan struct{}),
	}
	mark := func(i raftlog.Index) *raftlog.SnapshotMark {
		return &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 1, Index: i}}
	}
	operations := []raftlog.Operation{
		{Number: 1}, {Number: 2}, {Number: 3, Switch: &raftlog.SnapshotSwitch{Snapshot: mark(7)}}, {Number: 4},
		{Number: 5, Switch: &raftlog.SnapshotSwitch{Snapshot: mark(90), Restart: true}},
		{Number: 6, Switch: &raftlog.SnapshotSwitch{Snapshot: mark(95)}},
	}
	for _, op := range operations {
		r.appends.Force(raft.AppendOperation{Operation: op}, 1)
	}
	r.running.Go(r.writeLog)
	await(t, log.sealed, "the seal that follows idleness")
	close(r.stopping)
	r.running.Wait()
	want := []string{
		"operation 1", "operation 2", "keep 7", "operation 3", "operation 4", "restart 90", "operation 5", "keep 95",
		"operation 6",
	}
	if !slices.Equal(log.writes, want) {
		t.Fatalf("written was %q, want %q", log.writes, want)
	}
}

func TestThePacerKeepsItsRate(t *testing.T) {
	stopping := make(chan struct{})
	p := pacer{bytesPerSecond: 1 << 20, stopping: stopping}
	began := time.Now()
	for range 11 {
		if err := p.spend(10 << 10); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 90*time.Millisecond { // 100 KiB are paid for, the last 10 are not yet
		t.Fatalf("110 KiB took %v at 1 MiB/s", took)
	}
	free := pacer{stopping: stopping}
	if err := free.spend(1 << 40); err != nil || !free.next.Before(time.Now().Add(time.Second)) {
		t.Fatalf("without a rate: %v, paid for at %v", err, free.next)
	}
	close(stopping)
	p.spend(1 << 40)
	if err := p.spend(1); !errors.Is(err, engine.ErrStopped) {
		t.Fatalf("a node that stops waits for its pace: %v", err)
	}
}

// TestThePacerRests works for a moment between two calls, and finds that the second takes its multiple.
func TestThePacerHurriesWhenMemoryIsNeeded(t *testing.T) {
	p := pacer{bytesPerSecond: 1, hurry: func() bool { return true }, stopping: make(chan struct{})}
	began := time.Now()
	for range 100 { // a hundred seconds' worth
		if err := p.spend(1); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestThePacerRests(t *testing.T) {
	p := pacer{bytesPerSecond: 1 << 40}
	if err := p.spend(1); err != nil {
		t.Fatal(err)
	}
	began := p.resumed
	for time.Since(began) < 5*time.Millisecond {
		continue // it works
	}
	worked := time.Since(began)
	if err := p.spend(1); err != nil {
		t.Fatal(err)
	}
	if rested := p.resumed.Sub(began) - worked; rested < min(restPerWork*worked, longestRest) {
		t.Fatalf("it worked for %v and rested for %v", worked, rested)
	}
	if rest := p.rest(p.resumed.Add(time.Hour)); rest != longestRest {
		t.Fatalf("after an hour for one frame it rests for %v", rest)
	}
}
