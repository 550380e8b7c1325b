package value

import (
	"bytes"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// TestBitsAreThoseOfTheModel compares counts and first bits with bits looked at one by one, around the edges of words
// and chunks.
func TestBitsAreThoseOfTheModel(t *testing.T) {
	const rounds = 3000
	r := random(t, 35)
	state := digest.NewSip(1, 2)
	for range rounds {
		content := bytes.Repeat([]byte{[]byte{0, 0xff}[r.IntN(2)]}, r.IntN([]int{4, 20, 3 * ChunkBytes}[r.IntN(3)])+1)
		for range r.IntN(4) {
			content[r.IntN(len(content))] ^= 1 << r.IntN(8)
		}
		text := Inline(string(content))
		if r.IntN(2) == 0 {
			text = NewChunks(string(content), state, 1).Text()
		}
		begin := r.Int64N(int64(8*len(content)) + 1)
		end := begin + r.Int64N(int64(8*len(content))-begin+1)
		bit := byte(r.IntN(2))
		count, first := modelBits(content, begin, end, bit)
		if got := text.CountOnes(begin, end); got != count {
			t.Fatalf("%d ones from %d to %d of %d bytes, want %d", got, begin, end, len(content), count)
		}
		if got := text.FirstBit(begin, end, bit); got != first {
			t.Fatalf("first %d from %d to %d of %d bytes is at %d, want %d", bit, begin, end, len(content), got, first)
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
