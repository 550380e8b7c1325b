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
