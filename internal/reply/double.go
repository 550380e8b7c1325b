package reply

import (
	"math"
	"strconv"

	"github.com/tidwall/redcon"
)

// Double appends a floating-point number as AppendDouble spells it. RESP2 has a bulk string.
func Double(dst []byte, protocol int, value float64) []byte {
	var buf [maxDoubleBytes]byte
	text := AppendDouble(buf[:0], value)
	if !isRich(protocol) {
		return redcon.AppendBulk(dst, text)
	}
	return append(append(append(dst, ','), text...), "\r\n"...)
}

// DoubleText appends a floating-point number whose spelling is text. RESP2 has a bulk string.
func DoubleText[T string | []byte](dst []byte, protocol int, text T) []byte {
	if !isRich(protocol) {
		return append(append(BulkHeader(dst, len(text)), text...), "\r\n"...)
	}
	return append(append(append(dst, ','), text...), "\r\n"...)
}

const (
	// maxDoubleBytes is more than the spelling of a number has.
	maxDoubleBytes = 40
	// maxPlainInteger bounds the whole numbers that are spelled as integers, whatever their number of digits.
	maxPlainInteger = 1 << 62
	// maxPlainZeros is how many zeros may follow the digits of a larger number, and how many decimal places a small one
	// may have, before it is spelled with an exponent. A number of fewer than minExponent digits before the point, or
	// zeros behind it, never is.
	maxPlainZeros, minExponent = 6, 4
)

// AppendDouble spells a number as Redis 7.2 does: inf, -inf and nan, whole numbers with all their digits, and all
// others in the shortest decimal form that gives the number back, with an exponent where that would have many zeros.
func AppendDouble(dst []byte, value float64) []byte {
	switch {
	case math.IsNaN(value):
		return append(dst, "nan"...)
	case math.IsInf(value, 1):
		return append(dst, "inf"...)
	case math.IsInf(value, -1):
		return append(dst, "-inf"...)
	case value == 0 && math.Signbit(value):
		return append(dst, "-0"...)
	case math.Abs(value) <= maxPlainInteger && value == math.Trunc(value):
		return strconv.AppendInt(dst, int64(value), 10)
	case value < 0:
		dst, value = append(dst, '-'), -value
	}
	var buf [maxDoubleBytes]byte
	digits, power := shortestDigits(buf[:0], value)
	exponent := power + len(digits) - 1
	switch {
	case power >= 0 && exponent <= len(digits)+maxPlainZeros:
		return appendZeros(append(dst, digits...), power)
	case power < 0 && (power >= -maxPlainZeros || exponent > -minExponent && exponent < minExponent):
		return appendPoint(dst, digits, -power)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	if dst = append(dst, 'e'); exponent >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exponent), 10)
}

// shortestDigits gives the digits of a number above 0, the last of which is not 0, and the power of ten by which they
// are to be multiplied as a whole number.
func shortestDigits(buf []byte, value float64) (digits []byte, power int) {
	text := strconv.AppendFloat(buf, value, 'e', -1, 64) // d.ddde±xx
	end := 1
	for text[end] != 'e' {
		end++
	}
	power, _ = strconv.Atoi(string(text[end+1:]))
	digits = text[:1]
	if end > 1 {
		digits = append(digits, text[2:end]...)
	}
	return digits, power - (len(digits) - 1)
}

// appendPoint appends digits of which so many are behind the point.
func appendPoint(dst, digits []byte, places int) []byte {
	before := len(digits) - places
	if before <= 0 {
		return append(appendZeros(append(dst, "0."...), -before), digits...)
	}
	return append(append(append(dst, digits[:before]...), '.'), digits[before:]...)
}

func appendZeros(dst []byte, count int) []byte {
	for range count {
		dst = append(dst, '0')
	}
	return dst
}
