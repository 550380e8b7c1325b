package sim

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// outcome is how a request ended, as a client sees it.
type outcome uint8

const (
	// unknown: the connection broke or the node said so. It may take effect at any time, or never.
	unknown outcome = iota
	done
	refused
)

// notDone reports whether the request must never take effect.
func (o outcome) notDone() bool { return o == refused }

func (o outcome) String() string { return [...]string{"unknown", "done", "not done"}[o] }

// request is what a client asks of a node: a run of commands, all of which it sends at once.
type request struct {
	number int
	calls  []call
	// writes: it goes through the log, with one call more than the client's, which carries its number.
	writes bool
	run    *command.Run
	batch  *engine.Batch
	read   *engine.Read

	// asked and answered are moments on the world's own count of requests and answers.
	asked, answered int64
	// mustSee is the index that any client had seen the effects of when this was asked.
	mustSee raftlog.Index
	ended   bool
	outcome outcome
	replies []string
	// index is where the batch is in the committed log, 0 as long as it is not.
	index raftlog.Index
	// timed: its answers depend on the time, of which the model knows nothing. Only scripts ask such things.
	timed bool
	// then is called when it ended.
	then func()
}

// call is one command on one key.
type call struct{ name, key, value string }

func (c call) args() [][]byte {
	args := [][]byte{[]byte(c.name), []byte(c.key)}
	if c.value != "" {
		args = append(args, []byte(c.value))
	}
	return args
}

func (c call) String() string { return strings.TrimSpace(c.name + " " + c.key + " " + c.value) }

// String is the request with its answer.
func (r *request) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "request %d", r.number)
	for i, c := range r.calls {
		fmt.Fprintf(&s, " | %v", c)
		if i < len(r.replies) {
			fmt.Fprintf(&s, " -> %q", r.replies[i])
		}
	}
	if r.ended {
		fmt.Fprintf(&s, " (%v)", r.outcome)
	}
	return s.String()
}

// markName begins the key that each written batch deletes at its end. The key never exists: all it does is to carry the
// batch's number through the log, so that the checkers know the batch again wherever it turns up.
const markName = "batch:"

// build makes the run of a request, and the number's call at the end if there is a write.
func (r *request) build() {
	for _, c := range r.calls {
		if c.name != "GET" {
			r.writes = true
		}
	}
	calls := r.calls
	if r.writes {
		calls = append(calls[:len(calls):len(calls)], call{name: "DEL", key: markName + strconv.Itoa(r.number)})
	}
	r.run = &command.Run{Protocol: 2}
	for _, c := range calls {
		args := c.args()
		spec, fault := command.Find(args)
		if fault != command.NoFault {
			panic("sim: a client sends what is no command: " + c.String())
		}
		r.run.Calls = append(r.run.Calls, command.Call{Spec: spec, Args: args})
	}
}

// numberOf finds the number of a request in the body of its entry.
func numberOf(body []byte) (int, bool) {
	var last [][]byte
	for len(body) > 0 {
		args, rest, err := argv.Next(body, nil)
		if err != nil {
			return 0, false
		}
		last, body = args, rest
	}
	if len(last) != 2 || !bytes.HasPrefix(last[1], []byte(markName)) {
		return 0, false
	}
	number, err := strconv.Atoi(string(last[1][len(markName):]))
	return number, err == nil
}

// splitReplies cuts encoded replies into single ones: those of the kinds that strings have.
func splitReplies(b []byte) (replies []string, ok bool) {
	for len(b) > 0 {
		end := bytes.Index(b, []byte("\r\n")) + 2
		if end < 2 {
			return nil, false
		}
		if b[0] == '$' {
			length, err := strconv.Atoi(string(b[1 : end-2]))
			if err != nil {
				return nil, false
			}
			if length >= 0 {
				end += length + 2
			}
		}
		if end > len(b) {
			return nil, false
		}
		replies = append(replies, string(b[:end]))
		b = b[end:]
	}
	return replies, true
}

// submit gives a request to a process.
func (w *World) submit(l *life, r *request) {
	r.number = len(w.checker.requests)
	r.build()
	w.checker.requests = append(w.checker.requests, r)
	w.checker.moment++
	r.asked, r.mustSee = w.checker.moment, w.checker.seen
	l.serving = append(l.serving, r)
	w.trace.note(w.now, noteClient, l.id, uint64(r.number), 0)
	w.tell(l.id, "asked    %v", r)
	if r.writes {
		r.batch = &engine.Batch{Body: r.run.Body(nil, argv.Append), Level: engine.Level, Local: r.run}
		r.batch.Wake = func() { w.batchEnded(l, r) }
		l.in.Batches = append(l.in.Batches, r.batch)
	} else {
		r.read = &engine.Read{}
		r.read.Wake = func() { w.readEnded(l, r) }
		l.in.Reads = append(l.in.Reads, r.read)
	}
	l.wake()
}

