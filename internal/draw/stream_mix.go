package draw

import (
	"slices"
	"strconv"
	"strings"
)

// StreamMix draws calls on streams alone: with entries that fill blocks, at the edges of IDs, and with groups that have
// something to get.
type StreamMix struct {
	*Mix
	// millis is the milliseconds of the newest ID of an entry.
	millis   int64
	commands []Command
	weight   int
}

// NewStreamMix makes a mix of calls on streams at the keys of another one.
func NewStreamMix(x *Mix) *StreamMix {
	s := &StreamMix{Mix: x}
	for _, c := range streamCalls {
		s.commands = append(s.commands, Command{c.name, c.weight, func(*Mix) []string { return c.args(s) }})
	}
	s.weight = weigh(s.commands)
	return s
}

// Commands lists what Call draws from.
func (x *StreamMix) Commands() []Command { return slices.Clone(x.commands) }

// Call is a call of a command on streams.
func (x *StreamMix) Call() (name string, line []string) { return x.callOf(x.commands, x.weight) }

// streamCall is one command of the mix.
type streamCall struct {
	name   string
	weight int
	args   func(x *StreamMix) []string
}

var streamCalls = []streamCall{
	{"xadd", 60, (*StreamMix).xadd},
	{"xlen", 5, func(x *StreamMix) []string { return drawKey(x.Mix) }},
	{"xrange", 12, func(x *StreamMix) []string { return x.with(append(drawKey(x.Mix), x.start(), x.end()), 1, x.count) }},
	{"xrevrange", 12, func(x *StreamMix) []string {
		return x.with(append(drawKey(x.Mix), x.end(), x.start()), 1, x.count)
	}},
	{"xdel", 15, func(x *StreamMix) []string { return append(drawKey(x.Mix), x.streamIDs()...) }},
	{"xtrim", 12, func(x *StreamMix) []string { return append(drawKey(x.Mix), x.streamTrim()...) }},
	{"xread", 12, func(x *StreamMix) []string { return append(x.with(nil, 1, x.count), x.streams(false)...) }},
	{"xsetid", 8, (*StreamMix).xsetid},
	{"xgroup create", 15, (*StreamMix).xgroupCreate},
	{"xgroup setid", 8, func(x *StreamMix) []string {
		return x.with(append(x.streamGroup(), x.groupID()), 1, x.entriesRead)
	}},
	{"xgroup destroy", 5, (*StreamMix).streamGroup},
	{"xgroup createconsumer", 5, func(x *StreamMix) []string { return append(x.streamGroup(), x.consumer()) }},
	{"xgroup delconsumer", 6, func(x *StreamMix) []string { return append(x.streamGroup(), x.consumer()) }},
	{"xreadgroup", 30, (*StreamMix).xreadgroup},
	{"xack", 12, func(x *StreamMix) []string { return append(x.streamGroup(), x.streamIDs()...) }},
	{"xclaim", 20, (*StreamMix).xclaim},
	{"xautoclaim", 15, (*StreamMix).xautoclaim},
	{"xpending", 15, (*StreamMix).xpending},
	{"xinfo stream", 15, (*StreamMix).xinfoStream},
	{"xinfo groups", 6, func(x *StreamMix) []string { return drawKey(x.Mix) }},
	{"xinfo consumers", 8, (*StreamMix).streamGroup},
}

// idReach is how far IDs lie from those that were added last.
const idReach = 60

// streamID is the ID of an entry that was added lately, or nearly one.
func (x *StreamMix) streamID() string {
	millis := max(x.millis-x.Int64N(idReach), 0)
	switch x.IntN(12) {
	case 0:
		return strconv.FormatInt(millis, 10)
	case 1:
		return strconv.FormatInt(millis, 10) + "-" + strconv.Itoa(x.IntN(4))
	case 2:
		return strconv.FormatInt(x.Now-x.Int64N(idReach), 10) + "-0"
	case 3:
		return x.pick("0", "0-0", "0-1", "18446744073709551615-18446744073709551615", "18446744073709551615", "-", "+",
			"$", ">", "*", "", "x", "1-x", "1-*", "-1", " 1", "+5", "007-008", "1--1", "1- 2", "5-", "(", "(5", "1\x00-2",
			"18446744073709551616", "1-18446744073709551616", strings.Repeat("0", 127)+"1", strings.Repeat("0", 126)+"1")
	}
	return strconv.FormatInt(millis, 10) + "-0"
}

