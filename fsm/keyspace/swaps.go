package keyspace

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/guard"
)

// Swap lets two databases change places, in constant time. All their keys count as changed: see Version. False means
// that nothing happened: one of them stores a value that must keep its name, overdue or not (see value.Kind.Stays).
func (s *State) Swap(a, b int) bool {
	first, second := s.Open(a), s.Open(b)
	if a == b {
		return true
	}
	if first.staying+second.staying > 0 {
		return false
	}
	s.spaces[a], s.spaces[b] = second, first
	for _, space := range [...]*Space{first, second} {
		if space.Size() > 0 { // keys that have ended were absent before, and are absent now
			space.swapped = s.index
			s.removals.moved(s.index) // a key may have come to one database, and gone with its swap
		}
	}
	s.tellFlushed()
	return true
}

// Version is the index of the entry that last changed a key of this database: its value, its deadline, or by a swap its
// database. Two databases may have one key with one version in its entry, and a client that watches the key must see
// the swap.
func (s *Space) Version(e *Entry) uint64 {
	if guard.Down(guard.SwapIsAChange) {
		return e.version()
	}
	return max(e.version(), s.swapped)
}

// swaps is the payload of the section with swaps, empty if there is none.
func (s *State) swaps() (payload []byte) {
	s.Each(func(number int, space *Space) {
		if space.swapped > 0 {
			payload = binary.LittleEndian.AppendUint32(payload, uint32(number))
			payload = binary.LittleEndian.AppendUint64(payload, space.swapped)
		}
	})
	return payload
}

// addSwaps writes the section with swaps, if there is one.
func (o *imageWriter) addSwaps(payload []byte) error {
	if len(payload) == 0 {
		return nil
	}
	if err := o.close(0); err != nil {
		return err
	}
	return o.section(sectionSwaps, payload)
}

// readSwaps keeps the payload of the section with swaps until the image has ended.
func (in *imageReader) readSwaps(length, checksum uint32) error {
	if in.swaps != nil || len(in.sessions) > 0 || in.removals != nil {
		return damaged("its swaps are not where they belong", nil)
	}
	payload, err := in.whole(length, checksum)
	if err != nil {
		return err
	}
	if in.swaps = payload; len(in.swaps) == 0 || len(in.swaps)%swapBytes != 0 {
		return damaged("its swaps are none", nil)
	}
	return nil
}

// finishSwaps notes the swaps at their databases, which have their keys.
func (in *imageReader) finishSwaps() error {
	last := -1
	for rest := in.swaps; len(rest) > 0; rest = rest[swapBytes:] {
		number, index := binary.LittleEndian.Uint32(rest), binary.LittleEndian.Uint64(rest[databaseBytes:])
		if number >= command.MaxDatabases || int(number) <= last || index == 0 || index > in.state.removals.newest {
			return damaged("a swap is none", nil)
		}
		space := in.state.Space(int(number))
		if space.keys == 0 {
			return damaged("a database without keys was swapped", nil)
		}
		space.swapped, last = index, int(number)
	}
	in.swaps = nil
	return nil
}
