package number

import (
	"math"
	"strings"
	"testing"
)

// TestFloatsAreReadAsScores: what C's strtod takes as a whole, and nothing that is no number.
func TestFloatsAreReadAsScores(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "1": 1, "-1.5": -1.5, "+2": 2, ".5": 0.5, "5.": 5, "1e3": 1000, "1E-3": 0.001, "1e+2": 100, "00.5": 0.5,
		"007": 7, "inf": math.Inf(1), "+INF": math.Inf(1), "-Infinity": math.Inf(-1), "0x10": 16, "-0X.8": -0.5,
		"0x1p4": 16, "0x1.8P1": 3, "0e999": 0, "0x0p9999": 0, "1.7976931348623157e308": math.MaxFloat64,
		"5e-324": math.SmallestNonzeroFloat64, "9007199254740993": 9007199254740992, "0.1": 0.1,
		strings.Repeat("0", 6000) + "3": 3,
	} {
		if got, ok := ParseFloat([]byte(text)); !ok || got != want {
			t.Errorf("%.20q is %v, %v", text, got, ok)
		}
		if got, ok := ParseBound([]byte(text)); !ok || got != want {
			t.Errorf("the bound %.20q is %v, %v", text, got, ok)
		}
	}
	if zero, ok := ParseFloat([]byte("-0")); !ok || zero != 0 || !math.Signbit(zero) {
		t.Errorf("-0 is %v, %v", zero, ok)
	}
	for _, text := range []string{
		"", " ", " 1", "1 ", "1\n", "1\x00", "\x001", "x", "1x", "--1", "+-1", "1-", ".", "-", "+", "e5", ".e5", "1e", "1e+",
		"1e1.5", "1.2.3", "1_0", "0x", "0x.", "0xg", "0x1p", "0x1p+", "0x_1p0", "0b1", "0o7", "nan", "-nan", "nan(1)", "infi",
		"infinite", "1f", "٣", "1e400", "-1e400", "1e-400", "-1e-400", "0x1p1024", "0x1p-1080", "1,5",
	} {
		if got, ok := ParseFloat([]byte(text)); ok {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

// TestBoundsOfScoresMayBeSloppy: Redis reads them with less care, and so programs may write them.
func TestBoundsOfScoresMayBeSloppy(t *testing.T) {
	for text, want := range map[string]float64{
		"": 0, "\x00": 0, "1\x002": 1, " 1": 1, "\t\n\v\f\r-1": -1, "1e400": math.Inf(1), "-1e400": math.Inf(-1), "1e-400": 0,
	} {
		if got, ok := ParseBound([]byte(text)); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{" ", "1 ", "1\n", "x", "(1", "nan", "-nan", "1e", "0x", " \x00"} {
		if got, ok := ParseBound([]byte(text)); ok {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

// FuzzFloats looks for a text that panics, or that the two readers read as different numbers.
func FuzzFloats(f *testing.F) {
	for _, text := range []string{"1", "-0x1.8p3", "1e400", "inf", "1e-17", "0x.p", "1e99999999999999999999"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, ok := ParseFloat(text)
		if math.IsNaN(value) {
			t.Fatalf("%q is no number", text)
		}
		if bound, taken := ParseBound(text); ok && (!taken || bound != value) {
			t.Fatalf("%q is %v, as a bound %v", text, value, bound)
		}
	})
}
