package dump

import (
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/rdb"
)

// appendValue appends the object of a value; ok is false for one that has no form.
func appendValue(dst []byte, e *keyspace.Entry, v exec.View) (object []byte, version rdb.Version, ok bool) {
	if text, is := e.Text(); is {
		return appendString(dst, text), rdb.Version6, true
	}
	switch held := e.Apart().(type) {
	case *value.Hash:
		return appendHash(dst, held), rdb.Version6, true
	case *value.Set:
		return appendSet(dst, held), rdb.Version6, true
	case *value.List:
		return appendList(dst, held), rdb.Version6, true
	case *value.SortedSet:
		return appendSortedSet(dst, held), rdb.Version8, true
	case *value.Stream:
		object, version = writeStream(held, v)
		return append(dst, object...), version, true
	}
	return nil, 0, false
}

func appendString(dst []byte, text value.String) []byte {
	dst = append(dst, byte(rdb.String))
	if n, ok := text.Integer(); ok {
		return rdb.AppendText(dst, strconv.FormatInt(n, 10))
	}
	return text.Append(rdb.AppendLength(dst, uint64(text.Len())))
}

func appendHash(dst []byte, h *value.Hash) []byte {
	dst = rdb.AppendLength(append(dst, byte(rdb.Hash)), uint64(h.Len()))
	var digits value.Digits
	h.Each(func(field, text value.Item) bool {
		dst = rdb.AppendText(dst, field.Text(&digits))
		dst = rdb.AppendText(dst, text.Text(&digits))
		return true
	})
	return dst
}

func appendSet(dst []byte, s *value.Set) []byte {
	dst = rdb.AppendLength(append(dst, byte(rdb.Set)), uint64(s.Len()))
	var digits value.Digits
	s.Each(func(member value.Item) bool {
		dst = rdb.AppendText(dst, member.Text(&digits))
		return true
	})
	return dst
}

func appendList(dst []byte, l *value.List) []byte {
	dst = rdb.AppendLength(append(dst, byte(rdb.List)), uint64(l.Len()))
	l.Each(0, func(element []byte) bool {
		dst = rdb.AppendText(dst, element)
		return true
	})
	return dst
}

// appendSortedSet appends the elements from the last one on, as Redis does: it is faster to read them in that order.
func appendSortedSet(dst []byte, z *value.SortedSet) []byte {
	dst = rdb.AppendLength(append(dst, byte(rdb.SortedSet)), uint64(z.Len()))
	z.EachBack(z.Len()-1, func(member []byte, score float64) bool {
		dst = rdb.AppendScore(rdb.AppendText(dst, member), score)
		return true
	})
	return dst
}

// writeStream makes the object of a stream. Its times are of log time here, and of wall time in the format.
func writeStream(t *value.Stream, v exec.View) (object []byte, version rdb.Version) {
	limits := v.Encodings()
	w := rdb.NewStreamWriter(limits.StreamNodeBytes, limits.StreamNodeEntries)
	var pairs [][]byte
	t.Each(value.StreamID{}, value.MaxStreamID(), func(e value.StreamEntry) bool {
		pairs = pairs[:0]
		e.Each(func(field, text []byte) { pairs = append(pairs, field, text) })
		w.Entry(rdb.StreamID(e.ID), pairs)
		return true
	})
	s := rdb.Stream{
		Length: t.Len(), Added: t.Added(), First: rdb.StreamID(t.First()), Last: rdb.StreamID(t.Last()),
		MaxDeleted: rdb.StreamID(t.MaxDeleted()),
	}
	offset := v.Now.Wall - v.Now.Log
	t.EachGroup(func(g *value.StreamGroup) bool {
		s.Groups = append(s.Groups, groupOf(g, offset))
		return true
	})
	return w.Finish(&s)
}

func groupOf(g *value.StreamGroup, offset int64) rdb.StreamGroup {
	group := rdb.StreamGroup{Name: g.Name(), Last: rdb.StreamID(g.Last()), Read: g.Read()}
	places := map[string]int{}
	g.EachConsumer(func(c *value.StreamConsumer) bool {
		active := c.Active()
		if active != value.NeverActive {
			active += offset
		}
		places[c.Name()] = len(group.Consumers)
		group.Consumers = append(group.Consumers, rdb.StreamConsumer{Name: c.Name(), Seen: c.Seen() + offset, Active: active})
		return true
	})
	g.EachPending(value.StreamID{}, nil, func(p value.StreamPending) bool {
		group.Pending = append(group.Pending, rdb.StreamPending{
			ID: rdb.StreamID(p.ID), Millis: p.Time + offset, Deliveries: p.Count, Consumer: places[p.Owner()],
		})
		return true
	})
	return group
}