// leave tells a process that the client of a request is gone.
func (w *World) leave(l *life, r *request) {
	if l.dead || r.ended {
		return
	}
	if r.writes {
		l.in.Left = append(l.in.Left, r.batch)
	} else {
		l.in.LeftReads = append(l.in.LeftReads, r.read)
	}
	l.wake()
}

func (w *World) batchEnded(l *life, r *request) {
	switch r.batch.Outcome {
	case engine.Done:
		w.answer(l, r, done)
	case engine.NotDone, engine.Overloaded:
		w.answer(l, r, refused)
	case engine.Unknown:
		w.answer(l, r, unknown)
	case engine.Pending:
		w.fail("outcome", "n%d woke the client of a batch that has not ended: %v", l.id, r)
	}
}

// readEnded executes a read that may be executed: at once, as a connection does when it is woken.
func (w *World) readEnded(l *life, r *request) {
	switch r.read.Outcome {
	case engine.Done:
		applied := l.applier.Applied()
		if applied == 0 {
			w.fail("stale read", "n%d answers from no state at all: %v", l.id, r)
		}
		if applied < r.mustSee {
			w.fail("stale read", "n%d answers from the state at %d, a client had seen %d before: %v", l.id, applied,
				r.mustSee, r)
		}
		if l.machine.Query(int64(r.read.Stamp), r.run) {
			w.fail("read", "n%d wants time to be moved, no key has a deadline", l.id)
		}
		w.checker.seen = max(w.checker.seen, l.applier.Applied())
		w.answer(l, r, done)
	case engine.NotDone, engine.Overloaded:
		w.answer(l, r, refused)
	default:
		w.fail("outcome", "n%d: a read ended as %v: %v", l.id, r.read.Outcome, r)
	}
}

// answer ends a request.
func (w *World) answer(l *life, r *request, o outcome) {
	if r.ended {
		w.fail("outcome", "n%d answers twice: %v", l.id, r)
	}
	if o == done {
		replies, ok := splitReplies(r.run.Reply)
		if !ok || len(replies) != len(r.run.Calls) {
			w.fail("reply", "n%d answers %q: %v", l.id, r.run.Reply, r)
		}
		r.replies = replies[:len(r.calls)]
		if r.writes {
			w.checker.acknowledged(l, r, replies[len(r.calls)])
		}
	}
	w.end(r, o)
	for i := range l.serving {
		if l.serving[i] == r {
			l.serving = append(l.serving[:i], l.serving[i+1:]...)
			break
		}
	}
	w.tell(l.id, "answered %v", r)
	if r.then != nil {
		r.then()
	}
}

// end notes the end of a request.
func (w *World) end(r *request, o outcome) {
	w.checker.moment++
	r.ended, r.outcome, r.answered = true, o, w.checker.moment
	w.trace.note(w.now, noteClient, 0, uint64(r.number), uint64(o))
	switch {
	case !r.writes:
		w.counts.Reads++
	case o == done:
		w.counts.Done++
	case o == refused:
		w.counts.NotDone++
		if r.index != 0 {
			w.fail("not done, yet done", "entry %d carries a batch that is called not done now: %v", r.index, r)
		}
	default:
		w.counts.Unknown++
	}
}

// abandonClients ends what a dead process was asked: nobody will ever answer.
func (l *life) abandonClients() {
	serving := l.serving
	l.serving = nil
	for _, r := range serving {
		l.w.end(r, unknown)
		if r.then != nil {
			r.then()
		}
	}
}

// acknowledged: what a client is told to be done is in the committed log, once, and is applied where it is told.
func (c *checker) acknowledged(l *life, r *request, mark string) {
	if r.index == 0 || l.applier.Applied() < r.index {
		c.w.fail("acknowledged, not committed", "n%d: %v", l.id, r)
	}
	if mark != ":0\r\n" {
		c.w.fail("reply", "n%d: the mark of a batch was there before: %v", l.id, r)
	}
	c.seen = max(c.seen, r.index)
}
