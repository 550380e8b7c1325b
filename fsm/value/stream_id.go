package value

import (
	"cmp"
	"math"
	"strconv"
)

// StreamID names an entry of a stream: a moment in milliseconds, and a number within it. IDs are ordered by both. The
// zero value is before the ID of every entry.
type StreamID struct{ Millis, Sequence uint64 }

// MaxStreamID is the last ID there is.
func MaxStreamID() StreamID { return StreamID{math.MaxUint64, math.MaxUint64} }

// Compare is negative if the ID is before another one, 0 if they are equal, and positive if it is behind.
func (id StreamID) Compare(other StreamID) int {
	if c := cmp.Compare(id.Millis, other.Millis); c != 0 {
		return c
	}
	return cmp.Compare(id.Sequence, other.Sequence)
}

// Next is the ID behind this one. ok is false behind the last one.
func (id StreamID) Next() (next StreamID, ok bool) {
	switch {
	case id.Sequence < math.MaxUint64:
		return StreamID{id.Millis, id.Sequence + 1}, true
	case id.Millis < math.MaxUint64:
		return StreamID{id.Millis + 1, 0}, true
	}
	return StreamID{}, false
}

// Before is the ID before this one. ok is false before the first one.
func (id StreamID) Before() (before StreamID, ok bool) {
	switch {
	case id.Sequence > 0:
		return StreamID{id.Millis, id.Sequence - 1}, true
	case id.Millis > 0:
		return StreamID{id.Millis - 1, math.MaxUint64}, true
	}
	return StreamID{}, false
}

// Append appends the ID as clients see it.
func (id StreamID) Append(dst []byte) []byte {
	dst = strconv.AppendUint(dst, id.Millis, 10)
	return strconv.AppendUint(append(dst, '-'), id.Sequence, 10)
}