func (x *StreamMix) streamIDs() (ids []string) {
	for range 1 + x.IntN(6) {
		ids = append(ids, x.streamID())
	}
	return ids
}

// start and end are the bounds of a range.
func (x *StreamMix) start() string { return x.bound("-") }
func (x *StreamMix) end() string   { return x.bound("+") }

func (x *StreamMix) bound(edge string) string {
	switch x.IntN(6) {
	case 0, 1:
		return edge
	case 2:
		return "(" + x.streamID()
	case 3:
		return x.pick("-", "+", "(-", "(+", "(0-0", "(18446744073709551615-18446744073709551615", "( 1")
	}
	return x.streamID()
}

func (x *StreamMix) count() []string {
	return []string{Pick(x.Rand, "count"), x.pick("0", "1", "2", "3", "10", "10", "-1", "x", "9223372036854775807")}
}

// streamTrim is what XADD and XTRIM drop.
func (x *StreamMix) streamTrim() []string {
	bound := []string{Pick(x.Rand, "maxlen"), strconv.Itoa(x.IntN(4 * idReach))}
	switch x.IntN(8) {
	case 0:
		bound[1] = x.pick("0", "-1", "x", "9223372036854775807", "")
	case 1, 2, 3:
		bound = []string{Pick(x.Rand, "minid"), x.streamID()}
	}
	if x.IntN(2) == 0 {
		bound = []string{bound[0], x.pick("~", "~", "~", "=", "=", "x"), bound[1]}
	}
	return x.with(bound, 1, func() []string {
		return []string{Pick(x.Rand, "limit"), x.pick("0", "1", "50", "100", "150", "-1", "x")}
	})
}

// xadd mostly adds an entry behind the others, with the same fields as most.
func (x *StreamMix) xadd() []string {
	args := drawKey(x.Mix)
	if x.IntN(8) == 0 {
		args = append(args, Pick(x.Rand, "nomkstream"))
	}
	if x.IntN(6) == 0 {
		args = append(args, x.streamTrim()...)
	}
	x.millis += x.Int64N(3)
	switch millis := strconv.FormatInt(x.millis, 10); x.IntN(16) {
	case 0:
		args = append(args, x.streamID())
	case 1:
		args = append(args, "*")
	case 2, 3, 4:
		args = append(args, millis+"-*")
	case 5:
		args = append(args, strconv.FormatInt(x.Now, 10)+"-*")
	default:
		x.millis++
		args = append(args, strconv.FormatInt(x.millis, 10)+"-0")
	}
	field := x.pick("f", "f", "f", "f", "g", "12", "")
	args = append(args, field, x.entryText())
	for x.IntN(6) == 0 {
		args = append(args, x.pick("f", "g"), x.entryText())
	}
	return args
}

// entryText is a value of an entry: mostly short, now and then such that few of it fill a node of Redis.
func (x *StreamMix) entryText() string {
	if x.IntN(12) == 0 {
		return strings.Repeat("v", x.IntN(5000))
	}
	return x.value()
}

func (x *StreamMix) xsetid() []string {
	args := append(drawKey(x.Mix), x.streamID())
	if x.IntN(2) == 0 {
		args[1] = strconv.FormatInt(x.millis+x.Int64N(3), 10)
	}
	return x.with(args, 2, func() []string {
		if x.IntN(2) == 0 {
			return []string{Pick(x.Rand, "entriesadded"), x.pick("0", "7", "1000", "100000", "-1", "x")}
		}
		return []string{Pick(x.Rand, "maxdeletedid"), x.streamID()}
	})
}

