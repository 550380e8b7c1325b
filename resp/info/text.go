package info

import (
	"fmt"
	"strings"
	"time"
)

// Text is a part of INFO as it grows.
type Text struct{ *strings.Builder }

// Field writes one field.
func (t Text) Field(name string, value any) { fmt.Fprintf(t, "%s:%v\r\n", name, value) }

// Fieldf writes a field whose value has a format.
func (t Text) Fieldf(name, format string, values ...any) {
	t.Field(name, fmt.Sprintf(format, values...))
}

// None writes 0 for each of some fields about parts that do not exist here, as Redis does where they are switched off.
func (t Text) None(names ...string) {
	for _, name := range names {
		t.Field(name, 0)
	}
}

// bytes writes a size, and behind it the same for people.
func (t Text) bytes(name string, n uint64) {
	t.Field(name, n)
	t.Field(name+"_human", HumanBytes(n))
}

// HumanBytes writes a size as Redis does.
func HumanBytes(n uint64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%dB", n)
	case n < 1<<20:
		return fmt.Sprintf("%.2fK", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.2fM", float64(n)/(1<<20))
	case n < 1<<40:
		return fmt.Sprintf("%.2fG", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.2fT", float64(n)/(1<<40))
}

// Digit is how INFO writes a truth.
func Digit(truth bool) int {
	if truth {
		return 1
	}
	return 0
}

// Seconds is how INFO writes a duration, in whole seconds; a negative one, -1, is none.
func Seconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Second)
}

// less subtracts, but not below 0: the numbers were read one after the other.
func less(a, b uint64) uint64 { return a - min(a, b) }

// ratio divides; by 0 as by 1.
func ratio(a, b uint64) float64 { return float64(a) / float64(max(b, 1)) }
