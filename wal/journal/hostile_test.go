package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// hostileCrashes is how many disks each of these tests tries.
const hostileCrashes = 200

// bodyOffset is where the body of the only entry of a group begins in its record: behind the record's header, the parts
// checkpoint and state, and the headers of the part and of the entry. A client can know that.
const bodyOffset = headerBytes + 2*(partHeaderBytes+16) + partHeaderBytes + raftlog.EntryHeaderBytes

// forged is a client's value that holds, wherever a page may begin, the header of a record. Nothing in it is secret:
// the client knows this program, and guesses generations. It cannot know a salt.
func forged(bodyBytes int, generation uint64) []byte {
	b := make([]byte, bodyBytes)
	h := header{kind: recordGroup, version: Version, generation: generation, salt: 1}
	var page [headerBytes]byte
	h.put(page[:])
	for at := PageBytes - bodyOffset; at+headerBytes <= bodyBytes; at += PageBytes {
		copy(b[at:], page[:])
	}
	return b
}

// put appends an entry with a client's value, in a group of its own. History has all entries before it.
func put(t *testing.T, j *Journal, h *fakeHistory, body []byte) raftlog.Entry {
	t.Helper()
	h.written = j.Last().Index
	e := raftlog.Entry{Index: h.written + 1, Term: 1, Kind: raftlog.EntryCommand, Body: body}
	e.Seal()
	appendAll(t, j, operation(1, 1, e))
	return e
}

// tornRoll loses power in the sync of a roll into a file that is full of a client's values.
func tornRoll(t *testing.T, seed uint64, value func(generation uint64) []byte) *vfs.Memory {
	t.Helper()
	m := vfs.NewMemory()
	h := &fakeHistory{}
	j := started(t, testOptions(m), h)
	var crashed *vfs.Memory
	m.SetFault(func(op vfs.Op, path string) error {
		if op == vfs.OpSync && j.generation >= 5 && path != j.files[j.current].path && crashed == nil {
			crashed = m.Crash(rand.New(rand.NewPCG(seed, 7)).IntN)
		}
		return nil
	})
	for crashed == nil {
		put(t, j, h, value(j.generation))
	}
	return crashed
}

// S42: What a client chose never looks like a record, and so never proves that an opening was in force.
func TestForgedHeadersInOldPagesProveNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		value func(generation uint64) []byte
	}{
		{"plain values", func(uint64) []byte { return make([]byte, 8000) }},
		{"a generation far ahead", func(uint64) []byte { return forged(8000, 1<<40) }},
		{"the next generation", func(generation uint64) []byte { return forged(8000, generation+1) }},
		{"the next generation but one", func(generation uint64) []byte { return forged(8000, generation+2) }},
	} {
		torn := 0
		for seed := range uint64(hostileCrashes) {
			disk := tornRoll(t, seed, c.value)
			j, r, err := Open(testOptions(disk))
			if err != nil {
				t.Fatalf("%s, seed %d: a healthy journal is refused: %v", c.name, seed, err)
			}
			s, err := look(j.files[1-j.current])
			must(t, err)
			if !s.whole && r.Generation >= 4 {
				torn++
			}
			must(t, j.Close())
		}
		if torn < hostileCrashes/10 {
			t.Fatalf("%s: %d of %d rolls are torn: the test proves little", c.name, torn, hostileCrashes)
		}
	}
}

// equalSums are two values with one checksum, whichever sectors of the one are replaced by those of the other: they
// differ by the checksum's polynomial, once in each sector.
func equalSums(bodyBytes int) (one, other []byte) {
	one, other = make([]byte, bodyBytes), make([]byte, bodyBytes)
	var polynomial [8]byte
	binary.LittleEndian.PutUint64(polynomial[:], 1|uint64(crc32.Castagnoli)<<1)
	for at := vfs.SectorBytes - bodyOffset%vfs.SectorBytes; at+8 <= bodyBytes; at += vfs.SectorBytes {
		copy(other[at:], polynomial[:])
	}
	return one, other
}

// S43: A torn record is recognised also by a client that knows the checksum: half an old value and half a new one never
// make an entry.
func TestTornValuesOfEqualSumsAreNotWhole(t *testing.T) {
	old, next := equalSums(8000)
	if crc32.Checksum(old, castagnoli) != crc32.Checksum(next, castagnoli) || bytes.Equal(old, next) {
		t.Fatal("the sums differ: the test proves nothing")
	}
	torn := 0
	for seed := range uint64(hostileCrashes) {
		m := vfs.NewMemory()
		h := &fakeHistory{}
		j := started(t, testOptions(m), h)
		for j.generation < 5 {
			put(t, j, h, old)
		}
		for j.end < 5*PageBytes { // the records before it lie as they lay when the old values were written
			put(t, j, h, old)
		}
		var crashed *vfs.Memory
		m.SetFault(func(op vfs.Op, _ string) error {
			if op == vfs.OpSync && crashed == nil {
				crashed = m.Crash(rand.New(rand.NewPCG(seed, 11)).IntN)
			}
			return nil
		})
		e := put(t, j, h, next)
		opened, r := reopened(t, testOptions(crashed))
		must(t, opened.Close())
		if r.Torn {
			torn++
		}
		last := r.Entries[len(r.Entries)-1]
		if last.Index == e.Index && !bytes.Equal(last.Body, next) {
			t.Fatalf("seed %d: entry %v is half an old value: no leader made it", seed, last.Mark())
		}
	}
	if torn < hostileCrashes/10 {
		t.Fatalf("%d of %d records are torn: the test proves little", torn, hostileCrashes)
	}
}

