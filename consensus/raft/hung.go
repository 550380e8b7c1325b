package raft

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A disk that hangs: operations are on their way to it, and none comes back. Nothing is unsafe then, for nothing counts
// before it is durable. But a leader whose disk hangs sends heartbeats as ever, so it stays leader, and it takes no
// more writes once its journal has no room for them (F19). And a node whose disk hangs cannot win an election, for its
// own vote is on that disk.
//
//  1. When no operation completed for Options.HungTicks, the leader hands over, as if it had been told to: to the voter
//     with the longest log, if that one is ahead of the leader's own disk, if its disk moves, and if the others are
//     enough to decide. Otherwise no other leader could do better.
//  2. If it leads an election timeout later still, it becomes a follower. The others elect.
//  3. As a follower it does not campaign until the disk is back: see Tick.
//
// A slow disk is not one that hangs: each completion begins the count anew, that of a seal too, which the host tells
// by the last operation before it; and the count goes at least to twice what the last completion took. Without the
// second rule, disks that all take a little longer than the limit would let every leader hand over to one that does
// no better.
const (
	// hungElections is the least that HungTicks counts as, in election timeouts: an election takes up to two, so a leader
	// that waits no longer may cost more than its disk does.
	hungElections = 2
	// hungPatience is how many times that limit a disk may take whose last completion was slow.
	hungPatience = 4
)

// hungTicks is how long the disk may complete nothing before it counts as one that hangs.
func (r *Raft) hungTicks() int {
	limit := max(r.options.HungTicks, hungElections*r.options.ElectionTicks)
	return min(max(limit, 2*r.disk.waitedBefore), hungPatience*limit)
}

// tickHungDisk lets a leader whose disk hangs give leadership away, if another node can do better.
func (r *Raft) tickHungDisk() {
	if r.down(guard.HungDiskYields) {
		return
	}
	next := r.successor()
	if r.disk.waited < r.hungTicks() || next == nil || next.match <= r.disk.done.last || !r.othersDecide() {
		r.stopYielding()
		return
	}
	if r.yieldTicks == 0 && next.state != Replicate {
		// To be ahead proves only that its disk moved once. Its last entries have waited for an election timeout: when
		// all disks stall together (they may be one), a change of leaders only makes the wait longer. The leader does not
		// ask this again later, because a slow disk looks the same between two completions.
		return
	}
	r.yieldTicks++
	switch {
	case r.yieldTicks == 1 && r.transferee == 0:
		r.yielding = r.Transfer(next.id)
	case r.yieldTicks > r.options.ElectionTicks:
		r.becomeFollower(r.term, 0)
	}
}

// stopYielding lets this leader lead on, unless it has already told a voter to take over.
func (r *Raft) stopYielding() {
	r.yieldTicks = 0
	if p := r.peer(r.transferee); r.yielding && p != nil && p.match < r.log.last().Index {
		r.transfer = transfer{}
	}
}

// successor is the best voter to lead instead of this leader: the one with the longest log among those heard within an
// election timeout, the first by ID among equals; nil if there is none. A joint configuration's old half does not
// count, for its voters would have to go soon.
func (r *Raft) successor() (best *progress) {
	configuration := r.membership.newest().configuration
	for _, p := range r.peers {
		heard := slices.Contains(configuration.Voters, p.id) && p.silentTicks < r.options.ElectionTicks
		if heard && (best == nil || p.match > best.match) {
			best = p
		}
	}
	return best
}

// othersDecide reports whether a quorum is heard that does without this node.
func (r *Raft) othersDecide() bool {
	without := func(id raftlog.NodeID) quorum.Answer {
		if id == r.options.ID {
			return quorum.No
		}
		return r.heardOf(id)
	}
	return quorum.Decide(r.deciders(), without) == quorum.Won
}

// waitsForDisk reports whether a campaign would only wait: the disk completed nothing for an election timeout.
func (r *Raft) waitsForDisk() bool { return r.disk.waited >= r.options.ElectionTicks }
