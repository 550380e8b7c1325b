package keyspace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
)

// sampleSpace is a small space with a deadline, a string in chunks, and keys of one slot.
func sampleSpace() *Space {
	s := emptySpace()
	s.Advance(7, 1_700_000_000_000)
	for _, key := range []string{"a", "{t}b", "{t}c"} {
		s.Set([]byte(key), []byte("value of "+key))
	}
	s.appendTo([]byte("log"), bytes.Repeat([]byte("line "), 200))
	s.appendTo([]byte("log"), bytes.Repeat([]byte("more "), 2000))
	s.PutUntil(s.Place([]byte("ends")), []byte("ends"), NewEntry([]byte("ends"), nil), s.time+5)
	return s
}

// imageBytes is the image of the present state.
func (s *Space) imageBytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	image := s.Freeze()
	if _, err := image.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readBack restores a space from the bytes of an image.
func readBack(image []byte) (Space, error) {
	return ReadImage(testSpaceSeed, testMaxValueBytes, bytes.NewReader(image))
}

// TestE16_AClaimedLengthCostsNothing reads a section that claims four gigabytes and has none, checksums in order.
func TestE16_AClaimedLengthCostsNothing(t *testing.T) {
	image := emptySpace().imageBytes(t)[:headerBytes]
	claim := len(image)
	image = binary.LittleEndian.AppendUint32(image, 0xffffffff)
	image = binary.LittleEndian.AppendUint32(image, 0)
	image = appendChecksum(image, claim)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readBack(image); !errors.Is(err, ErrImageDamaged) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 1<<20 {
		t.Fatalf("it costs %d bytes", cost)
	}
}

