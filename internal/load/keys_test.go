package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Each key is drawn as often as its probability says, but for chance: the expected number, and five deviations.
func TestKeys_FollowTheirDistribution(t *testing.T) {
	const draws = 40_000
	for _, keys := range []uint64{1, 2, 10, 1000, 100_000} {
		for _, skew := range []float64{0, 0.5, 0.99, 1, 1 + 1e-9, 3} {
			t.Run(fmt.Sprintf("%d keys, skew %v", keys, skew), func(t *testing.T) {
				sum := 0.0
				for k := range keys {
					sum += math.Pow(float64(k+1), -skew)
				}
				d := newDistribution(rand.New(rand.NewPCG(7, keys)), keys, skew)
				counts := map[uint64]int{}
				for range draws {
					k := d.draw()
					if k >= keys {
						t.Fatalf("key %d was drawn", k)
					}
					counts[k]++
				}
				for k := range min(keys, 50) {
					probability := math.Pow(float64(k+1), -skew) / sum
					want, deviation := draws*probability, math.Sqrt(draws*probability*(1-probability))
					if got := float64(counts[k]); math.Abs(got-want) > 5*deviation+1 {
						t.Errorf("key %d was drawn %.0f times, want %.0f", k, got, want)
					}
				}
			})
		}
	}
}

// The tail of a large key space is drawn as often as it should be: no table is too long, and no sum loses digits.
func TestKeys_TheTailIsDrawn(t *testing.T) {
	const draws, keys = 200_000, MaxKeys
	d := newDistribution(rand.New(rand.NewPCG(1, 2)), keys, 0.99)
	upper := 0
	for range draws {
		if d.draw() >= keys/10 {
			upper++
		}
	}
	// The integral of x^-0.99 from a tenth of n to n, of that from 1 to n; the first keys' own sum differs little.
	share := (math.Pow(keys, 0.01) - math.Pow(keys/10, 0.01)) / (math.Pow(keys, 0.01) - 1 + 0.01*0.577)
	if got := float64(upper) / draws; math.Abs(got/share-1) > 0.03 {
		t.Errorf("%v of all draws are of the last nine tenths, want %v", got, share)
	}
}

func BenchmarkZipf(b *testing.B) {
	d := newDistribution(rand.New(rand.NewPCG(1, 2)), 1_000_000, 0.99)
	for b.Loop() {
		d.draw()
	}
}
