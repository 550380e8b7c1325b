package journal

import (
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// S13:
// Entry 100 is written, the process is killed before the sync, and the next one reads the entry from the page cache.
func TestWhatWasReadFromThePageCacheIsDurableWhenStartReturns(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	j := started(t, o, &fakeHistory{})
	appendAll(t, j, operation(1, 1, entries(1, 99, 1, 10)...))
	var killed *vfs.Memory
	m.SetFault(func(op vfs.Op, _ string) error {
		if op == vfs.OpSync {
			killed = m.Kill()
		}
		return nil
	})
	appendAll(t, j, operation(1, 1, entry(100, 1, 10)))

	restarted, r := reopened(t, testOptions(killed))
	if last := r.Entries[len(r.Entries)-1].Index; last != 100 {
		t.Fatalf("the page cache holds entries up to %d", last)
	}
	if _, r := reopened(t, testOptions(killed.Crash(vfs.LoseAll))); len(r.Entries) != 99 {
		t.Fatalf("before Start, power loss leaves %d entries: the test proves nothing", len(r.Entries))
	}
	must(t, restarted.Start(&fakeHistory{}))
	if _, r := reopened(t, testOptions(killed.Crash(vfs.LoseAll))); len(r.Entries) != 100 {
		t.Fatalf("after Start, power loss leaves %d entries", len(r.Entries))
	}
}

// voteSurvivesRolls makes a vote, lets the journal roll until its record is overwritten, and loses power.
func voteSurvivesRolls(t *testing.T, o Options, m *vfs.Memory) bool {
	j := started(t, o, &fakeHistory{written: 0})
	appendAll(t, j, operation(5, 3))
	for range 3 {
		must(t, j.Close())
		j, _ = reopened(t, o)
		must(t, j.Start(&fakeHistory{}))
	}
	_, r := reopened(t, testOptions(m.Crash(vfs.LoseAll)))
	if r.Term != 5 {
		t.Fatalf("term %d", r.Term)
	}
	return r.Vote == 3
}

// S14.
func TestAVoteSurvivesTheReuseOfItsFile(t *testing.T) {
	m := vfs.NewMemory()
	if !voteSurvivesRolls(t, testOptions(m), m) {
		t.Fatal("the vote is lost")
	}
}

// S16.
func TestADamagedOpeningBeforeRecordsIsRefused(t *testing.T) {
	i := newImage(t, false)
	for offset := int64(0); offset < headerBytes+300; offset++ {
		damage(t, i.disk, i.force, offset)
		e := wantCorruption(t, testOptions(i.disk), i.force)
		if e.Offset != 0 {
			t.Fatalf("byte %d: corruption at %d", offset, e.Offset)
		}
		damage(t, i.disk, i.force, offset)
	}
}

// S17.
func TestOldRecordsOfAReusedFileAreNeverReplayed(t *testing.T) {
	i := newImage(t, false)
	f, err := openFile(i.disk, testDirectory+"/"+i.force)
	must(t, err)
	current, _, err := f.headerAt(0)
	must(t, err)
	old := int64(0)
	for offset := i.end; offset < f.bytes; offset += PageBytes {
		h, found, err := f.headerAt(offset)
		must(t, err)
		if found && h.generation < current.generation {
			old = offset
			break
		}
	}
	if old == 0 {
		t.Fatal("there are no old records: the test proves nothing")
	}
	if verdict := i.verdict(t); verdict != "identical" {
		t.Fatal(verdict)
	}
	copyPage(t, i.disk, i.force, old, i.force, i.end) // exactly where the next record would be
	if verdict := i.verdict(t); verdict != "identical" {
		t.Fatal(verdict)
	}
	copyPage(t, i.disk, i.force, old, i.force, i.lastGroup) // and in place of a record that was lost
	if verdict := i.verdict(t); verdict != "last group lost" {
		t.Fatal(verdict)
	}
}

// S18.
func TestAVoteIsDurableEvenWhenEverythingIsFullOfLiveEntries(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	j := started(t, o, &fakeHistory{})
	last := raftlog.Index(0)
	for e := entry(1, 1, 900); j.Room(last+1) >= int64(e.Size()); last++ {
		appendAll(t, j, operation(1, 1, entry(last+1, 1, 900)))
	}
	for term := raftlog.Term(2); term < 100; term++ {
		appendAll(t, j, operation(term, raftlog.NodeID(term)))
		_, r := reopened(t, testOptions(m.Crash(vfs.LoseAll)))
		if r.Term != term || r.Vote != raftlog.NodeID(term) || len(r.Entries) != int(last) {
			t.Fatalf("term %d: recovered term %d, vote %d, %d entries", term, r.Term, r.Vote, len(r.Entries))
		}
	}
}

// S19.
func TestADamagedLastRecordIsRefusedUnlessItIsUnprovenOrASeal(t *testing.T) {
	for _, c := range []struct {
		name   string
		sealed bool
		at     func(i image) int64
		want   string
	}{
		{"a group that nothing follows", false, func(i image) int64 { return i.lastGroup }, "last group lost"},
		{"a group that a seal proves", true, func(i image) int64 { return i.lastGroup }, "refused"},
		{"the seal", true, func(i image) int64 { return i.end - PageBytes }, "identical"},
	} {
		for _, within := range []int64{0, 20, headerBytes, headerBytes + 10} {
			i := newImage(t, c.sealed)
			damage(t, i.disk, i.force, c.at(i)+within)
			if got := i.verdict(t); got != c.want {
				t.Fatalf("%s, byte %d: %s, want %s", c.name, within, got, c.want)
			}
		}
	}
}

// S19:
// The last record of a file rots after the next generation was begun: its opening names the end of the file before it,
// and so proves the record even if the opening itself is torn.
func TestATornRollDoesNotHideADamagedRecord(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	j := started(t, o, &fakeHistory{})
	appendAll(t, j, operation(1, 1, entries(1, 9, 1, 900)...))
	name, r := inForce(t, o)
	begun := 0
	restarted, _ := reopened(t, o)
	m.SetFault(func(op vfs.Op, path string) error {
		if op != vfs.OpSync || path != testDirectory+"/"+other(name) {
			return nil
		}
		for seed := uint64(0); seed < 200 && begun == 0; seed++ {
			disk := m.Crash(rand.New(rand.NewPCG(seed, 0)).IntN)
			f, err := openFile(disk, testDirectory+"/"+other(name))
			must(t, err)
			s, err := look(f)
			must(t, err)
			if !s.whole && s.begun && s.header.generation > r.Generation {
				begun++
				reopened(t, testOptions(disk))
				damage(t, disk, name, r.EndBytes-PageBytes)
				wantCorruption(t, testOptions(disk), name)
			}
		}
		return nil
	})
	must(t, restarted.Start(&fakeHistory{}))
	if begun == 0 {
		t.Fatal("no torn opening had its header: the test proves nothing")
	}
}
