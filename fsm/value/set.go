package value

import "github.com/raftredis/raftredis/fsm/value/digest"

// Set is a set of strings, its members. It has at least one. It implements Value.
type Set struct{ container }

// newSet gives members their header, nil if there are none.
func newSet(members table) *Set {
	if members.Len() == 0 {
		return nil
	}
	s := &Set{container{elements: members}}
	s.box.Value = s
	return s
}

// Has reports whether the set has a member.
func (s *Set) Has(member []byte) bool {
	_, found := s.elements.find(keysOnly, member)
	return found
}

// HasItem is Has for a member of another set.
func (s *Set) HasItem(member Item) bool {
	wanted := member.asForm()
	_, found := s.elements.findForm(keysOnly, &wanted)
	return found
}

// At is the member with a number, below Len, in the order of the set.
func (s *Set) At(number int) Item {
	member, _ := s.elements.at(keysOnly, number)
	return member
}

// Each visits all members in the order of the set, until visit wants no more.
func (s *Set) Each(visit func(member Item) bool) {
	s.elements.each(keysOnly, func(member, _ Item) bool { return visit(member) })
}

// Scan visits the members from a position on, in order, until visit wants no more. A set with an order of its own has
// all at position 0.
func (s *Set) Scan(from Position, visit func(at Position, member Item) bool) {
	s.elements.scan(keysOnly, from, func(at Position, member, _ Item) bool { return visit(at, member) })
}

// SetEdit is a set while a command writes it. The zero value is of no use: see Edit.
type SetEdit struct{ members tableEdit }

// Edit begins to write the set, or an empty one if it is nil. state is a fresh one of the hash of values, generation
// the present one. s is not used any more once a member was written, but for its Digest and Size.
func (s *Set) Edit(state digest.Sip, generation uint64) SetEdit {
	var members table
	if s != nil {
		members = s.elements
	}
	return SetEdit{edit(members, making{keysOnly, state, generation})}
}

// Add adds a copy of a member, and reports whether the set lacked it.
func (e *SetEdit) Add(member []byte) (added bool) { return !e.members.put(member, form{}) }

// AddItem is Add for a member of another set.
func (e *SetEdit) AddItem(member Item) (added bool) {
	whole := member.asForm()
	return !e.members.putForm(&whole, &form{})
}

// RemoveItem removes a member of this set, which is not used any more.
func (e *SetEdit) RemoveItem(member Item) {
	wanted := member.asForm()
	e.members.removeForm(&wanted)
}

// Remove removes a member, and reports whether it was there.
func (e *SetEdit) Remove(member []byte) (existed bool) { return e.members.remove(member) }

// At is the member with a number, below Len, in the order of the set. It is valid until the next change.
func (e *SetEdit) At(number int) Item {
	member, _ := e.members.at(keysOnly, number)
	return member
}

// Len is the number of members.
func (e *SetEdit) Len() int { return e.members.Len() }

// Set is what was written, nil if no member is left. The edit is not used any more.
func (e *SetEdit) Set() *Set { return newSet(e.members.written()) }

// SetBuilder makes a set of members that come in the order in which EachOfAny and its like visit them: that is much
// cheaper than to add them in any order. The zero value is of no use: see NewSetBuilder.
type SetBuilder struct{ members tableBuilder }

// NewSetBuilder begins a set. state is a fresh one of the hash of values, generation the present one.
func NewSetBuilder(state digest.Sip, generation uint64) SetBuilder {
	var b SetBuilder
	b.members.begin(making{keysOnly, state, generation}, inserted)
	return b
}

// Add adds a copy of a member of another set. It panics if one was added that does not stand before it.
func (b *SetBuilder) Add(member Item) {
	whole := member.asForm()
	if !b.members.add(&whole, &form{}, member.hash(b.members.edit.state)) {
		panic("value: the members of a set do not come in the order of their hashes")
	}
}

// Set is the set of all members that were added, nil if there are none. It is as if they were added to an empty set.
// The builder is not used any more.
func (b *SetBuilder) Set() *Set {
	s := newSet(b.members.finish())
	if s == nil || !s.IsOrdered() {
		return s
	}
	if _, ascends := s.At(0).Integer(); !ascends {
		return s
	}
	var none *Set
	e := none.Edit(b.members.edit.state, b.members.edit.generation)
	s.Each(func(member Item) bool {
		e.AddItem(member)
		return true
	})
	return e.Set()
}

