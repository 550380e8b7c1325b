package engine

import (
	"math"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// origin is what a node knows about its own clients' batches while they wait and, for the present term, after they were
// sent. Sent batches belong to the applier; the copies here serve to send them again.
type origin struct {
	// waiting are batches for one entry, large those that go in pieces: delivery.go.
	waiting, large queue
	dropGone       bool // a waiting batch may have lost its client

	stream stream
	// registered collects this turn's batches that are about to be sent.
	registered []Sent
}

// stream is the sequence of batches sent to one leader in one term.
type stream struct {
	term       raftlog.Term
	leader     raftlog.NodeID
	next       raftlog.Sequence
	unmet      []unmetBatch
	unmetArray []unmetBatch // see enqueue
	unmetBytes int
	live       int              // of the unmet, those not given up
	progress   uint64           // tick of the last change
	met        raftlog.Sequence // the last one that the log showed
	// delivery is the large body that is under way. ended: the log is to learn that no more comes of one.
	delivery delivery
	ended    bool
	// resends counts how often the stream was sent again since the log last showed one of its batches.
	resends int
	// Of the unmet, the first sent have left since the stream was last begun or sent again; sentBytes is the size of those
	// of them that are live. More leave while that is within windowBytes: resend.go.
	sent        int
	sentBytes   int
	windowBytes int
}

// unmetBatch is a batch that was sent and not yet met in the log.
type unmetBatch struct {
	sequence raftlog.Sequence
	level    uint8
	body     []byte
	skip     bool // given up: when sent again, it only takes its place in the sequence
	piece    bool // see raftlog.EntryPiece, also for left
	left     int
	session  bool // the body is a raftlog.SessionBody, or a piece of one
	// bytes is its size when it was sent. Giving it up does not change that: the leader may still hold it.
	bytes int
}

// admit takes a new batch from a client.
func (e *Engine) admit(b *Batch) {
	b.submitted, b.since = e.tick, e.tick
	q, maxBytes := &e.waiting, e.options.MaxWaitingBytes
	if e.inPieces(b) {
		q, maxBytes = &e.large, e.options.MaxLargeBytes
	}
	full := len(q.batches) >= e.options.MaxWaitingBatches || q.bytes+b.Size() > maxBytes
	if full && len(q.batches) > 0 {
		e.endBatch(b, Overloaded)
		return
	}
	q.add(b)
}

// endBatch ends a batch that was never sent, or that the applier proved not done.
func (e *Engine) endBatch(b *Batch, o Outcome) {
	b.End(o)
	e.out.Ended = append(e.out.Ended, b)
}

// beginStream starts the stream of a term. The applier decides about batches of earlier terms: a lost leader proves
// nothing about them.
func (e *Engine) beginStream(term raftlog.Term, leader raftlog.NodeID) {
	if e.stream.term == term {
		return // a term has one leader
	}
	e.stream.beginAgain(e.tick)
	e.stream = stream{term: term, leader: leader, next: 1, progress: e.tick, windowBytes: e.options.MaxUnmetBytes}
}

// assignWaiting sends waiting batches to the present leader, as far as the limits let it. When the present term's
// leader is unknown they go on waiting. A leader appends its own among those of the other nodes: appendBatches.
func (e *Engine) assignWaiting() {
	e.dropLeft()
	if e.removed() {
		e.sweepWaiting(func(*Batch) bool { return true }) // no leader appends batches of a removed node
	}
	if e.leader == 0 || e.stream.term != e.term || e.leads() || e.lacksState() {
		return
	}
	p := e.beginPosting()
	p.room = math.MaxInt // the leader knows how much room there is
	for e.postNext(&p) {
	}
	e.endPosting(&p)
}

// lacksState reports whether this node knows that it lacks a part of the log which it can have by a snapshot only. It
// cannot apply what it would send now before that snapshot is fetched and restored, which may take minutes; and if it
// is another snapshot in the end, one that covers what was sent, its clients would never learn what became of it. So
// their batches wait, and end as not done, until the state has reached every snapshot that was announced.
func (e *Engine) lacksState() bool {
	return e.snapshots.announced > e.applied && !e.options.Weakened.Down(guard.NothingSentWithoutState)
}

// postings are what one turn sends of this node's batches.
type postings struct {
	forward forwardBuilder
	// taken counts the waiting batches that were sent.
	taken int
	// room is how many bytes of entries may still be appended; short: something did not fit.
	room  int
	short bool
}

func (e *Engine) beginPosting() postings {
	if e.stream.delivery.batch == nil {
		e.endTooOld()
	}
	return postings{}
}

func (e *Engine) endPosting(p *postings) {
	p.forward.flush(e)
	e.waiting.removeFirst(p.taken)
}

// postNext sends one thing, if there is one that may be sent now: what there is to say of a body in pieces, a piece, or
// else a small batch. Pieces come first: they are sent few at a time, and must not starve. So a piece that the journal
// has no room for makes small batches wait, too.
func (e *Engine) postNext(p *postings) bool {
	if e.deliver(p) {
		return true
	}
	if p.short || p.taken == len(e.waiting.batches) {
		return false
	}
	b := e.waiting.batches[p.taken]
	if !e.mayPost(p, len(b.Body), e.options.MaxUnmetBytes-e.keptForPieces()) {
		return false
	}
	p.taken++
	sequence := e.post(p, unmetBatch{level: b.Level, body: b.Body, session: b.InSession})
	e.registered = append(e.registered, Sent{Batch: b, Tick: e.tick, Term: e.stream.term, Sequence: sequence})
	return true
}

// keptForPieces is the part of Options.MaxUnmetBytes that small batches leave free while a large one waits: room for
// one piece. Otherwise small batches that wait would take all that is freed, and no piece would ever be sent.
func (e *Engine) keptForPieces() int {
	if len(e.large.batches) == 0 && !e.stream.ended {
		return 0
	}
	return min(raftlog.EntryHeaderBytes+e.options.PieceBytes, e.options.MaxUnmetBytes/2)
}

// mayPost reports whether a batch with so large a body, or a piece, may be sent now. maxUnmetBytes bounds what is then
// unmet.
func (e *Engine) mayPost(p *postings, bodyBytes, maxUnmetBytes int) bool {
	s, bytes := &e.stream, raftlog.EntryHeaderBytes+bodyBytes
	if !e.leads() {
		if s.sent < len(s.unmet) {
			return false // what is to be sent again comes first
		}
		maxUnmetBytes = min(maxUnmetBytes, s.windowBytes)
	}
	if s.unmetBytes+bytes > maxUnmetBytes && s.live > 0 {
		return false
	}
	p.short = bytes > p.room
	return !p.short
}

// post gives a batch, or a piece of one, the next place in the stream, and sends it.
func (e *Engine) post(p *postings, u unmetBatch) raftlog.Sequence {
	s := &e.stream
	if len(s.unmet) == 0 {
		s.progress = e.tick // later batches leave it alone: they must not hide a stream that is stuck
	}
	u.sequence, u.bytes = s.next, raftlog.EntryHeaderBytes+len(u.body)
	s.next++
	s.unmet = enqueue(&s.unmetArray, s.unmet, u)
	s.unmetBytes += u.bytes
	s.live++
	s.noteSent()
	if e.leads() {
		e.forwards.takeOwn(e.ownTag(u.sequence), u.batch())
	} else {
		p.forward.add(e, u.batch())
	}
	return u.sequence
}

func (u *unmetBatch) batch() ForwardedBatch {
	if u.skip {
		return ForwardedBatch{Sequence: u.sequence, Skip: true}
	}
	return ForwardedBatch{
		Sequence: u.sequence, Level: u.level, Body: u.body, Piece: u.piece, Left: uint32(u.left), InSession: u.session,
	}
}

func (e *Engine) ownTag(s raftlog.Sequence) raftlog.Tag {
	return raftlog.Tag{Origin: e.options.ID, Boot: e.options.Boot, Sequence: s}
}

// dropLeft drops waiting batches whose clients are gone: they were never sent, or were proven not done.
func (e *Engine) dropLeft() {
	if !e.dropGone {
		return
	}
	e.dropGone = false
	e.sweepWaiting(func(b *Batch) bool { return b.gone })
}

// sweepWaiting ends, as not done, the waiting batches that over names.
func (e *Engine) sweepWaiting(over func(*Batch) bool) {
	for _, q := range []*queue{&e.waiting, &e.large} {
		for _, b := range q.sweep(over) {
			e.stream.noteDropped(b)
			e.endBatch(b, NotDone)
		}
	}
}

// forwardBuilder packs batches into Forward messages of bounded size.
type forwardBuilder struct {
	batches []ForwardedBatch
	bytes   int
}

func (f *forwardBuilder) add(e *Engine, b ForwardedBatch) {
	if last := len(f.batches) - 1; b.Skip && last >= 0 && f.batches[last].Skip {
		f.batches[last].Sequence, f.batches[last].Left = b.Sequence, f.batches[last].Left+1
		return
	}
	if f.bytes+len(b.Body) > e.options.MaxMessageBytes {
		f.flush(e)
	}
	f.batches = append(f.batches, b)
	f.bytes += len(b.Body) + raftlog.EntryHeaderBytes
}

func (f *forwardBuilder) flush(e *Engine) {
	if len(f.batches) == 0 {
		return
	}
	e.send(Message{
		Own: Forward, Message: raft.Message{To: e.stream.leader, Term: e.stream.term},
		Boot: e.options.Boot, Batches: f.batches,
	})
	*f = forwardBuilder{}
}

// takeApplied takes the applier's report. Batches that were met free room in the stream. Batches that were proven not
// done wait again, before all later ones.
func (e *Engine) takeApplied(a *Applied) {
	if a.Index > e.applied || a.Jumped {
		e.applied = a.Index
		e.core.Applied(a.Index)
		e.noteJumped()
	}
	if a.Tick != 0 {
		e.expired, e.expiring = a.Tick, false
	}
	e.noteStates(a)
	if a.Index > 0 {
		e.expiry.time, e.expiry.due, e.sessions = a.Time, a.Due, a.Sessions
	}
	e.snapshots.noteApplied(a)
	for len(e.spans) > 0 && e.spans[0].last <= e.applied {
		e.span -= e.spans[0].bytes
		e.spans = e.spans[1:]
	}
	s := &e.stream
	if a.Met.Term == s.term {
		s.met = max(s.met, a.Met.Sequence)
		for len(s.unmet) > 0 && s.unmet[0].sequence <= a.Met.Sequence {
			s.dropFirst(e.options.MaxUnmetBytes)
			s.progress, s.resends = e.tick, 0
		}
	}
	for _, given := range a.GivenUp {
		e.skip(given)
	}
	e.takeBack(a.NotDone)
	e.notePieces(a)
}

// takeBack lets batches that were proven not done wait again, before all later ones: their clients see only a slow
// reply. A batch that is as old as UncertainTicks ends here as NotDone: its client should know now rather than later.
func (e *Engine) takeBack(proven []*Batch) {
	if len(proven) == 0 {
		return
	}
	var small, large []*Batch
	for _, b := range proven {
		if e.tooOldToSend(b) {
			e.endBatch(b, NotDone)
			continue
		}
		b.since = e.tick
		e.dropGone = e.dropGone || b.gone
		if e.inPieces(b) {
			large = append(large, b)
		} else {
			small = append(small, b)
		}
	}
	e.waiting.putBack(small)
	e.large.putBack(large)
}

// tooOldToSend reports whether a batch that was sent before must not be sent again.
func (e *Engine) tooOldToSend(b *Batch) bool {
	return e.tick-b.submitted >= uint64(e.options.UncertainTicks)
}

// skip marks a batch that the applier answered Unknown: when the stream is sent again, it must not be executed.
func (e *Engine) skip(given Position) {
	s := &e.stream
	if given.Term != s.term || len(s.unmet) == 0 || given.Sequence < s.unmet[0].sequence {
		return
	}
	s.giveUp(int(given.Sequence - s.unmet[0].sequence))
}

// giveUp lets an unmet batch, or a piece of one, only take its place in the sequence.
func (s *stream) giveUp(at int) {
	u := &s.unmet[at]
	if u.skip {
		return
	}
	if at < s.sent {
		s.sentBytes -= u.bytes
	}
	u.skip, u.body = true, nil
	s.live--
}

// expire ends batches and reads that waited too long: for a leader, for room in the leader's journal, for room in the
// stream. A waiting batch was never sent or was proven not done, so NotDone is the truth. The applier executes the
// deadline of sent batches.
func (e *Engine) expire(ticks int) {
	if ticks == 0 {
		return
	}
	wait := uint64(e.options.WaitTicks)
	e.sweepWaiting(func(b *Batch) bool {
		since, sentBefore := b.since, b.since != b.submitted
		if e.inPieces(b) {
			since = max(since, e.pieces.taken) // a new leader, or the turn of another node, is no piece
		}
		return e.tick-since >= wait || sentBefore && e.tooOldToSend(b) && b != e.stream.delivery.batch
	})
	e.expireReads(wait)
}
