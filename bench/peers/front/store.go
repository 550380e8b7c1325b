package front

import (
	"encoding/binary"
	"errors"
	"sync"
)

// Store is the keys of a peer. Its methods may be called by any goroutine.
type Store struct {
	lock   sync.RWMutex
	values map[string][]byte
}

// NewStore is a store without keys.
func NewStore() *Store { return &Store{values: map[string][]byte{}} }

// Get returns the value of a key, which stays as it is.
func (s *Store) Get(key []byte) (value []byte, found bool) {
	s.lock.RLock()
	value, found = s.values[string(key)]
	s.lock.RUnlock()
	return value, found
}

// Apply carries out n entries under one lock. The store keeps the values, which are parts of the entries.
func (s *Store) Apply(n int, entry func(i int) []byte) {
	s.lock.Lock()
	for i := range n {
		if key, value, err := Decode(entry(i)); err == nil {
			s.values[string(key)] = value
		}
	}
	s.lock.Unlock()
}

// Entries are those that make the store as it is, in no order.
func (s *Store) Entries() (all [][]byte) {
	s.lock.RLock()
	defer s.lock.RUnlock()
	for key, value := range s.values {
		all = append(all, AppendEntry(nil, []byte(key), value))
	}
	return all
}

// Clear empties the store.
func (s *Store) Clear() {
	s.lock.Lock()
	clear(s.values)
	s.lock.Unlock()
}

// errNoEntry is what Decode says of anything that AppendEntry did not write.
var errNoEntry = errors.New("this is no entry of a peer")

// lengthBytes is how many bytes the length of a key has, which stands before it.
const lengthBytes = 4

// AppendEntry appends the entry of a SET: the length of the key, the key, the value.
func AppendEntry(dst, key, value []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(key)))
	return append(append(dst, key...), value...)
}

// EntryBytes is how long the entry of a SET is.
func EntryBytes(key, value []byte) int { return lengthBytes + len(key) + len(value) }

// Decode returns key and value of an entry, as parts of it.
func Decode(entry []byte) (key, value []byte, err error) {
	if len(entry) < lengthBytes {
		return nil, nil, errNoEntry
	}
	length := binary.LittleEndian.Uint32(entry)
	entry = entry[lengthBytes:]
	if uint64(length) > uint64(len(entry)) {
		return nil, nil, errNoEntry
	}
	return entry[:length], entry[length:], nil
}
