package pump

import (
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/mailbox"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// While the loop is held up, clients submit up to the limits of the mailboxes; the next one is refused at once, which
// means not done. A large batch weighs no more than submittedBatchBytes: the engine bounds those.
func TestSubmissionsBeyondTheirLimitsAreRefused(t *testing.T) {
	one := raftlog.EntryHeaderBytes + 1
	r := &Runner{
		stopping: make(chan struct{}),
		batches:  mailbox.New[*engine.Batch](submittedBatchBytes + 2*one),
		reads:    mailbox.New[*engine.Read](2),
		changes:  mailbox.New[*engine.ChangeRequest](1),
		arrivals: mailbox.New[*engine.Arrival](1),
	}
	bodies := [][]byte{make([]byte, 2*submittedBatchBytes), []byte("x"), []byte("x"), []byte("x")}
	for i, body := range bodies {
		b := &engine.Batch{Body: body, Wake: func() {}}
		r.Submit(b)
		if refused := b.Outcome == engine.Overloaded; refused != (i == 3) || !refused && b.Outcome != engine.Pending {
			t.Errorf("batch %d: %v", i, b.Outcome)
		}
	}
	for i := range 3 {
		read := &engine.Read{Wake: func() {}}
		r.SubmitRead(read)
		if refused := read.Outcome == engine.Overloaded; refused != (i == 2) {
			t.Errorf("read %d: %v", i, read.Outcome)
		}
	}
	for i := range 2 {
		change, arrival := &engine.ChangeRequest{Wake: func() {}}, &engine.Arrival{Wake: func() {}}
		r.SubmitChange(change)
		r.SubmitArrival(arrival)
		if refused := i == 1; (change.Err != nil) != refused || (arrival.Err != nil) != refused {
			t.Errorf("request %d: %v, %v", i, change.Err, arrival.Err)
		}
	}
}

// Messages of peers beyond the limit are dropped; those before it stay, and batches have a limit of their own.
func TestMessagesBeyondTheirLimitAreDropped(t *testing.T) {
	heartbeat := engine.Message{Message: raft.Message{Kind: raft.Heartbeat, From: 2, To: 1, Term: 1}}
	forward := engine.Message{Own: engine.Forward, Message: raft.Message{From: 2, To: 1, Term: 1}}
	h := newHub()
	r := &Runner{
		messages: mailbox.New[engine.Message](2 * messageBytes(&heartbeat)),
		forwards: mailbox.New[engine.Message](messageBytes(&forward)),
		effects:  Effects{Transport: port{h, 1}},
	}
	r.Receive(2, []engine.Message{heartbeat, heartbeat, heartbeat, forward})
	if n := len(r.messages.Take(nil)); n != 2 {
		t.Errorf("%d messages are here, there is room for 2", n)
	}
	if len(h.resets) != 0 {
		t.Error("a dropped heartbeat reset a stream")
	}
	r.Receive(2, []engine.Message{forward})
	if n := len(r.forwards.Take(nil)); n != 1 || len(h.resets) != 1 {
		t.Errorf("%d forwards are here, %d resets", n, len(h.resets))
	}
}

// F19: An origin with much memory fills the mailbox of a node with little, in one turn that takes long. Those that send
// little lose no message by that, and keep their links.
func TestOneOriginKeepsNobodyOut(t *testing.T) {
	heartbeat := engine.Message{Message: raft.Message{Kind: raft.HeartbeatReply, From: 3, To: 1, Term: 1}}
	forward := func(from raftlog.NodeID, bytes int) engine.Message {
		return engine.Message{
			Own: engine.Forward, Message: raft.Message{From: from, To: 1, Term: 1},
			Batches: []engine.ForwardedBatch{{Sequence: 1, Body: make([]byte, bytes)}},
		}
	}
	appends := engine.Message{Message: raft.Message{
		Kind: raft.Append, From: 2, To: 1, Term: 1, Entries: []raftlog.Entry{{Body: make([]byte, 1<<20)}},
	}}
	h := newHub()
	r := &Runner{
		messages: mailbox.New[engine.Message](16 << 20), forwards: mailbox.New[engine.Message](16 << 20),
		effects: Effects{Transport: port{h, 1}},
	}
	for range 20 {
		r.Receive(2, []engine.Message{forward(2, 1<<20), appends})
	}
	if len(h.resets) == 0 {
		t.Error("the mailbox takes whatever one origin sends")
	}
	for len(h.resets) > 0 {
		<-h.resets
	}
	r.Receive(3, []engine.Message{heartbeat, forward(3, 100), forward(3, 100<<10)})
	r.Receive(4, []engine.Message{forward(4, 1<<20)})
	if len(h.resets) != 0 {
		t.Errorf("the stream of node %d is reset", <-h.resets)
	}
	count := func(box *mailbox.Mailbox[engine.Message], from raftlog.NodeID) (n int) {
		for _, m := range box.Take(nil) {
			if m.From == from {
				n++
			}
		}
		return n
	}
	if n := count(r.messages, 3); n != 1 {
		t.Errorf("%d heartbeats of node 3 are here", n)
	}
	if n := count(r.forwards, 3); n != 2 {
		t.Errorf("%d forwards of node 3 are here", n)
	}
}

// The disk hangs for long while history is to be trimmed again and again: only the newest order waits.
func TestTrimsDoNotQueue(t *testing.T) {
	r := &Runner{garbage: mailbox.New[[]raftlog.SnapshotMark](completions)}
	for keep := range raftlog.Index(1000) {
		r.handOutSnapshots(&engine.Outputs{Trim: keep + 1})
	}
	if lists, trim := r.garbage.Take(nil), r.trim.Load(); len(lists) != 0 || trim != 1000 {
		t.Fatalf("%d orders wait, the newest is %d", len(lists), trim)
	}
}
