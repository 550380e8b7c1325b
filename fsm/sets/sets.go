// Package sets has the commands on sets: values that are strings, each once.
//
// The order in which commands show members, and what SPOP and SRANDMEMBER draw of the same chance, follow from the
// members alone: see value.Position. So they are the same on all nodes, also on one that restored an image.
package sets

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
)

// Functions are those of the commands.
var Functions = []exec.Function{
	{Of: data.SAdd, Write: add},
	{Of: data.SCard, Read: size},
	{Of: data.SDiff, Read: diff},
	{Of: data.SDiffStore, Write: diffStore},
	{Of: data.SInter, Read: inter},
	{Of: data.SInterCard, Read: interCard},
	{Of: data.SInterStore, Write: interStore},
	{Of: data.SIsMember, Read: isMember},
	{Of: data.SMembers, Read: members},
	{Of: data.SMIsMember, Read: areMembers},
	{Of: data.SMove, Write: move},
	{Of: data.SPop, Write: pop},
	{Of: data.SRandMember, Read: randMember},
	{Of: data.SRem, Write: remove},
	{Of: data.SScan, Read: scan},
	{Of: data.SUnion, Read: union},
	{Of: data.SUnionStore, Write: unionStore},
}

// setOf gives the set of an entry, nil for no entry. ok is false if the value is of another kind.
func setOf(e *keyspace.Entry) (s *value.Set, ok bool) {
	if e == nil {
		return nil, true
	}
	s, ok = e.Apart().(*value.Set)
	return s, ok
}

// written is a set that a command writes.
type written struct {
	w   *exec.Writer
	key []byte
	at  keyspace.Place
	old *keyspace.Entry
	// before is the set before the command, nil for none.
	before *value.Set
	value.SetEdit
}

// write begins to write the set at a key. ok is false if the value there is of another kind.
func write(w *exec.Writer, key []byte) (s written, ok bool) {
	s = written{w: w, key: key, at: w.Place(key)}
	s.old = w.Find(s.at, key)
	if s.before, ok = setOf(s.old); ok {
		s.SetEdit = s.before.Edit(w.Making())
	}
	return s, ok
}

// put puts the set in place of the old one: its key goes with its last member.
func (s *written) put() {
	switch members := s.Set(); {
	case members == nil:
		s.w.Remove(s.key)
	case s.old == nil:
		s.w.Put(s.at, s.key, keyspace.EntryOf(s.key, members))
	default:
		s.w.Put(s.at, s.key, s.old.With(members))
	}
}

// item appends a member to the replies of a call.
func item(c exec.Call, i value.Item) []byte {
	var digits value.Digits
	text := i.Text(&digits)
	if i.Stable() {
		return c.BulkLasting(text)
	}
	return reply.Bulk(c.Reply, text)
}

// listBytes is at least how long the reply with a number of members is that have some bytes together.
func listBytes(bytes, members int) int { return bytes + members*exec.ValueOverheadBytes }

// add is SADD key member [member …]: how many members are new.
func add(w *exec.Writer, c exec.Call) []byte {
	for _, member := range c.Args[2:] {
		if len(member) > w.MaxValueBytes() {
			return c.Error(reply.StringTooLong)
		}
	}
	s, ok := write(w, c.Args[1])
	if !ok {
		return c.WrongType()
	}
	var added int64
	for _, member := range c.Args[2:] {
		if s.Add(member) {
			added++
		}
	}
	if added > 0 {
		s.put()
	}
	return c.Integer(added)
}

// remove is SREM key member [member …]: how many members there were.
func remove(w *exec.Writer, c exec.Call) []byte {
	s, ok := write(w, c.Args[1])
	if !ok {
		return c.WrongType()
	}
	var gone int64
	for _, member := range c.Args[2:] {
		if s.Remove(member) {
			gone++
		}
	}
	if gone > 0 {
		s.put()
	}
	return c.Integer(gone)
}

// move is SMOVE source destination member: 1 if the member was in the source.
func move(w *exec.Writer, c exec.Call) []byte {
	from, ok := write(w, c.Args[1])
	if ok && from.before == nil { // then Redis does not look at the destination
		return c.Integer(0)
	}
	member := c.Args[3]
	to, alsoOK := write(w, c.Args[2])
	switch {
	case !ok || !alsoOK:
		return c.WrongType()
	case !from.before.Has(member):
		return c.Integer(0)
	case string(from.key) == string(to.key):
		return c.Integer(1)
	}
	from.Remove(member)
	from.put()
	to, _ = write(w, c.Args[2]) // its entry may have moved
	if to.Add(member) {
		to.put()
	}
	return c.Integer(1)
}

// size is SCARD key.
func size(v exec.View, c exec.Call) []byte {
	s, ok := setOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case s == nil:
		return c.Integer(0)
	}
	return c.Integer(int64(s.Len()))
}

// isMember is SISMEMBER key member.
func isMember(v exec.View, c exec.Call) []byte {
	s, ok := setOf(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	return has(c, s, c.Args[2])
}

// areMembers is SMISMEMBER key member [member …].
func areMembers(v exec.View, c exec.Call) []byte {
	s, ok := setOf(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(c.Args)-2)
	for _, member := range c.Args[2:] {
		c.Reply = has(c, s, member)
	}
	return c.Reply
}

// has answers whether a set, which may be nil, has a member.
func has(c exec.Call, s *value.Set, member []byte) []byte {
	if s != nil && s.Has(member) {
		return c.Integer(1)
	}
	return c.Integer(0)
}

// members is SMEMBERS key.
func members(v exec.View, c exec.Call) []byte {
	s, ok := setOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case s == nil:
		return reply.SetHeader(c.Reply, c.Protocol, 0)
	case !c.Fits(listBytes(s.Size(), s.Len())):
		return c.TooLong()
	}
	return all(c, s)
}

// all answers with all members of a set.
func all(c exec.Call, s *value.Set) []byte {
	c.Reply = reply.SetHeader(c.Reply, c.Protocol, s.Len())
	s.Each(func(member value.Item) bool {
		c.Reply = item(c, member)
		return true
	})
	return c.Reply
}

// scan is SSCAN key cursor [MATCH pattern] [COUNT count]. It shows a member that there is from the first call of a scan
// to the last exactly once, or more than once if the set became small meanwhile.
func scan(v exec.View, c exec.Call) []byte {
	from, ok := exec.ParseCursor(c.Args[2])
	if !ok {
		return c.Error(exec.InvalidCursor)
	}
	s, ok := setOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case s == nil:
		return exec.EmptyScan(c)
	}
	options, refusal := exec.ParseScanOptions(c.Args[3:], false)
	if refusal != "" {
		return c.Error(refusal)
	}
	page := exec.NewPage[value.Position](options, c)
	bytes := 0
	var found []value.Item
	s.Scan(value.Position(from), func(at value.Position, member value.Item) bool {
		if !page.Takes(at) {
			return false
		}
		if options.Matches(string(member.Append(nil))) {
			found = append(found, member)
			bytes += member.Len()
		}
		return true
	})
	if !c.Fits(listBytes(bytes, len(found)+1)) {
		return c.TooLong()
	}
	c.Reply = exec.BeginScan(c, uint64(page.Next()), len(found))
	for _, member := range found {
		c.Reply = item(c, member)
	}
	return c.Reply
}
