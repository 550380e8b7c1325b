package torture

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/raftredis/raftredis/internal/client"
)

// topicEntry is an entry of a topic as a reader sees it.
type topicEntry struct {
	index uint64
	data  string
}

// addend is an entry that a client asks a topic to take; no two have the same data.
type addend struct {
	data      string
	call, end int64
	fate      client.Fate
	// index is where it was said to be, if the fate is done.
	index uint64
}

// page is what a reader was answered.
type page struct {
	reader    int
	after     uint64
	call, end int64
	entries   []topicEntry
	// full says that there may be more: it has as many as were asked for.
	full bool
	// gone says that the answer was an error: entries behind after were trimmed, and the reader may go on behind goOn.
	gone bool
	goOn uint64
}

// cut is a TRIM of everything before an index.
type cut struct {
	before    uint64
	call, end int64
	fate      client.Fate
}

// topicHistory is all that clients saw of one topic, in any order, and what is in it at the end.
type topicHistory struct {
	topic   string
	addends []*addend
	pages   []page
	cuts    []cut
	rest    []topicEntry
}

// topicCheck is a walk through a history.
type topicCheck struct {
	*topicHistory
	// byData are the addends. data and indexes are all entries that were ever seen or acknowledged, by index.
	byData   map[string]*addend
	data     map[uint64]string
	indexes  []uint64
	problems []error
}

func (c *topicCheck) complain(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Errorf(c.topic+": "+format, args...))
	}
}

// check says whether there is one order of entries that explains everything: each acknowledged entry has one place, one
// of unknown fate one or none; places follow each other without a gap, and follow time; each page has everything
// between its ends; and nothing is missing but what was trimmed.
func (h *topicHistory) check() error {
	c := &topicCheck{topicHistory: h, byData: map[string]*addend{}, data: map[uint64]string{}}
	for _, a := range h.addends {
		c.byData[a.data] = a
	}
	c.collect()
	c.checkTime()
	for _, p := range h.pages {
		c.checkPage(p)
	}
	c.checkRest()
	return errors.Join(c.problems...)
}

// collect finds the place of each entry: none has two, and none is had by two.
func (c *topicCheck) collect() {
	places := map[string]uint64{}
	see := func(e topicEntry, who string) {
		a := c.byData[e.data]
		switch {
		case a == nil:
			c.complain("%s has %q, which no client appended", who, e.data)
			return
		case a.fate == client.NotDone:
			c.complain("%s has %q, which was said not to be done", who, e.data)
		case a.fate == client.Done && a.index != e.index:
			c.complain("%s has %q at %d, which was acknowledged at %d", who, e.data, e.index, a.index)
		}
		if place, known := places[e.data]; known && place != e.index {
			c.complain("%q is at %d and, for %s, at %d", e.data, place, who, e.index)
		}
		if data, known := c.data[e.index]; known && data != e.data {
			c.complain("at %d is %q and, for %s, %q", e.index, data, who, e.data)
		}
		places[e.data], c.data[e.index] = e.index, e.data
	}
	for _, a := range c.addends {
		if a.fate == client.Done {
			see(topicEntry{a.index, a.data}, "the client that appended it")
		}
	}
	for _, p := range c.pages {
		for _, e := range p.entries {
			see(e, fmt.Sprint("reader ", p.reader))
		}
	}
	for _, e := range c.rest {
		see(e, "the topic at the end")
	}
	for index := range c.data {
		c.indexes = append(c.indexes, index)
	}
	slices.Sort(c.indexes)
}

