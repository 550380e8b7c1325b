package sim

import (
	"github.com/raftredis/raftredis/wal/raftlog"
)

// mirror is a log as the checkers see it: for each index the term of the entry, and a hash of the log up to and
// including it. Two logs are equal up to an index if and only if their hashes there are equal.
type mirror struct{ prefixes []prefix }

type prefix struct {
	term raftlog.Term
	hash uint64
}

// last is the end of the log.
func (m *mirror) last() raftlog.Mark {
	n := len(m.prefixes)
	if n == 0 {
		return raftlog.Mark{}
	}
	return raftlog.Mark{Term: m.prefixes[n-1].term, Index: raftlog.Index(n)}
}

// at is the prefix that ends at an index; the zero prefix for index 0 and for indexes that the log does not have.
func (m *mirror) at(i raftlog.Index) prefix {
	if i == 0 || int(i) > len(m.prefixes) {
		return prefix{}
	}
	return m.prefixes[i-1]
}

// add replaces what is at or after the first entry by the entries, and reports whether they follow what is before.
func (m *mirror) add(entries []raftlog.Entry) bool {
	if len(entries) == 0 {
		return true
	}
	first := entries[0].Index
	if first == 0 || int(first) > len(m.prefixes)+1 {
		return false
	}
	m.prefixes = m.prefixes[:first-1]
	for i := range entries {
		e := &entries[i]
		if int(e.Index) != len(m.prefixes)+1 {
			return false
		}
		before := m.at(e.Index - 1)
		m.prefixes = append(m.prefixes, prefix{term: e.Term, hash: mix(before.hash, hashOf(e))})
	}
	return true
}

func (m *mirror) clone() mirror { return mirror{prefixes: append([]prefix(nil), m.prefixes...)} }

// hashOf is a hash of everything that an entry says. It is computed from the bytes each time, so that a body that
// was changed after the fact is noticed.
func hashOf(e *raftlog.Entry) uint64 {
	h := mix(uint64(e.Index), uint64(e.Term))
	h = mix(h, uint64(e.Kind)<<32|uint64(e.CRC))
	h = mix(h, uint64(e.Tag.Origin))
	h = mix(h, uint64(e.Tag.Boot)^uint64(e.Tag.Sequence))
	h = mix(h, uint64(e.Stamp))
	h = mix(h, uint64(e.Offset))
	return mix(h, hashBytes(e.Body))
}

// hashBytes is FNV-1a.
func hashBytes(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// mix joins two numbers to one that depends on each bit of both.
func mix(a, b uint64) uint64 {
	h := a*0x9e3779b97f4a7c15 ^ b
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 29
	return h
}
