package engine

import (
	"bytes"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A body above Options.PieceBytes goes through the log in pieces, with other entries and heartbeats between them. Each
// piece has a sequence of its own in the stream of its origin. An origin delivers one body at a time:
//
//  1. It announces the body, and waits until it has applied the entry that gives it its turn (assembly.go).
//  2. It sends pieces, and no more than Options.MaxPieceBytes ahead of what it has applied of them.
//  3. With the last piece the batch goes to the Applier, as any other does that is sent.
//
// Until step 3 the batch is the loop's, and definitely not done: without its last piece a body never takes effect. So
// it may end as not done at any moment. It begins again in a new term, or when the log shows that the body ended,
// without a proof that the pieces that were sent are lost. From step 3 on the log decides: an entry with the last piece
// completes the body (done) or does not (not done), and a later term without that entry proves not done.
//
// What follows from that, case by case:
//
//	the leader dies            pieces of the old term never complete; the origin announces anew in the new term
//	the connection breaks      the stream is sent again; the leader drops the pieces that it has
//	the client leaves, or the  the origin sends no more, and says that the body ended; nothing needs to be undone
//	  wait is over
//	the origin dies            the leader ends the body when no piece came for a while (endStalled)
//	the origin is removed      its removal ends the body on all nodes
//	a snapshot jumps over      the origin does not know what the log has of the body: it announces it anew, which ends
//	  pieces                   what there may be
//	any node restarts          the snapshot has the part that was applied, the log has the pieces behind it
type delivery struct {
	batch *Batch // nil: none is under way
	// announced is the sequence of the announcement.
	announced raftlog.Sequence
	// turn: this node has applied the entry that gives the body its turn.
	turn bool
	// sentBytes were sent, takenBytes of them are applied here.
	sentBytes, takenBytes int
}

// pieces is what the loop knows of bodies in pieces.
type pieces struct {
	// state is as the applier last reported it.
	state PiecesState
	// progress is the tick at which the turn or what was taken last changed.
	progress uint64
	// taken is the tick at which some body last took a piece, or a snapshot jumped over entries that may be such pieces.
	taken uint64
}

// inPieces reports whether a batch is too large for one entry.
func (e *Engine) inPieces(b *Batch) bool { return len(b.Body) > e.options.PieceBytes }

// deliver sends one thing about a large body, if the limits allow it: a piece of the one that is under way, the
// announcement of the next one, or that no more comes of one.
func (e *Engine) deliver(p *postings) bool {
	s, d := &e.stream, &e.stream.delivery
	switch {
	case d.batch == nil && len(e.large.batches) > 0:
		if !e.mayPost(p, 0, e.options.MaxUnmetBytes) {
			return false
		}
		d.batch = e.large.batches[0]
		d.announced = e.post(p, unmetBatch{
			piece: true, level: d.batch.Level, left: len(d.batch.Body), session: d.batch.InSession,
		})
		s.ended = false // an announcement ends what was announced before
		return true
	case s.ended && e.mayPost(p, 0, e.options.MaxUnmetBytes):
		e.post(p, unmetBatch{piece: true, level: raftlog.FirstLevel})
		s.ended = false
		return true
	}
	return d.batch != nil && d.turn && e.sendPiece(p)
}

// endTooOld ends, as not done, the bodies that would have to begin again and are too old for that. One of them may
// still have its turn in the log, after a snapshot jumped over its pieces: the log is to learn that no more comes.
func (e *Engine) endTooOld() {
	for _, b := range e.large.sweep(func(b *Batch) bool { return b.since != b.submitted && e.tooOldToSend(b) }) {
		e.endBatch(b, NotDone)
		e.stream.ended = true
	}
}

// sendPiece sends the next piece, if it may.
func (e *Engine) sendPiece(p *postings) bool {
	d := &e.stream.delivery
	body := d.batch.Body
	end := min(d.sentBytes+e.options.PieceBytes, len(body))
	if d.sentBytes > d.takenBytes && end-d.takenBytes > e.options.MaxPieceBytes {
		return false
	}
	if !e.mayPost(p, end-d.sentBytes, e.options.MaxUnmetBytes) {
		return false
	}
	piece := body[d.sentBytes:end:end]
	if e.leads() {
		piece = bytes.Clone(piece) // it stays in memory for followers for a while, and would keep the whole body there
	}
	sequence := e.post(p, unmetBatch{
		piece: true, level: d.batch.Level, body: piece, left: len(body) - end, session: d.batch.InSession,
	})
	if d.sentBytes = end; end == len(body) {
		e.finishDelivery(sequence)
	}
	return true
}

// finishDelivery gives the batch to the applier, before its last piece leaves.
func (e *Engine) finishDelivery(sequence raftlog.Sequence) {
	b := e.stream.delivery.batch
	e.stream.delivery = delivery{}
	if e.options.Weakened.Down(guard.LastPieceRegistered) {
		return
	}
	e.large.remove(b)
	e.registered = append(e.registered, Sent{Batch: b, Tick: e.tick, Term: e.stream.term, Sequence: sequence})
}

// beginAgain gives up what was sent of a body: it will be announced anew.
func (s *stream) beginAgain(tick uint64) {
	if s.delivery.batch != nil {
		s.delivery.batch.since = tick
	}
	s.delivery = delivery{}
}

// noteDropped notes that a waiting batch has ended. If it was being delivered, the log is to learn that no more comes.
func (s *stream) noteDropped(b *Batch) {
	if s.delivery.batch == b {
		s.delivery, s.ended = delivery{}, true
	}
}

// notePieces takes the applier's report on bodies in pieces.
func (e *Engine) notePieces(a *Applied) {
	if a.Index == 0 {
		return
	}
	p, before := &a.Pieces, &e.pieces.state
	if p.Term != before.Term || p.Origin != before.Origin || p.Boot != before.Boot || p.TakenBytes != before.TakenBytes {
		e.pieces.progress = e.tick
		if e.leads() && p.Origin != 0 && p.TakenBytes == 0 {
			e.core.ServeWaiting(p.Origin, a.Index) // it waits for its turn, and should not wait for a heartbeat
		}
	}
	if p.Taken != before.Taken || a.Jumped {
		e.pieces.taken = e.tick
	}
	e.pieces.state = *p
	s, d := &e.stream, &e.stream.delivery
	switch {
	case p.Term != s.term:
	case a.Jumped:
		s.skipPieces()
		s.beginAgain(e.tick)
	case d.batch == nil:
	case p.Own == d.announced:
		d.turn = p.OwnTurn
		if d.turn {
			d.takenBytes = p.TakenBytes
		}
	case s.met >= d.announced: // the log has the announcement, and the body has ended
		s.beginAgain(e.tick)
	}
}

// skipPieces gives up the pieces that were sent: a snapshot jumped over the log, and those that it covers are never
// met. Last pieces are the applier's.
func (s *stream) skipPieces() {
	for i := range s.unmet {
		if u := &s.unmet[i]; u.piece && !u.last() {
			s.giveUp(i)
		}
	}
}

// last reports whether a body takes effect with this piece.
func (u *unmetBatch) last() bool { return u.left == 0 && len(u.body) > 0 }

// stallShare of WaitTicks is how long a leader waits for the next piece of another node's body: the bodies behind it
// must have their turn before their wait is over.
const stallShare = 2

// endStalled ends, through the log, the body of an origin that does not send the next piece: it may be gone for good.
// If it is only slow, it learns from the log that its body ended, and announces it anew.
func (e *Engine) endStalled() {
	p := &e.pieces
	stalled := e.tick-p.progress >= uint64(e.options.WaitTicks/stallShare)
	if p.state.Origin == 0 || !stalled || p.state.Term != e.term || !e.leads() || p.state.Origin == e.options.ID {
		return
	}
	f := &e.forwards
	if f.holdsPiece() || f.lastPiece > e.applied || !e.hasRoom(raftlog.EntryHeaderBytes) {
		return // what is on its way may be the next piece
	}
	tag := raftlog.Tag{Origin: p.state.Origin, Boot: p.state.Boot}
	if index, ok := e.core.Propose([]raft.Proposal{{Kind: raftlog.EntryPiece, Tag: tag}}); ok {
		f.lastPiece = index
	}
}
