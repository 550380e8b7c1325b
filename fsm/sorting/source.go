package sorting

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
)

// source is a container whose elements are sorted: one of these, or none.
type source struct {
	list   *value.List
	set    *value.Set
	scored *value.SortedSet
}

// sourceOf gives the container of an entry, an empty one for no entry. ok is false if it has none that is sorted.
func sourceOf(e *keyspace.Entry) (s source, ok bool) {
	if e == nil {
		return source{}, true
	}
	switch v := e.Apart().(type) {
	case *value.List:
		return source{list: v}, true
	case *value.Set:
		return source{set: v}, true
	case *value.SortedSet:
		return source{scored: v}, true
	}
	return source{}, false
}

func (s source) len() int {
	switch {
	case s.set != nil:
		return s.set.Len()
	case s.scored != nil:
		return s.scored.Len()
	}
	return s.list.Len()
}

// hasOrder reports whether the elements have an order of their own.
func (s source) hasOrder() bool { return s.set == nil }

// items are so many elements from one on, or from one counted from the end back to the first.
func (s source) items(from, count int, back bool) []item {
	all, texts := make([]item, 0, count), arena{}
	add := func(element []byte, lasts bool) bool {
		if len(all) < count {
			all = append(all, item{text: texts.keep(element, lasts)})
		}
		return len(all) < count
	}
	ranked := func(member []byte, _ float64) bool { return add(member, false) }
	short := func(element []byte) bool { return add(element, len(element) > value.MaxShortElementBytes) }
	switch {
	case s.set != nil:
		var digits value.Digits
		s.set.Each(func(member value.Item) bool {
			if from > 0 {
				from--
				return true
			}
			return add(member.Text(&digits), member.Stable())
		})
	case s.scored != nil && back:
		s.scored.EachBack(s.len()-1-from, ranked)
	case s.scored != nil:
		s.scored.Each(from, ranked)
	case back:
		s.list.EachBack(s.len()-1-from, short)
	default:
		s.list.Each(from, short)
	}
	return all
}

// fieldOf finds a field of a hash.
func fieldOf(e *keyspace.Entry, field []byte) found {
	h, isHash := e.Apart().(*value.Hash)
	if !isHash {
		return found{absent: true}
	}
	v, ok := h.Get(field)
	if !ok {
		return found{absent: true}
	}
	return found{text: v.Append(nil)}
}

// arena holds copies of texts, many in one piece of memory.
type arena struct{ free []byte }

// arenaBytes is how much memory an arena takes at once, for short texts.
const arenaBytes = 32 << 10

// keep gives a text that stays: a copy, unless it lasts by itself.
func (a *arena) keep(text []byte, lasts bool) []byte {
	switch {
	case lasts:
		return text
	case len(text) > len(a.free):
		a.free = make([]byte, max(arenaBytes, len(text)))
	}
	n := copy(a.free, text)
	own := a.free[:n:n]
	a.free = a.free[n:]
	return own
}