// Kept is the set with those of its members that keep wants, in the same order, nil if there are none. state is a fresh
// one of the hash of values, generation the present one.
func (s *Set) Kept(state digest.Sip, generation uint64, keep func(member Item) bool) *Set {
	var b tableBuilder
	b.begin(making{keysOnly, state, generation}, s.keptArrangement())
	s.Each(func(member Item) bool {
		if keep(member) {
			whole := member.asForm()
			b.append(&whole, &form{}, member.hash(state))
		}
		return true
	})
	return newSet(b.finish())
}

// keptArrangement is that of a set with members of this one. What is left of a large one may have an order of its own.
func (s *Set) keptArrangement() arrangement {
	if s.elements.ascends() {
		return ascending
	}
	return inserted
}

// IsOrdered reports whether the set has an order of its own: that in which its members came, or that of integers. A
// large one has not: see Position.
func (s *Set) IsOrdered() bool { return s.elements.arrangement() != byHash }

// EachOfAny and its like go through several sets side by side, in the order of Position: no member is looked for by
// itself, but in a set that is many times as large as the others. A set that is nil has no members. state is a fresh
// one of the hash of values. Each member is visited once, until visit wants no more.

// EachOfAny visits the members that any of some sets has.
func EachOfAny(sets []*Set, state digest.Sip, visit func(member Item) bool) {
	walks := make([]*tableWalk, 0, len(sets))
	for _, s := range sets {
		if s != nil {
			w := s.elements.walk(keysOnly, state)
			walks = append(walks, &w)
		}
	}
	merge(walks, visit)
}

// EachOfAll visits the members that all of some sets have, at least one.
func EachOfAll(sets []*Set, state digest.Sip, visit func(member Item) bool) {
	smallest := 0
	for i, s := range sets {
		if s == nil {
			return
		}
		if s.Len() < sets[smallest].Len() {
			smallest = i
		}
	}
	others := append(append([]*Set(nil), sets[:smallest]...), sets[smallest+1:]...)
	eachOf(sets[smallest], others, state, func(probes []tableProbe, at *hashedEntry) bool {
		for i := range probes {
			if !probes[i].has(at) {
				return true
			}
		}
		return visit(at.key)
	})
}

// EachOfFirst visits the members that the first of some sets has, and no other one.
func EachOfFirst(sets []*Set, state digest.Sip, visit func(member Item) bool) {
	if sets[0] == nil {
		return
	}
	eachOf(sets[0], sets[1:], state, func(probes []tableProbe, at *hashedEntry) bool {
		for i := range probes {
			if probes[i].has(at) {
				return true
			}
		}
		return visit(at.key)
	})
}

// eachOf goes through a set, and gives probes of others.
func eachOf(s *Set, others []*Set, state digest.Sip, visit func(probes []tableProbe, at *hashedEntry) bool) {
	probes := make([]tableProbe, 0, len(others))
	for _, other := range others {
		if other != nil {
			probes = append(probes, other.elements.probe(keysOnly, state, s.Len()))
		}
	}
	for w := s.elements.walk(keysOnly, state); w.next(); {
		if !visit(probes, &w.hashedEntry) {
			return
		}
	}
}

// Kind is KindSet.
func (s *Set) Kind() Kind { return KindSet }

// Encoding is what OBJECT ENCODING answers.
func (s *Set) Encoding(limits EncodingLimits) string {
	switch {
	case s.fitsIntset(limits.IntegerSetEntries):
		return "intset"
	case s.elements.fitsListpack(keysOnly, limits.Set):
		return "listpack"
	}
	return "hashtable"
}

// fitsIntset reports whether the set has at most so many members, and only integers.
func (s *Set) fitsIntset(entries int64) bool {
	if int64(s.Len()) > entries {
		return false
	}
	integers := true
	s.Each(func(member Item) bool {
		_, integers = member.Integer()
		return integers
	})
	return integers
}

// EachPart calls emit with the parts of the image: see table.
func (s *Set) EachPart(buf []byte, emit func(part []byte) error) error {
	return s.elements.eachPart(keysOnly, buf, emit)
}

func newSetReader() Reader {
	return &containerReader{tableReader{shape: keysOnly}, func(members table) Value { return newSet(members) }}
}
