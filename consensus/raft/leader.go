package raft

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// becomeLeader takes the lead of the term that this node won, and begins it with an entry of its own: only that can
// prove the earlier entries committed (Raft paper, section 5.4.2), and only then may reads be answered.
func (r *Raft) becomeLeader() {
	r.role, r.leader = Leader, r.options.ID
	r.leadership = leadership{}
	r.ballots = r.ballots[:0]
	r.arrangePeers()
	r.noteOrigins(r.log.slice(max(r.commit, r.log.floor.Index)+1, r.log.last().Index, maxInt))
	e := r.newEntry(raftlog.EntryNoOp, raftlog.Tag{}, nil)
	r.noOp = e.Index
	r.appendOwn(e)
}

// tickLeader lets a unit of time pass on a leader.
func (r *Raft) tickLeader() {
	r.heartbeatTicks++
	beat := r.heartbeatTicks >= r.options.HeartbeatTicks
	if beat {
		r.heartbeatTicks = 0
		r.committedAtBeat = r.commit
		r.beginLeaseRound()
	}
	for _, p := range r.peers {
		r.tickPeer(p, beat)
	}
	r.askAll = r.askAll || beat || r.confirmed < r.epoch
	r.dropRemoved()
	if beat {
		r.limitReserved()
	}
	if r.mustStepDown() {
		r.stepDownTicks++
	}
	r.tickTransfer()
	if quorum.Decide(r.deciders(), r.heardLately) != quorum.Won && !r.down(guard.CheckQuorum) {
		// CheckQuorum (thesis section 6.2): a leader without a majority makes clients wait for nothing.
		r.becomeFollower(r.term, 0)
		return
	}
	r.tickHungDisk()
}

func (r *Raft) tickPeer(p *progress, beat bool) {
	p.silentTicks++
	p.probeTicks++
	p.announcedTicks++
	p.announcingTicks++
	p.stateTicks++
	p.isLate, p.asked = p.echoed < p.asked, p.carried
	if beat {
		p.heartbeatDue, p.failedFetch = true, false
	}
	if p.state == Replicate && len(p.inflight) > 0 {
		p.stalledTicks++
		if p.stalledTicks >= r.options.ElectionTicks {
			p.probe(p.match + 1)
		}
	}
	if p.leaving > 0 && p.leaving <= r.commit {
		p.leavingTicks++
	}
}

// A leader still serves a removed node after the removal is committed, so that the node learns of it: for
// finalMessageElections election timeouts once it holds the entry and was told, for finalMessageElectionsMax until
// then.
const (
	finalMessageElections    = 2
	finalMessageElectionsMax = 20
)

// dropRemoved forgets nodes that had time to learn of their removal.
func (r *Raft) dropRemoved() {
	kept := r.peers[:0]
	for _, p := range r.peers {
		elections := finalMessageElectionsMax
		if p.knowsRemoval() {
			elections = finalMessageElections
		}
		if p.leavingTicks < elections*r.options.ElectionTicks {
			kept = append(kept, p)
		}
	}
	clear(r.peers[len(kept):])
	r.peers = kept
}

// lonelyElections is how many election timeouts a leader goes on without hearing a majority. A majority that can elect
// has done so by then, for its timeouts end earlier. A majority that only stalls with its machine, or stalls the
// leader, keeps its leader. With a single timeout the leader was the first to give up: on an overloaded machine,
// followers that were silent for 300 ms and had missed nothing themselves lost their leader (tried, measured,
// rejected).
const lonelyElections = 2

func (r *Raft) heardLately(id raftlog.NodeID) quorum.Answer {
	return r.heardWithin(id, lonelyElections*r.options.ElectionTicks)
}

// heardOf reports whether a node was heard within an election timeout.
func (r *Raft) heardOf(id raftlog.NodeID) quorum.Answer {
	return r.heardWithin(id, r.options.ElectionTicks)
}

func (r *Raft) heardWithin(id raftlog.NodeID, ticks int) quorum.Answer {
	if id == r.options.ID {
		return quorum.Yes
	}
	if p := r.peer(id); p != nil && p.silentTicks < ticks {
		return quorum.Yes
	}
	return quorum.No
}

// MayPropose reports whether Propose appends: this node leads, and does not hand over.
func (r *Raft) MayPropose() bool {
	return r.role == Leader && (r.transferee == 0 || r.down(guard.ProposalsStop))
}

