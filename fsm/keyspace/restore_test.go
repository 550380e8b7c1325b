package keyspace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/section"
)

// sampleSpace is a small space with a deadline, a string in chunks, and keys of one slot.
func sampleSpace() *single {
	s := emptySpace()
	s.Advance(7, 1_700_000_000_000)
	for _, key := range []string{"a", "{t}b", "{t}c"} {
		s.Set([]byte(key), []byte("value of "+key))
	}
	s.appendTo([]byte("log"), bytes.Repeat([]byte("line "), 200))
	s.appendTo([]byte("log"), bytes.Repeat([]byte("more "), 2000))
	s.PutUntil(s.Place([]byte("ends")), []byte("ends"), NewEntry([]byte("ends"), nil), AtLog(s.now.Log+5))
	return s
}

// imageBytes is the image of the present state.
func (s *single) imageBytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	image := s.Freeze()
	if _, err := image.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// testReading reads images of the spaces of these tests.
var testReading = ReadOptions{Seed: testSpaceSeed, MaxValueBytes: testMaxValueBytes}

// readBack restores a space from the bytes of an image.
func readBack(image []byte) (*single, error) {
	state, err := ReadImage(bytes.NewReader(image), testReading)
	if err != nil {
		return nil, err
	}
	return singleOf(state), nil
}

