package engine

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// snapshots is what a turn knows about this node's snapshots. Taking one has four steps; "left" is what a crash after
// the step leaves:
//
//  1. Work.Freeze: the applier freezes the state behind an entry that is durable here. Left: nothing.
//  2. The snapshotter writes the file: Inputs.Taken. Left: a file without a name in the journal; the next start
//     removes it.
//  3. An append operation switches to it, and the log writer makes the journal name it. Left: the snapshot.
//  4. Outputs.Retain removes files that no record names any more, Outputs.Trim history that no snapshot needs. Left:
//     some of both, until the next time.
//
// Why only an entry that is durable here may be frozen (a node may apply what a majority holds without it):
//
//  1. The state is frozen behind entry 9; this node's journal ends at 7. The file is made, the journal names it.
//  2. Power fails. The journal has entries up to 7, and a snapshot at 9 that this log does not lead to.
//
// One snapshot is taken at a time, and none while one of another node is being fetched or installed: that one is newer.
type snapshots struct {
	// inForce and retained are named by the journal, on the disk.
	inForce  *raftlog.SnapshotMark
	retained *raftlog.SnapshotMark
	// reserved are kept for followers that fetch them, while this node leads.
	reserved raft.Reserved

	asked bool // for a snapshot whatever the log weighs
	// requests counts the turns in which one was asked for.
	requests uint64
	// bytes is what was applied since the state that was last frozen, frozenBytes what had been then.
	bytes       int64
	frozenBytes int64
	// heldTicks counts how long the applier has been held back for a freeze that waits for the disk.
	heldTicks int
	// underway: a state is being frozen or written. taken is the file made of it, on its way to the journal.
	underway bool
	taken    *raftlog.SnapshotMark
	// failures counts the attempts in a row that failed; there is none before the tick retryAt.
	failures int
	retryAt  uint64
	// ended and failed count attempts, made and installed the files that came into force: own ones, and those that came
	// from other nodes.
	ended     uint64
	failed    uint64
	made      uint64
	installed uint64
	// lastError is why no own snapshot came of the last attempt, fetchError why none of another node did.
	lastError  string
	fetchError string

	// announced is the newest snapshot of another node that this node needed: lacksState.
	announced raftlog.Index
	// install is the snapshot of another node that takes this node's log's place; nil if none does.
	install *install
	// fetches are requests for old entries that were not answered yet.
	fetches int

	// partial is what was last to be fetched and could not: a part of it may be here, with which the next attempt begins.
	partial *raftlog.SnapshotMark
	// retire: there may be files that are not needed. retiring: they are being removed.
	retire   bool
	retiring bool
	// trimmedAt is when history was last cut; lentBytes is what it held then for followers alone.
	// readersCut: what it held for readers was too much, and was given up at the last cut.
	trimmedAt  uint64
	lentBytes  int64
	readersCut bool
}

const (
	// snapshotRetryTicks is how long after a failure the next snapshot is begun. It doubles with each failure in a row,
	// up to snapshotRetryTicks << maxSnapshotDoublings: every attempt writes until the disk is full again.
	snapshotRetryTicks   = 100
	maxSnapshotDoublings = 6
	// trimTicks is how often history is cut. Most of the time there is nothing to cut. But the log may now remove entries
	// that it kept the last time because the next start would have needed them.
	trimTicks = 100
)

// Taken is the snapshotter's answer to a frozen state.
type Taken struct {
	Mark raftlog.SnapshotMark
	// Err is nil, or says why there is no file now; see ErrUnavailable.
	Err error
}

// takeSnapshots takes the inputs about snapshots.
func (e *Engine) takeSnapshots(in *Inputs) {
	s := &e.snapshots
	s.fetches -= len(in.Fetched)
	s.asked = s.asked || in.TakeSnapshot && !s.underway && s.taken == nil
	if in.TakeSnapshot {
		s.retryAt = 0
		s.requests++
	}
	s.retiring = s.retiring && !in.Retired
	s.lentBytes = in.LentBytes
	if in.Taken != nil {
		e.takeTaken(in.Taken)
	}
	e.judgeFetch(in)
	if in.Received != nil {
		e.takeReceived(in.Received)
	}
}

