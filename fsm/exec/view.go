package exec

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/access"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/sessions"
)

// View is what a read sees: the key space, through methods that change nothing.
type View struct {
	// Space is the database of the client, Database its number.
	Space    Reader
	Database int
	// Now is the time of the read: the state time, or later if no key of the read ends in between.
	Now keyspace.Now
	// Random was drawn by the connection. It is no part of the state, and no write sees it.
	Random uint64
	// Place is the number of the call in its run, from 0.
	Place int
	// Use is what the read leaves of its use of keys, on this node. In a state that IsFrozen nothing is left.
	Use      access.Use
	IsFrozen bool
	// MaxValueBytes bounds the bytes of a string.
	MaxValueBytes int
	// Lookups is where Get counts, nil for nowhere.
	Lookups *command.Lookups
	// Limits tells the node's limits of encodings, nil for Redis's defaults: see Encodings.
	Limits func() value.EncodingLimits
}

// Encodings are the limits by which this node says how values are kept. A read that shows them has a Spec that says
// OfNode.
func (v View) Encodings() value.EncodingLimits {
	if v.Limits == nil {
		return value.DefaultEncodingLimits()
	}
	return v.Limits()
}

// Get looks for a key in order to read it, which is a use of it; nil if it is absent.
func (v View) Get(key []byte) *keyspace.Entry {
	e := v.Space.Use(key, v.Use, v.Random+uint64(v.Place))
	v.Lookups.Count(e != nil)
	return e
}

// Look is Get for a command that tells of a key and does not use it.
func (v View) Look(key []byte) *keyspace.Entry {
	e := v.Space.Get(key)
	v.Lookups.Count(e != nil)
	return e
}

// Reader is the part of a database that changes nothing.
type Reader interface {
	Get(key []byte) *keyspace.Entry
	Use(key []byte, by access.Use, random uint64) *keyspace.Entry
	Mark(key []byte) (mark access.Mark, ok bool)
	Version(e *keyspace.Entry) uint64
	Weigh(key []byte) int
	Keys() int
	Size() int
	SlotSize(slot uint16) int
	LastNumber() uint64
	SlotKeys(slot uint16, count int, visit func(key string))
	Scan(from keyspace.Position, visit func(at keyspace.Position, e *keyspace.Entry) bool)
	Pick(random uint64) (key string, ok bool)
	Session(id uint64) (sessions.Info, bool)
	ValueDigest(e *keyspace.Entry) uint64
	EntryDigest(e *keyspace.Entry) uint64
	Now() keyspace.Now
	Index() uint64
}
