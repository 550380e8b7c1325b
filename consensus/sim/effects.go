package sim

import (
	"errors"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// effects stand around a process's engine in place of the pumps: the log writer, the history filler, the
// fetcher and the applier. Each does one thing at a time and takes its time.
type effects struct {
	// operations wait for the log writer, group is on its way to the disk.
	operations, group []raft.AppendOperation
	// groups counts the groups, so that a seal knows whether the journal was idle.
	groups int
	// work waits for the applier.
	work     []engine.Work
	applying bool
}

// sealAfter is the idleness after which the journal is sealed.
const sealAfter = 10 * time.Millisecond

func (l *life) takeOperations(operations []raft.AppendOperation) {
	if len(operations) == 0 {
		return
	}
	if l.w.telling() {
		for i := range operations {
			l.w.tell(l.id, "append   %s", describeOperation(&operations[i]))
		}
	}
	l.operations = append(l.operations, operations...)
	l.beginGroup()
}

// beginGroup lets the log writer take everything that queued, up to the size of a group.
func (l *life) beginGroup() {
	if l.group != nil || len(l.operations) == 0 || l.stalled {
		return
	}
	bytes, n := 0, 0
	for n < len(l.operations) && (n == 0 || bytes <= l.w.options.Disk.MaxGroupBytes && l.operations[n].Switch == nil) {
		for i := range l.operations[n].Entries {
			bytes += l.operations[n].Entries[i].Size()
		}
		n++
	}
	l.group = l.operations[:n:n]
	l.operations = l.operations[n:]
	l.groups++
	l.crashAtVote()
	l.do(l.diskDelay(), l.acts.write)
}

// hungPoll is how often it is looked whether a disk still hangs.
const hungPoll = 20 * time.Millisecond

// onDisk does something that needs the disk: at once, or when the disk no longer hangs.
func (l *life) onDisk(act func()) {
	if l.w.now < l.hungUntil {
		l.do(hungPoll, func() { l.onDisk(act) })
		return
	}
	act()
}

func (l *life) diskDelay() time.Duration {
	d := &l.w.options.Disk
	if l.w.now < l.slowDiskUntil {
		return l.w.chance.between(d.MaxSync, time.Second)
	}
	return l.w.chance.between(d.MinSync, d.MaxSync)
}

// crashAtVote aims some crashes at the moments around which votes become durable.
func (l *life) crashAtVote() {
	f := &l.w.options.Faults
	if f.VoteCrash == 0 || l.w.calm {
		return
	}
	for i := range l.group {
		voted := l.group[i].Vote != 0 && (l.group[i].Term != l.stable.term || l.group[i].Vote != l.stable.vote)
		if voted && l.w.chance.hits(f.VoteCrash) {
			l.crashWithin(4 * l.w.options.Disk.MaxSync)
		}
	}
}

// finishGroup is the moment at which a group commit is done: then the promises leave that rest on it.
func (l *life) finishGroup() {
	w, group := l.w, l.group
	if err := l.commitGroup(group); err != nil {
		if !errors.Is(err, errInjected) {
			w.fail("disk", "n%d: %v", l.id, err)
		}
		l.endByDiskError(err)
		return
	}
	l.group = nil
	l.makeStable(group)
	w.counts.Groups++
	last := group[len(group)-1].Number
	w.trace.note(w.now, noteDisk, l.id, uint64(last), uint64(l.stable.log.last().Index))
	w.tell(l.id, "durable  #%d, log %v", last, l.stable.log.last())
	l.in.Appended = last
	l.noteNamed(last)
	l.wake()
	l.send(engine.CoalescePromises(group))
	l.beginGroup()
	if groups := l.groups; l.group == nil {
		l.do(sealAfter, func() {
			if l.groups == groups && l.group == nil {
				l.onDisk(l.seal)
			}
		})
	}
}

// seal seals the journal, unless a group began while the disk hung.
func (l *life) seal() {
	if l.group != nil {
		return
	}
	if err := l.journal.Seal(); err != nil {
		if !errors.Is(err, errInjected) {
			l.w.fail("disk", "n%d: %v", l.id, err)
		}
		l.endByDiskError(err)
	}
}

// errInjected is the error of a disk that fails because the world wants it to.
var errInjected = errors.New("input/output error")

// endByDiskError ends the process as the product does: nothing is said any more. The group that failed may be on the
// disk all the same.
func (l *life) endByDiskError(err error) {
	n := l.node
	n.w.tell(n.id, "FATAL    %v", err)
	n.pending = l.group
	n.die()
	n.w.counts.Kills++
	if n.w.chance.hits(n.w.options.Faults.PowerLoss) {
		n.losePower()
	}
	n.restartLater()
}

// failDisk makes the next write or sync of the journal fail, for the process that runs now.
func (n *node) failDisk() {
	kind := oneOf(n.w.chance, vfs.OpWrite, vfs.OpSync)
	n.disk.SetFault(func(op vfs.Op, _ string) error {
		if op == kind {
			return errInjected
		}
		return nil
	})
}

func (l *life) takeFill(entries []raftlog.Entry) {
	l.do(l.w.chance.around(l.w.options.Disk.FillDelay), func() { l.fill(entries) })
}

// fill writes committed entries to history. While there is no space it tries again.
func (l *life) fill(entries []raftlog.Entry) {
	if l.w.now < l.fullUntil || l.w.now < l.hungUntil {
		l.do(50*time.Millisecond, func() { l.fill(entries) })
		return
	}
	l.w.checker.enterHistory(l.node, entries)
	l.history().write(entries)
	l.in.Written = entries[len(entries)-1].Index
	l.wake()
}

func (l *life) takeFetch(f raft.FetchRequest) {
	l.do(l.w.chance.around(l.w.options.Disk.FetchDelay), func() { l.onDisk(func() { l.fetch(f) }) })
}

func (l *life) fetch(f raft.FetchRequest) {
	previous, entries := l.history().read(f.From, f.MaxBytes)
	l.w.tell(l.id, "fetched  %d entries from %d for n%d", len(entries), f.From, f.To)
	l.in.Fetched = append(l.in.Fetched, engine.Fetched{
		To: f.To, Previous: previous, Entries: entries, Compacted: l.history().compacted(f.From),
	})
	l.wake()
}

func (l *life) takeWork(work engine.Work) {
	l.work = append(l.work, work)
	l.applyLater()
}

func (l *life) applyLater() {
	if l.applying || len(l.work) == 0 {
		return
	}
	l.applying = true
	mean := l.w.options.Disk.ApplyDelay
	if l.w.now < l.slowApplierUntil {
		mean = 200 * time.Millisecond
	}
	l.do(l.w.chance.around(mean), l.acts.applyNext)
}

// applyDue is the moment at which the applier comes to the next work.
func (l *life) applyDue() {
	if l.work[0].Last > l.applier.Applied() && len(l.work[0].Entries) == 0 {
		l.onDisk(l.applyNext) // what left memory is read from history
		return
	}
	l.applyNext()
}

func (l *life) applyNext() {
	l.applying = false
	work := l.work[0]
	l.work = l.work[1:]
	l.apply(&work)
	l.applyLater()
}

// applyEntries is how many entries are applied in one piece.
const applyEntries = 64

// apply does one turn's work, as the product's applier does.
func (l *life) apply(work *engine.Work) {
	if work.Jump != nil {
		l.jump(work.Jump)
	}
	var report engine.Applied
	l.applier.Register(work.Sent, &report)
	if work.Tick != 0 {
		l.applier.Expire(work.Tick, &report)
	}
	l.report(report)
	for work.Last > l.applier.Applied() {
		entries := l.nextEntries(work)
		for i := range entries {
			l.w.checker.applies(l, &entries[i])
		}
		var report engine.Applied
		l.applier.Void(l.engine.Core().Quarantined().On())
		l.applyEach(entries, &report)
		l.w.trace.note(l.w.now, noteApply, l.id, uint64(report.Index), l.machine.Hash())
		l.report(report)
	}
	if work.Freeze {
		var report engine.Applied
		frozen := l.applier.Freeze(&report)
		l.report(report)
		l.takeFrozen(frozen)
	}
}

// applyEach applies entries, of which it gathers as many as the product does, and looks at the state behind each.
func (l *life) applyEach(entries []raftlog.Entry, report *engine.Applied) {
	for len(entries) > 0 {
		ready := l.applier.Gather(entries)
		for i := range ready {
			l.applier.Apply(ready[i:i+1], report)
			l.look(ready[i].Index)
		}
		entries = entries[len(ready):]
	}
}

func (l *life) nextEntries(work *engine.Work) []raftlog.Entry {
	next := l.applier.Applied() + 1
	entries := work.Entries
	if len(entries) > 0 {
		entries = entries[next-entries[0].Index:]
	} else if _, entries = l.history().read(next, 4<<10); len(entries) == 0 {
		l.w.fail("history", "n%d: entry %d is neither in memory nor in history", l.id, next)
	} else {
		entries = entries[:min(len(entries), int(work.Last-next+1))]
	}
	return entries[:min(len(entries), applyEntries)]
}

func (l *life) report(report engine.Applied) {
	for _, b := range report.Ended {
		b.Wake()
	}
	if !report.Empty() {
		report.Ended = nil
		l.in.Applied = append(l.in.Applied, report)
		l.wake()
	}
}
