package value

import (
	"math/bits"

	"github.com/raftredis/raftredis/fsm/value/shelves"
)

// idBytes is how long an ID is as a key of a radix tree.
const idBytes = 16

// TreeNodes is how many nodes the radix tree of Redis has for the blocks: one for each block, one where IDs part, and
// one for each row of bytes that IDs have in common, or alone. It costs O(N) in the number of blocks.
func (t *Stream) TreeNodes() (nodes int) {
	var fork [idBytes]int // at how many bytes the IDs part that are being passed, each further than the one before
	depth, before, last := 0, -1, StreamID{}
	inner := func(outer int) { // leaves the innermost fork for what is around it
		depth--
		nodes += 1 + digitOf(fork[depth] > outer+1)
	}
	first := true
	leaf := func(outer int) { nodes += 1 + digitOf(idBytes > outer+1) }
	t.blocks.Each(shelves.Spot{}, func(b *streamBlock) bool {
		if first {
			first, last = false, b.first
			return true
		}
		common := commonBytes(last, b.first)
		leaf(max(before, common))
		for depth > 0 && fork[depth-1] > common {
			outer := common
			if depth > 1 {
				outer = max(outer, fork[depth-2])
			}
			inner(outer)
		}
		if depth == 0 || fork[depth-1] < common {
			fork[depth] = common
			depth++
		}
		before, last = common, b.first
		return true
	})
	if first {
		return 1
	}
	leaf(before)
	for depth > 0 {
		outer := -1
		if depth > 1 {
			outer = fork[depth-2]
		}
		inner(outer)
	}
	return nodes
}

// commonBytes is how many bytes two IDs have in common at their beginning, the highest first.
func commonBytes(a, b StreamID) int {
	if a.Millis != b.Millis {
		return bits.LeadingZeros64(a.Millis^b.Millis) / 8
	}
	return idBytes/2 + bits.LeadingZeros64(a.Sequence^b.Sequence)/8
}
