package number

import (
	"math"
	"strconv"
	"testing"
)

func TestParseReadsWhatRedisWrites(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 10, -99, 1e18, -1e18, math.MaxInt64, math.MinInt64} {
		if got, ok := Parse([]byte(strconv.FormatInt(n, 10))); !ok || got != n {
			t.Errorf("%d is read as %d, %v", n, got, ok)
		}
	}
}

func TestParseRefusesEverythingElse(t *testing.T) {
	for _, text := range []string{
		"", "-", "+1", " 1", "1 ", "00", "01", "-0", "-01", "1.0", "1e3", "0x1", "a", "9223372036854775808",
		"-9223372036854775809", "99999999999999999999", "123456789012345678a",
	} {
		if n, ok := Parse([]byte(text)); ok {
			t.Errorf("%q is read as %d", text, n)
		}
	}
}

func TestOnlyTheCanonicalSpellingIsANumber(t *testing.T) {
	for _, text := range []string{
		"0", "1", "-1", "9", "10", "-10", "9223372036854775807", "-9223372036854775808", "1000000000000000000",
	} {
		want, _ := strconv.ParseInt(text, 10, 64)
		if got, ok := Parse(text); !ok || got != want {
			t.Errorf("%q is %d, %v", text, got, ok)
		}
		if got, ok := Parse([]byte(text)); !ok || got != want {
			t.Errorf("%q as bytes is %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1\n", "1.0", "1e3", "0x10", "a", "--1", "1-", "\x00",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999",
		"-99999999999999999999", "100000000000000000000", "1\x00", "٣",
	} {
		if got, ok := Parse(text); ok {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
}

func FuzzNumbersAreThoseThatPrintTheSame(f *testing.F) {
	for _, text := range []string{"0", "-1", "007", "9223372036854775808", "-9223372036854775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := Parse(text)
		n, err := strconv.ParseInt(text, 10, 64)
		want := err == nil && strconv.FormatInt(n, 10) == text
		if ok != want || (ok && got != n) {
			t.Fatalf("%q: %d, %v; want %d, %v", text, got, ok, n, want)
		}
	})
}
