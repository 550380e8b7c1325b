package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// F7.
func TestTheIdentityIsTheOldOrTheNewOneWhateverTheCrash(t *testing.T) {
	m := vfs.NewMemory()
	must(t, vfs.MakeDirectory(m, "d"))
	old, next := testIdentity(), testIdentity()
	next.ClusterID, next.NodeID = 5, 6
	old.Note, next.Note = strings.Repeat("old ", 1000), strings.Repeat("next", 1000) // of several sectors
	must(t, storeIdentity(m, "d", old))
	crashes := uint64(0)
	m.SetFault(func(op vfs.Op, path string) error {
		for seed := range uint64(20) {
			crashes++
			i, err := readIdentity(m.Crash(rand.New(rand.NewPCG(seed, 0)).IntN), "d")
			if err != nil || i != old && i != next {
				t.Fatalf("before %s of %s, seed %d: %+v, %v", op, path, seed, i, err)
			}
		}
		return nil
	})
	must(t, storeIdentity(m, "d", next))
	m.SetFault(nil)
	if i, err := readIdentity(m.Crash(vfs.LoseAll), "d"); err != nil || i != next || crashes < 100 {
		t.Fatalf("after %d crashes: %+v, %v", crashes, i, err)
	}
}

// goldenIdentity is a file of version 2. A change of the format takes a new version and a new golden file;
// RAFTREDIS_UPDATE_GOLDEN=1 writes it.
const goldenIdentity = "testdata/identity-v2.golden"

