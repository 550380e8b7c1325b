package fsm

import (
	"bytes"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// Every node hands the same messages to its clients, in the order of the log, wherever they came in: alone, among other
// commands, in a transaction, in a database. No state depends on them, nor on who hears them.
func TestEachNodeIsToldOfEachMessage(t *testing.T) {
	origin, other, bare := newMachine(t), newMachine(t), newMachine(t)
	var here, there diary
	here.receivers, there.receivers = 3, 7
	origin.Watch(&here)
	other.Watch(&there)
	transaction := (&watching{}).transaction(2, "set a 2", "publish c in", "get a", "spublish s in")
	inAnother := newRun(2, words("set a 1"), words("publish c five"))
	inAnother.Database = 5
	for _, step := range []struct {
		run  *command.Run
		want string
	}{
		{newRun(2, words("publish c alone")), ":3"},
		{newRun(2, words("publish c 1"), words("set a 1"), words("get a"), words("publish c 2")), ":3 +OK $1 1 :3"},
		{newRun(2, words("spublish s shard")), ":3"},
		{transaction, "*4 +OK :3 $1 2 :3"},
		{inAnother, "+OK :3"},
		{newRun(2, words("publish c")), "-ERR wrong number of arguments for 'publish' command"},
	} {
		body := step.run.Body(nil, argv.Append)
		origin.Apply(origin.Index()+1, now, body, step.run)
		other.Apply(other.Index()+1, now, body, nil)
		bare.Apply(bare.Index()+1, now, body, nil)
		if got := onLine(step.run.Reply); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
	want := []string{"c:alone", "c:1", "c:2", "s::shard", "c:in", "s::in", "c:five"}
	if !slices.Equal(here.messages, want) || !slices.Equal(there.messages, want) {
		t.Errorf("told %q at the origin and %q on another node, want %q", here.messages, there.messages, want)
	}
	if origin.Hash() != bare.Hash() || other.Hash() != bare.Hash() || !bytes.Equal(imageOf(t, origin), imageOf(t, bare)) {
		t.Error("the states differ")
	}
}

func TestAMessageIsNoChangeOfTheState(t *testing.T) {
	m, silent := newMachine(t), newMachine(t)
	script(m, "set a 1", "publish c message", "spublish c message")
	script(silent, "set a 1", "get a", "get a")
	for silent.Index() < m.Index() {
		silent.Apply(silent.Index()+1, 0, nil, nil)
	}
	if !bytes.Equal(imageOf(t, m), imageOf(t, silent)) || m.Hash() != silent.Hash() {
		t.Error("a message is part of the state")
	}
}

// A transaction that does nothing sends nothing.
func TestATransactionThatIsOffSendsNothing(t *testing.T) {
	w := &watching{m: newMachine(t)}
	var d diary
	w.m.Watch(&d)
	w.watch(now, "watch a")
	script(w.m, "set a 1")
	if got := w.exec(now, "set a 2", "publish c message"); got != "*-1" || len(d.messages) > 0 {
		t.Errorf("it answers %q and sends %q", got, d.messages)
	}
}

// S6.3 for messages: a client that does not know whether its message was sent asks again, and it is sent once. How many
// heard it is no part of the state, so the reply that is kept does not tell.
func TestOnceSendsAMessageOnce(t *testing.T) {
	m, other := withSession(t), withSession(t)
	var here, there diary
	here.receivers, there.receivers = 3, 7
	m.Watch(&here)
	other.Watch(&there)
	for _, c := range []struct{ line, want string }{
		{"raft.once 1 1 publish c message", "+OK"},
		{"raft.once 1 1 publish c message", "+OK"},
		{"raft.once 1 2 spublish c message", "+OK"},
		{"raft.once 1 2 publish c message", "-" + sequenceUsed},
	} {
		if got := script(m, c.line); got != c.want {
			t.Errorf("%s: got %q, want %q", c.line, got, c.want)
		}
		other.Apply(other.Index()+1, 0, body(c.line), nil)
	}
	if want := []string{"c:message", "c::message"}; !slices.Equal(here.messages, want) ||
		!slices.Equal(there.messages, want) {
		t.Errorf("sent %q and %q, want %q", here.messages, there.messages, want)
	}
	if !bytes.Equal(imageOf(t, m), imageOf(t, other)) {
		t.Error("the images differ")
	}
}

// A log that is applied again tells its messages again. What makes them silent is that no client listens yet.
func TestALogAppliedAgainTellsItsMessagesAgain(t *testing.T) {
	first, again := newMachine(t), newMachine(t)
	var before, after diary
	first.Watch(&before)
	again.Watch(&after)
	for i, line := range []string{"publish c 1", "set a 1", "publish c 2"} {
		first.Apply(uint64(i+1), now, body(line), nil)
		again.Apply(uint64(i+1), now, body(line), nil)
	}
	if !slices.Equal(before.messages, after.messages) || len(after.messages) != 2 || after.replaced != 0 {
		t.Errorf("told %q and then %q", before.messages, after.messages)
	}
	image := imageOf(t, first)
	if err := again.Restore(testSeed, bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	if again.Apply(4, now, body("publish c 3"), nil); after.replaced != 1 || len(after.messages) != 3 {
		t.Errorf("behind a snapshot: told %q, and %d times that messages are missed", after.messages, after.replaced)
	}
}
