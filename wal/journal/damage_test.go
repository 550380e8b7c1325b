package journal

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// image is a journal at rest, whose file in force holds an opening and three groups, perhaps a seal, and old records
// of an earlier generation behind.
type image struct {
	disk  *vfs.Memory
	force string // the name of the file in force
	// want is what it says, wantLess the same without the last group.
	want, wantLess flatLog
	end            int64
	lastGroup      int64 // where the last group begins
}

func newImage(t *testing.T, sealed bool) image {
	m := vfs.NewMemory()
	o := testOptions(m)
	j := started(t, o, &fakeHistory{})
	var want flatLog
	add := func(group ...raftlog.Operation) {
		appendAll(t, j, group...)
		want = want.after(group...)
	}
	add(operation(1, 2, entries(1, 3, 1, 900)...))
	for term := raftlog.Term(2); j.Stats().Generation < 4; term++ {
		add(operation(term, 1))
	}
	next := want.term + 1
	add(operation(next, 2, entries(3, 5, next, 1500)...))
	add(operation(next+1, 1))
	i := image{wantLess: want, lastGroup: j.end}
	add(operation(next+2, 3, entry(6, next+2, 2000)))
	if sealed {
		must(t, j.Seal())
	}
	must(t, j.Close())
	i.disk, i.want, i.end = m, want, j.end
	i.force, _ = inForce(t, o)
	return i
}

// verdict classifies what Open makes of a damaged image.
func (i image) verdict(t *testing.T) string {
	t.Helper()
	j, r, err := Open(testOptions(i.disk))
	var corruption *raftlog.CorruptionError
	switch {
	case errors.As(err, &corruption):
		return "refused"
	case err != nil:
		t.Fatalf("open: %v", err)
	}
	must(t, j.Close())
	switch {
	case i.want.check(&r, 0) == nil:
		return "identical"
	case i.wantLess.check(&r, 0) == nil:
		return "last group lost"
	}
	t.Fatalf("silently different: %v", i.want.check(&r, 0))
	return ""
}

// F2, F16: Every byte of both files is damaged in turn, one bit of it.
func TestAFlippedBitNeverChangesWhatIsRecovered(t *testing.T) {
	for _, sealed := range []bool{true, false} {
		i := newImage(t, sealed)
		count := map[string]int{}
		for _, name := range names {
			for offset := int64(0); offset < testFileBytes; offset++ {
				idle := offset%PageBytes > 3000 || name != i.force || offset >= i.end
				if idle && offset%PageBytes >= headerBytes && offset%53 != 0 {
					continue // padding and old records, thinned out
				}
				damage(t, i.disk, name, offset)
				verdict := i.verdict(t)
				if verdict == "last group lost" && (sealed || name != i.force || offset < i.lastGroup || offset >= i.end) {
					t.Fatalf("sealed %v, bit of byte %d of %s flipped: %s", sealed, offset, name, verdict)
				}
				if verdict == "refused" && (name != i.force || offset >= i.end) {
					t.Fatalf("sealed %v, bit of byte %d of %s flipped, where nothing is in force: %s", sealed, offset, name, verdict)
				}
				count[verdict]++
				damage(t, i.disk, name, offset)
			}
		}
		if count["refused"] < 1000 || count["identical"] < 1000 || sealed != (count["last group lost"] == 0) {
			t.Fatalf("sealed %v: the damage did little: %v", sealed, count)
		}
		if verdict := i.verdict(t); verdict != "identical" {
			t.Fatalf("the image was left damaged: %s", verdict)
		}
	}
}

// F1, F8.
func TestAShortenedOrLengthenedFileIsRefused(t *testing.T) {
	i := newImage(t, true)
	for _, name := range names {
		for bytes := int64(0); bytes < testFileBytes+PageBytes; bytes += 509 {
			c := i
			c.disk = i.disk.Kill()
			f, err := c.disk.Open(testDirectory+"/"+name, false)
			must(t, err)
			must(t, f.Truncate(bytes))
			got := c.verdict(t)
			// A file that is not in force and still has its opening is harmless: it will be replaced.
			if got != "refused" && (name == i.force || got != "identical" || bytes < PageBytes/2) {
				t.Fatalf("%s cut to %d bytes: %s", name, bytes, got)
			}
		}
	}
}

// F4.
func TestZerosAndGarbageBehindTheEndAreNotRecords(t *testing.T) {
	for _, fill := range []byte{0, 0xff, 'J'} {
		i := newImage(t, true)
		f, err := i.disk.Open(testDirectory+"/"+i.force, false)
		must(t, err)
		tail := make([]byte, testFileBytes-i.end)
		for at := range tail {
			tail[at] = fill
		}
		_, err = f.WriteAt(tail, i.end)
		must(t, err)
		if verdict := i.verdict(t); verdict != "identical" {
			t.Fatalf("tail of bytes %#x: %s", fill, verdict)
		}
	}
}

