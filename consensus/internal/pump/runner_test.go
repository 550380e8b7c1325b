package pump

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/reactor/looptest"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// patience is how long a test with real goroutines waits for what should take milliseconds.
const patience = 20 * time.Second

// hub carries messages between runners of one process.
type hub struct {
	mu      sync.Mutex
	runners map[raftlog.NodeID]*Runner
	resets  chan raftlog.NodeID
	shelves sync.Map // of nodes, by id
	// hang, if not nil, holds up every Fetch of nodes that start from now on.
	hang chan struct{}
	// restoring is that of nodes that start from now on: see shelf.
	restoring func(*diary) error
	// late, if not nil, is told by nodes that start from now on how long something took.
	late func(event string, took time.Duration)
	// sent, if not nil, sees what a node sends before it leaves.
	sent func(r *Runner, m *engine.Message)
	// short has nodes that start from now on meet a lack of descriptors at every second call.
	short bool
	// tick is the length of a tick of nodes that start from now on.
	tick time.Duration
}

type port struct {
	*hub
	id raftlog.NodeID
}

func (p port) Send(messages []engine.Message) {
	for i := range messages {
		m := messages[i]
		p.mu.Lock()
		r, own := p.runners[m.To], p.runners[p.id]
		p.mu.Unlock()
		if p.sent != nil && own != nil {
			p.sent(own, &m)
		}
		if r != nil {
			r.Receive(p.id, []engine.Message{m})
		}
	}
}
func (p port) Reset(from raftlog.NodeID) {
	select {
	case p.resets <- from:
	default:
	}
}
func (p port) SetPeers([]membership.Member) {}

// memoryLog is a log that forgets everything but its history, and fails when told to.
type memoryLog struct {
	mu      sync.Mutex
	history []raftlog.Entry
	// before is the entry before history begins.
	before raftlog.Mark
	fail   error // of Append
	full   error // of Write
	// short has every second call that needs the system fail for want of a descriptor.
	short shortSystem
	// period is how long each Append takes; jitter, if not nil, makes some take long; held, if not nil, holds them up
	// until it is closed.
	period time.Duration
	jitter *rand.Rand
	held   chan struct{}
	sealed chan struct{}
	// unsealed says that nothing was written behind the last group; stuck, if not nil, holds up each Write.
	unsealed bool
	stuck    chan struct{}
	// rests says of each call of Rest how many entries there were; unrest is its error. seals counts calls of Seal, and
	// sealsAtRest is what it was then.
	rests              chan int
	unrest             error
	seals, sealsAtRest int
	// writes are the operations that the log writer did, in words.
	writes []string
}

func newMemoryLog() *memoryLog {
	return &memoryLog{sealed: make(chan struct{}, 1), rests: make(chan int, 16)}
}

func (l *memoryLog) Append(group []raftlog.Operation) error {
	l.mu.Lock()
	period, held := l.period, l.held
	if l.jitter != nil && l.jitter.IntN(8) == 0 {
		period = time.Duration(l.jitter.IntN(15)) * time.Millisecond
	}
	l.mu.Unlock()
	if period > 0 {
		<-time.After(period)
	}
	if held != nil {
		<-held
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range group {
		l.writes = append(l.writes, fmt.Sprint("operation ", group[i].Number))
	}
	l.unsealed = true
	return l.fail
}
func (l *memoryLog) Seal() error {
	l.mu.Lock()
	l.seals++
	l.unsealed = false
	l.mu.Unlock()
	select {
	case l.sealed <- struct{}{}:
	default:
	}
	return nil
}
func (l *memoryLog) Rest() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.rests <- len(l.history):
	default:
	}
	l.sealsAtRest = l.seals
	return l.unrest
}
func (l *memoryLog) Write(entries []raftlog.Entry) error {
	l.mu.Lock()
	stuck := l.stuck
	l.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full != nil {
		err := l.full
		l.full = nil
		return err
	}
	l.history = append(l.history, entries...)
	return nil
}
func (l *memoryLog) Entries(from raftlog.Index, maxBytes int) (raftlog.Mark, []raftlog.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from <= l.before.Index {
		return raftlog.Mark{}, nil, fmt.Errorf("entry %d: %w", from, engine.ErrCompacted)
	}
	at := slices.IndexFunc(l.history, func(e raftlog.Entry) bool { return e.Index == from })
	if at < 0 {
		return raftlog.Mark{}, nil, fmt.Errorf("entry %d is not in history", from)
	}
	previous := l.before
	if at > 0 {
		previous = l.history[at-1].Mark()
	}
	n, bytes := 0, 0
	for at+n < len(l.history) && (n == 0 || bytes < maxBytes) {
		bytes += l.history[at+n].Size()
		n++
	}
	return previous, slices.Clone(l.history[at : at+n]), nil
}
func (l *memoryLog) Close() error { return nil }

