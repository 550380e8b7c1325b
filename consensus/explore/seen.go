package explore

import "sync/atomic"

// seenSet holds the fingerprints of all states that were seen, 8 bytes each, in a table of fixed size. Several workers
// use it at the same time.
//
// Two states with equal fingerprints count as one. With n states that happens about n*n/2^65 times: 0.0003 times among
// 10^8.
type seenSet struct {
	slots []atomic.Uint64
	mask  uint64
	// held is how many fingerprints are here, heldMax how many may be. Some slots stay empty: at them a walk ends.
	held    atomic.Int64
	heldMax int64
	// full says that a fingerprint found no room.
	full atomic.Bool
}

// newSeenSet makes room for a number of states, at three quarters full. What workers find beyond it, before the
// search adds it up, has room until fifteen sixteenths are full.
func newSeenSet(states int) *seenSet {
	size := 1 << 10
	for size/4*3 < states {
		size *= 2
	}
	return &seenSet{slots: make([]atomic.Uint64, size), mask: uint64(size - 1), heldMax: int64(size / 16 * 15)}
}

// add reports whether a fingerprint is new and was added. One that has no room sets full: what was found since may lack
// states.
func (s *seenSet) add(fingerprint uint64) bool {
	if fingerprint == 0 {
		fingerprint = 1 // 0 is an empty slot
	}
	for i := fingerprint & s.mask; ; i = (i + 1) & s.mask {
		held := s.slots[i].Load()
		if held == 0 {
			if s.held.Add(1) > s.heldMax {
				s.full.Store(true)
				return false
			}
			if s.slots[i].CompareAndSwap(0, fingerprint) {
				return true
			}
			s.held.Add(-1)
			held = s.slots[i].Load() // another worker was faster
		}
		if held == fingerprint {
			return false
		}
	}
}
