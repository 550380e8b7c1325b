package value

import "github.com/zeebo/xxh3"

// XXH3 is the XXH3 hash of the bytes, of 64 bits and without a seed: what DIGEST shows and clients compute. It depends
// on the bytes alone, not on where they lie. It costs O(N), and copies a chunk at a time.
func (s String) XXH3() uint64 {
	if s.chunks == nil {
		return xxh3.HashString(s.text)
	}
	hash := xxh3.New()
	s.eachChunk(func(piece []byte) bool {
		_, _ = hash.Write(piece) // it never fails
		return true
	})
	return hash.Sum64()
}

// Equal reports whether the string is b. It costs O(N) where the lengths are equal, and O(1) otherwise.
func (s String) Equal(b []byte) bool {
	switch {
	case s.Len() != len(b):
		return false
	case s.chunks == nil:
		return s.text == string(b)
	}
	equal, offset := true, 0
	s.eachChunk(func(piece []byte) bool {
		equal = string(piece) == string(b[offset:offset+len(piece)])
		offset += len(piece)
		return equal
	})
	return equal
}

// eachChunk visits the bytes of a string in chunks, in order, until visit returns false. A piece is valid during the
// visit.
func (s String) eachChunk(visit func(piece []byte) bool) {
	var buf [ChunkBytes]byte
	for offset := 0; offset < s.Len(); {
		n := s.ReadAt(buf[:], offset)
		if !visit(buf[:n]) {
			return
		}
		offset += n
	}
}
