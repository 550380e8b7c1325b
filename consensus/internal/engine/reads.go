package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// reads follows reads from their arrival to the moment at which this node's state may answer them:
//
//	fresh ──► group with an epoch (leader) or a request (follower) ──confirmed──► group with an index ──applied──► Done
//	  ▲                    │
//	  └── lost leader, retry (with a fresh request)
//
// A leader with a lease gives fresh reads their index at once.
type reads struct {
	// open counts the reads that have not ended. left: one of the fresh may have lost its client.
	open    int
	left    bool
	fresh   []*Read
	groups  []*readGroup // on a leader, in order of epoch
	remotes []remoteRead // on a leader, in order of epoch
	asked   []Message
	// pending are the requests of a follower, by their number. Each attempt has a number of its own, so that a late
	// reply to an older attempt never answers a younger read.
	pending   map[uint64]*readGroup
	request   uint64
	confirmed raft.Epoch
	ready     []*readGroup // they have their index and wait for the applier
	// leased counts the reads, and the requests of followers, that a lease answered.
	leased uint64
}

// newReads begins the numbers of requests at random: a late reply to a request of this node's earlier boot, in the same
// term, must not answer a read of this one.
func newReads(boot raftlog.Boot) reads {
	if guard.Down(guard.FreshRequests) {
		boot = 0
	}
	return reads{pending: map[uint64]*readGroup{}, request: uint64(boot) >> 1}
}

// readGroup is the reads of one turn: they share everything.
type readGroup struct {
	reads   []*Read
	epoch   raft.Epoch
	request uint64
	asked   uint64 // tick
	index   raftlog.Index
	stamp   raftlog.Stamp
}

// remoteRead is a follower's request at the leader.
type remoteRead struct {
	to      raftlog.NodeID
	request uint64
	epoch   raft.Epoch
	index   raftlog.Index
}

// admitRead takes a new read from a client.
func (e *Engine) admitRead(read *Read) {
	r := &e.reads
	r.open++
	read.since = e.tick
	if r.open > e.options.MaxWaitingReads {
		e.endRead(read, Overloaded)
		return
	}
	r.fresh = append(r.fresh, read)
}

// maxRemoteReads bounds the requests of followers that wait for their epoch. A follower makes one a turn, for all its
// reads, and they wait for a round trip: so many are not reached but where no echo comes.
const maxRemoteReads = 1 << 16

// takeReadIndex remembers a follower's request for this turn's epoch. It drops a request of another term, or one too
// many: the follower asks again.
func (e *Engine) takeReadIndex(m *Message) {
	r := &e.reads
	if e.leads() && m.Term == e.core.Term() && len(r.asked)+len(r.remotes) < maxRemoteReads {
		r.asked = append(r.asked, *m)
	}
}

// takeReadIndexReply gives a group its index. A refusal has no index, and its zero would mean a very old state: the
// group waits on, and asks again when it is late.
func (e *Engine) takeReadIndexReply(m *Message) {
	group := e.reads.pending[m.Request]
	refused := m.Reject && !e.options.Weakened.Down(guard.RefusalHasNoIndex)
	if group == nil || refused || m.Term != e.core.Term() {
		return
	}
	delete(e.reads.pending, m.Request)
	group.index, group.stamp = m.Index, m.Stamp
	e.reads.ready = append(e.reads.ready, group)
}

// registerReads joins the turn's reads to an epoch, or asks the leader for an index.
func (e *Engine) registerReads() {
	r := &e.reads
	r.dropLeft(e)
	if e.removed() {
		e.retryReads() // reads without an index become fresh, and end
		r.sweep(e, func(*Read) bool { return true })
	}
	e.retryLateReads()
	switch {
	case len(r.fresh) == 0 && len(r.asked) == 0:
	case e.leads():
		e.confirmReads()
	case e.leader != 0 && len(r.fresh) > 0:
		r.request++
		r.pending[r.request] = &readGroup{reads: r.fresh, request: r.request, asked: e.tick}
		r.fresh = nil
		e.send(Message{Own: ReadIndex, Message: raft.Message{To: e.leader, Term: e.term}, Request: r.request})
	}
	clear(r.asked)
	r.asked = r.asked[:0]
}

