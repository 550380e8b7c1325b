package value

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

// A set that is built at once is the one that is made element by element, in whichever order they come, also where an
// element comes again, at every edge between a block and trees, and it is written on as any other one is.
func TestABuiltSortedSetIsThatOfItsElements(t *testing.T) {
	r := random(t, 72)
	sizes := []int{
		1, 2, maxBlockElements - 1, maxBlockElements, maxBlockElements + 1, 2 * maxLeafElements, 2*maxLeafElements + 1,
		(maxForkLinks - 1) * maxLeafElements, (maxForkLinks-1)*maxLeafElements + 1, maxForkLinks * maxLeafElements,
		maxForkLinks*maxLeafElements + 1, maxForkLinks * maxForkLinks * maxLeafElements, 3000,
	}
	for round := range 2 * len(sizes) {
		members, mixed, m := sizes[round%len(sizes)], round%4 < 2, scoredModel{}
		for len(m) < members {
			name := fmt.Sprintf("m%d", r.IntN(1<<24))
			switch r.IntN(50) {
			case 0:
				name = strings.Repeat(name, 100)
			case 1:
				name = strings.Repeat("l", longMemberBytes-1+r.IntN(3)) + name[:1]
			case 2, 3, 4:
				name = name[1:]
			}
			if members > 60_000 && len(name) > 10 {
				continue
			}
			m[name] = []float64{0, 1.5, -3, math.Inf(1), math.Inf(-1), float64(r.IntN(1000))}[r.IntN(6)]
		}
		all := m.inOrder()
		if mixed {
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		b := NewSortedSetBuilder(testSip, 7)
		var buf []byte // what is added is copied
		for i, e := range all {
			buf = append(buf[:0], e.member...)
			if b.Add(buf, e.score); mixed && i%10 == 0 {
				b.Add(buf, e.score)
			}
		}
		built, other := b.Set(), setOfModel(m)
		checkSortedSet(t, built, m)
		if built.Digest() != other.Digest() || built.Size() != other.Size() || built.Generation() != 7 {
			t.Fatalf("%d elements: digest %x, size %d, want %x, %d", members, built.Digest(), built.Size(), other.Digest(),
				other.Size())
		}
		if !bytes.Equal(bytes.Join(imageOf(t, built), nil), bytes.Join(imageOf(t, other), nil)) {
			t.Fatalf("%d elements: the images differ", members)
		}
		if memory, single := built.MemoryBytes(), other.MemoryBytes(); memory > single+single/4 {
			t.Errorf("%d elements take %d bytes, made one by one %d", members, memory, single)
		}
		for generation := uint64(7); generation < 9; generation++ { // the one that made it, and the next
			built = editedBy(built, generation, func(e *SortedSetEdit) {
				for range min(members, 200) {
					at := all[r.IntN(len(all))]
					if r.IntN(3) == 0 && len(m) > 1 {
						delete(m, at.member)
						e.Remove([]byte(at.member))
						continue
					}
					m[at.member] = float64(r.IntN(100))
					e.Put([]byte(at.member), m[at.member])
				}
			})
			checkSortedSet(t, built, m)
		}
	}
	none := NewSortedSetBuilder(testSip, 7)
	if set := none.Set(); set != nil {
		t.Errorf("a set without elements is %v", set)
	}
}
