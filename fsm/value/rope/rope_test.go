package rope

import (
	"fmt"
	"math/big"
	"reflect"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// TestTheGeneratorHasAllPowers by Lagrange: no proper divisor of prime-1 is the order of generator.
func TestTheGeneratorHasAllPowers(t *testing.T) {
	modulus, order := big.NewInt(prime), big.NewInt(prime-1)
	if !modulus.ProbablyPrime(40) {
		t.Fatal("the modulus is no prime")
	}
	rest := big.NewInt(prime - 1)
	for _, factor := range []int64{2, 3, 5, 7, 11, 13, 31, 41, 61, 151, 331, 1321} {
		f := big.NewInt(factor)
		for quotient, left := new(big.Int).QuoRem(rest, f, new(big.Int)); left.Sign() == 0; {
			rest = quotient
			quotient, left = new(big.Int).QuoRem(rest, f, new(big.Int))
		}
		if new(big.Int).Exp(big.NewInt(generator), new(big.Int).Quo(order, f), modulus).Cmp(big.NewInt(1)) == 0 {
			t.Errorf("the order of %d divides (prime-1)/%d", generator, factor)
		}
	}
	if rest.Cmp(big.NewInt(1)) != 0 {
		t.Errorf("the factors leave %v", rest)
	}
}

// TestRaisedStepByStepIsTheSamePower, where the exponent grows by one as a rule.
func TestRaisedStepByStepIsTheSamePower(t *testing.T) {
	r := random(t, 71)
	for range 20 {
		w := NewEdit(digest.NewSip(r.Uint64(), r.Uint64()), 1)
		n := 0
		for range 500 {
			switch r.IntN(12) {
			case 0:
				n = r.IntN(1 << r.IntN(40))
			case 1:
			case 2:
				n = max(n-1, 0)
			default:
				n++
			}
			if got, want := w.raise(n), w.radix.power(n); got != want {
				t.Fatalf("to the power of %d: %d, want %d", n, got, want)
			}
			if got := w.step(); got != w.radix.power(1) {
				t.Fatalf("a step is %d", got)
			}
		}
	}
}

// TestPowersAreThoseOfArithmetic compares with math/big, at the edges too.
func TestPowersAreThoseOfArithmetic(t *testing.T) {
	r, modulus := random(t, 63), big.NewInt(prime)
	for range 2000 {
		base := radix(r.Uint64N(prime - 1))
		n := int(r.Int64N(1<<41)) - 1<<40
		switch r.IntN(4) {
		case 0:
			n = r.IntN(5) - 2
		case 1:
			base = []radix{0, 1, prime - 2}[r.IntN(3)]
		}
		exponent := new(big.Int).Mul(new(big.Int).SetUint64(uint64(base)), big.NewInt(int64(n)))
		exponent.Mod(exponent, big.NewInt(prime-1))
		want := new(big.Int).Exp(big.NewInt(generator), exponent, modulus).Uint64()
		if got := base.power(n); got != want {
			t.Fatalf("base %d to the power of %d is %d, want %d", base, n, got, want)
		}
		if got := mulMod(base.power(n), base.power(-n)); got != 1 {
			t.Fatalf("base %d: the powers of %d and %d have the product %d", base, n, -n, got)
		}
	}
	for _, a := range []uint64{0, 1, 2, prime - 1} {
		for _, b := range []uint64{0, 1, 2, prime - 1} {
			product := new(big.Int).Mul(new(big.Int).SetUint64(a), new(big.Int).SetUint64(b))
			if got := mulMod(a, b); got != product.Mod(product, modulus).Uint64() {
				t.Errorf("%d times %d is %d", a, b, got)
			}
			if got := addMod(subMod(a, b), b); got != a {
				t.Errorf("%d less %d and more is %d", a, b, got)
			}
		}
	}
}

// TestHashesOfPartsMakeThatOfTheRow wherever it is cut.
func TestHashesOfPartsMakeThatOfTheRow(t *testing.T) {
	r := random(t, 64)
	s := digest.NewSip(r.Uint64(), r.Uint64())
	base := radixOf(s)
	row := make([]uint64, 60)
	for i := range row {
		row[i] = r.Uint64N(prime)
	}
	of := func(from, to int) (all hashed) {
		for _, h := range row[from:to] {
			all = base.join(all, hashed{h, 1})
		}
		return all
	}
	whole := of(0, len(row))
	for range 1000 {
		a, b := r.IntN(len(row)+1), r.IntN(len(row)+1)
		a, b = min(a, b), max(a, b)
		first, middle, last := of(0, a), of(a, b), of(b, len(row))
		if base.join(base.join(first, middle), last) != whole || base.join(first, base.join(middle, last)) != whole {
			t.Fatalf("cut at %d and %d, the hash is another one", a, b)
		}
		if base.withoutFirst(whole, first) != of(a, len(row)) || base.withoutLast(whole, last) != of(0, b) {
			t.Fatalf("without the ends at %d and %d, the hash is another one", a, b)
		}
	}
}

// TestASmallRopeIsOneBlock as long as it is small, and becomes one again.
func TestASmallRopeIsOneBlock(t *testing.T) {
	var r Rope
	w := NewEdit(digest.NewSip(1, 2), 1)
	for i := range 1000 {
		r.Push(w, fmt.Appendf(nil, "element %d", i), i%2 == 0)
	}
	if r.middle == nil {
		t.Fatal("a large rope is no tree")
	}
	r.DropFront(w, 480)
	r.DropBack(w, 480)
	if r.Len() != 40 || r.back != nil {
		t.Fatalf("%d elements, and a second block: %t", r.Len(), r.back != nil)
	}
}

func TestSizesAreThoseOfTheTypes(t *testing.T) {
	for name, sizes := range map[string][2]int{
		"block": {blockHeaderBytes, int(reflect.TypeFor[block]().Size())},
		"node":  {nodeBytes, int(reflect.TypeFor[tree]().Size())},
	} {
		if sizes[0] != sizes[1] {
			t.Errorf("%s: %d bytes in the constant, %d in the type", name, sizes[0], sizes[1])
		}
	}
}
