package rdb

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// StreamID names an entry of a stream.
type StreamID struct{ Millis, Sequence uint64 }

// streamIDBytes is a StreamID in an object: both numbers, the highest byte first.
const streamIDBytes = 16

// Compare orders by time, then by sequence.
func (id StreamID) Compare(other StreamID) int {
	return cmp.Or(cmp.Compare(id.Millis, other.Millis), cmp.Compare(id.Sequence, other.Sequence))
}

func (id StreamID) append(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, id.Millis), id.Sequence)
}

// Stream is what a stream has besides its entries.
type Stream struct {
	// Length is the number of its entries, Added how many it ever had: at most math.MaxInt64, as XSETID has it, so that no
	// entry which is added later makes 0 of it.
	Length, Added uint64
	// First is the first entry, Last the last that it ever had, MaxDeleted the highest of those that were deleted; each
	// is zero without one.
	First, Last, MaxDeleted StreamID
	// Groups are sorted by their names.
	Groups []StreamGroup
}

// StreamGroup is a group of consumers.
type StreamGroup struct {
	Name string
	// Last is the last entry that was delivered. Read is how many were, unknownRead if that is unknown.
	Last StreamID
	Read int64
	// Pending are sorted by their IDs, Consumers by their names.
	Pending   []StreamPending
	Consumers []StreamConsumer
}

// UnknownRead is the Read of a group of which it is unknown.
const UnknownRead = -1

// StreamPending is an entry that was delivered and not acknowledged.
type StreamPending struct {
	ID StreamID
	// Millis is when it was delivered last, Deliveries how often it was.
	Millis     int64
	Deliveries uint64
	// Consumer is the position of the consumer that has it.
	Consumer int
}

// StreamConsumer is one consumer of a group.
type StreamConsumer struct {
	Name string
	// Seen is when it last asked, Active when it last got something, -1 for never; both in milliseconds.
	Seen, Active int64
}

// The flags of an entry in the listpack of a stream.
const (
	entryDeleted    = 1
	entrySameFields = 2
)

// Pieces of an entry in the listpack besides its fields and values.
const (
	sameFieldsPieces = 3 // flags, and both parts of the ID
	ownFieldsPieces  = 4 // and the number of fields
)

// maxFields is how many fields an entry has at most: a command has no more arguments. Of an empty field, an object has
// two bytes, or the hundredth part of one where they are compressed, and a reader some tens.
const maxFields = 1 << 19

// Stream takes the body of a stream of a type, and visits its entries in their order; fields are each field with its
// value behind it, valid during the call. It reports whether all could be read and visit wanted all.
func (r *Reader) Stream(t Type, visit func(id StreamID, fields [][]byte) bool) (s Stream, ok bool) {
	nodes, ok := r.Length()
	if !ok || nodes > uint64(len(r.rest)) {
		return s, r.fail()
	}
	e := streamEntries{visit: visit}
	for range nodes {
		if !r.streamNode(&e) {
			return s, r.fail()
		}
	}
	if !r.streamFacts(t, &s, &e) || !r.streamGroups(t, &s) {
		return s, r.fail()
	}
	return s, true
}

// streamEntries are the entries that were read so far.
type streamEntries struct {
	visit       func(id StreamID, fields [][]byte) bool
	first, last StreamID
	count       uint64
	// master are the fields of the node; kept, and ends, hold those of an entry with their values.
	master [][]byte
	kept   []byte
	ends   []int
	fields [][]byte
}

