package worlds

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/conditional"
)

// The kinds of keys that the model knows: numbers, strings, bitmaps, pairs of strings, which commands with two keys
// concern together, and registers of few values, which commands compare and set.
const (
	numbers   = 'n'
	texts     = 's'
	bitmaps   = 'b'
	pairs     = 'p'
	registers = 'c'
)

var kinds = [...]rune{numbers, texts, numbers, texts, bitmaps, pairs, registers}

// twinMark ends the name of the second key of a pair.
const twinMark = "'"

// nameOf is how the model calls a key of a database: each database has a key of each name, but movers are one in two of
// them.
func nameOf(database int, key string) string {
	if isMover(key) {
		return moverName(database, key)
	}
	return strconv.Itoa(database) + "/" + key
}

// familyOf is the name of the keys that commands concern together: of a pair, or of a key by itself.
func familyOf(key string) string { return strings.TrimSuffix(key, twinMark) }

// twinOf is the other key of a pair.
func twinOf(key string) string {
	if name := familyOf(key); name != key {
		return name
	}
	return key + twinMark
}

// family is the state of a family: "" for a key that is absent, and the value behind a sign for one that is there. Keys
// that have no twin are the first.
type family [2]string

// of is the state of a key.
func (f *family) of(key string) *string {
	if strings.HasSuffix(key, twinMark) {
		return &f[1]
	}
	return &f[0]
}

// write makes up a write. No two writes of a world say the same, so that a value tells which client wrote it; but those
// to a register do, so that comparisons hold now and then.
func (c *client) write(key string) call {
	c.written++
	unique := strconv.Itoa(c.written*100 + c.number)
	pick := c.chance.IntN(20)
	switch kind := rune(key[0]); {
	case pick == 0:
		return call{"DEL", key}
	case kind == numbers:
		return c.count(key, unique, pick)
	case kind == bitmaps && pick < 14:
		return call{"SETBIT", key, strconv.Itoa(c.chance.IntN(40)), strconv.Itoa(c.chance.IntN(2))}
	case kind == bitmaps:
		return call{"SETRANGE", key, strconv.Itoa(c.chance.IntN(5)), unique}
	case kind == pairs && pick < 12:
		return c.join(key, unique, pick)
	case kind == registers:
		return c.compare(key, pick)
	case pick == 1:
		return call{"SETNX", key, "=" + unique}
	case pick == 2:
		return call{"GETDEL", key}
	case pick == 3:
		return call{"GETSET", key, "=" + unique}
	case pick < 8:
		return call{"APPEND", key, "+" + unique}
	}
	return call{"SET", key, "=" + unique}
}

// count makes up a write to a number.
func (c *client) count(key, unique string, pick int) call {
	switch {
	case pick == 1:
		return call{"SET", key, unique}
	case pick < 4:
		return call{"INCRBY", key, strconv.Itoa(c.chance.IntN(20) - 10)}
	case pick == 4:
		return call{"DECR", key}
	}
	return call{"INCR", key}
}

// join makes up a write to both keys of a pair.
func (c *client) join(key, unique string, pick int) call {
	twin := twinOf(key)
	switch {
	case pick < 4:
		return call{"MSET", key, "=" + unique, twin, "-" + unique}
	case pick < 6:
		return call{"MSETNX", key, "=" + unique, twin, "-" + unique}
	case pick < 8:
		return call{"RENAME", key, twin}
	case pick < 10:
		return call{"COPY", key, twin}
	}
	return call{"DEL", key, twin}
}

// compare makes up a write to a register that depends on what is there.
func (c *client) compare(key string, pick int) call {
	value := func() string { return strconv.Itoa(c.chance.IntN(3)) }
	set := call{"SET", key, value()}
	switch {
	case pick < 6:
		return append(set, "IFEQ", value())
	case pick < 8:
		return append(set, "IFNE", value(), "GET")
	case pick < 10:
		return append(set, "IFDEQ", conditional.Digest(value()))
	case pick < 12:
		return append(set, "GET", "IFDNE", conditional.Digest(value()))
	case pick == 12:
		return append(set, "NX")
	case pick == 13:
		return append(set, "XX", "GET")
	case pick == 14:
		return call{"DELEX", key, "IFEQ", value()}
	case pick == 15:
		return call{"DELEX", key, "IFNE", value()}
	case pick == 16:
		return call{"DELEX", key, "IFDEQ", strings.ToUpper(conditional.Digest(value()))}
	case pick == 17:
		return call{"DELEX", key, "IFDNE", conditional.Digest(value())}
	case pick == 18:
		return call{"DELIFEQ", key, value()}
	}
	return set
}

// read makes up a read.
func (c *client) read(key string) call {
	pick := c.chance.IntN(10)
	switch kind := rune(key[0]); {
	case kind == pairs && pick < 5:
		return call{"MGET", key, twinOf(key)}
	case kind == bitmaps && pick < 3:
		return call{"GETBIT", key, strconv.Itoa(c.chance.IntN(48))}
	case kind == bitmaps && pick < 6:
		return call{"BITCOUNT", key}
	case kind == registers && pick < 3:
		return call{"DIGEST", key}
	case pick == 0:
		return call{"STRLEN", key}
	case pick == 1:
		return call{"GETRANGE", key, "1", "-1"}
	case pick == 2:
		return call{"EXISTS", key}
	}
	return call{"GET", key}
}

// Replies as they go over the wire.
const (
	okReply     = "+OK\r\n"
	nullReply   = "$-1\r\n"
	notInteger  = "-ERR value is not an integer or out of range\r\n"
	noSuchReply = "-ERR no such key\r\n"
)

