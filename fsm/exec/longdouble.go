package exec

import (
	"bytes"
	"math/big"
	"strings"
)

// LongDouble is the number with which Redis computes INCRBYFLOAT: the 80-bit format of the x87, with 64 bits of
// precision and exponents of up to 16,384. Go has no such type, and C has another one on other machines. Here it is
// made of integers, so that all nodes compute the same on any architecture.
//
// It does not lose precision gradually below 2^-16382: Redis prints so small a number as 0, and to add it to a larger
// one changes nothing.
type LongDouble struct {
	value    *big.Float
	infinite bool
}

const (
	longDoubleBits = 64
	// maxExponent is that of the largest number, which is below 2 to that power; minExponent is that of the largest
	// number that is rounded to 0.
	maxExponent = 16384
	minExponent = -16446
	// MaxNumberBytes bounds the text of a number.
	MaxNumberBytes = 5*1024 - 1
	// shownDigits is the number of digits behind the point that are shown. A number below 2^-58 is below half of the
	// last one.
	shownDigits   = 17
	shownExponent = -57
	// decimalMagnitude bounds the digits before the point of a number, and the zeros behind the point of a small one,
	// that is worth a closer look. exponentCeiling is where exponents cease to matter, whatever digits precede them.
	decimalMagnitude = 5_000
	exponentCeiling  = 100_000
)

// ParseLongDouble reads a number as C's strtold does, but nothing around it, no number that is too large or too small,
// and none that is not one: decimal or hexadecimal, with or without exponent, or infinity.
func ParseLongDouble(text []byte) (LongDouble, bool) {
	if len(text) == 0 || len(text) > MaxNumberBytes {
		return LongDouble{}, false
	}
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	if Is(text, "INF") || Is(text, "INFINITY") {
		return LongDouble{infinite: true}, true
	}
	n, ok := parseNumeral(text)
	if !ok {
		return LongDouble{}, false
	}
	value, ok := n.value()
	if ok && negative {
		value.Neg(value)
	}
	return LongDouble{value: value}, ok
}

// numeral is an unsigned number as it is spelled: digits without their point, and the power that moves it back.
type numeral struct {
	digits string
	// base is 10 or 16, exponent one of 10 in the first case and of 2 in the second.
	base, exponent int
}

// parseNumeral reads digits with at most one point, and an exponent if one follows.
func parseNumeral(text []byte) (n numeral, ok bool) {
	n.base = 10
	markers, digitExponent := "eE", 1
	if len(text) > 1 && text[0] == '0' && text[1]|0x20 == 'x' {
		text = text[2:]
		n.base, markers, digitExponent = 16, "pP", 4
	}
	if end := bytes.IndexAny(text, markers); end >= 0 {
		if n.exponent, ok = parseExponent(text[end+1:]); !ok {
			return n, false
		}
		text = text[:end]
	}
	whole, fraction, _ := bytes.Cut(text, []byte("."))
	n.exponent -= digitExponent * len(fraction)
	n.digits = string(whole) + string(fraction)
	for _, c := range []byte(n.digits) {
		isDecimal := '0' <= c && c <= '9'
		if !isDecimal && (n.base == 10 || c|0x20 < 'a' || c|0x20 > 'f') {
			return n, false
		}
	}
	return n, n.digits != ""
}

// parseExponent reads digits, with or without a sign. What is beyond the ceiling becomes the ceiling.
func parseExponent(text []byte) (exponent int, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative || (len(text) > 0 && text[0] == '+') {
		text = text[1:]
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		exponent = min(exponentCeiling, 10*exponent+int(c-'0'))
	}
	if negative {
		exponent = -exponent
	}
	return exponent, len(text) > 0
}

// value is the number, rounded once and to nearest even, and false if it is too large or too small.
func (n numeral) value() (*big.Float, bool) {
	digits := strings.TrimLeft(n.digits, "0")
	value := new(big.Float).SetPrec(longDoubleBits).SetMode(big.ToNearestEven)
	if digits == "" {
		return value, true
	}
	exact, _ := new(big.Int).SetString(digits, n.base) // the digits were looked at
	if n.base == 16 {
		value.SetMantExp(value.SetInt(exact), n.exponent)
		return value, inRange(value)
	}
	// Not big.Float's own parser: that one rounds the power of ten before it multiplies.
	magnitude := len(digits) + n.exponent // the number of digits before the point
	if magnitude < -decimalMagnitude || magnitude > decimalMagnitude {
		return nil, false // and no powers that have a million digits
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n.exponent, -n.exponent))), nil)
	if n.exponent >= 0 {
		value.SetInt(exact.Mul(exact, power))
	} else {
		value.Quo(new(big.Float).SetInt(exact), new(big.Float).SetInt(power))
	}
	return value, inRange(value)
}

// inRange reports whether a number that is not 0 is neither too large for the format nor rounded to 0 by it.
func inRange(value *big.Float) bool {
	smallest := new(big.Float).SetMantExp(big.NewFloat(1), minExponent)
	return value.MantExp(nil) <= maxExponent && new(big.Float).Abs(value).Cmp(smallest) > 0
}

// IsInfinite reports whether the number is none that can be added.
func (d LongDouble) IsInfinite() bool { return d.infinite }

// Plus is the sum of two numbers, and false if that is not a finite one.
func (d LongDouble) Plus(other LongDouble) (LongDouble, bool) {
	if d.infinite || other.infinite {
		return LongDouble{}, false
	}
	sum := new(big.Float).SetPrec(longDoubleBits).SetMode(big.ToNearestEven)
	sum.Add(d.value, other.value)
	return LongDouble{value: sum}, sum.MantExp(nil) <= maxExponent
}

// Append appends a finite number to dst as Redis writes it: never with an exponent, and without zeros at its end.
func (d LongDouble) Append(dst []byte) []byte {
	// big.Float takes milliseconds to make thousands of digits of a small number, of which none would be shown.
	if d.value.MantExp(nil) < shownExponent {
		return append(dst, '0')
	}
	begin := len(dst)
	dst = d.value.Append(dst, 'f', shownDigits)
	dst = bytes.TrimRight(dst, "0") // there is a point: zeros before it stay
	dst = bytes.TrimSuffix(dst, []byte("."))
	if string(dst[begin:]) == "-0" {
		return append(dst[:begin], '0')
	}
	return dst
}
