package sim

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// snapshotsDirectory is where the files are on a node's disk. The store is the product's; what is written to it and
// fetched for it takes simulated time, and can be cut short anywhere.
const snapshotsDirectory = "data/snapshots"

// snapshotEffects are the effects of snapshots: the snapshotter, the fetcher of files, the remover.
type snapshotEffects struct {
	store *snapshot.Store
	// frozen is being written. frozenSpoilt: it is a state that was spoilt.
	frozen       *engine.Frozen
	frozenSpoilt bool
	// transfer is being fetched.
	transfer *transfer
	// lentBytes is what history had for followers alone when it was last trimmed.
	lentBytes int64
	// garbage waits to be removed.
	garbage [][]raftlog.SnapshotMark
}

// openSnapshots finds what the disk holds, removes files without a name in the journal, and gives the machine the state
// of the snapshot in force: what the product does at a start.
func (n *node) openSnapshots(o *journal.Opening, m machine) (*snapshot.Store, engine.SnapshotState, error) {
	store, err := snapshot.NewStore(n.disk, snapshotsDirectory)
	if err != nil {
		return nil, engine.SnapshotState{}, err
	}
	found, err := store.List()
	if err != nil {
		return nil, engine.SnapshotState{}, err
	}
	var keep []raftlog.SnapshotMark
	n.part = nil
	for _, f := range found {
		if f.Kind == snapshot.Receiving && (o.Snapshot == nil || f.Mark.Index > o.Snapshot.Index) {
			n.part = &raftlog.SnapshotMark{Mark: f.Mark, FileHash: f.FileHash}
			keep = []raftlog.SnapshotMark{*n.part}
		}
	}
	for _, mark := range []*raftlog.SnapshotMark{o.Snapshot, o.Retained} {
		if mark != nil {
			keep = append(keep, *mark)
		}
	}
	if _, err := store.Retain(keep...); err != nil {
		return nil, engine.SnapshotState{}, err
	}
	if o.Snapshot == nil || o.Quarantine.Stateless() {
		return store, engine.SnapshotState{}, nil
	}
	n.w.counts.FromSnapshots++
	base, err := n.restore(store, *o.Snapshot, m)
	return store, base, err
}

// restore gives the machine the state of a file that the journal names: it has to be there, whole, and the state that
// all nodes have at its index.
func (n *node) restore(store *snapshot.Store, mark raftlog.SnapshotMark, m machine) (engine.SnapshotState, error) {
	f, err := store.Open(mark)
	if err != nil {
		return engine.SnapshotState{}, err
	}
	defer f.Close() // only read
	image, err := f.Image(nil)
	if err != nil {
		return engine.SnapshotState{}, err
	}
	h := f.Header()
	base := baseOf(&h)
	if err := base.ReadFront(image); err != nil {
		return engine.SnapshotState{}, err
	}
	if err := m.Restore(h.HashSeed, image); err != nil {
		return engine.SnapshotState{}, err
	}
	if left, err := io.Copy(io.Discard, image); left > 0 || err != nil {
		return engine.SnapshotState{}, fmt.Errorf("%d bytes of the image are left: %w", left, err)
	}
	hash := base.StateHash(m.Hash())
	if hash != h.StateHash {
		return engine.SnapshotState{}, fmt.Errorf("the state has hash %016x, the file says %016x", hash, h.StateHash)
	}
	*m.state = condition{spoilt: n.w.checker.spoiltFiles[mark.FileHash], from: h.Mark.Index, until: h.Mark.Index}
	if !m.state.spoilt {
		n.w.checker.reaches(n, h.Mark.Index, hashes{m.Hash(), hash})
	}
	return base, nil
}

func baseOf(h *snapshot.Header) engine.SnapshotState {
	return engine.SnapshotState{
		Mark: h.Mark, ClusterID: h.ClusterID, HashSeed: h.HashSeed, Time: h.Time, Level: h.Level,
		Configuration: h.Configuration,
	}
}

// commitGroup makes a group durable: what it switches to first, then the rest.
func (l *life) commitGroup(group []raft.AppendOperation) error {
	if s := group[0].Switch; s != nil {
		if err := l.switchTo(s); err != nil {
			return err
		}
	}
	return l.journal.Append(raft.Operations(nil, group))
}

// switchTo makes the journal name a snapshot. A new history is there before the journal names it; the old one goes
// afterwards.
func (l *life) switchTo(s *raftlog.SnapshotSwitch) error {
	n := l.node
	name := n.historyName
	if s.Restart {
		name = fmt.Sprintf("history-%d", s.Snapshot.Index+1)
		n.histories[name] = newHistory(s.Snapshot.Mark)
	}
	err := l.journal.Switch(journal.Switch{
		Snapshot: s.Snapshot, Retained: s.Retained, HistoryDirectory: name, HistoryFirst: n.histories[name].first,
		Time: s.Time,
	})
	if err != nil {
		return err
	}
	n.useHistory(name)
	return nil
}

