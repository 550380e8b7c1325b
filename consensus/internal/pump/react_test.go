package pump

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

// hold makes the next Append wait until release is called.
func (l *memoryLog) hold() (release func()) {
	held := make(chan struct{})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = held
	return sync.OnceFunc(func() {
		l.mu.Lock()
		l.held = nil
		l.mu.Unlock()
		close(held)
	})
}

// leaderOf waits for a leader.
func leaderOf(t *testing.T, nodes []*running) *running {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		for _, r := range nodes {
			if r.Status().Role == raft.Leader {
				return r
			}
		}
	}
	t.Fatal("no node leads")
	return nil
}

// inOrder fails the test unless the operations of a log were written in their order.
func (l *memoryLog) inOrder(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	before := 0
	for _, text := range l.writes {
		number := 0
		if n, err := fmt.Sscanf(text, "operation %d", &number); n == 1 && err == nil && number <= before {
			t.Fatalf("operation %d was written behind operation %d", number, before)
		}
		before = max(before, number)
	}
}

// F19, P8: the disk of the leader hangs. Commands go on by the disks of the others, and so do heartbeats and reads.
// What the leader appended meanwhile is written in order when its disk is back.
func TestAHangingDiskHoldsUpNothingElse(t *testing.T) {
	h := newHub()
	h.tick = 20 * time.Millisecond
	var from, count atomic.Int64
	h.sent = func(r *Runner, m *engine.Message) {
		if m.Kind == raft.Heartbeat && int64(m.From) == from.Load() {
			count.Add(1)
		}
	}
	nodes := h.startAll(t, 3)
	nodes[0].propose(t, "before")
	leader := leaderOf(t, nodes)
	release := leader.log.hold()
	defer release()
	for i := range 10 {
		if b := leader.propose(t, fmt.Sprint("while the disk hangs, ", i)); b.Outcome != engine.Done {
			t.Fatalf("outcome %v", b.Outcome)
		}
	}
	from.Store(int64(leader.Status().ID))
	for deadline := time.Now().Add(patience); count.Load() < 6; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d heartbeats while the disk hangs", count.Load())
		}
	}
	read := make(chan struct{})
	leader.SubmitRead(&engine.Read{Wake: func() { close(read) }})
	await(t, read, "a read while the disk hangs")
	release()
	if b := leader.propose(t, "after"); b.Outcome != engine.Done {
		t.Fatalf("outcome %v", b.Outcome)
	}
	for _, r := range nodes {
		r.log.inOrder(t)
	}
}

// F20: the disks are slow now and then, and readers hold up the appliers: the loop loses its work again and again, and
// does what comes next itself again when it may. Each node writes and applies everything in order.
func TestWorkThatTheLoopLosesStaysInOrder(t *testing.T) {
	const clients, each = 4, 40
	h := newHub()
	h.tick = 20 * time.Millisecond
	nodes := h.startAll(t, 3)
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for i, r := range nodes {
		r.log.mu.Lock()
		r.log.jitter = rand.New(rand.NewPCG(1, uint64(i)))
		r.log.mu.Unlock()
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(7 * time.Millisecond):
				}
				_ = r.View(func(engine.StateMachine) { <-time.After(12 * time.Millisecond) })
			}
		})
	}
	for c := range clients {
		writers.Go(func() {
			for i := range each {
				if b := nodes[c%3].propose(t, fmt.Sprintf("%d-%d", c, i)); b.Outcome != engine.Done {
					t.Errorf("client %d, command %d: %v", c, i, b.Outcome)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	var first []string
	for _, r := range nodes {
		read := make(chan struct{})
		r.SubmitRead(&engine.Read{Wake: func() { close(read) }})
		await(t, read, "a read")
		r.log.inOrder(t)
		_ = r.View(func(engine.StateMachine) {
			if first == nil {
				first = slices.Clone(r.machine.applied)
			}
			if !slices.Equal(first, r.machine.applied) || len(first) != clients*each {
				t.Errorf("%d and %d commands were applied, want %d in one order", len(first), len(r.machine.applied),
					clients*each)
			}
		})
	}
}

// P5: a group whose sync has lost the loop is sealed as well when the node rests: an acknowledged write whose bytes are
// spoilt then is never taken for a torn tail. History, which would have the journal sealed in the end, is held up.
func TestTheLogIsSealedBehindAGroupThatWasSlow(t *testing.T) {
	_, nodes := startCluster(t, 1)
	n := nodes[0]
	stuck := make(chan struct{})
	defer close(stuck)
	n.log.mu.Lock()
	n.log.stuck = stuck
	n.log.mu.Unlock()
	for range 2 {
		n.propose(t, "fast")
		n.awaitSeal(t)
	}
	release := n.log.hold()
	defer release()
	ended := make(chan struct{})
	n.Submit(&engine.Batch{Body: []byte("slow"), Level: engine.Level, Wake: func() { close(ended) }})
	if loop := n.effects.Reactor; loop != nil {
		for deadline := time.Now().Add(patience); loop.TakenAway() == 0; <-time.After(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the loop was not taken away")
			}
		}
	}
	release()
	await(t, ended, "the end of the slow command")
	n.awaitSeal(t)
}

// awaitSeal waits until the last group of the log is sealed.
func (r *running) awaitSeal(t *testing.T) {
	t.Helper()
	unsealed := func() bool {
		r.log.mu.Lock()
		defer r.log.mu.Unlock()
		return r.log.unsealed
	}
	for deadline := time.Now().Add(patience); unsealed(); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no seal for %v", patience)
		}
	}
}
