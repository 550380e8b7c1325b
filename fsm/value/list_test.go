package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/rope"
)

// S22: TestListsAreThoseOfTheModel changes lists anywhere, freezes and restores them, and looks at frozen ones again at
// the end: nothing that came later may show in them. Digests are compared with those of lists that were made anew, that
// were restored from their images, and that have another history.
func TestListsAreThoseOfTheModel(t *testing.T) {
	r := random(t, 63)
	type kept struct {
		list  *List
		model []string
	}
	for round := range 12 {
		m := &listModel{t: t, r: r, s: digest.NewSip(r.Uint64(), r.Uint64()), generation: 1}
		m.lengths = [][2]int{{1, 3}, {0, 30}, {20, 300}, {900, 1100}, {1, 3000}, {500, 1030}}[round%6]
		m.kinds = []int{3, 1000}[r.IntN(2)]
		if m.lengths[1] <= 30 {
			all, texts := m.elements(3000 + r.IntN(3000))
			m.list, m.model = m.list.Pushed(all, false, m.s, 1), texts
		}
		var frozen []kept
		for step := range 300 {
			m.step()
			switch r.IntN(15) {
			case 0, 1:
				frozen = append(frozen, kept{m.list, m.model})
				m.generation++
			case 2: // as COPY does: both go on from here
				frozen = append(frozen, kept{m.list, m.model})
				m.generation++
				other := *m
				other.step()
			case 3:
				if again, ok := readList(imageOf(t, m.list), math.MaxInt, m.s, m.generation); ok && len(m.model) > 0 {
					m.list = again
				}
			}
			if step%20 == 0 || len(m.model) < 10 {
				checkList(t, r, m.list, m.model, m.s)
			}
			if m.list.Len() != len(m.model) {
				t.Fatalf("step %d: %d elements, want %d", step, m.list.Len(), len(m.model))
			}
		}
		for _, one := range frozen {
			checkList(t, r, one.list, one.model, m.s)
		}
	}
}

// TestALargeListIsChangedAnywhere by LINSERT, LREM and LSET of a hundred thousand elements.
func TestALargeListIsChangedAnywhere(t *testing.T) {
	r := random(t, 65)
	m := &listModel{t: t, r: r, s: digest.NewSip(r.Uint64(), r.Uint64()), generation: 1}
	m.lengths, m.kinds = [2]int{1, 40}, 5000
	all, texts := m.elements(100_000)
	m.list, m.model = m.list.Pushed(all, true, m.s, 1), texts
	slices.Reverse(m.model)
	for range 400 {
		i, text := r.IntN(len(m.model)), m.element()
		switch r.IntN(3) {
		case 0:
			m.list = m.list.Inserted(i, []byte(text), m.s, m.generation)
			m.model = slices.Insert(m.model, i, text)
		case 1:
			m.list = m.list.Replaced(i, []byte(text), m.s, m.generation)
			m.model[i] = text
		default:
			m.remove()
		}
		if r.IntN(50) == 0 {
			m.generation++
		}
	}
	checkList(t, r, m.list, m.model, m.s)
	for len(m.model) > 0 {
		front, back := r.IntN(len(m.model)+1), 0
		if r.IntN(2) == 0 {
			front, back = 0, front
		}
		m.list = m.list.Dropped(front, back, m.s, m.generation)
		m.model = m.model[front : len(m.model)-back]
		checkList(t, r, m.list, m.model, m.s)
	}
}

// TestBlocksAreCutAtTheirEdges with elements at the edge of what lies with others, of what is a block, and beyond.
func TestBlocksAreCutAtTheirEdges(t *testing.T) {
	r, s := random(t, 66), digest.NewSip(5, 6)
	const packed, block = MaxShortElementBytes, rope.BlockBytes
	for _, length := range []int{1, packed - 1, packed, packed + 1, block - 1, block} {
		for _, step := range []int{1, 2, 3, 4, 5, 8} {
			var l *List
			var model []string
			for i := range step * 5 {
				text := strings.Repeat(string(rune('a'+i)), length)
				at := 0
				if len(model) > 0 {
					at = i * 7 % (len(model) + 1)
				}
				l = l.Inserted(at, []byte(text), s, uint64(1+i/step))
				model = slices.Insert(model, at, text)
				checkList(t, r, l, model, s)
			}
			for len(model) > 0 {
				at := len(model) / 2
				text := model[at]
				l, _ = l.Removed([]byte(text), 1, true, s, 9)
				model = slices.Delete(model, at, at+1)
				checkList(t, r, l, model, s)
			}
		}
	}
}

