package keyspace

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
)

// modelOf is what overwriting makes of a plain slice.
func modelOf(value []byte, offset int, b []byte) []byte {
	end := max(len(value), offset+len(b))
	longer := append(bytes.Clone(value), make([]byte, end-len(value))...)
	copy(longer[offset:], b)
	return longer
}

// randomPiece is where to write what into a string of a length: often at an edge of a chunk or at the end, sometimes
// far behind it, sometimes zeros.
func randomPiece(r *rand.Rand, length int) (offset int, b []byte) {
	b = make([]byte, 1+r.IntN([]int{1, 8, 20, 3 * value.ChunkBytes}[r.IntN(4)]))
	if r.IntN(4) > 0 {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
	}
	switch r.IntN(5) {
	case 0:
		return length, b
	case 1:
		return length + r.IntN(2*value.ChunkBytes), b
	case 2:
		return max(0, r.IntN(length/value.ChunkBytes+1)*value.ChunkBytes-r.IntN(10)), b
	case 3:
		return max(0, length-r.IntN(10)), b
	}
	return r.IntN(length + 1), b
}

// S22: TestFreezeDoesNotSeeLaterOverwrite changes an entry over and over, with a new generation now and then as a
// freeze begins one, and holds every version that a freeze would have: none changes, whatever is done to later ones,
// and length, bytes and digest of each are those of its plain bytes.
func TestFreezeDoesNotSeeLaterOverwrite(t *testing.T) {
	const rounds, steps = 40, 50
	r := random(t, 21)
	s := newHashing(testSpaceSeed).values
	type version struct {
		entry Entry
		value []byte
	}
	for range rounds {
		generation := uint64(1)
		value := bytes.Repeat([]byte{0, 'x'}[r.IntN(2):][:1], r.IntN(3*value.ChunkBytes))
		e := NewEntry([]byte("key"), value).Until(77)
		var frozen []version
		for range steps {
			if r.IntN(6) == 0 {
				frozen = append(frozen, version{e, value})
				generation++
			}
			offset, b := randomPiece(r, len(value))
			e, value = e.overwritten(offset, b, s, generation), modelOf(value, offset, b)
			checkEntry(t, r, e, value, s)
		}
		for _, v := range frozen {
			checkEntry(t, r, v.entry, v.value, s)
		}
	}
}

// checkEntry compares an entry with the bytes that its value should be.
func checkEntry(t *testing.T, r *rand.Rand, e Entry, want []byte, state digest.Sip) {
	t.Helper()
	begin := r.IntN(len(want) + 1)
	end := begin + r.IntN(len(want)-begin+1)
	text, ok := e.Text()
	switch {
	case !ok || e.Kind() != value.KindString || e.Size() != len(want):
		t.Fatalf("the value is of kind %d, with %d bytes of %d", e.Kind(), e.Size(), len(want))
	case text.Len() != len(want) || !bytes.Equal(text.Append(nil), want):
		t.Fatalf("the value is not that of the model, of %d bytes", len(want))
	case !bytes.Equal(text.AppendRange([]byte("before"), begin, end), append([]byte("before"), want[begin:end]...)):
		t.Fatalf("bytes %d to %d are not those of the model", begin, end)
	case e.digest(state) != digest.OfString(state, want):
		t.Fatalf("the digest is not that of the value, of %d bytes", len(want))
	case e.Key() != "key" || (e.Deadline != 77 && len(want) > 0):
		t.Fatalf("key %q with deadline %d", e.Key(), e.Deadline)
	}
	buf := make([]byte, r.IntN(2*value.ChunkBytes))
	if n := text.ReadAt(buf, begin); n != min(len(buf), len(want)-begin) || !bytes.Equal(buf[:n], want[begin:begin+n]) {
		t.Fatalf("ReadAt at %d gives %d bytes of %d, or other ones", begin, n, len(want))
	}
}

// TestUnshareBeginsAGeneration only where what is shared is of the present one.
func TestUnshareBeginsAGeneration(t *testing.T) {
	s := emptySpace()
	s.Set([]byte("short"), []byte("x"))
	s.appendTo([]byte("long"), make([]byte, 100))
	s.appendTo([]byte("long"), make([]byte, 10_000))
	for _, step := range []struct {
		key    string
		begins uint64
	}{{"short", 0}, {"long", 1}, {"long", 0}} {
		before := s.generation
		s.Unshare(s.Get([]byte(step.key)))
		if got := s.generation - before; got != step.begins {
			t.Errorf("of %s: %d generations began, want %d", step.key, got, step.begins)
		}
	}
}
