package value

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// SortedSet is members with scores, in the order of (score, member): numbers, and strings that differ. It implements
// Value. No key holds an empty one.
//
//	SortedSet ──► block: a few short elements, packed in order
//	    └───────► large ──► order: all elements in order, with ranks
//	                  └───► scores: the score of each member
//
// A large one keeps its members twice: it takes that to find a member by its name and by its rank.
type SortedSet struct {
	box Box
	// generation is that in which it was made.
	generation uint64
	digest     uint64
	// sum adds up the digests of the elements, bytes the lengths of the members.
	sum   uint64
	bytes int
	// count is how many elements the block has. large is not nil if it has none.
	count int
	block []byte
	large *largeSortedSet
}

type largeSortedSet struct {
	order  ordered
	scores table
}

// A set of at most maxBlockElements of maxBlockBytes, none of them long, may be a block; a large one becomes a block
// when half of that is left. The layout shows in nothing but MemoryBytes.
const maxBlockElements, maxBlockBytes = maxLeafElements, maxLeafBytes

// scoredDigest is what an element adds to the sum. rank is rankOf its score.
func scoredDigest(member []byte, rank uint64, s digest.Sip) uint64 {
	return digest.Seal(digest.Extend(s.Word(rank), member, 0), member)
}

// sealed gives a set, which is not in use yet, its digest and its box.
func (z *SortedSet) sealed(s digest.Sip) *SortedSet {
	z.digest = s.Word(uint64(z.Len())).Finish(z.sum)
	z.box.Value = z
	return z
}

// Len is the number of elements.
func (z *SortedSet) Len() int {
	if z.large != nil {
		return z.large.scores.Len()
	}
	return z.count
}

// small is the block as a leaf.
func (z *SortedSet) small() orderedLeaf {
	return orderedLeaf{generation: z.generation, count: z.count, block: z.block}
}

// order is the set in order, for reading.
func (z *SortedSet) order(leaf *orderedLeaf) ordered {
	if z.large != nil {
		return z.large.order
	}
	if *leaf = z.small(); leaf.count == 0 {
		return ordered{}
	}
	return ordered{orderedTree{leaf: leaf}}
}

// find gives rankOf the score of a member, and reports whether there is one.
func (z *SortedSet) find(member []byte) (rank uint64, found bool) {
	if z.large != nil {
		kept, found := z.large.scores.find(withWords, member)
		if !found {
			return 0, false
		}
		return digest.WordAt(kept.form), true
	}
	leaf := z.small()
	for c := leaf.cursor(); c.next(); {
		if string(c.key.member) == string(member) {
			return c.key.score, true
		}
	}
	return 0, false
}

// Score is the score of a member.
func (z *SortedSet) Score(member []byte) (score float64, found bool) {
	rank, found := z.find(member)
	return scoreOf(rank), found
}

// Rank is how many elements are before that of a member, and its score.
func (z *SortedSet) Rank(member []byte) (rank int, score float64, found bool) {
	there, found := z.find(member)
	if !found {
		return 0, 0, false
	}
	element := scoredKey{there, member}
	return z.before(element), scoreOf(there), true
}

// before is how many elements are before a place.
func (z *SortedSet) before(place scoredKey) int {
	var leaf orderedLeaf
	return z.order(&leaf).rank(func(e scoredKey) bool { return e.before(place) })
}

// Each visits the elements from a rank on, in order, until visit wants no more. member is valid during the visit.
func (z *SortedSet) Each(rank int, visit func(member []byte, score float64) bool) {
	var leaf orderedLeaf
	z.order(&leaf).each(rank, func(e scoredKey) bool { return visit(e.member, scoreOf(e.score)) })
}

// EachBack visits the elements from a rank on, which there is, in reverse order, until visit wants no more. member is
// valid during the visit.
func (z *SortedSet) EachBack(rank int, visit func(member []byte, score float64) bool) {
	var leaf orderedLeaf
	z.order(&leaf).eachBack(rank, func(e scoredKey) bool { return visit(e.member, scoreOf(e.score)) })
}

// ScoreRange is the scores between two, which count unless they are excluded.
type ScoreRange struct {
	Min, Max                 float64
	ExcludesMin, ExcludesMax bool
}

// WithScores gives the ranks of the elements with scores in a range: from begin on, before end. They are equal if there
// is none.
func (z *SortedSet) WithScores(r ScoreRange) (begin, end int) {
	var leaf orderedLeaf
	order := z.order(&leaf)
	low, high := rankOf(r.Min), rankOf(r.Max)
	begin = order.rank(func(e scoredKey) bool { return e.score < low || r.ExcludesMin && e.score == low })
	end = order.rank(func(e scoredKey) bool { return e.score < high || !r.ExcludesMax && e.score == high })
	return begin, max(begin, end)
}

// NameBound is an end of a range of names.
type NameBound struct {
	Name []byte
	// Excluded says that the name itself is outside.
	Excluded bool
	// Edge, if not 0, is -1 for an end before all names, and 1 for one behind all names.
	Edge int
}

// NameRange is the names between two bounds.
type NameRange struct{ Min, Max NameBound }

