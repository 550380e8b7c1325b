package fsm

import (
	"math/big"
	"strconv"
	"strings"
	"testing"
)

// H8: TestDecimalFractionsAreTheSameEverywhere: the sums that a Redis on an x86 gives, recorded. They differ
// from those of 64-bit numbers (0.1 + 0.2), of other C compilers, and of what a fused multiplication would give.
func TestDecimalFractionsAreTheSameEverywhere(t *testing.T) {
	for _, c := range [][3]string{
		{"0.1", "0.2", "0.3"},
		{"10.50", "0.1", "10.6"},
		{"3.0e3", "1.1", "3001.10000000000000009"},
		{"1e17", "0.1", "100000000000000000.1015625"},
		{"9007199254740993", "0", "9007199254740993"},
		{"18446744073709551615", "1", "18446744073709551616"},
		{"18446744073709551617", "0", "18446744073709551616"},
		{"18446744073709551619", "0", "18446744073709551620"},
		{"36893488147419103233", "0", "36893488147419103232"},
		{"1.0000000000000000001", "0", "1"},
		{"5e-18", "0", "0"},
		{"4.9e-18", "0", "0"},
		{"-4.9e-18", "0", "0"},
		{"0x1p-18", "0", "0.00000381469726562"},
		{"0x3p-18", "0", "0.00001144409179688"},
		{"0x1.8p1", "-0x.8", "2.5"},
		{"1e-4950", "1", "1"},
		{"3.14159265358979323846", "0", "3.14159265358979324"},
		{"1e22", "1e-17", "10000000000000000000000"},
		{"123456789.123456789", "987654321.987654321", "1111111111.11111110995989293"},
	} {
		m := newMachine(t)
		want := c[2]
		if got := script(m, "set f "+c[0], "incrbyfloat f "+c[1]); got != "+OK $"+strconv.Itoa(len(want))+" "+want {
			t.Errorf("%s + %s: %q, want %s", c[0], c[1], got, want)
		}
	}
}

func TestSpellingsOfNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "+1": "1", ".5": "0.5", "5.": "5", "1e3": "1000", "1E+3": "1000", "25e-1": "2.5", "0x10": "16",
		"0X.8": "0.5", "0x1P4": "16", "0xA.8p-1": "5.25", "00012": "12", "0e99999999999999999999": "0", "0x0p99999": "0",
		strings.Repeat("0", 5118) + "7": "7",
	} {
		if d, ok := parseLongDouble([]byte(text)); !ok || string(d.append(nil)) != want {
			t.Errorf("%.40q is not %s", text, want)
		}
	}
	for _, text := range []string{
		"", "+", "-", ".", "+.", "e1", ".e1", "1e", "1e+", "1e1.5", "1.2.3", " 1", "1 ", "1\n", "1\x00", "--1", "+-1",
		"1_0", "0x", "0x.", "0xp1", "0x1p", "0xg", "x10", "1p3", "nan", "-nan", "infi", "1f", "٣", "1e5000",
		"-1e5000", "1e-5000", "0x1p16384", "0x1p-16446", "1e99999999999999999999", "1e-99999999999999999999",
		strings.Repeat("1", maxNumberBytes), strings.Repeat("0", maxNumberBytes+1),
	} {
		if d, ok := parseLongDouble([]byte(text)); ok {
			t.Errorf("%.40q is taken, as %+v", text, d)
		}
	}
	for _, text := range []string{"inf", "-INF", "+Infinity", "iNFiNiTY"} {
		if d, ok := parseLongDouble([]byte(text)); !ok || !d.infinite {
			t.Errorf("%q is not infinite", text)
		}
	}
}

// TestNumbersAreRoundedOnce compares with the nearest number, found in exact fractions: no number with 64 bits of
// precision is nearer to what is spelled, and of two that are equally near the even one is taken.
func TestNumbersAreRoundedOnce(t *testing.T) {
	r := random(t, 39)
	for range 2000 {
		text := strconv.FormatUint(r.Uint64()>>r.IntN(64), 10) + strconv.FormatUint(r.Uint64(), 10) + "e" +
			strconv.Itoa(r.IntN(600)-300)
		d, ok := parseLongDouble([]byte(text))
		if !ok {
			t.Fatalf("%s is not taken", text)
		}
		exact, _ := new(big.Rat).SetString(text)
		got, _ := d.value.Rat(nil)
		if exact.Sign() == 0 {
			continue
		}
		// The distance to the neighbours is 2 to the exponent less 64.
		step := new(big.Float).SetMantExp(big.NewFloat(1), d.value.MantExp(nil)-longDoubleBits)
		half, _ := step.Rat(nil)
		half.Quo(half, big.NewRat(2, 1))
		difference := new(big.Rat).Sub(got, exact)
		if difference.Abs(difference).Cmp(half) > 0 {
			t.Fatalf("%s is rounded to %s", text, d.value.Text('g', 30))
		}
	}
}

// FuzzSpellings looks for a text that panics, or for a number that does not survive to be printed and read again.
func FuzzSpellings(f *testing.F) {
	for _, text := range []string{"1", "-0x1.8p3", "1e400", "inf", "1e-17"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := parseLongDouble([]byte(text))
		if !ok || d.infinite {
			return
		}
		shown := string(d.append(nil))
		again, ok := parseLongDouble([]byte(shown))
		if !ok || string(again.append(nil)) != shown {
			t.Fatalf("%q is shown as %q, which is not read as that", text, shown)
		}
	})
}

// Made digit by digit, each of these would take milliseconds, and an entry has room for 45,000 of them.
func TestNumbersOfWhichNothingIsShownCostLittle(t *testing.T) {
	m := newMachine(t)
	for _, tiny := range []string{"1e-4900", "-1e-4900", "0x1p-16000"} {
		run := make([][][]byte, 0, 5000)
		for range cap(run) {
			run = append(run, words("incrbyfloat f "+tiny))
		}
		if got, want := do(m, run...), strings.Repeat("$1\r\n0\r\n", len(run)); got != want {
			t.Errorf("%s: not all of %d replies are 0", tiny, len(run))
		}
	}
	for text, want := range map[string]string{
		"0x1p-58": "0", "0x1.ffffp-59": "0", "0x1p-57": "0.00000000000000001", "-0x1.3p-57": "-0.00000000000000001",
	} {
		if d, _ := parseLongDouble([]byte(text)); string(d.append(nil)) != want {
			t.Errorf("%s is shown as %s, want %s", text, d.append(nil), want)
		}
	}
}
