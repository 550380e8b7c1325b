package sim_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/sim"
	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/sessions"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// retries is a workload of clients that try again on every doubt, on whichever node, within sessions. Its machine
// remembers every sequence that it ever executed: one that comes twice is a violation.
type retries struct {
	// twice is what a machine found.
	twice string
	// replies are the first results that clients heard, by session and sequence.
	replies map[once]uint64
	// wrongClocks: log time may jump when all nodes have stopped, so sessions and replies may end at any time.
	wrongClocks bool
	// counts are how often a command in a session ended so.
	counts map[engine.SessionOutcome]int
}

// once names a command that is to be executed once.
type once struct{ session, sequence uint64 }

func newRetries() *retries {
	return &retries{replies: map[once]uint64{}, counts: map[engine.SessionOutcome]int{}}
}

func (w *retries) NewMachine() workload.StateMachine { return &ledger{world: w} }
func (w *retries) NewClient(_ int, chance *rand.Rand, mix workload.Mix) workload.Client {
	return &retrier{world: w, chance: chance, mix: mix}
}
func (w *retries) Write() workload.Request { return plain{w, false} }
func (w *retries) NumberOf(body []byte) (int, bool) {
	numbers, ok := numbersOf(body)
	return int(numbers[0]), ok
}

// Check: no machine executed anything twice, and the answers along the log are 1, 2, 3 and so on.
func (w *retries) Check(history []workload.Operation, _ *workload.Log) error {
	if w.twice != "" {
		return &workload.Violation{Rule: "executed twice", Text: w.twice}
	}
	type answer struct {
		at    raftlog.Index
		count uint64
	}
	var answers []answer
	for _, h := range history {
		if r := h.Run.(runner).attempted(); h.Known && h.Index != 0 && r.executed() {
			answers = append(answers, answer{h.Index, r.answer})
		}
	}
	slices.SortFunc(answers, func(a, b answer) int { return int(a.at) - int(b.at) })
	for i := 1; i < len(answers); i++ {
		if a, b := answers[i-1], answers[i]; a.at >= b.at || a.count >= b.count {
			return &workload.Violation{Rule: "count", Text: fmt.Sprintf("%+v, then %+v", a, b)}
		}
	}
	return nil
}

// numbersOf reads a command: the number of its run, and the session and sequence, 0 outside of sessions.
func numbersOf(body []byte) (numbers [3]uint64, ok bool) {
	for i := range numbers {
		number, n := binary.Uvarint(body)
		if n <= 0 {
			return numbers, false
		}
		numbers[i], body = number, body[n:]
	}
	return numbers, len(body) == 0
}

// ledger is the machine: it counts what it executes, and answers with the count.
type ledger struct {
	world    *retries
	count    uint64
	executed []once // all sequences of sessions, ever, in their order
	known    map[once]bool
}

func (l *ledger) Apply(index uint64, _ int64, data []byte, local any) []byte {
	if len(data) > 0 {
		l.count++
		numbers, _ := numbersOf(data)
		if key := (once{numbers[1], numbers[2]}); key.session != 0 {
			if l.known[key] && l.world.twice == "" {
				l.world.twice = fmt.Sprintf("entry %d executes sequence %d of session %d again", index, key.sequence,
					key.session)
			}
			l.note(key)
		}
	}
	if r, ok := local.(*attempt); ok {
		r.answer = l.count
	}
	return binary.AppendUvarint(nil, l.count)
}

func (l *ledger) note(key once) {
	l.executed = append(l.executed, key)
	l.known[key] = true
}

func (l *ledger) Query(_ int64, local any) bool {
	local.(*attempt).answer = l.count
	return false
}

func (l *ledger) Freeze() workload.Image {
	return ledgerImage{l.count, slices.Clip(l.executed)}
}
func (l *ledger) Due() int64          { return 0 }
func (l *ledger) Prepare([]byte, int) {}
func (l *ledger) SetOffset(int64)     {}
func (l *ledger) Hash() uint64        { return l.count<<20 + uint64(len(l.executed)) + 1 }

func (l *ledger) Restore(_ uint64, r io.Reader) error {
	*l = ledger{world: l.world, known: map[once]bool{}}
	if r == nil {
		return nil
	}
	var header [2]uint64
	if err := binary.Read(r, binary.LittleEndian, &header); err != nil {
		return err
	}
	l.count = header[0]
	for range header[1] {
		var key [2]uint64
		if err := binary.Read(r, binary.LittleEndian, &key); err != nil {
			return err
		}
		l.note(once{key[0], key[1]})
	}
	return nil
}

type ledgerImage struct {
	count    uint64
	executed []once
}

