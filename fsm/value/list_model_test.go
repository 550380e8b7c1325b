package value

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/rope"
)

// readList makes a list of parts.
func readList(parts [][]byte, maxBytes int, s digest.Sip, generation uint64) (*List, bool) {
	r := NewReader(KindList)
	for _, part := range parts {
		if !r.Add(part, maxBytes, s, generation) {
			return nil, false
		}
	}
	_, made, ok := r.Finish(s, generation)
	if !ok {
		return nil, false
	}
	return made.(*List), true
}

// elements are copies of all elements.
func (l *List) elements() (all []string) {
	l.Each(0, func(element []byte) bool {
		all = append(all, string(element))
		return true
	})
	return all
}

// checkRope looks at what must hold of the storage.
func checkRope(t *testing.T, l *List, s digest.Sip) {
	t.Helper()
	if err := l.rope.Check(rope.NewEdit(s, l.generation)); err != nil {
		t.Fatal(err)
	}
}

// checkList compares a list with the model: forwards, backwards, by searches, and with lists that came about otherwise.
func checkList(t *testing.T, r *rand.Rand, l *List, model []string, s digest.Sip) {
	t.Helper()
	if len(model) == 0 {
		if l != nil {
			t.Fatalf("%d elements are left of none", l.Len())
		}
		return
	}
	checkRope(t, l, s)
	if l.Len() != len(model) || !slices.Equal(l.elements(), model) {
		t.Fatalf("the list has %d elements, want %d, or others", l.Len(), len(model))
	}
	from := r.IntN(len(model))
	at := from
	l.EachBack(from, func(element []byte) bool {
		if string(element) != model[at] {
			t.Fatalf("backwards, element %d is %.20q, want %.20q", at, element, model[at])
		}
		at--
		return true
	})
	if at != -1 {
		t.Fatalf("a walk back from %d ends at %d", from, at)
	}
	l.Each(from, func(element []byte) bool {
		if at++; string(element) != model[from+at] {
			t.Fatalf("element %d is %.20q, want %.20q", from+at, element, model[from+at])
		}
		return at < 3
	})
	checkFind(t, r, l, model)
	checkSame(t, r, l, model, s)
}

func checkFind(t *testing.T, r *rand.Rand, l *List, model []string) {
	t.Helper()
	wanted, among := model[r.IntN(len(model))], []int{math.MaxInt, r.IntN(len(model) + 2)}[r.IntN(2)]
	for _, fromEnd := range []bool{false, true} {
		var got, want []int
		l.Find([]byte(wanted), among, fromEnd, func(index int) bool {
			got = append(got, index)
			return len(got) < 20
		})
		for i := range min(among, len(model)) {
			index := i
			if fromEnd {
				index = len(model) - 1 - i
			}
			if model[index] == wanted && len(want) < 20 {
				want = append(want, index)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%.20q among %d is found at %v, want %v", wanted, among, got, want)
		}
	}
}

// checkSame compares a list with one that is made anew, one that is restored, and one with another history.
func checkSame(t *testing.T, r *rand.Rand, l *List, model []string, s digest.Sip) {
	t.Helper()
	elements := make([][]byte, len(model))
	for i := range model {
		elements[i] = []byte(model[i])
	}
	var none *List
	others := map[string]*List{"made anew": none.Pushed(elements, false, s, 1)}
	restored, ok := readList(imageOf(t, l), math.MaxInt, s, 1)
	if !ok {
		t.Fatal("the image is refused")
	}
	others["restored"] = restored
	cut := r.IntN(len(model) + 1)
	front := slices.Clone(elements[:cut])
	slices.Reverse(front)
	others["made from within"] = none.Pushed(elements[cut:], false, s, 1).Pushed(front, true, s, 2)
	for name, other := range others {
		checkRope(t, other, s)
		limits := DefaultEncodingLimits()
		if other.Digest() != l.Digest() || other.Size() != l.Size() || other.Encoding(limits) != l.Encoding(limits) ||
			!reflect.DeepEqual(imageOf(t, other), imageOf(t, l)) {
			t.Fatalf("a list that was %s is another one", name)
		}
	}
}

// listModel is a list, what it should hold, and what is drawn for it.
type listModel struct {
	t          *testing.T
	r          *rand.Rand
	s          digest.Sip
	generation uint64
	list       *List
	model      []string
	// lengths bound those of elements; kinds is how many different ones there are of a length.
	lengths [2]int
	kinds   int
}

func (m *listModel) element() string {
	length := m.lengths[0] + m.r.IntN(m.lengths[1]-m.lengths[0])
	kind := m.r.IntN(m.kinds)
	switch m.r.IntN(4) {
	case 0:
		return strconv.Itoa(kind << (m.r.IntN(6) * 8))
	case 1:
		return strings.Repeat(string(rune('a'+kind%26)), length)
	}
	return fmt.Sprintf("%.*d", length, kind)
}

func (m *listModel) elements(n int) (all [][]byte, texts []string) {
	for range n {
		texts = append(texts, m.element())
		all = append(all, []byte(texts[len(texts)-1]))
	}
	return all, texts
}

// step makes one random change.
func (m *listModel) step() {
	n := len(m.model)
	switch op := m.r.IntN(20); {
	case n == 0 || op < 5:
		few := 1 + m.r.IntN(1+m.r.IntN(40))
		all, texts := m.elements(few)
		front := m.r.IntN(2) == 0
		m.list = m.list.Pushed(all, front, m.s, m.generation)
		if front {
			slices.Reverse(texts)
			m.model = append(texts, m.model...)
		} else {
			m.model = append(slices.Clip(m.model), texts...)
		}
	case op < 8:
		front := min(m.r.IntN(1+m.r.IntN(60)), n)
		back := min(m.r.IntN(1+m.r.IntN(60)), n-front)
		m.list = m.list.Dropped(front, back, m.s, m.generation)
		m.model = m.model[front : n-back]
	case op < 12:
		i, text := m.r.IntN(n), m.element()
		m.list = m.list.Replaced(i, []byte(text), m.s, m.generation)
		m.model = slices.Clone(m.model)
		m.model[i] = text
	case op < 18:
		i, few := m.r.IntN(n+1), 1+m.r.IntN(3)
		for range few {
			text := m.element()
			m.list = m.list.Inserted(i, []byte(text), m.s, m.generation)
			m.model = slices.Insert(slices.Clone(m.model), i, text)
			i += m.r.IntN(2)
		}
	default:
		m.remove()
	}
}

func (m *listModel) remove() {
	text, limit, fromEnd := m.model[m.r.IntN(len(m.model))], math.MaxInt, m.r.IntN(2) == 0
	if m.r.IntN(2) == 0 {
		limit = 1 + m.r.IntN(5)
	}
	var left []string
	removed := 0
	keep := func(i int) {
		if m.model[i] == text && removed < limit {
			removed++
		} else {
			left = append(left, m.model[i])
		}
	}
	for i := range m.model {
		if fromEnd {
			i = len(m.model) - 1 - i
		}
		keep(i)
	}
	if fromEnd {
		slices.Reverse(left)
	}
	got := 0
	if m.list, got = m.list.Removed([]byte(text), limit, fromEnd, m.s, m.generation); got != removed {
		m.t.Fatalf("%.20q was removed %d times, want %d", text, got, removed)
	}
	m.model = left
	if again, n := m.list.Removed([]byte("not there"), 1, fromEnd, m.s, m.generation); n != 0 || again != m.list {
		m.t.Fatal("what is not there was removed")
	}
}
