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
	"github.com/raftredis/raftredis/internal/mailbox"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/wal/raftlog"
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

// P8: what came in while the loop synced waited for that, so the next sync is the log writer's: reads and their rounds
// of confirmation always, new work where syncs are long. Who waits for their own sync alone does not wait longer.
func TestASyncThatReadsWaitForIsTheLogWriters(t *testing.T) {
	reads := engine.Inputs{Reads: []*engine.Read{{}}}
	batches := engine.Inputs{Batches: []*engine.Batch{{}}}
	epoch := func(e raft.Epoch, term raftlog.Term, kind raft.MessageKind) engine.Inputs {
		return engine.Inputs{Messages: []engine.Message{{Message: raft.Message{Kind: kind, Epoch: e, Term: term}}}}
	}
	operation := func(number raftlog.OperationNumber) (op raft.AppendOperation) {
		op.Number = number
		return op
	}
	answered := engine.Inputs{Messages: []engine.Message{{Own: engine.ReadIndexReply}}}
	forwarded := engine.Inputs{Messages: []engine.Message{{Own: engine.ReadIndex}}}
	for _, c := range []struct {
		what   string
		during []engine.Inputs
		took   time.Duration
		writer bool
	}{
		{"nothing", nil, longSync / 2, false},
		{"a read", []engine.Inputs{reads}, longSync / 2, true},
		{"a read, then nothing", []engine.Inputs{reads, {}}, longSync / 2, true},
		{"a read at a follower", []engine.Inputs{forwarded}, longSync / 2, true},
		{"the answer to a read at a follower", []engine.Inputs{answered}, longSync / 2, true},
		{"a round that was heard of", []engine.Inputs{epoch(7, 3, raft.Heartbeat)}, longSync / 2, false},
		{"a round", []engine.Inputs{epoch(8, 3, raft.Heartbeat)}, longSync / 2, true},
		{"a round beside entries", []engine.Inputs{epoch(8, 3, raft.Append)}, longSync / 2, true},
		{"a round of a new leader", []engine.Inputs{epoch(1, 4, raft.Heartbeat)}, longSync / 2, true},
		{"a round of a new leader behind a late one of the old", []engine.Inputs{
			epoch(0, 4, raft.PreVote), epoch(8, 3, raft.Heartbeat),
		}, longSync / 2, true},
		{"rounds of an old leader", []engine.Inputs{epoch(9, 2, raft.Heartbeat)}, longSync / 2, false},
		{"commands, short", []engine.Inputs{batches}, longSync - 1, false},
		{"commands, long", []engine.Inputs{batches}, longSync, true},
		{"entries, short", []engine.Inputs{epoch(7, 3, raft.Append)}, longSync - 1, false},
		{"entries, long", []engine.Inputs{epoch(7, 3, raft.Append)}, longSync, true},
		{"acknowledgements, long", []engine.Inputs{epoch(7, 3, raft.AppendReply)}, longSync, false},
	} {
		r := &Runner{effects: Effects{Reactor: &reactor.Reactor{}}, appends: mailbox.New[raft.AppendOperation](1 << 10)}
		r.disk.average.Store(int64(c.took))
		turn := func(in engine.Inputs, operations ...raft.AppendOperation) (inline int) {
			r.rounds.in = in
			r.handAppends(operations)
			return len(r.takeAppends())
		}
		turn(reads) // what came before the sync says nothing
		turn(epoch(7, 3, raft.Heartbeat), operation(1))
		for _, in := range c.during {
			turn(in)
		}
		turn(engine.Inputs{Appended: 1})
		inline := turn(reads, operation(2))
		if writers := len(r.appends.Take(nil)); (inline == 0) != c.writer || inline+writers != 1 {
			t.Errorf("behind a sync with %s the loop keeps %d groups, the log writer has %d", c.what, inline, writers)
		}
		r.writing.Store(0)
		turn(engine.Inputs{Appended: 2})
		if turn(engine.Inputs{}, operation(3)) != 1 {
			t.Errorf("%s: the log writer has the journal still, although nothing came", c.what)
		}
	}
}

// F20: a seal tells what was handed out meanwhile that the disk moves, and wakes nothing else.
func TestASealTellsThatTheDiskMoves(t *testing.T) {
	for _, c := range []struct{ writing, last, known, want uint64 }{
		{0, 7, 0, 0}, {1, 7, 0, 7}, {1, 0, 0, 0}, {1, 7, 9, 9},
	} {
		r := &Runner{effects: Effects{Log: &memoryLog{}}, wake: make(chan struct{}, 1)}
		r.writing.Store(int64(c.writing))
		r.last = raftlog.OperationNumber(c.last)
		r.appended.Store(c.known)
		if !r.seal() || r.appended.Load() != c.want {
			t.Errorf("%+v: the loop hears of operation %d", c, r.appended.Load())
		}
		if woken := len(r.wake) > 0; woken != (c.want != c.known) {
			t.Errorf("%+v: the loop is woken: %v", c, woken)
		}
	}
}

// The loop applies what is short by its bytes, however many entries it is.
func TestShortWorkIsAppliedByTheLoop(t *testing.T) {
	entries := func(n, bytes int) (all []raftlog.Entry) {
		for i := range n {
			body := bytes / n
			if i == 0 {
				body += bytes % n
			}
			all = append(all, raftlog.Entry{Index: raftlog.Index(i + 1), Body: make([]byte, body-raftlog.EntryHeaderBytes)})
		}
		return all
	}
	for _, c := range []struct {
		n, bytes int
		want     bool
	}{
		{1, inlineBytes - 1, true}, {1, inlineBytes, true}, {1, inlineBytes + 1, false}, {1000, inlineBytes, true},
		{1000, inlineBytes + 1, false}, {applyEntries + 1, 100 * (applyEntries + 1), true},
	} {
		w := engine.Work{First: 1, Last: raftlog.Index(c.n), Entries: entries(c.n, c.bytes)}
		if isShort(&w) != c.want {
			t.Errorf("%d entries of %d bytes: %v", c.n, c.bytes, !c.want)
		}
	}
}
