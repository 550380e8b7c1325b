package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestPowerLossKeepsWhatWasSyncedAndNothingMore(t *testing.T) {
	m := NewMemory()
	file := create(t, m, "f", "old")
	must(t, file.Sync())
	must(t, m.SyncDir("."))
	_, err := file.WriteAt([]byte("newer"), 0)
	must(t, err)
	if got := contents(t, m.Crash(LoseAll), "f"); got != "old" {
		t.Fatalf("after losing everything: %q", got)
	}
	if got := contents(t, m.Crash(KeepAll), "f"); got != "newer" {
		t.Fatalf("after losing nothing: %q", got)
	}
	if got := contents(t, m.Kill().Crash(LoseAll), "f"); got != "old" {
		t.Fatalf("a killed process made its writes durable: %q", got)
	}
	if got := contents(t, m.Kill(), "f"); got != "newer" {
		t.Fatalf("a killed process lost its writes: %q", got)
	}
}

// F7.
func TestANameWithoutASyncedDirectoryIsLost(t *testing.T) {
	m := NewMemory()
	must(t, m.MkdirAll("d"))
	must(t, m.SyncDir("/"))
	file := create(t, m, "d/f", "x")
	must(t, file.Sync())
	if names, _ := m.Crash(LoseAll).List("d"); len(names) != 0 {
		t.Fatalf("names after power loss: %q", names)
	}
	must(t, m.SyncDir("d"))
	must(t, m.Rename("d/f", "d/g"))
	must(t, m.Remove("d/g"))
	seen := map[string]bool{}
	for point := range 3 {
		names, err := m.Crash(func(n int) int { return min(point, n-1) }).List("d")
		must(t, err)
		seen[fmt.Sprint(names)] = true
	}
	for _, want := range []string{"[f]", "[g]", "[]"} {
		if !seen[want] {
			t.Fatalf("power loss never left %s; it left %v", want, seen)
		}
	}
}

func TestATornWriteIsTornAtSectors(t *testing.T) {
	m := NewMemory()
	file := create(t, m, "f", strings.Repeat("a", 4*SectorBytes))
	must(t, file.Sync())
	must(t, m.SyncDir("."))
	_, err := file.WriteAt(bytes.Repeat([]byte("b"), 2*SectorBytes), SectorBytes/2)
	must(t, err)
	shapes := map[string]bool{}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		got := contents(t, m.Crash(r.IntN), "f")
		shape := string(slices.Compact([]byte(got)))
		for at := 0; at < len(got); at++ {
			changed := at > 0 && got[at] != got[at-1]
			inside := at%SectorBytes != 0 && at != SectorBytes/2 && at != SectorBytes/2+2*SectorBytes
			if changed && inside {
				t.Fatalf("seed %d: torn inside a sector, at byte %d", seed, at)
			}
		}
		shapes[shape] = true
	}
	for _, want := range []string{"a", "aba", "ababa"} {
		if !shapes[want] {
			t.Fatalf("200 power losses never left the shape %s", want)
		}
	}
}

// F4.
func TestALostWriteMayLeaveItsGrowthAsZeros(t *testing.T) {
	m := NewMemory()
	file := create(t, m, "f", "")
	must(t, file.Sync())
	must(t, m.SyncDir("."))
	_, err := file.WriteAt([]byte("abc"), 0)
	must(t, err)
	draws := []int{fateLost, 1}
	grown := m.Crash(func(n int) int {
		if n == 1 { // no un-synced names
			return 0
		}
		draw := draws[0]
		draws = draws[1:]
		return draw
	})
	if got := contents(t, grown, "f"); got != "\x00\x00\x00" {
		t.Fatalf("contents are %q", got)
	}
}

// F5.
func TestAfterAFailedSyncNoLaterSyncMakesTheWriteDurable(t *testing.T) {
	m := NewMemory()
	file := create(t, m, "f", "old")
	must(t, file.Sync())
	must(t, m.SyncDir("."))
	_, err := file.WriteAt([]byte("new"), 0)
	must(t, err)
	broken := errors.New("input/output error")
	m.SetFault(func(op Op, path string) error {
		if op == OpSync && path == "f" {
			return broken
		}
		return nil
	})
	if err := file.Sync(); !errors.Is(err, broken) {
		t.Fatalf("sync: %v", err)
	}
	m.SetFault(nil)
	must(t, file.Sync())
	if got := contents(t, m, "f"); got != "new" {
		t.Fatalf("the page cache holds %q", got)
	}
	if got := contents(t, m.Crash(LoseAll), "f"); got != "old" {
		t.Fatalf("a retried sync made the write durable: %q", got)
	}
	_, err = file.WriteAt([]byte("two"), 0)
	must(t, err)
	must(t, file.Sync())
	if got := contents(t, m.Crash(KeepAll), "f"); got != "two" {
		t.Fatalf("an orphan came back over newer contents: %q", got)
	}
}

