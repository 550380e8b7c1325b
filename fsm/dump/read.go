package dump

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/rdb"
)

// restoring is an object that becomes a value.
type restoring struct {
	*rdb.Reader
	w          *exec.Writer
	state      digest.Sip
	generation uint64
}

// entryOf makes an entry of an object; ok is false if it is damaged.
func entryOf(w *exec.Writer, key, object []byte) (e keyspace.Entry, ok bool) {
	r := restoring{Reader: rdb.NewReader(object, maxUnpackedBytes), w: w}
	r.state, r.generation = w.Making()
	t, ok := r.Type()
	if !ok {
		return e, false
	}
	var held value.Value
	switch t.Kind() {
	case rdb.StringKind:
		text, ok := r.Text()
		if !ok || !r.fits(text) || !r.Done() {
			return e, false
		}
		return keyspace.NewEntry(key, text), true
	case rdb.HashKind:
		held, ok = r.hash(t)
	case rdb.SetKind:
		held, ok = r.set(t)
	case rdb.ListKind:
		held, ok = r.list(t)
	case rdb.SortedSetKind:
		held, ok = r.sortedSet(t)
	case rdb.StreamKind:
		held, ok = r.stream(t)
	default:
		return e, false
	}
	if !ok || !r.Done() {
		return e, false
	}
	return keyspace.EntryOf(key, held), true
}

// fits reports whether strings are not too long.
func (r *restoring) fits(texts ...[]byte) bool {
	for _, text := range texts {
		if len(text) > r.w.MaxValueBytes() {
			return false
		}
	}
	return true
}

func (r *restoring) hash(t rdb.Type) (held value.Value, ok bool) {
	edit := (*value.Hash)(nil).Edit(r.state, r.generation)
	ok = r.Pairs(t, func(field, text []byte) bool { return r.fits(field, text) && !edit.Set(field, text) })
	if !ok {
		return nil, false
	}
	return edit.Hash(), true
}

func (r *restoring) set(t rdb.Type) (held value.Value, ok bool) {
	edit := (*value.Set)(nil).Edit(r.state, r.generation)
	ok = r.Elements(t, func(member []byte) bool { return r.fits(member) && edit.Add(member) })
	if !ok {
		return nil, false
	}
	return edit.Set(), true
}

func (r *restoring) sortedSet(t rdb.Type) (held value.Value, ok bool) {
	edit := (*value.SortedSet)(nil).Edit(r.state, r.generation)
	ok = r.Scores(t, func(member []byte, score float64) bool {
		_, twice := edit.Score(member)
		if twice || !r.fits(member) {
			return false
		}
		edit.Put(member, score)
		return true
	})
	if !ok || edit.Len() == 0 {
		return nil, false
	}
	return edit.Set(), true
}

func (r *restoring) stream(t rdb.Type) (held value.Value, ok bool) {
	change := value.NewStream(r.state, r.generation).Change(r.state, r.generation)
	nodes := value.StreamNodesOf(r.w.Layout())
	s, ok := r.Stream(t, func(id rdb.StreamID, fields [][]byte) bool {
		bytes := 0
		for _, text := range fields {
			bytes += len(text)
		}
		if bytes > value.MaxStreamEntryBytes || !r.fits(fields...) {
			return false
		}
		change.Append(value.StreamID(id), fields, nodes)
		return true
	})
	if !ok {
		return nil, false
	}
	change.SetLast(value.StreamID(s.Last))
	change.SetAdded(s.Added)
	change.SetMaxDeleted(value.StreamID(s.MaxDeleted))
	now := r.w.Now()
	for i := range s.Groups {
		addGroup(change, &s.Groups[i], now.Wall-now.Log)
	}
	return change.Done(), true
}

// addGroup adds a group. Its times are of wall time, which is log time and an offset.
func addGroup(change *value.StreamChange, group *rdb.StreamGroup, offset int64) {
	change.AddGroup([]byte(group.Name), value.StreamID(group.Last), group.Read)
	g := change.Group([]byte(group.Name))
	consumers := make([]*value.StreamConsumer, len(group.Consumers))
	for i, c := range group.Consumers {
		consumers[i], _ = g.Consumer([]byte(c.Name), c.Seen-offset)
		if c.Active != value.NeverActive {
			g.SetTimes(consumers[i], c.Seen-offset, c.Active-offset)
		}
	}
	for _, p := range group.Pending {
		g.Deliver(value.StreamID(p.ID), consumers[p.Consumer], p.Millis-offset, p.Deliveries)
	}
}

// pushedTogether is how many elements of a list are pushed at once.
const pushedTogether = 64

func (r *restoring) list(t rdb.Type) (held value.Value, ok bool) {
	var l *value.List
	var kept []byte // an element is valid until the next
	var ends []int
	push := func() {
		elements, begin := make([][]byte, len(ends)), 0
		for i, end := range ends {
			elements[i], begin = kept[begin:end], end
		}
		l = l.Pushed(elements, false, r.state, r.generation)
		kept, ends = kept[:0], ends[:0]
	}
	ok = r.Elements(t, func(element []byte) bool {
		kept = append(kept, element...)
		if ends = append(ends, len(kept)); len(ends) == pushedTogether {
			push()
		}
		return r.fits(element)
	})
	if !ok {
		return nil, false
	}
	if len(ends) > 0 {
		push()
	}
	return l, true
}