// reaches reports whether a name is at the lower end of a range or behind it; ends whether it is behind its upper end.
func (r *NameRange) reaches(name []byte) bool {
	if r.Min.Edge != 0 {
		return r.Min.Edge < 0
	}
	return string(name) > string(r.Min.Name) || !r.Min.Excluded && string(name) == string(r.Min.Name)
}

func (r *NameRange) ends(name []byte) bool {
	if r.Max.Edge != 0 {
		return r.Max.Edge < 0
	}
	return string(name) > string(r.Max.Name) || r.Max.Excluded && string(name) == string(r.Max.Name)
}

// isEmpty reports whether no name can be in the range.
func (r *NameRange) isEmpty() bool {
	switch {
	case r.Min.Edge > 0 || r.Max.Edge < 0:
		return true
	case r.Min.Edge < 0 || r.Max.Edge > 0:
		return false
	}
	order := bytes.Compare(r.Min.Name, r.Max.Name)
	return order > 0 || order == 0 && (r.Min.Excluded || r.Max.Excluded)
}

// WithNames gives the ranks of the elements with names in a range: from begin on, before end. They are equal if there
// is none. The elements are in the order of their names if they have one score. If not, a range of names has no
// meaning; what is found then is what Redis finds in a small set, in either direction, and it costs a look at all
// elements, for it must not depend on the layout.
func (z *SortedSet) WithNames(r NameRange, back bool) (begin, end int) {
	if r.isEmpty() || z.Len() == 0 {
		return 0, 0
	}
	var leaf orderedLeaf
	order := z.order(&leaf)
	if !order.hasOneScore() {
		return order.walkNames(&r, back)
	}
	begin = order.rank(func(e scoredKey) bool { return !r.reaches(e.member) })
	end = order.rank(func(e scoredKey) bool { return !r.ends(e.member) })
	return begin, max(begin, end)
}

// hasOneScore reports whether all elements, at least one, have the same score.
func (o ordered) hasOneScore() bool {
	var first, last scoredKey
	o.each(0, func(e scoredKey) bool { first = e; return false })
	o.eachBack(o.len()-1, func(e scoredKey) bool { last = e; return false })
	return first.score == last.score
}

// walkNames is WithNames for elements that are in no order of names.
func (o ordered) walkNames(r *NameRange, back bool) (begin, end int) {
	count, within := o.len(), false
	o.each(0, func(e scoredKey) bool { within = !r.ends(e.member); return false })
	o.eachBack(count-1, func(e scoredKey) bool { within = within && r.reaches(e.member); return false })
	if !within {
		return 0, 0
	}
	if !back {
		o.each(0, func(e scoredKey) bool {
			if begin == end && !r.reaches(e.member) { // not begun yet
				begin, end = begin+1, end+1
				return true
			}
			if r.ends(e.member) {
				return false
			}
			end++
			return true
		})
		return begin, end
	}
	begin, end = count, count
	o.eachBack(count-1, func(e scoredKey) bool {
		if begin == end && r.ends(e.member) {
			begin, end = begin-1, end-1
			return true
		}
		if !r.reaches(e.member) {
			return false
		}
		begin--
		return true
	})
	return begin, end
}

// SmallScan is the number of elements up to which Scan visits all of them at once.
const SmallScan = 128

// Scan visits elements from a position on, in the order of positions, until visit wants no more. It begins at 0. The
// position of an element depends on its member alone, several may have the same. A set of up to SmallScan elements is
// visited as a whole, at position 0.
func (z *SortedSet) Scan(from Position, visit func(at Position, member []byte, score float64) bool) {
	if z.Len() <= SmallScan {
		z.Each(0, func(member []byte, score float64) bool { return visit(0, member, score) })
		return
	}
	var digits Digits
	z.large.scores.scan(withWords, from, func(at Position, key, kept Item) bool {
		return visit(at, key.Text(&digits), scoreOf(digest.WordAt(kept.form)))
	})
}

// Box is where the value is held: in itself.
func (z *SortedSet) Box() *Box { return &z.box }

// Kind is KindSortedSet.
func (z *SortedSet) Kind() Kind { return KindSortedSet }

// Encoding is what OBJECT ENCODING answers.
func (z *SortedSet) Encoding(limits EncodingLimits) string {
	return limits.SortedSetEncoding(z.Len(), func(yield func(bytes int) bool) {
		z.Each(0, func(member []byte, _ float64) bool { return yield(len(member)) })
	})
}

// Size is the number of bytes of the elements, as often as they are kept.
func (z *SortedSet) Size() int {
	size := z.bytes + z.Len()*(packedScoreBytes+1)
	if z.large != nil {
		size += z.large.scores.bytes()
	}
	return size
}

// What a set occupies besides its elements. A test compares it with the types.
const sortedSetBytes, largeSortedSetBytes = 88, 48

// MemoryBytes is what the set occupies. It looks at all nodes of a large one.
func (z *SortedSet) MemoryBytes() int {
	if z.large == nil {
		return allocated.Size(sortedSetBytes) + allocated.Size(cap(z.block))
	}
	return allocated.Size(sortedSetBytes) + allocated.Size(largeSortedSetBytes) + z.large.order.memoryBytes() +
		z.large.scores.memoryBytes()
}

// Digest is the digest of the contents.
func (z *SortedSet) Digest() uint64 { return z.digest }

// Generation is that in which the set was made.
func (z *SortedSet) Generation() uint64 { return z.generation }
