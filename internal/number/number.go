// Package number reads integers as Redis writes them.
package number

import "strconv"

// Parse reads a decimal as Redis writes and reads it: digits without leading zeros, a minus before anything but zero,
// nothing else. It reports false for any other text and for a number that does not fit 64 bits.
func Parse(text []byte) (int64, bool) {
	digits := text
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	switch {
	case len(digits) == 0 || len(digits) > 19:
		return 0, false
	case digits[0] == '0' && (len(digits) > 1 || negative):
		return 0, false
	}
	if len(digits) == 19 {
		// Only here can it overflow. Such numbers are rare.
		return parseLong(text, digits)
	}
	var n int64
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + int64(digit-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

func parseLong(text, digits []byte) (int64, bool) {
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}
