package streams

import (
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of XREAD and XREADGROUP, to the letter those of Redis.
const (
	timeoutInvalid   = "ERR timeout is not an integer or out of range"
	timeoutNegative  = "ERR timeout is negative"
	timeoutTooLong   = "ERR timeout is out of range"
	groupOnlyByGroup = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."
	noAckOnlyByGroup = "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."
	groupMissing     = "ERR Missing GROUP option for XREADGROUP"
	newOnlyByGroup   = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> " +
		"<consumer> option."
)

// forward is XRANGE key start end [COUNT n].
func forward(v exec.View, c exec.Call) []byte { return ranged(v, c, c.Args[2], c.Args[3], entriesFrom) }

// backward is XREVRANGE key end start [COUNT n].
func backward(v exec.View, c exec.Call) []byte {
	return ranged(v, c, c.Args[3], c.Args[2], entriesBack)
}

// ranged answers with the entries of a range, as a function walks through them.
func ranged(v exec.View, c exec.Call, start, end []byte,
	through func(t *value.Stream, from, upto value.StreamID, count int64) walk) []byte {
	from, refusal := parseStart(start)
	if refusal != "" {
		return c.Error(refusal)
	}
	upto, refusal := parseEnd(end)
	if refusal != "" {
		return c.Error(refusal)
	}
	count, refusal := parseCount(c.Args[4:])
	if refusal != "" {
		return c.Error(refusal)
	}
	t, ok := streamOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case t == nil:
		return reply.ArrayHeader(c.Reply, 0)
	case count == 0:
		return c.NullArray()
	}
	return entries(c, through(t, from, upto, max(count, 0)))
}

// parseCount reads [COUNT n]: -1 without it, 0 for a negative one.
func parseCount(args [][]byte) (count int64, refusal string) {
	count = -1
	for ; len(args) > 0; args = args[2:] {
		if len(args) == 1 || !exec.Is(args[0], "COUNT") {
			return count, reply.Syntax
		}
		n, ok := number.Parse(args[1])
		if !ok {
			return count, reply.NotInteger
		}
		count = max(n, 0)
	}
	return count, ""
}

// readOptions are those of XREAD and XREADGROUP.
type readOptions struct {
	// count is 0 without a bound. waits is BLOCK, millis for how long, 0 for ever.
	count  int64
	waits  bool
	millis int64
	// byGroup says that the command is XREADGROUP; group is nil without the option.
	byGroup         bool
	group, consumer []byte
	noAck           bool
	// keys are the streams, and ids the arguments that say from where on each is read.
	keys, ids [][]byte
}

// parseRead reads the arguments of XREAD, or of XREADGROUP. now is wall time. refusal is an error, empty if there is
// none.
func parseRead(args [][]byte, byGroup bool, now int64) (o readOptions, refusal string) {
	o.byGroup = byGroup
	for i := 1; i < len(args) && o.keys == nil; i++ {
		more := len(args) - 1 - i
		switch arg := args[i]; {
		case more > 0 && exec.Is(arg, "BLOCK"):
			i++
			o.waits = true
			o.millis, refusal = parseTimeout(args[i], now)
		case more > 0 && exec.Is(arg, "COUNT"):
			i++
			var ok bool
			if o.count, ok = number.Parse(args[i]); !ok {
				refusal = reply.NotInteger
			}
			o.count = max(o.count, 0)
		case more > 0 && exec.Is(arg, "STREAMS"):
			refusal = o.parseStreams(args[i+1:])
		case more > 1 && exec.Is(arg, "GROUP"):
			if !byGroup {
				refusal = groupOnlyByGroup
			}
			o.group, o.consumer = args[i+1], args[i+2]
			i += 2
		case exec.Is(arg, "NOACK"):
			if o.noAck = true; !byGroup {
				refusal = noAckOnlyByGroup
			}
		default:
			refusal = reply.Syntax
		}
		if refusal != "" {
			return o, refusal
		}
	}
	switch {
	case o.keys == nil:
		return o, reply.Syntax
	case byGroup && o.group == nil:
		return o, groupMissing
	}
	return o, ""
}

// parseStreams reads what follows STREAMS.
func (o *readOptions) parseStreams(args [][]byte) (refusal string) {
	if len(args)%2 == 1 {
		name, word := "xread", "$"
		if o.byGroup {
			name, word = "xreadgroup", ">"
		}
		return "ERR Unbalanced '" + name + "' list of streams: for each stream key an ID or '" + word +
			"' must be specified."
	}
	o.keys, o.ids = args[:len(args)/2], args[len(args)/2:]
	return ""
}

