package keyspace

import "github.com/raftredis/raftredis/fsm/value/digest"

// Sweep removes up to limit overdue keys and returns how many: those with absolute deadlines first, for an offset may
// wait for them, then those with relative ones, each in the order of (database, deadline, slot, hash). It uses scratch
// as a buffer and returns it.
func (s *State) Sweep(limit int, scratch []byte) (swept int, kept []byte) {
	for _, space := range s.spaces {
		for ; space != nil && swept < limit && space.byWall.overdue > 0; swept++ {
			line, _ := space.byWall.first()
			scratch = space.dropDue(line, At(line.ends), scratch)
		}
	}
	for _, space := range s.spaces {
		for ; space != nil && swept < limit && space.byLog.overdue > 0; swept++ {
			line, _ := space.byLog.first()
			scratch = space.dropDue(line, AtLog(line.ends), scratch)
		}
	}
	return swept, scratch
}

// dropDue removes the key of a line.
func (s *Space) dropDue(line dueKey, deadline Deadline, scratch []byte) []byte {
	at := Place{slot: line.slot, hash: line.hash}
	scratch = append(scratch[:0], s.keyDue(at, deadline)...)
	s.drop(at, scratch)
	return scratch
}

// keyDue finds a key by its line in the index of deadlines: the smallest key, if several have one hash and deadline,
// because the order in a leaf differs between nodes.
func (s *Space) keyDue(at Place, deadline Deadline) string {
	t := s.root.slot(at.slot)
	for shift := topShift; t.fork != nil; shift -= levelBits {
		t = t.fork.children[branch(at.hash, shift)]
	}
	found, smallest := false, ""
	for i := range t.leaf.entries {
		e := &t.leaf.entries[i]
		if e.Deadline != deadline || digest.Of(s.hashing.keys, e.Key()) != at.hash {
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
