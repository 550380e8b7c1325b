package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Time moves only by what stands in the log: entries carry log time and the offset from there to wall time, and the
// leader gives them.
//
//	log time    follows elapsed time. Leaders tell it, followers carry it on, and a new leader goes on with it
//	wall time   follows the voters' wall clocks: the leader corrects the offset when a majority of them agrees
//
// So a wall clock that is wrong or jumps, be it one or all of them, changes no duration. Only after a stop of all nodes
// is log time taken from the wall clocks. docs/decisions/0034 has the rules, and what they promise.
const (
	// agreeMillis is how far the wall clocks of a majority may lie apart that count as agreeing.
	agreeMillis = 1000
	// correctMillis is the difference between wall time and the agreed clock that is corrected, once it has lasted for
	// correctAfterMillis: while clocks are being set, they do not agree for a moment, or agree on something that does
	// not last.
	correctMillis      = 20
	correctAfterMillis = 1000
	// staleMillis is how long a voter's clock counts that is not heard again.
	staleMillis = 3000
	// staleVoteMillis is how long the log time of a voter counts that an answer to a candidate told: no campaign lasts
	// longer, and this node's clock does not carry it on for so long that their speeds matter.
	staleVoteMillis = 60_000
	// windowMillis is how long an answer bears witness of a voter's clock, at the least; at the most it is twice as
	// long.
	windowMillis = 1000
	// tickEveryMillis is the most that log time runs ahead of the last entry while a key has a deadline. So much of it
	// may be forgotten when all nodes stop.
	tickEveryMillis = 10_000
	// disagreeMillis is how long the voters' clocks must fail to agree before the leader says so.
	disagreeMillis = 5000
)

// clocks is what a node knows of time. Times are kept as what has to be added to elapsed time, so that they go on by
// themselves.
type clocks struct {
	// elapsed is Inputs.Elapsed, and wall is Inputs.Now minus it.
	elapsed, wall raftlog.Stamp
	voters        map[raftlog.NodeID]*voterClock
	// carriedOn is log time as the leader of a term told it, or as this node began its own term with it; unknown until
	// then.
	carriedOn fastest
	term      raftlog.Term
	known     bool
	// floor is the log time of the last entry that this node had when it started. If all nodes had stopped, log time
	// goes on from there at least as long as this node runs.
	floor   raftlog.Stamp
	started bool
	// resumed is with what this node begins its term if it is elected in this turn.
	resumed resumption
	// entry is the time of this turn's entries and reads.
	entry raftlog.Time
	// differing is since when the offset has to be corrected, in one direction; 0 for not at all.
	differing raftlog.Stamp
	ahead     bool
	// apart is since when no majority of the voters' clocks agrees, 0 while one does.
	apart raftlog.Stamp
}

// resumption is where a new leader goes on: log time and offset.
type resumption struct {
	logTime raftlog.Stamp
	offset  raftlog.Offset
}

// fastest is another node's clock, by the message that was the fastest of those of the last one to two seconds: a slow
// message makes a clock look late, and never early. Older ones do not count, for no two clocks run at the same speed.
type fastest struct {
	// best is that of this window, before that of the last one; began is when this window began.
	best, before, began raftlog.Stamp
	any                 bool
}

// note takes in what a message says of the clock.
func (f *fastest) note(clock, elapsed raftlog.Stamp) {
	switch {
	case !f.any || elapsed-f.began >= 2*windowMillis:
		*f = fastest{best: clock, before: clock, began: elapsed, any: true}
	case elapsed-f.began >= windowMillis:
		*f = fastest{best: clock, before: f.best, began: elapsed, any: true}
	default:
		f.best = max(f.best, clock)
	}
}

// value is what has to be added to elapsed time to get the clock.
func (f *fastest) value() raftlog.Stamp { return max(f.best, f.before) }

// voterClock is what is known of another voter's clocks.
type voterClock struct {
	// wall is its wall clock, heard when its last answer came.
	wall  fastest
	heard raftlog.Stamp
	// logTime is the log time that the voter carries on, if it has told one; toldAt is when.
	logTime, toldAt raftlog.Stamp
	knows           bool
}

// noteLogTime takes in the log time of a voter, from its answer to a candidate: of several the one that was the
// fastest.
func (v *voterClock) noteLogTime(logTime, elapsed raftlog.Stamp) {
	if v.knows && elapsed-v.toldAt < windowMillis {
		logTime = max(logTime, v.logTime)
	}
	v.logTime, v.toldAt, v.knows = logTime, elapsed, true
}

// note takes in the wall clock of an answer.
func (v *voterClock) note(wall, elapsed raftlog.Stamp) {
	v.wall.note(wall, elapsed)
	v.heard = elapsed
}

