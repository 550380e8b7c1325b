package exec

import (
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestSpellingsOfNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "+1": "1", ".5": "0.5", "5.": "5", "1e3": "1000", "1E+3": "1000", "25e-1": "2.5", "0x10": "16",
		"0X.8": "0.5", "0x1P4": "16", "0xA.8p-1": "5.25", "00012": "12", "0e99999999999999999999": "0", "0x0p99999": "0",
		strings.Repeat("0", 5118) + "7": "7",
	} {
		if d, ok := ParseLongDouble([]byte(text)); !ok || string(d.Append(nil)) != want {
			t.Errorf("%.40q is not %s", text, want)
		}
	}
	for _, text := range []string{
		"", "+", "-", ".", "+.", "e1", ".e1", "1e", "1e+", "1e1.5", "1.2.3", " 1", "1 ", "1\n", "1\x00", "--1", "+-1",
		"1_0", "0x", "0x.", "0xp1", "0x1p", "0xg", "x10", "1p3", "nan", "-nan", "infi", "1f", "٣", "1e5000",
		"-1e5000", "1e-5000", "0x1p16384", "0x1p-16446", "1e99999999999999999999", "1e-99999999999999999999",
		strings.Repeat("1", MaxNumberBytes), strings.Repeat("0", MaxNumberBytes+1),
	} {
		if d, ok := ParseLongDouble([]byte(text)); ok {
			t.Errorf("%.40q is taken, as %+v", text, d)
		}
	}
	for _, text := range []string{"inf", "-INF", "+Infinity", "iNFiNiTY"} {
		if d, ok := ParseLongDouble([]byte(text)); !ok || !d.infinite {
			t.Errorf("%q is not infinite", text)
		}
	}
}

// TestNumbersAreRoundedOnce compares with the nearest number, found in exact fractions: no number with 64 bits of
// precision is nearer to what is spelled, and of two that are equally near the even one is taken.
func TestNumbersAreRoundedOnce(t *testing.T) {
	const seed = 39
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		text := strconv.FormatUint(r.Uint64()>>r.IntN(64), 10) + strconv.FormatUint(r.Uint64(), 10) + "e" +
			strconv.Itoa(r.IntN(600)-300)
		d, ok := ParseLongDouble([]byte(text))
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
		d, ok := ParseLongDouble([]byte(text))
		if !ok || d.infinite {
			return
		}
		shown := string(d.Append(nil))
		again, ok := ParseLongDouble([]byte(shown))
		if !ok || string(again.Append(nil)) != shown {
			t.Fatalf("%q is shown as %q, which is not read as that", text, shown)
		}
	})
}

func TestSmallNumbersAreShown(t *testing.T) {
	for text, want := range map[string]string{
		"0x1p-58": "0", "0x1.ffffp-59": "0", "0x1p-57": "0.00000000000000001", "-0x1.3p-57": "-0.00000000000000001",
	} {
		if d, _ := ParseLongDouble([]byte(text)); string(d.Append(nil)) != want {
			t.Errorf("%s is shown as %s, want %s", text, d.Append(nil), want)
		}
	}
}
