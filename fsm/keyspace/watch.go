package keyspace

import "github.com/raftredis/raftredis/internal/command"

// Watcher hears which keys change, for the caches of clients. The machine calls it while it applies an entry or
// restores a state; it must not call the machine.
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
}

// TellApplied tells the watcher that an entry was applied.
func (s *State) TellApplied() {
	if s.watcher != nil {
		s.watcher.Applied()
	}
}

func (s *shared) tellFlushed() {
	if s.watcher != nil {
		s.watcher.Flushed(s.run)
	}
}
