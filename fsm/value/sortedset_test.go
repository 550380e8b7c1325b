package value

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// scoredModel is what a sorted set should hold: scores by member.
type scoredModel map[string]float64

type modelElement struct {
	member string
	score  float64
}

// inOrder lists the elements in the order of (score, member).
func (m scoredModel) inOrder() (all []modelElement) {
	for member, score := range m {
		all = append(all, modelElement{member, score})
	}
	slices.SortFunc(all, func(a, b modelElement) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return strings.Compare(a.member, b.member)
	})
	return all
}

// testSip is the hash of values in tests.
var testSip = digest.NewSip(1, 2)

// editedBy is a set after one change, made in a generation.
func editedBy(z *SortedSet, generation uint64, change func(e *SortedSetEdit)) *SortedSet {
	e := z.Edit(testSip, generation)
	change(&e)
	return e.Set()
}

// checkSortedSet compares a set with a model, by all ways to look at it.
func checkSortedSet(t *testing.T, z *SortedSet, m scoredModel) {
	t.Helper()
	want := m.inOrder()
	if z.Len() != len(want) {
		t.Fatalf("%d elements, want %d", z.Len(), len(want))
	}
	got := []modelElement{}
	z.Each(0, func(member []byte, score float64) bool {
		got = append(got, modelElement{string(member), score})
		return true
	})
	if !slices.Equal(got, want) {
		t.Fatalf("elements %.300v, want %.300v", got, want)
	}
	got = got[:0]
	z.EachBack(len(want)-1, func(member []byte, score float64) bool {
		got = append(got, modelElement{string(member), score})
		return true
	})
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Fatalf("elements from the back %.300v, want %.300v", got, want)
	}
	var sum uint64
	size := 0
	for rank, e := range want {
		at, score, found := z.Rank([]byte(e.member))
		if !found || at != rank || score != e.score {
			t.Fatalf("%.20q has the rank %d and the score %v, %v, want %d and %v", e.member, at, score, found, rank, e.score)
		}
		sum += scoredDigest([]byte(e.member), rankOf(e.score), testSip)
		size += len(e.member)
	}
	if z.sum != sum || z.bytes != size {
		t.Fatalf("sum %x and %d bytes, want %x and %d", z.sum, z.bytes, sum, size)
	}
	checkOrdered(t, z)
}

// checkOrdered checks what a tree promises of its nodes.
func checkOrdered(t *testing.T, z *SortedSet) {
	t.Helper()
	if z.large == nil {
		if z.count > maxBlockElements || len(z.block) > maxBlockBytes {
			t.Fatalf("a block of %d elements in %d bytes", z.count, len(z.block))
		}
		return
	}
	if z.large.order.len() != z.large.scores.Len() {
		t.Fatalf("%d elements in order, %d scores", z.large.order.len(), z.large.scores.Len())
	}
	depths := map[int]bool{}
	var walk func(tree orderedTree, from, behind *scoredKey, depth int) int
	walk = func(tree orderedTree, from, behind *scoredKey, depth int) (count int) {
		if l := tree.leaf; l != nil {
			depths[depth] = true
			longs := 0
			for c := l.cursor(); c.next(); count++ {
				if from != nil && c.key.before(*from) || behind != nil && !c.key.before(*behind) {
					t.Fatalf("%.20q is outside of the bounds of its leaf", c.key.member)
				}
				if len(c.key.member) >= longMemberBytes {
					longs++
				}
			}
			if count != l.count || count == 0 || count > maxLeafElements || longs != len(l.long) {
				t.Fatalf("a leaf counts %d and has %d elements, %d of %d long", l.count, count, longs, len(l.long))
			}
			return count
		}
		links := tree.fork.links
		if len(links) == 0 || len(links) > maxForkLinks {
			t.Fatalf("a fork of %d links", len(links))
		}
		for i := range links {
			low, high := from, behind
			if i > 0 {
				low = &links[i].from
			}
			if i+1 < len(links) {
				high = &links[i+1].from
			}
			below := walk(links[i].tree, low, high, depth+1)
			if below != links[i].count {
				t.Fatalf("a link counts %d of %d elements", links[i].count, below)
			}
			count += below
		}
		return count
	}
	walk(z.large.order.root, nil, nil, 0)
	if len(depths) != 1 {
		t.Fatalf("leaves at the depths %v", depths)
	}
}

