package number

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// ParseFloat reads a floating-point number as Redis reads a score: all of text is a number as C's strtod takes it,
// decimal, hexadecimal or infinite. It reports false for any other text, for one that begins with a space, for what is
// not a number, and for a number that is too large or rounded to 0.
func ParseFloat(text []byte) (float64, bool) {
	value, exact, ok := scanFloat(text)
	return value, ok && exact
}

// ParseBound reads a floating-point number as Redis reads an end of a range of scores. It takes more than ParseFloat
// does: spaces before the number, nothing at all for 0, anything behind a zero byte, and a number that is too large or
// too small for the nearest one that there is.
func ParseBound(text []byte) (float64, bool) {
	text, _, _ = bytes.Cut(text, []byte{0})
	if len(text) == 0 {
		return 0, true
	}
	value, _, ok := scanFloat(bytes.TrimLeft(text, " \t\n\v\f\r"))
	return value, ok
}

// scanFloat reads a number. exact is false if it is too large, or rounded to 0.
func scanFloat(text []byte) (value float64, exact, ok bool) {
	spelled, infinite, ok := spelling(string(text))
	if !ok {
		return 0, false, false
	}
	value, err := strconv.ParseFloat(spelled, 64)
	switch {
	case infinite:
		return value, true, err == nil
	case errors.Is(err, strconv.ErrRange):
		return value, false, true
	case err != nil:
		return 0, false, false
	}
	return value, value != 0 || isZero(spelled), true
}

// spelling makes of a number as C spells it one as Go does. ok is false for what C does not take, or not as a number.
func spelling(text string) (spelled string, infinite, ok bool) {
	digits := text
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		digits = text[1:]
	}
	if strings.EqualFold(digits, "inf") || strings.EqualFold(digits, "infinity") {
		return text, true, true
	}
	isHex := len(digits) > 1 && digits[0] == '0' && digits[1]|0x20 == 'x'
	allowed := "0123456789.eE+-"
	if isHex {
		allowed, digits = "0123456789abcdefABCDEF.pP+-", digits[len("0x"):]
	}
	for i := range len(digits) {
		if strings.IndexByte(allowed, digits[i]) < 0 {
			return "", false, false
		}
	}
	if isHex && !strings.ContainsAny(digits, "pP") {
		text += "p0" // which Go wants
	}
	return text, false, true
}

// isZero reports whether a number is spelled with no digit but 0.
func isZero(spelled string) bool {
	digits := strings.TrimLeft(spelled, "+-")
	if len(digits) > 1 && digits[1]|0x20 == 'x' {
		digits, _, _ = strings.Cut(strings.ToLower(digits[2:]), "p")
	} else {
		digits, _, _ = strings.Cut(strings.ToLower(digits), "e")
	}
	return strings.Trim(digits, "0.") == "" // a digit at either end that is another one stays
}
