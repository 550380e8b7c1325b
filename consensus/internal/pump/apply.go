package pump

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// apply runs the applier.
func (r *Runner) apply() {
	var pieces []engine.Work
	for {
		select {
		case <-r.work.Woken():
		case <-r.stopping:
			return
		}
		pieces = r.work.Take(pieces)
		for i := range pieces {
			r.applyLock.Lock()
			on := r.applyWork(&pieces[i])
			r.applyLock.Unlock()
			if !on {
				// What is left of this round is ended by Close, like the rest of the mailbox.
				if !guard.Down(guard.TakenWorkEnds) {
					r.work.Return(pieces[i+1:])
				}
				return
			}
			pieces[i] = engine.Work{}
			r.applying.Add(-1)
		}
	}
}

// applyWork does one turn's work. It returns false when the node stops.
func (r *Runner) applyWork(w *engine.Work) bool {
	jumped := w.Jump == nil || r.jump(w)
	var report engine.Applied
	r.applier.Register(w.Sent, &report)
	if w.Tick != 0 {
		r.applier.Expire(w.Tick, &report)
	}
	r.report(&report)
	if !jumped {
		return false
	}
	for w.Last > r.applier.Applied() {
		entries, err := r.nextEntries(w)
		if err != nil {
			r.fail(fmt.Errorf("read entry %d to apply it: %w", r.applier.Applied()+1, err))
			return false
		}
		r.applyUnderLock(entries, w.Handed)
		select {
		case <-r.stopping:
			return false
		default:
		}
	}
	if w.Freeze {
		r.freeze()
	}
	return true
}

// nextEntries are the next entries to apply: from memory, or where those are gone from history.
func (r *Runner) nextEntries(w *engine.Work) ([]raftlog.Entry, error) {
	next := r.applier.Applied() + 1
	if len(w.Entries) > 0 {
		rest := w.Entries[next-w.Entries[0].Index:]
		return rest[:min(len(rest), applyEntries)], nil
	}
	var entries []raftlog.Entry
	err := r.insist("read history to apply it", func() (err error) {
		_, entries, err = r.effects.Log.Entries(next, readBytes)
		return err
	})
	if err == nil {
		err = engine.CheckLevels(entries, engine.Level)
	}
	if err != nil {
		return nil, err
	}
	return entries[:min(len(entries), int(w.Last-next+1))], nil
}

// applyUnderLock applies the first ones of some entries: up to the end of a large body, and until they have taken
// maxHold. What can be done without the lock is done before. The clients of entries that are applied are answered, and
// reads go on, before the next ones: some entries take milliseconds, and hundreds of them may be committed at once.
func (r *Runner) applyUnderLock(entries []raftlog.Entry, committed int64) {
	var report engine.Applied
	began := r.sinceStart()
	entries = r.applier.Gather(r.applier.Divisible(entries))
	r.machineLock.Lock()
	r.applier.Void(r.status.Load().Quarantine.On())
	applied := began
	for len(entries) > 0 && applied-began < int64(maxHold) {
		step := min(len(entries), holdEntries)
		r.applier.Foresee(entries)
		r.applier.Apply(entries[:step], &report)
		entries, applied = entries[step:], r.sinceStart()
	}
	r.machineLock.Unlock()
	for _, b := range report.Ended {
		b.Times.Committed, b.Times.Applied = committed, applied
	}
	r.late(EventApply, applied-began)
	r.report(&report)
}

// report wakes clients first, then tells the loop: a client's wait is what the system is measured by.
func (r *Runner) report(report *engine.Applied) {
	r.answered.Add(int64(len(report.Ended)))
	for _, b := range report.Ended {
		b.Wake()
	}
	if !report.Empty() {
		report.Ended = nil
		r.applied.Force(*report, 1)
	}
}
