package keyspace

import "testing"

func TestPositionsAreInTheOrderOfPlaces(t *testing.T) {
	for _, at := range []Place{
		{}, {hash: 1 << 15}, {slot: 1}, {slot: 16383, hash: ^uint64(0)}, {slot: 5, hash: 0x123456789abcdef0},
	} {
		p := at.position()
		if first := p.first(); first.slot != at.slot || first.hash>>15 != at.hash>>15 || first.hash > at.hash {
			t.Errorf("%v has position %d, which begins at %v", at, p, first)
		}
		if p >= scanEnd || int64(p) < 0 {
			t.Errorf("%v has position %d, behind the end", at, p)
		}
	}
}