// useHistory makes a history the one in force; the others are garbage.
func (n *node) useHistory(name string) {
	n.historyName = name
	for other := range n.histories {
		if other != name {
			delete(n.histories, other)
		}
	}
}

// history is the one in force.
func (n *node) history() *history { return n.histories[n.historyName] }

// Sync implements journal.History: whichever history is in force.
func (n *node) Sync() (raftlog.Index, error) { return n.history().Sync() }

// takeFrozen begins to write a frozen state.
func (l *life) takeFrozen(f engine.Frozen) {
	l.w.tell(l.id, "frozen   at %v", f.Mark)
	l.frozen, l.frozenSpoilt = &f, l.state.spoilt
	if f.Mark.Index > l.stable.log.last().Index {
		l.w.fail("frozen beyond the disk", "n%d freezes its state at %v, its disk ends at %v", l.id, f.Mark,
			l.stable.log.last())
	}
	l.do(l.w.chance.around(l.w.options.Disk.SnapshotDelay), func() { l.onDisk(l.finishSnapshot) })
}

// finishSnapshot is the moment at which the file is written, or there is no space for it.
func (l *life) finishSnapshot() {
	f := l.frozen
	if l.w.now < l.fullUntil {
		f.Image.Release()
		l.frozen = nil
		l.in.Taken = &engine.Taken{Err: fmt.Errorf("%w: no space", engine.ErrUnavailable)}
		l.wake()
		return
	}
	mark, err := l.writeSnapshot()
	if err != nil {
		l.endByError(err)
		return
	}
	f.Image.Release()
	l.frozen = nil
	l.w.counts.Snapshots++
	l.w.tell(l.id, "snapshot %v", mark.Mark)
	if l.frozenSpoilt {
		l.w.checker.spoiltFiles[mark.FileHash] = true
	} else {
		l.w.checker.snapshotOf(l.node, &mark)
	}
	l.in.Taken = &engine.Taken{Mark: mark}
	l.wake()
}

func (l *life) writeSnapshot() (raftlog.SnapshotMark, error) {
	f := l.frozen
	w, err := l.store.Create(snapshot.Header{
		Mark: f.Mark, ClusterID: f.ClusterID, HashSeed: f.HashSeed, Time: f.Time, StateHash: f.StateHash,
		Level: f.Level, Configuration: f.Configuration,
	}, nil)
	if err != nil {
		return raftlog.SnapshotMark{}, err
	}
	var mark raftlog.SnapshotMark
	if _, err = f.WriteTo(w); err == nil {
		mark, err = w.Commit()
	}
	return mark, errors.Join(err, w.Close())
}

// takeGarbage removes the files that are not named. Lists are carried out in their order.
func (l *life) takeGarbage(keep []raftlog.SnapshotMark) {
	l.garbage = append(l.garbage, append([]raftlog.SnapshotMark(nil), keep...))
	l.do(l.w.chance.around(l.w.options.Disk.FillDelay), func() { l.onDisk(l.removeGarbage) })
}

func (l *life) removeGarbage() {
	if _, err := l.store.Retain(l.garbage[0]...); err != nil {
		l.endByError(err)
		return
	}
	l.garbage = l.garbage[1:]
	l.in.Retired = true
	l.wake()
}

// takeTrim drops old history, but not what the next start looks for.
func (l *life) takeTrim(keep, own raftlog.Index) {
	l.do(l.w.chance.around(l.w.options.Disk.FillDelay), func() {
		l.onDisk(func() {
			h := l.history()
			h.trim(min(keep, l.journal.Stats().Checkpoint+1))
			l.lentBytes = h.bytesBefore(own)
			l.wake()
		})
	})
}

// jump gives the machine the state of a snapshot of others.
func (l *life) jump(mark *raftlog.SnapshotMark) {
	base, err := l.restore(l.store, *mark, l.machine)
	if err != nil {
		l.w.fail("install", "n%d cannot restore the snapshot at %v, which its journal names: %v", l.id, mark.Mark, err)
	}
	l.w.counts.Installed++
	l.w.tell(l.id, "jumped   to %v", mark.Mark)
	var report engine.Applied
	l.applier.Jumped(base, &report)
	l.report(report)
}

// transfer is a file on its way from another node.
type transfer struct {
	request  raft.InstallRequest
	receiver *snapshot.Receiver
	stopped  bool
}

func (l *life) takeInstall(request *raft.InstallRequest) {
	l.w.tell(l.id, "fetches  the snapshot at %v from n%d", request.Snapshot.Mark, request.From)
	t := &transfer{request: *request}
	l.transfer = t
	l.do(time.Microsecond, func() { l.onDisk(func() { l.beginTransfer(t) }) })
}

