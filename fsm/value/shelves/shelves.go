// Package shelves keeps items in the order of their keys, for values that are never changed: the blocks of a stream,
// its groups, its consumers and what is pending.
package shelves

import (
	"slices"
	"sort"

	"github.com/raftredis/raftredis/internal/allocated"
)

// Shelves are items in the order of their keys, each key once. The zero value is empty.
//
//	shelves ──► list ──► shelf ──► up to shelfItems items
//	              └────► shelf …
//
// They are a part of a value, and change as that does: a write copies the shelves and changes the copy. Within one
// generation the copy shares everything with the old one, so only the newest may be used. What is of an older
// generation is copied before it is changed: the list, of a pointer for each shelf, and the one shelf. Items that are
// put behind each other, as the IDs of a stream are, fill their shelves.
type Shelves[K any, T Keyed[K]] struct {
	// generation is the one that made list.
	generation uint64
	list       []*shelf[T]
	count      int
}

// Keyed is an item with a key: Compare is negative if its key is before another one.
type Keyed[K any] interface{ Compare(key K) int }

// shelf is some items that follow each other, at least one.
type shelf[T any] struct {
	generation uint64
	items      []T
}

// shelfItems is how many items a shelf has at most. With fewer than shelfMin it goes together with the next one, if
// both have at most half of shelfItems then.
const (
	shelfItems = 128
	shelfMin   = shelfItems / 8
)

// Spot is where an item stands, or would stand.
type Spot struct{ shelf, item int }

// Behind is the spot behind that of an item.
func (at Spot) Behind() Spot { return Spot{at.shelf, at.item + 1} }

// Len is the number of items.
func (q *Shelves[K, T]) Len() int { return q.count }

// Seek gives the first item whose key is not before a key, and reports whether it has that key. The spot may be behind
// the items of a shelf.
func (q *Shelves[K, T]) Seek(key K) (at Spot, found bool) {
	at.shelf = max(sort.Search(len(q.list), func(i int) bool { return q.list[i].items[0].Compare(key) > 0 })-1, 0)
	if at.shelf == len(q.list) {
		return at, false
	}
	items := q.list[at.shelf].items
	at.item = sort.Search(len(items), func(i int) bool { return items[i].Compare(key) >= 0 })
	return at, at.item < len(items) && items[at.item].Compare(key) == 0
}

// Find gives the item with a key.
func (q *Shelves[K, T]) Find(key K) (item T, ok bool) {
	at, found := q.Seek(key)
	if !found {
		return item, false
	}
	return q.list[at.shelf].items[at.item], true
}

// Get gives the item at a spot, or the first one behind it, and the spot where it stands.
func (q *Shelves[K, T]) Get(at Spot) (item T, exact Spot, ok bool) {
	if at.shelf < len(q.list) && at.item == len(q.list[at.shelf].items) {
		at = Spot{at.shelf + 1, 0}
	}
	if at.shelf >= len(q.list) {
		return item, at, false
	}
	return q.list[at.shelf].items[at.item], at, true
}

// Before gives the item before a spot, and where that stands.
func (q *Shelves[K, T]) Before(at Spot) (item T, exact Spot, ok bool) {
	if at.item == 0 {
		if at.shelf == 0 {
			return item, at, false
		}
		at = Spot{at.shelf - 1, len(q.list[at.shelf-1].items)}
	}
	at.item--
	return q.list[at.shelf].items[at.item], at, true
}

// End is the spot behind all items.
func (q *Shelves[K, T]) End() Spot { return Spot{len(q.list), 0} }

// Last gives the last item.
func (q *Shelves[K, T]) Last() (item T, ok bool) {
	item, _, ok = q.Before(q.End())
	return item, ok
}

// Each visits the items from a spot on, in their order, until visit wants no more.
func (q *Shelves[K, T]) Each(from Spot, visit func(item T) bool) {
	for at := from; at.shelf < len(q.list); at = (Spot{at.shelf + 1, 0}) {
		for _, item := range q.list[at.shelf].items[at.item:] {
			if !visit(item) {
				return
			}
		}
	}
}

