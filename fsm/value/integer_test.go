package value

import (
	"strconv"
	"testing"
)

func TestOnlyTheCanonicalSpellingIsANumber(t *testing.T) {
	for _, text := range []string{
		"0", "1", "-1", "9", "10", "-10", "9223372036854775807", "-9223372036854775808", "1000000000000000000",
	} {
		want, _ := strconv.ParseInt(text, 10, 64)
		if got, ok := ParseInteger(text); !ok || got != want {
			t.Errorf("%q is %d, %v", text, got, ok)
		}
		if got, ok := ParseInteger([]byte(text)); !ok || got != want {
			t.Errorf("%q as bytes is %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1\n", "1.0", "1e3", "0x10", "a", "--1", "1-", "\x00",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999",
		"-99999999999999999999", "100000000000000000000", "1\x00", "٣",
	} {
		if got, ok := ParseInteger(text); ok {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
}

func FuzzNumbersAreThoseThatPrintTheSame(f *testing.F) {
	for _, text := range []string{"0", "-1", "007", "9223372036854775808", "-9223372036854775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseInteger(text)
		n, err := strconv.ParseInt(text, 10, 64)
		want := err == nil && strconv.FormatInt(n, 10) == text
		if ok != want || (ok && got != n) {
			t.Fatalf("%q: %d, %v; want %d, %v", text, got, ok, n, want)
		}
	})
}
