package exec

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
)

// apart is a type of values that lie apart from their keys, such as *value.Hash: nil is the empty value.
type apart interface {
	comparable
	value.Value
}

// ValueOf gives the value of an entry, nil for no entry. ok is false if the value is of another kind.
func ValueOf[V apart](e *keyspace.Entry) (v V, ok bool) {
	if e == nil {
		return v, true
	}
	v, ok = e.Apart().(V)
	return v, ok
}

// Target is a key that a command writes.
type Target[V apart] struct {
	Key []byte
	// Value is what the key has, nil if it is absent.
	Value V

	w  *Writer
	at keyspace.Place
	// old is a copy of the entry, which outlives a write of another key.
	old keyspace.Entry
}

// TargetOf looks for a key. ok is false if the value there is of another kind.
func TargetOf[V apart](w *Writer, key []byte) (t Target[V], ok bool) {
	t = Target[V]{Key: key, w: w, at: w.Place(key)}
	e := w.Find(t.at, key)
	if e != nil {
		t.old = *e
	}
	t.Value, ok = ValueOf[V](e)
	return t, ok
}

// Put puts a value in place of that of the key, whose deadline stays. nil has no elements: it removes the key.
func (t *Target[V]) Put(v V) {
	var none V
	switch {
	case v == none:
		t.w.Remove(t.Key)
	case t.Value == none:
		t.w.Put(t.at, t.Key, keyspace.EntryOf(t.Key, v))
	default:
		t.w.Put(t.at, t.Key, t.old.With(v))
	}
}
