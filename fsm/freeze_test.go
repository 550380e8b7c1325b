package fsm

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
)

// S22: TestFreezeDoesNotSeeLaterAppend is the schedule of a value that is changed where it lies: frozen at 100, an old
// key lengthened by entry 101.
func TestFreezeDoesNotSeeLaterAppend(t *testing.T) {
	for name, length := range map[string]int{
		"beside its key":         keyspace.ChunkedBytes / 4,
		"about to be kept apart": keyspace.ChunkedBytes - 3,
		"kept apart":             4 * keyspace.ChunkedBytes,
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			old := bytes.Repeat([]byte("x"), length)
			do(m, [][]byte{[]byte("append"), []byte("old"), old[:length/2]})
			do(m, [][]byte{[]byte("append"), []byte("old"), old[length/2:]})
			for m.Index() < 100 {
				do(m, words("incr counter"))
			}
			hash := m.Hash()
			image := m.Freeze()
			for m.Index() < 150 {
				do(m, words("append old y"))
				do(m, words("incr counter"))
			}
			again := restored(t, written(t, image))
			want := fmt.Sprintf("$%d %s $2 98", length, old)
			if got := script(again, "get old", "get counter"); got != want {
				t.Fatalf("the image shows %.60s, want %.60s", got, want)
			}
			if again.Index() != 100 || again.Hash() != hash || image.Index() != 100 || image.Hash() != hash {
				t.Fatalf("the image is of index %d and hash %x, want 100 and %x", again.Index(), again.Hash(), hash)
			}
			if got, want := script(m, "strlen old"), fmt.Sprintf(":%d", length+25); got != want {
				t.Fatalf("the machine went on to %s, want %s", got, want)
			}
		})
	}
}

// TestOverlappingFreezesShowEachTheirOwnState takes several images, and writes them in an order of their own.
func TestOverlappingFreezesShowEachTheirOwnState(t *testing.T) {
	m := newMachine(t)
	for i := range 500 {
		do(m, [][]byte{[]byte("set"), fmt.Appendf(nil, "key %d", i), []byte("0")})
	}
	var images []*Image
	var want [][]byte
	for round := range 5 {
		images, want = append(images, m.Freeze()), append(want, imageOf(t, m))
		for i := range 500 {
			switch key := fmt.Appendf(nil, "key %d", i); i % 3 {
			case 0:
				do(m, [][]byte{[]byte("append"), key, bytes.Repeat([]byte("y"), 200)})
			case 1:
				do(m, [][]byte{[]byte("set"), key, fmt.Appendf(nil, "round %d", round)})
			default:
				do(m, [][]byte{[]byte("del"), key})
				do(m, [][]byte{[]byte("set"), fmt.Appendf(nil, "new %d %d", round, i), key})
			}
		}
	}
	for _, i := range []int{3, 0, 4, 2, 1} {
		if !bytes.Equal(written(t, images[i]), want[i]) {
			t.Fatalf("image %d is not what it was", i)
		}
		images[i].Release()
	}
}

// TestImagesAreWrittenBesideApply is for the race detector: two images are written beside the applier, and
// readers stand between the entries.
func TestImagesAreWrittenBesideApply(t *testing.T) {
	const keys, entries = 400, 4000
	m := newMachine(t)
	key := func(i int) []byte { return fmt.Appendf(nil, "{%d}key %d", i%3, i%keys) }
	for i := range keys {
		do(m, [][]byte{[]byte("append"), key(i), bytes.Repeat([]byte("x"), 2*i)})
	}
	type outcome struct {
		image []byte
		hash  uint64
		err   error
	}
	done := make(chan outcome)
	write := func(image *Image) {
		var b bytes.Buffer
		_, err := image.WriteTo(&b)
		hash := image.Hash()
		image.Release()
		done <- outcome{b.Bytes(), hash, err}
	}
	running := 0
	for i := range entries {
		if i%1000 == 0 || i%1000 == 1 {
			running++
			go write(m.Freeze())
		}
		do(m, [][]byte{[]byte("append"), key(i), []byte("yyy")}, [][]byte{[]byte("get"), key(i + 1)})
		do(m, [][]byte{[]byte("del"), key(7 * i)}, [][]byte{[]byte("incr"), key(7 * i)})
	}
	for range running {
		o := <-done
		if o.err != nil {
			t.Fatal(o.err)
		}
		if again := restored(t, o.image); again.Hash() != o.hash {
			t.Fatalf("an image restores to hash %x, want %x", again.Hash(), o.hash)
		}
	}
}

// E15: TestImageAndRestEqualTheLog restores at every index of a log and applies the rest.
func TestImageAndRestEqualTheLog(t *testing.T) {
	r := random(t, 3)
	log := randomLog(r, 120)
	whole := newMachine(t)
	var images [][]byte
	for i, e := range log {
		images = append(images, imageOf(t, whole))
		whole.Apply(uint64(i+1), e.stamp, e.data, nil)
	}
	want := imageOf(t, whole)
	for at, image := range images {
		m := restored(t, image)
		for i := at; i < len(log); i++ {
			m.Apply(uint64(i+1), log[i].stamp, log[i].data, nil)
		}
		if m.Hash() != whole.Hash() || !bytes.Equal(imageOf(t, m), want) {
			t.Fatalf("restored at %d and applied to %d, it differs", at, len(log))
		}
	}
}

func TestFreezeCostsTheSameAtAnySize(t *testing.T) {
	m := newMachine(t)
	for i := range 50_000 {
		m.state.Space(0).Set(fmt.Appendf(nil, "key %d", i), []byte("value"))
	}
	// The databases, what names them, and what they share.
	if n := testing.AllocsPerRun(100, func() { m.Freeze().Release() }); n > 3 {
		t.Fatalf("a freeze makes %v allocations", n)
	}
	// The first write after it copies a root, a page and a leaf, or a few forks more.
	i := 0
	n := testing.AllocsPerRun(100, func() {
		m.Freeze().Release()
		m.state.Space(0).Set(fmt.Appendf(nil, "key %d", i), []byte("other"))
		i += 97
	})
	if n > 12 {
		t.Fatalf("a write after a freeze makes %v allocations", n)
	}
	m.Freeze().Release()
	m.state.Space(0).Set([]byte("key 1"), []byte("first"))
	n = testing.AllocsPerRun(100, func() { m.state.Space(0).Set([]byte("key 1"), []byte("next")) })
	if n != 1 {
		t.Fatalf("writes after the first make %v allocations, want that of the entry", n)
	}
}

func TestFreezeBeforeRestorePanics(t *testing.T) {
	wantPanic(t, func() { New(Options{}).Freeze() })
}

func TestRestoreLeavesOlderImagesAlone(t *testing.T) {
	m := sample(t)
	image, want := m.Freeze(), imageOf(t, m)
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	do(m, words("set a other"))
	if !bytes.Equal(written(t, image), want) {
		t.Fatal("the image changed with the Restore")
	}
}
