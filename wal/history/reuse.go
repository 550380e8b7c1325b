package history

import (
	"reflect"
	"slices"
)

// The segment library gathers each segment in memory from nothing, in a slice that grows by a quarter again and again:
// five bytes of garbage for each byte of a segment, which was more than half of all the garbage of a node under load.
// It has neither an option nor a call for that. So a segment that grows gets memory for all of it at once (reserve),
// and that of a full one goes to the next one (passOn), in two fields of the library that have small letters. The
// version of the library is pinned, a test looks at the fields, and where they are not as expected here the library
// does as it always did.

// maxSpareShare is how many times the size of a segment the memory may be that the next one gets: a large entry's is
// not worth keeping.
const maxSpareShare = 2

// spareShare is the part of a segment that reserve adds, for its last entry.
const spareShare = 8

// heldSegment is what the library holds of a segment in memory: its bytes, and where each entry lies in them.
type heldSegment struct {
	bytes  *[]byte
	places *[]place
}

// place is where an entry begins and ends, which the library has in two fields.
type place [2]int

// passOn gives the memory of the segment that is full to the one that the library has begun behind it, and has the
// library let go of what else it holds. The caller holds mu.
func (h *History) passOn() error {
	full, found := heldBy(h.log, 2)
	next, begun := heldBy(h.log, 1)
	if found && begun && len(*next.bytes) == 0 && cap(*full.bytes) <= maxSpareShare*h.segmentBytes {
		*next.bytes, *next.places = (*full.bytes)[:0], (*full.places)[:0]
		*full.bytes, *full.places = nil, nil // it would read them from the file again
	}
	return guarded(h.log.ClearCache)
}

// reserve gives the last segment memory for all that it is to hold, as soon as it has so much that it is worth it. The
// caller holds mu.
func (h *History) reserve() {
	if h.tailBytes < minRestBytes {
		return
	}
	s, found := heldBy(h.log, 1)
	if !found || int64(len(*s.bytes)) != h.tailBytes || cap(*s.bytes) >= h.segmentBytes {
		return
	}
	wanted := h.segmentBytes + h.segmentBytes/spareShare
	entries := (wanted/len(*s.bytes) + 1) * len(*s.places)
	*s.bytes = slices.Grow(*s.bytes, wanted-len(*s.bytes))
	*s.places = slices.Grow(*s.places, entries-len(*s.places))
}

// heldBy returns what the library holds of the last segment, of the last but one, and so on. It is not found where
// there is none, or where the library is built in another way.
func heldBy(library any, fromEnd int) (s heldSegment, found bool) {
	segments := reflect.ValueOf(library).Elem().FieldByName("segments")
	if segments.Kind() != reflect.Slice || segments.Len() < fromEnd {
		return s, false
	}
	segment := reflect.Indirect(segments.Index(segments.Len() - fromEnd))
	if segment.Kind() != reflect.Struct || !segment.CanAddr() {
		return s, false
	}
	bytes, places := segment.FieldByName("ebuf"), segment.FieldByName("epos")
	if !bytes.IsValid() || bytes.Type() != reflect.TypeFor[[]byte]() || !arePlaces(places) {
		return s, false
	}
	s.bytes = (*[]byte)(bytes.Addr().UnsafePointer())
	s.places = (*[]place)(places.Addr().UnsafePointer())
	return s, true
}

// arePlaces reports whether a value is a slice of what can be taken for a place.
func arePlaces(v reflect.Value) bool {
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct {
		return false
	}
	element, number := v.Type().Elem(), reflect.TypeFor[int]()
	return element.NumField() == len(place{}) && element.Field(0).Type == number && element.Field(1).Type == number
}