// F17.
func TestAPageOfAnyKindInAWrongPlaceIsRefused(t *testing.T) {
	i := newImage(t, true)
	for from := int64(0); from < i.end; from += PageBytes {
		for to := int64(0); to < i.end; to += PageBytes {
			if from == to {
				continue
			}
			c := i
			c.disk = i.disk.Kill()
			copyPage(t, c.disk, i.force, from, i.force, to)
			if verdict := c.verdict(t); verdict == "last group lost" {
				t.Fatalf("page at %d copied over the one at %d: %s", from, to, verdict)
			}
		}
	}
	// Behind the end, a whole old record of the same generation proves that there was more.
	c := i
	c.disk = i.disk.Kill()
	copyPage(t, c.disk, i.force, i.lastGroup, i.force, i.end)
	if verdict := c.verdict(t); verdict != "refused" {
		t.Fatalf("a record copied behind the end: %s", verdict)
	}
}

func copyPage(t *testing.T, fs vfs.FS, from string, fromOffset int64, to string, toOffset int64) {
	t.Helper()
	source, err := fs.Open(testDirectory+"/"+from, false)
	must(t, err)
	target, err := fs.Open(testDirectory+"/"+to, false)
	must(t, err)
	page := make([]byte, PageBytes)
	_, err = source.ReadAt(page, fromOffset)
	must(t, err)
	_, err = target.WriteAt(page, toOffset)
	must(t, err)
}

// F8.
func TestAMissingEmptyOrDoubledFileIsRefused(t *testing.T) {
	for _, name := range names {
		path := testDirectory + "/" + name
		for what, spoil := range map[string]func(fs vfs.FS) error{
			"removed": func(fs vfs.FS) error { return fs.Remove(path) },
			"doubled": func(fs vfs.FS) error {
				for offset := int64(0); offset < testFileBytes; offset += PageBytes {
					copyPage(t, fs, name, offset, other(name), offset)
				}
				return nil
			},
		} {
			i := newImage(t, true)
			must(t, spoil(i.disk))
			if verdict := i.verdict(t); verdict != "refused" {
				t.Fatalf("%s %s: %s", name, what, verdict)
			}
		}
	}
}

func other(name string) string {
	if name == nameA {
		return nameB
	}
	return nameA
}

func TestACorruptionNamesFileOffsetReasonAndWayOut(t *testing.T) {
	i := newImage(t, true)
	damage(t, i.disk, i.force, i.lastGroup+headerBytes)
	e := wantCorruption(t, testOptions(i.disk), i.force)
	if e.Offset != i.lastGroup {
		t.Fatalf("offset %d, want %d", e.Offset, i.lastGroup)
	}
	want := fmt.Sprintf("%s/%s is corrupt at offset %d: a damaged record that was durable",
		testDirectory, i.force, e.Offset)
	if got := e.Error(); len(got) < len(want)+50 || got[:len(want)] != want {
		t.Fatalf("message %q", got)
	}
}

// A directory that an earlier build wrote is refused as that, with the way out, and not as a damaged one, which an
// operator would throw away. Payloads of version 2 were not masked.
func TestAJournalOfVersion2IsRefusedByName(t *testing.T) {
	old, err := os.ReadFile("testdata/journal-v2.refused")
	must(t, err)
	for _, name := range names {
		i := newImage(t, true)
		for _, each := range names {
			f, err := i.disk.Open(testDirectory+"/"+each, false)
			must(t, err)
			whole := make([]byte, testFileBytes)
			if each == name {
				copy(whole, old)
			}
			_, err = f.WriteAt(whole, 0)
			must(t, err)
		}
		_, _, err := Open(testOptions(i.disk))
		if !errors.Is(err, ErrVersion) || errors.As(err, new(*raftlog.CorruptionError)) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range []string{name + " at offset 0: version 2, this build knows version 3",
			"written by another version of the program", "the build that wrote"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", name, err, want)
			}
		}
	}
}

func TestAnotherFormatIsRefusedByName(t *testing.T) {
	for _, version := range []uint8{1, Version - 1, Version + 1} {
		i := newImage(t, true)
		f, err := i.disk.Open(testDirectory+"/"+i.force, false)
		must(t, err)
		h, ok, err := (&journalFile{File: f, bytes: PageBytes}).headerAt(0)
		must(t, err)
		record := make([]byte, h.bytes())
		_, err = f.ReadAt(record, 0)
		must(t, err)
		if !ok {
			t.Fatal("no header")
		}
		h.version = version
		h.put(record)
		_, err = f.WriteAt(record, 0)
		must(t, err)
		_, _, err = Open(testOptions(i.disk))
		if want := fmt.Sprintf("version %d, this build knows version %d", version, Version); !errors.Is(err, ErrVersion) ||
			!strings.Contains(err.Error(), want) {
			t.Fatalf("open: %v, want %s", err, want)
		}
	}
}
