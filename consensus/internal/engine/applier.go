package engine

import (
	"bytes"
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/sessions"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Applier drives the state machine and decides the fate of this node's batches. Its owner calls it from one
// goroutine, Apply under the node's write lock.
type Applier struct {
	options Options
	machine StateMachine
	// base is what is known at the last applied entry; its Pieces are in assemblies, its Sessions in sessions.
	base       SnapshotState
	assemblies assemblies
	sessions   *sessions.Table
	gathered   gathered
	// unmet are the batches sent and not met, in order of term and sequence: the order in which the log can show them.
	unmet      []sentBatch
	unmetArray []sentBatch // see enqueue
	tick       uint64
	// leftOut means that the log removed this node: no later entry can carry its batches.
	leftOut bool
	// leveled is the machine, if what it does depends on the feature level in force.
	leveled leveled
	foresight
	// void: the state is quarantined, and answers no client.
	void bool
	// noteAt is the next index at which the hash of the state is noted in any case.
	noteAt raftlog.Index
}

// leveled is a StateMachine that has more to it at a higher feature level. SetLevel comes before the Apply of the first
// entry of a level, and after each Restore from a snapshot. The level never falls from one entry to the next.
type leveled interface{ SetLevel(level uint8) }

type sentBatch struct {
	Sent
	ended bool // answered Unknown: only its place in the order is left
}

// Position names a batch of this node and boot.
type Position struct {
	Term     raftlog.Term
	Sequence raftlog.Sequence
}

// Applied is the applier's report to the loop.
type Applied struct {
	// Index is the last applied index; 0 for no news. Bytes is what was applied to get there.
	Index raftlog.Index
	Bytes int
	// Time is the highest stamp up to Index; Due is what the machine says of it, 0 for never: see StateMachine.Due.
	Time raftlog.Stamp
	Due  raftlog.Stamp
	// Sessions is how many sessions there are, with those that have ended and are not removed yet.
	Sessions int
	// Pieces is about the bodies of which the log has a part at Index.
	Pieces PiecesState
	// Notes are the hashes of the state behind some of the entries, in order.
	Notes []StateNote
	// Frozen: the state was frozen at Index, for a snapshot. Jumped: a snapshot of other nodes brought it there.
	Frozen bool
	Jumped bool
	// Tick is Work.Tick, when the deadlines up to it have been looked at.
	Tick uint64
	// Met is the last position met in the log.
	Met Position
	// NotDone are batches proven not done: they belong to the loop again.
	NotDone []*Batch
	// GivenUp are positions answered Unknown.
	GivenUp []Position
	// Ended are batches to wake, outside the lock.
	Ended []*Batch
}

// Empty reports whether there is nothing to report.
func (a *Applied) Empty() bool {
	return a.Index == 0 && a.Tick == 0 && len(a.NotDone) == 0 && len(a.GivenUp) == 0
}

// NewApplier makes an applier for a machine that was restored from the snapshot at base, which SnapshotState.Check
// has accepted. For a zero base the machine is empty, and is restored when the first entry tells the cluster's seed.
func NewApplier(o Options, machine StateMachine, base SnapshotState) *Applier {
	a := &Applier{options: o, machine: machine}
	a.leveled, _ = machine.(leveled)
	a.foresees, _ = machine.(foresees)
	a.setBase(base)
	a.leftOut = base.leavesOut(o.ID)
	return a
}

// setBase begins behind a snapshot.
func (a *Applier) setBase(base SnapshotState) {
	a.base, a.assemblies, a.gathered = base, assemblies{list: base.Pieces}, gathered{mark: base.Mark}
	if a.sessions = base.Sessions; a.sessions == nil {
		a.sessions = sessions.New(sessions.DefaultLimits())
	}
	a.base.Pieces, a.base.Sessions = nil, nil
	a.noteNext(base.Mark.Index)
	if base.Level > 0 {
		a.tellLevel()
	}
}

func (a *Applier) tellLevel() {
	if a.leveled != nil {
		a.leveled.SetLevel(a.base.Level)
	}
}

// Register takes over batches that are about to be sent.
func (a *Applier) Register(sent []Sent, report *Applied) {
	for _, s := range sent {
		if n := len(a.unmet); n > 0 && !a.unmet[n-1].before(s) {
			panic(fmt.Sprintf("engine: batch %d of term %d registered out of order", s.Sequence, s.Term))
		}
		if s.Term < a.base.Mark.Term || a.leftOut {
			// The log already shows a later term, or this node's removal: no leader can append it any more.
			a.notDone(s.Batch, report)
			continue
		}
		if a.options.Weakened.Down(guard.LaterTermProof) {
			a.proveNotDone(s.Term, report)
		}
		a.unmet = enqueue(&a.unmetArray, a.unmet, sentBatch{Sent: s})
	}
}

func (s *sentBatch) before(n Sent) bool {
	return s.Term < n.Term || s.Term == n.Term && s.Sequence < n.Sequence
}

// Apply applies entries, which must follow the last applied one, and gathers those that are not gathered yet. This
// node's own batches are met here, and only here.
func (a *Applier) Apply(entries []raftlog.Entry, report *Applied) {
	for len(entries) > 0 {
		ready := a.Gather(entries)
		a.applyGathered(ready, report)
		entries = entries[len(ready):]
	}
	a.reportState(report)
}

func (a *Applier) applyGathered(entries []raftlog.Entry, report *Applied) {
	for i := range entries {
		e := &entries[i]
		a.Foresee(entries[i:])
		if e.Index != a.base.Mark.Index+1 || e.Term < a.base.Mark.Term {
			panic(fmt.Sprintf("engine: entry %s does not follow %s", e.Mark(), a.base.Mark))
		}
		if e.Index == 1 {
			a.begin(e)
		}
		if e.Term > a.base.Mark.Term {
			a.proveNotDone(e.Term, report)
		}
		if e.Level > a.base.Level {
			a.base.Level = e.Level
			a.tellLevel()
		}
		a.apply(e, report)
		a.note(e, report)
		a.noteConfiguration(e, report)
		a.base.Mark = e.Mark()
		a.base.Time = a.base.Time.Then(e)
		report.Bytes += e.Size()
	}
}

// reportState says how far the state has come.
func (a *Applier) reportState(report *Applied) {
	report.Index, report.Time, report.Due = a.base.Mark.Index, a.base.Time.Stamp, a.due()
	report.Sessions = a.sessions.Len()
	report.Pieces = a.assemblies.state(a.base.Mark.Term, a.options.ID, a.options.Boot)
}

// noteConfiguration remembers the newest configuration. If it removes this node, all batches that this node sent and
// did not meet are proven not done: every later entry is appended by a leader that knows this configuration, and such a
// leader appends no batch of a node outside it.
func (a *Applier) noteConfiguration(e *raftlog.Entry, report *Applied) {
	if !e.Kind.Traits().Configures {
		return
	}
	c := configurationOf(e)
	a.base.ClusterID, a.base.HashSeed = c.ClusterID, c.HashSeed
	a.base.Configuration = bytes.Clone(e.Body) // the entry's own may lie in a large message
	if membership.LeftOut(c, a.options.ID) {
		a.leftOut = true
		a.proveNotDone(maxTerm, report)
	}
}

// maxTerm is after every term.
const maxTerm = ^raftlog.Term(0)

// configurationOf decodes the configuration of an entry, if that was not done before.
func configurationOf(e *raftlog.Entry) *membership.Configuration {
	c, err := membership.Decode(e.Body)
	if err != nil {
		panic(fmt.Sprintf("engine: entry %s is no configuration: %v", e.Mark(), err)) // it was decoded when it arrived
	}
	return c
}

// begin gives the state machine the seed of the cluster, which the first entry carries.
func (a *Applier) begin(e *raftlog.Entry) {
	if !e.Kind.Traits().Configures {
		panic("engine: the first entry is not the cluster's configuration")
	}
	if err := a.machine.Restore(configurationOf(e).HashSeed, nil); err != nil {
		panic(fmt.Sprintf("engine: begin an empty state: %v", err))
	}
}

func (a *Applier) apply(e *raftlog.Entry, report *Applied) {
	var data []byte
	if e.Offset != a.base.Time.Offset {
		a.machine.SetOffset(int64(e.Offset))
	}
	b := a.meet(e, report)
	switch traits := e.Kind.Traits(); {
	case traits.ForMachine:
		data = e.Body
	case traits.Piece:
		if data = a.gathered.take(e); data == nil && b != nil {
			a.notDone(b, report) // its last piece, and the body is not whole
			b = nil
		}
	}
	if b != nil && a.void {
		b.End(Unknown) // it is done, and the answer would be one that no other node gives
		report.Ended = append(report.Ended, b)
		b = nil
	}
	a.execute(e, data, b)
	if b == nil {
		return
	}
	b.End(Done)
	b.Times.Index = e.Index
	report.Ended = append(report.Ended, b)
}

// meet finds the batch that an entry carries, if it is one of this node's and its client still waits. A leader appends
// the sequences of a term without gaps, so an entry never jumps over a batch that was not given up.
func (a *Applier) meet(e *raftlog.Entry, report *Applied) *Batch {
	boot := e.Tag.Boot == a.options.Boot || a.options.Weakened.Down(guard.OwnBoot)
	if e.Tag.Origin != a.options.ID || !boot || e.Tag.Sequence == 0 {
		return nil
	}
	report.Met = Position{Term: e.Term, Sequence: e.Tag.Sequence}
	for len(a.unmet) > 0 {
		first := a.unmet[0]
		if first.Term != e.Term || first.Sequence > e.Tag.Sequence {
			return nil
		}
		a.unmet[0] = sentBatch{}
		a.unmet = a.unmet[1:]
		switch {
		case first.Sequence == e.Tag.Sequence && first.ended:
			return nil
		case first.Sequence == e.Tag.Sequence:
			return first.Batch
		case !first.ended:
			panic(fmt.Sprintf("engine: entry %s carries batch %d, batch %d was never appended",
				e.Mark(), e.Tag.Sequence, first.Sequence))
		}
	}
	return nil
}

// proveNotDone gives back the batches of terms before this one: the log shows the later term, so none of them can
// appear any more.
func (a *Applier) proveNotDone(term raftlog.Term, report *Applied) {
	for len(a.unmet) > 0 && a.unmet[0].Term < term {
		if !a.unmet[0].ended {
			a.notDone(a.unmet[0].Batch, report)
		}
		a.unmet[0] = sentBatch{}
		a.unmet = a.unmet[1:]
	}
}

func (a *Applier) notDone(b *Batch, report *Applied) { report.NotDone = append(report.NotDone, b) }

// Expire answers Unknown to batches whose deadline passed: they were sent, and nothing proves their fate yet.
func (a *Applier) Expire(tick uint64, report *Applied) {
	report.Tick = tick
	if tick == a.tick {
		return
	}
	a.tick = tick
	for i := range a.unmet {
		s := &a.unmet[i]
		if !s.ended && tick-s.Tick >= uint64(a.options.UncertainTicks) {
			a.giveUp(s, report)
		}
	}
}

func (a *Applier) giveUp(s *sentBatch, report *Applied) {
	if s.Batch.End(Unknown); a.options.Weakened.Down(guard.SentIsUnknown) {
		s.Batch.End(NotDone)
	}
	report.Ended = append(report.Ended, s.Batch)
	report.GivenUp = append(report.GivenUp, Position{Term: s.Term, Sequence: s.Sequence})
	s.Batch, s.ended = nil, true
}

// Void tells whether this node's state is quarantined: from then on no client is answered from it. What was handed over
// before the loop knew is still applied.
func (a *Applier) Void(void bool) { a.void = void }

// Freeze freezes the state at the last applied entry, under the write lock. The caller releases the image.
func (a *Applier) Freeze(report *Applied) Frozen {
	a.reportState(report)
	report.Frozen = true
	state := a.base
	if !a.options.Weakened.Down(guard.PiecesInSnapshot) {
		state.Pieces = a.assemblies.frozen()
	}
	f := Frozen{SnapshotState: state, Image: a.machine.Freeze(), StateHash: a.StateHash()}
	if a.sessions.Len() > 0 && !a.options.Weakened.Down(guard.SessionsInSnapshot) {
		f.sessions = a.sessions.Freeze()
	}
	return f
}

// Jumped is called after the machine was restored from another node's snapshot. Batches that were sent in the
// snapshot's term or before may be in the gap that the log jumped over: their fate is unknown for good. Batches of a
// later term cannot be in the gap, and go on. But if the snapshot's configuration leaves this node out, they are proven
// not done: no leader of a later term appends them.
func (a *Applier) Jumped(base SnapshotState, report *Applied) {
	if base.Mark.Index < a.base.Mark.Index || base.Mark.Term < a.base.Mark.Term {
		panic(fmt.Sprintf("engine: a snapshot at %s cannot follow entry %s", base.Mark, a.base.Mark))
	}
	for len(a.unmet) > 0 && a.unmet[0].Term <= base.Mark.Term {
		switch {
		case a.unmet[0].ended:
		case a.options.Weakened.Down(guard.GapIsUnknown):
			a.notDone(a.unmet[0].Batch, report)
		default:
			a.giveUp(&a.unmet[0], report)
		}
		a.unmet = a.unmet[1:]
	}
	a.setBase(base)
	report.Jumped = true
	if a.leftOut = base.leavesOut(a.options.ID); a.leftOut {
		a.proveNotDone(maxTerm, report)
	}
	a.reportState(report)
}

// Applied is the last applied index.
func (a *Applier) Applied() raftlog.Index { return a.base.Mark.Index }

// AbandonAll ends all batches that wait, as Unknown: the node stops, and other nodes may still execute what was sent.
func (a *Applier) AbandonAll() []*Batch {
	var report Applied
	for i := range a.unmet {
		if !a.unmet[i].ended {
			a.giveUp(&a.unmet[i], &report)
		}
	}
	a.unmet = nil
	return report.Ended
}

// foresees is a StateMachine that can fetch together what the next bodies need. What it is shown is applied next, and
// in this order; or, after Applied.Jumped or where entries came from history, something else is.
type foresees interface{ Upcoming(bodies [][]byte) }

// foresight is what an applier shows such a machine.
type foresight struct {
	// foresees is nil for a machine of another kind.
	foresees foresees
	// shown is the last entry that the machine was shown, bodies a buffer.
	shown  raftlog.Index
	bodies [][]byte
}

// foreseenEntries is how many entries a machine is shown at once.
const foreseenEntries = 32

// Foresee shows the machine entries that come next, if they are several and it does not know. The owner calls it as
// it calls Apply, with more entries at hand than it applies at once.
func (a *Applier) Foresee(entries []raftlog.Entry) {
	f := &a.foresight
	if f.foresees == nil || len(entries) < 2 || entries[0].Index <= f.shown {
		return
	}
	entries = entries[:min(len(entries), foreseenEntries)]
	f.shown = entries[len(entries)-1].Index
	for i := range entries {
		if body := bodyAhead(&entries[i]); len(body) > 0 {
			f.bodies = append(f.bodies, body)
		}
	}
	if len(f.bodies) > 1 {
		f.foresees.Upcoming(f.bodies)
	}
	clear(f.bodies)
	f.bodies = f.bodies[:0]
}

// bodyAhead is what the machine gets of an entry unless it is a repetition in a session, empty if it gets nothing.
func bodyAhead(e *raftlog.Entry) []byte {
	switch traits := e.Kind.Traits(); {
	case !traits.ForMachine:
		return nil
	case !traits.InSession:
		return e.Body
	}
	b, _ := raftlog.DecodeSessionBody(e.Body)
	return b.Command
}
