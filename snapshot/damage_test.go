package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// sample is a small file with four blocks, of which the last is short.
func sample(t testing.TB) []byte {
	t.Helper()
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 3*512+100)
	return contentOf(t, s.fs, finalName(mark.Mark, mark.FileHash))
}

// readAll reads a file in every way there is, and returns the error that all of them agree on. A file that opens must
// be described as damaged too.
func readAll(t testing.TB, content []byte) error {
	t.Helper()
	m := vfs.NewMemory()
	put(t, m, "file", content)
	return readAllOf(t, m)
}

func readAllOf(t testing.TB, m *vfs.Memory) error {
	t.Helper()
	var description strings.Builder
	inspected := Inspect(m, testDirectory+"/file", &description)
	f, err := OpenFile(m, testDirectory+"/file")
	if err == nil {
		defer f.Close()
		err = f.Verify(nil)
		_, imageErr := f.Image(nil)
		_, copyErr := f.WriteTo(io.Discard)
		if (imageErr == nil) != (err == nil) || (copyErr == nil) != (err == nil) {
			t.Fatalf("Verify says %v, Image %v, WriteTo %v", err, imageErr, copyErr)
		}
	}
	sound := inspected == nil && strings.Contains(description.String(), "whole          every checksum")
	if sound != (err == nil) {
		t.Fatalf("Verify says %v, Inspect %v:\n%s", err, inspected, description.String())
	}
	return err
}

// E7, E16.
func TestEveryFlippedBitIsFound(t *testing.T) {
	whole := sample(t)
	must(t, readAll(t, whole))
	for at := range whole {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		corruption := wantCorruption(t, readAll(t, damaged))
		if corruption.File != testDirectory+"/file" || corruption.Offset > int64(len(whole)) {
			t.Fatalf("byte %d: corruption is reported in %s at %d", at, corruption.File, corruption.Offset)
		}
	}
}

// E7.
func TestEveryCutAndEveryGrowthIsFound(t *testing.T) {
	whole := sample(t)
	for size := range len(whole) {
		wantCorruption(t, readAll(t, whole[:size]))
		wantCorruption(t, readAll(t, append(bytes.Clone(whole[:size]), make([]byte, len(whole)-size+1)...)))
	}
	for extra := range 600 {
		wantCorruption(t, readAll(t, append(bytes.Clone(whole), make([]byte, extra+1)...)))
		wantCorruption(t, readAll(t, append(bytes.Clone(whole), whole[:extra+1]...)))
	}
}

// E7.
func TestZeroedSectorsAreFound(t *testing.T) {
	whole := sample(t)
	for at := 0; at < len(whole); at += vfs.SectorBytes {
		torn := bytes.Clone(whole)
		clear(torn[at:min(at+vfs.SectorBytes, len(torn))])
		wantCorruption(t, readAll(t, torn))
	}
}

// frameOf is where a frame of the sample lies.
func frameOf(t testing.TB, content []byte, number int64) (begin, end int64) {
	t.Helper()
	m := vfs.NewMemory()
	put(t, m, "file", content)
	f, err := OpenFile(m, testDirectory+"/file")
	must(t, err)
	defer f.Close()
	return f.frames.begin(number), f.frames.begin(number + 1)
}

func TestBlocksThatChangedPlacesAreFound(t *testing.T) {
	whole := sample(t)
	first, second := bytes.Clone(whole), bytes.Clone(whole)
	begin, middle := frameOf(t, whole, 1)
	_, end := frameOf(t, whole, 2)
	swapped := slices.Concat(whole[:begin], whole[middle:end], whole[begin:middle], whole[end:])
	corruption := wantCorruption(t, readAll(t, swapped))
	if corruption.Offset != begin || !strings.Contains(corruption.Reason, "calls itself 2") {
		t.Fatalf("swapped blocks: %v", corruption)
	}
	copy(second[middle:end], first[begin:middle])
	if c := wantCorruption(t, readAll(t, second)); c.Offset != middle {
		t.Fatalf("a block that comes twice: %v", c)
	}
}

func TestABlockOfAnotherFileIsFound(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	other := taken(t, s, 6, 3*512+100)
	whole, foreign := sample(t), contentOf(t, s.fs, finalName(other.Mark, other.FileHash))
	for number := int64(1); number <= 5; number++ {
		begin, end := frameOf(t, whole, number)
		mixed := bytes.Clone(whole)
		copy(mixed[begin:end], foreign[begin:end])
		if c := wantCorruption(t, readAll(t, mixed)); c.Offset != begin {
			t.Fatalf("frame %d of another file: %v", number, c)
		}
	}
}

// resealed gives a file new checksums after a change, in the order in which they depend on each other.
func resealed(content []byte) []byte {
	b := bytes.Clone(content)
	seal := func(begin, end int, sum uint32) uint32 {
		appendChecksum(b[:end], begin, sum)
		return binary.LittleEndian.Uint32(b[end:])
	}
	seal(0, 16, 0)
	headerEnd := int(binary.LittleEndian.Uint32(b[12:]))
	sum := seal(0, headerEnd-checksumBytes, 0)
	at := headerEnd
	for at+blockHeaderBytes+footerBytes < len(b) {
		image := b[at+blockHeaderBytes : min(at+blockHeaderBytes+512, len(b)-footerBytes)]
		binary.LittleEndian.PutUint32(b[at+8:], blockSum(sum, b[at:at+8], image))
		at += blockHeaderBytes + len(image)
	}
	seal(len(b)-footerBytes, len(b)-checksumBytes, sum)
	return b
}

