package reply

import (
	"math"
	"strconv"
	"testing"
)

// TestNumbersAreSpelledAsRedisSpellsThem: the texts are those of a Redis 7.2.4.
func TestNumbersAreSpelledAsRedisSpellsThem(t *testing.T) {
	negativeZero := math.Copysign(0, -1)
	for want, value := range map[string]float64{
		"0": 0, "-0": negativeZero, "inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(),
		"1": 1, "-1": -1, "1000000": 1e6, "4611686018427387904": 1 << 62, "-4611686018427387904": -1 << 62,
		"100000000000000000": 1e17, "1000000000000000000": 1e18, "9223372036854776000": 1 << 63,
		"4611686018427390000": 1<<62 + 2048, "1e+19": 1e19, "1e+20": 1e20, "1.5e+300": 1.5e300,
		"12345678901234567000": 12345678901234567000, "1.7976931348623157e+308": math.MaxFloat64,
		"5e-324": math.SmallestNonzeroFloat64, "-5e-324": -math.SmallestNonzeroFloat64,
		"0.1": 0.1, "1.5": 1.5, "-2.25": -2.25, "3.141": 3.141, "0.30000000000000004": 0.30000000000000004,
		"1234567.1": 1234567.1, "123456789012.34": 123456789012.34,
		"0.000001": 1e-6, "1e-7": 1e-7, "0.000015": 1.5e-5, "1.5e-7": 1.5e-7, "1.2345678e-4": 0.00012345678,
		"0.0012345678901": 0.0012345678901, "1.2345678e-5": 1.2345678e-5, "1.25e-10": 1.25e-10, "1e-100": 1e-100,
		"1234.5678901": 1234.5678901, "12345.678901": 12345.678901, "1.23456789012e+4": 12345.6789012,
		"-1.23456789012e+4": -12345.6789012, "0.00123456789": 0.00123456789, "123456789012345680000": 123456789012345678901,
		"110000000000000000": 1.1e17, "9007199254740994": 1<<53 + 2, "1.2e+25": 1.2e25, "2.5e-8": 2.5e-8,
	} {
		if got := string(AppendDouble(nil, value)); got != want {
			t.Errorf("%g is spelled %s, want %s", value, got, want)
		}
	}
}

// FuzzSpelledNumbersReadBack: the text is the number, whatever that is.
func FuzzSpelledNumbersReadBack(f *testing.F) {
	for _, value := range []float64{0, 0.1, 1e22, 5e-324, math.Inf(-1), math.NaN()} {
		f.Add(math.Float64bits(value))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		value := math.Float64frombits(bits)
		text := string(AppendDouble([]byte("x"), value))
		if len(text) > maxDoubleBytes {
			t.Fatalf("%s is long", text)
		}
		got, err := strconv.ParseFloat(text[1:], 64)
		if err != nil || got != value && !(math.IsNaN(got) && math.IsNaN(value)) {
			t.Fatalf("%g is spelled %s", value, text)
		}
	})
}
