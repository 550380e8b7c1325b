package keyspace

import "github.com/raftredis/raftredis/internal/command"

// Watcher hears which keys change, for the caches of clients, and which messages are sent. The machine calls it while
// it applies an entry or restores a state; it must not call the machine.
type Watcher interface {
	// Changed says that a key was written, removed, or swept after its deadline. run is the run that did it, nil if
	// that was a write of another node or a sweep. The watcher must not keep the key, which holds the memory of a whole
	// record. Which database has the key it does not hear: clients keep keys without their database, as in Redis.
	Changed(key string, run *command.Run)
	// Flushed says that all keys of a database were removed, that databases have changed places, or that another state
	// was restored.
	Flushed(run *command.Run)
	// Applied says that the entry was applied whose changes were told.
	Applied()
	// Published says that an entry sends a message to a channel, or to a shard channel. The watcher must not keep the
	// bytes. It returns how many clients of this node heard it. That differs between nodes: it may stand in the reply to
	// a client of this node, and no state may depend on it.
	Published(channel, message []byte, sharded bool) (receivers int)
	// Replaced says that another state takes the place of this one: what entries in between have sent is not heard here.
	Replaced()
}

// TellApplied tells the watcher that an entry was applied.
func (s *State) TellApplied() {
	if s.watcher != nil {
		s.watcher.Applied()
	}
}

// Publish tells the watcher of a message, and returns how many clients of this node heard it.
func (s *State) Publish(channel, message []byte, sharded bool) (receivers int) {
	if s.watcher == nil {
		return 0
	}
	return s.watcher.Published(channel, message, sharded)
}

func (s *shared) tellFlushed() {
	if s.watcher != nil {
		s.watcher.Flushed(s.run)
	}
}