// checkTime demands that what was acknowledged before another entry was sent is in front of it.
func (c *topicCheck) checkTime() {
	var placed []*addend
	for _, index := range c.indexes {
		a := *c.byData[c.data[index]]
		if a.index = index; a.fate != client.Done {
			a.end = math.MaxInt64
		}
		placed = append(placed, &a)
	}
	byCall, byEnd := placed, slices.Clone(placed)
	slices.SortFunc(byCall, func(a, b *addend) int { return cmp.Compare(a.call, b.call) })
	slices.SortFunc(byEnd, func(a, b *addend) int { return cmp.Compare(a.end, b.end) })
	var last *addend // of those that were acknowledged by then, the one at the highest index
	for _, a := range byCall {
		for len(byEnd) > 0 && byEnd[0].end < a.call {
			if last == nil || byEnd[0].index > last.index {
				last = byEnd[0]
			}
			byEnd = byEnd[1:]
		}
		if last != nil && a.index <= last.index {
			c.complain("%q is at %d, and %q, acknowledged before it was sent, at %d", a.data, a.index, last.data, last.index)
		}
	}
}

// checkPage demands that a page has every entry from where it begins to its last, and to the end of what was
// acknowledged before if it is not full.
func (c *topicCheck) checkPage(p page) {
	if p.gone {
		if p.goOn <= p.after {
			c.complain("reader %d was told that entries after %d are gone, and to go on after %d", p.reader, p.after, p.goOn)
		}
		if !slices.ContainsFunc(c.cuts, func(t cut) bool {
			return t.fate != client.NotDone && t.call < p.end && t.before > max(p.after, p.goOn)
		}) {
			c.complain("reader %d was told that entries after %d are gone, and no client trimmed them", p.reader, p.after)
		}
		return
	}
	last := p.after
	for i, e := range p.entries {
		if e.index != last+1 && last != 0 || e.index == 0 {
			c.complain("reader %d asked for what is after %d and was answered %v: entry %d", p.reader, p.after, p.entries, i)
			return
		}
		last = e.index
	}
	from, _ := slices.BinarySearch(c.indexes, p.after+1)
	to, _ := slices.BinarySearch(c.indexes, last+1)
	if missing := to - from - len(p.entries); missing != 0 {
		c.complain("reader %d was answered %d entries from after %d to %d, and there are %d: %s", p.reader, len(p.entries),
			p.after, last, to-from, c.difference(p, c.indexes[from:to]))
	}
	if len(p.entries) > 0 && c.trimmed(p.entries[0].index, p.call) {
		c.complain("reader %d was answered entry %d, which had been trimmed", p.reader, p.entries[0].index)
	}
	if p.full {
		return
	}
	for _, index := range c.indexes[to:] {
		if a := c.byData[c.data[index]]; a.fate == client.Done && a.end < p.call {
			c.complain("reader %d was answered nothing after %d, and %q had been acknowledged at %d", p.reader, last, a.data,
				index)
			return
		}
	}
}

// trimmed reports whether a client knew before a time that an entry was trimmed.
func (c *topicCheck) trimmed(index uint64, at int64) bool {
	return slices.ContainsFunc(c.cuts, func(t cut) bool {
		return t.fate == client.Done && t.end < at && index < t.before
	})
}

// difference names the first entry that a page lacks.
func (c *topicCheck) difference(p page, indexes []uint64) string {
	for _, index := range indexes {
		if !slices.ContainsFunc(p.entries, func(e topicEntry) bool { return e.index == index }) {
			return fmt.Sprintf("%q at %d is missing", c.data[index], index)
		}
	}
	return "some are known to no other client"
}

// checkRest demands that the topic has, at the end, all that was acknowledged and not trimmed, in its order.
func (c *topicCheck) checkRest() {
	trimmed := uint64(0) // everything before it may be gone
	for _, t := range c.cuts {
		if t.fate != client.NotDone {
			trimmed = max(trimmed, t.before)
		}
	}
	left := map[string]bool{}
	for i, e := range c.rest {
		left[e.data] = true
		if gone := c.trimmed(e.index, math.MaxInt64); gone {
			c.complain("at the end, %d is there and was trimmed", e.index)
		}
		if i > 0 && e.index != c.rest[i-1].index+1 {
			c.complain("at the end, %d follows %d", e.index, c.rest[i-1].index)
		}
	}
	for _, index := range c.indexes {
		if data := c.data[index]; index >= trimmed && !left[data] {
			c.complain("%q was at %d and is gone at the end; what was trimmed is before %d", data, index, trimmed)
		}
	}
}
