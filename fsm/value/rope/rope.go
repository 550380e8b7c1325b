package rope

import "slices"

// Rope is the storage of a list: elements in an order, which change at both ends in constant time, and anywhere in
// logarithmic time. The zero value is empty.
//
//	rope ──► front ──► up to 4 KiB of entries, or one long element
//	    └──► middle: a balanced tree, each node of it with a block
//	    └──► back
//
// A queue changes front and back, each until it is full or empty: then it goes into the tree, or comes from it. A small
// list is front alone. It is a part of a value, and changes as that does: a write copies the rope and changes the copy.
// Within one generation the copy shares everything with the old one, so only the newest may be used. What is older is
// copied before it is changed: a block with its entries, and the nodes above it.
//
// There is a middle only if there is a back, and a back only if there is a front. How the elements lie in blocks is not
// told to anyone.
type Rope struct {
	front, back *block
	middle      *tree
}

// Len is the number of elements.
func (r *Rope) Len() int { return r.front.len() + r.middle.len() + r.back.len() }

// Size is the length of the entries.
func (r *Rope) Size() int { return r.front.size() + r.middle.size() + r.back.size() }

// Digest is the hash of the elements in their order, the same for any layout.
func (r *Rope) Digest(w *Edit) uint64 {
	all := w.radix.join(w.radix.join(r.front.hash(), r.middle.hash()), r.back.hash())
	return w.state.Word(uint64(all.count)).Finish(all.sum)
}

// MemoryBytes is what the rope occupies.
func (r *Rope) MemoryBytes() int {
	return r.front.memoryBytes() + r.middle.memoryBytes() + r.back.memoryBytes()
}

// blocks visits the blocks with the elements from i on until visit wants no more. i is 0 at least; visit is told where
// in the block to begin.
func (r *Rope) blocks(i int, visit func(b *block, k int) bool) bool {
	front, middle := r.front.len(), r.middle.len()
	if i < front && !visit(r.front, i) {
		return false
	}
	i = max(i-front, 0)
	return r.middle.each(i, visit) && (i-middle >= r.back.len() || visit(r.back, max(i-middle, 0)))
}

// blocksBack visits the blocks with the elements before i, the last one first. visit is told how many of the block's
// elements these are.
func (r *Rope) blocksBack(i int, visit func(b *block, k int) bool) bool {
	i -= r.front.len()
	if behind := i - r.middle.len(); behind > 0 && !visit(r.back, min(behind, r.back.len())) {
		return false
	}
	return r.middle.eachBack(min(i, r.middle.len()), visit) &&
		(r.front == nil || i+r.front.len() <= 0 || visit(r.front, min(i, 0)+r.front.len()))
}

// Each visits the elements from an index on, which is 0 at least, until visit wants no more. An element is valid during
// the visit; one of more than MaxPackedBytes never changes.
func (r *Rope) Each(from int, visit func(element []byte) bool) {
	r.blocks(from, func(b *block, k int) bool { return b.each(k, visit) })
}

// EachBack visits the elements from an index on, which is below Len, back to the first.
func (r *Rope) EachBack(from int, visit func(element []byte) bool) {
	r.blocksBack(from+1, func(b *block, k int) bool { return b.eachBack(k, visit) })
}

// Find visits the indexes of what equals an element, among the first so many elements, until visit wants no more.
// fromEnd says that the search goes from the last element back.
func (r *Rope) Find(element []byte, among int, fromEnd bool, visit func(index int) bool) {
	search, at := newWanted(element), 0
	if !fromEnd {
		r.blocks(0, func(b *block, _ int) bool {
			begin := at
			at += b.len()
			return b.find(&search, 0, func(k int) bool { return begin+k < among && visit(begin+k) }) && at < among
		})
		return
	}
	length := r.Len()
	end, bound := length, length-min(among, length)
	r.blocksBack(length, func(b *block, k int) bool {
		end -= k
		return b.findBack(&search, k, func(k int) bool { return end+k >= bound && visit(end+k) }) && end > bound
	})
}

// Push adds an element at one end.
func (r *Rope) Push(w *Edit, element []byte, front bool) {
	end := &r.back
	if front || r.back == nil {
		end = &r.front
	}
	full := *end
	if full == nil {
		r.front = w.fresh(element, front)
		return
	}
	room := 0 // a small list takes little more than it needs
	if r.back != nil {
		room = 2 * full.size()
	}
	if own := w.push(full, element, room, front); own != nil {
		*end = own
		return
	}
	switch full = w.filed(full); {
	case r.back == nil && front:
		r.back = full
	case r.back == nil:
		end = &r.back
	case front:
		r.middle = w.link(nil, w.node(full), r.middle)
	default:
		r.middle = w.link(r.middle, w.node(full), nil)
	}
	*end = w.fresh(element, front)
}

// DropFront lets go of n elements at the front, at most all.
func (r *Rope) DropFront(w *Edit, n int) {
	if n >= r.Len() {
		*r = Rope{}
		return
	}
	if left := n - r.front.len(); left >= 0 {
		switch middle := r.middle.len(); {
		case left < middle:
			before, first, behind := w.split(r.middle, left)
			r.front, r.middle, n = first.block, behind, left-before.len()
		default:
			*r, n = Rope{front: r.back}, left-middle
		}
	}
	r.front = w.withoutEnd(r.front, n, true)
	r.shrink(w)
}

