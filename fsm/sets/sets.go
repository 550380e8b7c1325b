// Package sets has the commands on sets: values that are strings, each once.
//
// The order in which commands show members is a part of the contents: small sets have that in which the members came,
// or that of integers, and large ones that of value.Position. It decides also what SPOP and SRANDMEMBER draw of the
// same chance. So both are the same on all nodes, also on one that restored an image.
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
func setOf(e *keyspace.Entry) (s *value.Set, ok bool) { return exec.ValueOf[*value.Set](e) }

// written is a set that a command writes. Its Value is the set before the command.
type written struct {
	exec.Target[*value.Set]
	value.SetEdit
}

// write begins to write the set at a key. ok is false if the value there is of another kind.
func write(w *exec.Writer, key []byte) (s written, ok bool) {
	if s.Target, ok = exec.TargetOf[*value.Set](w, key); ok {
		s.SetEdit = s.Value.Edit(w.Making())
	}
	return s, ok
}

// put puts the set in place of the old one: its key goes with its last member.
func (s *written) put() { s.Put(s.Set()) }

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
	if ok && from.Value == nil { // then Redis does not look at the destination
		return c.Integer(0)
	}
	member := c.Args[3]
	to, alsoOK := write(w, c.Args[2])
	switch {
	case !ok || !alsoOK:
		return c.WrongType()
	case !from.Value.Has(member):
		return c.Integer(0)
	case string(from.Key) == string(to.Key):
		return c.Integer(1)
	}
	from.Remove(member)
	from.put()
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
	case !c.Fits(exec.ListBytes(s.Size(), s.Len())):
		return c.TooLong()
	}
	return all(c, s)
}

// all answers with all members of a set.
func all(c exec.Call, s *value.Set) []byte {
	c.Reply = reply.SetHeader(c.Reply, c.Protocol, s.Len())
	s.Each(func(member value.Item) bool {
		c.Reply = c.Item(member)
		return true
	})
	return c.Reply
}

// scan is SSCAN key cursor [MATCH pattern] [COUNT count]. It shows a member that there is from the first call of a scan
// to the last exactly once, or more than once if the set became small meanwhile.
func scan(v exec.View, c exec.Call) []byte {
	s, page, answer := exec.PageOf[*value.Set](v, c)
	if s == nil {
		return answer
	}
	s.Scan(page.From, func(at value.Position, member value.Item) bool { return page.Show(at, member) })
	return page.Answer(c)
}
