package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/stepwise"
)

// stringFunctions are those of the commands on strings.
var stringFunctions = []exec.Function{
	{Of: data.Append, Write: appendTo},
	{Of: data.Get, Read: get},
	{Of: data.GetDel, Write: getDel},
	{Of: data.GetEX, Write: getEX},
	{Of: data.GetRange, Read: getRange},
	{Of: data.GetSet, Write: getSet},
	{Of: data.LCS, Read: lcs},
	{Of: data.MGet, Read: mget},
	{Of: data.MSet, Write: mset},
	{Of: data.MSetNX, Write: msetNX},
	{Of: data.PSetEX, Write: pSetEX},
	{Of: data.Set, Write: set},
	{Of: data.SetEX, Write: setEX},
	{Of: data.SetNX, Write: setNX},
	{Of: data.SetRange, Write: setRange},
	{Of: data.Strlen, Read: strlen},
	{Of: data.SubStr, Read: getRange},
}

func get(v exec.View, c exec.Call) []byte { return c.Value(v.Get(c.Args[1])) }

func strlen(v exec.View, c exec.Call) []byte {
	text, ok := exec.TextOf(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	return c.Integer(int64(text.Len()))
}

func mget(v exec.View, c exec.Call) []byte {
	keys := c.Args[1:]
	bytes, room, uncounted := 0, 0, 0
	for _, key := range keys {
		text, _ := exec.TextOf(v.Space.Get(key))
		if c.CopiesMore(&uncounted, text.Len()) {
			return c.Reply
		}
		bytes += text.Len() + exec.ValueOverheadBytes
		if room += exec.ValueOverheadBytes; !c.IsLong(text.Len()) {
			room += text.Len()
		}
	}
	switch {
	case !c.Fits(bytes):
		return c.TooLong()
	case room > command.MaxPresentWork+len(keys)*exec.ValueOverheadBytes && c.IsTooMuch(room):
		return c.Reply
	}
	if room > stepwise.StepBytes { // or append would copy at one stroke what there is, again and again
		c.Reply = stepwise.Grow(c.Reply, room+exec.ValueOverheadBytes)
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(keys))
	for _, key := range keys {
		if e := v.Get(key); e != nil && e.Kind() != value.KindString {
			c.Reply = c.Null() // a value of another kind is none
		} else {
			c.Reply = c.Value(e)
		}
	}
	return c.Reply
}

// getRange answers with a part of a string. Positions count from 0, or from the end if they are negative.
func getRange(v exec.View, c exec.Call) []byte {
	first, ok := number.Parse(c.Args[2])
	last, alsoOK := number.Parse(c.Args[3])
	if !ok || !alsoOK {
		return c.Error(reply.NotInteger)
	}
	text, ok := exec.TextOf(v.Get(c.Args[1]))
	begin, end := exec.Span{First: first, Last: last}.Within(int64(text.Len()))
	switch {
	case !ok:
		return c.WrongType()
	case begin == end:
		return c.BulkString("")
	case !c.Fits(int(end-begin) + exec.ValueOverheadBytes):
		return c.TooLong()
	}
	return c.BulkRange(text, int(begin), int(end))
}

func getSet(w *exec.Writer, c exec.Call) []byte {
	key, value := c.Args[1], c.Args[2]
	if len(value) > w.MaxValueBytes() {
		return c.Error(reply.StringTooLong)
	}
	at := w.Place(key)
	old := c.Read(w.Find(at, key))
	if _, ok := exec.TextOf(old); !ok {
		return c.WrongType()
	}
	c.Reply = c.Value(old)
	w.Put(at, key, w.NewEntry(key, value))
	return c.Reply
}

func getDel(w *exec.Writer, c exec.Call) []byte {
	key := c.Args[1]
	old := c.Read(w.Get(key))
	if _, ok := exec.TextOf(old); !ok {
		return c.WrongType()
	}
	c.Reply = c.Value(old)
	w.Remove(key)
	return c.Reply
}

func setNX(w *exec.Writer, c exec.Call) []byte {
	key, value := c.Args[1], c.Args[2]
	if len(value) > w.MaxValueBytes() {
		return c.Error(reply.StringTooLong)
	}
	at := w.Place(key)
	if w.Find(at, key) != nil {
		return c.Integer(0)
	}
	w.Put(at, key, w.NewEntry(key, value))
	return c.Integer(1)
}

func mset(w *exec.Writer, c exec.Call) []byte {
	pairs := c.Args[1:]
	if refusal := refusePairs(w, pairs, "mset"); refusal != "" {
		return c.Error(refusal)
	}
	setPairs(w, pairs)
	return c.OK()
}

func msetNX(w *exec.Writer, c exec.Call) []byte {
	pairs := c.Args[1:]
	if refusal := refusePairs(w, pairs, "msetnx"); refusal != "" {
		return c.Error(refusal)
	}
	for i := 0; i < len(pairs); i += 2 {
		if w.Get(pairs[i]) != nil {
			return c.Integer(0)
		}
	}
	setPairs(w, pairs)
	return c.Integer(1)
}

// refusePairs gives the error of a list of keys and values, empty if there is none.
func refusePairs(w *exec.Writer, pairs [][]byte, name string) string {
	if len(pairs)%2 != 0 {
		return reply.WrongArity(name)
	}
	for i := 1; i < len(pairs); i += 2 {
		if len(pairs[i]) > w.MaxValueBytes() {
			return reply.StringTooLong
		}
	}
	return ""
}

func setPairs(w *exec.Writer, pairs [][]byte) {
	for i := 0; i < len(pairs); i += 2 {
		w.Put(w.Place(pairs[i]), pairs[i], w.NewEntry(pairs[i], pairs[i+1]))
	}
}

func appendTo(w *exec.Writer, c exec.Call) []byte {
	key, more := c.Args[1], c.Args[2]
	at := w.Place(key)
	old := w.Find(at, key)
	text, ok := exec.TextOf(old)
	length := text.Len() + len(more)
	switch {
	case !ok:
		return c.WrongType()
	case length > w.MaxValueBytes():
		return c.Error(reply.StringTooLong)
	case old == nil:
		w.Put(at, key, w.NewEntry(key, more))
	case len(more) == 0:
		w.Put(at, key, *old) // who watches the key takes it for changed, as in Redis
	default:
		overwrite(w, at, key, old, text.Len(), more)
	}
	return c.Integer(int64(length))
}

// setRange writes a part of a string, and lengthens the string with zeros if it ends before that part. An empty part
// changes nothing and makes no key.
func setRange(w *exec.Writer, c exec.Call) []byte {
	key, part := c.Args[1], c.Args[3]
	offset, ok := number.Parse(c.Args[2])
	switch {
	case !ok:
		return c.Error(reply.NotInteger)
	case offset < 0:
		return c.Error(reply.OffsetOutOfRange)
	}
	at := w.Place(key)
	old := w.Find(at, key)
	text, ok := exec.TextOf(old)
	length := text.Len()
	switch {
	case !ok:
		return c.WrongType()
	case len(part) == 0:
		return c.Integer(int64(length))
	case offset > int64(w.MaxValueBytes()-len(part)):
		return c.Error(reply.StringTooLong)
	}
	overwrite(w, at, key, old, int(offset), part)
	return c.Integer(int64(max(length, int(offset)+len(part))))
}

// overwrite writes b, which is not empty, into the string of a key at an offset. The key keeps its deadline. old is its
// entry, of a string, or nil for an empty one.
func overwrite(w *exec.Writer, at keyspace.Place, key []byte, old *keyspace.Entry, offset int, b []byte) {
	if old == nil {
		empty := keyspace.NewEntry(key, nil)
		old = &empty
	}
	if made := w.Made(b); made != nil && offset == 0 && old.Size() <= len(b) {
		w.Put(at, key, keyspace.EntryOf(key, made).Keeping(old))
		return
	}
	w.Put(at, key, w.Overwritten(old, offset, b))
}
