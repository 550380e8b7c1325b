package journal

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// step is one thing a node does with its journal.
type step struct {
	group   []raftlog.Operation
	seal    bool
	install *Switch
	written raftlog.Index // what history holds before the step
}

// crashScript rolls several times, truncates, votes, moves the checkpoint, and installs a snapshot.
func crashScript() []step {
	var steps []step
	last := raftlog.Index(0)
	add := func(term raftlog.Term, vote raftlog.NodeID, from raftlog.Index, count, bodyBytes int) {
		last = from + raftlog.Index(count) - 1
		op := operation(term, vote, entries(from, last, term, bodyBytes)...)
		steps = append(steps, step{group: []raftlog.Operation{op}})
	}
	add(1, 1, 1, 3, 1500)
	add(1, 1, 4, 2, 5000)
	steps = append(steps, step{seal: true})
	add(2, 3, 4, 4, 700) // a conflict at 4
	for i := range raftlog.Term(4) {
		steps = append(steps, step{written: 2 + raftlog.Index(i), group: []raftlog.Operation{operation(3+i, 2)}})
	}
	add(7, 2, 8, 3, 4000)
	steps = append(steps, step{install: &Switch{
		Snapshot: &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 7, Index: 50}, Configuration: []byte("c"),
			FileHash: 9},
		HistoryDirectory: "history-51", HistoryFirst: 51, Time: raftlog.Time{Stamp: 5000, Offset: -7},
	}})
	add(8, 1, 51, 2, 6000)
	steps = append(steps, step{seal: true})
	add(9, 1, 52, 2, 6000) // a conflict at 52
	return steps
}

// do takes one step on the journal, and its meaning on the reference.
func (s step) do(j *Journal, h *fakeHistory) error {
	h.written = max(h.written, s.written)
	switch {
	case s.seal:
		return j.Seal()
	case s.install != nil:
		return j.Switch(*s.install)
	}
	return j.Append(s.group)
}

func (s step) meaning(l flatLog) flatLog {
	if s.install != nil {
		return flatLog{term: l.term, vote: l.vote, base: s.install.Snapshot.Mark}
	}
	return l.after(s.group...)
}

// crashPoint is a disk as a crash may leave it, and what a node that finds it must know: the state before the step or
// the one after it.
type crashPoint struct {
	name          string
	disk          *vfs.Memory
	before, after flatLog
	durable       raftlog.Index
}

// diskStates are disks that a crash at this point may leave: nothing lost, everything lost, process death, and some of
// the many in between.
func diskStates(m *vfs.Memory, seed uint64) []diskState {
	states := []diskState{
		{"all un-synced lost", m.Crash(vfs.LoseAll)},
		{"all kept", m.Crash(vfs.KeepAll)},
		{"killed", m.Kill()},
	}
	for i := range uint64(5) {
		torn := m.Crash(rand.New(rand.NewPCG(seed, i)).IntN)
		states = append(states, diskState{fmt.Sprintf("torn by seed %d/%d", seed, i), torn})
	}
	return states
}

type diskState struct {
	name string
	disk *vfs.Memory
}

// crashPoints runs the script and collects the disk at every operation that changes anything.
// Until Start is done, what a killed process wrote without a sync may still be lost: old is what is known without it.
func crashPoints(t *testing.T, m *vfs.Memory, j *Journal, h *fakeHistory, old, want flatLog,
	steps []step) []crashPoint {
	var all []crashPoint
	var before, after flatLog
	seed := uint64(0)
	name := ""
	m.SetFault(func(op vfs.Op, path string) error {
		if op.Changes() {
			seed++
			for _, state := range diskStates(m, seed) {
				all = append(all, crashPoint{fmt.Sprintf("%s, before %s of %s, %s", name, op, path, state.name),
					state.disk, before, after, h.durable})
			}
		}
		return nil
	})
	before, after, name = old, want, "start"
	must(t, j.Start(h))
	for i, s := range steps {
		name = fmt.Sprintf("step %d", i)
		before, after = want, s.meaning(want)
		must(t, s.do(j, h))
		want = after
	}
	m.SetFault(nil)
	return all
}

// open opens the disk of a crash point and checks what is found.
func (m crashPoint) open(t *testing.T) (*Journal, flatLog, Recovered) {
	t.Helper()
	j, r, err := Open(testOptions(m.disk))
	if err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	before, after := m.before.check(&r, m.durable), m.after.check(&r, m.durable)
	if before != nil && after != nil {
		t.Fatalf("%s: %v; or: %v", m.name, before, after)
	}
	if after == nil {
		return j, m.after, r
	}
	return j, m.before, r
}

