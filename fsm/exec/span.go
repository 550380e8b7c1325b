package exec

// Span is a part of a string as clients give it: its first and last position, counted from the end if negative.
// Positions may be far outside of the string.
type Span struct{ First, Last int64 }

// Within gives where the part begins and ends in a string of a length: begin is at most end, and equal where the part
// is empty. As in Redis a last position before the string's beginning is taken as 0, so a part is not empty then,
// unless both are counted from the end and in the wrong order.
func (s Span) Within(length int64) (begin, end int64) {
	if s.Reversed() {
		return 0, 0
	}
	return s.Clamped(length)
}

// Reversed reports whether both positions are counted from the end, and in the wrong order.
func (s Span) Reversed() bool { return s.First < 0 && s.Last < 0 && s.First > s.Last }

// Clamped is Within, without that exception.
func (s Span) Clamped(length int64) (begin, end int64) {
	first, last := s.First, s.Last
	if first < 0 {
		first = max(0, first+length)
	}
	if last < 0 {
		last = max(0, last+length)
	}
	last = min(last, length-1)
	if first > last {
		return 0, 0
	}
	return first, last + 1
}
