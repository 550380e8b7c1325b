package exec

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/sessions"
)

// Writer is what a write changes: the database of the client, while an entry is applied. The machine has one, and uses
// it for all.
type Writer struct {
	state *keyspace.State
	// selection is where the client is, space its database.
	selection command.Selection
	space     *keyspace.Space
	// made are the strings that were made ahead, by the first byte of the argument that they are.
	made map[*byte]*value.Chunks
	// sought is a key that was fetched for the present command, nil if none was.
	sought *keyspace.Sought
	// chances is how many chances the entry took.
	chances uint64
	// patternsLeft is how much work the patterns of SORT may still be.
	patternsLeft int
}

// MaxPatternWork is how much work the patterns of SORT may be in an entry, or in a call that only reads, in the unit of
// command.MaxEntryWork: the keys that they look for, and what is copied of what they find. It is as much as a command
// may be long. Without it, a list of a million equal elements and one long value would be more than there is memory, on
// all nodes; and so would a transaction of a thousand calls with as much each.
const MaxPatternWork = 1 << 30

// WriterOf makes a writer to a state.
func WriterOf(state *keyspace.State) Writer { return Writer{state: state} }

// Begin begins an entry, in database 0. made are the strings that were made ahead of it, by their first byte in its
// body.
func (w *Writer) Begin(made map[*byte]*value.Chunks) {
	w.made, w.chances, w.sought, w.patternsLeft = made, 0, nil, MaxPatternWork
	w.Select(command.FirstSelection())
}

// Select chooses the database of what follows, and what else goes with that.
func (w *Writer) Select(s command.Selection) { w.space, w.selection = w.state.Open(s.Database), s }

// PatternsLeft is how much work the patterns of SORT may still be in this entry. Who does some takes it away.
func (w *Writer) PatternsLeft() *int { return &w.patternsLeft }

// Selection is what was selected last.
func (w *Writer) Selection() command.Selection { return w.selection }

// Space is the database of the client, for reading: valid until the next Select or Swap.
func (w *Writer) Space() *keyspace.Space { return w.space }

// Database is the number of the database.
func (w *Writer) Database() int { return w.selection.Database }

// Databases is how many databases the client may use.
func (w *Writer) Databases() int { return w.selection.Databases }

// Layout is by which settings the client wants laid out what its writes leave.
func (w *Writer) Layout() *command.Layout { return &w.selection.Layout }

// In is the same writer in another database, which must be below Databases.
func (w *Writer) In(database int) Writer {
	other := *w
	other.selection.Database = database
	other.Select(other.selection)
	return other
}

// Swap lets two databases change places, unless one of them has a key that must keep its name: see keyspace.State.Swap.
func (w *Writer) Swap(a, b int) (swapped bool) {
	swapped = w.state.Swap(a, b)
	w.space = w.state.Open(w.selection.Database)
	return swapped
}

// FlushAll removes all keys of all databases.
func (w *Writer) FlushAll() { w.state.Flush() }

// Version is the index of the entry that last changed a key, 0 if it is absent.
func (w *Writer) Version(key []byte) uint64 {
	e := w.space.Get(key)
	if e == nil {
		return 0
	}
	return w.space.Version(e)
}

// Seek says which key was fetched for the next command, nil for none.
func (w *Writer) Seek(sought *keyspace.Sought) { w.sought = sought }

// Place is where a key belongs. Commands that look for a key and then put it compute that once.
func (w *Writer) Place(key []byte) keyspace.Place {
	if w.sought != nil && w.sought.Is(key) {
		return w.sought.Place
	}
	return w.space.Place(key)
}

// Find gives the entry of a key, nil if it is absent. The entry is for reading, and valid until the next write. It is a
// use of the key.
func (w *Writer) Find(at keyspace.Place, key []byte) *keyspace.Entry {
	return w.space.FindToUse(at, key)
}

// Get is Find, without a place at hand.
func (w *Writer) Get(key []byte) *keyspace.Entry { return w.space.FindToUse(w.Place(key), key) }

// Put stores an entry in place of the old one of its key, with the deadline that it has.
func (w *Writer) Put(at keyspace.Place, key []byte, e keyspace.Entry) { w.space.Put(at, key, e) }

