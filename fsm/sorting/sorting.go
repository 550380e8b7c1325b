// Package sorting has the functions of SORT and SORT_RO, which sort the elements of lists, sets and sorted sets, by
// themselves or by what other keys hold.
//
// What SORT stores depends on the state alone, so that all nodes store the same: equal weights are told apart by the
// elements, or keep the order in which the container has them, which is the same on all nodes.
package sorting

import (
	"bytes"
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Functions are those of the commands that sort.
var Functions = []exec.Function{
	{Of: data.Sort, Read: sortOnly, Write: sortAndStore},
	{Of: data.SortRO, Read: sortOnly},
}

// notNumbers is Redis's error for elements, or weights, that are no numbers and shall be sorted as such.
const notNumbers = "ERR One or more scores can't be converted into double"

// tooMuchWork is the error for patterns that name, or find, more than they may.
var tooMuchWork = "ERR what BY and GET look for and find is more than " + strconv.Itoa(exec.MaxPatternWork) + " bytes"

// order is what the options of SORT say.
type order struct {
	// by gives the weights, nil for the elements themselves. asIs says that nothing is sorted: BY a constant.
	by       *pattern
	asIs     bool
	descends bool
	// alpha says that bytes are compared, and not numbers.
	alpha bool
	// skip and count are the part that is wanted. A negative count is all.
	skip, count int64
	// gets are what is answered for each element, none for the element itself.
	gets []pattern
	// store is the key where the result goes, nil for none.
	store []byte
	// left is how much work may still be done for the patterns.
	left int
}

// spend counts work for a pattern. It reports whether that may be done.
func (o *order) spend(work int) bool {
	o.left -= work
	return o.left >= 0
}

// affords reports whether there is work left to look for what some patterns name for so many elements, as if these were
// empty.
func (o *order) affords(elements int, patterns ...pattern) bool {
	each := 0
	for i := range patterns {
		each += patterns[i].work(nil)
	}
	return elements <= o.left/max(each, 1)
}

// parse reads the options. refusal is an error, empty if there is none.
func parse(args [][]byte, mayStore bool) (o order, refusal string) {
	o.count, o.left = -1, exec.MaxPatternWork
	for len(args) > 0 {
		word, rest := args[0], args[1:]
		switch {
		case exec.Is(word, "ASC"):
			o.descends = false
		case exec.Is(word, "DESC"):
			o.descends = true
		case exec.Is(word, "ALPHA"):
			o.alpha = true
		case exec.Is(word, "LIMIT") && len(rest) >= 2:
			skip, ok := number.Parse(rest[0])
			count, alsoOK := number.Parse(rest[1])
			if !ok || !alsoOK {
				return o, reply.NotInteger
			}
			o.skip, o.count, rest = skip, count, rest[2:]
		case mayStore && exec.Is(word, "STORE") && len(rest) >= 1:
			o.store, rest = rest[0], rest[1:]
		case exec.Is(word, "BY") && len(rest) >= 1:
			by := newPattern(rest[0])
			o.by, rest = &by, rest[1:]
			o.asIs = o.asIs || by.isConstant()
		case exec.Is(word, "GET") && len(rest) >= 1:
			o.gets, rest = append(o.gets, newPattern(rest[0])), rest[1:]
		default:
			return o, reply.Syntax
		}
		args = rest
	}
	return o, ""
}

// part gives where the wanted part begins among some elements, and how many it has.
func (o *order) part(elements int) (from, count int) {
	from = int(min(max(o.skip, 0), int64(elements)))
	if count = elements - from; o.count >= 0 {
		count = int(min(int64(count), o.count))
	}
	return from, count
}

// keys looks for a key in order to read it; nil if it is absent.
type keys func(key []byte) *keyspace.Entry

// sortOnly is SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern]... [ASC|DESC] [ALPHA].
func sortOnly(v exec.View, c exec.Call) []byte {
	o, refusal := parse(c.Args[2:], false)
	if refusal != "" {
		return c.Error(refusal)
	}
	return o.answer(c, v.Get)
}

// sortAndStore is SORT, with the options of SORT_RO and [STORE destination].
func sortAndStore(w *exec.Writer, c exec.Call) []byte {
	o, refusal := parse(c.Args[2:], true)
	if refusal != "" {
		return c.Error(refusal)
	}
	left := w.PatternsLeft()
	o.left = *left
	defer func() { *left = o.left }()
	get := func(key []byte) *keyspace.Entry { return c.Read(w.Get(key)) }
	if o.store == nil {
		return o.answer(c, get)
	}
	sorted, refusal := o.sorted(get, c.Args[1])
	if refusal != "" {
		return c.Error(refusal)
	}
	columns, refusal := o.columns(sorted, get)
	if refusal != "" {
		return c.Error(refusal)
	}
	all := make([][]byte, len(columns))
	for i := range columns {
		all[i] = columns[i].bytes()
	}
	if len(all) == 0 {
		w.Remove(o.store)
		return c.Integer(0)
	}
	state, generation := w.Making()
	var none *value.List
	l := none.Pushed(all, false, state, generation)
	w.Put(w.Place(o.store), o.store, keyspace.EntryOf(o.store, l))
	return c.Integer(int64(len(all)))
}

// answer sorts, and answers with the result.
func (o *order) answer(c exec.Call, get keys) []byte {
	sorted, refusal := o.sorted(get, c.Args[1])
	if refusal != "" {
		return c.Error(refusal)
	}
	if c.IsTooMuch(len(sorted) * len(o.gets) * command.KeyWork) {
		return c.Reply
	}
	all, refusal := o.columns(sorted, get)
	if refusal != "" {
		return c.Error(refusal)
	}
	bytes, copied := 0, 0
	for i := range all {
		length := all[i].len()
		bytes += length + exec.ValueOverheadBytes
		if !c.IsLong(length) {
			copied += length
		}
	}
	switch {
	case !c.Fits(bytes):
		return c.TooLong()
	case copied > command.MaxPresentWork && c.IsTooMuch(copied): // what GET finds is no part of what is sorted
		return c.Reply
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(all))
	for i := range all {
		c.Reply = all[i].answer(c)
	}
	return c.Reply
}

// columns are what is answered, or stored: for each element itself, or what each GET finds. refusal is an error, empty
// if there is none. What is only answered is no copy, and may be of any length.
func (o *order) columns(sorted []item, get keys) (all []found, refusal string) {
	if len(o.gets) == 0 {
		all = make([]found, len(sorted))
		for i := range sorted {
			all[i].text = sorted[i].text
		}
		return all, ""
	}
	if !o.affords(len(sorted), o.gets...) {
		return nil, tooMuchWork
	}
	all = make([]found, 0, len(sorted)*len(o.gets))
	for i := range sorted {
		for k := range o.gets {
			if !o.spend(o.gets[k].work(sorted[i].text)) {
				return nil, tooMuchWork
			}
			f := o.gets[k].lookUp(get, sorted[i].text)
			if isCopied := f.entry == nil || o.store != nil; isCopied && !o.spend(f.len()) {
				return nil, tooMuchWork
			}
			all = append(all, f)
		}
	}
	return all, ""
}

// found is what a pattern found: a string with its key, or bytes.
type found struct {
	entry  *keyspace.Entry
	text   []byte
	absent bool
}

func (f *found) len() int {
	if f.entry != nil {
		return f.entry.Size()
	}
	return len(f.text)
}

// bytes are a copy of what was found, or what may be kept; nothing is empty.
func (f *found) bytes() []byte {
	if f.entry == nil {
		return f.text
	}
	text, _ := f.entry.Text()
	return text.Append(nil)
}

// answer answers with what was found.
func (f *found) answer(c exec.Call) []byte {
	switch {
	case f.absent:
		return c.Null()
	case f.entry != nil:
		return c.Value(f.entry)
	}
	return c.BulkLasting(f.text) // a copy, or what lasts by itself
}

// pattern is how BY and GET name a key, or a field of a hash, for each element.
type pattern struct {
	// itself says that it stands for the element: GET #.
	itself bool
	// hole says that the key is before, the element and behind. Otherwise nothing is ever found.
	hole           bool
	before, behind []byte
	// field is that of a hash at the key, empty for a string.
	field []byte
}

// newPattern reads a pattern as Redis does: the first * stands for the element, and what is behind an arrow behind that
// is a field. Neither counts behind a NUL, with which texts end in C.
func newPattern(text []byte) (p pattern) {
	seen, _, _ := bytes.Cut(text, []byte{0})
	p.itself = string(seen) == "#"
	star := bytes.IndexByte(seen, '*')
	if p.hole = star >= 0; !p.hole || p.itself {
		return p
	}
	p.before, p.behind = text[:star], text[star+1:]
	const arrow = "->"
	if at := bytes.Index(seen[star+1:], []byte(arrow)); at >= 0 && star+1+at+len(arrow) < len(seen) {
		p.behind, p.field = p.behind[:at], p.behind[at+len(arrow):]
	}
	return p
}

// isConstant reports whether the pattern is the same for all elements: BY such a one does not sort.
func (p *pattern) isConstant() bool { return !p.hole }

// work is how much it is to look for what the pattern names for an element.
func (p *pattern) work(element []byte) int {
	return command.KeyWork + len(p.before) + len(element) + len(p.behind)
}

// lookUp finds what the pattern names for an element.
func (p *pattern) lookUp(get keys, element []byte) (f found) {
	switch {
	case p.itself:
		return found{text: element}
	case !p.hole:
		return found{absent: true}
	}
	key := make([]byte, 0, len(p.before)+len(element)+len(p.behind))
	e := get(append(append(append(key, p.before...), element...), p.behind...))
	if e == nil {
		return found{absent: true}
	}
	if len(p.field) > 0 {
		return fieldOf(e, p.field)
	}
	if _, isText := e.Text(); !isText {
		return found{absent: true}
	}
	return found{entry: e}
}
