package exec

import (
	"math"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/reply"
)

// What the commands on sorted sets and those on places have in common.

// SortedSetOf gives the sorted set of an entry, nil for no entry. ok is false if the value is of another kind.
func SortedSetOf(e *keyspace.Entry) (z *value.SortedSet, ok bool) {
	return ValueOf[*value.SortedSet](e)
}

// StoreSortedSet stores a sorted set in place of whatever a key has, and answers with the number of its elements. nil
// removes the key.
func (w *Writer) StoreSortedSet(c Call, key []byte, z *value.SortedSet) []byte {
	if z == nil {
		w.Remove(key)
		return c.Integer(0)
	}
	w.Put(w.Place(key), key, keyspace.EntryOf(key, z))
	return c.Integer(int64(z.Len()))
}

// Adding are the options of ZADD.
type Adding struct {
	// NX adds new members only, XX changes known ones only. GT and LT change a score only if that makes it greater or
	// less.
	NX, XX, GT, LT bool
	// CH counts changed members too. Increment adds to the score of the only member.
	CH, Increment bool
}

// notANumber is Redis's error for infinity and its opposite added up.
const notANumber = "ERR resulting score is not a number (NaN)"

// admits reports whether a member is given a score. known says that it has one, before.
func (o *Adding) admits(known bool, before, score float64) bool {
	if !known {
		return !o.XX
	}
	return !o.NX && (!o.GT || score > before) && (!o.LT || score < before)
}

// AddScored adds members with scores to the sorted set at a key, as ZADD does.
func (w *Writer) AddScored(c Call, key []byte, o Adding, scores []float64, member func(i int) []byte) []byte {
	for i := range scores {
		if len(member(i)) > w.MaxValueBytes() { // an image with one is refused
			return c.Error(reply.StringTooLong)
		}
	}
	t, ok := TargetOf[*value.SortedSet](w, key)
	if !ok {
		return c.WrongType()
	}
	edit := t.Value.Edit(w.Making())
	if o.Increment {
		return incrementScore(c, &t, o, edit, scores[0], member(0))
	}
	var added, changed int64
	for i, score := range scores {
		before, known := edit.Score(member(i))
		if !o.admits(known, before, score) || known && score == before {
			continue
		}
		if edit.PutOver(before, known, member(i), score); known {
			changed++
		} else {
			added++
		}
	}
	if added+changed > 0 {
		t.Put(edit.Set())
	}
	if o.CH {
		added += changed
	}
	return c.Integer(added)
}

// incrementScore adds to the score of a member, and answers with the sum, or with null if that is not given to it.
func incrementScore(
	c Call, t *Target[*value.SortedSet], o Adding, edit value.SortedSetEdit, score float64, member []byte,
) []byte {
	before, known := edit.Score(member)
	if known && !o.NX {
		score += before
	}
	switch {
	case math.IsNaN(score):
		return c.Error(notANumber)
	case !o.admits(known, before, score):
		return c.Null()
	case !known || score != before:
		edit.PutOver(before, known, member, score)
		t.Put(edit.Set())
	}
	return reply.Double(c.Reply, c.Protocol, score)
}
