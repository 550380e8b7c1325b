package rope

import (
	"math/bits"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// The hash of a row of elements is that of their order as well as of their contents, and follows from those of its
// parts, wherever they begin and end. It is a polynomial: of the elements e1 … en, with h for the keyed hash of one,
//
//	h(e1)·B^(n-1) + h(e2)·B^(n-2) + … + h(en)    modulo the prime 2^61-1
//
// so two rows that follow each other combine by one multiplication, and a change at either end, or of one element,
// costs a power of B. B comes from the seed of the cluster. Two different rows of up to n elements have the same hash
// with a probability of n/2^61; docs/decisions/0063 has the argument.

const (
	// prime is the modulus.
	prime = 1<<61 - 1
	// generator has powers modulo prime that are all numbers from 1 to prime-1. B is one of them, known by its exponent:
	// so powers of B with negative exponents cost no more than others.
	generator = 37
)

// hashed is the hash of some elements that follow each other, and their number.
type hashed struct {
	sum   uint64
	count int
}

// radix is B, as the exponent of generator.
type radix uint64

// radixOf derives B from a fresh state of the hash of values. No element's hash begins as it does: the last word of a
// string that short has its length in the top byte.
func radixOf(s digest.Sip) radix { return radix(s.Finish(1<<64-1) % (prime - 1)) }

// hashElement is h of an element.
func hashElement(s digest.Sip, element []byte) uint64 { return digest.OfString(s, element) % prime }

// power is B to the power of n, which may be negative.
func (r radix) power(n int) uint64 {
	hi, lo := bits.Mul64(uint64(r), uint64(max(n, -n)))
	exponent := bits.Rem64(hi, lo, prime-1)
	if n < 0 {
		exponent = prime - 1 - exponent
	}
	product := uint64(1)
	for row := 0; exponent != 0; row++ {
		if digit := exponent % powerDigits; digit != 0 {
			product = mulMod(product, powers[row][digit])
		}
		exponent /= powerDigits
	}
	return product
}

// join is the hash of a row and of one that follows it.
func (r radix) join(a, b hashed) hashed {
	switch {
	case a.count == 0:
		return b
	case b.count == 0:
		return a
	}
	return hashed{addMod(mulMod(a.sum, r.power(b.count)), b.sum), a.count + b.count}
}

// withoutFirst is the hash of a row without a row with which it begins.
func (r radix) withoutFirst(all, first hashed) hashed {
	rest := all.count - first.count
	return hashed{subMod(all.sum, mulMod(first.sum, r.power(rest))), rest}
}

// withoutLast is the hash of a row without a row with which it ends.
func (r radix) withoutLast(all, last hashed) hashed {
	return hashed{mulMod(subMod(all.sum, last.sum), r.power(-last.count)), all.count - last.count}
}

// powers has generator^(d·powerDigits^row) for each digit d of an exponent.
var powers = makePowers()

// An exponent is looked up in digits of four bits.
const powerDigits, powerRows = 16, 16

func makePowers() (all [powerRows][powerDigits]uint64) {
	base := uint64(generator)
	for row := range all {
		all[row][0] = 1
		for digit := 1; digit < powerDigits; digit++ {
			all[row][digit] = mulMod(all[row][digit-1], base)
		}
		base = mulMod(all[row][powerDigits-1], base)
	}
	return all
}

// The numbers below are less than prime.

func mulMod(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return addMod(lo&prime, lo>>61|hi<<3)
}

func addMod(a, b uint64) uint64 {
	if a += b; a >= prime {
		a -= prime
	}
	return a
}

func subMod(a, b uint64) uint64 {
	if a < b {
		a += prime
	}
	return a - b
}