// TestASmallListOccupiesLittle as long as it is small, and when it becomes so again.
func TestASmallListOccupiesLittle(t *testing.T) {
	s := digest.NewSip(1, 2)
	var l *List
	for i := range 1000 {
		l = l.Pushed([][]byte{fmt.Appendf(nil, "element %d", i)}, i%2 == 0, s, 1)
	}
	l = l.Dropped(480, 480, s, 1)
	if l.Len() != 40 || l.MemoryBytes() > 2*l.Size() {
		t.Fatalf("%d elements of %d bytes occupy %d bytes", l.Len(), l.Size(), l.MemoryBytes())
	}
	const headers = listBytes + 48 // of the list, and of its only block
	for _, n := range []int{1, 3, 10, 100} {
		var l *List
		bytes := 0
		for i := range n {
			l = l.Pushed([][]byte{fmt.Appendf(nil, "element:%06d", i)}, false, s, 1)
			bytes += 14
		}
		if got, limit := l.MemoryBytes(), headers+2*(bytes+2*n); got > limit {
			t.Errorf("%d elements of %d bytes occupy %d bytes, at most %d would do", n, bytes, got, limit)
		}
	}
}

// TestAQueueAllocatesLittle in steady state, and copies no more than a block behind a freeze.
func TestAQueueAllocatesLittle(t *testing.T) {
	s, element := digest.NewSip(1, 2), [][]byte{[]byte("job:000001")}
	for _, length := range []int{1, 100, 10_000} {
		var l *List
		for range length {
			l = l.Pushed(element, true, s, 1)
		}
		turn := func() { l = l.Pushed(element, true, s, 1).Dropped(0, 1, s, 1) }
		if allocations := testing.AllocsPerRun(5000, turn); allocations > 2.2 {
			t.Errorf("a queue of %d elements: %v allocations for a push and a pop", length, allocations)
		}
		generation := uint64(1)
		frozen := func() {
			generation++
			l = l.Pushed(element, true, s, generation).Dropped(0, 1, s, generation)
		}
		if allocations := testing.AllocsPerRun(5000, frozen); allocations > 12 {
			t.Errorf("a queue of %d elements: %v allocations behind a freeze", length, allocations)
		}
	}
}

// TestListsThatAreNoneAreRefused gives the reader parts that no list makes.
func TestListsThatAreNoneAreRefused(t *testing.T) {
	s := digest.NewSip(1, 2)
	long := binary.AppendUvarint([]byte{1}, 101)
	for name, c := range map[string]struct {
		parts [][]byte
		ok    bool
	}{
		"truth":              {[][]byte{{2, 1, 'a', 0}}, true},
		"byte by byte":       {[][]byte{{2}, {1}, {'a'}, {0}}, true},
		"a long element":     {[][]byte{append([]byte{1, 100}, make([]byte, 100)...)}, true},
		"nothing":            {nil, false},
		"no element":         {[][]byte{{0}}, false},
		"an element missing": {[][]byte{{2, 1, 'a'}}, false},
		"an element cut":     {[][]byte{{1, 2, 'a'}}, false},
		"an element to come": {[][]byte{{1, 2}}, false},
		"a number cut":       {[][]byte{{1, 0x80}}, false},
		"one too many":       {[][]byte{{1, 1, 'a', 1, 'b'}}, false},
		"one byte too many":  {[][]byte{{1, 1, 'a', 0}}, false},
		"a padded count":     {[][]byte{{0x81, 0, 1, 'a'}}, false},
		"a padded length":    {[][]byte{{1, 0x81, 0, 'a'}}, false},
		"an endless number":  {[][]byte{bytes.Repeat([]byte{0xff}, 11)}, false},
		"an endless length":  {[][]byte{append([]byte{1}, bytes.Repeat([]byte{0xff}, 11)...)}, false},
		"too long":           {[][]byte{append(long, make([]byte, 101)...)}, false},
	} {
		if _, ok := readList(c.parts, 100, s, 1); ok != c.ok {
			t.Errorf("%s: %t", name, ok)
		}
	}
	if allocations := testing.AllocsPerRun(10, func() {
		readList([][]byte{binary.AppendUvarint(nil, 1<<60), binary.AppendUvarint(nil, 1<<40)}, math.MaxInt, s, 1)
	}); allocations > 10 {
		t.Errorf("a claim of many long elements costs %v allocations", allocations)
	}
}

