package pump

import (
	"log/slog"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

// gated is a machine each of whose commands waits until it is let through.
type gated struct {
	diary
	arrived chan string
	through chan struct{}
}

func (g *gated) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if len(data) > 0 {
		g.arrived <- string(data)
		<-g.through
	}
	return g.diary.Apply(index, stamp, data, local)
}

// startGated starts a cluster of one node with a gated machine.
func startGated(t *testing.T) (*running, *gated) {
	t.Helper()
	d := newDisks(1)[0]
	e, err := engine.New(d.options, d.restored(), 0)
	if err != nil {
		t.Fatal(err)
	}
	machine := &gated{arrived: make(chan string, 16), through: make(chan struct{})}
	log := newMemoryLog()
	r := Start(e, engine.NewApplier(d.options, machine, engine.SnapshotState{}), Effects{
		Machine: machine, Log: log, SnapshotLog: log, Transport: port{&hub{}, 1}, Logger: slog.New(slog.DiscardHandler),
		Tick: 20 * time.Millisecond, Clock: time.Now, Fatal: func(err error) { t.Error(err) },
	})
	return &running{Runner: r}, machine
}

// submitted is a batch and its end.
type submitted struct {
	*engine.Batch
	ended chan struct{}
}

func submitTo(r *running, body string) *submitted {
	s := &submitted{Batch: &engine.Batch{Body: []byte(body), Level: engine.Level}, ended: make(chan struct{})}
	s.Wake = func() { close(s.ended) }
	r.Submit(s.Batch)
	return s
}

// A node is closed while the applier has taken work that it has not begun: batches that are registered by it, batches
// that are applied by it. They end as unknown, for other nodes may have them; what was applied is done.
func TestCloseEndsWorkThatWasTakenAndNotBegun(t *testing.T) {
	r, machine := startGated(t)
	first := submitTo(r, "first")
	await(t, machine.arrived, "the first command at the machine")
	var later []*submitted
	for i, body := range []string{"second", "third", "fourth"} {
		later = append(later, submitTo(r, body))
		// Each is registered and committed by a turn of its own, behind the first one.
		awaitStatus(t, r, "the commit of "+body, func(s *engine.Status) bool {
			return s.UnmetBatches == i+2 && s.Commit == s.Last.Index
		})
	}
	machine.through <- struct{}{}
	if body := await(t, machine.arrived, "the second command at the machine"); body != "second" {
		t.Fatalf("the machine got %q", body)
	}
	closed := make(chan error, 1)
	go func() { closed <- r.Close() }()
	await(t, r.Stopped(), "the end of the node")
	close(machine.through)
	if err := await(t, closed, "the end of Close"); err != nil {
		t.Fatal(err)
	}
	for i, s := range append([]*submitted{first}, later...) {
		await(t, s.ended, "the end of "+string(s.Body))
		want := engine.Done
		if i > 1 {
			want = engine.Unknown
		}
		if s.Outcome != want {
			t.Errorf("%s ended as %v, want %v", s.Body, s.Outcome, want)
		}
	}
}

// A node without a leader is closed with full queues: everything ends as not done, once, and what comes later is
// refused.
func TestCloseEndsEverythingInFullQueues(t *testing.T) {
	_, nodes := startCluster(t, 3)
	for _, n := range nodes[1:] {
		n.Close()
	}
	r := nodes[0]
	awaitStatus(t, r, "the loss of the leader", func(s *engine.Status) bool { return s.Leader == 0 })
	var batches []*submitted
	type submittedRead struct {
		*engine.Read
		ended chan struct{}
	}
	var reads []*submittedRead
	for range 3000 {
		batches = append(batches, submitTo(r, "x"))
		read := &submittedRead{Read: &engine.Read{}, ended: make(chan struct{})}
		read.Wake = func() { close(read.ended) }
		r.SubmitRead(read.Read)
		reads = append(reads, read)
	}
	change := make(chan struct{})
	request := &engine.ChangeRequest{Wake: func() { close(change) }}
	r.SubmitChange(request)
	if err := nodes[0].Close(); err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		await(t, b.ended, "the end of a batch")
		if b.Outcome != engine.NotDone && b.Outcome != engine.Overloaded {
			t.Fatalf("a batch that was never sent ended as %v", b.Outcome)
		}
	}
	for _, read := range reads {
		await(t, read.ended, "the end of a read")
		if read.Outcome != engine.NotDone && read.Outcome != engine.Overloaded {
			t.Fatalf("a read ended as %v", read.Outcome)
		}
	}
	await(t, change, "the end of a request")
	if request.Err == nil {
		t.Fatal("a request to a closed node succeeded")
	}
	late := submitTo(r, "late")
	await(t, late.ended, "the end of a batch after Close")
	if late.Outcome != engine.Overloaded {
		t.Fatalf("a closed node answered %v", late.Outcome)
	}
}
