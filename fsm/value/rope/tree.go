package rope

import "github.com/raftredis/raftredis/internal/allocated"

// tree is a tree of blocks, in their order. It is balanced by weight: of two neighbours in it, the heavier one
// weighs at most three times as much as the other (Blelloch, Ferizovic and Sun: Just Join for Parallel Ordered Sets).
// nil is the empty tree.
type tree struct {
	generation  uint64
	left, right *tree
	block       *block
	// blocks, count and bytes are of the whole tree: blocks, elements, and the size of the blocks. sum is the hash of the
	// elements.
	blocks, count, bytes int
	sum                  uint64
}

// nodeBytes is what a node occupies. A test compares it with the type.
const nodeBytes = 64

// len is the number of elements.
func (t *tree) len() int {
	if t == nil {
		return 0
	}
	return t.count
}

// size is the size of the blocks.
func (t *tree) size() int {
	if t == nil {
		return 0
	}
	return t.bytes
}

// hash is that of the elements.
func (t *tree) hash() hashed {
	if t == nil {
		return hashed{}
	}
	return hashed{t.sum, t.count}
}

func (t *tree) weight() int {
	if t == nil {
		return 1
	}
	return t.blocks + 1
}

// balanced reports whether trees of two weights may be neighbours.
func balanced(a, b int) bool { return a <= 3*b && b <= 3*a }

// at gives the block with an element, and which of the block's it is.
func (t *tree) at(i int) (b *block, k int) {
	for {
		switch before := t.left.len(); {
		case i < before:
			t = t.left
		case i-before < t.block.len():
			return t.block, i - before
		default:
			i -= before + t.block.len()
			t = t.right
		}
	}
}

// each visits the blocks from that with element i on, which tells visit where in the block to begin, until visit wants
// no more. It reports whether it always did.
func (t *tree) each(i int, visit func(b *block, k int) bool) bool {
	if t == nil || i >= t.count {
		return true
	}
	before := t.left.len()
	here := before + t.block.len()
	return t.left.each(i, visit) && (i >= here || visit(t.block, max(i-before, 0))) && t.right.each(max(i-here, 0), visit)
}

// eachBack is each for the blocks with the elements before i, the last one first. k is how many elements of the block
// these are.
func (t *tree) eachBack(i int, visit func(b *block, k int) bool) bool {
	if t == nil || i <= 0 {
		return true
	}
	before := t.left.len()
	here := before + t.block.len()
	return t.right.eachBack(i-here, visit) && (i <= before || visit(t.block, min(i, here)-before)) &&
		t.left.eachBack(min(i, before), visit)
}

// ownNode gives a node that this generation may change.
func (w *Edit) ownNode(t *tree) *tree {
	if t.generation == w.Generation {
		return t
	}
	own := *t
	own.generation = w.Generation
	return &own
}

// tie makes a node of this generation the root of two trees.
func (w *Edit) tie(left, t, right *tree) *tree {
	t.left, t.right = left, right
	t.blocks = left.weight() + right.weight() - 1
	t.count = left.len() + t.block.len() + right.len()
	t.bytes = left.size() + t.block.size() + right.size()
	t.sum = w.radix.join(w.radix.join(left.hash(), t.block.hash()), right.hash()).sum
	return t
}

// node is a tree of one block.
func (w *Edit) node(b *block) *tree {
	return w.tie(nil, &tree{generation: w.Generation, block: b}, nil)
}

// build is a tree of blocks.
func (w *Edit) build(blocks []*block) *tree {
	if len(blocks) == 0 {
		return nil
	}
	middle := len(blocks) / 2
	root := &tree{generation: w.Generation, block: blocks[middle]}
	return w.tie(w.build(blocks[:middle]), root, w.build(blocks[middle+1:]))
}

// link is the tree of two trees and a node of this generation between them.
func (w *Edit) link(left, t, right *tree) *tree {
	switch {
	case balanced(left.weight(), right.weight()):
		return w.tie(left, t, right)
	case left.weight() > right.weight():
		return w.linkRight(left, t, right)
	}
	return w.linkLeft(left, t, right)
}

// linkRight is link where the left tree is too heavy: it goes down its right side.
func (w *Edit) linkRight(left, t, right *tree) *tree {
	left = w.ownNode(left)
	outer, inner := left.left, w.link(left.right, t, right)
	switch {
	case balanced(outer.weight(), inner.weight()):
		return w.tie(outer, left, inner)
	case balanced(outer.weight(), inner.left.weight()) &&
		balanced(outer.weight()+inner.left.weight(), inner.right.weight()):
		return w.tie(w.tie(outer, left, inner.left), inner, inner.right)
	}
	top := w.ownNode(inner.left)
	before, behind := top.left, top.right
	return w.tie(w.tie(outer, left, before), top, w.tie(behind, inner, inner.right))
}

// linkLeft is linkRight for the other side.
func (w *Edit) linkLeft(left, t, right *tree) *tree {
	right = w.ownNode(right)
	outer, inner := right.right, w.link(left, t, right.left)
	switch {
	case balanced(outer.weight(), inner.weight()):
		return w.tie(inner, right, outer)
	case balanced(outer.weight(), inner.right.weight()) &&
		balanced(outer.weight()+inner.right.weight(), inner.left.weight()):
		return w.tie(inner.left, inner, w.tie(inner.right, right, outer))
	}
	top := w.ownNode(inner.right)
	before, behind := top.left, top.right
	return w.tie(w.tie(inner.left, inner, before), top, w.tie(behind, right, outer))
}

// concat is the tree of two trees, one behind the other.
func (w *Edit) concat(left, right *tree) *tree {
	if left == nil || right == nil {
		if left == nil {
			return right
		}
		return left
	}
	left, last, _ := w.split(left, left.count-1)
	return w.link(left, last, right)
}

// split takes a tree apart: what is before the block with element i, a node with that block, and what is behind it.
func (w *Edit) split(t *tree, i int) (left, at, right *tree) {
	t = w.ownNode(t)
	before := t.left.len()
	switch here := before + t.block.len(); {
	case i < before:
		behind := t.right
		left, at, right = w.split(t.left, i)
		return left, at, w.link(right, t, behind)
	case i < here:
		return t.left, t, t.right
	default:
		first := t.left
		left, at, right = w.split(t.right, i-here)
		return w.link(first, t, left), at, right
	}
}

// changed is the tree with another block in place of that with element i. The block may be the same one, with changes;
// it has an element i still.
func (w *Edit) changed(t *tree, i int, b *block) *tree {
	t = w.ownNode(t)
	before := t.left.len()
	switch here := before + t.block.len(); {
	case i < before:
		return w.tie(w.changed(t.left, i, b), t, t.right)
	case i < here:
		t.block = b
		return w.tie(t.left, t, t.right)
	default:
		return w.tie(t.left, t, w.changed(t.right, i-here, b))
	}
}

// memoryBytes is what the tree occupies.
func (t *tree) memoryBytes() int {
	if t == nil {
		return 0
	}
	return allocated.Size(nodeBytes) + t.block.memoryBytes() + t.left.memoryBytes() + t.right.memoryBytes()
}
