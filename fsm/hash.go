package fsm

import "math/bits"

// sip is the state of SipHash-1-3 (Aumasson and Bernstein): a keyed hash of 64 bits that stays unpredictable to clients
// who choose the keys but do not know the seed, which is why Redis uses it too. It is written out here because the
// standard library's keyed hash draws its key anew in each process, and all nodes must agree for ever.
//
// A state is a value. Whole words can be added to it and the state kept, so the hash of a string that grows at its end
// is extended in proportion to what is added.
type sip struct{ v0, v1, v2, v3 uint64 }

// newSip begins a hash under a key of two words.
func newSip(k0, k1 uint64) sip {
	return sip{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
}

func (s sip) round() sip {
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

// word adds eight bytes.
func (s sip) word(m uint64) sip {
	s.v3 ^= m
	s = s.round()
	s.v0 ^= m
	return s
}

// finish adds the last word and gives the hash.
func (s sip) finish(last uint64) uint64 {
	s = s.word(last)
	s.v2 ^= 0xff
	s = s.round().round().round()
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

// text is what is hashed: clients' bytes, or the immutable strings in which the key space keeps them.
type text interface{ string | []byte }

// extend adds the whole words of b from position `from`, a multiple of eight, on.
func extend[T text](s sip, b T, from int) sip {
	for i := from; i+8 <= len(b); i += 8 {
		s = s.word(wordAt(b[i : i+8]))
	}
	return s
}

// seal adds what extend left of b, and its length, and gives the hash.
func seal[T text](s sip, b T) uint64 {
	last := uint64(len(b)) << 56
	tail := b[len(b)&^7:]
	for i := range len(tail) {
		last |= uint64(tail[i]) << (8 * i)
	}
	return s.finish(last)
}

// digest is the hash of b.
func digest[T text](s sip, b T) uint64 { return seal(extend(s, b, 0), b) }

func wordAt[T text](b T) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// sequence spreads one word into many: SplitMix64 (Steele, Lea, Flood).
type sequence uint64

func (s *sequence) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// hashing holds the hashes of one cluster, all keyed by the seed that its first entry drew.
type hashing struct {
	seed uint64
	// keys places keys; values and state make the state hash. They are keyed apart, so that knowing where keys lie
	// says nothing about the state hash.
	keys, values, state sip
}

func newHashing(seed uint64) hashing {
	words := sequence(seed)
	draw := words.next
	return hashing{seed: seed, keys: newSip(draw(), draw()), values: newSip(draw(), draw()), state: newSip(draw(), draw())}
}

// share is what a key with a value and a deadline adds to the state hash: a sum, so that the order of the keys does not
// matter and a write needs to know only what it replaces.
func (h *hashing) share(keyHash, valueDigest uint64, deadline int64) uint64 {
	s := h.state.word(keyHash).word(valueDigest)
	if deadline == 0 {
		return s.finish(kindString)
	}
	return s.word(uint64(deadline)).finish(kindString | deadlineFlag)
}