// TestSortedSetsAreTheirModel changes sets at random, in several generations, with members of all lengths, and compares
// with a model; sets of older generations stay as they were.
func TestSortedSetsAreTheirModel(t *testing.T) {
	for round, shape := range []struct {
		members, steps int
		// longEvery is how often a member is long, scores how many scores there are.
		longEvery, scores int
	}{
		{10, 300, 0, 3}, {80, 2000, 0, 5}, {80, 2000, 9, 80}, {5000, 12000, 0, 1},
		{3000, 12000, 50, 1 << 30}, {300, 4000, 3, 7},
	} {
		r := random(t, uint64(100+round))
		var z *SortedSet
		m, generation := scoredModel{}, uint64(1)
		var frozen *SortedSet
		var frozenModel scoredModel
		for step := range shape.steps {
			member := fmt.Sprintf("m%d", r.IntN(shape.members))
			if n := r.IntN(shape.members); shape.longEvery > 0 && n%shape.longEvery == 0 {
				member = strings.Repeat("l", longMemberBytes-2+n%5) + fmt.Sprint(n)
			}
			grows := step/(shape.steps/4)%2 == 0
			if r.IntN(10) < 7 == grows {
				score := float64(r.IntN(shape.scores)) - float64(shape.scores/2)
				z = editedBy(z, generation, func(e *SortedSetEdit) { e.Put([]byte(member), score) })
				m[member] = score
			} else {
				_, known := m[member]
				if got := z != nil; got {
					z = editedBy(z, generation, func(e *SortedSetEdit) {
						if e.Remove([]byte(member)) != known {
							t.Fatalf("%.20q is known: %v", member, known)
						}
					})
				}
				delete(m, member)
			}
			if z == nil != (len(m) == 0) {
				t.Fatalf("%d elements, and a set: %v", len(m), z != nil)
			}
			if r.IntN(shape.steps/20) == 0 && z != nil {
				if frozen != nil {
					checkSortedSet(t, frozen, frozenModel)
				}
				checkSortedSet(t, z, m)
				generation++
				frozen, frozenModel = z, scoredModel{}
				for member, score := range m {
					frozenModel[member] = score
				}
			}
		}
		if z != nil {
			checkSortedSet(t, z, m)
		}
		checkSortedSet(t, frozen, frozenModel)
	}
}

// TestMembersThatComeInOrderFillTheirLeaves: leaderboards by time, and restored images.
func TestMembersThatComeInOrderFillTheirLeaves(t *testing.T) {
	for name, scoreOf := range map[string]func(i int) float64{
		"up": func(i int) float64 { return float64(i) }, "down": func(i int) float64 { return float64(-i) },
	} {
		var none *SortedSet
		e := none.Edit(testSip, 1)
		const members = 20_000
		for i := range members {
			e.Put(fmt.Appendf(nil, "member:%09d", i), scoreOf(i))
		}
		z, leaves := e.Set(), 0
		var walk func(tree orderedTree)
		walk = func(tree orderedTree) {
			if tree.leaf != nil {
				leaves++
				return
			}
			for i := range tree.fork.links {
				walk(tree.fork.links[i].tree)
			}
		}
		checkOrdered(t, z)
		if walk(z.large.order.root); leaves > members/maxLeafElements*9/8 {
			t.Errorf("%s: %d leaves for %d members", name, leaves, members)
		}
	}
}