// takeTaken takes the result of a snapshot.
func (e *Engine) takeTaken(t *Taken) {
	s := &e.snapshots
	s.underway = false
	if t.Err == nil && e.quarantined() { // it is of the state that differs
		t.Err, s.retire = errQuarantined, true
	}
	if t.Err != nil {
		s.ended++
		s.failed++
		s.bytes += s.frozenBytes
		s.putOff(e.tick, t.Err)
		return
	}
	s.failures, s.lastError = 0, ""
	mark := t.Mark
	s.taken = &mark
	s.retire = true // it may have come too late
	e.core.SnapshotTaken(mark)
}

// putOff lets a while pass before the next attempt.
func (s *snapshots) putOff(tick uint64, why error) {
	s.retryAt = tick + snapshotRetryTicks<<min(s.failures, maxSnapshotDoublings)
	s.failures++
	s.lastError = why.Error()
}

// noticeSnapshots looks which snapshot the journal names now.
func (e *Engine) noticeSnapshots() {
	s := &e.snapshots
	if inForce, retained := e.core.Snapshot(); inForce != s.inForce {
		s.inForce, s.retained = inForce, retained
		s.retire = true
	}
	if reserved := e.core.Reserved(); reserved != s.reserved {
		s.reserved, s.retire = reserved, true
	}
	if s.taken != nil && s.taken.Index <= s.inForceIndex() {
		if s.taken.Same(s.inForce) {
			s.made++
		}
		s.ended++
		s.taken = nil
	}
	if s.partial != nil && s.partial.Index <= e.commit && !e.stateless() { // the log has come to hold what it covers
		s.partial, s.retire, s.fetchError = nil, true, ""
	}
	if s.asked && !s.busy() && e.commit <= s.inForceIndex() { // there is one of all that is known
		s.asked = false
		s.ended++
	}
}

// inForceIndex is the last entry of the snapshot in force, 0 if there is none.
func (s *snapshots) inForceIndex() raftlog.Index {
	if s.inForce == nil {
		return 0
	}
	return s.inForce.Index
}

// busy reports whether a snapshot is being taken or installed.
func (s *snapshots) busy() bool { return s.underway || s.taken != nil || s.install != nil }

// snapshotDue reports whether to freeze a state as soon as possible. A node takes a snapshot by itself when it has
// applied SnapshotLogBytes, or as much as the snapshot in force weighs if that is more: so it writes no more for
// snapshots than for the log, and a start reads no more of the log than of the snapshot.
func (e *Engine) snapshotDue() bool {
	s := &e.snapshots
	if s.busy() || s.retiring || e.tick < s.retryAt || e.quarantined() {
		return false
	}
	// What the log has of a body that is not whole does not count yet: each file would hold the part again.
	applied := s.bytes - int64(e.pieces.state.TakenBytes)
	limit := e.options.SnapshotLogBytes
	if s.inForce != nil {
		limit = max(limit, int64(s.inForce.FileBytes))
	}
	return s.asked || e.options.SnapshotLogBytes > 0 && applied >= limit
}

// mayHand is the last entry that the applier may be handed. While a state waits to be frozen this is a durable entry:
// under load the end of the log is never durable at the time at which all of it is applied.
func (e *Engine) mayHand(freeze bool) raftlog.Index {
	if freeze {
		return min(e.commit, e.core.Durable())
	}
	return e.commit
}

