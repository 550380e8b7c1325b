package vfs

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Pages hold what one slice of bytes would hold, whatever is written, cut off and grown, around the ends of pages; and
// a copy keeps what it had.
func TestPagesHoldWhatOneSliceWouldHold(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var p pages
		var flat []byte
		edge := func() int64 { return max(0, pageBytes*r.Int64N(4)+r.Int64N(5)-2) }
		for range 200 {
			copied, before := p.clone(), bytes.Clone(flat)
			switch at := edge(); r.IntN(3) {
			case 0:
				flat = append(flat, make([]byte, max(0, at-int64(len(flat))))...)[:at]
				p.resize(at)
			default:
				data := bytes.Repeat([]byte{byte(1 + r.IntN(255))}, int(edge())/(1+r.IntN(3)))
				end := at + int64(len(data))
				flat = append(flat, make([]byte, max(0, end-int64(len(flat))))...)
				copy(flat[at:], data)
				p.write(data, at)
			}
			holds(t, seed, p, flat)
			holds(t, seed, copied, before)
			if t.Failed() {
				return
			}
		}
	}
}

func holds(t *testing.T, seed uint64, p pages, want []byte) {
	t.Helper()
	if p.size != int64(len(want)) {
		t.Errorf("seed %d: %d bytes, want %d", seed, p.size, len(want))
		return
	}
	for _, from := range []int64{0, 1, pageBytes - 1, pageBytes, pageBytes + 1, p.size} {
		if from > p.size {
			continue
		}
		got := bytes.Repeat([]byte{0xff}, len(want)+10)
		if n := p.readAt(got, from); !bytes.Equal(got[:n], want[from:]) {
			t.Errorf("seed %d: from %d on are %d bytes, not what was written, or not all of it", seed, from, n)
		}
	}
}
