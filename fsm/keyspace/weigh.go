package keyspace

// elementShare is how much work a byte of a value of elements is: they are short, and each is found, copied and
// answered by itself.
const elementShare = 4

// Weigh is how much work it is to go through the value at a key, 0 for an absent key: see command.Stored.
func (s *Space) Weigh(key []byte) int {
	e := s.Get(key)
	if e == nil {
		return 0
	}
	if _, isText := e.Text(); isText {
		return e.Size()
	}
	return e.Size() * elementShare
}

// Keys is the number of keys that are present.
func (s *Space) Keys() int { return s.Size() }
