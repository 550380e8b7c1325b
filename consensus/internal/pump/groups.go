package pump

import (
	"math"
	"runtime"
	"time"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A group costs three writes with a sync, two messages and two acknowledgements, however many batches share it: for
// fifty clients more than all that is done for the batches themselves. So a leader of several nodes does not begin one
// with the few batches that are there:
//
//   - While a group of several batches is under way, what clients send waits for its commit. Its clients are answered
//     first, and send the next while that is done. Without this the clients divide into two halves, of which each waits
//     for the other's sync.
//   - Before the next group the sockets of a reactor are looked at once more, and again as long as more came, until as
//     many wait as were answered and waited before.
//   - Where clients are goroutines, a crowd of them runs before the next turn: see letClientsRun.
//
// A client alone never waits for either. Followers that are slow, or far, hold up one group in aloneGroups.
type groups struct {
	// end is the last entry of the group under way, and due until when it is waited for.
	end raftlog.Index
	due time.Time
	// alone is how many groups are begun without a look at others: one took too long.
	alone int
	// before is how many batches waited when the last ones were answered, expected how many will if all who were
	// answered come again, seen how many there were at the last look.
	before, expected, seen int
}

const (
	// holdSlack is how much longer than two syncs of this node's own the commit of a group may take. None counts as longer
	// than slowSync.
	holdSlack = time.Millisecond
	// aloneGroups is how many groups are begun at once behind one that took longer.
	aloneGroups = 16
)

// begin notes that a group was handed out, which ends at an entry, and how long a sync takes. Behind a single batch
// there is no crowd: what comes then is sent at once, and answered sooner.
func (g *groups) begin(batches int, end raftlog.Index, now time.Time, sync time.Duration) {
	g.before, g.expected, g.seen = 0, 0, 0
	switch {
	case g.alone > 0:
		g.alone--
	case batches > 1:
		g.end, g.due = end, now.Add(holdSlack+2*min(sync, slowSync))
	}
}

// holds reports whether batches wait for the group under way.
func (g *groups) holds(commit raftlog.Index, now time.Time) bool {
	if g.end <= commit {
		return false
	}
	if now.Before(g.due) {
		return true
	}
	g.alone, g.end = aloneGroups, 0
	return false
}

// answered notes how many batches ended.
func (g *groups) answered(batches int) {
	if batches > 0 {
		g.expected, g.seen = g.before+batches, 0
	}
}

// awaits reports whether a look at the sockets may find more than the batches that wait.
func (g *groups) awaits(waiting int, commit raftlog.Index) bool {
	if waiting == 0 || waiting >= g.expected || waiting == g.seen || g.end > commit {
		return false
	}
	g.seen = waiting
	return true
}

// gathersGroups reports whether this node waits before it begins a group.
func (r *Runner) gathersGroups() bool {
	s := r.status.Load()
	return s.Role == raft.Leader && s.Configuration != nil && len(s.Configuration.Members) > 1
}

// Awaits reports whether clients that were answered are expected to send more before a turn.
func (r *Runner) Awaits() bool {
	g := &r.rounds.inline.groups
	return g.expected > 0 && r.gathersGroups() && g.awaits(r.batches.Len(), r.status.Load().Commit)
}

// holdsBatches reports whether a turn leaves the batches of clients where they are.
func (r *Runner) holdsBatches(now time.Time) bool {
	return r.gathersGroups() && r.batches.Len() > 0 && r.rounds.inline.groups.holds(r.status.Load().Commit, now)
}

// heldFor is how long the batches that wait may go on waiting: no longer, where the turn that left them was the last
// one of a leader.
func (r *Runner) heldFor(now time.Time) time.Duration {
	g := &r.rounds.inline.groups
	switch {
	case r.batches.Len() == 0:
		return math.MaxInt64
	case r.gathersGroups() && g.end > r.status.Load().Commit:
		return g.due.Sub(now)
	}
	return 0
}

// beginGroup notes that a turn has appended.
func (r *Runner) beginGroup(operations []raft.AppendOperation) {
	for i := range operations {
		if n := len(operations[i].Entries); n > 0 {
			r.rounds.inline.groups.begin(n, operations[i].Entries[n-1].Index, time.Now(), r.disk.mean())
		}
	}
}

// letClientsRun lets clients that are goroutines, and can run, run now: what they submit comes with the next turn. Else
// the first of a crowd that wakes the loop has a turn of its own:
//
//  1. The applier, or the loop, ends fifty batches. Their clients wait for a processor.
//  2. The first one submits the next batch, waits for it, and so hands its processor to the loop that it woke.
//  3. The loop has a turn with one batch, and the next one with one more.
//
// On a reactor a loop that went on to wait for sockets would besides be woken from there, by a call of the system and
// on another thread. No one waits for a turn but clients and peers; it comes when those that run have run, in any case
// within the 10 ms after which Go's scheduler takes the processor away from a goroutine.
func letClientsRun() { runtime.Gosched() }
