package digest

import "testing"

func TestDigestsTellLengthsAndPlacesApart(t *testing.T) {
	s := NewSip(1, 2)
	seen := map[uint64]int{}
	for length := 0; length < 4*ChunkBytes; length += 1 + length/(ChunkBytes/8)%7 {
		if other, found := seen[OfString(s, make([]byte, length))]; found {
			t.Fatalf("%d and %d zeros have one digest", other, length)
		}
		seen[OfString(s, make([]byte, length))] = length
	}
	value := make([]byte, 3*ChunkBytes)
	for i := 0; i < len(value); i += 5 {
		value[i] = 1
		d := OfString(s, value)
		if _, found := seen[d]; found {
			t.Fatalf("a one at %d has the digest of another value", i)
		}
		seen[d], value[i] = i, 0
	}
}
