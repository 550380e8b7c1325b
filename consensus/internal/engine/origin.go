package engine

import (
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// origin is what a node knows about its own clients' batches while they wait and, for the present term, after they were
// sent. Sent batches belong to the applier; the copies here serve to send them again.
type origin struct {
	waiting      []*Batch
	waitingBytes int
	dropGone     bool // a waiting batch may have lost its client

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
	unmetBytes int
	live       int    // of the unmet, those not given up
	progress   uint64 // tick of the last change
	// resends counts how often the stream was sent again since the log last showed one of its batches.
	resends int
}

// maxResendDoublings bounds how far the wait between two resends grows: to eight times Options.ResendTicks.
const maxResendDoublings = 3

// unmetBatch is a batch that was sent and not yet met in the log.
type unmetBatch struct {
	sequence raftlog.Sequence
	level    uint8
	body     []byte
	skip     bool // given up: when sent again, it only takes its place in the sequence
	// bytes is its size when it was sent. Giving it up does not change that: the leader may still hold it.
	bytes int
}

// admit takes a new batch from a client.
func (e *Engine) admit(b *Batch) {
	b.submitted, b.since = e.tick, e.tick
	full := len(e.waiting) >= e.options.MaxWaitingBatches || e.waitingBytes+b.Size() > e.options.MaxWaitingBytes
	if full && len(e.waiting) > 0 {
		e.endBatch(b, Overloaded)
		return
	}
	e.waiting = append(e.waiting, b)
	e.waitingBytes += b.Size()
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
	e.stream = stream{term: term, leader: leader, next: 1, progress: e.tick}
}

// assignWaiting sends waiting batches to the present leader, as far as the limits let it. When the present term's
// leader is unknown they go on waiting.
func (e *Engine) assignWaiting() {
	e.dropLeft()
	if e.removed() {
		e.sweepWaiting(func(*Batch) bool { return true }) // no leader appends batches of a removed node
	}
	s := &e.stream
	if len(e.waiting) == 0 || e.leader == 0 || s.term != e.term {
		return
	}
	if e.leads() && !e.isMember(e.options.ID) {
		return // the newest configuration leaves this node out: the next leader is not far
	}
	var forward forwardBuilder
	taken := 0
	for _, b := range e.waiting {
		if s.unmetBytes+b.Size() > e.options.MaxUnmetBytes && s.live > 0 {
			break
		}
		if e.leads() && !e.forwards.hasRoom(e, b.Size()) {
			break
		}
		if len(s.unmet) == 0 {
			s.progress = e.tick // later batches leave it alone: they must not hide a stream that is stuck
		}
		u := unmetBatch{sequence: s.next, level: b.Level, body: b.Body, bytes: b.Size()}
		s.next++
		s.unmet = append(s.unmet, u)
		s.unmetBytes += u.bytes
		s.live++
		e.registered = append(e.registered, Sent{Batch: b, Tick: e.tick, Term: s.term, Sequence: u.sequence})
		e.waitingBytes -= b.Size()
		taken++
		if e.leads() {
			e.forwards.take(e.ownTag(u.sequence), u.batch())
		} else {
			forward.add(e, u.batch())
		}
	}
	forward.flush(e)
	n := copy(e.waiting, e.waiting[taken:])
	clear(e.waiting[n:])
	e.waiting = e.waiting[:n]
}

func (u *unmetBatch) batch() ForwardedBatch {
	if u.skip {
		return ForwardedBatch{Sequence: u.sequence, Skip: true}
	}
	return ForwardedBatch{Sequence: u.sequence, Level: u.level, Body: u.body}
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
	kept := e.waiting[:0]
	for _, b := range e.waiting {
		if over(b) {
			e.waitingBytes -= b.Size()
			e.endBatch(b, NotDone)
			continue
		}
		kept = append(kept, b)
	}
	clear(e.waiting[len(kept):])
	e.waiting = kept
}

// resend sends the whole stream again, because the connection to the leader is new or the stream made no progress for
// too long. The leader drops batches that it has.
func (e *Engine) resend() {
	s := &e.stream
	s.progress = e.tick
	if s.term != e.term || s.leader != e.leader || e.leads() {
		return
	}
	var forward forwardBuilder
	for i := range s.unmet {
		forward.add(e, s.unmet[i].batch())
	}
	forward.flush(e)
}

// resendIfStuck repairs a message that was lost while its connection stands. A lost message is sent again after
// ResendTicks. A leader may make no progress because its disk or its majority is gone: then the wait doubles, so that
// it is not sent the same megabytes at the same pace for ever.
func (e *Engine) resendIfStuck() {
	s := &e.stream
	wait := uint64(e.options.ResendTicks) << min(s.resends, maxResendDoublings)
	if len(s.unmet) > 0 && e.tick-s.progress >= wait {
		s.resends++
		e.resend()
	}
}

// forwardBuilder packs batches into Forward messages of bounded size.
type forwardBuilder struct {
	batches []ForwardedBatch
	bytes   int
}

func (f *forwardBuilder) add(e *Engine, b ForwardedBatch) {
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
	if a.Index > e.applied {
		e.applied = a.Index
		e.noteJumped()
	}
	if a.Index > 0 {
		e.expiry.time, e.expiry.due = a.Time, a.Due
	}
	e.snapshots.noteApplied(a)
	for len(e.spans) > 0 && e.spans[0].last <= e.applied {
		e.span -= e.spans[0].bytes
		e.spans = e.spans[1:]
	}
	s := &e.stream
	if a.Met.Term == s.term {
		for len(s.unmet) > 0 && s.unmet[0].sequence <= a.Met.Sequence {
			s.unmetBytes -= s.unmet[0].bytes
			if !s.unmet[0].skip {
				s.live--
			}
			s.unmet[0] = unmetBatch{}
			s.unmet = s.unmet[1:]
			s.progress, s.resends = e.tick, 0
		}
	}
	for _, given := range a.GivenUp {
		e.skip(given)
	}
	e.takeBack(a.NotDone)
}

// takeBack lets batches that were proven not done wait again, before all later ones: their clients see only a slow
// reply. A batch that is as old as UncertainTicks ends here as NotDone: its client should know now rather than later.
func (e *Engine) takeBack(proven []*Batch) {
	if len(proven) == 0 {
		return
	}
	var again []*Batch
	for _, b := range proven {
		if e.tooOldToSend(b) {
			e.endBatch(b, NotDone)
			continue
		}
		b.since = e.tick
		e.waitingBytes += b.Size()
		e.dropGone = e.dropGone || b.gone
		again = append(again, b)
	}
	e.waiting = append(again, e.waiting...)
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
	u := &s.unmet[given.Sequence-s.unmet[0].sequence]
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
		sentBefore := b.since != b.submitted
		return e.tick-b.since >= wait || sentBefore && e.tooOldToSend(b)
	})
	e.expireReads(wait)
}
