package fsm

// What an entry of the log removes of the keys that are overdue: sweepPerEntry, and sweepPerWrite for each command in
// it. The first drains what is left when nobody writes, since the leader sends empty entries while keys are due. The
// second makes sure that keys go at least twice as fast as commands can make new ones. Both bound what an entry costs,
// however many keys one moment ends.
const (
	sweepPerEntry = 64
	sweepPerWrite = 2
)

// sweep removes up to so many of the keys that are overdue, in the order of (deadline, slot, hash), and makes the key
// space ready to be read.
func (m *Machine) sweep(most int) {
	s := &m.space
	for ; most > 0 && s.deadlines.overdue > 0; most-- {
		line, _ := s.deadlines.first()
		at := place{line.slot, line.hash}
		m.scratch = append(m.scratch[:0], s.keyDue(at, line.deadline)...)
		s.drop(at, m.scratch)
		m.expired++
	}
	s.settle()
}

// keyDue finds a key by its line in the index of deadlines: the smallest, if several have one hash and one deadline,
// for the order in a leaf is not the same on all nodes.
func (s *space) keyDue(at place, deadline int64) string {
	t := s.root.slot(at.slot)
	for shift := topShift; t.fork != nil; shift -= levelBits {
		t = t.fork.children[branch(at.hash, shift)]
	}
	found, smallest := false, ""
	for i := range t.leaf.entries {
		e := &t.leaf.entries[i]
		if e.deadline != deadline || digest(s.hashing.keys, e.key()) != at.hash {
			continue
		}
		if key := e.key(); !found || key < smallest {
			found, smallest = true, key
		}
	}
	if !found {
		panic("fsm: the index of deadlines names a key that is not stored")
	}
	return smallest
}
