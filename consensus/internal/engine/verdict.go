package engine

import (
	"cmp"
	"slices"

	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// bench is what a leader compares. It begins empty in each term: the members report what they kept.
type bench struct {
	term    raftlog.Term
	members map[raftlog.NodeID]*StateReport
	// odd is the member that is to be quarantined, at oddAt; 0 for none.
	odd   raftlog.NodeID
	oddAt StateNote
	// ruled is when the members were last told; news: there is something to tell.
	ruled uint64
	news  bool
	// ticked is when an entry was last added for a comparison, tickedAt the end of the log then. agreedTick is when a
	// hash was last found to be the agreed one, or an entry was added because none was.
	ticked, agreedTick uint64
	tickedAt           raftlog.Index
}

// takeStateReport takes a member's report, if this node leads the term that it is meant for.
func (e *Engine) takeStateReport(m *Message) {
	if e.leads() && m.Term == e.core.Term() && m.Report != nil && e.isMember(m.From) {
		e.takeReport(m.From, m.Report)
	}
}

// takeReport takes in what a member says of its state, and compares.
func (e *Engine) takeReport(from raftlog.NodeID, r *StateReport) {
	b := &e.states.bench
	if b.term != e.core.Term() {
		*b = bench{term: e.core.Term(), members: map[raftlog.NodeID]*StateReport{}, news: true, agreedTick: e.tick}
	}
	before := b.members[from]
	b.members[from] = r
	if before == nil || before.Quarantine != r.Quarantine || r.Floor != 0 {
		b.news = true
	}
	e.provideState(from, r)
	e.compareAll()
}

// compareAll compares all notes that the leader has.
func (e *Engine) compareAll() {
	s := &e.states
	b := &s.bench
	for id := range b.members {
		if !e.isMember(id) {
			delete(b.members, id)
		}
	}
	for _, n := range b.notes() {
		if _, known := noteAt(s.known, n.Index); !known {
			e.decideAt(n)
		}
	}
	odd, at := e.oddOne()
	if odd != b.odd || at != b.oddAt {
		b.odd, b.oddAt, b.news = odd, at, true
	}
	s.noteQuarantined(e.allQuarantined())
	if s.noteDiffering(e.allDiffering()) {
		b.news = true
	}
}

// allDiffering are the members whose state differs and that wait for their turn to be quarantined, in ascending order.
// A member that is silent is not waited for, and not named.
func (e *Engine) allDiffering() (ids []raftlog.NodeID) {
	for _, m := range e.core.Configuration().Members {
		if _, differs := e.oddAt(m.ID); differs && m.ID != e.states.odd && !e.isQuarantined(m.ID) && !e.isSilent(m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// notes are those of all members whose state counts, each once, in ascending order of their indexes.
func (b *bench) notes() []StateNote {
	var all []StateNote
	for _, r := range b.members {
		if !r.Quarantine.On() {
			all = append(all, r.Notes...)
		}
	}
	slices.SortFunc(all, func(a, b StateNote) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Hash, b.Hash))
	})
	return slices.Compact(all)
}

// decideAt decides whether a hash is the agreed one at its index: when a quorum of the voters has it. If none can have
// one any more, the states differ, and no one can say whose is right.
func (e *Engine) decideAt(n StateNote) {
	b := &e.states.bench
	anyOther := false
	answer := func(id raftlog.NodeID) quorum.Answer {
		r := b.members[id]
		if r == nil || r.Quarantine.On() {
			return quorum.Silent
		}
		theirs, noted := noteAt(r.Notes, n.Index)
		switch {
		case !noted || theirs.Level != n.Level:
			return quorum.Silent
		case theirs.Hash != n.Hash:
			anyOther = true
			return quorum.No
		}
		return quorum.Yes
	}
	outcome := quorum.Decide(e.core.Configuration().Pair(), answer)
	if e.options.Weakened.Down(guard.AgreedByQuorum) && answer(e.options.ID) == quorum.Yes {
		outcome = quorum.Won
	}
	switch {
	case outcome == quorum.Won:
		e.learnAgreed(n)
		b.news, b.agreedTick = true, e.tick
	case anyOther && e.undecidable(n.Index) && n.Index > e.states.undecided:
		e.states.undecided, b.news = n.Index, true
	}
}

// undecidable reports whether no hash can have a quorum at an index, whatever the others say who have not yet told
// theirs. A member that is silent is not waited for: it may never come back.
func (e *Engine) undecidable(index raftlog.Index) bool {
	b := &e.states.bench
	for _, n := range b.notes() {
		if n.Index != index {
			continue
		}
		possible := quorum.Decide(e.core.Configuration().Pair(), func(id raftlog.NodeID) quorum.Answer {
			theirs, noted, counts := b.noteOf(id, index)
			same := theirs.Hash == n.Hash && theirs.Level == n.Level
			if !counts || noted && !same || !noted && e.isSilent(id) {
				return quorum.No
			}
			return quorum.Yes // it has the same, or may yet say so
		})
		if possible == quorum.Won {
			return false
		}
	}
	return true
}

// noteOf is a member's note at an index, if it told one. Its state counts unless it is quarantined.
func (b *bench) noteOf(id raftlog.NodeID, index raftlog.Index) (n StateNote, noted, counts bool) {
	r := b.members[id]
	if r == nil {
		return n, false, true
	}
	n, noted = noteAt(r.Notes, index)
	return n, noted, !r.Quarantine.On()
}

// oddOne is the member that is to be quarantined: one whose newest note with an agreed one beside it differs from that.
// There is none while another one is quarantined, or was named and may still be odd. Members that are silent do not
// count: what was heard of one must not keep all others from being quarantined for as long as it is down.
func (e *Engine) oddOne() (raftlog.NodeID, StateNote) {
	b := &e.states.bench
	for _, q := range e.allQuarantined() {
		if !e.isSilent(q.ID) {
			return 0, StateNote{}
		}
	}
	odd, at := raftlog.NodeID(0), StateNote{}
	for _, m := range e.core.Configuration().Members {
		agreed, differs := e.oddAt(m.ID)
		if differs && !e.isSilent(m.ID) && (odd == 0 || m.ID == b.odd) {
			odd, at = m.ID, agreed
		}
	}
	return odd, at
}

// oddAt finds the newest index at which a member's note can be compared, and reports whether it differs there.
func (e *Engine) oddAt(id raftlog.NodeID) (agreed StateNote, differs bool) {
	r := e.states.bench.members[id]
	if r == nil {
		return agreed, false
	}
	for i := len(r.Notes) - 1; i >= 0; i-- {
		n := &r.Notes[i]
		if agreed, known := noteAt(e.states.known, n.Index); known && agreed.Level == n.Level {
			return agreed, agreed.Hash != n.Hash
		}
	}
	return agreed, false
}

// allQuarantined are the members that say that they are quarantined, and those of which the leader knew it before and
// that have not reported in its term yet, in ascending order.
func (e *Engine) allQuarantined() []Quarantined {
	b := &e.states.bench
	var all []Quarantined
	for id, r := range b.members {
		if r.Quarantine.On() {
			all = append(all, Quarantined{ID: id, Quarantine: r.Quarantine})
		}
	}
	for _, q := range e.states.quarantined {
		if b.members[q.ID] == nil && e.isMember(q.ID) {
			all = append(all, q)
		}
	}
	slices.SortFunc(all, func(a, b Quarantined) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// noteQuarantined notes which members are quarantined, if that is news.
func (s *states) noteQuarantined(all []Quarantined) {
	if !slices.Equal(s.quarantined, all) {
		s.quarantined = all
		s.observation++
	}
}

// noteDiffering notes which members differ and wait for their turn, and reports whether that is news.
func (s *states) noteDiffering(ids []raftlog.NodeID) bool {
	if slices.Equal(s.differing, ids) {
		return false
	}
	s.differing = ids
	s.observation++
	return true
}

// rule lets a leader tell the members what it found, and what is to be done.
func (e *Engine) rule() {
	b := &e.states.bench
	if !e.leads() || b.term != e.core.Term() {
		return
	}
	since := e.tick - b.ruled
	if since < reportTicks || !b.news && since < repeatTicks {
		return
	}
	b.ruled, b.news = e.tick, false
	known := e.states.known
	v := StateVerdict{
		Agreed: slices.Clone(newest(known)), Odd: b.odd, OddAt: b.oddAt, Differing: e.states.differing,
		Quarantined: e.states.quarantined, Undecided: e.states.undecided,
	}
	if len(v.Agreed) == 0 && v.Odd == 0 && len(v.Quarantined) == 0 && v.Undecided == 0 {
		return
	}
	for _, m := range e.core.Configuration().Members {
		if m.ID == e.options.ID {
			e.obey(&v)
			continue
		}
		theirs := v
		if r := b.members[m.ID]; r != nil && r.Floor != 0 {
			theirs.Snapshot = e.stateFor(m.ID, r)
			e.core.ReserveState(m.ID, theirs.Snapshot)
		}
		e.send(Message{Own: Verdict, Message: message(m.ID, e.term), Verdict: &theirs})
	}
}

// message is the envelope of a message of the engine's own.
func message(to raftlog.NodeID, term raftlog.Term) raft.Message {
	return raft.Message{To: to, Term: term}
}

// takeStateVerdict takes the verdict of this term's leader.
func (e *Engine) takeStateVerdict(m *Message) {
	if m.Term != e.core.Term() || e.leads() || m.Verdict == nil {
		return
	}
	v := m.Verdict
	for _, n := range v.Agreed {
		e.learnAgreed(n)
	}
	e.states.undecided = v.Undecided
	e.states.noteQuarantined(v.Quarantined)
	e.states.noteDiffering(v.Differing)
	e.obey(v)
	if v.Snapshot != nil {
		e.takeStateOffer(m.From, v.Snapshot)
	}
}

// obey quarantines this node if it is the odd one: if its own note says so as well. A verdict that comes late may be
// about a state that is gone.
func (e *Engine) obey(v *StateVerdict) {
	if v.Odd != e.options.ID || e.core.Quarantined().On() || v.OddAt.Index <= e.states.agreed {
		return
	}
	own, noted := e.states.own(v.OddAt.Index)
	if noted && own.Level == v.OddAt.Level && own.Hash != v.OddAt.Hash {
		e.beginQuarantine(v.OddAt.Index)
	}
}

// stateFor is a snapshot by which a member can be reinstalled, and nil if there is none: the one of which it has a
// part, if its file is kept here; else the one that was offered before and is reserved; else the one in force.
func (e *Engine) stateFor(id raftlog.NodeID, r *StateReport) *raftlog.SnapshotMark {
	if e.quarantined() {
		return nil
	}
	started, reserved := e.core.KeptFile(r.Part), e.core.StateReserved(id)
	if e.options.Weakened.Down(guard.StatesOnTheirWayStay) {
		started, reserved = nil, nil
	}
	for _, mark := range [...]*raftlog.SnapshotMark{started, reserved, e.snapshots.inForce} {
		if mark.IndexOrZero() >= r.Floor && mark != nil {
			return mark
		}
	}
	return nil
}

// provideState has a snapshot taken for a member that is to be reinstalled, unless there is one. What was kept for a
// member that needs none any more may go.
func (e *Engine) provideState(id raftlog.NodeID, r *StateReport) {
	if r.Floor == 0 {
		e.core.ReserveState(id, nil)
		return
	}
	s := &e.snapshots
	if e.stateFor(id, r) == nil && !e.quarantined() && !s.busy() && e.applied >= r.Floor {
		s.asked = true
	}
}

// owesComparison reports whether an entry is to be added behind which all nodes note their hash: a member waits for
// that, and nothing else may come for long; or the nodes make so many notes that what they report does not meet.
func (e *Engine) owesComparison() bool {
	b := &e.states.bench
	if b.term != e.core.Term() || e.tick-b.ticked < comparisonTicks {
		return false
	}
	waits := func(q Quarantined) bool { return q.Reinstalled != 0 && !e.isSilent(q.ID) }
	apart := e.reportsApart()
	if !apart && !slices.ContainsFunc(e.states.quarantined, waits) {
		return false
	}
	if apart {
		b.agreedTick = e.tick
	}
	b.ticked, b.tickedAt = e.tick, e.core.Last().Index
	return true
}

// reportsApart reports whether nothing was agreed for quietTicks although this leader made notes since then, and since
// the last entry that was added for a comparison.
func (e *Engine) reportsApart() bool {
	s := &e.states
	return e.tick-s.agreedTick >= quietTicks && newestIndex(s.multiples) > max(newestIndex(s.known), s.tickedAt)
}

// newestIndex is that of the last of some notes, 0 if there is none.
func newestIndex(notes []StateNote) raftlog.Index {
	if len(notes) == 0 {
		return 0
	}
	return notes[len(notes)-1].Index
}

// isQuarantined reports whether a member is quarantined, as far as this leader knows, or the leader says.
func (e *Engine) isQuarantined(id raftlog.NodeID) bool {
	return slices.ContainsFunc(e.states.quarantined, func(q Quarantined) bool { return q.ID == id })
}