// confirmReads confirms the turn's reads on a leader: by its lease, or by an epoch.
func (e *Engine) confirmReads() {
	r := &e.reads
	if index, ok := e.core.Lease(); ok {
		e.answerByLease(index)
		return
	}
	e.answerVoters()
	if len(r.fresh) == 0 && len(r.asked) == 0 {
		return
	}
	epoch, index, ok := e.core.Read()
	if !ok {
		return
	}
	if len(r.fresh) > 0 {
		r.groups = append(r.groups, &readGroup{reads: r.fresh, epoch: epoch, index: index})
		r.fresh = nil
	}
	for i := range r.asked {
		m := &r.asked[i]
		r.remotes = append(r.remotes, remoteRead{to: m.From, request: m.Request, epoch: epoch, index: index})
		e.core.ServeWaiting(m.From, index)
	}
}

// answerVoters answers the requests of followers that need no round.
func (e *Engine) answerVoters() {
	r := &e.reads
	kept := r.asked[:0]
	for i := range r.asked {
		m := &r.asked[i]
		index, ok := e.core.ReadOf(m.From)
		if !ok || m.Term != e.core.Term() {
			kept = append(kept, *m)
			continue
		}
		e.core.ServeWaiting(m.From, index)
		e.answerReadIndex(&remoteRead{to: m.From, request: m.Request, index: index})
	}
	clear(r.asked[len(kept):])
	r.asked = kept
}

// answerReadIndex tells a follower the index of its reads, and their moment.
func (e *Engine) answerReadIndex(m *remoteRead) {
	e.send(Message{
		Own: ReadIndexReply, Message: raft.Message{To: m.to, Term: e.term, Index: m.index},
		Request: m.request, Stamp: e.clocks.entry.Stamp,
	})
}

// answerByLease gives the turn's reads their index at once. They came in before the clock of the turn was read, and the
// lease lasted then: that is the moment at which they take effect, whatever happens until they are executed.
func (e *Engine) answerByLease(index raftlog.Index) {
	r := &e.reads
	now := e.clocks.entry.Stamp
	r.leased += uint64(len(r.fresh) + len(r.asked))
	for i := range r.asked {
		m := &r.asked[i]
		e.core.ServeWaiting(m.From, index)
		e.answerReadIndex(&remoteRead{to: m.From, request: m.Request, index: index})
	}
	if len(r.fresh) > 0 && index > e.applied {
		r.ready = append(r.ready, &readGroup{reads: r.fresh, index: index, stamp: now})
		r.fresh = nil
		return
	}
	for _, read := range r.fresh {
		read.Stamp = now
		e.endRead(read, Done)
	}
	clear(r.fresh)
	r.fresh = r.fresh[:0]
}

// LeasedReads counts the reads that this node answered by a lease since it started, and the requests of followers; all
// reads that one of these stands for count as one.
func (e *Engine) LeasedReads() uint64 { return e.reads.leased }

// finishReads moves confirmed reads on and ends those whose index is applied.
func (e *Engine) finishReads() {
	r := &e.reads
	now := e.clocks.entry.Stamp
	n := 0
	for n < len(r.groups) && r.groups[n].epoch <= r.confirmed {
		r.groups[n].stamp = now
		r.ready = append(r.ready, r.groups[n])
		n++
	}
	r.groups = append(r.groups[:0], r.groups[n:]...)
	n = 0
	for n < len(r.remotes) && r.remotes[n].epoch <= r.confirmed {
		e.answerReadIndex(&r.remotes[n])
		n++
	}
	r.remotes = append(r.remotes[:0], r.remotes[n:]...)
	e.endAppliedReads()
}

