package value

import (
	"iter"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/listpack"
	"github.com/raftredis/raftredis/internal/number"
)

// EncodingLimits are the bounds up to which Redis keeps a container in a compact form. They are settings of one node:
// they decide what OBJECT ENCODING answers there, and nothing of the state. How a value lies here does not depend on
// them.
type EncodingLimits struct {
	// Hash, Set and SortedSet bound what is a listpack. The elements of a hash are its fields and its values.
	Hash, Set, SortedSet ListpackLimits
	// IntegerSetEntries bounds the members of a set of integers that is an intset.
	IntegerSetEntries int64
	// ListSize bounds a list that is a listpack: by its elements if it is positive or 0, which counts as 1. Otherwise by
	// the bytes of the listpack, 4 KiB for -1 and twice as many for each further one, up to 64 KiB.
	ListSize int64
	// StreamNodeBytes and StreamNodeEntries bound a listpack of the stream that DUMP writes; 0: it has no such bound.
	StreamNodeBytes, StreamNodeEntries int64
}

// ListpackLimits bound a container that is a listpack: the number of its entries, and the bytes of each element.
type ListpackLimits struct{ Entries, ElementBytes int64 }

// DefaultEncodingLimits are the defaults of Redis 7.2.
func DefaultEncodingLimits() EncodingLimits {
	return EncodingLimits{
		Hash:              ListpackLimits{Entries: 512, ElementBytes: 64},
		Set:               ListpackLimits{Entries: 128, ElementBytes: 64},
		SortedSet:         ListpackLimits{Entries: 128, ElementBytes: 64},
		IntegerSetEntries: 512,
		ListSize:          -2,
		StreamNodeBytes:   4096,
		StreamNodeEntries: 100,
	}
}

// Allow reports whether a container of some entries is a listpack. lengths yields the bytes of its elements; it is not
// asked if there are too many entries, and not asked further behind one that is too long.
func (l ListpackLimits) Allow(entries int, lengths iter.Seq[int]) bool {
	if int64(entries) > l.Entries {
		return false
	}
	for length := range lengths {
		if int64(length) > l.ElementBytes {
			return false
		}
	}
	return true
}

// HashEncoding is how Redis keeps a hash of some fields. lengths yields the bytes of its fields and values.
func (l EncodingLimits) HashEncoding(fields int, lengths iter.Seq[int]) string {
	if l.Hash.Allow(fields, lengths) {
		return "listpack"
	}
	return "hashtable"
}

// SortedSetEncoding is how Redis keeps a sorted set of some members. lengths yields their bytes.
func (l EncodingLimits) SortedSetEncoding(members int, lengths iter.Seq[int]) string {
	if l.SortedSet.Allow(members, lengths) {
		return "listpack"
	}
	return "skiplist"
}

// SetEncoding is how Redis keeps a set. Its members are asked for as far as they decide.
func SetEncoding[T digest.Text](l EncodingLimits, members int, all iter.Seq[T]) string {
	switch {
	case int64(members) <= l.IntegerSetEntries && eachIsInteger(all):
		return "intset"
	case l.Set.Allow(members, lengthsOf(all)):
		return "listpack"
	}
	return "hashtable"
}

func eachIsInteger[T digest.Text](all iter.Seq[T]) bool {
	for text := range all {
		if _, ok := number.Parse(text); !ok {
			return false
		}
	}
	return true
}

func lengthsOf[T digest.Text](all iter.Seq[T]) iter.Seq[int] {
	return func(yield func(int) bool) {
		for text := range all {
			if !yield(len(text)) {
				return
			}
		}
	}
}

// Bytes of a listpack, and bounds of the bytes of a list that is one.
const (
	listpackFrameBytes    = 7       // in front of all entries and behind them
	countedListBytes      = 8 << 10 // of a list whose elements are bounded by their number
	smallestListBytes     = 4 << 10
	largestListSizeLevels = 5
)

// ListEncoding is how Redis keeps a list. Its elements are asked for as far as they decide.
func ListEncoding[T digest.Text](l EncodingLimits, elements int, all iter.Seq[T]) string {
	const compact, large = "listpack", "quicklist"
	maxBytes := int64(countedListBytes)
	if l.ListSize >= 0 {
		if int64(elements) > max(l.ListSize, 1) {
			return large
		}
	} else {
		maxBytes = smallestListBytes << (min(-l.ListSize, largestListSizeLevels) - 1)
	}
	bytes := int64(listpackFrameBytes)
	for text := range all {
		if bytes += int64(listpack.Bytes(text)); bytes > maxBytes {
			return large
		}
	}
	return compact
}
