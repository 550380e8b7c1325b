package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Time moves only by the stamps in the log, and the leader gives them. Its own clock may be wrong by years, so it
// stamps with the lower median of all voters' clocks; in a joint configuration with the lower one of its two halves. A
// voter that it has not heard counts as lowest. With three clocks that are heard, a wrong one can neither let all keys
// expire nor keep them from expiring; and a leader that has heard no voter yet moves no time (S25).
//
// Between two messages, ticks carry a voter's clock on, not this node's own clock: otherwise a jump of this node's
// clock would move all of them until the voters are heard again.
type clocks struct {
	heard map[raftlog.NodeID]clockSample
	// agreed is the time by which this node stamps, as long as it campaigns or leads. It never goes back.
	agreed raftlog.Stamp
}

// clockSample is what a voter's clock showed at a tick.
type clockSample struct {
	clock raftlog.Stamp
	tick  uint64
}

// setClock reads the clocks in a turn's messages, before any entry of the turn is stamped, and tells the core the time.
// A follower reports its own clock to the leader, and stamps nothing.
func (e *Engine) setClock(in *Inputs) {
	for i := range in.Messages {
		if m := &in.Messages[i]; m.Clock != 0 && e.isMember(m.From) {
			e.clocks.heard[m.From] = clockSample{clock: m.Clock, tick: e.tick}
		}
	}
	if e.core.Role() == raft.Follower {
		e.core.SetClock(in.Now)
		return
	}
	e.clocks.agreed = max(e.clocks.agreed, e.agreedTime(in.Now))
	e.core.SetClock(e.clocks.agreed)
}

// agreedTime is the time on which the voters agree; now is this node's own clock.
func (e *Engine) agreedTime(now raftlog.Stamp) raftlog.Stamp {
	c := e.core.Configuration()
	clockOf := func(id raftlog.NodeID) raftlog.Stamp {
		if id == e.options.ID {
			return now
		}
		r, heard := e.clocks.heard[id]
		if !heard {
			return 0
		}
		return r.clock + raftlog.Stamp(e.tick-r.tick)*raftlog.Stamp(e.options.TickMillis)
	}
	agreed := lowerMedian(c.Voters, clockOf)
	if c.Joint() {
		agreed = min(agreed, lowerMedian(c.Outgoing, clockOf))
	}
	return agreed
}

// lowerMedian is the median of the voters' values, the lower of the two in the middle if their number is even.
func lowerMedian(voters []raftlog.NodeID, value func(raftlog.NodeID) raftlog.Stamp) raftlog.Stamp {
	values := make([]raftlog.Stamp, 0, 8)
	for _, id := range voters {
		values = append(values, value(id))
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// expiry is the state's time and the earliest time at which time alone changes the state, as the applier reported them.
type expiry struct {
	time, due raftlog.Stamp
	// ticking is the entry that moves time, until it is applied.
	ticking raftlog.Index
}

// moveTime lets a leader append an entry that carries nothing but time when keys are due: a client's entry may not come
// along to remove them. One such entry is under way at a time. Each removes a bounded number of keys, so the keys that
// are due go at the pace of commits.
func (e *Engine) moveTime() {
	x := &e.expiry
	due := x.due != 0 && x.due <= max(x.time, e.clocks.agreed)
	if !due || x.ticking > e.applied || !e.leads() || !e.forwards.hasRoom(e, raftlog.EntryHeaderBytes) {
		return
	}
	if index, ok := e.core.Propose([]raft.Proposal{{Kind: raftlog.EntryTick}}); ok {
		x.ticking = index
	}
}
