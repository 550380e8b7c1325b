package fsm

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
)

// Weigh is what the present state has at a key, for estimates. It may be called where Query may.
func (m *Machine) Weigh(key []byte) int {
	if !m.ready {
		return 0
	}
	return weigh(m.space.Get(key))
}

// elementShare is how much work a byte of a value of elements is: they are short, and each is found, copied and
// answered by itself.
const elementShare = 4

// weigh is how much work it is to go through the value of an entry, or of none.
func weigh(e *keyspace.Entry) int {
	if e == nil {
		return 0
	}
	if _, isText := e.Text(); isText {
		return e.Size()
	}
	return e.Size() * elementShare
}
