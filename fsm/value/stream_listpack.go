package value

import (
	"math/bits"

	"github.com/raftredis/raftredis/internal/number"
)

// Redis keeps the entries of a stream in nodes, each a listpack of a bounded size. Which entries share a node decides
// what XTRIM and XADD drop with `~`: whole nodes. So a block of a stream is what a node of Redis would be with the
// defaults of stream-node-max-bytes and stream-node-max-entries, and counts how long its listpack would be.
const (
	// StreamNodeBytes and StreamNodeEntries bound a block; an entry may be longer than that, alone in its block.
	StreamNodeBytes   = 4096
	StreamNodeEntries = 100

	// listpackBase is a listpack without elements: a header of six bytes, and its end.
	listpackBase = 7
	// listpackSmall is an element with a small number, such as a count of entries.
	listpackSmall = 2
)

// listpackElement is the length of an element of a listpack with a text: a number if it is spelled as Redis spells it.
func listpackElement(text []byte) int {
	if n, ok := number.Parse(text); ok {
		return listpackNumber(n)
	}
	switch n := len(text); {
	case n < 1<<6:
		return withBack(1 + n)
	case n < 1<<12:
		return withBack(2 + n)
	default:
		return withBack(5 + n)
	}
}

// listpackNumber is the length of an element with a number.
func listpackNumber(n int64) int {
	if n >= 0 && n <= 127 {
		return listpackSmall
	}
	switch width := bits.Len64(uint64(n^(n>>63))) + 1; { // with its sign
	case width <= 13:
		return withBack(2)
	case width <= 16:
		return withBack(3)
	case width <= 24:
		return withBack(4)
	case width <= 32:
		return withBack(5)
	}
	return withBack(9)
}

// withBack adds to an element the length that stands behind it, by which a listpack is read backwards.
func withBack(bytes int) int {
	switch {
	case bytes <= 127:
		return bytes + 1
	case bytes < 16383:
		return bytes + 2
	case bytes < 2097151:
		return bytes + 3
	case bytes < 268435455:
		return bytes + 4
	}
	return bytes + 5
}
