package command

import (
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/number"
)

// KeySpec says where some keys of a command stand and what becomes of them, in the terms of COMMAND INFO.
type KeySpec struct {
	// Flags are one of RO, RW, OW and RM (read only, read and written, overwritten, removed), then access, insert, update
	// and delete for what happens to the value that users see, then variable_flags where arguments decide, or incomplete
	// where keys may stand elsewhere.
	Flags []string
	// First is the position of the first key. Last is that of the last one counted from there, or from the end if it is
	// negative; Step is the distance between keys.
	First, Last, Step int
	// Keyword is the word, in capitals, behind which the first key stands: the first such word at First or behind it; or
	// the last one at First or before it, where that is negative and counts from the end. A call without it has none of
	// these keys. Empty: the first key stands at First.
	Keyword string
	// Counted says that the number of the keys stands in place of the first one, and the keys behind it.
	Counted bool
	// Limit, if not 0, says that only the first of Limit equal parts of what follows the keyword are keys; Last is -1.
	Limit int
	// Unknown says that where the key stands cannot be told in these terms: find gives its position in a call, 0 if there
	// is none. nil finds none: the names of the keys follow from what other keys hold.
	Unknown bool
	find    func(args [][]byte) int
	// Choose picks the flags of a call, where arguments decide.
	Choose func(args [][]byte) []string
}

// What may become of a key.
var (
	LooksAt   = []string{"RO"}
	Reads     = []string{"RO", "access"}
	Replaces  = []string{"OW", "update"}
	Creates   = []string{"OW", "insert"}
	Changes   = []string{"RW", "update"}
	Lengthens = []string{"RW", "insert"}
	ReadsAlso = []string{"RW", "access", "update"}
	Depends   = []string{"RW", "access", "update", "variable_flags"}
	Takes     = []string{"RW", "access", "delete"}
	MayTake   = []string{"RW", "access", "delete", "incomplete"}
	Deletes   = []string{"RW", "delete"}
	Loses     = []string{"RW", "delete"}
	Removes   = []string{"RM", "delete"}
	MayRemove = []string{"RW", "delete", "variable_flags"}
)

// IsChannel marks what is no key: the name of a channel, by which calls find their way as by the slot of a key.
var IsChannel = []string{"not_key"}

// OneKey is the specification of a single key.
func OneKey(position int, flags []string) KeySpec {
	return KeySpec{Flags: flags, First: position, Step: 1}
}

// KeysFrom is the specification of keys that reach from a position to the end.
func KeysFrom(first int, flags []string) KeySpec {
	return KeySpec{Flags: flags, First: first, Last: -1, Step: 1}
}

// CountedKeys is the specification of keys behind their number, which stands at a position.
func CountedKeys(position int, flags []string) KeySpec {
	return KeySpec{Flags: flags, First: position, Step: 1, Counted: true}
}

// KeyBehind is the specification of a single key behind a word, which stands at a position or behind it.
func KeyBehind(word string, position int, flags []string) KeySpec {
	return KeySpec{Flags: flags, First: position, Step: 1, Keyword: word}
}

// UnknownKeys is the specification of keys of which only find, or no one, tells where they stand.
func UnknownKeys(flags []string, find func(args [][]byte) int) KeySpec {
	return KeySpec{Flags: flags, Step: 1, Unknown: true, find: find}
}

// moves reports whether the call decides where the keys stand.
func (k *KeySpec) moves() bool { return k.Counted || k.Keyword != "" || k.Unknown }

// keyRange is the range in which all keys of a command stand, as COMMAND has told since its beginning.
type keyRange struct {
	// first is the position of the first key, 0 if there is none. last is that of the last one, counted from the end if
	// it is negative (-1 is the last argument). step is the distance between keys.
	first, last, step int
}

// rangeOf spans the specifications of keys that do not move, which follow each other.
func rangeOf(specs []KeySpec) (all keyRange) {
	for i := range specs {
		k := &specs[i]
		if k.moves() {
			continue
		}
		if all.first == 0 {
			all.first, all.step = k.First, k.Step
		}
		if all.last = k.Last; k.Last >= 0 {
			all.last += k.First
		}
	}
	return all
}

// KeyRange is where all keys stand: the position of the first one, 0 if there is none, that of the last one, counted
// from the end if it is negative, and the distance between keys.
func (s *Spec) KeyRange() (first, last, step int) { return s.keys.first, s.keys.last, s.keys.step }

// HasKeys reports whether calls of the command have keys.
func (s *Spec) HasKeys() bool { return len(s.KeySpecs) > 0 && !s.HasChannels() }

// HasChannels reports whether what stands where keys do is the names of channels: FirstKey finds it, since calls are
// sent on by it, and Keys does not.
func (s *Spec) HasChannels() bool { return s.channels }

// bindPatterns gives the patterns that name keys, if there are any, the specification of these. It is no key's that
// stands in a call.
func (s *Spec) bindPatterns() {
	further := slices.IndexFunc(s.KeySpecs, func(k KeySpec) bool { return k.Unknown && k.find == nil })
	if further < 0 {
		return
	}
	for i := range s.arguments {
		switch a := &s.arguments[i]; {
		case a.Type == patternType:
			a.KeySpec = further
		case a.Type == keyType && a.KeySpec >= further:
			a.KeySpec++
		}
	}
}