// Propose appends entries to the log, all or none: ok is false on a node that does not lead, or is handing over. They
// get consecutive indexes from first on. The bodies must not change afterwards. Configurations have their own method.
func (r *Raft) Propose(proposals []Proposal) (first raftlog.Index, ok bool) {
	if !r.MayPropose() {
		return 0, false
	}
	first = r.log.last().Index + 1
	r.log.reserve(len(proposals))
	for i := range proposals {
		p := &proposals[i]
		if !p.Kind.Traits().Proposable {
			panic(fmt.Sprintf("raft: entries of kind %d cannot be proposed", p.Kind))
		}
		e := r.newEntry(p.Kind, p.Tag, p.Body)
		e.Left = p.Left
		r.appendOwn(e)
	}
	return first, true
}

// newEntry makes the entry that follows the last one. Stamps never go back along the log.
func (r *Raft) newEntry(kind raftlog.EntryKind, tag raftlog.Tag, body []byte) raftlog.Entry {
	last := r.log.lastTime().Stamp
	if r.down(guard.StampsRise) {
		last = 0
	}
	return raftlog.Entry{
		Index:  r.log.last().Index + 1,
		Term:   r.term,
		Kind:   kind,
		Level:  r.Level(),
		Tag:    tag,
		Stamp:  max(last, r.clock.Entry.Stamp),
		Offset: r.clock.Entry.Offset,
		Body:   body,
	}
}

// appendOwn appends a leader's entry. The leader never truncates or rewrites (Raft paper, figure 3: Leader
// Append-Only).
func (r *Raft) appendOwn(e raftlog.Entry) {
	e.SealWith(&r.header)
	one := [...]raftlog.Entry{e}
	r.log.append(one[:])
	r.noteOrigins(one[:])
}

// noteOrigins remembers which nodes' clients wait for the entries.
func (r *Raft) noteOrigins(entries []raftlog.Entry) {
	for i := range entries {
		if p := r.peer(entries[i].Tag.Origin); p != nil {
			p.origin = entries[i].Index
		}
	}
}

// handleAppendReply notes how far a follower's disk has come, or where to try again.
func (r *Raft) handleAppendReply(m *Message) {
	p := r.peer(m.From)
	if p == nil {
		return
	}
	r.noteEcho(p, m.Epoch)
	if m.Reject {
		r.handleReject(p, m)
		return
	}
	r.noteMatch(p, m)
}

// noteMatch notes what a follower holds durably.
func (r *Raft) noteMatch(p *progress, m *Message) {
	if m.Index > r.log.last().Index {
		panic(fmt.Sprintf("raft: node %d acknowledges %d, the leader's log ends at %v", p.id, m.Index, r.log.last()))
	}
	if p.acknowledged(m.Index) {
		r.commitByCounting()
		if p.id == r.transferee {
			r.handOver()
		}
	}
	p.check(r.log.last().Index)
}

// handleReject moves next back to where the logs can agree. A rejection that is not about the message sent last, or
// about something known to match, was overtaken (B8).
func (r *Raft) handleReject(p *progress, m *Message) {
	if (m.Previous.Index <= p.match || m.Previous.Index >= p.next) && !r.down(guard.LateRejection) {
		return
	}
	if p.state == Probe && m.Previous.Index != p.next-1 {
		return
	}
	guess := min(r.log.lastNotAfter(m.Hint), m.Previous.Index-1)
	p.probe(guess + 1)
	p.check(r.log.last().Index)
}

// handleHeartbeatReply notes that a follower is alive, and repairs what was lost: it repeats a probe without an answer
// since the last heartbeat, and probes a follower that lacks entries while none are in flight (B14).
func (r *Raft) handleHeartbeatReply(m *Message) {
	p := r.peer(m.From)
	if p == nil {
		return
	}
	r.noteEcho(p, m.Epoch)
	r.notePromise(p, m)
	if p.probeTicks >= r.options.HeartbeatTicks {
		p.repeatProbe()
	}
	if p.state == Replicate && len(p.inflight) == 0 && p.match+1 < p.next {
		p.probe(p.match + 1)
	}
}

func (r *Raft) noteEcho(p *progress, echoed Epoch) {
	if echoed > r.epoch {
		panic(fmt.Sprintf("raft: node %d echoes epoch %d, the newest is %d", p.id, echoed, r.epoch))
	}
	if echoed > p.echoed {
		r.echoes++
		p.echoed, p.turn = echoed, r.echoes
		r.confirm()
	}
}

// commitByCounting commits what a quorum holds durably. Only an entry of this leader's term may be committed so, and
// takes the earlier ones with it: an old entry on a majority can still be overwritten (Raft paper, figure 8).
func (r *Raft) commitByCounting() {
	reached := quorum.Reached(r.deciders(), r.matchOf)
	if reached <= r.commit {
		return
	}
	if reached < r.noOp && !r.down(guard.CommitOwnTerm) {
		return
	}
	r.advanceCommit(reached)
}

