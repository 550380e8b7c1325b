package server

import (
	"math"
	"strings"
	"testing"
)

func TestSizes_HaveTheUnitsOfRedis(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "7b": 7, "2k": 2000, "2kb": 2048, "3M": 3_000_000, "3MB": 3 << 20, "1g": 1e9, "1Gb": 1 << 30,
		"9223372036854775807": math.MaxInt64, "8589934591gb": 8589934591 << 30,
	} {
		var size sizeFlag
		if err := size.Set(text); err != nil || int64(size) != want {
			t.Errorf("%s is %d, %v; want %d", text, size, err, want)
		}
		var again sizeFlag
		if err := again.Set(size.String()); err != nil || again != size {
			t.Errorf("%s is shown as %s, which is %d, %v", text, &size, again, err)
		}
	}
	for _, text := range []string{"", "kb", "-1", "1.5mb", "1tb", "1 mb", "9223372036854775808", "8589934592gb", "+1"} {
		size := sizeFlag(7)
		if err := size.Set(text); err == nil || !strings.Contains(err.Error(), "64kb") || size != 7 {
			t.Errorf("%q was taken for %d, or the way out is not named: %v", text, size, err)
		}
	}
}