func integer(n int) string { return fmt.Sprintf(":%d\r\n", n) }
func bulk(v string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(v), v) }

// value is the reply of GET to a state.
func value(state string) string {
	if state == "" {
		return nullReply
	}
	return bulk(state[1:])
}

// count is 1 for true.
func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// apply is the model of the state machine: what a call does to its family, and what it answers.
func (c call) apply(f *family) (reply string) {
	if c[0] == "SWAPDB" { // for each family of movers, by itself
		f[0], f[1] = f[1], f[0]
		return okReply
	}
	state := f.of(c[1])
	present := *state != ""
	switch c[0] {
	case "GET":
		return value(*state)
	case "EXISTS":
		return integer(count(present))
	case "STRLEN":
		return integer(max(len(*state)-1, 0))
	case "GETRANGE": // always 1 -1
		return bulk((*state)[min(2, len(*state)):])
	case "GETBIT", "BITCOUNT", "SETBIT", "SETRANGE":
		return c.applyBits(state)
	case "INCR", "DECR", "INCRBY":
		return c.applyNumber(state)
	case "MGET", "MSET", "MSETNX", "RENAME", "COPY", "DEL", "WATCH":
		return c.applyPair(f)
	case "MOVE":
		return c.applyMove(f)
	case "DELEX", "DELIFEQ", "DIGEST":
		return c.applyCondition(state)
	case "SETNX":
		if !present {
			*state = "=" + c[2]
		}
		return integer(count(!present))
	case "GETDEL":
		reply, *state = value(*state), ""
		return reply
	case "GETSET":
		reply, *state = value(*state), "="+c[2]
		return reply
	case "SET":
		return c.applyCondition(state)
	case "APPEND":
		if !present {
			*state = "="
		}
		*state += c[2]
		return integer(len(*state) - 1)
	}
	panic("worlds: the model does not know " + c[0])
}

// applyCondition does what may depend on the string that is there: the model of that stands by itself.
func (c call) applyCondition(state *string) (reply string) {
	before := conditional.State{Present: *state != "", Value: strings.TrimPrefix(*state, "=")}
	after, answer := before.Apply(c...)
	if *state = ""; after.Present {
		*state = "=" + after.Value
	}
	switch {
	case answer.Null:
		return nullReply
	case strings.HasPrefix(c[0], "DEL"):
		return ":" + answer.Text + "\r\n"
	case c[0] == "SET" && !slices.Contains(c, "GET"):
		return okReply
	}
	return bulk(answer.Text)
}

// applyNumber adds to a number.
func (c call) applyNumber(state *string) (reply string) {
	by := int64(1)
	switch c[0] {
	case "DECR":
		by = -1
	case "INCRBY":
		by, _ = strconv.ParseInt(c[2], 10, 64)
	}
	before := *state
	if before == "" {
		before = "=0"
	}
	n, err := strconv.ParseInt(before[1:], 10, 64)
	if err != nil {
		return notInteger
	}
	*state = "=" + strconv.FormatInt(n+by, 10)
	return integer(int(n + by))
}

// applyPair does what concerns two keys, or one of them.
func (c call) applyPair(f *family) (reply string) {
	first := f.of(c[1])
	switch c[0] {
	case "DEL":
		gone := 0
		for _, key := range c[1:] {
			gone += count(*f.of(key) != "")
			*f.of(key) = ""
		}
		return integer(gone)
	case "WATCH":
		return okReply
	case "MGET":
		return "*2\r\n" + value(*first) + value(*f.of(c[2]))
	case "MSETNX":
		if *first != "" || *f.of(c[3]) != "" {
			return integer(0)
		}
		*first, *f.of(c[3]) = "="+c[2], "="+c[4]
		return integer(1)
	case "MSET":
		*first, *f.of(c[3]) = "="+c[2], "="+c[4]
		return okReply
	case "RENAME":
		if *first == "" {
			return noSuchReply
		}
		*f.of(c[2]), *first = *first, ""
		return okReply
	}
	to := f.of(c[2])
	if *first == "" || *to != "" && !c.replaces() {
		return integer(0)
	}
	*to = *first
	return integer(1)
}

// replaces reports whether a COPY, as the model has it, replaces what is there.
func (c call) replaces() bool { return c[0] == "COPY" && len(c) > 3 }

// applyBits does what concerns bits and bytes at an offset. They read and write behind the end, where zeros are.
func (c call) applyBits(state *string) (reply string) {
	v := []byte(strings.TrimPrefix(*state, "="))
	if c[0] == "BITCOUNT" {
		set := 0
		for _, b := range v {
			set += bits.OnesCount8(b)
		}
		return integer(set)
	}
	at, _ := strconv.Atoi(c[2])
	grow := func(length int) {
		if length > len(v) {
			v = append(v, bytes.Repeat([]byte{0}, length-len(v))...)
		}
	}
	if c[0] == "SETRANGE" {
		grow(at + len(c[3]))
		copy(v[at:], c[3])
		*state = "=" + string(v)
		return integer(len(v))
	}
	mask := byte(0x80) >> (at % 8)
	before := at/8 < len(v) && v[at/8]&mask != 0
	if c[0] == "SETBIT" {
		grow(at/8 + 1)
		v[at/8] &^= mask
		if c[3] == "1" {
			v[at/8] |= mask
		}
		*state = "=" + string(v)
	}
	return integer(count(before))
}
