package sim

import (
	"fmt"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/sim/workload"
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

// request is one attempt at what a client asks of a node.
type request struct {
	workload.Request
	number int
	// writes: it goes through the log.
	writes bool
	run    workload.Run
	batch  *engine.Batch
	read   *engine.Read

	// asked and answered are moments on the world's own count of requests and answers.
	asked, answered int64
	// mustSee is the index that any client had seen the effects of when this was asked.
	mustSee raftlog.Index
	ended   bool
	outcome outcome
	// late: the process was held up before it executed the read.
	late bool
	// tainted: the answer comes from a state that was spoilt.
	tainted bool
	// index is where the batch is in the committed log, 0 as long as it is not.
	index raftlog.Index
	// readAt is the index of the state that a read was answered from, stamp the moment of the read.
	readAt raftlog.Index
	stamp  raftlog.Stamp
	// then is called when it ended.
	then func()
}

// String is the request with its answer.
func (r *request) String() string {
	text := fmt.Sprintf("request %d", r.number)
	if r.run != nil {
		text += r.run.String()
	}
	if r.ended {
		text += fmt.Sprintf(" (%v)", r.outcome)
	}
	return text
}

// submit gives a request to a process.
func (w *world) submit(l *life, r *request) {
	r.number = len(w.checker.requests)
	r.writes, r.run = !r.Reads(), r.Begin(r.number)
	w.checker.requests = append(w.checker.requests, r)
	w.checker.count++
	r.asked, r.mustSee = w.checker.count, w.checker.seen
	l.serving = append(l.serving, r)
	w.trace.note(w.now, noteClient, l.id, uint64(r.number), 0)
	w.tell(l.id, "asked    %v", r)
	if r.writes {
		r.batch = &engine.Batch{Body: r.run.Body(), Level: raftlog.FirstLevel, Local: r.run.Local()}
		if s, ok := r.run.(workload.InSession); ok {
			r.batch.Body, r.batch.InSession = s.SessionBody(), true
		}
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
func (w *world) leave(l *life, r *request) {
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

func (w *world) batchEnded(l *life, r *request) {
	switch r.batch.Outcome {
	case engine.Done:
		if s, ok := r.run.(workload.InSession); ok {
			w.sessionEnded(l, r, s)
		}
		w.answer(l, r, done)
	case engine.NotDone, engine.Overloaded:
		w.answer(l, r, refused)
	case engine.Unknown:
		w.answer(l, r, unknown)
	case engine.Pending:
		w.fail("outcome", "n%d woke the client of a batch that has not ended: %v", l.id, r)
	}
}

// sessionEnded tells a run in a session what became of it. If its command was executed before, the machine never saw
// this one: then its place is that of its entry.
func (w *world) sessionEnded(l *life, r *request, s workload.InSession) {
	b := r.batch
	if b.Session != engine.Executed && r.index == 0 {
		r.index = b.Times.Index
	}
	if err := s.Ended(b.Session, b.Times.Index, b.Result); err != nil {
		w.fail("reply", "n%d: %v: %v", l.id, err, r)
	}
}

// readEnded executes a read that may be executed: at once, as a connection does when it is woken.
func (w *world) readEnded(l *life, r *request) {
	switch r.read.Outcome {
	case engine.Done:
		if l.holdsUp(r) {
			return
		}
		applied := l.applier.Applied()
		if applied == 0 {
			w.fail("stale read", "n%d answers from no state at all: %v", l.id, r)
		}
		if applied < r.mustSee {
			w.fail("stale read", "n%d answers from the state at %d, a client had seen %d before: %v", l.id, applied,
				r.mustSee, r)
		}
		if l.machine.Query(int64(r.read.Stamp), r.run.Local()) {
			w.readAgain(l, r)
			return
		}
		r.readAt, r.stamp = applied, r.read.Stamp
		w.checker.seen = max(w.checker.seen, applied)
		w.answer(l, r, done)
	case engine.NotDone, engine.Overloaded:
		w.answer(l, r, refused)
	default:
		w.fail("outcome", "n%d: a read ended as %v: %v", l.id, r.read.Outcome, r)
	}
}

// readAgain puts a read once more that waits for time to be moved. The leader does that, because a key is due.
func (w *world) readAgain(l *life, r *request) {
	l.do(5*time.Millisecond, func() {
		r.read = &engine.Read{}
		r.read.Wake = func() { w.readEnded(l, r) }
		l.in.Reads = append(l.in.Reads, r.read)
		l.wake()
	})
}

// answer ends a request.
func (w *world) answer(l *life, r *request, o outcome) {
	if r.ended {
		w.fail("outcome", "n%d answers twice: %v", l.id, r)
	}
	if o == done {
		r.tainted = l.fromSpoilt(r)
		if r.tainted {
			w.checker.seen = max(w.checker.seen, r.index)
		} else if err := r.run.Answered(); err != nil {
			w.fail("reply", "n%d: %v: %v", l.id, err, r)
		}
		if r.writes {
			w.checker.acknowledged(l, r)
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
func (w *world) end(r *request, o outcome) {
	w.checker.count++
	r.ended, r.outcome, r.answered = true, o, w.checker.count
	w.trace.note(w.now, noteClient, 0, uint64(r.number), uint64(o))
	switch {
	case !r.writes:
		w.counts.Reads++
	case o == done:
		w.counts.Done++
	case o == refused:
		if !w.calm {
			w.counts.NotDone++
		}
		if r.index != 0 {
			w.fail("not done, yet done", "entry %d carries a batch that is called not done now: %v", r.index, r)
		}
	case !w.calm: // at the end, nodes that are not needed lose power, whatever they are asked
		w.counts.Unknown++
	}
}

// abandonClients ends what a dead process was asked: no answer will come.
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

// acknowledged: a batch that a client is told to be done is in the committed log, once, and applied on the node that
// says so.
func (c *checker) acknowledged(l *life, r *request) {
	if r.index == 0 || l.applier.Applied() < r.index {
		c.w.fail("acknowledged, not committed", "n%d: %v", l.id, r)
	}
	if r.index <= r.mustSee {
		c.w.fail("linearizability", "n%d: entry %d took effect before entry %d, whose effect was seen before it "+
			"was asked: %v", l.id, r.index, r.mustSee, r)
	}
	c.seen = max(c.seen, r.index)
}