// setClock reads the clocks in a turn's messages, before any entry of the turn is stamped, and tells the core the time.
func (e *Engine) setClock(in *Inputs) {
	c := &e.clocks
	c.elapsed, c.wall = in.Elapsed, in.Now-in.Elapsed
	for i := range in.Messages {
		if m := &in.Messages[i]; m.Own == 0 && e.isMember(m.From) {
			e.hearClock(&m.Message)
		}
	}
	last := e.core.LastTime()
	if !c.started {
		c.started, c.floor = true, last.Stamp-c.elapsed
	}
	switch {
	case e.core.Role() == raft.Leader:
		e.leadClock(in.Ticks)
	case e.core.Role() != raft.Follower || e.onlyVoter():
		c.resumed = e.resume(last)
		c.entry = c.at(c.resumed)
	}
	now := raft.Clock{Elapsed: c.elapsed, Wall: in.Now, Entry: c.entry}
	now.Entry.Stamp = max(now.Entry.Stamp, last.Stamp)
	if c.known {
		now.LogTime = c.elapsed + c.carriedOn.value()
	}
	c.entry = now.Entry
	e.core.SetClock(now)
}

// at is the time of an entry that is appended now.
func (c *clocks) at(r resumption) raftlog.Time {
	return raftlog.Time{Stamp: c.elapsed + r.logTime, Offset: r.offset}
}

// onlyVoter reports whether this node elects itself, within one turn.
func (e *Engine) onlyVoter() bool {
	configuration := e.core.Configuration()
	return configuration != nil && !configuration.Joint() && len(configuration.Voters) == 1 &&
		configuration.Voters[0] == e.options.ID
}

// hearClock takes in what a message says of time.
func (e *Engine) hearClock(m *raft.Message) {
	c := &e.clocks
	switch m.Kind {
	case raft.Append, raft.Heartbeat:
		if m.LogTime != 0 && m.Term >= e.core.Term() {
			c.follow(m.Term, m.LogTime-c.elapsed)
		}
		return
	}
	if m.Clock == 0 {
		return
	}
	v := c.hear(m.From)
	v.note(m.Clock-c.elapsed, c.elapsed)
	if m.LogTime != 0 && m.Term >= e.core.Term() {
		v.noteLogTime(m.LogTime-c.elapsed, c.elapsed)
	}
}

// hear is what is known of a voter's clocks, to be added to.
func (c *clocks) hear(id raftlog.NodeID) *voterClock {
	v := c.voters[id]
	if v == nil {
		v = &voterClock{}
		c.voters[id] = v
	}
	return v
}

// follow takes log time from the leader of a term. Another leader's replaces it, also by an earlier one: what a leader
// said that no other node followed is not log time.
func (c *clocks) follow(term raftlog.Term, logTime raftlog.Stamp) {
	if !c.known || term > c.term {
		c.beginTerm(term)
	}
	c.carriedOn.note(logTime, c.elapsed)
}

// beginTerm forgets the log time of earlier terms, also what voters told of it: the leader of this one may have begun
// later than that, and have corrected the offset since. The next leader would add the two, and keys with an absolute
// deadline would end early.
func (c *clocks) beginTerm(term raftlog.Term) {
	c.known, c.term, c.carriedOn = true, term, fastest{}
	for _, v := range c.voters {
		v.knows = false
	}
}

// resume is where log time goes on if this node begins a term now, behind a log that ends at last: at the latest that a
// voter or this node carries on. If none of them does, all nodes had stopped: then it goes on where the wall clocks
// show, and what is missing if they are behind it goes into the offset.
func (e *Engine) resume(last raftlog.Time) resumption {
	c := &e.clocks
	floor := last.Stamp - c.elapsed
	logTime, known := c.carried(e)
	if known && !e.options.Weakened.Down(guard.CarriedLogTime) {
		return resumption{max(logTime, floor), last.Offset}
	}
	floor = max(floor, c.floor)
	wall, heard, agree := e.agreedClock()
	if !heard {
		return resumption{floor, last.Offset}
	}
	r := resumption{max(wall-raftlog.Stamp(last.Offset), floor), last.Offset}
	if agree {
		r.offset = offsetBetween(r.logTime, wall)
	}
	return r
}

// carried is the latest log time that this node and the other voters carry on.
func (c *clocks) carried(e *Engine) (logTime raftlog.Stamp, known bool) {
	logTime, known = c.carriedOn.value(), c.known
	configuration := e.core.Configuration()
	for _, half := range [...][]raftlog.NodeID{configuration.Voters, configuration.Outgoing} {
		for _, id := range half {
			v := c.voters[id]
			if v == nil || !v.knows || c.elapsed-v.toldAt >= staleVoteMillis {
				continue
			}
			if !known || v.logTime > logTime {
				logTime, known = v.logTime, true
			}
		}
	}
	return logTime, known
}

// leadClock sets the time of a leader's entries. Its term began with an entry of the time that it had resumed.
func (e *Engine) leadClock(ticks int) {
	c := &e.clocks
	if term := e.core.Term(); !c.known || c.term != term {
		c.beginTerm(term)
		c.carriedOn.note(c.resumed.logTime, c.elapsed)
		c.entry.Offset, c.differing, c.apart = c.resumed.offset, 0, 0
	}
	if ticks > 0 {
		e.correctOffset()
	}
	c.entry.Stamp = c.elapsed + c.carriedOn.value()
}

