package value

import "math"

// ParseInteger reads the one spelling of a 64-bit number that Redis takes: decimal digits without a leading zero, with
// a minus before them if the number is negative; no plus, no space, no minus zero.
func ParseInteger[T Text](b T) (int64, bool) {
	const longest = len("-9223372036854775808")
	if len(b) == 0 || len(b) > longest {
		return 0, false
	}
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	negative := b[0] == '-'
	digits := b
	if negative {
		digits = b[1:]
	}
	if len(digits) == 0 || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	var magnitude uint64 // at most 20 digits: more than 64 bits can hold
	for i := range len(digits) {
		digit := uint64(digits[i] - '0')
		if digit > 9 || magnitude > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		magnitude = magnitude*10 + digit
	}
	switch {
	case negative && magnitude <= -math.MinInt64:
		return -int64(magnitude), true
	case !negative && magnitude <= math.MaxInt64:
		return int64(magnitude), true
	}
	return 0, false
}
