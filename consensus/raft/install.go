package raft

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Snapshots for followers that the log cannot serve any more (Raft paper, section 7). The leader only says that it has
// one. The follower's owner fetches the file past the core, because it may take minutes, and says when it is here.
//
//	leader                                    follower
//	Fetched says: compacted
//	state Snapshot       ── Install ────────► the log holds its mark: commit up to there
//	  announced again                             ◄────────────────────────────────────────── InstallReply
//	  now and then                            otherwise Ready.Install: the owner fetches the file
//	                                          Raft.Install: the log begins anew behind it
//	                                          the operation with the switch is durable
//	state Probe, behind  ◄─────────────────────────────────────────────────────────────────── InstallReply
//	what is held there
//
// Files are the same bytes on every node. So a follower that has a part of one tells each leader that announces another
// one: the leader may have that file, too, though a newer one is in force.
//
//	announces S2         ── Install ────────► a part of S1 is here
//	S1 is here, and the log behind it    ◄─── InstallReply, rejects with S1
//	announces S1         ── Install ────────► goes on with S1
//	or: announces S2, and says that S1 cannot be had; then the follower takes S2
//
// A follower may drop its log for a snapshot because all that the snapshot covers is committed. An entry that it drops
// and once acknowledged is covered, unless a later leader has replaced it already; and at no moment is its disk without
// either, for one operation takes the one away and brings the other. If the log holds the entry at the mark, then what
// is behind that may be worth as much, and nothing is dropped.

// InstallRequest asks the owner to fetch a snapshot, or tells it of an offer.
type InstallRequest struct {
	// From is the leader that has announced it.
	From     raftlog.NodeID
	Snapshot raftlog.SnapshotMark
}

// installHeartbeats is how many heartbeat intervals pass before a snapshot is announced again to a follower that did
// not answer. The owner of a follower that is fetching one is told of each, as an offer: see Ready.Offer.
const installHeartbeats = 4

// needsSnapshot notes that the entries which a follower lacks are gone from this leader's log.
func (r *Raft) needsSnapshot(p *progress) {
	inForce, _ := r.Snapshot()
	if inForce == nil || inForce.Index <= p.match {
		p.failedFetch = true // it is looked for again with the next heartbeat
		return
	}
	r.reserve(p)
	p.await()
}

// announce tells a follower in state Snapshot of the snapshot that it is to fetch, now and then.
func (r *Raft) announce(p *progress) {
	if p.state != Snapshot || !r.announces(p) {
		return
	}
	r.reserve(p)
	p.announcedTicks = 0
	p.carried = r.epoch
	m := Message{Kind: Install, To: p.id, Snapshot: p.snapshot, Epoch: r.epoch}
	if p.snapshot.Mark != p.part {
		m.Hint = p.part
	}
	r.send(m)
}

// announces reports whether it is time to announce a snapshot to a node in state Snapshot.
func (r *Raft) announces(p *progress) bool {
	return p.announcedTicks >= installHeartbeats*r.options.HeartbeatTicks
}

// handleInstallReply notes what a follower holds: since it has the snapshot, or because it never needed it; or which
// file it has in part.
func (r *Raft) handleInstallReply(m *Message) {
	switch p := r.peer(m.From); {
	case p == nil:
	case m.Reject:
		r.notePart(p, m.Snapshot)
	default:
		r.noteMatch(p, m)
	}
}

// notePart answers a follower that has a part of another file than the one that was announced: by that one, if this
// leader has it and the log behind it, or by the word that it has not.
func (r *Raft) notePart(p *progress, part *raftlog.SnapshotMark) {
	if p.state != Snapshot {
		return
	}
	p.part, p.announcedTicks = part.Mark, never
	own := r.KeptFile(part)
	if own != nil && own.Index > p.match && own.Index+1 >= r.trimmed && own != p.snapshot {
		p.snapshot, p.announcingTicks = own, 0
	}
}

// handleInstall takes the leader's offer of a snapshot. If the log holds the entry at its mark, everything up to there
// is committed, and that is all this node needed to know. Otherwise the owner is asked to fetch it; one at a time, for
// what is half here may be whole before the next one is. While one is being fetched the owner is told what others, or
// the same leader, have to offer now.
func (r *Raft) handleInstall(m *Message) {
	r.follow(m)
	mark := m.Snapshot.Mark
	switch {
	case r.holds(mark):
		r.advanceCommit(mark.Index)
		r.acknowledgeInstall()
	case r.goesOnWithPart(m):
		part := &raftlog.SnapshotMark{Mark: r.part.Mark, FileHash: r.part.FileHash}
		r.send(Message{Kind: InstallReply, To: m.From, Reject: true, Snapshot: part, Clock: r.clock.Wall})
	case r.fetched == nil:
		r.fetched, r.part = m.Snapshot, m.Snapshot
		r.install = &InstallRequest{From: m.From, Snapshot: *m.Snapshot}
	default:
		r.offer = &InstallRequest{From: m.From, Snapshot: *m.Snapshot}
	}
}