// TestRanksOfScoresAndNames compares ranges with what a walk along all elements finds, at all edges.
func TestRanksOfScoresAndNames(t *testing.T) {
	for _, members := range []int{1, 5, maxBlockElements, maxBlockElements + 1, 1000} {
		m := scoredModel{}
		names := scoredModel{}
		for i := range members {
			m[fmt.Sprintf("m%d", i)] = float64(i / 3)
			names[fmt.Sprintf("m%04d", 2*i)] = 7
		}
		z, byName := setOfModel(m), setOfModel(names)
		infinite := math.Inf(1)
		scores := []float64{-infinite, -1, 0, 0.5, 1, float64(members / 6), float64(members), infinite}
		for _, low := range scores {
			for _, high := range scores {
				for mask := range 4 {
					r := ScoreRange{Min: low, Max: high, ExcludesMin: mask&1 > 0, ExcludesMax: mask&2 > 0}
					begin, end := z.WithScores(r)
					checkRange(t, fmt.Sprint(members, r), m, begin, end, func(e modelElement) bool {
						return (e.score > low || !r.ExcludesMin && e.score == low) &&
							(e.score < high || !r.ExcludesMax && e.score == high)
					})
				}
			}
		}
		bounds := []NameBound{{Edge: -1}, {Edge: 1}}
		for _, n := range []string{"", "m", "m0000", "m0001", "m0002", fmt.Sprintf("m%04d", members), "m9999", "n"} {
			bounds = append(bounds, NameBound{Name: []byte(n)}, NameBound{Name: []byte(n), Excluded: true})
		}
		for _, low := range bounds {
			for _, high := range bounds {
				for _, back := range []bool{false, true} {
					begin, end := byName.WithNames(NameRange{low, high}, back)
					checkRange(t, fmt.Sprint(members, low, high), names, begin, end, func(e modelElement) bool {
						toLow, toHigh := strings.Compare(e.member, string(low.Name)), strings.Compare(e.member, string(high.Name))
						return (low.Edge < 0 || low.Edge == 0 && (toLow > 0 || !low.Excluded && toLow == 0)) &&
							(high.Edge > 0 || high.Edge == 0 && (toHigh < 0 || !high.Excluded && toHigh == 0))
					})
				}
			}
		}
	}
}

func setOfModel(m scoredModel) *SortedSet {
	var none *SortedSet
	e := none.Edit(testSip, 1)
	for _, element := range m.inOrder() {
		e.Put([]byte(element.member), element.score)
	}
	return e.Set()
}

// checkRange checks that the elements from begin on, before end, are those that are in.
func checkRange(t *testing.T, what string, m scoredModel, begin, end int, in func(modelElement) bool) {
	t.Helper()
	for rank, e := range m.inOrder() {
		if in(e) != (begin <= rank && rank < end) {
			t.Fatalf("%s: ranks %d to %d, and %v has the rank %d", what, begin, end, e, rank)
		}
	}
}

// TestRangesOfNamesDependOnNoLayout: where scores differ such a range has no meaning, but it must be the same for sets
// that came about in different ways, or ZREMRANGEBYLEX would remove other members on other nodes.
func TestRangesOfNamesDependOnNoLayout(t *testing.T) {
	r := random(t, 5)
	for range 200 {
		m := scoredModel{}
		for range 1 + r.IntN(150) {
			m[fmt.Sprintf("m%d", r.IntN(200))] = float64(r.IntN(4))
		}
		one, other := setOfModel(m), reshaped(r, m)
		for range 50 {
			bound := func() NameBound {
				edge := []int{0, 0, 0, 1, -1}[r.IntN(5)]
				return NameBound{Name: fmt.Appendf(nil, "m%d", r.IntN(200)), Excluded: r.IntN(2) == 0, Edge: edge}
			}
			names, back := NameRange{bound(), bound()}, r.IntN(2) == 0
			begin, end := one.WithNames(names, back)
			if b, e := other.WithNames(names, back); b != begin || e != end {
				t.Fatalf("%v: ranks %d to %d in one set, %d to %d in another with the same elements", names, begin, end, b, e)
			}
		}
	}
}

// reshaped is the set of a model after many other elements came and went.
func reshaped(r *rand.Rand, m scoredModel) *SortedSet {
	var none *SortedSet
	e := none.Edit(testSip, 1)
	for i := range 500 {
		e.Put(fmt.Appendf(nil, "other%d", i), float64(r.IntN(5)))
	}
	all := m.inOrder()
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, element := range all {
		e.Put([]byte(element.member), element.score+1)
		e.Put([]byte(element.member), element.score)
	}
	for i := range 500 {
		e.Remove(fmt.Appendf(nil, "other%d", i))
	}
	return e.Set()
}