func (i ledgerImage) Release() {}
func (i ledgerImage) WriteTo(w io.Writer) (int64, error) {
	b := binary.LittleEndian.AppendUint64(nil, i.count)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(i.executed)))
	for _, key := range i.executed {
		b = binary.LittleEndian.AppendUint64(b, key.session)
		b = binary.LittleEndian.AppendUint64(b, key.sequence)
	}
	n, err := w.Write(b)
	return int64(n), err
}

// retrier is a client. It has one session at a time, and a few commands in it whose fate it does not know.
type retrier struct {
	world  *retries
	chance *rand.Rand
	mix    workload.Mix
	// session is 0 while none is open. brief: it may expire at any time.
	session, sequence uint64
	brief             bool
	doubts            []uint64
}

// maxDoubts is how many commands are in doubt at a time: fewer than the window holds.
const maxDoubts = 20

func (c *retrier) Invent(_ time.Duration, readsOnly bool) workload.Request {
	switch {
	case readsOnly || c.chance.Float64() < c.mix.Reads:
		return plain{c.world, true}
	case c.session == 0:
		return c.opening()
	case c.chance.Float64() < 0.02:
		closing := inSession{client: c, operation: raftlog.SessionClose, session: c.session}
		c.forget()
		return closing
	case len(c.doubts) == maxDoubts || len(c.doubts) > 0 && c.chance.Float64() < 0.6:
		return c.command(c.doubts[c.chance.IntN(len(c.doubts))])
	case c.sequence > 0 && c.chance.Float64() < 0.1: // one that was answered, most likely
		return c.command(c.sequence - c.chance.Uint64N(min(c.sequence, maxDoubts)))
	}
	c.sequence++
	c.doubts = append(c.doubts, c.sequence)
	return c.command(c.sequence)
}

func (c *retrier) opening() workload.Request {
	ttls := [...]int64{300, 3_000, 3_600_000, 3_600_000}
	ttl := ttls[c.chance.IntN(len(ttls))]
	return inSession{client: c, operation: raftlog.SessionOpen, ttl: ttl}
}

func (c *retrier) command(sequence uint64) workload.Request {
	return inSession{
		client: c, operation: raftlog.SessionCommand, session: c.session, sequence: sequence, brief: c.brief,
	}
}

func (c *retrier) forget() { c.session, c.sequence, c.doubts = 0, 0, nil }

func (c *retrier) Proof() (write, read workload.Request) {
	return plain{c.world, false}, plain{c.world, true}
}

// plain is a request outside of sessions.
type plain struct {
	world *retries
	reads bool
}

func (r plain) Reads() bool { return r.reads }
func (r plain) Begin(number int) workload.Run {
	return &attempt{world: r.world, number: number, outcome: engine.NotInSession}
}

// inSession is a request in a session.
type inSession struct {
	client            *retrier
	operation         raftlog.SessionOperation
	session, sequence uint64
	ttl               int64
	brief             bool
}

func (r inSession) Reads() bool { return false }
func (r inSession) Begin(number int) workload.Run {
	return &sessionAttempt{attempt{world: r.client.world, number: number, inSession: r}}
}

// attempt is a run, sessionAttempt one in a session.
type attempt struct {
	inSession
	world   *retries
	number  int
	outcome engine.SessionOutcome
	answer  uint64
}

type sessionAttempt struct{ attempt }

// runner is either of the two.
type runner interface{ attempted() *attempt }

func (r *attempt) attempted() *attempt { return r }

// executed reports whether the run executed something, as far as its client knows.
func (r *attempt) executed() bool {
	return r.outcome == engine.Executed || r.outcome == engine.NotInSession && r.operation == 0
}

func (r *attempt) Body() []byte {
	body := binary.AppendUvarint(nil, uint64(r.number))
	body = binary.AppendUvarint(body, r.session)
	return binary.AppendUvarint(body, r.sequence)
}

func (r *attempt) Local() any      { return r }
func (r *attempt) Answered() error { return nil }
func (r *attempt) String() string {
	return fmt.Sprintf(" %d/%d -> %d", r.session, r.sequence, r.answer)
}

// SessionBody implements workload.InSession.
func (r *sessionAttempt) SessionBody() []byte {
	b := raftlog.SessionBody{
		Operation: r.operation, Session: r.session, Sequence: r.sequence, TTLMillis: r.ttl,
	}
	body := b.AppendHeader(nil)
	if r.operation == raftlog.SessionCommand {
		body = append(body, r.Body()...)
	}
	return body
}