func (l *life) beginTransfer(t *transfer) {
	receiver, err := l.store.Receive(t.request.Snapshot, nil)
	if err != nil {
		l.endByError(err)
		return
	}
	t.receiver = receiver
	if receiver.Offset() > 0 {
		l.w.counts.Resumed++
	}
	l.nextPiece(t)
}

// nextPiece asks for the next piece; it is there after a round trip.
func (l *life) nextPiece(t *transfer) {
	o := &l.w.options.Network
	delay := 2 * l.w.chance.between(o.MinDelay, o.MaxDelay)
	if !l.w.calm && l.w.chance.hits(o.SlowShare) {
		delay = l.w.chance.between(o.MaxDelay, o.SlowDelay)
	}
	l.do(delay, func() { l.onDisk(func() { l.takePiece(t) }) })
}

// Why a piece may not come.
var (
	errCut     = fmt.Errorf("%w: the connection broke", engine.ErrUnavailable)
	errRetired = fmt.Errorf("%w: the file is not kept any more", engine.ErrUnavailable)
)

func (l *life) takePiece(t *transfer) {
	if t.receiver.Done() {
		l.finishTransfer(t)
		return
	}
	piece, err := l.pieceFrom(t)
	if err != nil {
		l.endTransfer(t, err)
		return
	}
	if err := t.receiver.Write(t.receiver.Offset(), piece); err != nil {
		l.endByError(err)
		return
	}
	l.in.FetchedBytes += int64(len(piece))
	l.nextPiece(t)
}

// pieceFrom reads the next piece at the source, which serves what it has in force, the one before, and what it
// reserved.
func (l *life) pieceFrom(t *transfer) ([]byte, error) {
	source := l.w.node(t.request.From)
	cut := l.w.net.link(l.id, source.id).cut || l.w.net.link(source.id, l.id).cut
	if cut || t.stopped || source.life == nil || l.w.now < source.life.pausedUntil ||
		!l.w.calm && l.w.chance.hits(l.w.options.Faults.TransferCut) {
		l.w.counts.TransfersCut++
		return nil, errCut
	}
	inForce, retained := source.life.engine.Core().Snapshot()
	mark := &t.request.Snapshot
	kept := source.life.engine.State().Reserved
	if !slices.ContainsFunc(append(kept[:], inForce, retained), mark.Same) {
		return nil, errRetired
	}
	if source.life.holdsBack(mark) {
		source.life.giveWay()
		return nil, errRetired
	}
	f, err := source.life.store.Open(*mark)
	if err != nil {
		l.w.fail("snapshot lost", "n%d cannot open the snapshot at %v, which its journal names: %v", source.id, mark.Mark,
			err)
	}
	defer f.Close() // only read
	b, err := f.Chunk(t.receiver.Offset(), nil)
	if err != nil {
		l.w.fail("snapshot lost", "n%d cannot read the snapshot at %v, which its journal names: %v", source.id, mark.Mark,
			err)
	}
	return b[:min(len(b), l.w.options.Disk.PieceBytes)], nil
}

// finishTransfer proves the file.
func (l *life) finishTransfer(t *transfer) {
	header, err := t.receiver.Commit()
	if err = errors.Join(err, t.receiver.Close()); err != nil {
		l.endByError(err)
		return
	}
	l.transfer = nil
	l.in.Received = &engine.Received{Mark: t.request.Snapshot, State: baseOf(&header)}
	l.wake()
}

func (l *life) endTransfer(t *transfer, why error) {
	if err := t.receiver.Close(); err != nil {
		l.endByError(err)
		return
	}
	l.w.tell(l.id, "fetch    ended: %v", why)
	l.transfer = nil
	l.in.Received = &engine.Received{Mark: t.request.Snapshot, Err: why}
	l.wake()
}

// cutShort lets the process die in the middle of what it does with its snapshots.
func (l *life) cutShort() {
	stop := l.w.chance.IntN(12)
	switch {
	case l.frozen != nil:
		l.interrupted(stop, func() error {
			_, err := l.writeSnapshot()
			return err
		})
	case l.transfer != nil && l.transfer.receiver != nil && l.transfer.receiver.Done():
		l.interrupted(stop, func() error {
			_, err := l.transfer.receiver.Commit()
			return err
		})
	case len(l.garbage) > 0:
		l.interrupted(stop, func() error {
			_, err := l.store.Retain(l.garbage[0]...)
			return err
		})
	}
}

// endByError ends the process by an error of its disk.
func (l *life) endByError(err error) {
	if !errors.Is(err, errInjected) {
		l.w.fail("disk", "n%d: %v", l.id, err)
	}
	l.endByDiskError(err)
}
