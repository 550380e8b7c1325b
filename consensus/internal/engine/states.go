package engine

import (
	"slices"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// The same log must lead to the same state. Nodes prove it while they run: each notes the hash of its state at some
// indexes and tells the leader, which compares (verdict.go) and has the odd one quarantined (quarantine.go).
//
//	applier: note ──► report ──StateReport──► leader: decide ─StateVerdict──► compare ──► quarantine
//	                                                                             └──► agreed
//
// Nodes note at each multiple of Options.CompareEntries, and at entries that carry only time. Which ones they note need
// not be the same on all: only indexes that enough of them noted are compared.
const (
	// keptNotes is how many notes of a node are kept, of either kind: at multiples, and at entries that carry only time.
	// At full load there are some hundred notes a second, and the verdict on one comes a moment later.
	keptNotes = 64
	// reportedNotes is how many of either kind a report has, and how many agreed ones a verdict: the newest.
	reportedNotes = 8
	// keptAgreed is how many agreed notes are kept, for members that are behind.
	keptAgreed = 64
	// reportTicks is the least time between two reports, or two verdicts, that have news; repeatTicks is after how long
	// they are sent without any, for messages are lost.
	reportTicks = 5
	repeatTicks = 100
	// comparisonTicks is how often the leader adds an entry that carries only time while a member waits to be compared.
	comparisonTicks = 50
	// quietTicks is for how long nothing may be agreed while there are new notes: then the leader adds such an entry as
	// well. All nodes note it, and few others of its kind come.
	quietTicks = 300
)

// StateNote is the hash of a state behind an entry, at the feature level in force there: another level may hash the
// same state to another number.
type StateNote struct {
	Index raftlog.Index
	Hash  uint64
	Level uint8
}

// note notes the hash of the state behind an entry that was applied, if it is to be compared.
func (a *Applier) note(e *raftlog.Entry, report *Applied) {
	multiple := e.Index >= a.noteAt
	if !multiple && (len(e.Body) > 0 || !e.Kind.Traits().Compares) {
		return
	}
	if multiple {
		a.noteNext(e.Index)
	}
	note := StateNote{Index: e.Index, Hash: a.StateHash(), Level: a.base.Level}
	report.Notes = append(report.Notes, note)
}

// noteNext finds the next multiple of Options.CompareEntries behind an index.
func (a *Applier) noteNext(behind raftlog.Index) {
	every := raftlog.Index(a.options.CompareEntries)
	a.noteAt = (behind/every + 1) * every
}

// StateReport is what a member tells the leader of its state.
type StateReport struct {
	// Notes are its newest, in ascending order of their indexes.
	Notes []StateNote
	// Quarantine is its own. Floor is the least index of a snapshot by which it can be reinstalled, 0 if it needs none.
	// Part names the file that it fetches for that, or of which a part is here; nil for none.
	Quarantine raftlog.Quarantine
	Floor      raftlog.Index
	Part       *raftlog.SnapshotMark
}

// StateVerdict is what the leader tells a member of all states.
type StateVerdict struct {
	// Agreed are the newest hashes that a quorum of the voters has, in ascending order of their indexes.
	Agreed []StateNote
	// Odd is the member that is to be quarantined, 0 for none: it has another hash than the agreed one at OddAt.
	Odd   raftlog.NodeID
	OddAt StateNote
	// Differing are the members whose state differs and that wait for their turn to be quarantined, in ascending order.
	Differing []raftlog.NodeID
	// Quarantined are the members whose quarantine the leader knows of, in ascending order.
	Quarantined []Quarantined
	// Undecided is an index at which states differ and no quorum agrees; 0 for none since then.
	Undecided raftlog.Index
	// Snapshot is one by which the member can be reinstalled, nil unless it asked for one and the leader has it.
	Snapshot *raftlog.SnapshotMark
}

// Quarantined is a member whose state is quarantined.
type Quarantined struct {
	ID raftlog.NodeID
	raftlog.Quarantine
}

// states is what a node knows of its own state and the others'.
type states struct {
	// multiples and times are this node's notes, oldest first.
	multiples, times []StateNote
	// known are the agreed notes, oldest first; told of is by the leader, or found as one.
	known []StateNote
	// agreed is the last index at which this node's state was the agreed one, differs the last one at which it was not,
	// if that is a later one; 0 for neither.
	agreed, differs raftlog.Index
	// reported is when and to which term's leader this node last reported; fresh: it has news.
	reported     uint64
	reportedTerm raftlog.Term
	fresh        bool
	// undecided, quarantined and differing are as the leader says. The slices are replaced, never changed.
	undecided   raftlog.Index
	quarantined []Quarantined
	differing   []raftlog.NodeID
	// observation counts the changes of quarantined and differing.
	observation uint64
	// retryAt: no file is fetched for a reinstallation before this tick; failures counts those that were in vain.
	retryAt  uint64
	failures int
	// reinstalls counts the reinstallations of this process.
	reinstalls uint64

	bench
}

// noteStates takes the applier's notes.
func (e *Engine) noteStates(a *Applied) {
	s := &e.states
	if a.Jumped { // they are of a state that is gone
		s.multiples, s.times, s.differs = nil, nil, 0
		if e.quarantined() {
			s.reinstalls++
		}
	}
	if e.stateless() {
		return // what was applied before the applier heard of it
	}
	for _, n := range a.Notes {
		if n.Index%raftlog.Index(e.options.CompareEntries) == 0 {
			s.multiples = keep(s.multiples, n, keptNotes)
		} else {
			s.times = keep(s.times, n, keptNotes)
		}
		s.fresh = true
		e.compareOwn(n)
	}
}

// keep appends a note, and drops the oldest beyond a number.
func keep(notes []StateNote, n StateNote, limit int) []StateNote {
	if len(notes) == limit {
		notes = slices.Delete(notes, 0, 1)
	}
	return append(notes, n)
}

// own is this node's note at an index.
func (s *states) own(index raftlog.Index) (StateNote, bool) {
	for _, notes := range [...][]StateNote{s.multiples, s.times} {
		if n, found := noteAt(notes, index); found {
			return n, true
		}
	}
	return StateNote{}, false
}

func noteAt(notes []StateNote, index raftlog.Index) (StateNote, bool) {
	i := slices.IndexFunc(notes, func(n StateNote) bool { return n.Index == index })
	if i < 0 {
		return StateNote{}, false
	}
	return notes[i], true
}

// learnAgreed takes in a hash that a quorum has, and compares.
func (e *Engine) learnAgreed(n StateNote) {
	s := &e.states
	if _, known := noteAt(s.known, n.Index); known {
		return
	}
	s.known = keep(s.known, n, keptAgreed)
	slices.SortFunc(s.known, func(a, b StateNote) int { return int(a.Index) - int(b.Index) })
	if own, noted := s.own(n.Index); noted {
		e.compareOwn(own)
	}
}

// compareOwn compares one of this node's notes with the agreed one, if that is known.
func (e *Engine) compareOwn(own StateNote) {
	s := &e.states
	agreed, known := noteAt(s.known, own.Index)
	q := e.core.Quarantined()
	switch {
	case !known || agreed.Level != own.Level:
	case q.On() && (q.Stateless() || own.Index <= q.Reinstalled): // of the state that is void, or of the file
	case agreed.Hash != own.Hash:
		if own.Index > s.agreed {
			s.differs = max(s.differs, own.Index)
		}
		if q.On() {
			e.quarantineAgain(own.Index)
		}
	default:
		s.agreed = max(s.agreed, own.Index)
		if s.agreed > s.differs { // writes to what differed may make states the same again
			s.differs = 0
		}
		if q.On() {
			e.endQuarantine()
		}
	}
}

// apart reports whether the states differ, as far as is known: there is an index at which no quorum agreed, and none
// behind it at which one did.
func (s *states) apart() bool { return s.undecided > newestIndex(s.known) }

// newest are the notes that a report has room for.
func newest(notes []StateNote) []StateNote { return notes[max(0, len(notes)-reportedNotes):] }

// report is what this node tells the leader of its state.
func (e *Engine) report() *StateReport {
	s := &e.states
	r := &StateReport{Notes: slices.Concat(newest(s.multiples), newest(s.times)), Quarantine: e.core.Quarantined()}
	slices.SortFunc(r.Notes, func(a, b StateNote) int { return int(a.Index) - int(b.Index) })
	if e.needsState() {
		r.Floor, r.Part = e.reinstallFloor(), e.partOfState()
	}
	return r
}

// reportStates tells the leader, or takes the report itself if this node leads.
func (e *Engine) reportStates() {
	s := &e.states
	since := e.tick - s.reported
	news := s.fresh && since >= reportTicks || s.reportedTerm != e.term || since >= repeatTicks ||
		e.wantsState() && since >= comparisonTicks
	if e.leader == 0 || !news {
		return
	}
	s.reported, s.reportedTerm, s.fresh = e.tick, e.term, false
	r := e.report()
	if e.leads() {
		e.takeReport(e.options.ID, r)
		return
	}
	// A node that is called quarantined and is not says so, too: a crash may have come before the quarantine was durable.
	if len(r.Notes) > 0 || r.Quarantine.On() || e.isQuarantined(e.options.ID) {
		e.send(Message{Own: Report, Message: message(e.leader, e.term), Report: r})
	}
}
