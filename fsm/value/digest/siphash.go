package digest

import "math/bits"

// Sip is the state of SipHash-1-3 (Aumasson and Bernstein): a keyed hash of 64 bits that stays unpredictable to clients
// who choose the keys but do not know the seed, which is why Redis uses it too. The standard library's keyed hash draws
// a new key in each process, so this is our own: all nodes must agree for ever.
//
// A state is a value. Whole words can be added to it and the state kept, so the hash of a string that grows at its end
// is extended in proportion to what is added.
type Sip struct{ v0, v1, v2, v3 uint64 }

// NewSip begins a hash under a key of two words.
func NewSip(k0, k1 uint64) Sip {
	return Sip{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
}

func (s Sip) round() Sip {
	s.v0 += s.v1
	s.v2 += s.v3
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v1
	s.v0 += s.v3
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 = bits.RotateLeft64(s.v2, 32)
	return s
}

// Word adds eight bytes.
func (s Sip) Word(m uint64) Sip {
	s.v3 ^= m
	s = s.round()
	s.v0 ^= m
	return s
}

// Finish adds the last word and gives the hash.
func (s Sip) Finish(last uint64) uint64 {
	s = s.Word(last)
	s.v2 ^= 0xff
	s = s.round().round().round()
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

// Text is what is hashed: clients' bytes, or the immutable strings in which the key space keeps them.
type Text interface{ string | []byte }

// Extend adds the whole words of b from position `from`, a multiple of eight, on.
func Extend[T Text](s Sip, b T, from int) Sip {
	for i := from; i+8 <= len(b); i += 8 {
		s = s.Word(WordAt(b[i : i+8]))
	}
	return s
}

// Seal adds what Extend left of b, and its length, and gives the hash.
func Seal[T Text](s Sip, b T) uint64 {
	last := uint64(len(b)) << 56
	tail := b[len(b)&^7:]
	for i := range len(tail) {
		last |= uint64(tail[i]) << (8 * i)
	}
	return s.Finish(last)
}

// Of is the hash of b.
func Of[T Text](s Sip, b T) uint64 { return Seal(Extend(s, b, 0), b) }

// WordAt is the eight bytes of b as a word, the lowest first.
func WordAt[T Text](b T) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
