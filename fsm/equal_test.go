package fsm

import (
	"bytes"
	"testing"
)

// One byte that differs is found wherever it is, at the edges of what is compared at once.
func TestBodiesAreComparedToTheLastByte(t *testing.T) {
	for _, size := range []int{0, 1, compareBytes - 1, compareBytes, compareBytes + 1, 2*compareBytes + 1} {
		a := bytes.Repeat([]byte("x"), size)
		if !equal(a, bytes.Clone(a)) || equal(a, append(bytes.Clone(a), 'x')) {
			t.Fatalf("%d bytes are not what they are", size)
		}
		for _, at := range []int{0, compareBytes - 1, compareBytes, size - 1} {
			if at < 0 || at >= size {
				continue
			}
			b := bytes.Clone(a)
			b[at] = 'y'
			if equal(a, b) {
				t.Errorf("of %d bytes the one at %d differs, and is not noticed", size, at)
			}
		}
	}
}
