package keyspace

import (
	"bytes"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
)

// TestBitsAreThoseOfTheModel compares counts and first bits with bits looked at one by one, around the edges of words
// and chunks.
func TestBitsAreThoseOfTheModel(t *testing.T) {
	const rounds = 3000
	r := random(t, 35)
	s := emptySpace()
	for range rounds {
		value := bytes.Repeat([]byte{[]byte{0, 0xff}[r.IntN(2)]}, r.IntN([]int{4, 20, 3 * value.ChunkBytes}[r.IntN(3)])+1)
		for range r.IntN(4) {
			value[r.IntN(len(value))] ^= 1 << r.IntN(8)
		}
		e := NewEntry([]byte("k"), value)
		if r.IntN(2) == 0 {
			e = s.Overwritten(&e, len(value)-1, value[len(value)-1:])
		}
		begin := r.Int64N(int64(8*len(value)) + 1)
		end := begin + r.Int64N(int64(8*len(value))-begin+1)
		bit := byte(r.IntN(2))
		count, first := modelBits(value, begin, end, bit)
		if got := e.CountOnes(begin, end); got != count {
			t.Fatalf("%d ones from %d to %d of %d bytes, want %d", got, begin, end, len(value), count)
		}
		if got := e.FirstBit(begin, end, bit); got != first {
			t.Fatalf("first %d from %d to %d of %d bytes is at %d, want %d", bit, begin, end, len(value), got, first)
		}
	}
}

// modelBits counts the ones and finds the first bit of a kind, one by one.
func modelBits(value []byte, begin, end int64, bit byte) (count, first int64) {
	first = -1
	for i := begin; i < end; i++ {
		b := value[i/8] >> (7 - i%8) & 1
		count += int64(b)
		if b == bit && first < 0 {
			first = i
		}
	}
	return count, first
}
