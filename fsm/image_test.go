package fsm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/iotest"
)

var update = flag.Bool("update", false, "write golden files anew")

// sample is a small machine whose image has every feature of the format but a second section.
func sample(t testing.TB) *Machine {
	t.Helper()
	m := newMachine(t)
	m.Apply(1, 1700000000000, nil, nil)
	script(m, "set a 1", "set {tag}x one", "set {tag}y two", "incr counter", "append log line")
	do(m, [][]byte{[]byte("append"), []byte("log"), bytes.Repeat([]byte("0123456789"), 60)})
	do(m, [][]byte{[]byte("set"), {}, {}})
	return m
}

// TestImageFormatIsThatOfTheGoldenFile guards what clusters have on their disks: a change here needs a new format.
func TestImageFormatIsThatOfTheGoldenFile(t *testing.T) {
	m := sample(t)
	got := hex.Dump(imageOf(t, m))
	golden := filepath.Join("testdata", "image-format-1.hex")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Fatalf("the image is\n%s\nthe golden file has\n%s", got, want)
	}
}

func TestRestoredMachineIsTheMachine(t *testing.T) {
	m := sample(t)
	for i := range 20_000 { // several sections
		m.space.set(fmt.Appendf(nil, "key %d", i), bytes.Repeat([]byte{byte(i)}, i%100))
	}
	image := imageOf(t, m)
	again := restored(t, image)
	one, other := &again.space, &m.space
	if again.Hash() != m.Hash() || again.Index() != m.Index() || one.time != other.time || one.keys != other.keys {
		t.Fatalf("index %d hash %x, want index %d hash %x", again.Index(), again.Hash(), m.Index(), m.Hash())
	}
	if !bytes.Equal(imageOf(t, again), image) {
		t.Fatal("the image of the restored machine is another")
	}
	if got := script(again, "incr counter", "get {tag}y", "dbsize"); got != ":2 $3 two :20006" {
		t.Fatalf("it answers %s", got)
	}
}

func TestImageOfNothingRestores(t *testing.T) {
	m := newMachine(t)
	if again := restored(t, imageOf(t, m)); again.Hash() != m.Hash() || again.space.keys != 0 {
		t.Fatal("an empty machine does not survive its image")
	}
}

// TestH3_ImageIsAFunctionOfContentAlone reaches one content by different ways: order, deletions, appends, division and
// merging of leaves.
func TestH3_ImageIsAFunctionOfContentAlone(t *testing.T) {
	const keys = 3000
	key := func(i int) []byte { return fmt.Appendf(nil, "{%d}key %d", i%2, i) }
	value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, i%1500) }
	straight, devious := newMachine(t), newMachine(t)
	for i := range keys {
		do(straight, [][]byte{[]byte("set"), key(i), value(i)})
	}
	for i := range 4 * keys { // more keys than remain
		do(devious, [][]byte{[]byte("set"), key(i), []byte("other")})
	}
	devious.Freeze()
	for i := 4*keys - 1; i >= 0; i-- {
		do(devious, [][]byte{[]byte("del"), key(i)})
		if i >= keys {
			continue
		}
		half := len(value(i)) / 2
		do(devious, [][]byte{[]byte("append"), key(i), value(i)[:half]})
		do(devious, [][]byte{[]byte("append"), key(i), value(i)[half:]})
	}
	for straight.Index() < devious.Index() {
		straight.Apply(straight.Index()+1, 0, nil, nil)
	}
	if straight.Hash() != devious.Hash() {
		t.Fatalf("hashes %x and %x", straight.Hash(), devious.Hash())
	}
	if !bytes.Equal(imageOf(t, straight), imageOf(t, devious)) {
		t.Fatal("equal contents have different images")
	}
}

func TestEveryFlippedByteOfAnImageIsRefused(t *testing.T) {
	m := sample(t)
	image := imageOf(t, m)
	target := newMachine(t)
	script(target, "set kept 1")
	before := target.Hash()
	for at := range image {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			damaged := bytes.Clone(image)
			damaged[at] ^= flip
			if err := target.Restore(testSeed, bytes.NewReader(damaged)); !errors.Is(err, ErrImageDamaged) {
				t.Fatalf("byte %d with %02x flipped: %v", at, flip, err)
			}
		}
	}
	if target.Hash() != before || script(target, "get kept") != "$1 1" {
		t.Fatal("a refused image changed the machine")
	}
}

func TestEveryCutOfAnImageIsRefused(t *testing.T) {
	image := imageOf(t, sample(t))
	for length := range image {
		err := New(Options{}).Restore(testSeed, bytes.NewReader(image[:length]))
		if !errors.Is(err, ErrImageDamaged) {
			t.Fatalf("%d of %d bytes: %v", length, len(image), err)
		}
	}
	longer := append(bytes.Clone(image), 0)
	if err := New(Options{}).Restore(testSeed, bytes.NewReader(longer)); !errors.Is(err, ErrImageDamaged) {
		t.Fatalf("with a byte behind its end: %v", err)
	}
}