// running is one node of a cluster with real goroutines.
type running struct {
	*Runner
	machine *diary
	log     *memoryLog
	shelf   *shelf
	fatal   chan error
}

// startCluster runs n nodes and stops them at the end of the test, which must leave no goroutine.
func startCluster(t *testing.T, n int) (*hub, []*running) {
	t.Helper()
	h := newHub()
	return h, h.startAll(t, n)
}

func newHub() *hub {
	return &hub{runners: map[raftlog.NodeID]*Runner{}, resets: make(chan raftlog.NodeID, 1), tick: time.Millisecond}
}

func (h *hub) startAll(t *testing.T, n int) []*running {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	var all []*running
	for _, s := range newDisks(n) {
		all = append(all, h.start(t, s))
	}
	return all
}

// start runs a node, and stops it at the end of the test.
func (h *hub) start(t *testing.T, d *disk) *running {
	t.Helper()
	o := d.options
	r := &running{
		machine: &diary{}, log: newMemoryLog(), shelf: newShelf(h, o.ID), fatal: make(chan error, 1),
	}
	r.log.short.on, r.shelf.short.on = h.short, h.short
	e, err := engine.New(o, d.restored(), 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Runner = Start(e, engine.NewApplier(o, r.machine, engine.SnapshotState{}), Effects{
		Reactor: looptest.New(t), Machine: r.machine, Log: r.log, SnapshotLog: r.log, Snapshots: r.shelf,
		Transport: port{h, o.ID},
		Logger:    slog.New(slog.DiscardHandler), Tick: h.tick, Clock: time.Now, Late: h.late,
		Fatal: func(err error) { r.fatal <- err },
	})
	h.mu.Lock()
	h.runners[o.ID] = r.Runner
	h.mu.Unlock()
	t.Cleanup(func() {
		if err := r.Close(); err != nil && !errors.Is(err, r.Err()) {
			t.Error(err)
		}
	})
	return r
}

// await fails the test when the channel stays silent.
func await[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not happen within %v", what, patience)
	}
	panic("unreachable")
}

// propose submits a command and waits for its end.
func (r *running) propose(t *testing.T, command string) *engine.Batch {
	t.Helper()
	ended := make(chan struct{})
	b := &engine.Batch{Body: []byte(command), Level: engine.Level, Wake: func() { close(ended) }}
	r.Submit(b)
	await(t, ended, "the end of "+command)
	return b
}

func TestRunnersServeManyClientsOnAllNodes(t *testing.T) {
	_, nodes := startCluster(t, 3)
	const clients, each = 8, 50
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				if b := nodes[c%3].propose(t, fmt.Sprintf("%d-%d", c, i)); b.Outcome != engine.Done {
					t.Errorf("client %d, command %d: %v", c, i, b.Outcome)
				}
			}
		})
	}
	wg.Wait()
	read := make(chan struct{})
	r := &engine.Read{Wake: func() { close(read) }}
	nodes[2].SubmitRead(r)
	await(t, read, "a read")
	nodes[2].View(func(engine.StateMachine) {
		got := slices.Clone(nodes[2].machine.applied)
		slices.Sort(got)
		if len(slices.Compact(got)) != clients*each || len(nodes[2].machine.applied) != clients*each {
			t.Errorf("applied %d commands, want each of %d once", len(nodes[2].machine.applied), clients*each)
		}
	})
}

