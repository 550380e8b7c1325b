package fsm

import (
	"math"
	"strconv"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// topicFunctions are those of the commands on topics.
var topicFunctions = []function{
	{of: command.RaftLogAppend, write: logAppend},
	{of: command.RaftLogInfo, read: logInfo},
	{of: command.RaftLogLimit, write: logLimit},
	{of: command.RaftLogRead, read: logRead},
	{of: command.RaftLogTrim, write: logTrim},
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
func topicOf(e *keyspace.Entry) (t *value.Topic, ok bool) {
	if e == nil {
		return nil, true
	}
	t, ok = e.Apart().(*value.Topic)
	return t, ok
}

// putTopic puts a topic in place of that of an entry, or of none.
func (m *Machine) putTopic(at keyspace.Place, key []byte, old *keyspace.Entry, t *value.Topic) {
	if old == nil {
		m.space.Put(at, key, keyspace.EntryOf(key, t))
	} else {
		m.space.Put(at, key, old.With(t))
	}
}

// logAppend is RAFT.LOG APPEND topic data.
//
// Each entry takes a number, so that the next number is above all indexes of all topics: a topic that is made later
// begins there. The first entry of a topic has the number itself, each other one the index behind the last.
func logAppend(m *Machine, c call) []byte {
	key, data := c.args[2], c.args[3]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	t, ok := topicOf(old)
	switch {
	case !ok:
		return c.wrongType()
	case len(data) > value.MaxTopicEntryBytes:
		return c.error(logEntryTooLong)
	}
	state, generation := m.space.Making()
	limits := topicDefaults
	if t != nil {
		limits = t.Limits()
	}
	switch {
	case isFull(t, limits, uint64(len(data))):
		return c.error(logFull(limits))
	case t == nil:
		t = value.NewTopic(m.space.NextNumber(), limits, state)
	default:
		m.space.NextNumber()
	}
	t = t.Appended(m.space.Now().Log, data, state, generation)
	if limits.Trims {
		t = t.Trimmed(t.Within(limits.Bytes, limits.Entries), state, generation)
	}
	m.putTopic(at, key, old, t)
	return c.integer(int64(t.Next() - 1))
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
func logLimit(m *Machine, c call) []byte {
	key := c.args[2]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	t, ok := topicOf(old)
	if !ok {
		return c.wrongType()
	}
	before := topicDefaults
	if t != nil {
		before = t.Limits()
	}
	limits, refusal := parseTopicLimits(c.args[3:], before)
	state, generation := m.space.Making()
	switch {
	case refusal != "":
		return c.error(refusal)
	case t == nil:
		t = value.NewTopic(m.space.NextNumber(), limits, state)
	case limits == before:
		return c.ok()
	default:
		t = t.Limited(limits, state)
	}
	if limits.Trims {
		t = t.Trimmed(t.Within(limits.Bytes, limits.Entries), state, generation)
	}
	m.putTopic(at, key, old, t)
	return c.ok()
}

func parseTopicLimits(args [][]byte, limits value.TopicLimits) (_ value.TopicLimits, refusal string) {
	for ; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			return limits, reply.Syntax
		}
		n, isNumber := number.Parse(args[1])
		switch word := args[1]; {
		case is(args[0], "BYTES") && (!isNumber || n < 1 || n > maxTopicBytes):
			return limits, logBytesInvalid
		case is(args[0], "ENTRIES") && (!isNumber || n < 1 || n > maxTopicEntries):
			return limits, logNumberInvalid
		case is(args[0], "BYTES"):
			limits.Bytes = uint64(n)
		case is(args[0], "ENTRIES"):
			limits.Entries = uint64(n)
		case is(args[0], "FULL") && is(word, "TRIM"):
			limits.Trims = true
		case is(args[0], "FULL") && is(word, "REFUSE"):
			limits.Trims = false
		default:
			return limits, reply.Syntax
		}
	}
	return limits, ""
}

// logTrim is RAFT.LOG TRIM topic BEFORE index|BYTES n|AGE ms.
func logTrim(m *Machine, c call) []byte {
	key := c.args[2]
	at := m.space.Place(key)
	old := m.space.Find(at, key)
	t, ok := topicOf(old)
	n, isNumber := number.Parse(c.args[4])
	switch {
	case !is(c.args[3], "BEFORE") && !is(c.args[3], "BYTES") && !is(c.args[3], "AGE"):
		return c.error(reply.Syntax)
	case !isNumber || n < 0:
		return c.error(reply.NotInteger)
	case !ok:
		return c.wrongType()
	case t == nil:
		return c.integer(0)
	}
	before := uint64(n)
	switch {
	case is(c.args[3], "BYTES"):
		before = t.Within(before, math.MaxUint64)
	case is(c.args[3], "AGE"):
		before = t.Since(m.space.Now().Log - n)
	}
	before = min(max(before, t.First()), t.Next())
	dropped := before - t.First()
	if dropped > 0 {
		state, generation := m.space.Making()
		m.putTopic(at, key, old, t.Trimmed(before, state, generation))
	}
	return c.integer(int64(dropped))
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
		case is(args[0], "COUNT"):
			if !isNumber || n < 1 {
				return o, logCountInvalid
			}
			o.count = uint64(n)
		case is(args[0], "BLOCK"):
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
func logRead(v view, c call) []byte {
	o, refusal := parseLogRead(c.args[4:])
	t, ok := topicOf(v.get(c.args[2]))
	switch {
	case refusal != "":
		return c.error(refusal)
	case !ok:
		return c.wrongType()
	}
	after, refusal := logPosition(v, t, c.args[3])
	switch {
	case refusal != "":
		return c.error(refusal)
	case t == nil || max(after+1, t.First()) == t.Next():
		return c.nothingYet(o, after)
	}
	return c.entries(t, max(after+1, t.First()), o.count)
}

// logPosition is the index behind which a read begins. Without a topic it is that of a topic yet to come, 0 for its
// beginning.
func logPosition(v view, t *value.Topic, text []byte) (after uint64, refusal string) {
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
	case t == nil && after > v.space.LastNumber():
		return 0, logAhead(v.space.LastNumber())
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
func (c call) nothingYet(o logReadOptions, after uint64) []byte {
	if o.waits && c.run != nil && c.run.MayWait {
		c.run.Waiting = command.Waiting{Wanted: true, Millis: o.millis}
		if string(c.args[3]) == "$" {
			c.args[3] = strconv.AppendUint(nil, after, 10)
		}
	}
	return reply.NullArray(c.reply, c.protocol)
}

// entries answers with up to count entries from an index on, at least one, each with its index.
func (c call) entries(t *value.Topic, from, count uint64) []byte {
	var some [64][]byte
	found, bytes := some[:0], 0
	t.Each(from, func(_ uint64, _ int64, data []byte) bool {
		size := len(data) + logEntryOverhead
		if len(found) > 0 && (bytes+size > maxReadBytes || !c.fits(bytes+size)) {
			return false
		}
		found, bytes = append(found, data), bytes+size
		return uint64(len(found)) < count
	})
	if !c.fits(bytes) {
		return c.tooLong()
	}
	c.reply = reply.ArrayHeader(c.reply, len(found))
	for i, data := range found {
		c.reply = reply.Integer(reply.ArrayHeader(c.reply, 2), int64(from+uint64(i)))
		if text := command.FixedReply(data); c.isLong(len(data)) && c.mayHold(text) { // it never changes
			c.reply = reply.BulkHeader(c.reply, len(data))
			c.run.Long.Add(len(c.reply), text, 0, len(data))
			c.reply = append(c.reply, "\r\n"...)
			continue
		}
		c.reply = reply.Bulk(c.reply, data)
	}
	return c.reply
}

// logEntryOverhead is more than the encoding adds to an entry.
const logEntryOverhead = 64

// logInfo is RAFT.LOG INFO topic: names and values.
func logInfo(v view, c call) []byte {
	t, ok := topicOf(v.get(c.args[2]))
	switch {
	case !ok:
		return c.wrongType()
	case t == nil:
		return c.error(reply.NoSuchKey)
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
	c.reply = reply.MapHeader(c.reply, c.protocol, len(fields)+1)
	for _, f := range fields {
		c.reply = reply.Integer(reply.BulkString(c.reply, f.name), int64(f.value))
	}
	return reply.BulkString(reply.BulkString(c.reply, "when-full"), full)
}

// age is how long ago a moment of log time was, 0 for a topic without entries.
func age(v view, t *value.Topic, time int64) uint64 {
	if t.Len() == 0 {
		return 0
	}
	return uint64(max(v.now.Log-time, 0))
}

// renamed is an entry under another key. A topic gets new indexes, above all before: a reader that knows an index of
// either key would otherwise take another entry for the one behind it. refusal is why there is no such entry, empty if
// there is.
func (m *Machine) renamed(e *keyspace.Entry, key []byte) (fresh keyspace.Entry, refusal string) {
	fresh = e.Under(key)
	t, ok := fresh.Apart().(*value.Topic)
	if !ok {
		return fresh, ""
	}
	count := max(t.Len(), 1)
	if !m.space.HasNumbers(count) {
		return fresh, logOutOfIndexes
	}
	state, _ := m.space.Making()
	return fresh.With(t.Renumbered(m.space.NextNumbers(count), state)), ""
}
