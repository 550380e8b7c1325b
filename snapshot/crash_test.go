package snapshot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// afterlife is a file system as it may be found after a crash.
type afterlife struct {
	name string
	disk *vfs.Memory
}

// afterlives are some of the states in which a crash at this moment may leave a disk.
func afterlives(m *vfs.Memory, seed uint64) []afterlife {
	random := rand.New(rand.NewPCG(seed, 1))
	return []afterlife{
		{"the process dies", m.Kill()},
		{"all is lost", m.Crash(vfs.LoseAll)},
		{"all is kept", m.Crash(vfs.KeepAll)},
		{"some is lost", m.Crash(random.IntN)},
		{"some other is lost", m.Crash(random.IntN)},
	}
}

// crashes calls check with every afterlife of every moment of a run: before each change of the disk, and at the end.
func crashes(t *testing.T, m *vfs.Memory, run func(), check func(t *testing.T, disk *vfs.Memory)) {
	t.Helper()
	point := uint64(0)
	look := func(at string) {
		point++
		for _, a := range afterlives(m, point) {
			if !t.Run(fmt.Sprintf("%d %s, %s", point, at, a.name), func(t *testing.T) { check(t, a.disk) }) {
				t.FailNow()
			}
		}
	}
	m.SetFault(func(op vfs.Op, _ string) error {
		if op.Changes() {
			look("before " + string(op))
		}
		return nil
	})
	run()
	m.SetFault(nil)
	look("at the end")
	if point < 10 {
		t.Fatalf("only %d points", point)
	}
}

// mustBeSound demands that every file with a final name is whole and the one that its name says, and that the named
// ones are there; then that Retain leaves these and nothing else, for good.
func mustBeSound(t *testing.T, disk *vfs.Memory, size int, named ...raftlog.SnapshotMark) {
	t.Helper()
	s := newStore(t, disk)
	found, err := s.List()
	must(t, err)
	for _, f := range found {
		if f.Kind != Whole {
			continue
		}
		file, err := OpenFile(disk, s.path(f.Name))
		must(t, err)
		must(t, file.Verify(nil))
		if mark := file.Mark(); !f.isOf(mark) {
			t.Fatalf("%s holds the snapshot at %v with hash %016x", f.Name, mark.Mark, mark.FileHash)
		}
		must(t, file.Close())
	}
	_, err = s.Retain(named...)
	must(t, err)
	s = newStore(t, disk.Crash(vfs.LoseAll))
	for _, mark := range named {
		mustHold(t, s, mark, size)
	}
	if found := names(t, s); len(found) != len(named) {
		t.Fatalf("%v is left, and %d snapshots are named", found, len(named))
	}
}

// E4, E7, F7.
func TestACrashAtAnyPointOfTakingLeavesWhatIsNamed(t *testing.T) {
	const size = 3*512 + 40
	m := vfs.NewMemory()
	s := newStore(t, m)
	var named []raftlog.SnapshotMark // what a journal would name
	crashes(t, m, func() {
		for index := raftlog.Index(1); index <= 4; index++ {
			w, err := s.Create(headerAt(index), nil)
			must(t, err)
			_, err = w.Write(imageOf(index, size))
			must(t, err)
			mark, err := w.Commit()
			must(t, err)
			named = append(named[max(0, len(named)-1):], mark)
			_, err = s.Retain(named...)
			must(t, err)
			must(t, w.Close())
		}
	}, func(t *testing.T, disk *vfs.Memory) { mustBeSound(t, disk, size, named...) })
}

// E8, F7.
func TestReceivingSurvivesACrashAtAnyPoint(t *testing.T) {
	from, fetched := prepared(t)
	m := vfs.NewMemory()
	s := newStore(t, m)
	own := taken(t, s, 7, receivedSize)
	named := []raftlog.SnapshotMark{own}
	crashes(t, m, func() {
		r, err := s.Receive(fetched, nil)
		must(t, err)
		must(t, send(from, r, 4))
		must(t, r.Close())
		r, err = s.Receive(fetched, nil) // goes on behind what it writes again
		must(t, err)
		must(t, send(from, r, everything))
		_, err = r.Commit()
		must(t, err)
		named = append(named, fetched)
		_, err = s.Retain(named...)
		must(t, err)
		must(t, r.Close())
	}, func(t *testing.T, disk *vfs.Memory) {
		mustBeSound(t, disk.Kill(), receivedSize, named...)
		again := newStore(t, disk)
		_, err := again.Retain(own, fetched) // as a start does while the transfer is wanted
		must(t, err)
		must(t, receive(from, again))
		mustBeSound(t, disk, receivedSize, own, fetched)
	})
}