// imageWith is an image with a header and the payload of one section, checksums in order.
func imageWith(t testing.TB, header imageHeader, payload ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	out := imageWriter{w: &b, payload: bytes.Join(payload, nil)}
	if err := errors.Join(out.write(header.append(nil)), out.finish()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// entriesOf are the entries of an image, as they stand in it.
func entriesOf(f Frozen) (all [][]byte) {
	_ = f.walk(func(r ranked) error {
		all = append(all, appendEntry(nil, r.entry))
		return nil
	})
	return all
}

// TestConsistentLiesAreRefused makes images whose checksums are right and whose contents are not.
func TestConsistentLiesAreRefused(t *testing.T) {
	s := emptySpace()
	s.Set([]byte("{t}a"), []byte("1"))
	s.Set([]byte("{t}b"), []byte("2"))
	image := s.Freeze()
	entries := entriesOf(image)
	header := image.header
	build := func(header imageHeader, payload ...[]byte) []byte { return imageWith(t, header, payload...) }
	more, other := header, header
	more.keys++
	other.hash++
	twice := build(header, entries[0], entries[1])
	footer := len(twice) - footerBytes
	twice = appendFooter(twice[:footer], 2)
	endless := []byte{kindString, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}
	for name, c := range map[string]struct {
		image []byte
		want  error
	}{
		"truth":            {build(header, entries[0], entries[1]), nil},
		"out of order":     {build(header, entries[1], entries[0]), ErrImageDamaged},
		"twice the same":   {build(header, entries[0], entries[0]), ErrImageDamaged},
		"an entry missing": {build(header, entries[0]), ErrImageDamaged},
		"wrong count":      {build(more, entries[0], entries[1]), ErrImageDamaged},
		"wrong hash":       {build(other, entries[0], entries[1]), ErrImageDamaged},
		"wrong sections":   {twice, ErrImageDamaged},
		"unknown kind":     {build(header, entries[0], []byte{9, 0, 0}), ErrImageFormat},
		"cut entry":        {build(header, entries[0], entries[1][:3]), ErrImageDamaged},
		"huge length":      {build(header, endless), ErrImageDamaged},
	} {
		if _, err := readBack(c.image); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestDeadlinesThatAreNoneAreRefused writes entries that no machine writes, checksums in order.
func TestDeadlinesThatAreNoneAreRefused(t *testing.T) {
	s := emptySpace()
	s.Advance(1, 5)
	s.PutUntil(s.Place([]byte("a")), []byte("a"), NewEntry([]byte("a"), []byte("1")), 10)
	image := s.Freeze()
	e := entriesOf(image)[0]
	zero, negative := bytes.Clone(e), bytes.Clone(e)
	clear(zero[1:9])
	negative[8] = 0x80
	other := bytes.Clone(e)
	other[1]++
	for name, c := range map[string]struct {
		entry []byte
		want  error
	}{
		"truth": {e, nil}, "zero": {zero, ErrImageDamaged}, "negative": {negative, ErrImageDamaged},
		"another": {other, ErrImageDamaged}, "cut": {e[:5], ErrImageDamaged}, "cut to the kind": {e[:1], ErrImageDamaged},
	} {
		if _, err := readBack(imageWith(t, image.header, c.entry)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAnImageWithAValueAboveItsOwnLimitIsRefused(t *testing.T) {
	const limit = 4
	for length, want := range map[int]error{limit: nil, limit + 1: ErrImageDamaged} {
		s := New(testSpaceSeed, limit)
		s.Set([]byte("key"), make([]byte, length))
		if _, err := ReadImage(testSpaceSeed, limit, bytes.NewReader(s.imageBytes(t))); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", length, err, want)
		}
	}
}

// TestKeysOfEqualHashAreOrderedByKey asks the reader for an order that only equal hashes need.
func TestKeysOfEqualHashAreOrderedByKey(t *testing.T) {
	var in imageReader
	in.last.Place, in.last.key = Place{7, 7}, "m"
	for key, want := range map[string]bool{"l": false, "m": false, "n": true, "ma": true, "": false} {
		if in.follows(Place{7, 7}, []byte(key)) != want {
			t.Errorf("%q behind m: %v", key, !want)
		}
	}
	if !in.follows(Place{7, 8}, nil) || in.follows(Place{7, 6}, []byte("z")) || !in.follows(Place{8, 0}, nil) {
		t.Error("slot and hash do not come first")
	}
}

func TestUnknownFormatIsNamed(t *testing.T) {
	image := emptySpace().imageBytes(t)
	binary.LittleEndian.PutUint32(image[8:], imageFormat+1)
	later := appendChecksum(bytes.Clone(image[:headerBytes-4]), 0)
	if _, err := readBack(append(later, image[headerBytes:]...)); !errors.Is(err, ErrImageFormat) {
		t.Fatal(err)
	}
}

func TestErrorsOfReaderAndWriterAreHandedOn(t *testing.T) {
	s := sampleSpace()
	image := s.imageBytes(t)
	size := len(image)
	broken := errors.New("broken")
	for _, at := range []int{0, headerBytes, headerBytes + sectionHeaderBytes, size - footerBytes, size} {
		in := io.MultiReader(io.LimitReader(bytes.NewReader(image), int64(at)), iotest.ErrReader(broken))
		if _, err := ReadImage(testSpaceSeed, testMaxValueBytes, in); !errors.Is(err, broken) {
			t.Errorf("reader that breaks at %d: %v", at, err)
		}
		out := &limitedWriter{room: at, err: broken}
		frozen := s.Freeze()
		n, err := frozen.WriteTo(out)
		if at == size {
			if err != nil {
				t.Errorf("writer with room for all: %v", err)
			}
			continue
		}
		if !errors.Is(err, broken) || n != int64(at) {
			t.Errorf("writer that breaks at %d: %d written, %v", at, n, err)
		}
	}
}

// limitedWriter fails when its room is used up.
type limitedWriter struct {
	room int
	err  error
}

func (w *limitedWriter) Write(b []byte) (int, error) {
	n := min(len(b), w.room)
	w.room -= n
	if n < len(b) {
		return n, w.err
	}
	return n, nil
}
