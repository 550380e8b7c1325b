package exec

import (
	"strconv"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/reply"
)

// Page is what a call of HSCAN or its like shows: elements that follow each other in the order of their positions.
// Those of one position are shown together.
type Page struct {
	// From is the position at which the page begins.
	From    value.Position
	options ScanOptions
	// left is how many elements it still takes, last the position of the newest one; next is where the next page begins.
	left       int
	last, next value.Position
	// found are the strings that it shows, and bytes is how long they are together.
	found []value.Item
	bytes int
}

// elements is a value that has some.
type elements interface {
	apart
	Len() int
	Size() int
}

// PageOf begins HSCAN or its like: key cursor [MATCH pattern] [COUNT count]. Without the value, there is nothing to
// scan here, and answer is what the call returns.
func PageOf[V elements](v View, c Call) (of V, page Page, answer []byte) {
	var none V
	from, ok := ParseCursor(c.Args[2])
	if !ok {
		return none, page, c.Error(InvalidCursor)
	}
	of, ok = ValueOf[V](v.Get(c.Args[1]))
	switch {
	case !ok:
		return none, page, c.WrongType()
	case of == none:
		return none, page, BeginScan(c, 0, 0)
	}
	options, refusal := ParseScanOptions(c.Args[3:], false)
	if refusal != "" {
		return none, page, c.Error(refusal)
	}
	left := options.Count(c)
	if c.IsTooMany(min(left, of.Len()), of.Len(), of.Size()) || !options.Compile(c) {
		return none, page, c.Reply
	}
	return of, Page{From: value.Position(from), options: options, left: left}, nil
}

// Takes reports whether the page takes the next element. If it does not, the next page begins there.
func (p *Page) Takes(at value.Position) bool {
	if p.left <= 0 && at != p.last {
		p.next = at
		return false
	}
	p.left, p.last = p.left-1, at
	return true
}

// Matches reports whether an element of a name is shown.
func (p *Page) Matches(name string) bool { return p.options.Matches(name) }

// Show takes the next element and shows it, with what follows its name, if the name matches. It reports whether the
// page took the element.
func (p *Page) Show(at value.Position, name value.Item, behind ...value.Item) bool {
	if !p.Takes(at) {
		return false
	}
	if p.options.pattern == nil || p.Matches(string(name.Append(nil))) {
		p.found = append(append(p.found, name), behind...)
		p.bytes += name.Len()
		for _, item := range behind {
			p.bytes += item.Len()
		}
	}
	return true
}

// Answer answers with the elements that are shown.
func (p *Page) Answer(c Call) []byte {
	if !c.Fits(ListBytes(p.bytes, len(p.found)+1)) {
		return c.TooLong()
	}
	c.Reply = p.Begin(c, len(p.found))
	for _, i := range p.found {
		c.Reply = c.Item(i)
	}
	return c.Reply
}

// Begin begins the answer: the next cursor, and the header of so many strings, which follow.
func (p *Page) Begin(c Call, count int) []byte { return BeginScan(c, uint64(p.next), count) }

// BeginScan begins the reply of SCAN or its like: the next cursor, and the header of so many strings, which follow.
func BeginScan(c Call, next uint64, count int) []byte {
	var digits [20]byte
	c.Reply = reply.ArrayHeader(c.Reply, 2)
	c.Reply = c.Bulk(strconv.AppendUint(digits[:0], next, 10))
	return reply.ArrayHeader(c.Reply, count)
}
