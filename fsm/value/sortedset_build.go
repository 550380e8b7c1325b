package value

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// SortedSetBuilder makes a sorted set of elements that are all known before there is a set. It brings them into the two
// orders that a large set has, and builds both trees from left to right: to put one element after the other costs some
// times as much. The zero value is of no use: see NewSortedSetBuilder.
type SortedSetBuilder struct {
	state      digest.Sip
	generation uint64
	elements   []builtElement
	// room is memory for the members that come next: they are short, and those of a builder lie together.
	room []byte
	// isMixed says that the elements do not come in their order.
	isMixed bool
}

// builtElement is an element of a set that is built.
type builtElement struct {
	key scoredKey
	// hash is that of the member in the table of scores, text the hash that a form has of a long one.
	hash, text uint64
}

// builderRoomBytes is how much memory for members a builder takes at once.
const builderRoomBytes = 32 << 10

// NewSortedSetBuilder begins a set. state is a fresh one of the hash of values, generation the present one.
func NewSortedSetBuilder(state digest.Sip, generation uint64) SortedSetBuilder {
	return SortedSetBuilder{state: state, generation: generation}
}

// Add adds a copy of a member with a score, which is a number. It may come again, but with the same score.
func (b *SortedSetBuilder) Add(member []byte, score float64) {
	key := scoredKey{score: rankOf(score)}
	switch length := len(member); {
	case length >= longMemberBytes: // the leaf keeps it
		key.member = bytes.Clone(member)
	default:
		if length > cap(b.room)-len(b.room) {
			b.room = make([]byte, 0, builderRoomBytes)
		}
		begin := len(b.room)
		b.room = append(b.room, member...)
		key.member = b.room[begin:len(b.room):len(b.room)]
	}
	if last := len(b.elements) - 1; last >= 0 && !b.elements[last].key.before(key) {
		b.isMixed = true
	}
	b.elements = append(b.elements, builtElement{key: key})
}

// Set is the set of all elements, nil if there are none. The builder is not used any more.
func (b *SortedSetBuilder) Set() *SortedSet {
	if len(b.elements) == 0 {
		return nil
	}
	if b.isMixed {
		slices.SortFunc(b.elements, func(x, y builtElement) int {
			if x.key.score != y.key.score {
				return cmp.Compare(x.key.score, y.key.score)
			}
			return bytes.Compare(x.key.member, y.key.member)
		})
		b.elements = slices.CompactFunc(b.elements, func(x, y builtElement) bool {
			return x.key.score == y.key.score && bytes.Equal(x.key.member, y.key.member)
		})
	}
	z := &SortedSet{generation: b.generation}
	for i := range b.elements {
		key := &b.elements[i].key
		z.bytes += len(key.member)
		z.sum += scoredDigest(key.member, key.score, b.state)
	}
	if leaf, isSmall := b.small(); isSmall {
		z.block, z.count = packed(leaf.block, 0), leaf.count
	} else {
		z.large = &largeSortedSet{order: ordered{b.order()}, scores: b.scores()}
	}
	return z.sealed(b.state)
}

// small is the block of a set with few elements, as a leaf.
func (b *SortedSetBuilder) small() (leaf orderedLeaf, isSmall bool) {
	e := SortedSetEdit{}
	for i := range b.elements {
		key := b.elements[i].key
		e.keepSmall(leaf)
		if !e.takesSmall(key.member) {
			return leaf, false
		}
		leaf.insert(leafSpot{leaf.count, len(leaf.block), 0}, key)
	}
	return leaf, true
}

// order is the tree of the elements in their order: leaves that are full, and forks that are nearly full, as elements
// leave them that come one after the other.
func (b *SortedSetBuilder) order() orderedTree {
	var links []orderedLink
	leaf := orderedLeaf{block: make([]byte, 0, 2*maxLeafBytes)}
	end := func() {
		own := &orderedLeaf{generation: b.generation, count: leaf.count, block: packed(leaf.block, 0), long: leaf.long}
		links = append(links, orderedLink{orderedTree{leaf: own}, own.count, own.first().lasting()})
		leaf = orderedLeaf{block: leaf.block[:0]}
	}
	for i := range b.elements {
		key := b.elements[i].key
		if leaf.count > 0 && (leaf.count == maxLeafElements || len(leaf.block)+packedSize(key) > maxLeafBytes) {
			end()
		}
		leaf.insert(leafSpot{leaf.count, len(leaf.block), len(leaf.long)}, key)
	}
	for end(); len(links) > 1; {
		links = b.forks(links)
	}
	return links[0].tree
}

// packedSize is how long an element is in a block.
func packedSize(key scoredKey) int {
	if len(key.member) >= longMemberBytes {
		return packedScoreBytes + 1
	}
	var length [binary.MaxVarintLen64]byte
	return packedScoreBytes + binary.PutUvarint(length[:], uint64(len(key.member))+1) + len(key.member)
}

// forks puts links, at least two, below forks of at least two each, and gives the links to these.
func (b *SortedSetBuilder) forks(links []orderedLink) (above []orderedLink) {
	const full = maxForkLinks - 1
	for len(links) > 0 {
		some := min(len(links), full)
		if len(links) == full+1 {
			some--
		}
		tree := orderedTree{fork: &orderedFork{b.generation, slices.Clone(links[:some])}}
		above = append(above, orderedLink{tree, tree.len(), links[0].from})
		links = links[some:]
	}
	return above
}

// scores is the table of the scores. The elements are in its order then.
func (b *SortedSetBuilder) scores() table {
	for i := range b.elements {
		e := &b.elements[i]
		whole := newForm(e.key.member, b.state)
		if e.hash = whole.hash(b.state); whole.length > whole.headBytes {
			e.text = digest.WordAt(whole.head[whole.headBytes:])
		}
	}
	slices.SortFunc(b.elements, func(x, y builtElement) int {
		if x.hash != y.hash {
			return cmp.Compare(x.hash, y.hash)
		}
		first, second := x.form(), y.form()
		return bytes.Compare(first.bytes(), second.bytes())
	})
	var made tableBuilder
	made.begin(making{withWords, b.state, b.generation}, byHash)
	for i := range b.elements {
		e := &b.elements[i]
		member, score := e.form(), wordForm(e.key.score)
		if !made.add(&member, &score, e.hash) {
			panic("value: a sorted set is built with a member that has two scores")
		}
	}
	return made.finish()
}

// form is the whole form of the member.
func (e *builtElement) form() form {
	f := wantedForm(e.key.member)
	f.completeWith(e.text)
	return f
}
