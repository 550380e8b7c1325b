package fsm

// Watcher is told what changes, by name: for caches that clients keep of what they read. It is called while an entry is
// applied or a state restored, and must not call the machine.
type Watcher interface {
	// Changed tells that a key was written, removed or swept after its deadline: value, deadline or existence may be
	// others now. The key stays valid, and must not be kept: it holds the memory of the whole entry.
	Changed(key string)
	// Flushed tells that any key may have changed: all were removed, or another state was restored.
	Flushed()
}

// Watch makes w the one that is told, or nobody if w is nil, which costs nothing. It may be called where Apply may.
func (m *Machine) Watch(w Watcher) { m.space.watcher = w }

func (s *space) tellFlushed() {
	if s.watcher != nil {
		s.watcher.Flushed()
	}
}
