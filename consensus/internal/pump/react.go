package pump

import (
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Where the node has a reactor, the loop is one of its turners, and does itself what a pump would be woken for: it
// applies short spans of entries, and writes and syncs the journal while the disk is fast. A wake-up costs more than
// either.
//
//	turn     takes what came in, sends messages, applies what is committed. Clients that this answers are served next.
//	settle   writes and syncs what the turn appended; the next turn begins with that.
//
// Both stand between Enter and Leave. Where the disk hangs, or an entry takes long, the loop goes on without them, and
// what is left becomes what a pump does: the journal has one writer and the machine one applier at a time, by a lock
// each, and while one of the two is under way elsewhere the loop hands the work to the pump, which waits for that lock.
// So a heartbeat waits for the disk no longer than the reactor's patience, whatever the disk does.
//
// The loop has the lock before it enters, or the order could be lost:
//
//  1. The loop enters with entry 7, and its thread is held up before it takes the lock.
//  2. The guard takes the loop away. The next turn finds that somebody applies, and hands entry 8 to the applier.
//  3. The applier takes the lock first, and applies entry 8.

// Limits of what the loop does itself.
const (
	// inlineBytes is how much of entries, with their headers, the loop applies, and how much it writes, at once.
	inlineBytes = 256 << 10
	// slowSync is how long a write with its sync takes on a disk that the loop leaves to the log writer, until
	// fastSyncs in a row took less.
	slowSync  = 3 * time.Millisecond
	fastSyncs = 32
	// longSync is how long a sync takes, on average, during which new work does not wait on the loop: a wake-up of the
	// log writer costs less. A read waits for none.
	longSync = 300 * time.Microsecond
	// fillEvery is how often the filler is woken, unless it is for fillBytes.
	fillEvery = 10 * time.Millisecond
	fillBytes = 64 << 10
)

// inline is what the loop itself does behind its turn.
type inline struct {
	work    engine.Work
	appends []raft.AppendOperation
	fill    []raftlog.Entry
	// syncs says what came in during syncs, groups when the next group is begun.
	syncs  awaited
	groups groups
	// filled is when the filler was woken last, appended when the loop wrote the journal last; zero: it is sealed.
	filled, appended time.Time
}

// Turn is the loop's, on the reactor.
func (r *Runner) Turn() {
	if r.hasStopped() || !r.turn() {
		return
	}
	r.rounds.inline.groups.before = r.batches.Len()
	r.applyInline()
}

// Settle writes what the turn appended, and says when the next turn is due.
func (r *Runner) Settle() time.Duration {
	if r.hasStopped() {
		return time.Hour
	}
	batches := int(r.answered.Swap(0))
	r.rounds.inline.groups.answered(batches)
	if len(r.rounds.inline.appends) > 0 {
		return r.writeInline()
	}
	// What a crowd of readers brings gathers while it wakes the loop, in fewer and larger rounds.
	if r.effects.ReactorAlone && (batches > 0 || len(r.rounds.out.EndedReads) == 1) {
		letClientsRun()
	}
	now := time.Now()
	r.sealWhenIdle(now)
	return max(min(r.rounds.last.Add(r.effects.Tick).Sub(now), r.heldFor(now)), 0)
}

// handWork gives the applier its work, or keeps it for the end of the turn. Batches are registered at once: a message
// that leaves now may be answered before the end.
func (r *Runner) handWork(w *engine.Work) {
	switch {
	case w.Empty():
	case r.effects.Reactor == nil || !isShort(w) || r.applying.Load() > 0:
		r.applying.Add(1)
		r.work.Force(*w, 1)
	default:
		var report engine.Applied
		r.applier.Register(w.Sent, &report)
		r.report(&report)
		r.rounds.inline.work = *w
		r.rounds.inline.work.Sent = nil
	}
}

// isShort reports whether the loop does the work itself.
func isShort(w *engine.Work) bool {
	return w.Jump == nil && !w.Freeze && (w.Last == 0 ||
		len(w.Entries) > 0 && engine.SizeOf(w.Entries) <= inlineBytes)
}

// applyInline does the work that the turn kept.
func (r *Runner) applyInline() {
	w := r.rounds.inline.work
	if w.Empty() {
		return
	}
	r.rounds.inline.work = engine.Work{}
	r.applying.Add(1)
	r.applyLock.Lock() // it is free: the applier has nothing
	entry := r.effects.Reactor.Enter()
	r.applyWork(&w)
	r.applyLock.Unlock()
	r.applying.Add(-1)
	r.effects.Reactor.Leave(entry) // the last that this turn does, on the loop or left behind
}

// handAppends gives operations to the log writer, or keeps them for Settle.
func (r *Runner) handAppends(operations []raft.AppendOperation) {
	r.rounds.inline.syncs.note(&r.rounds.in, r.disk.mean() >= longSync)
	if len(operations) == 0 {
		return
	}
	r.beginGroup(operations)
	r.rounds.inline.syncs.underWay = true
	if r.effects.Reactor != nil && r.writing.Load() == 0 && r.disk.isFast() && isSmall(operations) &&
		!r.rounds.inline.syncs.held {
		r.rounds.inline.appends = append(r.rounds.inline.appends, operations...)
		return
	}
	r.leaveToWriter(append(r.takeAppends(), operations...)) // what was kept in a turn that lost the loop comes first
}

// leaveToWriter gives operations to the log writer, which seals the journal behind them.
func (r *Runner) leaveToWriter(operations []raft.AppendOperation) {
	r.rounds.inline.appended = time.Time{}
	for _, op := range operations {
		r.writing.Add(1)
		r.appends.Force(op, 1)
	}
}

// isSmall reports whether the loop writes the operations itself.
func isSmall(operations []raft.AppendOperation) bool {
	bytes := 0
	for i := range operations {
		if operations[i].Switch != nil {
			return false
		}
		bytes += engine.SizeOf(operations[i].Entries)
	}
	return bytes <= inlineBytes
}

func (r *Runner) takeAppends() []raft.AppendOperation {
	taken := r.rounds.inline.appends
	r.rounds.inline.appends = nil
	return taken
}

// writeInline writes and syncs what the turn appended. The next turn begins with that, so it is wanted at once.
func (r *Runner) writeInline() (wait time.Duration) {
	operations := r.takeAppends()
	if !r.diskLock.TryLock() { // the log writer seals the journal
		r.leaveToWriter(operations)
		return 0
	}
	r.writing.Add(1)
	entry := r.effects.Reactor.Enter()
	r.commitLocked(operations)
	r.diskLock.Unlock()
	r.writing.Add(-1)
	if r.effects.Reactor.Leave(entry) {
		r.rounds.inline.appended = time.Now()
	} else { // the loop may have nothing to do for long, and knows nothing of this group's end
		r.unsealed.Store(true)
		r.appends.Wake()
	}
	return 0
}

// sealWhenIdle has the log writer seal the journal when the loop has not written it for sealAfter.
func (r *Runner) sealWhenIdle(now time.Time) {
	if at := &r.rounds.inline.appended; !at.IsZero() && now.Sub(*at) >= sealAfter {
		*at = time.Time{}
		r.sealing.Store(true)
		r.appends.Wake()
	}
}

// handFill has committed entries moved into history. The filler is not woken for each write: there is one piece of work
// for it at a time, and what is committed meanwhile comes with the next.
func (r *Runner) handFill(entries []raftlog.Entry) {
	switch held := &r.rounds.inline; {
	case r.effects.Reactor == nil:
		if len(entries) > 0 {
			r.fill.Force(entries, 1)
		}
	default:
		if len(entries) > 0 {
			held.fill = entries
		}
		if len(held.fill) == 0 {
			return
		}
		if now := time.Now(); now.Sub(held.filled) >= fillEvery || engine.SizeOf(held.fill) >= fillBytes {
			r.fill.Force(held.fill, 1)
			held.fill, held.filled = nil, now
		}
	}
}

// awaitInline waits until nothing of what the loop did itself is under way, and gives what it kept to Close.
func (r *Runner) awaitInline() {
	r.diskLock.Lock() // what is under way has one of the two locks
	defer r.diskLock.Unlock()
	r.applyLock.Lock()
	defer r.applyLock.Unlock()
	if w := r.rounds.inline.work; !w.Empty() {
		r.work.Force(w, 1)
	}
}

// awaited tells whether something waited for a sync that the loop did, or would have. As long as that is so the log
// writer has the journal. A client alone never meets its own sync, nor do clients whose commands came together.
type awaited struct {
	// underWay says that a group was handed out and is not known to be durable; waits that something came since.
	underWay, waits bool
	// held is what waits was at the end of the last sync.
	held bool
	// epoch is the newest round of confirmation that was heard of, in the newest term.
	epoch raft.Epoch
	term  raftlog.Term
}

// note takes what a turn has. Reads count, and what asks or answers for their confirmation; where syncs are long, new
// work does as well.
func (a *awaited) note(in *engine.Inputs, long bool) {
	came := len(in.Reads) > 0 || long && len(in.Batches) > 0
	for i := range in.Messages {
		m := &in.Messages[i]
		// The term of a PreVote, and of its answer, is one that no node has entered.
		if m.Term > a.term && m.Kind != raft.PreVote && m.Kind != raft.PreVoteReply {
			a.term, a.epoch = m.Term, 0
		}
		switch {
		case m.Term == a.term && m.Epoch > a.epoch: // there are reads, or a lease begins anew with a heartbeat
			came, a.epoch = true, m.Epoch
		case m.Own == engine.ReadIndex, m.Own == engine.ReadIndexReply,
			long && (m.Kind == raft.Append || m.Own == engine.Forward):
			came = true
		}
	}
	if a.waits = a.underWay && (a.waits || came); in.Appended != 0 {
		a.underWay, a.held, a.waits = false, a.waits, false
	}
}

// pace tells a disk that is fast from one that is not. What writes the journal notes; any may ask.
type pace struct {
	// missing is how many fast syncs in a row there have to be before the disk is fast.
	missing atomic.Int32
	// average is what a write with its sync took of late, in nanoseconds.
	average atomic.Int64
}

// smoothing is how many writes the average is of.
const smoothing = 8

func (p *pace) mean() time.Duration { return time.Duration(p.average.Load()) }

func (p *pace) isFast() bool { return p.missing.Load() == 0 }

// note takes how long a write with its sync took.
func (p *pace) note(took time.Duration) {
	before := p.average.Load()
	p.average.Store(before + (int64(took)-before)/smoothing)
	switch missing := p.missing.Load(); {
	case took >= slowSync:
		p.missing.Store(fastSyncs)
	case missing > 0:
		p.missing.Store(missing - 1)
	}
}
