package fsm

import (
	"math"
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// topicFunctions are those of the commands on topics.
var topicFunctions = []exec.Function{
	{Of: data.RaftLogAppend, Write: logAppend},
	{Of: data.RaftLogInfo, Read: logInfo},
	{Of: data.RaftLogLimit, Write: logLimit},
	{Of: data.RaftLogRead, Read: logRead},
	{Of: data.RaftLogTrim, Write: logTrim},
}

// messageFunctions are those of the commands that send messages which nothing keeps.
var messageFunctions = []exec.Function{
	{Of: data.Publish, Write: publish},
	{Of: data.SPublish, Write: publishSharded},
}

// Bounds of topics. Apply looks at them, so they are constants, and what a user changes is in the topic: see
// RAFT.LOG LIMIT.
const (
	defaultTopicBytes   = 1 << 30
	defaultTopicEntries = 1 << 24
	// maxTopicBytes and maxTopicEntries are the largest limits that a topic can have: a freeze costs the next append a
	// copy of one pointer for each 64 KiB.
	maxTopicBytes   = 1 << 36
	maxTopicEntries = 1 << 32
	// defaultReadEntries is how many entries a read without COUNT answers. maxReadBytes is how many bytes of entries it
	// answers at most, but for the last: the reader asks again from the last index that it got.
	defaultReadEntries = 1000
	maxReadBytes       = 1 << 20
)

var topicDefaults = value.TopicLimits{Bytes: defaultTopicBytes, Entries: defaultTopicEntries}

// Error texts. The second word of TRIMMED and AHEAD is a number for programs.
const (
	logEntryTooLong  = "ERR an entry of a topic has at most 16777216 bytes"
	logIndexInvalid  = "ERR after-index is neither an index nor $ nor -"
	logCountInvalid  = "ERR COUNT must be an integer above 0"
	logBlockInvalid  = "ERR BLOCK must be a number of milliseconds, or 0 to wait for ever"
	logBytesInvalid  = "ERR BYTES must be an integer from 1 to 68719476736"
	logNumberInvalid = "ERR ENTRIES must be an integer from 1 to 4294967296"
)

// logOutOfIndexes refuses to give a topic indexes above keyspace.MaxNumber.
const logOutOfIndexes = "ERR the topic would get indexes above 2305843009213693952, the largest: it stays where it " +
	"is, and RAFT.LOG READ and APPEND copy its entries"

func logTrimmed(first uint64) string {
	return "TRIMMED " + strconv.FormatUint(first, 10) + " is the first index of the topic, and entries between the " +
		"index given and that are gone: they were trimmed, or the topic was made anew. " +
		"Read it from there by RAFT.LOG READ topic -"
}

func logAhead(newest uint64) string {
	return "AHEAD " + strconv.FormatUint(newest, 10) + " is the newest index, and the index given is above it: it is " +
		"that of another topic or cluster, or this node answers from older state (RAFT.READ STALE)"
}

func logFull(limits value.TopicLimits) string {
	return "TOPICFULL the topic may hold " + strconv.FormatUint(limits.Entries, 10) + " entries of together " +
		strconv.FormatUint(limits.Bytes, 10) + " bytes: RAFT.LOG TRIM makes room, RAFT.LOG LIMIT raises the limits"
}

// topicOf gives the topic of an entry, nil for no entry. ok is false if the value is of another kind.
func topicOf(e *keyspace.Entry) (t *value.Topic, ok bool) { return exec.ValueOf[*value.Topic](e) }

// logAppend is RAFT.LOG APPEND topic data.
//
// Each entry takes a number, so that the next number is above all indexes of all topics: a topic that is made later
// begins there. The first entry of a topic has the number itself, each other one the index behind the last.
func logAppend(w *exec.Writer, c exec.Call) []byte {
	data := c.Args[3]
	topic, ok := exec.TargetOf[*value.Topic](w, c.Args[2])
	t := topic.Value
	switch {
	case !ok:
		return c.WrongType()
	case len(data) > value.MaxTopicEntryBytes:
		return c.Error(logEntryTooLong)
	}
	state, generation := w.Making()
	limits := topicDefaults
	if t != nil {
		limits = t.Limits()
	}
	switch {
	case isFull(t, limits, uint64(len(data))):
		return c.Error(logFull(limits))
	case t == nil:
		t = value.NewTopic(w.NextNumber(), limits, state)
	default:
		w.NextNumber()
	}
	t = t.Appended(w.Now().Log, data, state, generation)
	if limits.Trims {
		t = t.Trimmed(t.Within(limits.Bytes, limits.Entries), state, generation)
	}
	topic.Put(t)
	return c.Integer(int64(t.Next() - 1))
}

// isFull reports whether a topic, nil for a new one, takes no entry of so many bytes.
func isFull(t *value.Topic, limits value.TopicLimits, bytes uint64) bool {
	if bytes > limits.Bytes || t == nil || limits.Trims {
		return bytes > limits.Bytes
	}
	return t.Len() >= limits.Entries || t.Bytes() > limits.Bytes-bytes
}

// logLimit is RAFT.LOG LIMIT topic [BYTES n] [ENTRIES n] [FULL REFUSE|TRIM]. What stands in the topic beyond limits
// that refuse stays.
func logLimit(w *exec.Writer, c exec.Call) []byte {
	topic, ok := exec.TargetOf[*value.Topic](w, c.Args[2])
	t := topic.Value
	if !ok {
		return c.WrongType()
	}
	before := topicDefaults
	if t != nil {
		before = t.Limits()
	}
	limits, refusal := parseTopicLimits(c.Args[3:], before)
	state, generation := w.Making()
	switch {
	case refusal != "":
		return c.Error(refusal)
	case t == nil:
		t = value.NewTopic(w.NextNumber(), limits, state)
	case limits == before:
		return c.OK()
	default:
		t = t.Limited(limits, state)
	}
	if limits.Trims {
		t = t.Trimmed(t.Within(limits.Bytes, limits.Entries), state, generation)
	}
	topic.Put(t)
	return c.OK()
}

func parseTopicLimits(args [][]byte, limits value.TopicLimits) (_ value.TopicLimits, refusal string) {
	for ; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			return limits, reply.Syntax
		}
		n, isNumber := number.Parse(args[1])
		switch word := args[1]; {
		case exec.Is(args[0], "BYTES") && (!isNumber || n < 1 || n > maxTopicBytes):
			return limits, logBytesInvalid
		case exec.Is(args[0], "ENTRIES") && (!isNumber || n < 1 || n > maxTopicEntries):
			return limits, logNumberInvalid
		case exec.Is(args[0], "BYTES"):
			limits.Bytes = uint64(n)
		case exec.Is(args[0], "ENTRIES"):
			limits.Entries = uint64(n)
		case exec.Is(args[0], "FULL") && exec.Is(word, "TRIM"):
			limits.Trims = true
		case exec.Is(args[0], "FULL") && exec.Is(word, "REFUSE"):
			limits.Trims = false
		default:
			return limits, reply.Syntax
		}
	}
	return limits, ""
}