// E8: what one crash left is taken up, and that is interrupted at every point.
func TestASecondCrashWhileATransferIsTakenUp(t *testing.T) {
	from, fetched := prepared(t)
	first := vfs.NewMemory()
	r, err := newStore(t, first).Receive(fetched, nil)
	must(t, err)
	must(t, send(from, r, 5))
	for _, a := range afterlives(first, 42) {
		t.Run(a.name, func(t *testing.T) {
			s := newStore(t, a.disk)
			crashes(t, a.disk, func() { must(t, receive(from, s)) }, func(t *testing.T, disk *vfs.Memory) {
				must(t, receive(from, newStore(t, disk)))
				mustBeSound(t, disk, receivedSize, fetched)
			})
		})
	}
}

// F5:
//
//  1. a sync of the partial file fails; the process ends, and does not even manage to remove it;
//  2. the next process finds sound frames in the page cache, which the disk does not have, and a sync would not write;
//  3. it finishes the transfer, and power is lost.
func TestATransferIsNotFinishedFromThePageCache(t *testing.T) {
	from, mark := prepared(t)
	m := vfs.NewMemory()
	s := newStore(t, m)
	r, err := s.Receive(mark, nil)
	must(t, err)
	m.SetFault(func(op vfs.Op, _ string) error {
		if op == vfs.OpSync || op == vfs.OpRemove {
			return syscall.EIO
		}
		return nil
	})
	if err := send(from, r, everything); !errors.Is(err, syscall.EIO) {
		t.Fatalf("the sync fails: %v", err)
	}
	reached := r.writtenBytes
	m.SetFault(nil)
	m = m.Kill()
	s = newStore(t, m)
	r, err = s.Receive(mark, nil)
	must(t, err)
	if r.Offset() == 0 || r.Offset() != reached {
		t.Fatalf("the test needs a partial file: %d", r.Offset())
	}
	must(t, send(from, r, everything))
	_, err = r.Commit()
	must(t, err)
	mustBeSound(t, m.Crash(vfs.LoseAll), receivedSize, mark)
}

// failure is what a fault in one operation, and maybe in all that follow, led to.
type failure struct {
	op         vfs.Op
	cause      error
	persistent bool
	// err is the outcome.
	err error
}

// arm fails an operation, or every one from there on. The failure's op stays empty if it is never reached.
func arm(m *vfs.Memory, at int, f *failure) {
	count := 0
	m.SetFault(func(op vfs.Op, _ string) error {
		if count++; count == at {
			f.op = op
		}
		if count == at || f.persistent && count > at {
			return f.cause
		}
		return nil
	})
}

// eachFault runs something with a fault at every operation, until it meets none.
func eachFault(t *testing.T, run func(s *Store) error, check func(t *testing.T, s *Store, f failure)) {
	t.Helper()
	for _, kind := range []failure{
		{cause: syscall.EIO}, {cause: syscall.EIO, persistent: true},
		{cause: syscall.ENOSPC}, {cause: syscall.ENOSPC, persistent: true}, {cause: syscall.EDQUOT},
		{cause: syscall.EMFILE}, {cause: syscall.ENOMEM}, {cause: syscall.EACCES, persistent: true},
	} {
		for at := 1; ; at++ {
			m, f := vfs.NewMemory(), kind
			s := newStore(t, m)
			earlier := taken(t, s, 1, receivedSize)
			arm(m, at, &f)
			f.err = run(s)
			m.SetFault(nil)
			if f.op == "" {
				must(t, f.err)
				if at < 20 {
					t.Fatalf("only %d operations", at-1)
				}
				break
			}
			t.Run(fmt.Sprintf("%v at %d, %s, persistent %t", f.cause, at, f.op, f.persistent), func(t *testing.T) {
				if !errors.Is(f.err, f.cause) || len(s.claims) > 0 {
					t.Fatalf("the error is %v, claims are left: %v", f.err, s.claims)
				}
				mustBeHonest(t, s, f)
				check(t, s, f)
				mustBeSound(t, m.Crash(vfs.LoseAll), receivedSize, earlier)
			})
		}
	}
}

