package pump

import (
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

// Pauses between two lines about states of which none has a majority.
const (
	minUndecidedPause = time.Minute
	maxUndecidedPause = time.Hour
)

// repeats spaces the lines about something that goes on: the first comes at once, and each pause is twice the last.
type repeats struct {
	next  time.Time
	pause time.Duration
}

// due reports whether a line is to be logged, and counts it.
func (p *repeats) due(now time.Time) bool {
	if now.Before(p.next) {
		return false
	}
	p.pause = min(max(2*p.pause, minUndecidedPause), maxUndecidedPause)
	p.next = now.Add(p.pause)
	return true
}

// logQuarantine logs that the states of nodes differ: of this one, of another, of some without a verdict.
func (r *Runner) logQuarantine(old, now *engine.Status) {
	if old == nil {
		old = &engine.Status{}
	}
	before := &old.State
	if !now.Apart {
		r.undecided = repeats{}
	}
	if !slices.Equal(old.Quarantined, now.Quarantined) {
		r.logQuarantined(old, now)
	}
	r.logDiffering(old, now)
	q, was := now.Quarantine, before.Quarantine
	if q == was && now.Undecided == before.Undecided && now.Differs == before.Differs {
		return
	}
	log := r.effects.Logger.With("node", now.ID)
	switch {
	case q == was:
	case !q.On():
		log.Info("the state of this node is that of the others again: it serves", "agreed", now.Agreed)
	case q.Reinstalled != 0:
		log.Info("the state of this node was replaced by another node's: it is compared once more, and then served",
			"snapshot", q.Reinstalled)
	default:
		log.Error("the state of this node differs from that of a majority: it serves nothing, and takes over the state of "+
			"another node by itself; if this happens again, replace the machine or its memory, and report the build",
			"differs", q.Differs, "agreed", q.Agreed)
	}
	if now.Undecided > before.Undecided && r.undecided.due(time.Now()) {
		log.Error("the states of the nodes differ, and no majority has the same: compare raft_state_hash in INFO of all "+
			"nodes, and replace the members whose data are wrong", "index", now.Undecided)
	}
	if now.Differs != 0 && before.Differs == 0 && !now.Quarantine.On() {
		log.Error("the state of this node differs from that of a majority: the leader quarantines one node at a time, "+
			"and this one when its turn comes", "differs", now.Differs, "agreed", now.Agreed)
	}
}

// logDiffering logs which other members wait for their turn to be quarantined: they serve what is wrong meanwhile.
func (r *Runner) logDiffering(old, now *engine.Status) {
	for _, id := range now.Differing {
		if id != now.ID && !slices.Contains(old.Differing, id) {
			r.effects.Logger.Warn("the state of a member differs from that of a majority, and it serves clients until it is "+
				"quarantined: the leader does that to one node at a time", "member", id)
		}
	}
}

// logQuarantined logs which other members are quarantined now, and which not any more.
func (r *Runner) logQuarantined(old, now *engine.Status) {
	was := map[uint64]bool{}
	for _, q := range old.Quarantined {
		was[uint64(q.ID)] = true
	}
	for _, q := range now.Quarantined {
		if !was[uint64(q.ID)] && q.ID != now.ID {
			r.effects.Logger.Warn("the state of a member differs from that of a majority: it serves nothing until it has taken "+
				"over another one's", "member", q.ID, "differs", q.Differs, "agreed", q.Agreed)
		}
		delete(was, uint64(q.ID))
	}
	for id := range was {
		if id != uint64(now.ID) {
			r.effects.Logger.Info("the state of a member is that of the others again, or it is no member any more", "member", id)
		}
	}
}