// S42: With equal salts a new generation would show old values as they were chosen: each generation draws its own.
func TestEveryGenerationHasASaltOfItsOwn(t *testing.T) {
	m := vfs.NewMemory()
	h := &fakeHistory{}
	j := started(t, testOptions(m), h)
	seen := map[uint64]bool{}
	for range 10 {
		if seen[j.salt] {
			t.Fatalf("generation %d has the salt of an earlier one", j.generation)
		}
		seen[j.salt] = true
		for before := j.generation; j.generation == before; {
			put(t, j, h, make([]byte, 8000))
		}
	}
}

// S42: No page of the disk shows what a client sent, wherever it lies: in a group, and in an opening.
func TestValuesAreHiddenOnTheDisk(t *testing.T) {
	m := vfs.NewMemory()
	h := &fakeHistory{}
	j := started(t, testOptions(m), h)
	value := bytes.Repeat([]byte("value of a client "), 400)
	for j.generation < 4 {
		put(t, j, h, value)
	}
	must(t, j.Close())
	for _, name := range names {
		f, err := openFile(m, testDirectory+"/"+name)
		must(t, err)
		all := make([]byte, f.bytes)
		_, err = f.ReadAt(all, 0)
		must(t, err)
		if at := bytes.Index(all, []byte("of a client")); at >= 0 {
			t.Errorf("%s shows a value at %d", name, at)
		}
	}
	if _, _, err := Open(testOptions(m)); err != nil {
		t.Fatal(err)
	}
}

// S19:
// A record of exactly one page rots after the next generation was begun behind it: the torn opening of that one names
// the end, one page behind what is left.
func TestATornRollDoesNotHideADamagedRecordOfOnePage(t *testing.T) {
	for _, pages := range []int64{1, 2} {
		m := vfs.NewMemory()
		o := testOptions(m)
		j := started(t, o, &fakeHistory{})
		appendAll(t, j, operation(1, 1, entries(1, 9, 1, 900)...))
		before := j.end
		appendAll(t, j, operation(1, 1, entry(10, 1, int((pages-1)*PageBytes)+100)))
		if j.end-before != pages*PageBytes {
			t.Fatalf("the last record has %d bytes, want %d pages", j.end-before, pages)
		}
		name, r := inForce(t, o)
		begun := 0
		restarted, _ := reopened(t, o)
		m.SetFault(func(op vfs.Op, path string) error {
			if op != vfs.OpSync || path != testDirectory+"/"+other(name) || begun > 0 {
				return nil
			}
			for seed := uint64(0); seed < hostileCrashes && begun == 0; seed++ {
				disk := m.Crash(rand.New(rand.NewPCG(seed, 0)).IntN)
				f, err := openFile(disk, testDirectory+"/"+other(name))
				must(t, err)
				s, err := look(f)
				must(t, err)
				if !s.whole && s.begun && s.header.generation > r.Generation {
					begun++
					reopened(t, testOptions(disk))
					damage(t, disk, name, before)
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
}

// S19, F16: A record ends with its page, one byte before, one byte behind: each is read back, and its damage is seen
// as soon as something follows.
func TestRecordsAroundOnePageAreProvenByTheNext(t *testing.T) {
	const onePage = PageBytes - bodyOffset - partHeaderBytes - 8 // the part commit ends the record
	for _, bodyBytes := range []int{0, onePage - 1, onePage, onePage + 1} {
		m := vfs.NewMemory()
		j := started(t, testOptions(m), &fakeHistory{})
		at := j.end
		appendAll(t, j, operation(1, 1, entry(1, 1, bodyBytes)))
		if pages := (j.end - at) / PageBytes; pages != 1 && bodyBytes <= onePage || pages != 2 && bodyBytes > onePage {
			t.Fatalf("a body of %d bytes makes a record of %d pages", bodyBytes, pages)
		}
		must(t, j.Seal())
		must(t, j.Close())
		opened, r := reopened(t, testOptions(m))
		must(t, opened.Close())
		if len(r.Entries) != 1 || len(r.Entries[0].Body) != bodyBytes {
			t.Fatalf("a body of %d bytes: recovered %d entries", bodyBytes, len(r.Entries))
		}
		damage(t, m, nameB, at)
		var corruption *raftlog.CorruptionError
		if _, _, err := Open(testOptions(m)); !errors.As(err, &corruption) || corruption.Offset != at {
			t.Fatalf("a body of %d bytes, its record damaged: %v", bodyBytes, err)
		}
	}
}
