package keyspace

import "github.com/raftredis/raftredis/fsm/value"

// Sweep removes up to limit overdue keys, in the order of (deadline, slot, hash), and returns how many. It uses scratch
// as a buffer and returns it.
func (s *Space) Sweep(limit int, scratch []byte) (swept int, kept []byte) {
	for ; swept < limit && s.deadlines.overdue > 0; swept++ {
		line, _ := s.deadlines.first()
		at := Place{line.slot, line.hash}
		scratch = append(scratch[:0], s.keyDue(at, line.deadline)...)
		s.drop(at, scratch)
	}
	return swept, scratch
}

// keyDue finds a key by its line in the index of deadlines: the smallest key, if several have one hash and deadline,
// because the order in a leaf differs between nodes.
func (s *Space) keyDue(at Place, deadline int64) string {
	t := s.root.slot(at.slot)
	for shift := topShift; t.fork != nil; shift -= levelBits {
		t = t.fork.children[branch(at.hash, shift)]
	}
	found, smallest := false, ""
	for i := range t.leaf.entries {
		e := &t.leaf.entries[i]
		if e.Deadline != deadline || value.Digest(s.hashing.keys, e.Key()) != at.hash {
			continue
		}
		if key := e.Key(); !found || key < smallest {
			found, smallest = true, key
		}
	}
	if !found {
		panic("keyspace: the index of deadlines names a key that is not stored")
	}
	return smallest
}