// goesOnWithPart reports whether this node should ask for the rest of what it has in part, before it takes another
// snapshot. It asks until it has an answer: messages are lost.
func (r *Raft) goesOnWithPart(m *Message) bool {
	return r.part != nil && r.part.Index > r.commit && !r.part.Same(m.Snapshot) && m.Hint != r.part.Mark &&
		!r.down(guard.PartsAreGoneOnWith)
}

// acknowledgeInstall tells the leader, if one is known, what is committed here, once that is durable.
func (r *Raft) acknowledgeInstall() {
	if r.leader == 0 {
		return
	}
	m := Message{Kind: InstallReply, To: r.leader, Index: r.commit, Clock: r.clock.Wall}
	if r.down(guard.InstallDurable) {
		r.send(m)
		return
	}
	r.promise(m)
}

// Install tells that the snapshot for which Ready.Install asked is here: the file is whole, verified and durable. It
// says that c is the configuration in force at its mark, and at the time of the entry at its mark.
//
// If it returns true the log begins anew behind the snapshot. Everything that the log held above the old commit index
// is void; commit index, written and floor are the snapshot's; the next operation carries the switch. The state machine
// is to be restored from the file once that is durable, before anything behind the mark is applied.
//
// If it returns false nothing is replaced, and the file is of no use: the log has come to hold the mark meanwhile (what
// is up to it is committed then), or the snapshot is of a later term than this node knows, which no leader that it
// followed can have announced.
//
// It must not be called while the owner moves entries of the old log about: see Written and Fetched.
func (r *Raft) Install(mark raftlog.SnapshotMark, c *membership.Configuration, at raftlog.Time) bool {
	if r.InstallFailed(mark); r.part.Same(&mark) {
		r.part = nil // all of it is here
	}
	switch {
	case mark.Index <= r.commit && !r.down(guard.SnapshotBeyondCommit), mark.Term > r.term:
		return false
	case r.holds(mark.Mark) && mark.Index > r.commit, r.down(guard.SnapshotVoidsLog) && mark.Index <= r.log.last().Index:
		r.learnInstalled(mark)
		return false
	case r.role == Leader || mark.Index <= r.proven:
		panic(fmt.Sprintf("raft: %v of term %d, whose log is proven up to %d, lacks the committed entry %v", r.role, r.term,
			r.proven, mark.Mark))
	case c == nil:
		panic("raft: a snapshot without a configuration")
	}
	r.beginAnew(mark, c, at)
	r.acknowledgeInstall()
	return true
}

// learnInstalled takes from a snapshot whose mark the log holds that it is committed. A leader finds that out by
// itself.
func (r *Raft) learnInstalled(mark raftlog.SnapshotMark) {
	if r.role != Leader {
		r.advanceCommit(mark.Index)
		r.acknowledgeInstall()
	}
}

// beginAnew replaces the log by a snapshot. A campaign ends: its requests speak of a log that is gone.
//
// Operations in flight still write the old log, and may even end with entries at the indexes of the new one. What
// completes them proves nothing beyond the old commit index (B7); the operation of the switch proves the rest.
func (r *Raft) beginAnew(mark raftlog.SnapshotMark, c *membership.Configuration, at raftlog.Time) {
	r.becomeFollower(r.term, r.leader)
	if !r.down(guard.OldLogProvesNothing) {
		r.disk.truncated(r.commit + 1)
	}
	r.log = newWindow(mark.Mark, at, nil, r.log.retainBytes)
	r.membership.list = []configured{{index: mark.Index, configuration: c}}
	r.commit, r.written = mark.Index, mark.Index
	r.switching = &raftlog.SnapshotSwitch{Snapshot: &mark, Restart: true, Time: at}
	r.noteReinstalled(mark.Index)
}

// InstallFailed tells that the snapshot for which Ready.Install asked could not be had, though a part of its file may
// be here. It is asked for again, or another one, when a leader announces one again.
func (r *Raft) InstallFailed(mark raftlog.SnapshotMark) {
	if r.fetched.Same(&mark) {
		r.fetched = nil
	}
}
