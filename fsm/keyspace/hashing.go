package keyspace

import "github.com/raftredis/raftredis/fsm/value/digest"

// Sequence spreads one word into many: SplitMix64 (Steele, Lea, Flood).
type Sequence uint64

// Next is the next word.
func (s *Sequence) Next() uint64 {
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
	keys, values, state digest.Sip
}

func newHashing(seed uint64) hashing {
	words := Sequence(seed)
	draw := words.Next
	return hashing{
		seed:   seed,
		keys:   digest.NewSip(draw(), draw()),
		values: digest.NewSip(draw(), draw()),
		state:  digest.NewSip(draw(), draw()),
	}
}

// share is what a key adds to the state hash, with the digest of its value: a sum, so that the order of the keys does
// not matter and a write needs to know only what it replaces.
// Version and kind share the last word, so that the version costs no round of the hash: it has 48 bits.
func (h *hashing) share(keyHash, valueDigest uint64, e *Entry) uint64 {
	s := h.state.Word(keyHash).Word(valueDigest)
	last := e.version()<<8 | uint64(e.Kind())
	if e.Deadline == 0 {
		return s.Finish(last)
	}
	return s.Word(uint64(e.Deadline)).Finish(last | deadlineFlag)
}

// ValueDigest is the hash of the value of an entry and its type: of equal values the same, whatever their keys are and
// however they came about.
func (s *Space) ValueDigest(e *Entry) uint64 {
	return s.values.Word(e.digest(s.values)).Finish(uint64(e.Kind()))
}

// EntryDigest is the hash of an entry with its key and its deadline, without its version. The sum of those of all
// entries tells whether two key spaces of one cluster have the same contents.
func (s *Space) EntryDigest(e *Entry) uint64 {
	return s.state.Word(digest.Of(s.hashing.keys, e.Key())).Word(uint64(e.Deadline)).Finish(s.ValueDigest(e))
}