// matchOf is the last index that a node holds durably; for the leader itself what its own disk completed.
func (r *Raft) matchOf(id raftlog.NodeID) raftlog.Index {
	if id == r.options.ID {
		if r.down(guard.LeaderDurable) {
			return r.log.last().Index
		}
		return r.disk.done.last
	}
	if p := r.peer(id); p != nil {
		return p.match
	}
	return 0
}

// buildMessages makes the messages of a leader's turn: late, so that all proposals and reads of the turn share them.
func (r *Raft) buildMessages() {
	for _, p := range r.peers {
		if p.heartbeatDue {
			r.sendHeartbeat(p)
		}
		r.replicate(p)
		r.announce(p)
		if r.owesCommit(p) {
			r.sendHeartbeat(p)
		}
	}
	r.askForEchoes()
}

// replicate sends a follower what it lacks, as far as its window allows. Entries below the memory window are asked for.
func (r *Raft) replicate(p *progress) {
	last := r.log.last().Index
	for !p.full(r.options.MaxInflightMessages) && !p.fetching && !p.failedFetch {
		if p.state == Replicate && p.next > last {
			return
		}
		term, ok := r.log.term(p.next - 1)
		if !ok {
			p.fetching = true
			bytes := p.messageBytes(r.options.MaxMessageBytes)
			r.fetches = append(r.fetches, FetchRequest{To: p.id, From: p.next, MaxBytes: bytes})
			return
		}
		entries := r.log.slice(p.next, last, r.options.MaxMessageBytes)
		r.sendAppend(p, raftlog.Mark{Term: term, Index: p.next - 1}, p.portion(entries))
	}
}

func (r *Raft) sendAppend(p *progress, previous raftlog.Mark, entries []raftlog.Entry) {
	end := previous.Index + raftlog.Index(len(entries))
	r.send(Message{
		Kind:     Append,
		To:       p.id,
		Previous: previous,
		Entries:  entries,
		Commit:   r.commit,
		Epoch:    r.epoch,
		LogTime:  r.clock.Entry.Stamp,
	})
	if p.state == Replicate {
		p.notified = max(p.notified, min(r.commit, end))
	}
	p.carried = r.epoch
	p.sent(end)
}

// sendHeartbeat tells a follower that this node leads, what is committed of what it holds, and the read epoch.
func (r *Raft) sendHeartbeat(p *progress) {
	commit := min(r.commit, p.match)
	r.send(Message{Kind: Heartbeat, To: p.id, Commit: commit, Epoch: r.epoch, LogTime: r.clock.Entry.Stamp})
	p.notified = max(p.notified, commit)
	p.carried, p.heartbeatDue = r.epoch, false
}

// owesCommit reports whether the follower needs the commit index now: its clients wait for it, or it tells the follower
// that it was removed. Without this a reply on a follower would wait for the next heartbeat.
func (r *Raft) owesCommit(p *progress) bool {
	now := min(r.commit, p.match)
	removed := p.notified < p.leaving && p.leaving <= now
	return p.notified < now && (p.notified < max(p.awaited, p.origin) || removed)
}

// Fetched answers a FetchRequest: the entries from the one asked for on, and the mark before them. All of them are
// committed, configurations decoded. No entries means that they could not be had; it is tried again later. An answer
// that comes when leadership or the follower's place has changed is dropped. compacted says that there are none because
// they are gone from the log for good: the follower gets a snapshot.
func (r *Raft) Fetched(to raftlog.NodeID, previous raftlog.Mark, entries []raftlog.Entry, compacted bool) {
	p := r.peer(to)
	if p == nil || !p.fetching {
		return
	}
	p.fetching = false
	switch {
	case compacted:
		r.needsSnapshot(p)
	case len(entries) == 0:
		p.failedFetch = true
	case entries[0].Index == p.next && previous.Index == p.next-1 && !p.full(r.options.MaxInflightMessages):
		r.sendAppend(p, previous, p.portion(entries))
	}
}

// ServeWaiting tells a leader that clients of a follower wait for the commit index to reach index.
func (r *Raft) ServeWaiting(id raftlog.NodeID, index raftlog.Index) {
	if p := r.peer(id); p != nil {
		p.awaited = max(p.awaited, index)
	}
}

// LinkUp tells that a connection to a node is new: messages in flight may be lost, and the node may have forgotten the
// commit index.
func (r *Raft) LinkUp(id raftlog.NodeID) {
	if p := r.peer(id); p != nil {
		unanswered := p.state == Probe && p.waiting
		if p.probe(p.match + 1); unanswered {
			p.load = emptyProbe
		}
		p.notified, p.carried = 0, 0
	}
}