// streamGroup is a key and a group; consumer is one of a group.
func (x *StreamMix) streamGroup() []string {
	return []string{x.key(), x.pick("g", "g", "g", "h", "", "\xff")}
}
func (x *StreamMix) consumer() string { return x.pick("alice", "bob", "alice", "bob", "", "\x00c") }

func (x *StreamMix) groupID() string {
	if x.IntN(3) > 0 {
		return x.pick("0", "$", "0", "-")
	}
	return x.streamID()
}

func (x *StreamMix) entriesRead() []string {
	return []string{Pick(x.Rand, "entriesread"), x.pick("0", "1", "10", "1000", "-1", "-2", "x")}
}

func (x *StreamMix) xgroupCreate() []string {
	args := append(x.streamGroup(), x.groupID())
	if x.IntN(2) == 0 {
		args = append(args, Pick(x.Rand, "mkstream"))
	}
	if x.IntN(4) == 0 {
		args = append(args, x.entriesRead()...)
	}
	return args
}

// streams are the keys of a read, and where each is read from.
func (x *StreamMix) streams(byGroup bool) []string {
	keys := x.keys()
	args := append([]string{Pick(x.Rand, "streams")}, keys...)
	for range keys {
		switch {
		case byGroup && x.IntN(3) > 0:
			args = append(args, ">")
		case x.IntN(3) == 0:
			args = append(args, x.pick("0", "0-0", "$"))
		default:
			args = append(args, x.streamID())
		}
	}
	return args
}

func (x *StreamMix) xreadgroup() []string {
	args := []string{Pick(x.Rand, "group"), x.streamGroup()[1], x.consumer()}
	args = x.with(args, 1, x.count)
	if x.IntN(6) == 0 {
		args = append(args, Pick(x.Rand, "noack"))
	}
	if x.IntN(3) > 0 {
		key := x.key() // more keys rarely have the group, all of them
		return append(args, "streams", key, x.pick(">", ">", ">", "0", x.streamID()))
	}
	return append(args, x.streams(true)...)
}

// idle is a time that an entry is idle for, or is not.
func (x *StreamMix) idle() string { return x.pick("0", "0", "0", "1", "3", "1000000", "-1", "x") }

func (x *StreamMix) xclaim() []string {
	args := append(append(x.streamGroup(), x.consumer(), x.idle()), x.streamIDs()...)
	return x.with(args, 3, func() []string {
		switch x.IntN(7) {
		case 0:
			return []string{Pick(x.Rand, "idle"), x.idle()}
		case 1:
			return []string{Pick(x.Rand, "time"), x.instant(1)}
		case 2:
			return []string{Pick(x.Rand, "retrycount"), x.pick("0", "1", "7", "-1", "x", "9223372036854775807")}
		case 3:
			return []string{Pick(x.Rand, "lastid"), x.streamID()}
		}
		return []string{Pick(x.Rand, "force force justid")}
	})
}

func (x *StreamMix) xautoclaim() []string {
	args := append(x.streamGroup(), x.consumer(), x.idle(), x.bound("0"))
	return x.with(args, 2, func() []string {
		if x.IntN(2) == 0 {
			return []string{Pick(x.Rand, "count"), x.pick("1", "2", "3", "7", "0", "-1", "x", "576460752303423488")}
		}
		return []string{Pick(x.Rand, "justid")}
	})
}

func (x *StreamMix) xpending() []string {
	args := x.streamGroup()
	if x.IntN(3) == 0 {
		return args
	}
	if x.IntN(3) == 0 {
		args = append(args, Pick(x.Rand, "idle"), x.idle())
	}
	args = append(args, x.start(), x.end(), x.pick("0", "1", "5", "10", "1000", "-1", "x"))
	if x.IntN(3) == 0 {
		args = append(args, x.consumer())
	}
	return args
}

func (x *StreamMix) xinfoStream() []string {
	args := drawKey(x.Mix)
	switch x.IntN(4) {
	case 0:
		return append(args, Pick(x.Rand, "full"))
	case 1:
		return append(append(args, Pick(x.Rand, "full")), x.count()...)
	}
	return args
}
