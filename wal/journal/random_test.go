package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// fuzzer runs a node with a journal that crashes all the time, beside a reference that does not.
type fuzzer struct {
	*rand.Rand
	t       *testing.T
	disk    *vfs.Memory
	j       *Journal
	history *fakeHistory
	// acked is what was acknowledged, pending the same with the step that is under way.
	acked, pending flatLog
	commit         raftlog.Index
	directory      string
	first          raftlog.Index
	crashes        int
	files          []int64
}

// F2, F3:
// TestARandomNodeNeverForgetsWhatItAcknowledged runs fixed seeds. RAFTREDIS_JOURNAL_SEED runs one other seed,
// RAFTREDIS_JOURNAL_SEEDS that many from it on.
func TestARandomNodeNeverForgetsWhatItAcknowledged(t *testing.T) {
	first, count := number(t, "RAFTREDIS_JOURNAL_SEED", 1), number(t, "RAFTREDIS_JOURNAL_SEEDS", 1)
	if os.Getenv("RAFTREDIS_JOURNAL_SEED") == "" {
		count = max(count, 40)
	}
	for seed := first; seed < first+count; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Logf("again: RAFTREDIS_JOURNAL_SEED=%d go test -run %s ./wal/journal", seed, "ARandomNode")
			newFuzzer(t, seed).run(250)
		})
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	must(t, err)
	return n
}

func newFuzzer(t *testing.T, seed uint64) *fuzzer {
	z := &fuzzer{
		Rand: rand.New(rand.NewPCG(seed, 0)), t: t, disk: vfs.NewMemory(),
		history: &fakeHistory{}, directory: "history-1", first: 1,
		files: []int64{testFileBytes, testFileBytes + 4*PageBytes, 2 * testFileBytes},
	}
	z.j = started(t, z.options(), z.history)
	return z
}

func (z *fuzzer) options() Options {
	o := testOptions(z.disk)
	o.Salt = z.Uint64
	o.FileBytes = z.files[z.IntN(len(z.files))]
	return o
}

func (z *fuzzer) run(steps int) {
	for range steps {
		z.pending = z.acked
		err := z.step()
		if err == nil {
			z.acked = z.pending
		}
		if err != nil || z.IntN(12) == 0 {
			z.crash()
		}
	}
	if z.crashes < 10 {
		z.t.Fatalf("only %d crashes", z.crashes)
	}
}

var errInjected = errors.New("input/output error")

// step does something to the journal, sometimes with a fault that strikes at the n-th operation of the disk.
func (z *fuzzer) step() error {
	if z.IntN(25) == 0 {
		strikes := z.IntN(4)
		z.disk.SetFault(func(op vfs.Op, _ string) error {
			if strikes--; op.Changes() && strikes < 0 {
				return errInjected
			}
			return nil
		})
		defer z.disk.SetFault(nil)
	}
	switch z.IntN(10) {
	case 0:
		return z.j.Seal()
	case 1:
		return z.snapshot()
	default:
		return z.append()
	}
}

func (z *fuzzer) append() error {
	group := make([]raftlog.Operation, 1+z.IntN(3))
	want := z.acked
	room := z.j.Room(want.last().Index + 1)
	for i := range group {
		op := &group[i]
		op.Term, op.Vote = want.term, want.vote
		if z.IntN(5) == 0 {
			op.Term, op.Vote = want.term+1, raftlog.NodeID(z.IntN(4))
		}
		from := want.last().Index + 1
		if op.Term > want.term && from > z.commit+1 && z.IntN(2) == 0 {
			from -= raftlog.Index(z.IntN(int(from - z.commit)))
		}
		for n := z.IntN(4); n > 0; n-- {
			e := entry(from, op.Term, z.IntN(3000))
			if room -= int64(e.Size()); room < 0 {
				break
			}
			op.Entries = append(op.Entries, e)
			from++
		}
		want = want.after(*op)
		op.Commit = z.commit
	}
	z.pending = want
	if err := z.j.Append(group); err != nil {
		return err
	}
	z.commit += raftlog.Index(z.IntN(int(want.last().Index-z.commit) + 1))
	z.history.written = max(z.history.written, z.commit-raftlog.Index(z.IntN(int(z.commit-z.history.written)+1)))
	if z.IntN(4) == 0 {
		through, _ := z.history.Sync()
		z.j.Advance(through)
	}
	return nil
}

func (z *fuzzer) snapshot() error {
	s := Switch{Snapshot: &raftlog.SnapshotMark{}, HistoryDirectory: z.directory, HistoryFirst: z.first}
	if z.IntN(3) > 0 { // of the node's own log
		if s.Snapshot.Index = z.j.Checkpoint().Index; s.Snapshot.Index == 0 {
			return nil
		}
		s.Snapshot.Term = z.j.Checkpoint().Term
		return z.j.Switch(s)
	}
	base := raftlog.Mark{Term: z.acked.term, Index: z.acked.last().Index + raftlog.Index(z.IntN(20)) + 1}
	s.Snapshot.Mark, s.HistoryFirst = base, base.Index+1
	s.HistoryDirectory = fmt.Sprintf("history-%d", s.HistoryFirst)
	z.pending = flatLog{term: z.acked.term, vote: z.acked.vote, base: base}
	if err := z.j.Switch(s); err != nil {
		return err
	}
	z.moveTo(base)
	return nil
}

func (z *fuzzer) moveTo(base raftlog.Mark) {
	z.directory, z.first = fmt.Sprintf("history-%d", base.Index+1), base.Index+1
	z.commit = base.Index
	z.history.written, z.history.durable = base.Index, base.Index
}

// crash ends the process, perhaps with the power, and starts it again, perhaps several times.
func (z *fuzzer) crash() {
	z.crashes++
	for {
		if z.IntN(2) == 0 {
			z.disk = z.disk.Kill()
		} else {
			z.disk = z.disk.Crash(z.IntN)
		}
		j, r, err := Open(z.options())
		must(z.t, err)
		old, fresh := z.acked.check(&r, z.history.durable), z.pending.check(&r, z.history.durable)
		if old != nil && fresh != nil {
			z.t.Fatalf("crash %d: %v; or: %v", z.crashes, old, fresh)
		}
		found := z.acked
		if old != nil {
			found = z.pending
		}
		if want := fmt.Sprintf("history-%d", found.base.Index+1); r.HistoryDirectory != want {
			z.t.Fatalf("crash %d: history in %s, want %s", z.crashes, r.HistoryDirectory, want)
		}
		if z.IntN(3) == 0 {
			continue // dies before Start: what was found may still be lost
		}
		h := &fakeHistory{written: r.Checkpoint.Index, durable: r.Checkpoint.Index} // what is beyond is cut
		if !z.survivesStart(j, h) {
			continue
		}
		if found.base != z.acked.base {
			z.moveTo(found.base)
		}
		z.acked, z.pending, z.j, z.history = found, found, j, h
		return
	}
}

// survivesStart starts the journal. Sometimes the process dies on the way: what it does after that is as if undone.
func (z *fuzzer) survivesStart(j *Journal, h History) bool {
	var left *vfs.Memory
	if countdown := z.IntN(12); countdown < 6 {
		z.disk.SetFault(func(vfs.Op, string) error {
			if countdown--; countdown == -1 {
				left = z.disk.Kill()
			}
			return nil
		})
	}
	must(z.t, j.Start(h))
	z.disk.SetFault(nil)
	if left != nil {
		z.disk = left
	}
	return left == nil
}