// F2, S15.
func TestACrashAtAnyOperationLosesNothingThatWasAcknowledged(t *testing.T) {
	for _, m := range firstCrashPoints(t) {
		m.open(t)
	}
}

func firstCrashPoints(t *testing.T) []crashPoint {
	m := vfs.NewMemory()
	o := testOptions(m)
	must(t, Create(o, blank()))
	j, _ := reopened(t, o)
	all := crashPoints(t, m, j, &fakeHistory{}, flatLog{}, flatLog{}, crashScript())
	if len(all) < 200 {
		t.Fatalf("only %d crashes", len(all))
	}
	return all
}

// F3: The node crashes, comes back, crashes during recovery or in what it appends afterwards, and comes back again.
func TestWhatIsAppendedAfterRecoverySurvivesAnotherCrash(t *testing.T) {
	for i, first := range firstCrashPoints(t) {
		if i%3 != 0 { // a third of them gives every operation of the second run a crash of each kind
			continue
		}
		j, want, r := first.open(t)
		next := want.last().Index + 1
		steps := []step{
			{group: []raftlog.Operation{operation(20, 1, entries(next, next+1, 20, 600)...)}},
			{seal: true},
			{group: []raftlog.Operation{operation(21, 2, entry(next+1, 21, 700))}},
		}
		h := &fakeHistory{written: r.Checkpoint.Index, durable: r.Checkpoint.Index}
		for _, second := range crashPoints(t, first.disk, j, h, first.before, want, steps) {
			second.name = first.name + "; then " + second.name
			second.open(t)
		}
	}
}

func (l flatLog) last() raftlog.Mark {
	if n := len(l.entries); n > 0 {
		return l.entries[n-1].Mark()
	}
	return l.base
}

// F8.
func TestACrashDuringCreationLeavesABlankJournalOrAWholeOne(t *testing.T) {
	m := vfs.NewMemory()
	must(t, vfs.MakeDirectory(m, "data"))
	var images []diskState
	m.SetFault(func(op vfs.Op, path string) error {
		for _, state := range diskStates(m, uint64(len(images))) {
			state.name = fmt.Sprintf("before %s of %s, %s", op, path, state.name)
			images = append(images, state)
		}
		return nil
	})
	must(t, Create(testOptions(m), blank()))
	m.SetFault(nil)
	for _, i := range images {
		o := testOptions(i.disk)
		isBlank, err := Blank(o)
		if err != nil || !isBlank {
			t.Fatalf("%s: blank is %v, %v", i.name, isBlank, err)
		}
		j := started(t, o, &fakeHistory{})
		group := []raftlog.Operation{operation(1, 1, entry(1, 1, 1))}
		appendAll(t, j, group...)
		_, r, err := Open(testOptions(i.disk.Crash(vfs.LoseAll)))
		must(t, err)
		must(t, flatLog{}.after(group...).check(&r, 0))
	}
	for _, op := range []raftlog.Operation{operation(1, 0), operation(0, 0), operation(1, 1, entry(1, 1, 1))} {
		c := m.Kill()
		o := testOptions(c)
		j, _ := reopened(t, o)
		must(t, j.Start(&fakeHistory{}))
		appendAll(t, j, op)
		if isBlank, err := Blank(o); err != nil || isBlank {
			t.Fatalf("a journal in use counts as blank: %v, %v", isBlank, err)
		}
	}
}

// F9: The size of the files is an option: a journal takes it on as it rolls, and no crash in between matters.
func TestAChangeOfTheFileSizeSurvivesACrashAtAnyOperation(t *testing.T) {
	for _, bytes := range []int64{2 * testFileBytes, testFileBytes + PageBytes} {
		m := vfs.NewMemory()
		small := testOptions(m)
		j := started(t, small, &fakeHistory{})
		want := flatLog{}.after(operation(1, 1, entries(1, 3, 1, 5000)...))
		appendAll(t, j, operation(1, 1, want.entries...))
		large := small
		large.FileBytes = bytes
		for _, o := range []Options{large, small, large} {
			j, r := reopened(t, o)
			must(t, want.check(&r, 0))
			var steps []step
			for term := want.term + 1; term < want.term+25; term++ {
				steps = append(steps, step{group: []raftlog.Operation{operation(term, 1)}})
			}
			for _, crashPoint := range crashPoints(t, m, j, &fakeHistory{}, want, want, steps) {
				crashPoint.open(t)
			}
			want.term += 24
			must(t, want.check(&Recovered{Opening: j.content.Opening}, 0))
			if j.Stats().FileBytes != o.FileBytes {
				t.Fatalf("file of %d bytes, want %d", j.Stats().FileBytes, o.FileBytes)
			}
		}
	}
}
