package sets

import (
	"math"

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

// intersect is the intersection. It goes through the smallest set.
func intersect(sets []*value.Set, visit func(member value.Item) bool) {
	smallest := 0
	for i, s := range sets {
		if s == nil {
			return
		}
		if s.Len() < sets[smallest].Len() {
			smallest = i
		}
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
func inter(v exec.View, c exec.Call) []byte { return show(v, c, intersect, looksOfSmallest) }
func union(v exec.View, c exec.Call) []byte { return show(v, c, unite, looksOfAll) }
func diff(v exec.View, c exec.Call) []byte  { return show(v, c, subtract, looksOfFirst) }

// show answers with a combination of the sets of a call.
func show(v exec.View, c exec.Call, members combine, work looks) []byte {
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
	c.Reply = reply.SetHeader(c.Reply, c.Protocol, len(found))
	for _, member := range found {
		c.Reply = c.Item(member)
	}
	return c.Reply
}

// interStore, unionStore and diffStore are SINTERSTORE, SUNIONSTORE and SDIFFSTORE destination key [key …].
func interStore(w *exec.Writer, c exec.Call) []byte { return store(w, c, value.EachOfAll) }
func unionStore(w *exec.Writer, c exec.Call) []byte { return store(w, c, value.EachOfAny) }
func diffStore(w *exec.Writer, c exec.Call) []byte  { return store(w, c, value.EachOfFirst) }

// combineInOrder is combine that visits members in the order of value.Position.
type combineInOrder func(sets []*value.Set, state digest.Sip, visit func(member value.Item) bool)

// store puts a combination of the sets of a call at its first key, whatever there is, and says how many members it has.
// Without any it removes the key.
func store(w *exec.Writer, c exec.Call, members combineInOrder) []byte {
	sets, ok := lookUp(func(key []byte) *keyspace.Entry { return c.Read(w.Get(key)) }, c.Args[2:])
	if !ok {
		return c.WrongType()
	}
	state, generation := w.Making()
	made := value.NewSetBuilder(state, generation)
	members(sets, state, func(member value.Item) bool {
		made.Add(member)
		return true
	})
	key, set := c.Args[1], made.Set()
	if set == nil {
		w.Remove(key)
		return c.Integer(0)
	}
	w.Put(w.Place(key), key, keyspace.EntryOf(key, set))
	return c.Integer(int64(set.Len()))
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