// parseTimeout reads a number of milliseconds to wait, such that the end of the wait is still a moment.
func parseTimeout(text []byte, now int64) (millis int64, refusal string) {
	millis, ok := number.Parse(text)
	switch {
	case !ok:
		return 0, timeoutInvalid
	case millis < 0:
		return 0, timeoutNegative
	case now > 0 && millis > maxMoment-now:
		return 0, timeoutTooLong
	}
	return millis, ""
}

// maxMoment is the last moment that there is.
const maxMoment = 1<<63 - 1

// source is a stream from which a read answers, behind an ID.
type source struct {
	key     []byte
	through walk
	count   int
}

// read is XREAD [COUNT n] [BLOCK ms] STREAMS key … ID …
func read(v exec.View, c exec.Call) []byte {
	o, refusal := parseRead(c.Args, false, v.Now.Wall)
	if refusal != "" {
		return c.Error(refusal)
	}
	behind := make([]value.StreamID, len(o.keys))
	streams := make([]*value.Stream, len(o.keys))
	for i, key := range o.keys {
		var ok bool
		if streams[i], ok = streamOf(v.Get(key)); !ok && !c.HasWaited() {
			return c.WrongType()
		}
		if behind[i], refusal = readBehind(streams[i], o.ids[i]); refusal != "" {
			return c.Error(refusal)
		}
	}
	found, bytes, fits, long := readable(c, &o, streams, behind)
	switch {
	case long:
		return c.Reply
	case !fits || !c.Fits(bytes):
		return c.TooLong()
	case len(found) == 0:
		return nothingNew(c, &o, behind)
	}
	c.Reply = readingsHeader(c, len(found))
	for _, r := range found {
		c.Reply = readingHeader(c, r.key)
		c.Reply = appendEntries(c, r.count, r.through)
	}
	return c.Reply
}

// readBehind is the ID behind which a stream, nil for none, is read.
func readBehind(t *value.Stream, text []byte) (id value.StreamID, refusal string) {
	switch {
	case string(text) == "$" && t == nil:
		return id, ""
	case string(text) == "$":
		return t.Last(), ""
	case string(text) == ">":
		return id, newOnlyByGroup
	}
	return refusedUnless(parseID(text, 0))
}

// readable are the streams that have entries behind their IDs, and more bytes than these have in a reply. fits is false
// if the replies may not grow so much, long true if that is too much work here.
func readable(c exec.Call, o *readOptions, streams []*value.Stream, behind []value.StreamID) (found []source,
	bytes int, fits, long bool) {
	uncounted := 0
	for i, t := range streams {
		if t == nil || t.Newest().Compare(behind[i]) <= 0 {
			continue
		}
		from, _ := behind[i].Next()
		r := source{key: o.keys[i], through: entriesFrom(t, from, value.MaxStreamID(), o.count)}
		var more int
		if r.count, more, fits, long = weighed(c, r.through); !fits || long || c.CopiesMore(&uncounted, more) {
			return nil, 0, fits, fits
		}
		found, bytes = append(found, r), bytes+more+len(r.key)+entryBytes
	}
	return found, bytes, true, false
}

// nothingNew answers null. If the client waits, `$` becomes the ID for which it stood.
func nothingNew(c exec.Call, o *readOptions, behind []value.StreamID) []byte {
	if o.waits && c.Wait(o.millis) {
		for i, text := range o.ids {
			if string(text) == "$" {
				o.ids[i] = behind[i].Append(nil)
			}
		}
	}
	return c.NullArray()
}

// readingsHeader begins the answer of a read from so many streams, readingHeader that of one of them.
func readingsHeader(c exec.Call, count int) []byte {
	if c.Protocol == reply.RESP2 {
		return reply.ArrayHeader(c.Reply, count)
	}
	return reply.MapHeader(c.Reply, c.Protocol, count)
}

func readingHeader(c exec.Call, key []byte) []byte {
	if c.Protocol == reply.RESP2 {
		c.Reply = reply.ArrayHeader(c.Reply, 2)
	}
	return c.Bulk(key)
}

// bulkNumber answers with a number as a string.
func bulkNumber(dst []byte, n int) []byte { return reply.BulkString(dst, strconv.Itoa(n)) }