// LooksFurther reports whether calls of the command may look at keys that their arguments do not name.
func (s *Spec) LooksFurther() bool {
	return slices.ContainsFunc(s.KeySpecs, func(k KeySpec) bool { return k.Unknown && k.find == nil })
}

// FirstKey is the position of the first key in a call, 0 if it has none.
func (s *Spec) FirstKey(args [][]byte) int {
	if s.Wraps > 0 {
		if spec, inner, _ := s.inner(args); spec != nil {
			if first := spec.FirstKey(inner); first > 0 {
				return s.Wraps + first
			}
		}
	}
	if s.keys.first > 0 || !s.moves {
		return s.keys.first
	}
	var few [4]int
	if found := s.Keys(few[:0], args); len(found) > 0 {
		return found[0]
	}
	return 0
}

// Keys appends to dst the positions in args of the command's keys, in order. Positions that the call does not have are
// left out, so that any args are safe. A call whose number of keys is none has no keys.
func (s *Spec) Keys(dst []int, args [][]byte) []int {
	if s.Wraps > 0 {
		return s.keysWithin(dst, args)
	}
	return s.ownKeys(dst, args)
}

// ownKeys is Keys for a command that carries no other one.
func (s *Spec) ownKeys(dst []int, args [][]byte) []int {
	switch {
	case s.FindKeys != nil:
		return s.FindKeys(dst, args)
	case s.moves:
		return s.movedKeys(dst, args)
	case s.keys.first == 0, s.channels:
		return dst
	}
	return appendKeys(dst, args, s.keys.first, s.keys.last, s.keys.step)
}

// appendKeys appends the positions from first to last, which is counted from the end if it is negative.
func appendKeys(dst []int, args [][]byte, first, last, step int) []int {
	if last < 0 {
		last += len(args)
	}
	for i := first; i <= last && i < len(args); i += step {
		dst = append(dst, i)
	}
	return dst
}

// movedKeys is Keys for a command with keys that move.
func (s *Spec) movedKeys(dst []int, args [][]byte) []int {
	begin := len(dst)
	for i := range s.KeySpecs {
		first, last, ok := s.KeySpecs[i].span(args)
		if !ok {
			return dst[:begin]
		}
		dst = appendKeys(dst, args, first, last, s.KeySpecs[i].Step)
	}
	return dst
}

// span is where in a call the keys of a specification stand: from first to last, which is counted from the end if it is
// negative. Without keys last is before first. ok is false if the call says a number of keys that it does not have.
func (k *KeySpec) span(args [][]byte) (first, last int, ok bool) {
	first = k.First
	if k.Unknown {
		if k.find != nil {
			first = k.find(args)
		}
		if first == 0 {
			return 1, 0, true
		}
	}
	if k.Keyword != "" {
		if first = behind(args, k.First, k.Keyword); first == 0 {
			return 1, 0, true
		}
	}
	switch {
	case k.Counted:
		if first >= len(args) {
			return 0, 0, false
		}
		count, isNumber := number.Parse(args[first])
		return first + 1, first + int(count), isNumber && count > 0 && count < int64(len(args)-first)
	case k.Limit > 0:
		return first, first + (len(args)-first)/k.Limit - 1, true
	case k.Last >= 0:
		return first, first + k.Last, true
	}
	return first, k.Last, true
}

// behind is the position behind the first of the arguments from a position on that is a word, or behind the last one up
// to a position that is negative and counts from the end; 0 if none is.
func behind(args [][]byte, from int, word string) int {
	step := 1
	if from < 0 {
		from, step = from+len(args), -1
	}
	for i := from; i >= 1 && i < len(args); i += step {
		if len(args[i]) == len(word) && strings.EqualFold(string(args[i]), word) {
			return i + 1
		}
	}
	return 0
}

// keysWithin is Keys for a command that carries another one.
func (s *Spec) keysWithin(dst []int, args [][]byte) []int {
	spec, inner, _ := s.inner(args)
	if spec == nil {
		return dst
	}
	from := len(dst)
	dst = spec.Keys(dst, inner)
	for i := range dst[from:] {
		dst[from+i] += s.Wraps
	}
	return dst
}

// KeyFlags are what becomes of the key that stands at a position, one of Keys, in the call with these arguments.
func (s *Spec) KeyFlags(position int, args [][]byte) []string {
	if spec, inner, _ := s.inner(args); spec != nil {
		return spec.KeyFlags(position-s.Wraps, inner)
	}
	at := s.specOf(position, args)
	if choose := s.KeySpecs[at].Choose; choose != nil {
		return choose(args)
	}
	return s.KeySpecs[at].Flags
}

// specOf is the place of the specification of the key that stands at a position, one of Keys.
func (s *Spec) specOf(position int, args [][]byte) (at int) {
	if !s.moves {
		for at = len(s.KeySpecs) - 1; at > 0 && s.KeySpecs[at].First > position; at-- {
		}
		return at
	}
	for i := range s.KeySpecs {
		if first, last, ok := s.KeySpecs[i].span(args); ok && first <= position && position <= last {
			at = i
		}
	}
	return at
}

// Contains reports whether one of the arguments from a position on is one of some words.
func Contains(args [][]byte, from int, words ...string) bool {
	var buf [MaxNameBytes]byte
	for _, arg := range args[min(from, len(args)):] {
		for _, word := range words {
			if string(Lower(&buf, arg)) == word {
				return true
			}
		}
	}
	return false
}
