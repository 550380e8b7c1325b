package keyspace

import "github.com/raftredis/raftredis/internal/command"

// Position is where a key stands in the order of slots and hashes: 14 bits of slot, then the first 49 of the hash. That
// is a positive number of 64 bits, as some clients want cursors to be. It depends on the key alone, so a cursor means
// the same after the table has grown, after a restart, and on another node. Several keys may have one position; one
// reply of SCAN shows all of them.
type Position uint64

const positionHashBits = 49

func (p Place) position() Position {
	return Position(p.slot)<<positionHashBits | Position(p.hash>>(64-positionHashBits))
}

// first is the first place with this position.
func (at Position) first() Place {
	return Place{slot: uint16(at >> positionHashBits), hash: uint64(at) << (64 - positionHashBits)}
}

const scanEnd = Position(command.Slots) << positionHashBits

// Scan visits all stored keys from a position on, in the order of (slot, hash, key), also overdue ones, until visit
// returns false.
func (s *Space) Scan(from Position, visit func(at Position, e *Entry) bool) {
	if from >= scanEnd {
		return
	}
	var scratch []ranked
	low := from.first()
	for slot := int(low.slot); slot < command.Slots; slot++ {
		p := s.root.pages[slot/pageSlots]
		if p == nil || p.total == 0 {
			slot |= pageSlots - 1 // to the next page
			low.hash = 0
			continue
		}
		err := p.slots[slot%pageSlots].walkFrom(low.hash, topShift, s.hashing.keys, &scratch, func(r ranked) error {
			if !visit(Place{slot: uint16(slot), hash: r.hash}.position(), r.entry) {
				return errEnough
			}
			return nil
		})
		if err != nil {
			return
		}
		low.hash = 0
	}
}