// mustBeHonest: no space is a state, and said to be one, exactly if nothing is left and nothing is unknown. So is what
// else the system may be short of, but there something may be left, and a directory that cannot be opened to be synced
// leaves nothing unknown.
func mustBeHonest(t *testing.T, s *Store, f failure) {
	t.Helper()
	found, err := s.List()
	must(t, err)
	left := slices.ContainsFunc(found, func(f Found) bool { return f.Mark.Index != 1 })
	nothingMade := f.op == vfs.OpList || f.op == vfs.OpCreate
	nothingLeft := f.op != vfs.OpSyncDir && (!f.persistent || nothingMade)
	switch f.cause {
	case syscall.EIO:
		if isState(f.err) {
			t.Fatalf("%v is taken for a state", f.err)
		}
	case syscall.ENOSPC, syscall.EDQUOT:
		if errors.Is(f.err, ErrNoSpace) != nothingLeft {
			t.Fatalf("%v: is it a full disk? want %t", f.err, nothingLeft)
		}
	default:
		unknown := f.op == vfs.OpSyncDir && f.cause != syscall.EMFILE || f.persistent && f.op == vfs.OpSync
		if isState(f.err) == unknown {
			t.Fatalf("%v: is it a state? want %t", f.err, !unknown)
		}
	}
	if nothingLeft && isState(f.err) && left {
		t.Fatalf("%v, and of %v something is left", f.err, found)
	}
}

// isState reports whether the owner of a store takes an error for a state.
func isState(err error) bool {
	return errors.Is(err, ErrNoSpace) || errors.Is(err, ErrShortage) || vfs.Passing(err)
}

// F5, F18.
func TestEveryErrorWhileTakingIsAStateOrFinal(t *testing.T) {
	eachFault(t, func(s *Store) error {
		_, err := take(s, 9, receivedSize, nil)
		return err
	}, func(t *testing.T, s *Store, f failure) {
		if isState(f.err) {
			mustHold(t, s, taken(t, s, 9, receivedSize), receivedSize)
		}
	})
}

// F5, F18.
func TestEveryErrorWhileReceivingIsAStateOrFinal(t *testing.T) {
	from, mark := prepared(t)
	eachFault(t, func(s *Store) error { return receive(from, s) }, func(t *testing.T, s *Store, f failure) {
		if isState(f.err) {
			must(t, receive(from, s))
			mustHold(t, s, mark, receivedSize)
		}
	})
}

// F5: A file that reads back otherwise than it was written shows a disk that lies. That the file cannot be removed
// either is no excuse, whatever the reason.
func TestDamageThatCannotBeRemovedIsFatal(t *testing.T) {
	for _, cause := range []error{syscall.EPERM, syscall.EBUSY, syscall.ENOSPC} {
		m := vfs.NewMemory()
		s := newStore(t, m)
		m.SetFault(func(op vfs.Op, _ string) error {
			if op == vfs.OpRemove {
				return cause
			}
			return nil
		})
		written := 0
		_, err := take(s, 9, receivedSize, func(int) error {
			if written++; written != 2 {
				return nil
			}
			f, err := m.Open(path.Join(testDirectory, names(t, s)[0]), false)
			must(t, err)
			_, err = f.WriteAt([]byte("spoilt"), 0)
			return errors.Join(err, f.Close())
		})
		var damage *CorruptionError
		if !errors.As(err, &damage) || !errors.Is(err, cause) || isState(err) || !vfs.IsFatal(err) {
			t.Errorf("%v: is it a state? %t", err, isState(err))
		}
	}
}
