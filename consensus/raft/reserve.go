package raft

import (
	"cmp"
	"slices"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A follower that fetches a snapshot needs two things of its leader until it goes on behind that: the file, and the log
// behind the file. The leader reserves both from the moment at which it announces the snapshot until the follower holds
// what it covers. Without that a transfer that takes longer than two snapshots of the leader is in vain, always:
//
//  1. S1 is announced. The follower begins to fetch it.
//  2. The leader takes S2 and S3. S1 is neither the one in force nor the one before it: its file goes, and the log up
//     to S2.
//  3. The follower has S1, and the log that it needs next is gone. S3 is announced.
//
// A quarantined member needs the file as well, and nothing of the log but what every follower needs, for its own log
// stays: ReserveState. Its log may fall behind while it is down, so what it lacks is kept as long as the file is.
//
// A reservation outlives the connection, and a restart of the follower. It ends with the leader's term, and within
// bounds: the owner lets go of the log behind it when that becomes too large, and says so by Trimmed; a follower that
// is not heard for reservedSilentElections election timeouts, or does not finish within reservedElections, loses it;
// and of files that would otherwise be removed the oldest MaxReserved are kept. A follower that has lost its
// reservation is told of the snapshot in force.
const (
	// reservedElections is six hours with an election timeout of 300 ms: a terabyte at the permitted rate, a gigabyte at
	// 64 KiB per second.
	reservedElections = 72_000
	// reservedSilentElections is ten minutes: as long as a machine needs to come back.
	reservedSilentElections = 2_000
	// MaxReserved bounds the files that are kept for followers beside the snapshot in force and the one before it.
	MaxReserved = 2
)

// Reserved are snapshots that are kept for followers alone, oldest first; nil where there is none.
type Reserved [MaxReserved]*raftlog.SnapshotMark

// reservation is the snapshot that is kept for a follower; nil if none is.
func (r *Raft) reservation(p *progress) *raftlog.SnapshotMark {
	if p.snapshot == nil || p.snapshot.Index <= p.match || r.lapsed(p, p.announcingTicks) {
		return nil
	}
	return p.snapshot
}

// stateReservation is the snapshot that is kept for a member whose state is void; nil if none is.
func (r *Raft) stateReservation(p *progress) *raftlog.SnapshotMark {
	if r.lapsed(p, p.stateTicks) {
		return nil
	}
	return p.stateFile
}

// lapsed reports whether a node has lost what was kept for it for so many ticks.
func (r *Raft) lapsed(p *progress, ticks int) bool {
	election := r.options.ElectionTicks
	return p.silentTicks >= reservedSilentElections*election || ticks >= reservedElections*election
}

// ReserveState has a leader keep the file of a snapshot for a member whose state is void, within the same bounds; nil
// ends that. mark is one that KeptFile returned, or one of Snapshot.
func (r *Raft) ReserveState(id raftlog.NodeID, mark *raftlog.SnapshotMark) {
	p := r.peer(id)
	if p == nil || r.stateReservation(p) == mark {
		return
	}
	p.stateFile, p.stateTicks = mark, 0
}

// StateReserved is the snapshot that is kept for a member whose state is void; nil if none is.
func (r *Raft) StateReserved(id raftlog.NodeID) *raftlog.SnapshotMark {
	if p := r.peer(id); p != nil {
		return r.stateReservation(p)
	}
	return nil
}

// KeptFile finds a snapshot among those whose files this node keeps: the one in force, the one before it, and those
// that are reserved. It is nil if the file is not kept.
func (r *Raft) KeptFile(file *raftlog.SnapshotMark) *raftlog.SnapshotMark {
	inForce, retained := r.Snapshot()
	reserved := r.Reserved()
	for _, own := range append(reserved[:], inForce, retained) {
		if own.Same(file) {
			return own
		}
	}
	return nil
}

// reserve gives a follower without a reservation the snapshot in force.
func (r *Raft) reserve(p *progress) {
	if r.reservation(p) == nil || r.down(guard.SnapshotsOnTheirWayStay) {
		r.reserveNewest(p)
	}
}

func (r *Raft) reserveNewest(p *progress) {
	p.snapshot, _ = r.Snapshot()
	p.announcingTicks = 0
}

// Reserved names the snapshots whose files this leader's followers still need, beside the one in force and the one
// before it.
func (r *Raft) Reserved() (kept Reserved) {
	for _, mark := range r.reservedFiles() {
		if at := slices.Index(kept[:], nil); at >= 0 {
			kept[at] = mark
		}
	}
	return kept
}

// reservedFiles are the snapshots of all reservations that are neither in force nor the one before, oldest first.
func (r *Raft) reservedFiles() (files []*raftlog.SnapshotMark) {
	inForce, retained := r.Snapshot()
	for _, p := range r.peers {
		for _, mark := range [...]*raftlog.SnapshotMark{r.reservation(p), r.stateReservation(p)} {
			if mark != nil && mark != inForce && mark != retained && !slices.Contains(files, mark) {
				files = append(files, mark)
			}
		}
	}
	slices.SortFunc(files, func(a, b *raftlog.SnapshotMark) int { return cmp.Compare(a.Index, b.Index) })
	return files
}

// limitReserved ends the newest reservations, where there are more than MaxReserved files: what has been on its way for
// the longest is nearest to its end.
func (r *Raft) limitReserved() {
	files := r.reservedFiles()
	if len(files) <= MaxReserved {
		return
	}
	for _, p := range r.peers {
		if slices.Contains(files[MaxReserved:], p.snapshot) {
			r.reserveNewest(p)
		}
		if slices.Contains(files[MaxReserved:], p.stateFile) {
			p.stateFile = nil // its owner offers the one in force
		}
	}
}

// Trimmed tells that the log begins at an index, or soon will: what a leader reserved below it is of no use.
func (r *Raft) Trimmed(first raftlog.Index) {
	r.trimmed = max(r.trimmed, first)
	for _, p := range r.peers {
		if p.snapshot != nil && p.snapshot.Index+1 < first {
			r.reserveNewest(p)
		}
	}
}

// KeepFrom is the lowest index that this leader's live followers may still need from its log. A follower is live if it
// was heard within an election timeout, or if a snapshot is reserved for it: then it goes on behind that, or, where the
// snapshot replaces its state alone, behind its own log. It is the
// index behind the last entry if there is none, or if this node does not lead. The owner should keep the entries from
// there on, within bounds: a follower that is a little slow then never needs a snapshot. See Trimmed.
func (r *Raft) KeepFrom() raftlog.Index {
	keep := r.log.last().Index + 1
	for _, p := range r.peers {
		if mark := r.reservation(p); mark != nil {
			keep = min(keep, mark.Index+1)
		} else if p.silentTicks < r.options.ElectionTicks || r.stateReservation(p) != nil {
			keep = min(keep, p.match+1)
		}
	}
	return keep
}