// resealed is an identity with another byte and a checksum that fits.
func resealed(identity []byte, at int, value byte) []byte {
	b := bytes.Clone(identity[:len(identity)-4])
	b[at] = value
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func TestIdentityIsReadAndWrittenAsEver(t *testing.T) {
	want := Identity{ClusterID: 0x1122334455667788, NodeID: 3, Incarnation: 0x99aabbccddeeff00}
	if os.Getenv("RAFTREDIS_UPDATE_GOLDEN") != "" {
		must(t, os.WriteFile(goldenIdentity, want.encode(), 0o600))
	}
	golden, err := os.ReadFile(goldenIdentity)
	must(t, err)
	if !bytes.Equal(want.encode(), golden) {
		t.Fatalf("%x is written, %x before", want.encode(), golden)
	}
	if got, err := decodeIdentity(golden); err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	for name, wrong := range map[string]struct {
		file []byte
		says string
	}{
		"a newer version":     {resealed(golden, 4, 3), "identity of version 3, this build knows version 2"},
		"version 1, longer":   {resealed(slices.Concat(golden[:4], make([]byte, 72)), 4, 1), "identity of version 1"},
		"another group":       {resealed(golden, 32, 7), "group 7"},
		"reserved bytes":      {resealed(golden, 34, 1), "reserved"},
		"more than there are": {resealed(append(bytes.Clone(golden), 0), 0, golden[0]), "malformed section"},
	} {
		if _, err := decodeIdentity(wrong.file); err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := decodeIdentity(resealed(golden, 4, 3)); !errors.Is(err, ErrVersion) {
		t.Fatalf("version 3: %v", err)
	}
}

// A directory of another version is refused as that, and not as a damaged one.
func TestIdentityOfAnotherVersionIsRefusedByName(t *testing.T) {
	o := testOptions(t.TempDir())
	old := slices.Concat(testIdentity().encode()[:4], make([]byte, 72)) // version 1 had 76 bytes
	must(t, os.WriteFile(filepath.Join(o.Directory, IdentityName), resealed(old, 4, 1), 0o600))
	if _, _, err := Open(o); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "version 1") {
		t.Fatal(err)
	}
}

func TestADamagedIdentityIsCorruption(t *testing.T) {
	directory := t.TempDir()
	must(t, storeIdentity(vfs.OS(), directory, testIdentity()))
	path := filepath.Join(directory, IdentityName)
	whole, err := os.ReadFile(path)
	must(t, err)
	var corruption *CorruptionError
	for at := range whole {
		b := append([]byte(nil), whole...)
		b[at] ^= 1 << (at % 8)
		must(t, os.WriteFile(path, b, 0o600))
		if _, err := readIdentity(vfs.OS(), directory); !errors.As(err, &corruption) {
			t.Fatalf("byte %d: %v", at, err)
		}
		must(t, os.WriteFile(path, whole[:at], 0o600))
		if _, err := readIdentity(vfs.OS(), directory); !errors.As(err, &corruption) {
			t.Fatalf("%d bytes: %v", at, err)
		}
	}
}

// D10, D11.
func TestAnIdentityOnlyEverJoinsOneCluster(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	member := testIdentity()
	member.ClusterID, member.NodeID = 5, 6
	must(t, l.SetIdentity(member))
	must(t, l.SetIdentity(member))
	for name, change := range map[string]func(*Identity){
		"cluster":     func(i *Identity) { i.ClusterID++ },
		"node":        func(i *Identity) { i.NodeID++ },
		"no cluster":  func(i *Identity) { i.ClusterID, i.NodeID = 0, 0 },
		"incarnation": func(i *Identity) { i.Incarnation++ },
	} {
		next := member
		change(&next)
		if err := l.SetIdentity(next); err == nil {
			t.Errorf("%s changed", name)
		}
	}
	must(t, l.Close())
	if l, r := open(t, o); r.Identity != member || l.Identity() != member {
		t.Fatalf("identity %+v", r.Identity)
	}
}

// A note is kept across restarts, may change on a member, and has a bound.
func TestANoteIsKeptWithTheIdentity(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	member := testIdentity()
	member.ClusterID, member.NodeID = 5, 6
	must(t, l.SetIdentity(member))
	for _, bytes := range []int{1, MaxNoteBytes - 1, MaxNoteBytes, 0} {
		member.Note = strings.Repeat("n", bytes)
		must(t, l.SetIdentity(member))
		must(t, l.Close())
		var r Recovered
		if l, r = open(t, o); r.Identity != member {
			t.Fatalf("a note of %d bytes comes back with %d", bytes, len(r.Identity.Note))
		}
	}
	member.Note = strings.Repeat("n", MaxNoteBytes+1)
	if err := l.SetIdentity(member); err == nil {
		t.Error("a note beyond the bound was stored")
	}
	unknown := section.Append(nil, 2, []byte("x"))
	b := member.encode()
	b = append(b[:identityBytes-4], unknown...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := decodeIdentity(b); !errors.Is(err, ErrVersion) {
		t.Errorf("a section of a later version: %v", err)
	}
}

// Until a directory has been used it has no incarnation, and a blank one may get another.
func TestABlankIdentityMayBeDrawnAgain(t *testing.T) {
	o := testOptions(t.TempDir())
	l, r := open(t, o)
	if r.Identity != (Identity{}) {
		t.Fatalf("a new directory has the identity %+v", r.Identity)
	}
	if err := l.SetIdentity(Identity{ClusterID: 5, NodeID: 6}); err == nil {
		t.Error("a member has no incarnation")
	}
	for incarnation := range uint64(2) {
		must(t, l.SetIdentity(Identity{Incarnation: incarnation + 1}))
	}
	must(t, l.Close())
	if _, r = open(t, o); r.Identity != (Identity{Incarnation: 2}) {
		t.Errorf("the identity is %+v", r.Identity)
	}
}

// failingFS fails every operation from the n-th on, as a process that dies there would.
type failingFS struct {
	vfs.FS
	left *int
}

var errDied = errors.New("died")

func (f failingFS) step() error {
	if *f.left--; *f.left < 0 {
		return errDied
	}
	return nil
}

func (f failingFS) Open(path string, create bool) (vfs.File, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	file, err := f.FS.Open(path, create)
	return failingFile{file, f}, err
}

func (f failingFS) MkdirAll(path string) error {
	return errors.Join(f.step(), f.FS.MkdirAll(path))
}

func (f failingFS) Rename(oldPath, newPath string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Rename(oldPath, newPath)
}

func (f failingFS) SyncDir(directory string) error {
	return errors.Join(f.step(), f.FS.SyncDir(directory))
}

type failingFile struct {
	vfs.File
	fs failingFS
}

func (f failingFile) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.fs.step(); err != nil {
		n, _ := f.File.WriteAt(p[:len(p)/2], offset)
		return n, err
	}
	return f.File.WriteAt(p, offset)
}

func (f failingFile) Sync() error { return errors.Join(f.fs.step(), f.File.Sync()) }

// F8.
func TestACrashWhileMakingADirectoryIsRepaired(t *testing.T) {
	steps := 0
	for ; ; steps++ {
		o := testOptions(filepath.Join(t.TempDir(), "d"))
		left := steps
		o.FS = failingFS{vfs.OS(), &left}
		l, _, err := Open(o)
		if err == nil {
			must(t, l.Close())
			break
		}
		if !errors.Is(err, errDied) {
			t.Fatalf("step %d: %v", steps, err)
		}
		o.FS = nil
		l, r := open(t, o)
		if r.Identity != (Identity{}) || r.Term != 0 {
			t.Fatalf("step %d: %+v", steps, r.Identity)
		}
		fill(t, l, 1, 5, 1, 10)
		must(t, l.Close())
		l, _ = open(t, o)
		must(t, l.Close())
	}
	if steps < 15 {
		t.Fatalf("only %d steps", steps)
	}
}

// F22.
func TestIdentityAndJournalBelongTogether(t *testing.T) {
	for _, fills := range []func(l *Log){
		func(l *Log) { must(t, l.Append(operation(1, 1))) },
		func(l *Log) { must(t, l.Append(operation(1, 1, entry(1, 1, 1)))) },
		func(l *Log) { fill(t, l, 1, 30, 1, 100) },
	} {
		o := testOptions(t.TempDir())
		l, _ := open(t, o)
		fills(l)
		must(t, l.Close())

		c := copyLog(t, o)
		must(t, os.Remove(filepath.Join(c.Directory, IdentityName)))
		wantCorruption(t, c, "the file is missing, but there is a log")

		c = copyLog(t, o)
		must(t, os.RemoveAll(filepath.Join(c.Directory, journalName)))
		wantCorruption(t, c, "the file is missing")
		must(t, os.Remove(filepath.Join(c.Directory, IdentityName)))
		if l.Stats().HistoryLast > 0 { // history alone is a log, too
			wantCorruption(t, c, "the file is missing, but there is a log")
		}
	}
}

func TestAJournalOfAnotherNodeIsNotTakenForABlankOne(t *testing.T) {
	o := testOptions(t.TempDir())
	l, _ := open(t, o)
	for term := raftlog.Term(1); term < 60; term++ { // rolls: the files are full of records
		must(t, l.Append(operation(term, 1)))
	}
	must(t, l.Close())
	must(t, os.Remove(filepath.Join(o.Directory, IdentityName)))
	for _, name := range []string{"journal-a", "journal-b"} {
		c := copyLog(t, o)
		must(t, os.Truncate(filepath.Join(c.Directory, journalName, name), 0))
		wantCorruption(t, c, "the file is missing")
	}
}

// A node is killed between giving its identity its name and syncing the directory. The next process reads the identity
// from the page cache. If the name were lost after that one wrote to the journal, there would be a log and no identity.
func TestAnIdentityThatWasReadIsDurableBeforeTheJournalGoesOn(t *testing.T) {
	o := testOptions(t.TempDir())
	m := vfs.NewMemory()
	o.FS = m
	var killed *vfs.Memory
	m.SetFault(func(op vfs.Op, path string) error {
		if _, err := readIdentity(m.Kill(), o.Directory); err == nil && op == vfs.OpSyncDir && killed == nil {
			killed = m.Kill()
		}
		return nil
	})
	l, _ := open(t, o)
	must(t, l.Close())
	if _, err := readIdentity(killed.Crash(vfs.LoseAll), o.Directory); !errors.Is(err, errNoIdentity) {
		t.Fatalf("%v: the name was durable before: the test proves nothing", err)
	}
	o.FS = killed
	writes := 0
	killed.SetFault(func(op vfs.Op, path string) error {
		if op != vfs.OpWrite {
			return nil
		}
		writes++
		if _, err := readIdentity(killed.Crash(vfs.LoseAll), o.Directory); err != nil {
			t.Errorf("write %d to %s, and after power loss: %v", writes, path, err)
		}
		return nil
	})
	open(t, o)
	if writes == 0 {
		t.Fatal("the journal did not go on: the test proves nothing")
	}
}