// B4.
func TestAnErrorOfTheLogStopsTheNode(t *testing.T) {
	_, nodes := startCluster(t, 1)
	nodes[0].propose(t, "before")
	failure := errors.New("input/output error")
	nodes[0].log.mu.Lock()
	nodes[0].log.fail = failure
	nodes[0].log.mu.Unlock()
	b := &engine.Batch{Body: []byte("after"), Level: engine.Level, Wake: func() {}}
	nodes[0].Submit(b)
	if err := await(t, nodes[0].fatal, "the end of the node"); !errors.Is(err, failure) {
		t.Fatalf("the node ended with %v", err)
	}
	if !errors.Is(nodes[0].Err(), failure) {
		t.Fatalf("Err is %v", nodes[0].Err())
	}
	if slices.Contains(nodes[0].machine.applied, "after") {
		t.Fatal("a command was acknowledged that the log refused")
	}
	if late := nodes[0].propose(t, "late"); late.Outcome != engine.Overloaded {
		t.Fatalf("a node that failed answers %v", late.Outcome)
	}
}

// F18, G7.
func TestAShortageOnlyMakesHistoryWait(t *testing.T) {
	for _, cause := range []error{
		syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EACCES,
	} {
		t.Run(cause.Error(), func(t *testing.T) {
			_, nodes := startCluster(t, 1)
			nodes[0].propose(t, "before")
			nodes[0].log.mu.Lock()
			nodes[0].log.full = fmt.Errorf("write: %w", cause)
			nodes[0].log.mu.Unlock()
			for range 20 {
				if b := nodes[0].propose(t, "x"); b.Outcome != engine.Done {
					t.Fatalf("outcome %v", b.Outcome)
				}
			}
		})
	}
}

func TestCloseEndsEverythingThatWaits(t *testing.T) {
	_, nodes := startCluster(t, 3)
	nodes[1].propose(t, "first")
	nodes[0].Close()
	nodes[2].Close()
	var outcomes []chan struct{}
	var batches []*engine.Batch
	for range 20 {
		ended := make(chan struct{})
		b := &engine.Batch{Body: []byte("never"), Level: engine.Level, Wake: func() { close(ended) }}
		nodes[1].Submit(b)
		batches, outcomes = append(batches, b), append(outcomes, ended)
	}
	nodes[1].Close()
	for i := range outcomes {
		await(t, outcomes[i], "the end of a batch")
		if o := batches[i].Outcome; o != engine.NotDone && o != engine.Unknown && o != engine.Overloaded {
			t.Fatalf("outcome %v without a majority", o)
		}
	}
	after := nodes[1].propose(t, "after close")
	if after.Outcome != engine.Overloaded {
		t.Fatalf("a closed node answered %v", after.Outcome)
	}
}

// S7.
func TestAFullMailboxResetsTheStream(t *testing.T) {
	h, nodes := startCluster(t, 3)
	huge := engine.Message{Own: engine.Forward, Message: raft.Message{From: 2, To: 1, Term: 1}}
	huge.Batches = []engine.ForwardedBatch{{Body: make([]byte, defaultPeerBytes)}}
	for range 100 { // the loop empties it as fast as it can
		nodes[0].Receive(2, []engine.Message{huge, huge})
		select {
		case from := <-h.resets:
			if from != 2 {
				t.Fatalf("reset %d, want 2", from)
			}
			return
		default:
		}
	}
	t.Fatal("no stream was reset")
}

func TestAnIdleLogIsSealed(t *testing.T) {
	_, nodes := startCluster(t, 1)
	nodes[0].propose(t, "x")
	await(t, nodes[0].log.sealed, "the seal")
}

