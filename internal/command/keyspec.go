package command

// KeySpec says where some keys of a command stand and what becomes of them, in the terms of COMMAND INFO.
type KeySpec struct {
	// Flags are one of RO, RW, OW and RM (read only, read and written, overwritten, removed), then access, insert, update
	// and delete for what happens to the value that users see, then variable_flags where arguments decide.
	Flags []string
	// First is the position of the first key. Last is that of the last one counted from there, or from the end if it is
	// negative; Step is the distance between keys.
	First, Last, Step int
	// choose picks the flags of a call, where arguments decide.
	choose func(args [][]byte) []string
}

// What may become of a key.
var (
	looksAt   = []string{"RO"}
	reads     = []string{"RO", "access"}
	replaces  = []string{"OW", "update"}
	creates   = []string{"OW", "insert"}
	changes   = []string{"RW", "update"}
	lengthens = []string{"RW", "insert"}
	readsAlso = []string{"RW", "access", "update"}
	depends   = []string{"RW", "access", "update", "variable_flags"}
	takes     = []string{"RW", "access", "delete"}
	removes   = []string{"RM", "delete"}
	mayRemove = []string{"RW", "delete", "variable_flags"}
)

// oneKey is the specification of a single key.
func oneKey(position int, flags []string) KeySpec {
	return KeySpec{Flags: flags, First: position, Step: 1}
}

// keysFrom is the specification of keys that reach from a position to the end.
func keysFrom(first int, flags []string) KeySpec {
	return KeySpec{Flags: flags, First: first, Last: -1, Step: 1}
}

// keyRange is the range in which all keys of a command stand, as COMMAND has told since its beginning.
type keyRange struct {
	// first is the position of the first key, 0 if there is none. last is that of the last one, counted from the end if
	// it is negative (-1 is the last argument). step is the distance between keys.
	first, last, step int
}

// rangeOf spans the specifications, which follow each other.
func rangeOf(specs []KeySpec) keyRange {
	if len(specs) == 0 {
		return keyRange{}
	}
	last := specs[len(specs)-1]
	if last.Last >= 0 {
		last.Last += last.First
	}
	return keyRange{first: specs[0].First, last: last.Last, step: specs[0].Step}
}

// KeyRange is where all keys stand: the position of the first one, 0 if there is none, that of the last one, counted
// from the end if it is negative, and the distance between keys.
func (s *Spec) KeyRange() (first, last, step int) { return s.keys.first, s.keys.last, s.keys.step }

// FirstKey is the position of the first key in a call, 0 if the command has none.
func (s *Spec) FirstKey(args [][]byte) int {
	if s.Wraps > 0 {
		if spec, _, _ := s.inner(args); spec != nil && spec.keys.first > 0 {
			return s.Wraps + spec.keys.first
		}
	}
	return s.keys.first
}

// Keys appends to dst the positions in args of the command's keys, in order. Positions that the call does not have are
// left out, so that any args are safe.
func (s *Spec) Keys(dst []int, args [][]byte) []int {
	if s.Wraps > 0 {
		return s.keysWithin(dst, args)
	}
	if s.keys.first == 0 {
		return dst
	}
	last := s.keys.last
	if last < 0 {
		last += len(args)
	}
	for i := s.keys.first; i <= last && i < len(args); i += s.keys.step {
		dst = append(dst, i)
	}
	return dst
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
	at := len(s.KeySpecs) - 1
	for at > 0 && s.KeySpecs[at].First > position {
		at--
	}
	if choose := s.KeySpecs[at].choose; choose != nil {
		return choose(args)
	}
	return s.KeySpecs[at].Flags
}

// contains reports whether one of the arguments from a position on is one of some words.
func contains(args [][]byte, from int, words ...string) bool {
	var buf [maxNameBytes]byte
	for _, arg := range args[min(from, len(args)):] {
		for _, word := range words {
			if string(lower(&buf, arg)) == word {
				return true
			}
		}
	}
	return false
}
