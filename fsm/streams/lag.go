package streams

import "github.com/raftredis/raftredis/fsm/value"

// Redis counts how many of the entries that were ever added a group has read, as far as that can be known: what was
// deleted one by one makes holes whose place is forgotten, but for the last.

// holesBehind reports whether an entry behind an ID may have been deleted one by one.
func holesBehind(t *value.Stream, id value.StreamID) bool {
	deleted := t.MaxDeleted()
	switch {
	case t.Len() == 0 || deleted == value.StreamID{}:
		return false
	case t.First().Compare(deleted) > 0:
		return false
	}
	return id.Compare(deleted) <= 0
}

// readUpTo is how many entries were added up to an ID, or UnknownRead.
func readUpTo(t *value.Stream, id value.StreamID) int64 {
	added, held := int64(t.Added()), int64(t.Len())
	behindLast := id.Compare(t.Last())
	switch {
	case added == 0:
		return 0
	case held == 0 && behindLast <= 0, behindLast == 0:
		return added
	case behindLast > 0:
		return value.UnknownRead
	}
	first, deleted := t.First(), t.MaxDeleted()
	if (deleted == value.StreamID{} || deleted.Compare(first) < 0) {
		switch behindFirst := id.Compare(first); {
		case behindFirst < 0:
			return added - held
		case behindFirst == 0:
			return added - held + 1
		}
	}
	return value.UnknownRead
}

// readAfter is how many entries a group has read when it has got the one with an ID, which is behind its last one. The
// highest number, which a client may have set, stays.
func readAfter(t *value.Stream, read int64, id value.StreamID) int64 {
	switch {
	case read != value.UnknownRead && !holesBehind(t, id):
		return max(read, read+1)
	case t.Added() > 0:
		return readUpTo(t, id)
	}
	return read
}

// lagOf is how many entries a group has still to get. ok is false if it is not known.
func lagOf(t *value.Stream, g *value.StreamGroup) (lag int64, ok bool) {
	added := int64(t.Added())
	switch {
	case added == 0:
		return 0, true
	case g.Read() != value.UnknownRead && !holesBehind(t, g.Last()):
		return added - g.Read(), true
	}
	read := readUpTo(t, g.Last())
	return added - read, read != value.UnknownRead
}