// logTrim is RAFT.LOG TRIM topic BEFORE index|BYTES n|AGE ms.
func logTrim(w *exec.Writer, c exec.Call) []byte {
	topic, ok := exec.TargetOf[*value.Topic](w, c.Args[2])
	t := topic.Value
	n, isNumber := number.Parse(c.Args[4])
	switch {
	case !exec.Is(c.Args[3], "BEFORE") && !exec.Is(c.Args[3], "BYTES") && !exec.Is(c.Args[3], "AGE"):
		return c.Error(reply.Syntax)
	case !isNumber || n < 0:
		return c.Error(reply.NotInteger)
	case !ok:
		return c.WrongType()
	case t == nil:
		return c.Integer(0)
	}
	before := uint64(n)
	switch {
	case exec.Is(c.Args[3], "BYTES"):
		before = t.Within(before, math.MaxUint64)
	case exec.Is(c.Args[3], "AGE"):
		before = t.Since(w.Now().Log - n)
	}
	before = min(max(before, t.First()), t.Next())
	dropped := before - t.First()
	if dropped > 0 {
		state, generation := w.Making()
		topic.Put(t.Trimmed(before, state, generation))
	}
	return c.Integer(int64(dropped))
}

// logReadOptions are those of RAFT.LOG READ.
type logReadOptions struct {
	count uint64
	waits bool
	// millis is for how long, 0 for ever.
	millis int64
}

func parseLogRead(args [][]byte) (o logReadOptions, refusal string) {
	o.count = defaultReadEntries
	for ; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			return o, reply.Syntax
		}
		n, isNumber := number.Parse(args[1])
		switch {
		case exec.Is(args[0], "COUNT"):
			if !isNumber || n < 1 {
				return o, logCountInvalid
			}
			o.count = uint64(n)
		case exec.Is(args[0], "BLOCK"):
			if !isNumber || n < 0 {
				return o, logBlockInvalid
			}
			o.waits, o.millis = true, n
		default:
			return o, reply.Syntax
		}
	}
	return o, ""
}

// logRead is RAFT.LOG READ topic after-index [COUNT n] [BLOCK ms]. It answers entries only where none is missing
// between the index and the first of them: see docs/decisions/0050.
func logRead(v exec.View, c exec.Call) []byte {
	o, refusal := parseLogRead(c.Args[4:])
	t, ok := topicOf(v.Get(c.Args[2]))
	switch {
	case refusal != "":
		return c.Error(refusal)
	case !ok:
		return c.WrongType()
	}
	after, refusal := logPosition(v, t, c.Args[3])
	switch {
	case refusal != "":
		return c.Error(refusal)
	case t == nil || max(after+1, t.First()) == t.Next():
		return nothingYet(c, o, after)
	}
	return entries(c, t, max(after+1, t.First()), o.count)
}