func TestTheHashFindsWhatEveryChecksumAgreesWith(t *testing.T) {
	whole := sample(t)
	if !bytes.Equal(resealed(whole), whole) {
		t.Fatal("the test does not know where the checksums are")
	}
	begin, end := frameOf(t, whole, 2)
	changed := bytes.Clone(whole)
	changed[end-1] ^= 1
	changed = resealed(changed)
	c := wantCorruption(t, readAll(t, changed))
	if c.Reason != string(errWhole) || c.Offset < begin {
		t.Fatalf("a change under new checksums: %v", c)
	}
}

func TestAnImpossibleHeaderIsRefusedUnallocated(t *testing.T) {
	whole := sample(t)
	for name, change := range map[string]func(b []byte){
		"header too long":  func(b []byte) { binary.LittleEndian.PutUint32(b[12:], 1<<31) },
		"header too short": func(b []byte) { binary.LittleEndian.PutUint32(b[12:], fixedHeaderBytes) },
		"blocks too large": func(b []byte) { binary.LittleEndian.PutUint32(b[20:], BlockBytes+1) },
		"blocks too small": func(b []byte) { binary.LittleEndian.PutUint32(b[20:], minBlockBytes-1) },
		"no index":         func(b []byte) { clear(b[40:48]) },
		"no term":          func(b []byte) { clear(b[48:56]) },
		"level too high":   func(b []byte) { b[81] = 1 },
		"configuration":    func(b []byte) { b[84]++ },
		"reserved byte":    func(b []byte) { b[90] = 1 },
		"sections":         func(b []byte) { b[92]++ },
	} {
		b := bytes.Clone(whole)
		change(b)
		appendChecksum(b[:16], 0, 0)
		if headerEnd := int(binary.LittleEndian.Uint32(b[12:])); headerEnd < len(b) {
			appendChecksum(b[:headerEnd-checksumBytes], 0, 0)
		}
		if c := wantCorruption(t, readAll(t, b)); c.Offset != 0 {
			t.Errorf("%s: %v", name, c)
		}
	}
}

func TestAnotherVersionIsRefusedByName(t *testing.T) {
	for version, want := range map[uint32]string{1: "version 1", Version + 1: "version 3"} {
		whole := sample(t)
		binary.LittleEndian.PutUint32(whole[8:], version)
		appendChecksum(whole[:16], 0, 0)
		clear(whole[20:]) // another version may have anything there
		err := readAll(t, whole)
		if !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), testDirectory+"/file") ||
			!strings.Contains(err.Error(), want) {
			t.Fatalf("%s: %v", want, err)
		}
	}
}

func TestAnotherGroupIsRefusedByName(t *testing.T) {
	whole := sample(t)
	whole[88] = 7
	if err := readAll(t, resealed(whole)); !errors.Is(err, ErrVersion) || !errors.Is(err, raftlog.ErrGroup) ||
		!strings.Contains(err.Error(), "group 7") {
		t.Fatal(err)
	}
}

func TestUnknownSectionsOfTheHeader(t *testing.T) {
	for name, c := range map[string]struct {
		sections []byte
		want     error
	}{
		"skippable": {section.Append(nil, section.Skippable|9, []byte("later")), nil},
		"refused":   {section.Append(nil, 9, []byte("later")), section.ErrUnknown},
	} {
		s := newStore(t, vfs.NewMemory())
		header := headerAt(5)
		header.Sections = c.sections
		b := header.append(nil, 512)
		got, _, err := parseHeader(b)
		switch {
		case c.want == nil && (err != nil || !bytes.Equal(got.Sections, c.sections)):
			t.Errorf("%s: sections %x, error %v", name, got.Sections, err)
		case c.want == nil:
		case !errors.Is(err, c.want) || !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "kind 9"):
			t.Errorf("%s: %v", name, err)
		}
		w, err := s.Create(header, nil)
		must(t, err)
		_, err = w.Write([]byte("image"))
		must(t, err)
		_, err = w.Commit()
		if !errors.Is(err, c.want) || c.want == nil && err != nil { // it reads what it wrote
			t.Errorf("%s: commit: %v", name, err)
		}
		must(t, w.Close())
	}
}

func TestSectionsBeyondTheirLimitAreRefused(t *testing.T) {
	header := headerAt(5)
	header.Sections = make([]byte, MaxSectionsBytes+1)
	if _, err := newStore(t, vfs.NewMemory()).Create(header, nil); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
}

func TestErrorsOfOpenNameTheFileAndTheWayOut(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark, other := taken(t, s, 5, 1000), taken(t, s, 6, 1000)
	missing := mark
	missing.FileHash++
	if _, err := s.Open(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a missing file: %v", err)
	}
	configuration := mark
	configuration.Configuration = []byte("somebody else")
	if _, err := s.Open(configuration); !errors.Is(err, ErrForeign) {
		t.Fatalf("another configuration: %v", err)
	}
	longer := mark
	longer.FileBytes++
	if _, err := s.Open(longer); !errors.Is(err, ErrForeign) {
		t.Fatalf("another size: %v", err)
	}
	put(t, s.fs, finalName(mark.Mark, mark.FileHash), contentOf(t, s.fs, finalName(other.Mark, other.FileHash)))
	_, err := s.Open(mark)
	if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "do not use it") {
		t.Fatalf("another snapshot under its name: %v", err)
	}
	put(t, s.fs, finalName(mark.Mark, mark.FileHash), nil)
	_, err = s.Open(mark)
	wantCorruption(t, err)
	if text := err.Error(); !strings.Contains(text, finalName(mark.Mark, mark.FileHash)) ||
		!strings.Contains(text, "at offset 0") || !strings.Contains(text, "on the other nodes of the cluster") {
		t.Fatalf("an empty file: %v", err)
	}
}
