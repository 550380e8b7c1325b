package journal

import (
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// failingDisk makes every sync fail that has something to write, as a disk does whose path is cut: the system then
// counts the pages as clean, so the next sync of the same file has nothing to do and succeeds.
func failingDisk(m *vfs.Memory) {
	dirty := map[string]bool{}
	m.SetFault(func(op vfs.Op, path string) error {
		switch {
		case op == vfs.OpWrite:
			dirty[path] = true
		case op == vfs.OpSync && dirty[path]:
			dirty[path] = false
			return errInjected
		}
		return nil
	})
}

// The disk fails, the process ends, its supervisor starts it again and again, and at last the machine is reset. Each
// start finds in the page cache what the one before could not make durable. If it took that for durable, it would
// overwrite the other file, until neither holds anything.
func TestRestartsOnAFailingDiskDestroyNothing(t *testing.T) {
	for starts := range 5 {
		for seed := range uint64(40) {
			m := vfs.NewMemory()
			o := testOptions(m)
			j := started(t, o, &fakeHistory{})
			acked := flatLog{}.after(operation(1, 2, entries(1, 9, 1, 900)...))
			appendAll(t, j, operation(1, 2, acked.entries...))
			late := operation(2, 3, entry(10, 2, 5000))
			failingDisk(m)
			if err := j.Append([]raftlog.Operation{late}); err == nil {
				t.Fatal("the disk works: the test proves nothing")
			}
			for range starts {
				m = m.Kill()
				failingDisk(m)
				j, _ := reopened(t, testOptions(m))
				if err := j.Start(&fakeHistory{}); err == nil {
					t.Fatal("a start that made nothing durable succeeded")
				}
			}
			for _, choose := range []func(int) int{vfs.LoseAll, rand.New(rand.NewPCG(seed, 0)).IntN} {
				_, r, err := Open(testOptions(m.Crash(choose)))
				if err != nil {
					t.Fatalf("%d starts, seed %d: %v", starts, seed, err)
				}
				less, more := acked.check(&r, 0), acked.after(late).check(&r, 0)
				if less != nil && more != nil {
					t.Fatalf("%d starts, seed %d: %v; or: %v", starts, seed, less, more)
				}
			}
		}
	}
}

// The disk works again: what the page cache held is made durable for good, or was lost before the journal reported it.
func TestAStartAfterAFailedSyncMakesDurableWhatItRead(t *testing.T) {
	m := vfs.NewMemory()
	j := started(t, testOptions(m), &fakeHistory{})
	failingDisk(m)
	if err := j.Append([]raftlog.Operation{operation(2, 3, entry(1, 2, 5000))}); err == nil {
		t.Fatal("the disk works: the test proves nothing")
	}
	m = m.Kill()
	j, _ = reopened(t, testOptions(m))
	overwritten := 0
	m.SetFault(func(op vfs.Op, path string) error {
		if op == vfs.OpWrite && path != j.files[j.current].path {
			overwritten++
			_, r, err := Open(testOptions(m.Crash(vfs.LoseAll)))
			if err != nil || r.Vote != 3 || len(r.Entries) != 1 {
				t.Fatalf("the other file is overwritten while this one holds vote %d, %d entries, %v",
					r.Vote, len(r.Entries), err)
			}
		}
		return nil
	})
	must(t, j.Start(&fakeHistory{}))
	if overwritten == 0 {
		t.Fatal("nothing was written to the other file: the test proves nothing")
	}
}