// DropBack is dropFront for the other end.
func (r *Rope) DropBack(w *Edit, n int) {
	if n >= r.Len() {
		*r = Rope{}
		return
	}
	if r.back == nil {
		r.front = w.withoutEnd(r.front, n, false)
		return
	}
	left := n - r.back.len()
	switch middle := r.middle.len(); {
	case left < 0:
		r.back = w.withoutEnd(r.back, n, false)
	case left < middle:
		before, last, _ := w.split(r.middle, middle-left-1)
		kept := middle - left - before.len()
		r.back, r.middle = w.withoutEnd(last.block, last.block.len()-kept, false), before
	default:
		*r = Rope{front: w.withoutEnd(r.front, left-middle, false)}
	}
	r.shrink(w)
}

// shrink makes one block of the last two, if they are small.
func (r *Rope) shrink(w *Edit) {
	if r.middle == nil && r.back != nil && r.front.size()+r.back.size() <= maxMergedBytes/2 {
		if one := w.merged(r.front, r.back); one != nil {
			r.front, r.back = one, nil
		}
	}
}

// edit replaces the block with element i by what change makes of it: see Edit.replaced.
func (r *Rope) edit(w *Edit, i int, change func(b *block, k int) []*block) {
	front, middle := r.front.len(), r.middle.len()
	switch {
	case i < front:
		if made := change(r.front, i); len(made) == 1 {
			r.front = made[0]
		} else {
			r.settle(w, w.concat(w.build(made), r.rest(w)))
		}
	case i < front+middle:
		at, k := r.middle.at(i - front)
		if made := change(at, k); len(made) == 1 {
			r.middle = w.changed(r.middle, i-front, made[0])
		} else {
			before, _, behind := w.split(r.middle, i-front)
			r.middle = w.concat(w.concat(before, w.build(made)), behind)
		}
	default:
		if made := change(r.back, i-front-middle); len(made) == 1 {
			r.back = made[0]
		} else {
			r.settle(w, w.link(nil, w.node(r.front), w.concat(r.middle, w.build(made))))
		}
	}
}

// Insert puts an element before element i, or behind all.
func (r *Rope) Insert(w *Edit, i int, element []byte) {
	switch i {
	case 0:
		r.Push(w, element, true)
	case r.Len():
		r.Push(w, element, false)
	default: // behind the one before it: elements that are inserted one after the other fill their blocks
		r.edit(w, i-1, func(b *block, k int) []*block { return w.inserted(b, k+1, element) })
	}
}

// Replace puts another element in place of element i.
func (r *Rope) Replace(w *Edit, i int, element []byte) {
	r.edit(w, i, func(b *block, k int) []*block { return w.replaced(b, k, element) })
}

// rest is the tree of all but the front.
func (r *Rope) rest(w *Edit) *tree {
	if r.back == nil {
		return nil
	}
	return w.link(r.middle, w.node(r.back), nil)
}

// settle makes the rope one of all blocks of a tree.
func (r *Rope) settle(w *Edit, all *tree) {
	*r = Rope{}
	if all == nil {
		return
	}
	_, first, rest := w.split(all, 0)
	r.front = first.block
	if rest != nil {
		before, last, _ := w.split(rest, rest.count-1)
		r.middle, r.back = before, last.block
	}
	r.shrink(w)
}

// Remove removes what equals an element, at most so many times: the first ones, or the last ones. It says how many.
func (r *Rope) Remove(w *Edit, element []byte, limit int, fromEnd bool) (removed int) {
	s := newRemoval(w, element, limit, fromEnd)
	if fromEnd {
		r.blocksBack(r.Len(), s.visit)
	} else {
		r.blocks(0, s.visit)
	}
	if s.removed == 0 {
		return 0
	}
	from, to := s.from, s.to
	made := s.made[:s.sure]
	if fromEnd {
		slices.Reverse(made)
		from, to = r.Len()-to, r.Len()-from
	}
	r.exchange(w, from, to, made)
	return s.removed
}

// removal is a search for what is to be removed. The positions are those of elements, counted from where it begins.
type removal struct {
	w       *Edit
	gone    wanted
	limit   int
	fromEnd bool
	removed int
	// at is how far it is. from and to are where the first block that changes begins, and where the last one ends.
	at, from, to int
	// made are the blocks from there on, nil in place of one of which nothing is left; the last that changes is at sure-1.
	made []*block
	sure int
}

func newRemoval(w *Edit, element []byte, limit int, fromEnd bool) *removal {
	return &removal{w: w, gone: newWanted(element), limit: limit, fromEnd: fromEnd}
}

func (s *removal) visit(b *block, _ int) bool {
	rest, n := s.w.without(b, &s.gone, s.limit-s.removed, s.fromEnd)
	if n > 0 && s.removed == 0 {
		s.from = s.at
	}
	s.at += b.len()
	s.removed += n
	if s.removed > 0 {
		s.made = append(s.made, rest)
	}
	if n > 0 {
		s.to, s.sure = s.at, len(s.made)
	}
	return s.removed < s.limit
}

// exchange puts blocks in place of those that have the elements between two positions. Small ones become one, with each
// other and with the blocks beside them.
func (r *Rope) exchange(w *Edit, from, to int, made []*block) {
	var before, behind *tree
	rest := w.link(nil, w.node(r.front), r.rest(w))
	if from > 0 {
		var last *tree
		before, last, rest = w.split(rest, from-1)
		made = slices.Insert(made, 0, last.block)
	}
	if to-from < rest.len() {
		var first *tree
		_, first, behind = w.split(rest, to-from)
		made = append(made, first.block)
	}
	var all []*block
	for _, b := range made {
		if b == nil {
			continue
		}
		if end := len(all) - 1; end >= 0 {
			if one := w.merged(all[end], b); one != nil {
				all[end] = one
				continue
			}
		}
		all = append(all, b)
	}
	r.settle(w, w.concat(w.concat(before, w.build(all)), behind))
}
