package keyspace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
)

// onGoroutines is a Parallel that does everything at once.
func onGoroutines(n int, do func(i int)) {
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { do(i) })
	}
	running.Wait()
}

// largeSpace needs several batches of sections. It has keys of all slots, keys of one slot that fill sections, values
// that are longer than a section, deadlines, and overdue keys.
func largeSpace(t *testing.T) *single {
	t.Helper()
	r, s := random(t, 11), emptySpace()
	s.Advance(9, 1_700_000_000_000)
	text := bytes.Repeat([]byte("0123456789abcdef"), 16)
	for i := range 60_000 {
		key := fmt.Appendf(nil, "key:%d", i)
		if i%6 == 0 {
			key = fmt.Appendf(nil, "{tag}%d", i)
		}
		e := NewEntry(key, text[:r.IntN(len(text))])
		if i%3 == 0 {
			e = e.Until(AtLog(s.now.Log + 1 + r.Int64N(1000)))
			if i%2 == 0 {
				e = e.Until(At(e.Deadline.Wall(s.now)))
			}
		}
		s.Put(s.Place(key), key, e)
	}
	for i, length := range []int{
		value.ChunkBytes, value.ChunkBytes + 1, sectionBytes - 1, sectionBytes, 3*sectionBytes + 5,
	} {
		key := fmt.Appendf(nil, "long:%d", i)
		built := s.Built(key, length, func(piece []byte, offset int) bool {
			for j := range piece {
				piece[j] = byte(1 + (offset+j)%251)
			}
			return true
		})
		s.Put(s.Place(key), key, built)
	}
	s.Advance(10, s.now.Log+300)
	s.Settle()
	return s
}

// A restore puts together what several processors make, and must make the very same space as a restore by one.
func TestRestoreInParallelMakesTheSameSpace(t *testing.T) {
	s := largeSpace(t)
	image := s.imageBytes(t)
	if sections := len(image) / sectionBytes; sections < 2*batchPieces {
		t.Fatalf("%d sections are no more than two batches", sections)
	}
	for name, parallel := range map[string]Parallel{"in turn": nil, "on goroutines": onGoroutines} {
		state, err := ReadImage(bytes.NewReader(image), readingBy(parallel))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again := singleOf(state)
		if again.Size() != s.Size() || again.Overdue() != s.Overdue() || again.Ending() != s.Ending() ||
			again.Due() != s.Due() || again.Overdue() == 0 {
			t.Errorf("%s: %d keys, %d overdue, %d ending, due %d; want %d, %d, %d, %d", name, again.Size(), again.Overdue(),
				again.Ending(), again.Due(), s.Size(), s.Overdue(), s.Ending(), s.Due())
		}
		for slot := range uint16(16384) {
			if got, want := again.slotStored(slot), s.slotStored(slot); got != want {
				t.Fatalf("%s: slot %d has %d keys, want %d", name, slot, got, want)
			}
		}
		if !bytes.Equal(again.imageBytes(t), image) {
			t.Errorf("%s: the image of what was restored is another one", name)
		}
		for i := range 1000 { // and it goes on as any other
			key := fmt.Appendf(nil, "key:%d", 7*i)
			again.Set(key, []byte("new"))
			s.Set(key, []byte("new"))
			again.Remove(fmt.Appendf(nil, "{tag}%d", 6*i))
			s.Remove(fmt.Appendf(nil, "{tag}%d", 6*i))
		}
		if again.StateHash() != s.StateHash() {
			t.Errorf("%s: after the same writes the state is another one", name)
		}
		s = largeSpace(t)
	}
}

// A tree of entries in order is the one that storing them one by one makes, to the room of its leaves.
func TestATreeMadeAtOnceIsTheOneThatGrows(t *testing.T) {
	for _, keys := range []int{1, 3, 4, 5, 16, 17, 18, leafEntries - 1, leafEntries, leafEntries + 1, 1000, 20_000} {
		grown := emptySpace()
		for i := range keys {
			key := fmt.Appendf(nil, "{one}%d", i)
			e := NewEntry(key, nil)
			grown.graft(grown.Place(key), &e)
		}
		var entries []Entry
		var places []Place
		slot := grown.Place([]byte("{one}")).slot
		var scratch []ranked
		_ = grown.root.slot(slot).walk(grown.hashing.keys, &scratch, func(r ranked) error {
			entries, places = append(entries, *r.entry), append(places, Place{slot: slot, hash: r.hash})
			return nil
		})
		made := treeOf(entries, places, topShift, grown.generation)
		if got, want := shape(made), shape(grown.root.slot(slot)); got != want {
			t.Errorf("%d keys: made at once %s, grown %s", keys, got, want)
		}
	}
}

// shape tells of a tree how it forks, and how many ways lead to its leaves, and how many entries they have and have
// room for.
func shape(t tree) (text string) {
	switch {
	case t.fork != nil:
		for way := 0; way < fanOut; way = t.fork.next(way) {
			text += shape(t.fork.children[way]) + " "
		}
		return "(" + text + ")"
	case t.leaf != nil:
		return fmt.Sprintf("%d: %d/%d", t.leaf.ways, len(t.leaf.entries), cap(t.leaf.entries))
	}
	return "-"
}

// Whatever a bit changes in an image is found, also where other sections are decoded beside it.
func TestRestoreInParallelFindsDamage(t *testing.T) {
	image := largeSpace(t).imageBytes(t)
	r := random(t, 12)
	for range 20 {
		at, bit := r.IntN(len(image)), byte(1)<<r.IntN(8)
		image[at] ^= bit
		_, err := ReadImage(bytes.NewReader(image), readingBy(onGoroutines))
		if !errors.Is(err, ErrImageDamaged) && !errors.Is(err, ErrImageFormat) {
			t.Fatalf("a bit at %d: %v", at, err)
		}
		image[at] ^= bit
		_, err = ReadImage(bytes.NewReader(image[:at]), readingBy(onGoroutines))
		if !errors.Is(err, ErrImageDamaged) {
			t.Fatalf("cut at %d: %v", at, err)
		}
	}
}

// Sections that are sound by themselves and stand in another order, or twice, are damage.
func TestRestoreInParallelHoldsTheOrderOfSections(t *testing.T) {
	image := largeSpace(t).imageBytes(t)
	var sections [][]byte
	for rest := image[headerBytes:]; len(rest) > 0; {
		end := sectionHeaderBytes + int(binary.LittleEndian.Uint32(rest[4:]))
		sections, rest = append(sections, rest[:end]), rest[end:]
	}
	last := len(sections) - 1
	for _, at := range []int{0, 1, batchPieces - 1, batchPieces, last - 2} {
		for name, other := range map[string][][]byte{
			"exchanged": {sections[at+1], sections[at]}, "twice": {sections[at], sections[at]},
		} {
			wrong := bytes.Clone(image[:headerBytes])
			for i, section := range sections {
				if i == at || i == at+1 {
					section = other[i-at]
				}
				wrong = append(wrong, section...)
			}
			_, err := ReadImage(bytes.NewReader(wrong), readingBy(onGoroutines))
			if !errors.Is(err, ErrImageDamaged) {
				t.Errorf("section %d of %d, %s: %v", at, last, name, err)
			}
		}
	}
}

// readingBy is testReading, in parallel.
func readingBy(parallel Parallel) ReadOptions {
	o := testReading
	o.Parallel = parallel
	return o
}