func (e *Engine) endAppliedReads() {
	r := &e.reads
	kept := r.ready[:0]
	for _, group := range r.ready {
		if group.index > e.applied && !e.options.Weakened.Down(guard.ReadAfterApply) {
			kept = append(kept, group)
			continue
		}
		for _, read := range group.reads {
			read.Stamp = group.stamp
			e.endRead(read, Done)
		}
	}
	clear(r.ready[len(kept):])
	r.ready = kept
}

func (e *Engine) endRead(r *Read, o Outcome) {
	e.reads.open--
	r.End(o)
	e.out.EndedReads = append(e.out.EndedReads, r)
}

// retryReads makes all unconfirmed reads fresh again, because the term or the leader changed. A read has no effect, so
// asking again is always right.
func (e *Engine) retryReads() {
	r := &e.reads
	for _, group := range r.groups {
		r.fresh = append(r.fresh, group.reads...)
	}
	r.groups, r.remotes, r.left = nil, nil, true
	for request := r.firstPending(); request <= r.request; request++ {
		e.retry(request)
	}
}

// retryLateReads asks again for reads that the leader did not answer in time.
func (e *Engine) retryLateReads() {
	r := &e.reads
	for request := r.firstPending(); request <= r.request; request++ {
		group := r.pending[request]
		if group != nil && e.tick-group.asked >= uint64(e.options.ReadRetryTicks) {
			e.retry(request)
		}
	}
}

// firstPending is where a walk over the pending requests in order begins: a map's own order would make two runs of a
// seed differ. Requests are few, one per turn that is under way.
func (r *reads) firstPending() uint64 {
	first := r.request + 1
	for request := range r.pending {
		first = min(first, request)
	}
	return first
}

func (e *Engine) retry(request uint64) {
	if group := e.reads.pending[request]; group != nil {
		e.reads.fresh, e.reads.left = append(e.reads.fresh, group.reads...), true
		delete(e.reads.pending, request)
	}
}

// dropLeft ends fresh reads whose clients are gone.
func (r *reads) dropLeft(e *Engine) {
	if !r.left {
		return
	}
	r.left = false
	r.sweep(e, func(read *Read) bool { return read.gone })
}

func (r *reads) sweep(e *Engine, over func(*Read) bool) {
	kept := r.fresh[:0]
	for _, read := range r.fresh {
		if over(read) {
			e.endRead(read, NotDone)
			continue
		}
		kept = append(kept, read)
	}
	clear(r.fresh[len(kept):])
	r.fresh = kept
}

// expireReads ends reads that found no leader, or no confirmation, for too long.
func (e *Engine) expireReads(wait uint64) {
	r := &e.reads
	late := func(read *Read) bool { return e.tick-read.since >= wait }
	r.sweep(e, late)
	// Groups without a read go, too: while the applier is slow, each turn may bring another one.
	empty := func(group *readGroup) bool { return !e.sweepGroup(group, late) }
	r.groups = slices.DeleteFunc(r.groups, empty)
	r.ready = slices.DeleteFunc(r.ready, empty)
	for request := r.firstPending(); request <= r.request; request++ {
		if group := r.pending[request]; group != nil && empty(group) {
			delete(r.pending, request)
		}
	}
}

// sweepGroup ends reads of a group, and reports whether any is left.
func (e *Engine) sweepGroup(group *readGroup, over func(*Read) bool) bool {
	kept := group.reads[:0]
	for _, read := range group.reads {
		if over(read) {
			e.endRead(read, NotDone)
			continue
		}
		kept = append(kept, read)
	}
	clear(group.reads[len(kept):])
	group.reads = kept
	return len(kept) > 0
}

// AllReads lists every read that has not ended.
func (e *Engine) AllReads() []*Read {
	r := &e.reads
	all := r.fresh
	for _, group := range r.groups {
		all = append(all, group.reads...)
	}
	for request := r.firstPending(); request <= r.request; request++ {
		if group := r.pending[request]; group != nil {
			all = append(all, group.reads...)
		}
	}
	for _, group := range r.ready {
		if e.options.Weakened.Down(guard.ConfirmedReadsEnd) {
			break
		}
		all = append(all, group.reads...)
	}
	return all
}
