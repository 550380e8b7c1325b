package sets

import (
	"cmp"
	"math"
	"slices"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts, to the letter those of Redis.
const (
	noNumberOfKeys = "ERR numkeys should be greater than 0"
	tooManyKeys    = "ERR Number of keys can't be greater than number of args"
	badLimit       = "ERR LIMIT can't be negative"
)

// combine visits the members of a combination of sets, each once, until visit wants no more. An absent set is nil.
type combine func(sets []*value.Set, visit func(member value.Item) bool)

// lookUp gives the sets at some keys. ok is false if the value at one of them is of another kind.
func lookUp(get func(key []byte) *keyspace.Entry, keys [][]byte) (sets []*value.Set, ok bool) {
	sets = make([]*value.Set, len(keys))
	for i, key := range keys {
		if sets[i], ok = setOf(get(key)); !ok {
			return nil, false
		}
	}
	return sets, true
}

// smallestOf is the number of the smallest set, the first of them. There is none if one is absent.
func smallestOf(sets []*value.Set) (smallest int, is bool) {
	for i, s := range sets {
		if s == nil {
			return 0, false
		}
		if s.Len() < sets[smallest].Len() {
			smallest = i
		}
	}
	return smallest, true
}

// intersect is the intersection. It goes through the smallest set.
func intersect(sets []*value.Set, visit func(member value.Item) bool) {
	smallest, is := smallestOf(sets)
	if !is {
		return
	}
	sets[smallest].Each(func(member value.Item) bool {
		for i, s := range sets {
			if i != smallest && !s.HasItem(member) {
				return true
			}
		}
		return visit(member)
	})
}

// unite is the union. A member is visited in the first set that has it.
func unite(sets []*value.Set, visit func(member value.Item) bool) {
	goesOn := true
	for i, s := range sets {
		if s == nil || !goesOn {
			continue
		}
		s.Each(func(member value.Item) bool {
			goesOn = isIn(sets[:i], member) || visit(member)
			return goesOn
		})
	}
}

// subtract is the difference of the first set and all others.
func subtract(sets []*value.Set, visit func(member value.Item) bool) {
	if sets[0] == nil {
		return
	}
	sets[0].Each(func(member value.Item) bool { return isIn(sets[1:], member) || visit(member) })
}

// isIn reports whether one of the sets has a member.
func isIn(sets []*value.Set, member value.Item) bool {
	for _, s := range sets {
		if s != nil && s.HasItem(member) {
			return true
		}
	}
	return false
}

// lookWork is what it costs to look for a member in a set.
const lookWork = 128

// looks is how much work it is to combine sets: members are looked for in other sets.
type looks func(sets []*value.Set) (work int)

// looksOfAll is that of a union: each member is looked for in the sets before its own.
func looksOfAll(sets []*value.Set) (work int) {
	for i, s := range sets {
		if s != nil {
			work += lookWork * s.Len() * (i + 1)
		}
	}
	return work
}

// looksOfFirst is that of a difference.
func looksOfFirst(sets []*value.Set) int {
	if sets[0] == nil {
		return 0
	}
	return lookWork * sets[0].Len() * len(sets)
}

// looksOfSmallest is that of an intersection.
func looksOfSmallest(sets []*value.Set) int {
	smallest := math.MaxInt32
	for _, s := range sets {
		if s == nil {
			return 0
		}
		smallest = min(smallest, s.Len())
	}
	return lookWork * smallest * len(sets)
}

// inter, union and diff are SINTER, SUNION and SDIFF key [key …].
func inter(v exec.View, c exec.Call) []byte {
	return show(v, c, intersect, looksOfSmallest, asTheyCome)
}
func union(v exec.View, c exec.Call) []byte { return show(v, c, unite, looksOfAll, asAdded) }
func diff(v exec.View, c exec.Call) []byte  { return show(v, c, subtract, looksOfFirst, asAdded) }

// asTheyCome leaves members in the order in which they were found: Redis answers while it looks for them.
func asTheyCome([]value.Item) {}

// asAdded brings members into the order that they have in a set to which they were added: Redis makes one, and answers
// with its members. As long as they are integers, they are in the order of integers.
func asAdded(found []value.Item) {
	if len(found) > value.MaxOrderedEntries {
		return
	}
	integers := slices.IndexFunc(found, func(member value.Item) bool {
		_, isInteger := member.Integer()
		return !isInteger
	})
	if integers < 0 {
		integers = len(found)
	}
	slices.SortFunc(found[:integers], func(x, y value.Item) int {
		first, _ := x.Integer()
		second, _ := y.Integer()
		return cmp.Compare(first, second)
	})
}

// show answers with a combination of the sets of a call, arranged by a function.
func show(v exec.View, c exec.Call, members combine, work looks, arrange func(found []value.Item)) []byte {
	sets, ok := lookUp(v.Get, c.Args[1:])
	switch {
	case !ok:
		return c.WrongType()
	case c.IsTooMuch(work(sets)):
		return c.Reply
	}
	var found []value.Item
	bytes := 0
	members(sets, func(member value.Item) bool {
		found = append(found, member)
		bytes += member.Len()
		return c.Fits(exec.ListBytes(bytes, len(found)))
	})
	if !c.Fits(exec.ListBytes(bytes, len(found))) {
		return c.TooLong()
	}
	arrange(found)
	c.Reply = reply.SetHeader(c.Reply, c.Protocol, len(found))
	for _, member := range found {
		c.Reply = c.Item(member)
	}
	return c.Reply
}

// interStore, unionStore and diffStore are SINTERSTORE, SUNIONSTORE and SDIFFSTORE destination key [key …].
func interStore(w *exec.Writer, c exec.Call) []byte {
	return store(w, c, combinations{intersect, value.EachOfAll, isSmallestOrdered})
}

func unionStore(w *exec.Writer, c exec.Call) []byte {
	return store(w, c, combinations{visitAll, value.EachOfAny, areOrdered})
}

func diffStore(w *exec.Writer, c exec.Call) []byte {
	return store(w, c, combinations{subtract, value.EachOfFirst, isFirstOrdered})
}

// combinations are one combination of sets in two ways. inOrder visits members as the sets have them, and the set that
// is made of them has them in that order. byHash visits them by their hashes, which is much cheaper for large sets.
type combinations struct {
	inOrder combine
	byHash  func(sets []*value.Set, state digest.Sip, visit func(member value.Item) bool)
	// hasOrder reports whether inOrder visits few members, in an order that means something.
	hasOrder func(sets []*value.Set) bool
}

// store puts a combination of the sets of a call at its first key, whatever there is, and says how many members it has.
// Without any it removes the key.
func store(w *exec.Writer, c exec.Call, members combinations) []byte {
	sets, ok := lookUp(func(key []byte) *keyspace.Entry { return c.Read(w.Get(key)) }, c.Args[2:])
	if !ok {
		return c.WrongType()
	}
	key, set := c.Args[1], members.make(w, sets)
	if set == nil {
		w.Remove(key)
		return c.Integer(0)
	}
	w.Put(w.Place(key), key, keyspace.EntryOf(key, set))
	return c.Integer(int64(set.Len()))
}

// make makes the combination of sets, nil if it has no members.
func (m combinations) make(w *exec.Writer, sets []*value.Set) *value.Set {
	state, generation := w.Making()
	if m.hasOrder(sets) {
		var none *value.Set
		made := none.Edit(state, generation)
		m.inOrder(sets, func(member value.Item) bool {
			made.AddItem(member)
			return true
		})
		return made.Set()
	}
	made := value.NewSetBuilder(state, generation)
	m.byHash(sets, state, func(member value.Item) bool {
		made.Add(member)
		return true
	})
	return made.Set()
}

// visitAll visits all members of all sets, one set after the other: some more than once.
func visitAll(sets []*value.Set, visit func(member value.Item) bool) {
	for _, s := range sets {
		if s != nil {
			s.Each(visit)
		}
	}
}

// isFirstOrdered reports whether the first set has an order of its own, or no members.
func isFirstOrdered(sets []*value.Set) bool { return sets[0] == nil || sets[0].IsOrdered() }

// isSmallestOrdered reports whether the set has through which intersect goes.
func isSmallestOrdered(sets []*value.Set) bool {
	smallest, is := smallestOf(sets)
	return !is || sets[smallest].IsOrdered()
}

// maxOrderedMembers bounds the members of sets whose union has their order. Each is looked for in the union so far.
const maxOrderedMembers = 4096

// areOrdered reports whether all sets have an order of their own, and are not too many.
func areOrdered(sets []*value.Set) bool {
	members := 0
	for _, s := range sets {
		switch {
		case s == nil:
			continue
		case !s.IsOrdered():
			return false
		}
		members += s.Len()
	}
	return members <= maxOrderedMembers
}

// interCard is SINTERCARD numkeys key [key …] [LIMIT limit].
func interCard(v exec.View, c exec.Call) []byte {
	count, isNumber := number.Parse(c.Args[1])
	switch {
	case !isNumber || count < 1:
		return c.Error(noNumberOfKeys)
	case count > int64(len(c.Args)-2):
		return c.Error(tooManyKeys)
	}
	keys, options := c.Args[2:2+count], c.Args[2+count:]
	limit := int64(0)
	for ; len(options) > 0; options = options[2:] {
		if len(options) < 2 || !exec.Is(options[0], "LIMIT") {
			return c.Error(reply.Syntax)
		}
		if limit, isNumber = number.Parse(options[1]); !isNumber || limit < 0 {
			return c.Error(badLimit)
		}
	}
	if limit == 0 {
		limit = math.MaxInt64
	}
	sets, ok := lookUp(v.Get, keys)
	switch {
	case !ok:
		return c.WrongType()
	case c.IsTooMuch(looksOfSmallest(sets)):
		return c.Reply
	}
	var found int64
	intersect(sets, func(value.Item) bool {
		found++
		return found < limit
	})
	return c.Integer(found)
}
