package pump

import (
	"io"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/mailbox"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// slowMachine is a diary that takes so long for each command.
type slowMachine struct {
	diary
	takes time.Duration
}

func (m *slowMachine) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	for began := time.Now(); len(data) > 0 && time.Since(began) < m.takes; { // it works
	}
	return m.diary.Apply(index, stamp, data, local)
}
func (m *slowMachine) Restore(seed uint64, r io.Reader) error { return m.diary.Restore(seed, r) }

// P8: hundreds of entries may be committed at once, of which each takes milliseconds. After a few of them readers get
// in, and the clients of those that are applied are told.
func TestReadersGetInBetweenEntries(t *testing.T) {
	const entries = 3 * holdEntries
	disk := newDisks(1)[0]
	machine := &slowMachine{takes: maxHold}
	r := &Runner{
		applier: engine.NewApplier(disk.options, machine, engine.SnapshotState{}),
		applied: mailbox.New[engine.Applied](completions), began: time.Now(),
	}
	r.status.Store(&engine.Status{})
	first := disk.first
	log := []raftlog.Entry{first}
	for i := range raftlog.Index(entries) {
		log = append(log, raftlog.Entry{
			Index: first.Index + 1 + i, Term: first.Term, Kind: raftlog.EntryCommand, Level: first.Level, Body: []byte("slow"),
		})
	}
	var holds []int
	for len(log) > 0 {
		before := r.applier.Applied()
		r.applyUnderLock(log, 0)
		if !r.machineLock.TryLock() {
			t.Fatal("the lock is kept")
		}
		r.machineLock.Unlock()
		done := int(r.applier.Applied() - before)
		if done == 0 || done > holdEntries {
			t.Fatalf("%d entries were applied under one hold, of which each takes %v", done, maxHold)
		}
		holds, log = append(holds, done), log[done:]
	}
	if len(holds) != 1+entries/holdEntries || holds[0] != 1 || machine.count("slow") != entries {
		t.Errorf("holds of %v entries, %d commands applied of %d", holds, machine.count("slow"), entries)
	}
}