// PutUntil is Put with a deadline, or without one if that is 0. It removes the key if the deadline has come already.
func (w *Writer) PutUntil(at keyspace.Place, key []byte, e keyspace.Entry, deadline keyspace.Deadline) {
	w.space.PutUntil(at, key, e, deadline)
}

// Remove removes a key and reports whether it was present.
func (w *Writer) Remove(key []byte) bool { return w.space.Remove(key) }

// Flush removes all keys of the database, in constant time.
func (w *Writer) Flush() { w.space.Flush() }

// Now is the state time.
func (w *Writer) Now() keyspace.Now { return w.space.Now() }

// MaxValueBytes bounds the bytes of a string.
func (w *Writer) MaxValueBytes() int { return w.space.MaxValueBytes() }

// NextNumber is a number above all that it gave before: see keyspace.State.NextNumber.
func (w *Writer) NextNumber() uint64 { return w.space.NextNumber() }

// NextNumbers takes a number of numbers that follow each other, at least one, and gives the first.
func (w *Writer) NextNumbers(count uint64) (first uint64) { return w.space.NextNumbers(count) }

// HasNumbers reports whether a command may take so many numbers: see keyspace.State.HasNumbers.
func (w *Writer) HasNumbers(count uint64) bool { return w.space.HasNumbers(count) }

// LastNumber is the last that NextNumber gave, 0 before the first.
func (w *Writer) LastNumber() uint64 { return w.space.LastNumber() }

// Making is what a value is made or changed with: a fresh state of the hash of values, and the present generation.
func (w *Writer) Making() (state digest.Sip, generation uint64) { return w.space.Making() }

// Chance is a number that no client can foresee: the same on every node, and another one at each call.
func (w *Writer) Chance() uint64 {
	w.chances++
	return w.space.Chance(0, w.chances)
}

// NewEntry is an entry with a string that came with the body which is being applied: the one that was made ahead, if
// there is one.
func (w *Writer) NewEntry(key, text []byte) keyspace.Entry {
	if made := w.Made(text); made != nil {
		return keyspace.EntryOf(key, made)
	}
	return keyspace.NewEntry(key, text)
}

// Made is a string that was made ahead, nil if it was not.
func (w *Writer) Made(text []byte) *value.Chunks {
	if len(w.made) == 0 || len(text) == 0 {
		return nil
	}
	return w.made[&text[0]]
}

// Overwritten is an entry of a string with b, which is not empty, at an offset: see keyspace.State.Overwritten.
func (w *Writer) Overwritten(e *keyspace.Entry, offset int, b []byte) keyspace.Entry {
	return w.space.Overwritten(e, offset, b)
}

// Built is an entry with a string of a length, made piece by piece: see keyspace.State.Built.
func (w *Writer) Built(key []byte, length int, fill func(piece []byte, offset int) bool) keyspace.Entry {
	return w.space.Built(key, length, fill)
}

// Unshare lets two entries share one value: see keyspace.State.Unshare.
func (w *Writer) Unshare(e *keyspace.Entry) { w.space.Unshare(e) }

// Publish hands a message to the clients of this node that listen to a channel, or to a shard channel, and returns how
// many they are: for the reply to a client of this node, and for nothing else.
func (w *Writer) Publish(channel, message []byte, sharded bool) (receivers int) {
	return w.state.Publish(channel, message, sharded)
}

// UsedBefore notes on this node that a key was last used so many seconds ago, unless it counts uses.
func (w *Writer) UsedBefore(key []byte, seconds int64) {
	if use := w.space.PresentUse(); !use.ByFrequency {
		w.space.SetMark(key, use.Idle(seconds))
	}
}

// UsedOften notes the counter of a key on this node, if it counts uses.
func (w *Writer) UsedOften(key []byte, count int64) {
	if use := w.space.PresentUse(); use.ByFrequency {
		w.space.SetMark(key, use.Counted(count))
	}
}

// Sessions are those of clients.
func (w *Writer) Sessions() *sessions.Table { return w.space.Sessions() }
