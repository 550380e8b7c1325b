package load

import (
	"math"
	"math/rand/v2"
)

// distribution draws keys: numbers from 0 to keys-1, key k in proportion to 1/(k+1)^skew.
//
// It uses rejection-inversion (Hörmann and Derflinger, 1996): a number is drawn by the inverse of the integral of
// x^-skew, is rounded, and is drawn again in the rare case that it lies outside of the bars of the distribution. So
// there is no table, however many keys there are, and the skew may be below 1, which math/rand.Zipf does not allow.
type distribution struct {
	random *rand.Rand
	keys   uint64
	skew   float64
	// low and high are the integral at 1.5, less the height of the first bar, and at the end of the last one. near is a
	// distance within which a rounded number is always inside its bar.
	low, high, near float64
}

func newDistribution(random *rand.Rand, keys uint64, skew float64) distribution {
	s := distribution{random: random, keys: keys, skew: skew}
	if skew > 0 {
		s.low = s.integral(1.5) - 1
		s.high = s.integral(float64(keys) + 0.5)
		s.near = 2 - s.inverse(s.integral(2.5)-s.density(2))
	}
	return s
}

// draw draws a key.
func (s *distribution) draw() uint64 {
	if s.skew == 0 {
		return s.random.Uint64N(s.keys)
	}
	for {
		u := s.high + s.random.Float64()*(s.low-s.high)
		x := s.inverse(u)
		k := min(max(math.Round(x), 1), float64(s.keys))
		if k-x <= s.near || u >= s.integral(k+0.5)-s.density(k) {
			return uint64(k) - 1
		}
	}
}

// density is x^-skew.
func (s *distribution) density(x float64) float64 { return math.Exp(-s.skew * math.Log(x)) }

// integral is that of the density from 1 to x: (x^(1-skew) - 1) / (1-skew), and its limit log x where the skew is 1.
func (s *distribution) integral(x float64) float64 {
	log := math.Log(x)
	t := (1 - s.skew) * log
	if math.Abs(t) < 1e-8 {
		return log * (1 + t/2)
	}
	return log * math.Expm1(t) / t
}

// inverse is the inverse of the integral.
func (s *distribution) inverse(y float64) float64 {
	t := max(y*(1-s.skew), -1)
	if math.Abs(t) < 1e-8 {
		return math.Exp(y * (1 - t/2))
	}
	return math.Exp(y * math.Log1p(t) / t)
}