// correctOffset lets wall time follow the voters' clocks, when a majority of them agrees and goes on agreeing.
func (e *Engine) correctOffset() {
	c := &e.clocks
	wall, _, agree := e.agreedClock()
	if !agree {
		c.differing = 0
		if c.apart == 0 {
			c.apart = c.elapsed
		}
		return
	}
	c.apart = 0
	difference := wall - c.carriedOn.value() - raftlog.Stamp(c.entry.Offset)
	ahead := difference > 0
	switch {
	case max(difference, -difference) < correctMillis:
		c.differing = 0
	case c.differing == 0 || c.ahead != ahead:
		c.differing, c.ahead = c.elapsed, ahead
	case c.elapsed-c.differing >= correctAfterMillis:
		c.entry.Offset, c.differing = offsetBetween(c.carriedOn.value(), wall), 0
	}
}

// offsetBetween is the offset of a wall clock from log time, as far as an entry can carry it.
func offsetBetween(logTime, wall raftlog.Stamp) raftlog.Offset {
	return min(max(raftlog.Offset(wall-logTime), -raftlog.MaxOffset), raftlog.MaxOffset)
}

// agreedClock is the lower median of the voters' wall clocks, in a joint configuration the lower of its two halves'. A
// voter that was not heard lately counts as lowest; heard says that the median is not one of those. With three clocks
// that are heard, a wrong one can move it neither way. agree says that a majority of the voters, of each half, agrees.
func (e *Engine) agreedClock() (wall raftlog.Stamp, heard, agree bool) {
	c := e.core.Configuration()
	wall, heard, agree = e.clocks.median(c.Voters, e.options.ID)
	if !c.Joint() {
		return wall, heard, agree
	}
	other, heardOther, agreeOther := e.clocks.median(c.Outgoing, e.options.ID)
	apart := max(wall, other)-min(wall, other) > agreeMillis
	return min(wall, other), heard && heardOther, agree && agreeOther && !apart
}

// median is the lower median of some voters' wall clocks, and whether a majority of them agrees. The clocks of any
// majority that lie next to each other include the median.
func (c *clocks) median(voters []raftlog.NodeID, self raftlog.NodeID) (wall raftlog.Stamp, heard, agree bool) {
	values := make([]raftlog.Stamp, 0, 8)
	for _, id := range voters {
		if id == self {
			values = append(values, c.wall)
		} else if v := c.voters[id]; v != nil && c.elapsed-v.heard < staleMillis {
			values = append(values, v.wall.value())
		}
	}
	slices.Sort(values)
	unheard := len(voters) - len(values)
	middle := (len(voters)-1)/2 - unheard
	if guard.Down(guard.MedianClock) {
		middle = len(values) - 1
	}
	if middle < 0 || len(values) == 0 {
		return 0, false, false
	}
	majority := len(voters)/2 + 1
	for first := 0; first+majority <= len(values); first++ {
		agree = agree || values[first+majority-1]-values[first] <= agreeMillis
	}
	return values[middle], true, agree || guard.Down(guard.ClocksAgree)
}

// expiry is the state's time and the earliest time at which time alone changes the state, as the applier reported them.
type expiry struct {
	time, due raftlog.Stamp
	// ticking is the entry that moves time, until it is applied.
	ticking raftlog.Index
}

// moveTime lets a leader append an entry that carries nothing but time: when keys are due, since a client's entry may
// not come along to remove them; when there is a new offset; and now and then, so that a stop of all nodes forgets
// little of log time. One such entry is under way at a time. Each removes a bounded number of keys, so the keys that
// are due go at the pace of commits.
func (e *Engine) moveTime() {
	x := &e.expiry
	if !e.leads() || x.ticking > e.applied {
		return
	}
	entry, last := e.clocks.entry, e.core.LastTime()
	due := x.due != 0 && (x.due <= max(x.time, entry.Stamp) || entry.Stamp-last.Stamp >= tickEveryMillis)
	due = due || e.owesComparison() || e.core.LeaseWaits()
	if !due && entry.Offset == last.Offset || !e.hasRoom(raftlog.EntryHeaderBytes) {
		return
	}
	if index, ok := e.core.Propose([]raft.Proposal{{Kind: raftlog.TickKind(e.core.Level())}}); ok {
		x.ticking = index
	}
}

// ClockStatus is what a node knows of the time.
type ClockStatus struct {
	// Offset is that of the last entry.
	Offset raftlog.Offset
	// AheadSeconds is by how much this node's wall clock is ahead of wall time, or behind it if it is negative, in
	// whole seconds: 0 for less than one, and while the node does not know the time.
	AheadSeconds int64
	// Known: the node knows log time, and carries it on if it is not told.
	Known bool
	// Apart: this node leads, and for some seconds no majority of the voters' clocks has agreed.
	Apart bool
}

// clockStatus compares this node's clock with wall time.
func (e *Engine) clockStatus() ClockStatus {
	c := &e.clocks
	s := ClockStatus{Offset: e.core.LastTime().Offset, Known: c.known}
	if c.known {
		s.AheadSeconds = int64(c.wall-c.carriedOn.value()-raftlog.Stamp(s.Offset)) / 1000
	}
	s.Apart = e.leads() && c.apart != 0 && c.elapsed-c.apart >= disagreeMillis
	return s
}