// TestDigestAndImageDependOnTheElementsAlone: not on how they came about, and an image makes the same set again.
func TestDigestAndImageDependOnTheElementsAlone(t *testing.T) {
	r, limits := random(t, 6), DefaultEncodingLimits()
	for _, members := range []int{1, 3, maxBlockElements, maxBlockElements + 1, 2000} {
		m := scoredModel{}
		for len(m) < members {
			name := fmt.Sprintf("m%d", r.IntN(1<<20))
			if r.IntN(40) == 0 {
				name = strings.Repeat(name, 100)
			}
			m[name] = []float64{0, 1.5, -3, math.Inf(1), math.Inf(-1), 1e-300}[r.IntN(6)]
		}
		one, other := setOfModel(m), reshaped(r, m)
		checkSortedSet(t, other, m)
		if one.Digest() != other.Digest() {
			t.Fatalf("%d members: digests %x and %x of equal sets", members, one.Digest(), other.Digest())
		}
		image := imageOf(t, one)
		if !bytes.Equal(bytes.Join(image, nil), bytes.Join(imageOf(t, other), nil)) {
			t.Fatalf("%d members: different images of equal sets", members)
		}
		again := readSortedSet(t, image)
		checkSortedSet(t, again, m)
		if again.Digest() != one.Digest() || again.Encoding(limits) != other.Encoding(limits) {
			t.Fatalf("%d members: digest %x and %s after an image, want %x and %s", members,
				again.Digest(), again.Encoding(limits), one.Digest(), other.Encoding(limits))
		}
	}
}

// readSortedSet makes a set of its image.
func readSortedSet(t *testing.T, parts [][]byte) *SortedSet {
	t.Helper()
	reader := NewReader(KindSortedSet)
	for _, part := range parts {
		if !reader.Add(part, 1<<20, testSip, 3) {
			t.Fatal("a part of an image is refused")
		}
	}
	text, apart, ok := reader.Finish(testSip, 3)
	if !ok || text != nil {
		t.Fatal("an image makes no set")
	}
	return apart.(*SortedSet)
}