func (r *Reader) streamNode(e *streamEntries) bool {
	key, ok := r.Text()
	if !ok || len(key) != streamIDBytes {
		return false
	}
	master := StreamID{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
	b, ok := r.Text()
	if !ok {
		return false
	}
	node, ok := openListpack(b)
	if !ok {
		return false
	}
	left, ok := e.header(&node)
	for ok && left > 0 {
		before := node.visited
		ok = e.entry(&node, master) && r.counts(node.visited-before)
		left--
	}
	return ok && r.counts(len(e.master)) && node.whole()
}

// header takes what precedes the entries of a node: how many there are, how many more were deleted, and the fields of
// the first.
func (e *streamEntries) header(node *listpack) (entries int64, ok bool) {
	var head [3]int64
	for i := range head {
		if head[i], ok = node.nextInteger(); !ok || head[i] < 0 || head[i] > int64(len(node.rest)) {
			return 0, false
		}
	}
	if head[2] > maxFields {
		return 0, false
	}
	e.master = e.master[:0]
	for range head[2] {
		text, ok := node.next()
		if !ok {
			return 0, false
		}
		e.master = append(e.master, slices.Clone(text))
	}
	zero, ok := node.nextInteger()
	return head[0] + head[1], ok && zero == 0
}

func (e *streamEntries) entry(node *listpack, master StreamID) bool {
	var head [sameFieldsPieces]int64
	for i := range head {
		var ok bool
		if head[i], ok = node.nextInteger(); !ok {
			return false
		}
	}
	flags := head[0]
	id := StreamID{master.Millis + uint64(head[1]), master.Sequence + uint64(head[2])}
	fields, same := int64(len(e.master)), flags&entrySameFields != 0
	pieces := fields + sameFieldsPieces
	if !same {
		var ok bool
		if fields, ok = node.nextInteger(); !ok || fields < 0 || fields > maxFields {
			return false
		}
		pieces = 2*fields + ownFieldsPieces
	}
	if !e.take(node, fields, same) {
		return false
	}
	if count, ok := node.nextInteger(); !ok || count != pieces {
		return false
	}
	if flags&entryDeleted != 0 {
		return true
	}
	return e.add(id)
}

// take takes the fields of an entry and their values, or the values only.
func (e *streamEntries) take(node *listpack, fields int64, same bool) bool {
	e.kept, e.ends = e.kept[:0], e.ends[:0]
	keep := func() bool {
		text, ok := node.next()
		e.kept = append(e.kept, text...)
		e.ends = append(e.ends, len(e.kept))
		return ok
	}
	for i := range fields {
		if same {
			e.kept = append(e.kept, e.master[i]...)
			e.ends = append(e.ends, len(e.kept))
		} else if !keep() {
			return false
		}
		if !keep() {
			return false
		}
	}
	e.fields = e.fields[:0]
	begin := 0
	for _, end := range e.ends {
		e.fields = append(e.fields, e.kept[begin:end:end])
		begin = end
	}
	return true
}

// add visits an entry, which is behind those before it.
func (e *streamEntries) add(id StreamID) bool {
	if id.Compare(e.last) <= 0 || len(e.fields) == 0 {
		return false
	}
	if e.count == 0 {
		e.first = id
	}
	e.last = id
	e.count++
	return e.visit(id, e.fields)
}

// id takes a StreamID that is two numbers.
func (r *Reader) id() (id StreamID, ok bool) {
	if id.Millis, ok = r.Length(); ok {
		id.Sequence, ok = r.Length()
	}
	return id, ok
}

// rawID takes a StreamID that is its bytes.
func (r *Reader) rawID() (id StreamID, ok bool) {
	b, ok := r.bytes(streamIDBytes)
	if !ok {
		return id, false
	}
	return StreamID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
}

// streamFacts takes what a stream says of its entries.
func (r *Reader) streamFacts(t Type, s *Stream, e *streamEntries) (ok bool) {
	if s.Length, ok = r.Length(); !ok || s.Length != e.count {
		return false
	}
	if s.Last, ok = r.id(); !ok || s.Last.Compare(e.last) < 0 {
		return false
	}
	s.First, s.Added = e.first, e.count
	if t == StreamListpacks {
		return true
	}
	if _, ok = r.id(); !ok { // the first entry, which is known
		return false
	}
	if s.MaxDeleted, ok = r.id(); !ok || s.MaxDeleted.Compare(s.Last) > 0 {
		return false
	}
	s.Added, ok = r.Length()
	return ok && s.Added >= s.Length && s.Added <= math.MaxInt64
}

func (r *Reader) streamGroups(t Type, s *Stream) bool {
	count, ok := r.Length()
	if !ok || count > uint64(len(r.rest)) {
		return false
	}
	for range count {
		g, ok := r.streamGroup(t, s)
		if !ok || len(s.Groups) > 0 && g.Name <= s.Groups[len(s.Groups)-1].Name {
			return false
		}
		s.Groups = append(s.Groups, g)
	}
	return true
}

func (r *Reader) streamGroup(t Type, s *Stream) (g StreamGroup, ok bool) {
	name, ok := r.Text()
	if !ok {
		return g, false
	}
	g.Name = string(name)
	if g.Last, ok = r.id(); !ok {
		return g, false
	}
	g.Read = s.estimate(g.Last)
	if t != StreamListpacks {
		read, ok := r.Length()
		if !ok {
			return g, false
		}
		g.Read = int64(read)
		if g.Read < UnknownRead {
			return g, false
		}
	}
	if !r.pending(&g) {
		return g, false
	}
	return g, r.consumers(t, &g)
}

// unowned is the Consumer of an entry of which it was not read yet.
const unowned = -1

func (r *Reader) pending(g *StreamGroup) bool {
	count, ok := r.Length()
	if !ok || count > uint64(len(r.rest)) {
		return false
	}
	for range count {
		p := StreamPending{Consumer: unowned}
		if p.ID, ok = r.rawID(); !ok || len(g.Pending) > 0 && p.ID.Compare(g.Pending[len(g.Pending)-1].ID) <= 0 {
			return false
		}
		if p.Millis, ok = r.Millis(); !ok {
			return false
		}
		if p.Deliveries, ok = r.Length(); !ok {
			return false
		}
		g.Pending = append(g.Pending, p)
	}
	return true
}

// consumers takes those of a group. Each pending entry has one of them.
func (r *Reader) consumers(t Type, g *StreamGroup) bool {
	count, ok := r.Length()
	if !ok || count > uint64(len(r.rest)) {
		return false
	}
	owned := 0
	for range count {
		name, ok := r.Text()
		if !ok {
			return false
		}
		c := StreamConsumer{Name: string(name)}
		if len(g.Consumers) > 0 && c.Name <= g.Consumers[len(g.Consumers)-1].Name {
			return false
		}
		if c.Seen, ok = r.Millis(); !ok {
			return false
		}
		if c.Active = c.Seen; t == StreamListpacksLast {
			if c.Active, ok = r.Millis(); !ok {
				return false
			}
		}
		g.Consumers = append(g.Consumers, c)
		has, ok := r.owned(g)
		if !ok {
			return false
		}
		owned += has
	}
	return owned == len(g.Pending)
}

// owned takes the pending entries of the last consumer.
func (r *Reader) owned(g *StreamGroup) (entries int, ok bool) {
	count, ok := r.Length()
	if !ok || count > uint64(len(g.Pending)) {
		return 0, false
	}
	for range count {
		id, ok := r.rawID()
		if !ok {
			return 0, false
		}
		at, found := slices.BinarySearchFunc(g.Pending, id, func(p StreamPending, id StreamID) int {
			return p.ID.Compare(id)
		})
		if !found || g.Pending[at].Consumer != unowned {
			return 0, false
		}
		g.Pending[at].Consumer = len(g.Consumers) - 1
	}
	return int(count), true
}

// estimate is how many entries a group has read whose last one is known, where an old object does not say it, as Redis
// finds it: the stream has lost none in between.
func (s *Stream) estimate(last StreamID) int64 {
	switch {
	case s.Added == 0:
		return 0
	case last == s.Last, s.Length == 0 && last.Compare(s.Last) < 0:
		return toCount(s.Added)
	case last.Compare(s.Last) > 0:
		return UnknownRead
	case s.MaxDeleted != StreamID{} && s.MaxDeleted.Compare(s.First) >= 0:
		return UnknownRead
	case last.Compare(s.First) < 0:
		return toCount(s.Added - s.Length)
	case last == s.First:
		return toCount(s.Added - s.Length + 1)
	}
	return UnknownRead
}

func toCount(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