// own lets this generation change the list, and a shelf of it.
func (q *Shelves[K, T]) own(number int, generation uint64) *shelf[T] {
	if q.generation < generation {
		q.generation, q.list = generation, slices.Clone(q.list)
	}
	if number == len(q.list) {
		return nil
	}
	s := q.list[number]
	if s.generation < generation {
		room := min(len(s.items)+len(s.items)/4+1, max(len(s.items), shelfItems))
		s = &shelf[T]{generation, append(make([]T, 0, room), s.items...)}
		q.list[number] = s
	}
	return s
}

// Put puts an item in place of that with its key, or adds it.
func (q *Shelves[K, T]) Put(key K, item T, generation uint64) {
	at, found := q.Seek(key)
	s := q.own(at.shelf, generation)
	if found {
		s.items[at.item] = item
		return
	}
	q.count++
	switch {
	case s == nil:
		q.list = append(q.list, &shelf[T]{generation, []T{item}})
	case len(s.items) < shelfItems:
		s.insert(at.item, item)
	case at.item == len(s.items):
		q.list = slices.Insert(q.list, at.shelf+1, &shelf[T]{generation, []T{item}})
	default:
		right := slices.Clone(s.items[shelfItems/2:])
		clear(s.items[shelfItems/2:])
		s.items = s.items[:shelfItems/2]
		q.list = slices.Insert(q.list, at.shelf+1, &shelf[T]{generation, right})
		if at.item > shelfItems/2 {
			s, at.item = q.list[at.shelf+1], at.item-shelfItems/2
		}
		s.insert(at.item, item)
	}
}

// minShelfRoom is the room with which the items of a shelf begin to grow.
const minShelfRoom = 4

// insert inserts an item. Room grows to that of a full shelf and not beyond.
func (s *shelf[T]) insert(at int, item T) {
	if len(s.items) == cap(s.items) {
		room := min(max(2*len(s.items), minShelfRoom), shelfItems)
		s.items = append(make([]T, 0, room), s.items...)
	}
	s.items = slices.Insert(s.items, at, item)
}

// Remove removes the item with a key, if there is one.
func (q *Shelves[K, T]) Remove(key K, generation uint64) (item T, ok bool) {
	at, found := q.Seek(key)
	if !found {
		return item, false
	}
	s := q.own(at.shelf, generation)
	item = s.items[at.item]
	s.items = slices.Delete(s.items, at.item, at.item+1)
	q.count--
	switch {
	case len(s.items) == 0 && at.shelf == 0:
		q.list[0], q.list = nil, q.list[1:]
	case len(s.items) == 0:
		q.list = slices.Delete(q.list, at.shelf, at.shelf+1)
	case len(s.items) < shelfMin:
		q.merge(at.shelf, generation)
	}
	return item, true
}

// merge puts the items of the shelf behind one to that, or gives back memory that its items do not need any more.
func (q *Shelves[K, T]) merge(number int, generation uint64) {
	s := q.list[number]
	if number+1 < len(q.list) && len(s.items)+len(q.list[number+1].items) <= shelfItems/2 {
		s.items = append(s.items, q.list[number+1].items...)
		q.list = slices.Delete(q.list, number+1, number+2)
	}
	if room := cap(s.items); room > 2*shelfMin && len(s.items) <= room/4 {
		s.items = append(make([]T, 0, 2*len(s.items)), s.items...)
	}
}

// headerBytes is what a shelf occupies besides its items, pointerBytes what leads to it. A test compares them with
// the types.
const headerBytes, pointerBytes = 32, 8

// MemoryBytes is what the shelves occupy if each item has so many bytes.
func (q *Shelves[K, T]) MemoryBytes(itemBytes int) int {
	bytes := allocated.Size(cap(q.list) * pointerBytes)
	for _, s := range q.list {
		bytes += allocated.Size(headerBytes) + allocated.Size(cap(s.items)*itemBytes)
	}
	return bytes
}