// TestE16_AClaimedLengthCostsNothing reads a section that claims four gigabytes and has none, checksums in order.
func TestE16_AClaimedLengthCostsNothing(t *testing.T) {
	image := imageOf(t, newMachine(t))[:headerBytes]
	claim := len(image)
	image = binary.LittleEndian.AppendUint32(image, 0xffffffff)
	image = binary.LittleEndian.AppendUint32(image, 0)
	image = appendChecksum(image, claim)
	m := New(Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := m.Restore(testSeed, bytes.NewReader(image)); !errors.Is(err, ErrImageDamaged) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 1<<20 {
		t.Fatalf("it costs %d bytes", cost)
	}
}

func TestImageOfAnotherClusterIsRefused(t *testing.T) {
	image := imageOf(t, sample(t))
	if err := New(Options{}).Restore(testSeed+1, bytes.NewReader(image)); !errors.Is(err, ErrImageForeign) {
		t.Errorf("another seed: %v", err)
	}
	if err := New(Options{MaxValueBytes: 5}).Restore(testSeed, bytes.NewReader(image)); !errors.Is(err, ErrImageForeign) {
		t.Errorf("other options: %v", err)
	}
}

// TestConsistentLiesAreRefused makes images whose checksums are right and whose contents are not.
func TestConsistentLiesAreRefused(t *testing.T) {
	m := newMachine(t)
	script(m, "set {t}a 1", "set {t}b 2")
	var entries [][]byte
	image := m.Freeze()
	_ = image.walk(func(r ranked) error {
		entries = append(entries, appendEntry(nil, r.entry))
		return nil
	})
	header := image.header
	build := func(header imageHeader, payload ...[]byte) []byte {
		var b bytes.Buffer
		out := imageWriter{w: &b, payload: bytes.Join(payload, nil)}
		if err := errors.Join(out.write(header.append(nil)), out.finish()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
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
		if err := New(Options{}).Restore(testSeed, bytes.NewReader(c.image)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAnImageWithAValueAboveItsOwnLimitIsRefused(t *testing.T) {
	const limit = 4
	m := New(Options{MaxValueBytes: limit})
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	for length, want := range map[int]error{limit: nil, limit + 1: ErrImageDamaged} {
		m.space = newSpace(testSeed)
		m.space.set([]byte("key"), make([]byte, length))
		if err := m.Restore(testSeed, bytes.NewReader(imageOf(t, m))); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", length, err, want)
		}
	}
}

// TestKeysOfEqualHashAreOrderedByKey asks the reader for an order that only equal hashes need.
func TestKeysOfEqualHashAreOrderedByKey(t *testing.T) {
	var in imageReader
	in.last.place, in.last.key = place{7, 7}, "m"
	for key, want := range map[string]bool{"l": false, "m": false, "n": true, "ma": true, "": false} {
		if in.follows(place{7, 7}, []byte(key)) != want {
			t.Errorf("%q behind m: %v", key, !want)
		}
	}
	if !in.follows(place{7, 8}, nil) || in.follows(place{7, 6}, []byte("z")) || !in.follows(place{8, 0}, nil) {
		t.Error("slot and hash do not come first")
	}
}

func TestUnknownFormatIsNamed(t *testing.T) {
	image := imageOf(t, newMachine(t))
	binary.LittleEndian.PutUint32(image[8:], imageFormat+1)
	later := appendChecksum(bytes.Clone(image[:headerBytes-4]), 0)
	err := New(Options{}).Restore(testSeed, bytes.NewReader(append(later, image[headerBytes:]...)))
	if !errors.Is(err, ErrImageFormat) {
		t.Fatal(err)
	}
}

func TestErrorsOfReaderAndWriterAreHandedOn(t *testing.T) {
	m := sample(t)
	size := len(imageOf(t, m))
	broken := errors.New("broken")
	for _, at := range []int{0, headerBytes, headerBytes + sectionHeaderBytes, size - footerBytes, size} {
		in := io.MultiReader(io.LimitReader(bytes.NewReader(imageOf(t, m)), int64(at)), iotest.ErrReader(broken))
		if err := New(Options{}).Restore(testSeed, in); !errors.Is(err, broken) {
			t.Errorf("reader that breaks at %d: %v", at, err)
		}
		out := &limitedWriter{room: at, err: broken}
		n, err := m.Freeze().WriteTo(out)
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

func TestReleasedImageWritesNothing(t *testing.T) {
	image := sample(t).Freeze()
	image.Release()
	image.Release()
	wantReleased(t, image)
}