// E16: TestClaimedLengthCostsNothing reads a section that claims four gigabytes and has none, checksums in order.
func TestClaimedLengthCostsNothing(t *testing.T) {
	image := emptySpace().imageBytes(t)[:headerBytes]
	claim := len(image)
	image = appendSectionHeader(image, sectionKeys, nil)
	binary.LittleEndian.PutUint32(image[claim+4:], 0xffffffff)
	image = appendChecksum(image[:len(image)-4], claim)
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

// imageWith is an image with a header and the items of one section, the last of which was put last, checksums in order.
func imageWith(t testing.TB, header imageHeader, items ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	out := imageWriter{w: &b}
	err := out.write(header.append(nil))
	if len(items) > 0 {
		out.open()
		out.payload = append(out.payload, bytes.Join(items, nil)...)
		err = errors.Join(err, out.addRemovals(&removals{newest: header.index}))
	}
	if err = errors.Join(err, out.finish()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// itemsOf are the entries of an image, as they stand in it: each with the parts of its value.
func itemsOf(f Frozen) (all [][]byte) {
	_ = f.walk(func(_ int, r ranked) error {
		var b bytes.Buffer
		out := imageWriter{w: &b}
		err := out.add(0, r)
		all = append(all, bytes.Clone(out.payload[databaseBytes:]))
		return err
	})
	return all
}

// TestConsistentLiesAreRefused makes images whose checksums are right and whose contents are not.
func TestConsistentLiesAreRefused(t *testing.T) {
	s := emptySpace()
	s.Advance(3, 0)
	s.Set([]byte("{t}a"), []byte("1"))
	s.Set([]byte("{t}b"), []byte("2"))
	image := s.Freeze()
	items := itemsOf(image)
	header := image.header
	build := func(header imageHeader, items ...[]byte) []byte { return imageWith(t, header, items...) }
	more, other, younger, counted := header, header, header, header
	more.keys++
	other.hash++
	younger.index--
	counted.number++
	changed := bytes.Clone(items[0])
	changed[1]-- // the version
	endless := []byte{byte(value.KindString), 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}
	for name, c := range map[string]struct {
		image []byte
		want  error
	}{
		"truth":             {build(header, items...), nil},
		"out of order":      {build(header, items[1], items[0]), ErrImageDamaged},
		"twice the same":    {build(header, items[0], items[0]), ErrImageDamaged},
		"an entry missing":  {build(header, items[0]), ErrImageDamaged},
		"wrong count":       {build(more, items...), ErrImageDamaged},
		"wrong hash":        {build(other, items...), ErrImageDamaged},
		"wrong version":     {build(header, changed, items[1]), ErrImageDamaged},
		"later than itself": {build(younger, items...), ErrImageDamaged},
		"empty section":     {build(header, nil), ErrImageDamaged},
		"unknown kind":      {build(header, items[0], []byte{9, 0, 0, 0}), ErrImageFormat},
		"cut entry":         {build(header, items[0], items[1][:4]), ErrImageDamaged},
		"huge length":       {build(header, endless), ErrImageDamaged},
		"another number":    {build(counted, items...), ErrImageDamaged},
	} {
		if _, err := readBack(c.image); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestWrongPartsAreRefused writes strings in parts that no writer makes, checksums in order.
func TestWrongPartsAreRefused(t *testing.T) {
	const length = 3*value.ChunkBytes + 10
	s := emptySpace()
	s.Set([]byte("key"), bytes.Repeat([]byte("x"), length))
	image := s.Freeze()
	whole := itemsOf(image)[0]
	head := append([]byte{byte(value.KindString) | partsFlag, 0, 3}, "key"...)
	if !bytes.HasPrefix(whole, head) {
		t.Fatalf("the item begins with % x", whole[:10])
	}
	part := func(b ...byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }
	size := part(binary.AppendUvarint(nil, length)...)
	all := part(append([]byte{0}, bytes.Repeat([]byte("x"), length)...)...)
	chunk := func(skip byte, bytes int) []byte { return part(append([]byte{skip}, make([]byte, bytes)...)...) }
	end := []byte{0}
	for name, c := range map[string]struct {
		items [][]byte
		want  error
	}{
		"truth":              {[][]byte{head, size, all, end}, nil},
		"in two parts":       {[][]byte{head, size, all[:0], chunk(0, 0), end}, ErrImageDamaged},
		"no length":          {[][]byte{head, end}, ErrImageDamaged},
		"length and more":    {[][]byte{head, part(5, 5), end}, ErrImageDamaged},
		"a short string":     {[][]byte{head, part(5), chunk(0, 5), end}, ErrImageDamaged},
		"too long":           {[][]byte{head, part(0xff, 0xff, 0xff, 0xff, 0x0f), end}, ErrImageDamaged},
		"zeros":              {[][]byte{head, size, end}, ErrImageDamaged},
		"behind the end":     {[][]byte{head, size, all, chunk(0, 1), end}, ErrImageDamaged},
		"skips too far":      {[][]byte{head, size, chunk(4, 10), end}, ErrImageDamaged},
		"no whole chunk":     {[][]byte{head, size, chunk(0, 100), end}, ErrImageDamaged},
		"last chunk is long": {[][]byte{head, size, chunk(3, 11), end}, ErrImageDamaged},
		"no end":             {[][]byte{head, size, all}, ErrImageDamaged},
		"cut":                {[][]byte{head, size, all[:100]}, ErrImageDamaged},
	} {
		if _, err := readBack(imageWith(t, image.header, c.items...)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestSectionsOfLaterBuilds adds sections of unknown kinds at every place between those of an image.
func TestSectionsOfLaterBuilds(t *testing.T) {
	s := sampleSpace()
	image := s.imageBytes(t)
	end := len(image) - sectionHeaderBytes - endBytes
	later := func(kind section.Kind) []byte { return appendSection(nil, kind, []byte("what later builds know")) }
	last := appendSection(nil, sectionEnd, binary.LittleEndian.AppendUint64(nil, 3))
	for _, at := range []int{headerBytes, end} {
		skippable := slices.Concat(image[:at], later(section.Skippable|7), image[at:end], last)
		again, err := readBack(skippable)
		if err != nil || again.StateHash() != s.StateHash() {
			t.Fatalf("with a section that may be skipped at %d: %v", at, err)
		}
		flipped := bytes.Clone(skippable)
		flipped[at+sectionHeaderBytes] ^= 1
		if _, err := readBack(flipped); !errors.Is(err, ErrImageDamaged) {
			t.Fatalf("with a flipped bit in what is skipped: %v", err)
		}
		_, err = readBack(slices.Concat(image[:at], later(7), image[at:end], last))
		if !errors.Is(err, ErrImageFormat) || !strings.Contains(err.Error(), "section of kind 7") {
			t.Fatalf("with a section that must not be skipped: %v", err)
		}
	}
	other := appendSection(nil, sectionKeys, []byte{0, 4, 0, 0, 1, 0, 1, 'k', 0})
	if _, err := readBack(slices.Concat(image[:headerBytes], other, last)); !errors.Is(err, ErrImageFormat) {
		t.Fatalf("with keys of a database that there cannot be: %v", err)
	}
}

func appendSection(dst []byte, kind section.Kind, payload []byte) []byte {
	return append(appendSectionHeader(dst, kind, payload), payload...)
}

// TestDeadlinesThatAreNoneAreRefused writes entries that no machine writes, checksums in order.
func TestDeadlinesThatAreNoneAreRefused(t *testing.T) {
	s := emptySpace()
	s.Advance(1, 5)
	s.PutUntil(s.Place([]byte("a")), []byte("a"), NewEntry([]byte("a"), []byte("1")), 10)
	image := s.Freeze()
	e := itemsOf(image)[0]
	zero, negative := bytes.Clone(e), bytes.Clone(e)
	clear(zero[2:10])
	negative[9] = 0x80
	other := bytes.Clone(e)
	other[2]++
	for name, c := range map[string]struct {
		entry []byte
		want  error
	}{
		"truth": {e, nil}, "zero": {zero, ErrImageDamaged}, "negative": {negative, ErrImageDamaged},
		"another": {other, ErrImageDamaged}, "cut": {e[:6], ErrImageDamaged}, "cut to the tag": {e[:1], ErrImageDamaged},
	} {
		if _, err := readBack(imageWith(t, image.header, c.entry)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestImageWithTooLongValueIsRefused(t *testing.T) {
	const limit = 4
	for length, want := range map[int]error{limit: nil, limit + 1: ErrImageDamaged} {
		s := singleOf(New(testSpaceSeed, limit))
		s.Set([]byte("key"), make([]byte, length))
		o := ReadOptions{Seed: testSpaceSeed, MaxValueBytes: limit}
		if _, err := ReadImage(bytes.NewReader(s.imageBytes(t)), o); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", length, err, want)
		}
	}
}

// TestKeysOfEqualHashAreOrderedByKey asks the reader for an order that only equal hashes need.
func TestKeysOfEqualHashAreOrderedByKey(t *testing.T) {
	last := rankedKey{1, Place{slot: 7, hash: 7}, "m", true}
	for key, want := range map[string]bool{"l": false, "m": false, "n": true, "ma": true, "": false} {
		if last.before(1, Place{slot: 7, hash: 7}, []byte(key)) != want {
			t.Errorf("%q behind m: %v", key, !want)
		}
	}
	lower, higher, next := Place{slot: 7, hash: 6}, Place{slot: 7, hash: 8}, Place{slot: 8}
	if !last.before(1, higher, nil) || last.before(1, lower, []byte("z")) || !last.before(1, next, nil) {
		t.Error("slot and hash do not come first")
	}
	if !last.before(2, Place{}, nil) || last.before(0, Place{slot: 8, hash: 8}, []byte("z")) {
		t.Error("the database does not come first")
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
	for _, at := range []int{0, headerBytes, headerBytes + sectionHeaderBytes, size - endBytes, size} {
		in := io.MultiReader(io.LimitReader(bytes.NewReader(image), int64(at)), iotest.ErrReader(broken))
		if _, err := ReadImage(in, testReading); !errors.Is(err, broken) {
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

// TestStringsSurviveTheirImage restores strings of all lengths and densities, which lie in chunks or with their keys,
// and compares them with their bytes. The image is the same however they lie, and small where there are zeros.
func TestStringsSurviveTheirImage(t *testing.T) {
	r := random(t, 22)
	const chunk = value.ChunkBytes
	lengths := []int{0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 16 * chunk, 17*chunk + 5, 64 * chunk, 64*chunk + 1,
		200*chunk + 77, 1 << 20}
	inline, apart := emptySpace(), emptySpace()
	want := map[string][]byte{}
	bound := 0
	for _, length := range lengths {
		for _, density := range []int{0, 1, 3, 100} {
			key := fmt.Sprintf("%d bytes, %d of 4 chunks", length, density)
			text := make([]byte, length)
			for i := 0; i < length; i += chunk {
				if piece := text[i:min(i+chunk, length)]; r.IntN(4) < density {
					piece[r.IntN(len(piece))] = byte(1 + r.IntN(255))
					bound += chunk + 10
				}
			}
			bound += 100
			want[key] = text
			inline.Set([]byte(key), text)
			if length > 0 {
				apart.Put(apart.Place([]byte(key)), []byte(key), apart.Built([]byte(key), length, func(p []byte, at int) bool {
					return copy(p, text[at:at+len(p)]) > 0
				}))
			} else {
				apart.Set([]byte(key), nil)
			}
		}
	}
	image := inline.imageBytes(t)
	if !bytes.Equal(image, apart.imageBytes(t)) {
		t.Fatal("the image depends on how strings lie in memory")
	}
	if len(image) > bound {
		t.Fatalf("the image has %d bytes, want at most %d", len(image), bound)
	}
	again, err := readBack(image)
	if err != nil {
		t.Fatal(err)
	}
	for key, text := range want {
		if e := again.Get([]byte(key)); e == nil || !bytes.Equal(e.content(), text) {
			t.Errorf("%s is another string", key)
		}
	}
	if !bytes.Equal(again.imageBytes(t), image) {
		t.Error("the restored space has another image")
	}
}