// F14.
func TestAFailedWriteLeavesItsFirstHalf(t *testing.T) {
	m := NewMemory()
	file := create(t, m, "f", "....")
	full := errors.New("no space")
	m.SetFault(func(op Op, _ string) error {
		if op == OpWrite {
			return full
		}
		return nil
	})
	if n, err := file.WriteAt([]byte("abcd"), 0); n != 2 || !errors.Is(err, full) {
		t.Fatalf("write: %d, %v", n, err)
	}
	if got := contents(t, m, "f"); got != "ab.." {
		t.Fatalf("contents are %q", got)
	}
}

func TestTheHookSeesEveryOperationAndMayCopyTheDisk(t *testing.T) {
	m := NewMemory()
	var seen []Op
	m.SetFault(func(op Op, _ string) error {
		seen = append(seen, op)
		m.Kill()
		m.Crash(LoseAll)
		return nil
	})
	must(t, m.MkdirAll("d"))
	file := create(t, m, "d/f", "x")
	must(t, file.Sync())
	must(t, file.Truncate(0))
	must(t, m.Rename("d/f", "d/g"))
	must(t, m.Remove("d/g"))
	must(t, m.SyncDir("d"))
	want := []Op{OpMkdir, OpCreate, OpWrite, OpSync, OpTruncate, OpRename, OpRemove, OpSyncDir}
	if !slices.Equal(seen, want) {
		t.Fatalf("the hook saw %v, want %v", seen, want)
	}
}

func TestTheSameDrawsLeaveTheSameDisk(t *testing.T) {
	m := NewMemory()
	for i := range 20 {
		file := create(t, m, fmt.Sprintf("f%02d", i), strings.Repeat("x", 3*SectorBytes))
		if i%2 == 0 {
			must(t, file.Sync())
		}
	}
	image := func(seed uint64) string {
		c := m.Crash(rand.New(rand.NewPCG(seed, 0)).IntN)
		names, err := c.List("/")
		must(t, err)
		var all strings.Builder
		for _, name := range names {
			fmt.Fprintf(&all, "%s:%q\n", name, contents(t, c, name))
		}
		return all.String()
	}
	for seed := range uint64(20) {
		if first, second := image(seed), image(seed); first != second {
			t.Fatalf("seed %d left two different disks", seed)
		}
	}
}

// F7.
func TestAMadeDirectorySurvivesPowerLossWithItsParents(t *testing.T) {
	m := NewMemory()
	must(t, MakeDirectory(m, "a/b/c"))
	must(t, MakeDirectory(m, "a/b/d"))
	must(t, MakeDirectory(m, "a/b/d"))
	names, err := m.Crash(LoseAll).List("a/b")
	must(t, err)
	if !slices.Equal(names, []string{"c", "d"}) {
		t.Fatalf("names after power loss: %q", names)
	}
	must(t, MakeDirectory(OS(), t.TempDir()+"/x/y"))
}

// A process dies while it makes a directory and its parents, at any operation; the next one makes it again, and may
// rely on it: whatever the power loss, the directory is there.
func TestMakeDirectoryMakesDurableWhatAnEarlierAttemptLeft(t *testing.T) {
	const name = "a/b/c/d"
	m := NewMemory()
	var left []*Memory
	m.SetFault(func(Op, string) error {
		left = append(left, m.Kill())
		return nil
	})
	must(t, MakeDirectory(m, name))
	m.SetFault(nil)
	for i, killed := range append(left, m.Kill()) {
		must(t, MakeDirectory(killed, name))
		if _, err := killed.Crash(LoseAll).List(name); err != nil {
			t.Errorf("killed before operation %d, made again, power lost: %v", i, err)
		}
	}
}

func TestMakeDirectoryNeedsNoRightToReadAbove(t *testing.T) {
	m := NewMemory()
	must(t, MakeDirectory(m, "home/user"))
	refused := 0
	m.SetFault(func(op Op, path string) error {
		if op == OpSyncDir && path == "home" {
			refused++
			return fs.ErrPermission
		}
		return nil
	})
	must(t, MakeDirectory(m, "home/user/data"))
	if refused == 0 {
		t.Fatal("no call tried to sync the directory above")
	}
	if err := MakeDirectory(m, "home/user"); !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("%v: what was asked for is not durable", err)
	}
	if _, err := m.Crash(LoseAll).List("home/user/data"); err != nil {
		t.Fatal(err)
	}
}

// Two goroutines use one name at once: the hook stands for the other one, between the look and the act.
func TestAConcurrentChangeOfANameIsSeen(t *testing.T) {
	meanwhile := func(m *Memory, f func()) {
		m.SetFault(func(Op, string) error {
			m.SetFault(nil)
			f()
			return nil
		})
	}
	m := NewMemory()
	meanwhile(m, func() { must(t, create(t, m, "f", "first").Close()) })
	must(t, create(t, m, "f", "F").Close())
	if got := contents(t, m, "f"); got != "First" {
		t.Fatalf("two files of one name: %q", got)
	}
	meanwhile(m, func() { must(t, m.Remove("f")) })
	if err := m.Rename("f", "g"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("rename of a removed file: %v", err)
	}
	must(t, create(t, m, "f", "x").Close())
	meanwhile(m, func() { must(t, m.Remove("f")) })
	if err := m.Remove("f"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("second removal: %v", err)
	}
}