// logPosition is the index behind which a read begins. Without a topic it is that of a topic yet to come, 0 for its
// beginning.
func logPosition(v exec.View, t *value.Topic, text []byte) (after uint64, refusal string) {
	isWord := len(text) == 1 && (text[0] == '$' || text[0] == '-')
	n, isNumber := number.Parse(text)
	after = uint64(n)
	switch {
	case !isWord && (!isNumber || n < 0):
		return 0, logIndexInvalid
	case isWord && t == nil:
		return 0, ""
	case isWord && text[0] == '$':
		return t.Next() - 1, ""
	case isWord:
		return t.First() - 1, ""
	case t == nil && after > v.Space.LastNumber():
		return 0, logAhead(v.Space.LastNumber())
	case t == nil:
		return after, ""
	case after >= t.Next():
		return 0, logAhead(t.Next() - 1)
	case after+1 < t.First() && (after > 0 || t.Trimmings() > 0):
		return 0, logTrimmed(t.First())
	}
	return after, ""
}

// nothingYet answers null. If the client waits, `$` becomes the index for which it stood.
func nothingYet(c exec.Call, o logReadOptions, after uint64) []byte {
	if o.waits && c.Wait(o.millis) && string(c.Args[3]) == "$" {
		c.Args[3] = strconv.AppendUint(nil, after, 10)
	}
	return c.NullArray()
}

// entries answers with up to count entries from an index on, at least one, each with its index.
func entries(c exec.Call, t *value.Topic, from, count uint64) []byte {
	var some [64][]byte
	found, bytes := some[:0], 0
	t.Each(from, func(_ uint64, _ int64, data []byte) bool {
		size := len(data) + logEntryOverhead
		if len(found) > 0 && (bytes+size > maxReadBytes || !c.Fits(bytes+size)) {
			return false
		}
		found, bytes = append(found, data), bytes+size
		return uint64(len(found)) < count
	})
	if !c.Fits(bytes) {
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, len(found))
	for i, data := range found {
		c.Reply = reply.Integer(reply.ArrayHeader(c.Reply, 2), int64(from+uint64(i)))
		c.Reply = c.BulkLasting(data)
	}
	return c.Reply
}

// logEntryOverhead is more than the encoding adds to an entry.
const logEntryOverhead = 64

// logInfo is RAFT.LOG INFO topic: names and values.
func logInfo(v exec.View, c exec.Call) []byte {
	t, ok := topicOf(v.Get(c.Args[2]))
	switch {
	case !ok:
		return c.WrongType()
	case t == nil:
		return c.Error(reply.NoSuchKey)
	}
	full, limits := "refuse", t.Limits()
	if limits.Trims {
		full = "trim"
	}
	fields := []struct {
		name  string
		value uint64
	}{
		{"entries", t.Len()}, {"bytes", t.Bytes()}, {"first-index", t.First()}, {"last-index", t.Next() - 1},
		{"trimmed", t.Trimmings()}, {"limit-bytes", limits.Bytes}, {"limit-entries", limits.Entries},
		{"oldest-age-ms", age(v, t, t.FirstTime())}, {"newest-age-ms", age(v, t, t.LastTime())},
	}
	c.Reply = reply.MapHeader(c.Reply, c.Protocol, len(fields)+1)
	for _, f := range fields {
		c.Reply = reply.Integer(reply.BulkString(c.Reply, f.name), int64(f.value))
	}
	return reply.BulkString(reply.BulkString(c.Reply, "when-full"), full)
}

// age is how long ago a moment of log time was, 0 for a topic without entries.
func age(v exec.View, t *value.Topic, time int64) uint64 {
	if t.Len() == 0 {
		return 0
	}
	return uint64(max(v.Now.Log-time, 0))
}

// renamed is an entry under another key. A topic gets new indexes, above all before: a reader that knows an index of
// either key would otherwise take another entry for the one behind it. refusal is why there is no such entry, empty if
// there is.
func renamed(w *exec.Writer, e *keyspace.Entry, key []byte) (fresh keyspace.Entry, refusal string) {
	fresh = e.Under(key)
	t, ok := fresh.Apart().(*value.Topic)
	if !ok {
		return fresh, ""
	}
	count := max(t.Len(), 1)
	if !w.HasNumbers(count) {
		return fresh, logOutOfIndexes
	}
	state, _ := w.Making()
	return fresh.With(t.Renumbered(w.NextNumbers(count), state)), ""
}

// publish is PUBLISH channel message. Each node hands the message to its own clients, at this place of the log, and
// nothing of the state changes.
func publish(w *exec.Writer, c exec.Call) []byte { return send(w, c, false) }

// publishSharded is SPUBLISH shardchannel message.
func publishSharded(w *exec.Writer, c exec.Call) []byte { return send(w, c, true) }

// send answers with how many clients of this node got the message. A reply that RAFT.ONCE keeps is the same on all
// nodes: it is OK.
func send(w *exec.Writer, c exec.Call, sharded bool) []byte {
	receivers := w.Publish(c.Args[1], c.Args[2], sharded)
	if c.IsKept() {
		return c.OK()
	}
	return c.Integer(int64(receivers))
}
