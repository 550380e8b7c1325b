package digest

import "testing"

// ascending is 0, 1, 2, … of a length.
func ascending(length int) []byte {
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// TestHashIsSipHash13 compares with values of another implementation: CPython 3.11 hashes byte strings with
// SipHash-1-3, under a key of zeros if PYTHONHASHSEED is 0.
func TestHashIsSipHash13(t *testing.T) {
	for length, want := range map[int]uint64{
		1: 0x68a914128e01e473, 7: 0x2f098ab0c751325a, 8: 0xead411e67ebe2eea, 9: 0x75927f9d95124362,
		15: 0xf30eb725bb91c9ea, 16: 0x8972188433a5c5b7, 64: 0x75e05fd5bbc870c6,
	} {
		if got := Of(NewSip(0, 0), ascending(length)); got != want {
			t.Errorf("%d bytes: %016x, want %016x", length, got, want)
		}
	}
}

func TestHashOfAStringIsThatOfItsBytes(t *testing.T) {
	for length := range 40 {
		b := ascending(length)
		if Of(NewSip(1, 2), b) != Of(NewSip(1, 2), string(b)) {
			t.Errorf("%d bytes", length)
		}
	}
}

func TestExtendedHashIsThatOfTheWhole(t *testing.T) {
	whole := ascending(100)
	want := Of(NewSip(1, 2), whole)
	for first := range len(whole) {
		for second := first; second < len(whole); second++ {
			s := Extend(NewSip(1, 2), whole[:first], 0)
			s = Extend(s, whole[:second], first&^7)
			s = Extend(s, whole, second&^7)
			if Seal(s, whole) != want {
				t.Fatalf("in pieces that end at %d and %d", first, second)
			}
		}
	}
}

func TestHashAllocatesNothing(t *testing.T) {
	b := ascending(64)
	if n := testing.AllocsPerRun(100, func() { Of(NewSip(1, 2), b) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