// freeze asks the applier to freeze the state behind its last entry, once that entry is durable. A disk that hangs
// holds the applier back for at most an election timeout, in both cases: the applier is ahead of the disk, or it waits
// while all durable entries are in a snapshot already.
func (e *Engine) freeze(ticks int) {
	s := &e.snapshots
	durable, frozen := e.core.Durable(), e.handed <= s.inForceIndex()
	if e.options.Weakened.Down(guard.FrozenWhenDurable) {
		durable = e.handed
	}
	if e.handed > durable || frozen && e.handed == durable && e.commit > durable {
		s.heldTicks += ticks
		if s.heldTicks >= e.options.ElectionTicks {
			s.heldTicks = 0
			if s.asked {
				s.asked = false
				s.ended++
				s.failed++
			}
			s.putOff(e.tick, fmt.Errorf("the journal's disk does not keep up: entry %d is not durable yet", durable+1))
		}
		return
	}
	s.heldTicks = 0
	if !frozen {
		e.out.Work.Freeze = true
		s.underway, s.asked = true, false
	}
}

// noteApplied counts the bytes that were applied.
func (s *snapshots) noteApplied(a *Applied) {
	s.bytes += int64(a.Bytes)
	if a.Frozen {
		s.frozenBytes, s.bytes = s.bytes, 0
	}
}

// retireFiles has files removed that are not needed. It keeps files that the journal will name: a file that was taken,
// and one that is being or was fetched; and files that followers fetch. No file is begun before the list has been
// carried out, and no list is made while a file without a known name is written. Otherwise:
//
//  1. The list [S1 S0] is handed out. The remover is busy with old history.
//  2. S2 is frozen, written and whole, within milliseconds: the state is small.
//  3. The remover carries the list out. S2 is not on it.
//  4. The journal names S2. If it was fetched, and the log begins anew behind it, nothing is left to start from.
func (e *Engine) retireFiles() {
	s := &e.snapshots
	if !s.retire || s.retiring || s.underway {
		return
	}
	s.retire, s.retiring = false, true
	e.out.Retain = []raftlog.SnapshotMark{}
	needed := []*raftlog.SnapshotMark{s.inForce, s.retained, s.taken, s.install.mark(), s.partial}
	for _, m := range append(needed, s.reserved[:]...) {
		if m != nil && (m != s.taken || !e.options.Weakened.Down(guard.TakenFileStays)) {
			e.out.Retain = append(e.out.Retain, *m)
		}
	}
}

// trimHistory has history removed that no start of this node and, within bounds, no follower and no reader needs:
// everything below the older snapshot, except for entries that live followers or readers here still lack, as long as
// these are not too many. So a follower that is a little slow never needs a snapshot, and one that fetches a snapshot
// goes on behind it. What is too much goes for readers first: one that is never read would take from a follower the few
// entries that follow the snapshot which it fetches.
//
// Only what is kept for others alone counts against the bound. A large state is written seldom, and history holds
// twice as much as it weighs for this node's own starts. If that counted:
//
//  1. The state weighs 1 GiB, so history has up to 2 GiB. The bound is 256 MiB.
//  2. A follower fetches a snapshot. The leader takes two more meanwhile.
//  3. The bound is exceeded, though little is kept for the follower. The transfer is in vain.
func (e *Engine) trimHistory(needed raftlog.Index) {
	s := &e.snapshots
	if s.inForce == nil || e.tick-s.trimmedAt < trimTicks {
		return
	}
	own := s.inForce.Index + 1
	if s.retained != nil {
		own = s.retained.Index + 1
	}
	own = min(own, e.applied+1)
	keep, followers := own, e.core.KeepFrom()
	tooMuch := s.lentBytes >= e.options.maxHistoryBytes()
	readersFirst := tooMuch && !s.readersCut && needed != 0 && needed < followers
	switch {
	case !tooMuch && needed != 0:
		keep = min(own, followers, needed)
	case !tooMuch || readersFirst:
		keep = min(own, followers)
	}
	s.readersCut = tooMuch
	s.trimmedAt = e.tick
	e.out.Trim, e.out.Own = keep, own
	e.core.Trimmed(e.out.Trim)
}
