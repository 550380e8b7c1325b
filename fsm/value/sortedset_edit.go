package value

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// SortedSetEdit is a sorted set while a command changes it, one element after the other.
type SortedSetEdit struct {
	// old is the set before, nil for none.
	old   *SortedSet
	set   SortedSet
	state digest.Sip
	// generation is the present one, owned says that the block is of it.
	generation uint64
	owned      bool
	// changed says that an element was changed.
	changed bool
}

// Edit begins to change the set, or one without elements if it is nil. state is a fresh one of the hash of values,
// generation the present one. z is not used any more once an element was changed, but for its Digest and Size.
func (z *SortedSet) Edit(state digest.Sip, generation uint64) SortedSetEdit {
	e := SortedSetEdit{old: z, state: state, generation: generation, owned: true}
	if z == nil {
		return e
	}
	e.set, e.owned = *z, z.generation == generation
	if z.large != nil {
		own := *z.large
		e.set.large = &own
	}
	return e
}

// Len is the number of elements so far.
func (e *SortedSetEdit) Len() int { return e.set.Len() }

// Score is the score that a member has so far.
func (e *SortedSetEdit) Score(member []byte) (score float64, found bool) { return e.set.Score(member) }

// Set is the changed set, nil if it has no elements. The edit is not used any more.
func (e *SortedSetEdit) Set() *SortedSet {
	switch {
	case e.Len() == 0:
		return nil
	case !e.changed:
		return e.old // its block is not of this generation
	}
	done := e.set
	done.generation = e.generation
	return done.sealed(e.state)
}

// Put gives a member a score, which is a number. It copies the member, which does not lie in the set.
func (e *SortedSetEdit) Put(member []byte, score float64) {
	before, existed := e.Score(member)
	e.PutOver(before, existed, member, score)
}

// PutOver is Put for a member of which Score has said what it is so far.
func (e *SortedSetEdit) PutOver(old float64, existed bool, member []byte, score float64) {
	before, rank := rankOf(old), rankOf(score)
	switch {
	case existed && before == rank:
		return
	case existed:
		e.set.sum -= scoredDigest(member, before, e.state)
	default:
		e.set.bytes += len(member)
	}
	e.changed = true
	e.set.sum += scoredDigest(member, rank, e.state)
	if e.set.large == nil && !existed && !e.takesSmall(member) {
		e.enlarge()
	}
	if large := e.set.large; large != nil {
		e.putLarge(large, scoredKey{rank, member}, before, existed)
		return
	}
	leaf := e.ownSmall()
	if existed {
		at, _ := leaf.find(scoredKey{before, member})
		leaf.remove(at)
	}
	at, _ := leaf.find(scoredKey{rank, member})
	leaf.insert(at, scoredKey{rank, member})
	e.keepSmall(leaf)
}

// takesSmall reports whether a block takes a member more.
func (e *SortedSetEdit) takesSmall(member []byte) bool {
	return e.set.count < maxBlockElements && len(member) < longMemberBytes &&
		len(e.set.block)+packedScoreBytes+2+len(member) <= maxBlockBytes
}

// making is what the table of scores is written with.
func (e *SortedSetEdit) making() making { return making{withWords, e.state, e.generation} }

// enlarge makes a large set of a block.
func (e *SortedSetEdit) enlarge() {
	large, leaf := &largeSortedSet{}, e.set.small()
	scores := edit(table{}, e.making())
	for c := leaf.cursor(); c.next(); {
		scores.put(c.key.member, wordForm(c.key.score))
		large.order.insert(c.key, e.generation)
	}
	large.scores = scores.table
	e.set.large, e.set.block, e.set.count = large, nil, 0
}

// putLarge puts an element into a large set, in place of one with another score if existed.
func (e *SortedSetEdit) putLarge(large *largeSortedSet, element scoredKey, before uint64, existed bool) {
	if len(element.member) >= longMemberBytes { // the leaf keeps it
		element.member = bytes.Clone(element.member)
	}
	scores := edit(large.scores, e.making())
	if existed {
		scores.put(element.member, wordForm(element.score))
	} else {
		scores.add(element.member, wordForm(element.score))
	}
	if large.scores = scores.table; existed {
		large.order.remove(scoredKey{before, element.member}, e.generation)
	}
	large.order.insert(element, e.generation)
}

// Remove removes a member, which does not lie in the set, and reports whether it was there.
func (e *SortedSetEdit) Remove(member []byte) bool {
	rank, existed := e.set.find(member)
	if existed {
		e.removeElement(scoredKey{rank, member})
	}
	return existed
}

// removeElement removes an element that is there, and whose member does not lie in the set.
func (e *SortedSetEdit) removeElement(element scoredKey) {
	e.changed = true
	e.set.sum -= scoredDigest(element.member, element.score, e.state)
	e.set.bytes -= len(element.member)
	large := e.set.large
	if large == nil {
		leaf := e.ownSmall()
		at, _ := leaf.find(element)
		leaf.remove(at)
		e.keepSmall(leaf)
		return
	}
	large.scores, _ = large.scores.without(element.member, e.making())
	large.order.remove(element, e.generation)
	if count := e.Len(); count <= maxBlockElements/2 && e.set.bytes+count*(packedScoreBytes+2) <= maxBlockBytes/2 {
		e.reduce()
	}
}

// reduce makes a block of a large set, unless it has a long member.
func (e *SortedSetEdit) reduce() {
	leaf := orderedLeaf{generation: e.generation}
	long := false
	e.set.large.order.each(0, func(element scoredKey) bool {
		long = len(element.member) >= longMemberBytes
		leaf.insert(leafSpot{leaf.count, len(leaf.block), 0}, element)
		return !long
	})
	if !long {
		e.set.large, e.owned = nil, true
		e.keepSmall(leaf)
	}
}

// RemoveRanks removes the elements from a rank on, before another one that is at most Len.
func (e *SortedSetEdit) RemoveRanks(begin, end int) {
	const atOnce = 64
	for begin < end {
		var some [atOnce]scoredKey
		gone := some[:0]
		var leaf orderedLeaf
		e.set.order(&leaf).each(begin, func(element scoredKey) bool {
			element.member = bytes.Clone(element.member)
			gone = append(gone, element)
			return len(gone) < min(atOnce, end-begin)
		})
		for _, element := range gone {
			e.removeElement(element)
		}
		end -= len(gone)
	}
}

// ownSmall is the block as a leaf that this edit may change; keepSmall puts it back.
func (e *SortedSetEdit) ownSmall() orderedLeaf {
	leaf := e.set.small()
	if !e.owned {
		leaf.block, e.owned = packed(leaf.block, 0), true
	}
	leaf.generation = e.generation
	return leaf
}

func (e *SortedSetEdit) keepSmall(leaf orderedLeaf) {
	e.set.block, e.set.count = leaf.block, leaf.count
}
