package raft

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ProgressState is how a leader sends entries to a follower.
type ProgressState uint8

// The states of replication to one follower.
//
//	           its entries are gone              acknowledged
//	Snapshot ◄────────────────────── Probe ────────────────────► Replicate
//	    │                            ▲   ▲                          │
//	    └────────────────────────────┘   └──────────────────────────┘
//	holds more, link renewed            rejected, link renewed, silent for an election timeout
const (
	// Probe: where the logs agree is not known; one message at a time.
	Probe ProgressState = iota
	// Replicate: the follower keeps up; messages follow each other without waiting.
	Replicate
	// Snapshot: what the follower lacks is gone from the log; it is to fetch a snapshot. Nothing is appended.
	Snapshot
)

// String is the state's name in lower case.
func (s ProgressState) String() string { return [...]string{"probe", "replicate", "snapshot"}[s] }

// progress is what the leader knows of one other node.
type progress struct {
	id    raftlog.NodeID
	state ProgressState
	// match is the last index that the node holds durably; it never falls. next is the first that was not yet sent.
	// match < next, always.
	match raftlog.Index
	next  raftlog.Index
	// inflight are the last indexes of the messages sent and not acknowledged, in Replicate.
	inflight []raftlog.Index
	// waiting means that a probe is out, probeTicks old; probed is the last index that it carried, load how much the
	// next one may carry.
	waiting    bool
	probeTicks int
	probed     raftlog.Index
	load       probeLoad
	// stalledTicks counts since the node last made progress while messages are out, in Replicate.
	stalledTicks int
	// fetching means that a fetch of entries below the window is out; failedFetch that none is tried until the next
	// heartbeat.
	fetching    bool
	failedFetch bool
	// snapshot is the one that is kept for the node, nil if none is: see reservation. announcedTicks counts since it was
	// last announced, announcingTicks since that began.
	snapshot        *raftlog.SnapshotMark
	announcedTicks  int
	announcingTicks int
	// part is the mark of the file that the node asked for last, because it has a part of it; zero if it did not.
	part raftlog.Mark
	// stateFile is the snapshot that is kept for the node because its state is void, nil if none is; stateTicks counts
	// since that began: see ReserveState.
	stateFile  *raftlog.SnapshotMark
	stateTicks int
	// silentTicks counts since the node was last heard as one that follows: not as one that asks for votes.
	silentTicks int
	// echoed is the newest read epoch that the node echoed, promised the newest with which it promised what this leader's
	// leases rest on; carried is the newest that a message to it carried.
	echoed   Epoch
	promised Epoch
	carried  Epoch
	// turn is which of all echoes of the term the node's newest one was.
	turn uint64
	// asked is what carried was at the last tick; isLate says that the node had not echoed that by the next one.
	asked  Epoch
	isLate bool
	// notified is the commit index that the node knows, if no message was lost. origin is the last entry from a client of
	// the node, awaited the last index that the node's clients wait for: one of them beyond notified is a reason to send
	// the commit index at once.
	notified raftlog.Index
	origin   raftlog.Index
	awaited  raftlog.Index
	// heartbeatDue means that a heartbeat is to leave with the next Ready.
	heartbeatDue bool
	// leaving is the index of the configuration that leaves the node out, 0 if none does; leavingTicks counts since that
	// is committed.
	leaving      raftlog.Index
	leavingTicks int
	// takesOverFrom is what the node must hold, beyond what it held when a transfer to it failed, for another one that it
	// asks for; or all there is.
	takesOverFrom raftlog.Index
}

// full reports whether no more may be sent before an answer comes.
func (p *progress) full(maxInflight int) bool {
	switch p.state {
	case Probe:
		return p.waiting
	case Replicate:
		return len(p.inflight) >= maxInflight
	default:
		return true
	}
}

// probeLoad is how much a probe carries. The first one carries a message full. One that is repeated carries nothing:
// either the one before was lost, or the node cannot take it for a time that is not known:
//
//  1. The disk of a node hangs. It has the entries in memory, and acknowledges nothing.
//  2. Each heartbeat is answered. The leader repeats its probe each time, of up to a MiB: a GiB a minute, for nothing.
//
// When an empty probe is answered one entry follows, and when that is taken the window opens.
type probeLoad uint8

const (
	fullProbe probeLoad = iota
	emptyProbe
	smallProbe
)

// probe starts over: what was sent beyond match may be lost.
func (p *progress) probe(next raftlog.Index) {
	p.state, p.next = Probe, max(next, p.match+1)
	p.inflight = p.inflight[:0]
	p.waiting, p.probed, p.stalledTicks, p.load = false, 0, 0, fullProbe
}

