package fsm

// span is a part of a string as clients give it: its first and last position, counted from the end if negative.
// Positions may be far outside of the string.
type span struct{ first, last int64 }

// within gives where the part begins and ends in a string of a length: begin is at most end, and equal where the part
// is empty. As in Redis a last position before the string's beginning is taken as 0, so a part is not empty then,
// unless both are counted from the end and in the wrong order.
func (s span) within(length int64) (begin, end int64) {
	if s.reversed() {
		return 0, 0
	}
	return s.clamped(length)
}

// reversed reports whether both positions are counted from the end, and in the wrong order.
func (s span) reversed() bool { return s.first < 0 && s.last < 0 && s.first > s.last }

// clamped is within, without that exception.
func (s span) clamped(length int64) (begin, end int64) {
	first, last := s.first, s.last
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
