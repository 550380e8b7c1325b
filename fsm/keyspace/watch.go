package keyspace

import "github.com/raftredis/raftredis/internal/command"

// Watcher is told what changes, by name: for caches that clients keep of what they read. It is called while an entry is
// applied or a state restored, and must not call the machine.
type Watcher interface {
	// Changed tells that a key was written, removed or swept after its deadline: value, deadline or existence may be
	// others now. run is the one whose write it was, nil if it came from another node or time has done it. The key must
	// not be kept: it holds the memory of a whole entry.
	Changed(key string, run *command.Run)
	// Flushed tells that any key may have changed: all were removed, or another state was restored.
	Flushed(run *command.Run)
}

func (s *Space) tellFlushed() {
	if s.watcher != nil {
		s.watcher.Flushed(s.run)
	}
}
