package stepwise

import (
	"bytes"
	"testing"
)

// lengths are those around each edge between steps.
var lengths = []int{0, 1, StepBytes - 1, StepBytes, StepBytes + 1, 3*StepBytes - 1, 3 * StepBytes, 3*StepBytes + 1}

// pattern is text of which each part differs from the others.
var pattern = func() []byte {
	b := make([]byte, lengths[len(lengths)-1])
	for i := range b {
		b[i] = byte(i*7 + i>>9)
	}
	return b
}()

func TestAppendIsAppend(t *testing.T) {
	for _, before := range []int{0, 1, 100, StepBytes + 1} {
		for _, more := range lengths {
			for _, room := range []int{more - 1, more, more + 5} {
				dst := append(make([]byte, 0, before+max(room, 0)), pattern[:before]...)
				got := Append(dst, pattern[:more])
				same := len(got) == before+more && bytes.Equal(got[:before], pattern[:before])
				if !same || !bytes.Equal(got[before:], pattern[:more]) {
					t.Fatalf("%d bytes behind %d, with room for %d: others than append makes", more, before, room)
				}
			}
		}
	}
}

func TestGrowMakesRoom(t *testing.T) {
	for _, before := range lengths {
		for _, more := range lengths {
			got := Grow(pattern[:before:before], more)
			if cap(got)-len(got) < more || !bytes.Equal(got, pattern[:before]) {
				t.Fatalf("%d bytes with room for %d: %d of %d, or others", before, more, len(got), cap(got))
			}
			if again := Grow(got, more); before+more > 0 && (&again[:1][0] != &got[:1][0] || len(again) != before) {
				t.Fatalf("%d bytes with room for %d are copied again", before, more)
			}
		}
	}
}

func TestEqualFindsEachDifference(t *testing.T) {
	for _, length := range lengths {
		a, b := pattern[:length:length], bytes.Clone(pattern[:length])
		if !Equal(a, b) {
			t.Fatalf("%d equal bytes differ", length)
		}
		if Equal(a, append(b, 0)) || length > 0 && Equal(a, b[:length-1]) {
			t.Fatalf("%d bytes equal others", length)
		}
		for _, at := range []int{0, StepBytes - 1, StepBytes, length - 1} {
			if at < 0 || at >= length {
				continue
			}
			b[at] ^= 1
			if Equal(a, b) {
				t.Fatalf("a difference at %d of %d is not found", at, length)
			}
			b[at] ^= 1
		}
	}
}

func TestMoveDownIsCopy(t *testing.T) {
	for _, length := range lengths {
		for _, from := range []int{0, 1, 1000, StepBytes, StepBytes + 1} {
			if from > length {
				continue
			}
			b := bytes.Clone(pattern[:length])
			if n := MoveDown(b, from); n != length-from || !bytes.Equal(b[:n], pattern[from:length]) {
				t.Errorf("%d bytes from %d on are others when they are moved", length, from)
			}
		}
	}
}
