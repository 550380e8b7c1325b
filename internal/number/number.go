// Package number reads integers as Redis writes them, and adds them within their 64 bits.
package number

import "math"

// Parse reads a decimal as Redis writes and reads it: digits without leading zeros, a minus before anything but zero,
// nothing else. It reports false for any other text and for a number that does not fit 64 bits.
func Parse[T string | []byte](text T) (int64, bool) {
	const longest = len("-9223372036854775808")
	if len(text) == 0 || len(text) > longest {
		return 0, false
	}
	if len(text) == 1 && text[0] == '0' {
		return 0, true
	}
	negative := text[0] == '-'
	digits := text
	if negative {
		digits = text[1:]
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

// Add is a + b, and false if that is not a 64-bit number.
func Add(a, b int64) (int64, bool) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, false
	}
	return a + b, true
}
