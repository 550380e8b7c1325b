package number

import (
	"math"
	"math/big"
	"testing"
)

func TestAddKnowsItsBounds(t *testing.T) {
	edges := []int64{math.MinInt64, math.MinInt64 + 1, -2, -1, 0, 1, 2, math.MaxInt64 - 1, math.MaxInt64}
	for _, a := range edges {
		for _, b := range edges {
			exact := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
			got, ok := Add(a, b)
			if ok != exact.IsInt64() || (ok && got != exact.Int64()) {
				t.Errorf("%d + %d: %d, %v; want %v", a, b, got, ok, exact)
			}
		}
	}
}