// repeatProbe lets a probe leave again that was not answered.
func (p *progress) repeatProbe() {
	if p.state == Probe && p.waiting {
		if p.waiting, p.load = false, emptyProbe; guard.Down(guard.ProbesAreRepeatedEmpty) {
			p.load = fullProbe
		}
	}
}

// portion is what a message to the node carries of the entries that it lacks.
func (p *progress) portion(entries []raftlog.Entry) []raftlog.Entry {
	switch {
	case p.state != Probe || p.load == fullProbe:
		return entries
	case p.load == smallProbe:
		return entries[:min(1, len(entries))]
	}
	return nil
}

// messageBytes bounds what is read for a message to the node.
func (p *progress) messageBytes(limit int) int {
	if p.state == Probe && p.load != fullProbe {
		return 1 // at least one entry comes: the mark before it is needed in any case
	}
	return limit
}

// await turns to the snapshot that is announced next.
func (p *progress) await() {
	if p.state != Snapshot {
		p.probe(p.match + 1)
		p.state, p.announcedTicks, p.part = Snapshot, never, raftlog.Mark{}
	}
}

// never is longer ago than any limit.
const never = maxInt / 2

// sent notes that a message with entries up to last left.
func (p *progress) sent(last raftlog.Index) {
	if p.state == Probe {
		p.waiting, p.probeTicks, p.probed = true, 0, last
		return
	}
	p.next = last + 1
	p.inflight = append(p.inflight, last)
}

// acknowledged notes that the node holds everything up to match, and reports whether that is news.
//
// A node may take less than a probe carried: its journal has no room. The window opens only when it took all. Without
// that, a full node is sent a window of bulk, refuses it, is probed, acknowledges nothing new, and is sent the next
// window: as fast as the network allows, for as long as it is full. So a probe of which nothing was taken is repeated
// no sooner than with the next heartbeat, and empty.
func (p *progress) acknowledged(match raftlog.Index) bool {
	news := match > p.match
	p.match = max(p.match, match)
	p.next = max(p.next, match+1)
	free := 0
	for free < len(p.inflight) && p.inflight[free] <= p.match {
		free++
	}
	p.inflight = slices.Delete(p.inflight, 0, free)
	switch {
	case p.state == Snapshot && news: // whatever it holds now, the log may do from there
		p.probe(p.match + 1)
	case p.state != Probe:
	case p.match == p.probed && p.load == emptyProbe:
		p.next, p.waiting, p.load = p.match+1, false, smallProbe
	case p.match >= p.probed:
		p.state, p.next = Replicate, p.match+1
		p.waiting = false
	case news:
		p.next, p.waiting = p.match+1, false
	}
	if news {
		p.stalledTicks = 0
	}
	return news
}

// knowsRemoval reports whether a removed node holds the entry that removes it and was told that it is committed.
func (p *progress) knowsRemoval() bool { return p.match >= p.leaving && p.notified >= p.leaving }

// check panics if the node's numbers contradict each other (B8).
func (p *progress) check(last raftlog.Index) {
	if p.match >= p.next || p.match > last || p.next > last+1 {
		panic(fmt.Sprintf("raft: node %d has match %d, next %d; the leader's log ends at %d", p.id, p.match, p.next, last))
	}
}

// peer is the progress of a node; nil if this node does not lead, or does not send to it.
func (r *Raft) peer(id raftlog.NodeID) *progress {
	for _, p := range r.peers {
		if p.id == id {
			return p
		}
	}
	return nil
}

// arrangePeers brings the list of peers in step with the configuration in force. A node that it leaves out stays for a
// while: it must learn that its removal is committed, or it will campaign against it (D9). A new leader also
// serves removed nodes that its predecessor may not have told.
func (r *Raft) arrangePeers() {
	newest := r.membership.newest()
	arranged := make([]*progress, 0, len(r.peers)+1)
	arranged = append(arranged, r.peers...)
	next := r.log.last().Index + 1
	for _, id := range r.membership.nodesFrom(r.commit) {
		if id != r.options.ID && r.peer(id) == nil {
			arranged = append(arranged, &progress{id: id, next: next})
		}
	}
	for _, p := range arranged {
		switch {
		case newest.configuration.Includes(p.id):
			p.leaving, p.leavingTicks = 0, 0
		case p.leaving == 0:
			p.leaving = newest.index
		}
	}
	if r.down(guard.FinalMessage) {
		arranged = slices.DeleteFunc(arranged, func(p *progress) bool { return p.leaving != 0 })
	}
	slices.SortFunc(arranged, func(a, b *progress) int { return cmp.Compare(a.id, b.id) })
	r.peers = arranged
}