// TestImagesThatAreNoSortedSetAreRefused: elements out of order, twice, not numbers, cut, and spelled otherwise.
func TestImagesThatAreNoSortedSetAreRefused(t *testing.T) {
	element := func(score float64, member string) []byte {
		b := make([]byte, 0, 32)
		for bits, i := math.Float64bits(score), 0; i < 8; i++ {
			b = append(b, byte(bits>>(8*i)))
		}
		return append(append(b, byte(len(member))), member...)
	}
	accepts := func(parts ...[]byte) bool {
		reader := NewReader(KindSortedSet)
		for _, part := range parts {
			if !reader.Add(part, 100, testSip, 1) {
				return false
			}
		}
		_, _, ok := reader.Finish(testSip, 1)
		return ok
	}
	one, two := element(1, "a"), element(1, "b")
	whole := append(bytes.Clone(one), two...)
	for cut := 1; cut < len(whole); cut++ {
		if !accepts(whole[:cut], whole[cut:]) {
			t.Errorf("two elements in two parts, cut at %d, are refused", cut)
		}
	}
	longer := append(bytes.Clone(one[:8]), 0x81, 0, 'a')
	tooLong := append(bytes.Clone(one[:8]), 101)
	for name, parts := range map[string][][]byte{
		"nothing": nil, "cut": {one[:len(one)-1]}, "cut score": {one[:5]}, "no member": {one[:8]},
		"out of order": {two, one}, "scores out of order": {element(2, "a"), element(1, "b")}, "twice": {one, one},
		"a member twice": {one, element(2, "a")}, "no number": {element(math.NaN(), "a")},
		"negative zero": {element(math.Copysign(0, -1), "a")}, "a longer length": {longer}, "too long": {tooLong},
		"endless length": {append(bytes.Clone(one[:8]), bytes.Repeat([]byte{0xff}, 10)...)},
	} {
		if accepts(parts...) {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzSortedSetReader looks for bytes that panic, or that make a set with another image.
func FuzzSortedSetReader(f *testing.F) {
	z := setOfModel(scoredModel{"a": 1, "b": 1, "": -2.5})
	_ = z.EachPart(make([]byte, 0, MaxPartBytes), func(part []byte) error { f.Add(part, 3); return nil })
	f.Fuzz(func(t *testing.T, image []byte, cut int) {
		cut = min(max(cut, 0), len(image))
		reader := NewReader(KindSortedSet)
		for _, part := range [][]byte{image[:cut], image[cut:]} {
			if len(part) > 0 && !reader.Add(part, 1<<10, testSip, 1) {
				return
			}
		}
		if _, apart, ok := reader.Finish(testSip, 1); ok {
			if again := bytes.Join(imageOf(t, apart.(*SortedSet)), nil); !bytes.Equal(again, image) {
				t.Fatalf("%x is read as %x", image, again)
			}
		}
	})
}

// TestScanVisitsEachMemberOnce walks through a set some members at a time, and meets those that are there all the
// while.
func TestScanVisitsEachMemberOnce(t *testing.T) {
	for _, members := range []int{1, SmallScan, SmallScan + 1, 3000} {
		m := scoredModel{}
		for i := range members {
			m[fmt.Sprint(i)] = float64(i % 7)
		}
		for _, z := range []*SortedSet{setOfModel(m), reshaped(random(t, 8), m)} {
			met, from, calls := map[string]int{}, Position(0), 0
			for calls == 0 || from != 0 {
				calls++
				left, next, last := 10, Position(0), Position(0)
				z.Scan(from, func(at Position, member []byte, score float64) bool {
					if left <= 0 && at != last {
						next = at
						return false
					}
					left, last = left-1, at
					if met[string(member)]++; m[string(member)] != score {
						t.Fatalf("%s has the score %v", member, score)
					}
					return true
				})
				from = next
			}
			if len(met) != members || (members <= SmallScan) != (calls == 1) {
				t.Errorf("%d of %d members met in %d calls", len(met), members, calls)
			}
			for member, times := range met {
				if times != 1 {
					t.Errorf("%s was met %d times", member, times)
				}
			}
		}
	}
}

func TestRemoveRanksRemovesAPart(t *testing.T) {
	for _, members := range []int{1, 10, maxBlockElements, maxBlockElements + 1, 500} {
		third := members / 3
		for _, part := range [][2]int{{0, 1}, {0, third}, {third, members}, {third, third + 1}, {0, members}} {
			m := scoredModel{}
			for i := range members {
				m[fmt.Sprintf("m%d", i)] = float64(i % 9)
			}
			old := setOfModel(m)
			for _, e := range m.inOrder()[part[0]:part[1]] {
				delete(m, e.member)
			}
			z := editedBy(old, 2, func(e *SortedSetEdit) { e.RemoveRanks(part[0], part[1]) })
			if len(m) == 0 {
				if z != nil {
					t.Error("a set without elements")
				}
				continue
			}
			checkSortedSet(t, z, m)
		}
	}
}

// TestOneZeroIsStored: 0 and -0 are the same score.
func TestOneZeroIsStored(t *testing.T) {
	z := setOfModel(scoredModel{"a": math.Copysign(0, -1)})
	if score, _ := z.Score([]byte("a")); math.Signbit(score) {
		t.Error("-0 is stored")
	}
	if z.Digest() != setOfModel(scoredModel{"a": 0}).Digest() {
		t.Error("0 and -0 have different digests")
	}
}

func TestRanksOfScoresCompareAsScores(t *testing.T) {
	scores := []float64{
		math.Inf(-1), -math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, 1.5,
		math.MaxFloat64, math.Inf(1),
	}
	for i, score := range scores {
		if scoreOf(rankOf(score)) != score || i > 0 && rankOf(scores[i-1]) >= rankOf(score) {
			t.Errorf("%v has the rank %x", score, rankOf(score))
		}
	}
}

// TestSizesOfSortedSetsAreThoseOfTheTypes: MemoryBytes counts with them.
func TestSizesOfSortedSetsAreThoseOfTheTypes(t *testing.T) {
	for _, c := range []struct {
		of   reflect.Type
		size int
	}{
		{reflect.TypeFor[SortedSet](), sortedSetBytes},
		{reflect.TypeFor[largeSortedSet](), largeSortedSetBytes},
		{reflect.TypeFor[orderedLeaf](), orderedLeafBytes},
		{reflect.TypeFor[orderedFork](), orderedForkBytes},
		{reflect.TypeFor[orderedLink](), orderedLinkBytes},
		{reflect.TypeFor[[]byte](), sliceBytes},
	} {
		if int(c.of.Size()) != c.size {
			t.Errorf("a %v has %d bytes, not %d", c.of, c.of.Size(), c.size)
		}
	}
}

// BenchmarkReadingALongMember reads a member of 64 MiB, which comes in a thousand parts. That costs what it is long.
func BenchmarkReadingALongMember(b *testing.B) {
	const length = 64 << 20
	image := binary.AppendUvarint(binary.LittleEndian.AppendUint64(nil, 0), length)
	image = append(image, make([]byte, length)...)
	b.SetBytes(length)
	for b.Loop() {
		r := new(sortedSetReader)
		for part := range slices.Chunk(image, MaxPartBytes) {
			if !r.Add(part, length, testSip, 1) {
				b.Fatal("the member is refused")
			}
		}
	}
}
