package worlds

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// world is a history with its log, both as a machine made them: all is well until a test changes it.
type world struct {
	past past
	log  workload.Log
	m    machine
}

func newWorld(t *testing.T) *world {
	w := &world{log: workload.Log{Seed: 3}, m: KeySpace{}.NewMachine().(machine)}
	if err := w.m.Restore(w.log.Seed, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// ask has the machine answer a drawn run at a moment.
func (w *world) ask(stamp int64, lines ...string) *workload.Operation {
	r := Commands(lines...)
	r.drawn = true
	number := len(w.past)
	run := r.Begin(number).(*Run)
	h := workload.Operation{Run: run, Number: number, Known: true, Asked: int64(2 * number), Answered: int64(2*number + 1)}
	if r.Reads() {
		w.m.Query(stamp, run.Local())
		h.ReadAt, h.Stamp = raftlog.Index(len(w.log.Inputs)), raftlog.Stamp(stamp)
	} else {
		body := run.Body()
		w.m.Apply(uint64(len(w.log.Inputs)+1), stamp, body, run.Local())
		w.log.Inputs = append(w.log.Inputs, workload.Input{Stamp: stamp, Data: body, Hash: w.m.Hash()})
		h.Index = raftlog.Index(len(w.log.Inputs))
	}
	w.past = append(w.past, h)
	return &w.past[number]
}

// check judges the world; want is empty, or what the violation of the replay says.
func (w *world) check(t *testing.T, want string) {
	t.Helper()
	var broken *workload.Violation
	switch err := (KeySpace{}).Check(w.past, &w.log); {
	case err == nil && want == "":
	case !errors.As(err, &broken) || want == "" || broken.Rule != "replay" || !strings.Contains(broken.Text, want):
		t.Errorf("got %v, want a violation with %q", err, want)
	}
}

func TestTheReplayKnowsEveryAnswer(t *testing.T) {
	w := newWorld(t)
	w.ask(10, "SET k v PX 50", "GET k", "BITFIELD b SET u8 #1 255", "RANDOMKEY")
	w.ask(20, "PTTL k", "OBJECT ENCODING k")
	w.ask(61, "GET k", "APPEND k x")
	w.ask(62, "GET k", "SCAN 0 COUNT 100")
	w.check(t, "")
}

func TestTheReplayRefusesWhatFollowsNotFromTheLog(t *testing.T) {
	for _, c := range []struct {
		name, want string
		harm       func(w *world)
	}{
		{"a reply to a write", "was answered", func(w *world) { w.past[1].Run.(*Run).run.Reply[0] = '!' }},
		{"a read from another state", "was answered", func(w *world) { w.past[2].ReadAt = 1 }},
		{"a state", "has hash", func(w *world) { w.log.Inputs[1].Hash++ }},
		{"a stamp", "was answered", func(w *world) { w.log.Inputs[1].Stamp = 1000 }},
		{"a seed", "has hash", func(w *world) { w.log.Seed++ }},
		{"a read from no state", "was answered from the state at 0", func(w *world) { w.past[2].ReadAt = 0 }},
		{"a read behind the log", "was answered from the state at 3", func(w *world) { w.past[2].ReadAt = 3 }},
		{"a write without a place", "was answered from the state at 0", func(w *world) { w.past[1].Index = 0 }},
		{"a write behind the log", "was answered from the state at 3", func(w *world) { w.past[1].Index = 3 }},
		{"a wall time", "has hash", func(w *world) { w.log.Inputs[0].Offset, w.log.Inputs[0].SetsOffset = 7, true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.ask(10, "SET k v PX 500", "SET e w PXAT 900")
			w.ask(20, "APPEND k x", "GET k")
			w.ask(30, "GET k")
			w.check(t, "")
			c.harm(w)
			w.check(t, c.want)
		})
	}
}

// A string of 600 bytes that was written in place answers MEMORY USAGE by its chunks; where a snapshot was restored
// since, it lies in one piece. That number may differ, as may for how long a node has not used a key, and nothing else.
func TestTheReplayLetsMemoryUsageDiffer(t *testing.T) {
	for reply, want := range map[string]string{
		":777\r\n$1\r\nv\r\n": "", ":777\r\n$1\r\nw\r\n": "was answered", "$-1\r\n$1\r\nv\r\n": "was answered",
	} {
		w := newWorld(t)
		w.ask(10, "SET k v", "SETBIT long 4800 1")
		r := w.ask(20, "MEMORY USAGE long", "GET k")
		w.check(t, "")
		r.Run.(*Run).run.Reply = []byte(reply)
		w.check(t, want)
	}
	w := newWorld(t)
	w.ask(10, "SET k v")
	w.ask(5000, "OBJECT IDLETIME k").Run.(*Run).run.Reply = []byte(":3\r\n") // each node has its own
	w.check(t, "")
	for was, want := range map[string]string{"lru:": "", "lru_seconds_idle:": "", "serializedlength:": "was answered"} {
		w = newWorld(t)
		w.ask(10, "SET k v")
		run := w.ask(20, "DEBUG OBJECT k").Run.(*Run).run
		run.Reply = bytes.Replace(run.Reply, []byte(was), []byte(was+"7"), 1)
		w.check(t, want)
	}
	w = newWorld(t)
	w.ask(10, "SET k v")
	w.ask(20, "STRLEN k").Run.(*Run).run.Reply = []byte(":2\r\n")
	w.check(t, "was answered")
}
