package engine

import (
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// frozenJournal is the image of a journal.
type frozenJournal struct {
	applied  []string
	released *bool
}

func (f frozenJournal) WriteTo(w io.Writer) (int64, error) {
	n, err := fmt.Fprint(w, f.applied)
	return int64(n), err
}
func (f frozenJournal) Release() { *f.released = true }

func (j *journal) Freeze() Image { return frozenJournal{slices.Clone(j.applied), new(bool)} }

// storedFile is a snapshot on a disk.
type storedFile struct {
	mark    raftlog.SnapshotMark
	base    SnapshotState
	applied []string
}

// fileOf is the file of a frozen state: like the real one, a function of the log alone.
func fileOf(f Frozen) *storedFile {
	applied := f.Image.(frozenJournal).applied
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v %q", f.SnapshotState, applied)
	mark := raftlog.SnapshotMark{
		Mark: f.Mark, Configuration: f.Configuration, FileHash: h.Sum64(), FileBytes: uint64(len(fmt.Sprint(applied))),
	}
	return &storedFile{mark: mark, base: f.SnapshotState, applied: applied}
}

// snapshotEffects is what a test node's disk and pumps have to do with snapshots.
type snapshotEffects struct {
	// The disk: the snapshots that the journal names, the base at which the log begins, the index up to which history
	// was removed, and files.
	inForce, retained *raftlog.SnapshotMark
	floor             SnapshotState
	trimmed           raftlog.Index
	files             map[uint64]*storedFile
	// own is the first entry that the node itself needs, when history was last cut.
	own raftlog.Index

	// What is on its way: operations, a piece for history, old entries, frozen states, a file, a list of files.
	appends []raft.AppendOperation
	fill    []raftlog.Entry
	fetch   []raft.FetchRequest
	frozen  []Frozen
	install *raft.InstallRequest
	retain  []raftlog.SnapshotMark
	// Each hand can be held.
	holdDisk, holdFill, holdFetch, holdTake, holdInstall, holdRetain bool
	// takeError, receiveError are what the next attempt ends with.
	takeError, receiveError error
	// frozenAt are the marks at which the state was frozen, requests what was asked for from others.
	frozenAt []raftlog.Mark
	requests []raft.InstallRequest
	stops    int
	trims    int
	// needed is what a reader of this node has yet to read.
	needed raftlog.Index
}

// restore is what a start finds on the disk, after the machine was given the state in force.
func (s *testNode) restore(t *testing.T) (raft.Restored, SnapshotState) {
	effects := snapshotEffects{
		inForce: s.inForce, retained: s.retained, floor: s.floor, trimmed: s.trimmed, files: s.files,
	}
	var part *raftlog.SnapshotMark // a part of what was being fetched is on the disk
	if s.install != nil {
		part = &raftlog.SnapshotMark{Mark: s.install.Snapshot.Mark, FileHash: s.install.Snapshot.FileHash}
	}
	if s.snapshotEffects = effects; s.files == nil {
		s.files = map[uint64]*storedFile{}
	}
	r := raft.Restored{
		Term: s.term, Vote: s.vote, Floor: s.floor.Mark, FloorTime: s.floor.Time, Entries: slices.Clone(s.log),
		Snapshot: s.inForce, Retained: s.retained, Part: part,
	}
	if s.floor.Mark.Index > 0 {
		c, err := membership.Decode(s.floor.Configuration)
		if err != nil {
			t.Fatal(err)
		}
		r.Configuration, r.ConfigurationIndex = c, s.floor.Mark.Index
	}
	if s.inForce == nil {
		return r, SnapshotState{}
	}
	file := s.mustHave(t, s.inForce)
	s.machine.applied = slices.Clone(file.applied)
	return r, file.base
}

func (s *testNode) mustHave(t *testing.T, m *raftlog.SnapshotMark) *storedFile {
	t.Helper()
	file := s.files[m.FileHash]
	if file == nil {
		t.Fatalf("node %d: the journal names the snapshot at %v, whose file is gone", s.id, m.Mark)
	}
	return file
}

// switchTo is the journal's record of a snapshot.
func (s *testNode) switchTo(t *testing.T, sw *raftlog.SnapshotSwitch) {
	if sw == nil {
		return
	}
	file := s.mustHave(t, sw.Snapshot)
	s.inForce, s.retained = sw.Snapshot, sw.Retained
	if s.retained != nil {
		s.mustHave(t, s.retained)
	}
	if sw.Restart {
		if sw.Time != file.base.Time {
			t.Fatalf("node %d: time %d at a snapshot of time %d", s.id, sw.Time, file.base.Time)
		}
		s.floor, s.log, s.trimmed = file.base, nil, file.mark.Index
	}
}

// history reads entries, which must still be there.
func (s *testNode) history(t *testing.T, first, last raftlog.Index) []raftlog.Entry {
	t.Helper()
	if first <= s.trimmed {
		t.Fatalf("node %d reads entry %d, history begins behind %d", s.id, first, s.trimmed)
	}
	return s.log[first-s.floor.Mark.Index-1 : last-s.floor.Mark.Index]
}

// moveHistory does what the filler, the fetcher of entries and the remover of history do.
func (tb *table) moveHistory(s *testNode) {
	if n := len(s.fill); n > 0 && !s.holdFill {
		if first := s.fill[0].Index; first <= s.floor.Mark.Index {
			tb.t.Fatalf("node %d writes entry %d to a history that begins behind %d", s.id, first, s.floor.Mark.Index)
		}
		s.in.Written = s.fill[n-1].Index
		s.fill = nil
	}
	if s.out.Trim != 0 {
		s.trims++
		s.trimmed = max(s.trimmed, s.out.Trim-1)
		s.own = s.out.Own
	}
	s.in.LentBytes = 0
	if s.own > s.trimmed+1 {
		at := func(i raftlog.Index) int { return min(int(i-s.floor.Mark.Index), len(s.log)) }
		s.in.LentBytes = int64(SizeOf(s.log[at(s.trimmed):at(s.own-1)]))
	}
	if s.in.Needed = s.needed; s.needed <= s.trimmed { // a reader that has lost what it needs does not count
		s.in.Needed = 0
	}
	s.fetch = append(s.fetch, s.out.Fetch...)
	if s.holdFetch {
		return
	}
	for _, f := range s.fetch {
		answer := Fetched{To: f.To, Compacted: f.From <= s.trimmed}
		if !answer.Compacted {
			answer.Entries = s.history(tb.t, f.From, s.log[len(s.log)-1].Index)
			answer.Previous = s.floor.Mark
			if at := f.From - s.floor.Mark.Index; at > 1 {
				answer.Previous = s.log[at-2].Mark()
			}
		}
		s.in.Fetched = append(s.in.Fetched, answer)
	}
	s.fetch = nil
}

// moveFiles does what the receiver and the remover of files do.
func (tb *table) moveFiles(s *testNode) {
	if s.out.Install != nil {
		if s.install != nil {
			tb.t.Fatalf("node %d asks for a second file", s.id)
		}
		s.install = s.out.Install
		s.requests = append(s.requests, *s.install)
	}
	if s.out.StopInstall {
		s.stops++
		s.receiveError, s.holdInstall = fmt.Errorf("stopped"), false
	}
	if s.install != nil && !s.holdInstall {
		tb.receive(s)
	}
	if s.out.Retain != nil {
		if len(s.frozen) > 0 {
			tb.t.Fatalf("node %d has files removed while it writes one", s.id)
		}
		s.retain = s.out.Retain
	}
	if s.retain != nil && !s.holdRetain {
		for hash := range s.files {
			if !slices.ContainsFunc(s.retain, func(m raftlog.SnapshotMark) bool { return m.FileHash == hash }) {
				delete(s.files, hash)
			}
		}
		s.retain, s.in.Retired = nil, true
	}
}

// receive brings the file that was asked for, if the one that announced it has it.
func (tb *table) receive(s *testNode) {
	request, err := s.install, s.receiveError
	s.install, s.receiveError = nil, nil
	file := tb.node(request.From).files[request.Snapshot.FileHash]
	if err == nil && (file == nil || tb.node(request.From).down) {
		err = ErrUnavailable
	}
	if err != nil {
		s.in.Received = &Received{Mark: request.Snapshot, Err: err}
		return
	}
	s.files[file.mark.FileHash] = file
	s.in.Received = &Received{Mark: request.Snapshot, State: file.base}
}

// take writes frozen states as files.
func (tb *table) take(s *testNode) {
	if len(s.frozen) > 1 {
		tb.t.Fatalf("node %d froze a second state before the first was written", s.id)
	}
	if len(s.frozen) == 0 || s.holdTake {
		return
	}
	f := s.frozen[0]
	s.frozen = nil
	f.Image.Release()
	s.frozenAt = append(s.frozenAt, f.Mark)
	if s.takeError != nil {
		s.in.Taken = &Taken{Err: s.takeError}
		return
	}
	file := fileOf(f)
	s.files[file.mark.FileHash] = file
	s.in.Taken = &Taken{Mark: file.mark}
}

// snapshot has a node take a snapshot, and returns its mark.
func (tb *table) snapshot(id raftlog.NodeID) raftlog.SnapshotMark {
	tb.t.Helper()
	s := tb.node(id)
	before := s.engine.State().SnapshotsTaken
	s.in.TakeSnapshot = true
	tb.settle()
	if state := s.engine.State(); state.SnapshotsTaken != before+1 || state.Snapshot == nil {
		tb.t.Fatalf("node %d took no snapshot: %+v", id, state)
	}
	return *s.engine.State().Snapshot
}

// commands appends commands through a node.
func (tb *table) commands(id raftlog.NodeID, name string, n int) (commands []string) {
	tb.t.Helper()
	for i := range n {
		commands = append(commands, fmt.Sprintf("%s-%d", name, i))
		c := tb.submit(id, commands[i])
		tb.settle()
		tb.expect(c, Done)
	}
	return commands
}

// compact has a node take snapshots and cut its log, so that nothing below the second is left.
func (tb *table) compact(id raftlog.NodeID) raftlog.SnapshotMark {
	tb.t.Helper()
	tb.snapshot(id)
	tb.commands(id, "more", 1)
	tb.snapshot(id)
	tb.commands(id, "most", 1)
	mark := tb.snapshot(id)
	tb.ticks(2 * trimTicks)
	if s := tb.node(id); s.trimmed != s.retained.Index {
		tb.t.Fatalf("node %d cut its log at %d, not at %d", id, s.trimmed, s.retained.Index)
	}
	return mark
}
