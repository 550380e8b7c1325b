package rdb

// Elements takes the body of a list or a set of a type, and visits its elements, which are valid during the call. It
// reports whether all could be read and visit wanted all. A list or a set that is read has an element at least. That a
// set has no member twice is for visit to see.
func (r *Reader) Elements(t Type, visit func(element []byte) bool) bool {
	visited := 0
	each := func(text []byte) bool {
		visited++
		return r.counts(1) && visit(text)
	}
	ok := false
	switch t {
	case List, Set:
		ok = r.sequence(1, each)
	case ListZiplist:
		ok = r.packed(r.ziplist, each)
	case SetIntset:
		ok = r.packed(r.intset, each)
	case SetListpack:
		ok = r.packed(r.listpack, each)
	case ListQuicklist:
		ok = r.quicklist(func() bool { return r.packed(r.ziplist, each) })
	case ListQuicklistPacked:
		ok = r.quicklist(func() bool { return r.node(each) })
	}
	return ok && visited > 0 || r.fail()
}

// Pairs takes the body of a hash of a type, and visits its fields and values as Elements does.
func (r *Reader) Pairs(t Type, visit func(field, value []byte) bool) bool {
	pairs := pairing{visit: func(field, value []byte) bool { return r.counts(2) && visit(field, value) }}
	ok := false
	switch t {
	case Hash:
		ok = r.sequence(2, pairs.add)
	case HashZipmap:
		ok = r.packed(r.zipmap, pairs.add)
	case HashZiplist:
		ok = r.packed(r.ziplist, pairs.add)
	case HashListpack:
		ok = r.packed(r.listpack, pairs.add)
	}
	return ok && pairs.whole() || r.fail()
}

// Scores takes the body of a sorted set of a type, and visits its members as Elements does. No score is a NaN.
func (r *Reader) Scores(t Type, visit func(member []byte, score float64) bool) bool {
	pairs := pairing{visit: func(member, text []byte) bool {
		score, ok := parseScore(text)
		return ok && r.counts(2) && visit(member, score)
	}}
	ok := false
	switch t {
	case SortedSet:
		ok = r.scored(r.double, visit)
	case SortedSetText:
		ok = r.scored(r.textDouble, visit)
	case SortedSetZiplist:
		ok = r.packed(r.ziplist, pairs.add) && pairs.whole()
	case SortedSetListpack:
		ok = r.packed(r.listpack, pairs.add) && pairs.whole()
	}
	return ok || r.fail()
}

// pairing makes pairs of elements.
type pairing struct {
	visit  func(first, second []byte) bool
	first  []byte
	half   bool
	visits int
}

func (p *pairing) add(text []byte) bool {
	if !p.half {
		p.half, p.first = true, append(p.first[:0], text...) // the text of a number is valid until the next element
		return true
	}
	p.half = false
	p.visits++
	return p.visit(p.first, text)
}

// whole reports whether there was a pair, and nothing besides pairs.
func (p *pairing) whole() bool { return !p.half && p.visits > 0 }

// sequence visits a number of strings, which counts so many of them as one.
func (r *Reader) sequence(each uint64, visit visitor) bool {
	count, ok := r.Length()
	if !ok || count > uint64(len(r.rest)) { // a string has a byte at least
		return r.fail()
	}
	for range count * each {
		text, ok := r.Text()
		if !ok || !visit(text) {
			return false
		}
	}
	return true
}

func (r *Reader) scored(next func() (float64, bool), visit func(member []byte, score float64) bool) bool {
	count, ok := r.Length()
	if !ok || count == 0 || count > uint64(len(r.rest)) {
		return false
	}
	var member []byte
	for range count {
		text, ok := r.Text()
		if !ok {
			return false
		}
		member = append(member[:0], text...)
		score, ok := next()
		if !ok || score != score || !visit(member, score) {
			return false
		}
	}
	return true
}

// packed takes a string that holds elements in a form.
func (r *Reader) packed(form func(b []byte, visit visitor) bool, visit visitor) bool {
	text, ok := r.Text()
	return ok && form(text, visit)
}

// quicklist takes a number of nodes. One without an element is passed over, as in Redis.
func (r *Reader) quicklist(node func() bool) bool {
	count, ok := r.Length()
	if !ok || count > uint64(len(r.rest)) {
		return false
	}
	for range count {
		if !node() {
			return false
		}
	}
	return true
}

// What a node of a quicklist holds.
const (
	plainNode  = 1 // one long element
	packedNode = 2
)

func (r *Reader) node(visit visitor) bool {
	switch form, ok := r.Length(); {
	case ok && form == packedNode:
		return r.packed(r.listpack, visit)
	case ok && form == plainNode:
		text, ok := r.Text()
		return ok && len(text) > 0 && visit(text)
	}
	return false
}