// Ended implements workload.InSession: it takes the answer, and tells the client.
func (r *sessionAttempt) Ended(o engine.SessionOutcome, at raftlog.Index, result []byte) error {
	r.outcome = o
	r.world.counts[o]++
	c, key := r.client, once{r.session, r.sequence}
	switch o {
	case engine.Opened:
		if c.session == 0 { // else this is an earlier one, of which the client was not sure
			c.session, c.sequence, c.brief = uint64(at), 0, r.ttl < 1_000_000
		}
	case engine.Closed:
	case engine.NoSession:
		if c.session == r.session {
			if !r.brief && !r.world.wrongClocks {
				return fmt.Errorf("session %d is gone, and nothing closed it", r.session)
			}
			c.forget()
		}
	case engine.Executed, engine.Replayed:
		r.answer, _ = binary.Uvarint(result)
		if first, known := r.world.replies[key]; known && first != r.answer {
			return fmt.Errorf("sequence %d of session %d is answered %d, and was answered %d", r.sequence, r.session,
				r.answer, first)
		}
		r.world.replies[key] = r.answer
		c.settle(key)
	case engine.TooOld: // an attempt that was on its way for long
		if c.session == r.session && r.sequence+sessions.Window > c.sequence {
			return fmt.Errorf("sequence %d of session %d is too old, the client is at %d", r.sequence, r.session, c.sequence)
		}
		c.settle(key)
	case engine.ReplyGone:
		if !r.world.wrongClocks {
			return fmt.Errorf("the result of sequence %d of session %d is gone", r.sequence, r.session)
		}
		c.settle(key)
	default:
		return fmt.Errorf("sequence %d of session %d: outcome %d", r.sequence, r.session, o)
	}
	return nil
}

// settle takes a command off the list of those whose fate is in doubt.
func (c *retrier) settle(key once) {
	if c.session == key.session {
		c.doubts = slices.DeleteFunc(c.doubts, func(s uint64) bool { return s == key.sequence })
	}
}

// retriesIn draws a world of clients that retry. Its clocks are right, but in the profile of wrong ones.
func retriesIn(seed uint64, profile string) (*retries, sim.Options) {
	w, o := newRetries(), sim.Draw(seed, profile)
	o.Workload, w.wrongClocks = w, profile == "clocks"
	if !w.wrongClocks {
		o.Clock.Offset, o.Faults.ClockJump, o.Faults.SetClocks = 0, 0, 0
	}
	return w, o
}

// sessionSeeds are the seeds of each profile. In most of them there are crashes, partitions, snapshots and installs;
// some send all commands in pieces.
var sessionSeeds = []struct {
	profile string
	seeds   uint64
}{{"mixed", 15}, {"snapshots", 12}, {"pieces", 10}, {"members", 4}, {"clocks", 4}}

// differing is a workload one of whose machines has the same state as the others, and other answers in sessions.
type differing struct {
	*retries
	machines int
}

func (w *differing) NewMachine() workload.StateMachine {
	w.machines++
	if w.machines == 2 {
		return &otherwise{ledger{world: w.retries}}
	}
	return w.retries.NewMachine()
}

type otherwise struct{ ledger }

func (o *otherwise) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	result := o.ledger.Apply(index, stamp, data, local)
	if numbers, _ := numbersOf(data); numbers[1] != 0 {
		result = append(result, 0)
	}
	return result
}

// The table of sessions is a part of the state: nodes that differ by their tables alone have different states at once.
func TestTablesThatDifferAreNoticed(t *testing.T) {
	noticed := 0
	for seed := uint64(1); seed <= 10; seed++ {
		w, o := retriesIn(seed, "mixed")
		o.Workload = &differing{retries: w}
		switch v := sim.Run(o).Violation; {
		case v == nil: // no command of a session came to that machine, or to no other one
		case v.Rule != "state":
			t.Errorf("seed %d: %v", seed, v)
		default:
			noticed++
		}
	}
	if noticed < 5 {
		t.Errorf("%d of 10 were noticed", noticed)
	}
}

// Clients retry every command until they know its fate. Nothing is executed twice, and a retry is answered as the first
// attempt was.
func TestRetriesInSessionsExecuteOnce(t *testing.T) {
	counts := map[engine.SessionOutcome]int{}
	var installed, inPieces, restarts int
	for _, p := range sessionSeeds {
		for seed := uint64(1); seed <= p.seeds; seed++ {
			w, o := retriesIn(seed, p.profile)
			r := sim.Run(o)
			if r.Violation != nil {
				t.Fatalf("seed %#x of %s: %v after %v", seed, p.profile, r.Violation, r.Simulated)
			}
			installed, inPieces = installed+r.Counts.Installed, inPieces+r.Counts.InPieces
			restarts += r.Counts.FromSnapshots
			for outcome, n := range w.counts {
				counts[outcome] += n
			}
		}
	}
	t.Logf("%v; %d snapshots installed, %d starts from one, %d bodies in pieces", counts, installed, restarts, inPieces)
	if installed < 10 || restarts < 50 || inPieces < 500 {
		t.Error("too little of that is tested")
	}
	for _, o := range []engine.SessionOutcome{engine.Executed, engine.Replayed, engine.NoSession, engine.Opened} {
		if counts[o] < 100 {
			t.Errorf("outcome %d came %d times only", o, counts[o])
		}
	}
}
