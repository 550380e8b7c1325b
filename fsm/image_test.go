package fsm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"weak"

	"github.com/raftredis/raftredis/fsm/keyspace"
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
	script(m, "setrange sparse 12289 x") // in parts: three chunks of zeros, and two bytes
	return m
}

// checkGolden compares the image of a machine with a golden file, or writes that with -update.
func checkGolden(t *testing.T, m *Machine, name string) {
	t.Helper()
	got := hex.Dump(imageOf(t, m))
	golden := filepath.Join("testdata", name)
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

// TestImageFormatIsThatOfTheGoldenFile guards what clusters have on their disks: a change here needs a new format.
func TestImageFormatIsThatOfTheGoldenFile(t *testing.T) {
	m := sample(t)
	checkGolden(t, m, "image-format-2.hex")
}

func TestRestoredMachineIsTheMachine(t *testing.T) {
	m := sample(t)
	for i := range 20_000 { // several sections
		m.state.Space(0).Set(fmt.Appendf(nil, "key %d", i), bytes.Repeat([]byte{byte(i)}, i%100))
	}
	image := imageOf(t, m)
	again := restored(t, image)
	one, other := &again.state, &m.state
	if again.Hash() != m.Hash() || again.Index() != m.Index() || one.Now() != other.Now() ||
		one.Space(0).Size() != other.Space(0).Size() {
		t.Fatalf("index %d hash %x, want index %d hash %x", again.Index(), again.Hash(), m.Index(), m.Hash())
	}
	if !bytes.Equal(imageOf(t, again), image) {
		t.Fatal("the image of the restored machine is another")
	}
	// Strings may lie in chunks in one and with their keys in the other.
	if held, want := again.HeldBytes(), m.HeldBytes(); held < want*9/10 || held > want*11/10 {
		t.Errorf("%d bytes are counted, %d in the machine that was frozen", held, want)
	}
	if got := script(again, "incr counter", "get {tag}y", "dbsize"); got != ":2 $3 two :20007" {
		t.Fatalf("it answers %s", got)
	}
}

func TestADiscardedStateIsGone(t *testing.T) {
	m := sample(t)
	image := imageOf(t, m)
	m.Apply(m.Index()+1, 0, body("set more 1", "select 3", "set more 1"), nil)
	spaces := []weak.Pointer[keyspace.Space]{weak.Make(m.state.Space(0)), weak.Make(m.state.Space(3))}
	m.Discard()
	runtime.GC()
	for number, space := range spaces { // a state that is restored from here on has the memory for itself
		if space.Value() != nil {
			t.Errorf("database %d of the old state is still in memory", number)
		}
	}
	if m.Ready() || m.HeldBytes() != 0 || m.Stats().Keys != 0 {
		t.Errorf("ready %t, %d bytes, %d keys", m.Ready(), m.HeldBytes(), m.Stats().Keys)
	}
	if err := m.Restore(testSeed, bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(imageOf(t, m), image) {
		t.Error("the state that was restored is another")
	}
}

func TestImageOfNothingRestores(t *testing.T) {
	m := newMachine(t)
	if again := restored(t, imageOf(t, m)); again.Hash() != m.Hash() || again.state.Space(0).Size() != 0 {
		t.Fatal("an empty machine does not survive its image")
	}
}

// H3: TestImageIsAFunctionOfContent reaches one content by different ways: order, deletions, appends, division and
// merging of leaves. The last entry that changes a key has the same index in both, and so has the last one that put a
// key which is there no more: these are part of the content.
func TestImageIsAFunctionOfContent(t *testing.T) {
	const keys = 3000
	key := func(i int) []byte { return fmt.Appendf(nil, "{%d}key %d", i%2, i) }
	text := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, i%1500) }
	straight, devious := newMachine(t), newMachine(t)
	for i := range 4 * keys { // more keys than remain
		do(devious, [][]byte{[]byte("set"), key(i), []byte("other")})
		do(straight, [][]byte{[]byte("set"), key(i), nil}, [][]byte{[]byte("del"), key(i)})
	}
	devious.Freeze()
	for i := 4*keys - 1; i >= 0; i-- {
		if i >= keys {
			do(straight, words("del nothing"))
			do(devious, [][]byte{[]byte("del"), key(i)})
			continue
		}
		half := len(text(i)) / 2
		do(straight, [][]byte{[]byte("set"), key(i), text(i)})
		do(devious, [][]byte{[]byte("del"), key(i)}, [][]byte{[]byte("append"), key(i), text(i)[:half]},
			[][]byte{[]byte("append"), key(i), text(i)[half:]})
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
			if err := target.Restore(testSeed, bytes.NewReader(damaged)); !errors.Is(err, keyspace.ErrImageDamaged) {
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
		if !errors.Is(err, keyspace.ErrImageDamaged) {
			t.Fatalf("%d of %d bytes: %v", length, len(image), err)
		}
	}
	longer := append(bytes.Clone(image), 0)
	if err := New(Options{}).Restore(testSeed, bytes.NewReader(longer)); !errors.Is(err, keyspace.ErrImageDamaged) {
		t.Fatalf("with a byte behind its end: %v", err)
	}
}

func TestImageOfAnotherClusterIsRefused(t *testing.T) {
	image := imageOf(t, sample(t))
	if err := New(Options{}).Restore(testSeed+1, bytes.NewReader(image)); !errors.Is(err, keyspace.ErrImageForeign) {
		t.Errorf("another seed: %v", err)
	}
	err := New(Options{MaxValueBytes: 5}).Restore(testSeed, bytes.NewReader(image))
	if !errors.Is(err, keyspace.ErrImageForeign) {
		t.Errorf("other options: %v", err)
	}
}

// TestStringOfZerosStaysSmallWhenRestored has a string of 16 MiB with a bit at each end: it takes some kilobytes of
// memory before and after an image, and of the image. The states are equal, also after further changes.
func TestStringOfZerosStaysSmallWhenRestored(t *testing.T) {
	const maxLiveBytes, maxImageBytes = 2 << 20, 64 << 10
	m := newMachine(t)
	lines := []string{
		"SETBIT sparse 134217727 1", "SETBIT sparse 0 1", "SETRANGE half 8191 x", "SETRANGE third 12287 x",
		"SETRANGE third 4096 y", "SET short x", "PEXPIRE sparse 1000",
	}
	script(m, lines...)
	image := imageOf(t, m)
	if len(image) > maxImageBytes {
		t.Errorf("the image has %d bytes", len(image))
	}
	r := newMachine(t)
	before := int64(heapBytes())
	if err := r.Restore(testSeed, bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	if grown := int64(heapBytes()) - before; grown > maxLiveBytes {
		t.Errorf("the restored state takes %d bytes more than an empty one", grown)
	}
	if !bytes.Equal(imageOf(t, r), image) {
		t.Error("the restored state has another image")
	}
	for _, line := range []string{
		"BITCOUNT sparse", "BITPOS sparse 1 1", "GETRANGE half 8190 -1", "GETRANGE third 4095 4097", "PTTL sparse",
		"SETBIT sparse 77777777 1", "APPEND third z", "BITOP OR all sparse half third", "COPY sparse twin",
		"SETRANGE twin 5 x", "GETRANGE sparse 5 5", "BITCOUNT all",
	} {
		if got, want := script(r, line), script(m, line); got != want {
			t.Errorf("%s answers %q, before the image %q", line, got, want)
		}
	}
	if m.Hash() != r.Hash() {
		t.Error("the states differ")
	}
	runtime.KeepAlive(r)
}