// A history that the system is short of something for rests later; one whose disk fails ends the node.
func TestAnIdleHistoryRests(t *testing.T) {
	_, nodes := startCluster(t, 1)
	n := nodes[0]
	entries := 0
	rest := func(unrest error) {
		n.log.mu.Lock()
		n.log.unrest = unrest
		n.log.mu.Unlock()
		n.propose(t, "x")
		before := entries
		for entries <= before {
			entries = await(t, n.log.rests, "a rest behind new entries")
		}
	}
	rest(syscall.EMFILE)
	rest(nil)
	for sealed := false; !sealed; {
		await(t, n.log.sealed, "a seal behind the rest")
		n.log.mu.Lock()
		sealed = n.log.seals > n.log.sealsAtRest
		n.log.mu.Unlock()
	}
	rest(errors.New("input/output error"))
	if err := await(t, n.fatal, "the end of the node"); !strings.Contains(err.Error(), "input/output error") {
		t.Fatal(err)
	}
}

// S19.
func TestALogIsSealedAtCloseUnlessItFailed(t *testing.T) {
	log := newMemoryLog()
	r := &Runner{effects: Effects{Log: log}}
	if err := r.closeLog(); err != nil || len(log.sealed) != 1 {
		t.Fatalf("closed with %d seals, %v", len(log.sealed), err)
	}
	<-log.sealed
	failure := errors.New("input/output error")
	r.failure.Store(&failure)
	if err := r.closeLog(); err != nil || len(log.sealed) != 0 {
		t.Fatalf("a log that failed was sealed %d times, %v", len(log.sealed), err)
	}
}

func TestAPauseOfTheProcessIsNotABurstOfTicks(t *testing.T) {
	o := newDisks(1)[0].options
	e, err := engine.New(o, raft.Restored{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{engine: e, effects: Effects{Tick: time.Millisecond}}
	start := time.Now()
	ticks, counted := r.ticksSince(start, start.Add(10*time.Second))
	if ticks != engine.DefaultOptions().HeartbeatTicks || !counted.Equal(start.Add(10*time.Second)) {
		t.Fatalf("%d ticks, counted to %v", ticks, counted.Sub(start))
	}
	ticks, counted = r.ticksSince(start, start.Add(2500*time.Microsecond))
	if ticks != 2 || counted.Sub(start) != 2*time.Millisecond {
		t.Fatalf("%d ticks, counted to %v", ticks, counted.Sub(start))
	}
}

// A mailbox is bounded by the sizes of its messages: all parts of a message must count.
func TestTheListOfTheAbsentWeighsInAMailbox(t *testing.T) {
	few := engine.Message{Own: engine.Presence}
	many := engine.Message{Own: engine.Presence, Absent: make([]raftlog.NodeID, 1000)}
	if more := messageBytes(&many) - messageBytes(&few); more < 8*1000 {
		t.Fatalf("1000 ids weigh %d bytes", more)
	}
}

func TestTheConfigurationOfASnapshotWeighsInAMailbox(t *testing.T) {
	install := func(configurationBytes int) engine.Message {
		mark := &raftlog.SnapshotMark{Configuration: make([]byte, configurationBytes)}
		return engine.Message{Message: raft.Message{Kind: raft.Install, Snapshot: mark}}
	}
	short, long := install(0), install(1000)
	if more := messageBytes(&long) - messageBytes(&short); more < 1000 {
		t.Fatalf("1000 bytes weigh %d", more)
	}
}

func TestTheLoggerReportsTheLeader(t *testing.T) {
	var buffer bytes.Buffer
	r := &Runner{effects: Effects{Logger: slog.New(slog.NewTextHandler(&buffer, nil))}}
	follower, leader := engine.State{}, engine.State{ID: 1, Leader: 1, Role: raft.Leader, Term: 4}
	later := leader
	later.Commit = 9
	r.logChange(&engine.Status{State: follower}, &engine.Status{State: leader})
	r.logChange(&engine.Status{State: leader}, &engine.Status{State: later})
	if got := buffer.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "leader=1 term=4") {
		t.Fatalf("the log says %q", got)
	}
}
