package sim

import (
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The profile clocks, its faults, and what must be true of time. A majority always runs, while wall clocks are set and
// drift as they like; or all nodes stop at once. Then log time follows elapsed time, and wall time follows the clocks
// of a majority that agrees.

// clocks lets wall clocks be wrong by up to a year, and be set, while nodes are restarted one after the other.
func clocks(c chance, o *Options) {
	calm(c, o)
	o.Nodes, o.Blank = oneOf(c, 3, 5), false
	o.Faults = Faults{
		SetClocks: c.between(2*time.Second, 15*time.Second), Rolling: c.between(time.Second, 4*time.Second),
		Outage: c.between(50*time.Millisecond, 3*time.Second), Cut: time.Second, PowerLoss: 0.5, LeaderShare: 0.7,
		Blackout: c.sometimes(0.4, 10*time.Second, 30*time.Second),
		Snapshot: c.sometimes(0.5, 2*time.Second, 8*time.Second),
		Members:  c.sometimes(0.3, 4*time.Second, 10*time.Second),
	}
	o.Network.MaxDelay = o.Network.MinDelay + c.between(0, 5*time.Millisecond)
	o.Clock.RateError, o.Clock.Drift = c.Float64()*0.05, c.Float64()*0.002
	o.Clock.Offset = oneOf(c, 0, time.Second, time.Hour)
	o.Disk.MaxSync = oneOf(c, 300*time.Microsecond, 5*time.Millisecond)
	o.Disk.ApplyDelay = oneOf(c, 20*time.Microsecond, time.Millisecond)
	o.Clients.Think, o.Clients.Mix.Timed = c.between(50*time.Millisecond, 300*time.Millisecond), 0.7
}

// setClocks sets the clocks of one node, of some, or of all, to one time or each to another, at once or one by one; or
// lets them drift for a while, as clocks do that are slewed.
func (w *world) setClocks() {
	c := w.chance
	const year = 365 * 24 * time.Hour
	draw := func() time.Duration {
		return oneOf(c, 0, 0, 0, time.Hour, -time.Hour, year, -year, c.between(-3*time.Second, 3*time.Second),
			c.between(-200*time.Millisecond, 200*time.Millisecond))
	}
	common, alike := draw(), c.hits(0.8)
	pace := oneOf(c, 0, time.Millisecond, 2*time.Second)
	chosen := c.Perm(len(w.nodes))[:oneOf(c, 1, len(w.nodes)/2+1, len(w.nodes))]
	if c.hits(0.2) {
		w.slew(chosen, 100, time.Duration(c.between(-50*time.Microsecond, 50*time.Microsecond)))
		return
	}
	for i, at := range chosen {
		n, offset := w.nodes[at], common
		if !alike {
			offset = draw()
		}
		w.after(time.Duration(i)*pace, func() {
			if !w.calm {
				w.fault(n.id, "CLOCK SET")
				n.offset, w.checker.times.set, w.checker.times.disturbed = offset, w.now, w.now
			}
		})
	}
}

// slew moves clocks by a step each tenth of a second, so slowly that they count as undisturbed.
func (w *world) slew(nodes []int, steps int, step time.Duration) {
	if steps == 0 || w.calm {
		return
	}
	for _, at := range nodes {
		w.nodes[at].offset += step
	}
	w.after(100*time.Millisecond, func() { w.slew(nodes, steps-1, step) })
}

// strikeOne kills a node, cuts it off or makes it hand over, if all members are well.
func (w *world) strikeOne() {
	n := w.victim()
	if n.life == nil || !w.well() { // one that left may be down
		return
	}
	w.checker.times.disturbed = w.now
	switch w.chance.IntN(3) {
	case 0:
		if w.isOnlyVoter(n) {
			w.checker.stopTime()
		}
		n.crash(w.chance.hits(w.options.Faults.PowerLoss))
		n.restartLater()
	case 1:
		w.fault(n.id, "CUT off")
		w.isolate(n, true, true)
		w.after(w.chance.around(w.options.Faults.Cut), func() { w.rejoin(n) })
	case 2:
		n.life.in.HandOver = true
		n.life.wake()
	}
}

// isOnlyVoter reports whether a node elects itself: with its process, all that its cluster knows of log time is gone,
// as when all nodes stop.
func (w *world) isOnlyVoter(n *node) bool {
	configuration := w.checker.configuration
	return !configuration.Joint() && len(configuration.Voters) == 1 && configuration.Voters[0] == n.id
}

// well reports whether all members run, hear their leader, and know log time.
func (w *world) well() bool {
	leader := w.leader()
	if leader == nil || w.checker.configuration == nil {
		return false
	}
	for _, m := range w.checker.configuration.Members {
		if int(m.ID) > len(w.nodes) {
			return false
		}
		n := w.node(m.ID)
		if n.life == nil || n.life.term != leader.life.term || !n.life.engine.State().Clock.Known ||
			n.life.commit < leader.life.engine.Core().NoOp() {
			return false
		}
	}
	return true
}

// What time may deviate by in a world without slow messages, besides what the options add to it.
const (
	// rateSlack is the share that log time may be too fast or too slow.
	rateSlack = 0.01
	// roundSlack is for whole milliseconds.
	roundSlack = 2 * time.Millisecond
	// settledAfter is how long wall clocks must have been undisturbed before wall time has to be theirs.
	settledAfter = 5 * time.Second
	// wallSlack is how far wall time may then be from the clocks, changeSlack what a change of the leader may add to
	// the deviation of log time.
	wallSlack   = 40 * time.Millisecond
	changeSlack = 20 * time.Millisecond
)

// times is what the checker knows of the times of entries.
type times struct {
	// appended is when a leader appended an entry.
	appended map[raftlog.Mark]time.Duration
	// last is the stamp of the last committed entry, term its term.
	last raftlog.Stamp
	term raftlog.Term
	// begun is an entry from which log time is measured, 0 if there is none; changes counts the leaders since, stops
	// the stops of all nodes.
	begun   raftlog.Stamp
	begunAt time.Duration
	changes int
	stops   int
	// stopped is when all nodes stopped the last time, recovering that they have not all recovered since: until then
	// each leader may begin with what the clocks show. alike says that the clocks agreed at the stop. set is when a
	// clock was last set, disturbed when something happened for which wall time needs a while.
	stopped           time.Duration
	recovering, alike bool
	set, disturbed    time.Duration
}

// stopTime notes that all nodes stop, or all that elect.
func (c *checker) stopTime() {
	t, lowest, highest := &c.times, c.w.nodes[0].offset, c.w.nodes[0].offset
	for _, n := range c.w.nodes {
		lowest, highest = min(lowest, n.offset), max(highest, n.offset)
	}
	t.alike = highest-lowest < wallSlack && t.set+2*settledAfter < c.w.now
	t.stopped, t.disturbed, t.recovering = c.w.now, c.w.now, true
}

// noteTimes notes when a leader appends, and compares wall time with the voters' clocks.
func (c *checker) noteTimes(l *life) {
	core := l.engine.Core()
	if core.Role() != raft.Leader || c.w.options.Faults.Rolling == 0 {
		return
	}
	if core.Configuration() != l.inForce {
		c.times.disturbed = c.w.now
	}
	for i := range l.out.Appends {
		for k := range l.out.Appends[i].Entries {
			if e := &l.out.Appends[i].Entries[k]; e.Term == core.Term() {
				c.times.appended[e.Mark()] = c.w.now
				c.checkWall(l, e)
			}
		}
	}
}

// checkWall: wall time is that of the clocks of a majority, if a majority agrees and has done so for some time.
func (c *checker) checkWall(l *life, e *raftlog.Entry) {
	w, core := c.w, l.engine.Core()
	configuration := core.Configuration()
	if w.calm || w.now-c.times.disturbed < settledAfter || configuration.Joint() || !w.well() {
		return
	}
	var values []raftlog.Stamp
	for _, id := range configuration.Voters {
		values = append(values, w.node(id).clock())
	}
	slices.Sort(values)
	majority, agree := len(values)/2+1, false
	for first := 0; first+majority <= len(values); first++ {
		agree = agree || values[first+majority-1]-values[first] < 900
	}
	median := values[(len(values)-1)/2]
	slack := raftlog.Stamp((wallSlack + w.options.Network.MaxDelay + w.options.Clock.Late).Milliseconds())
	if wall := e.Time().Wall(); agree && max(wall, median)-min(wall, median) > slack {
		w.fail("wall time", "n%d: entry %v has wall time %d, the voters' clocks show %d", l.id, e.Mark(), wall, values)
	}
}

// checkTime: log time never goes back. While a majority runs it follows elapsed time.
func (c *checker) checkTime(e *raftlog.Entry) {
	t, w := &c.times, c.w
	if e.Stamp < t.last {
		w.fail("log time", "entry %v is stamped %d, one before it %d", e.Mark(), e.Stamp, t.last)
	}
	t.last = e.Stamp
	at, known := t.appended[e.Mark()]
	if !known {
		return
	}
	if e.Term != t.term {
		t.term = e.Term
		t.changes++
		if t.recovering {
			t.stops++
		}
	}
	if t.recovering && at > t.stopped {
		if !t.alike || t.set > t.stopped {
			t.begun = 0 // the clocks did not show how long the stop was
		}
		t.recovering = !w.well()
	}
	if t.begun == 0 {
		t.begun, t.begunAt, t.changes, t.stops = e.Stamp, at, 0, 0
		return
	}
	elapsed := at - t.begunAt
	gain := time.Duration(e.Stamp-t.begun)*time.Millisecond - elapsed
	slack := time.Duration(rateSlack*float64(elapsed)) + roundSlack
	perChange := changeSlack + w.options.Network.MaxDelay + w.options.Clock.Late
	fast := slack + time.Duration(t.changes)*time.Millisecond + time.Duration(t.stops)*wallSlack
	slow := slack + time.Duration(t.changes+t.stops)*perChange + time.Duration(t.stops)*wallSlack
	if gain > fast || gain < -slow {
		w.fail("log time", "entry %v: %v after an entry stamped %d it is stamped %d, %v too much (%d changes, %d stops)",
			e.Mark(), elapsed, t.begun, e.Stamp, gain, t.changes, t.stops)
	}
}