// FuzzListReader takes any bytes, cut anywhere: what is a list has the image that was read.
func FuzzListReader(f *testing.F) {
	f.Add([]byte{2, 1, 'a', 0}, 1)
	f.Add([]byte{3, 2, '1', '2', 0, 1, 'x'}, 3)
	f.Add(append([]byte{1, 0x81, 0x10}, make([]byte, 2049)...), 200)
	f.Fuzz(func(t *testing.T, image []byte, cut int) {
		s, rest := digest.NewSip(1, 2), image
		var parts [][]byte
		for len(rest) > 0 {
			n := min(1+cut&0xff, len(rest))
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		l, ok := readList(parts, math.MaxInt32, s, 1)
		if !ok {
			return
		}
		if again := bytes.Join(imageOf(t, l), nil); !bytes.Equal(again, image) {
			t.Fatal("a list was read that has another image")
		}
	})
}

// FuzzListChanges takes any changes of a list.
func FuzzListChanges(f *testing.F) {
	f.Add([]byte("pushes and pops"), uint64(1))
	f.Fuzz(func(t *testing.T, steps []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		m := &listModel{t: t, r: r, s: digest.NewSip(seed, 1), generation: 1, lengths: [2]int{1, 1500}, kinds: 4}
		for _, step := range steps[:min(len(steps), 200)] {
			m.lengths = [2]int{1, 2 + int(step)*6}
			m.generation += uint64(step & 1)
			m.step()
			checkList(t, r, m.list, m.model, m.s)
		}
	})
}

func TestAnErrorEndsTheImageOfAList(t *testing.T) {
	s, full := digest.NewSip(1, 2), errors.New("no room")
	var l *List
	for range 4 {
		l = l.Pushed([][]byte{make([]byte, MaxPartBytes)}, false, s, 1)
	}
	for wanted := range len(imageOf(t, l)) {
		left := wanted
		err := l.EachPart(make([]byte, 0, MaxPartBytes), func([]byte) error {
			if left--; left < 0 {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) || left != -1 {
			t.Errorf("at part %d: %v, and %d more parts", wanted, err, -1-left)
		}
	}
}

// TestOrderAndContentsShowInTheHash of short rows over few elements: no two of them have the same, also those that have
// the same pairs of neighbours.
func TestOrderAndContentsShowInTheHash(t *testing.T) {
	s := digest.NewSip(1, 2)
	seen := map[uint64]string{}
	var grow func(row string)
	grow = func(row string) {
		var l *List
		for i := range row {
			l = l.Pushed([][]byte{{row[i]}}, false, s, 1)
		}
		if l != nil {
			if other, found := seen[l.Digest()]; found {
				t.Fatalf("%q and %q have the same digest", row, other)
			}
			seen[l.Digest()] = row
		}
		if len(row) < 7 {
			for _, c := range "abc" {
				grow(row + string(c))
			}
		}
	}
	grow("")
	for _, other := range []string{"", "\x00", "aa", "a\x00"} {
		for _, pair := range [][][]byte{{[]byte(other)}, {[]byte(other), nil}, {nil, []byte(other)}} {
			var l *List
			digest := l.Pushed(pair, false, s, 1).Digest()
			if row, found := seen[digest]; found {
				t.Fatalf("%q and %q have the same digest", pair, row)
			}
			if len(pair) == 2 && other == "" {
				continue // twice the same row
			}
			seen[digest] = other
		}
	}
}
