package vfs

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Pages hold what one slice of bytes would hold, whatever is written, cut off and grown, around the ends of pages; and
// a copy keeps what it had, however much is written after it, as a crash image does while the world goes on.
func TestPagesHoldWhatOneSliceWouldHold(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var p pages
		var flat []byte
		var old []oldPages
		edge := func() int64 { return max(0, pageBytes*r.Int64N(4)+r.Int64N(5)-2) }
		for range 200 {
			if r.IntN(3) == 0 { // so that some changes come between two copies, and behind the last one
				old = append(old, oldPages{p.clone(), bytes.Clone(flat)})
			}
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
			if len(old) > 0 {
				last := old[len(old)-1]
				holds(t, seed, last.pages, last.want)
			}
			if t.Failed() {
				return
			}
		}
		for _, o := range old {
			holds(t, seed, o.pages, o.want)
		}
	}
}

// oldPages is a copy of some pages that was taken a while ago, with what they had.
type oldPages struct {
	pages pages
	want  []byte
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
