package hyperloglog

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
)

// Errors, to the letter those of Redis.
const (
	invalid    = "WRONGTYPE Key is not a valid HyperLogLog string value."
	corrupted  = "INVALIDOBJ Corrupted HLL object detected"
	noSuchKey  = "ERR The specified key does not exist"
	notSparse  = "ERR HLL encoding is not sparse"
	testFailed = "TESTFAILED "
)

// Functions are those of the commands on HyperLogLogs.
var Functions = []exec.Function{
	{Of: data.PFAdd, Write: add},
	{Of: data.PFCount, Read: countAll, Write: countKeeping},
	{Of: data.PFDebug, Write: debug},
	{Of: data.PFMerge, Write: merge},
	{Of: data.PFSelfTest, Read: selfTest},
}

// textOf gives the string of an entry that is a HyperLogLog. refusal is an error, empty if it is one.
func textOf(e *keyspace.Entry) (text value.String, refusal string) {
	text, ok := exec.TextOf(e)
	if !ok {
		return text, reply.WrongType
	}
	var header [encodingAt + 1]byte
	if text.Len() < headerBytes {
		return text, invalid
	}
	text.ReadAt(header[:], 0)
	encoding := header[encodingAt]
	if string(header[:encodingAt]) != magic || encoding > sparse || encoding == dense && text.Len() != denseBytes {
		return text, invalid
	}
	return text, ""
}

// bytesOf is textOf, with a copy of the bytes.
func bytesOf(e *keyspace.Entry) (b []byte, refusal string) {
	text, refusal := textOf(e)
	if refusal != "" {
		return nil, refusal
	}
	return text.Append(make([]byte, 0, text.Len())), ""
}

// put stores a HyperLogLog in place of an entry, or of none. The key keeps its deadline.
func put(w *exec.Writer, at keyspace.Place, key []byte, old *keyspace.Entry, b []byte) {
	w.Put(at, key, w.NewEntry(key, b).Keeping(old))
}

// tooSmall reports whether the strings of a cluster are too short for a dense HyperLogLog: then nothing is written.
func tooSmall(w *exec.Writer) bool { return w.MaxValueBytes() < denseBytes }

// add is PFADD key [element …].
func add(w *exec.Writer, c exec.Call) []byte {
	key, elements := c.Args[1], c.Args[2:]
	if tooSmall(w) {
		return c.Error(reply.StringTooLong)
	}
	at := w.Place(key)
	old := w.Find(at, key)
	if old == nil {
		b, _, _ := raiseAll(newSparse(), elements, w.Layout().SparseBytes)
		outdate(b)
		put(w, at, key, nil, b)
		return c.Integer(1)
	}
	text, refusal := textOf(old)
	if refusal != "" {
		return c.Error(refusal)
	}
	if text.ByteAt(encodingAt) == dense {
		return c.Integer(addDense(w, at, key, *old, elements))
	}
	b, raised, ok := raiseAll(text.Append(make([]byte, 0, text.Len())), elements, w.Layout().SparseBytes)
	if raised { // also before damage was found, as in Redis
		put(w, at, key, old, b)
	}
	switch {
	case !ok:
		return c.Error(corrupted)
	case raised:
		return c.Integer(1)
	}
	return c.Integer(0)
}

// raiseAll raises the registers of elements, until damage is found, and reports whether it changed any.
func raiseAll(b []byte, elements [][]byte, maxSparse int) (made []byte, raised, ok bool) {
	var known *maxima // nil: the string is dense, or damaged, or the elements are few
	if len(elements) >= data.ManyElements && b[encodingAt] == sparse {
		if known = new(maxima); !known.add(b) {
			known = nil
		}
	}
	for _, element := range elements {
		index, count := place(element)
		if known != nil && known[index] >= count {
			continue
		}
		var became outcome
		if b, became = raise(b, index, count, maxSparse); became == damaged {
			return b, raised, false
		}
		raised = raised || became == changed
		if known != nil {
			known[index] = count
		}
	}
	return b, raised, true
}

// addDense raises registers of a dense HyperLogLog where they lie, and answers 1 if it changed any.
func addDense(w *exec.Writer, at keyspace.Place, key []byte, e keyspace.Entry, elements [][]byte) (raised int64) {
	text, _ := exec.TextOf(&e)
	for _, element := range elements {
		index, count := place(element)
		begin, shift := denseAt(index)
		begin += headerBytes
		var room [2]byte // the last register ends with the string
		pair := room[:min(len(room), denseBytes-begin)]
		text.ReadAt(pair, begin)
		if registerIn(pair, shift) >= count {
			continue
		}
		raised = 1
		setRegisterIn(pair, shift, count)
		e = w.Overwritten(&e, begin, pair)
		text, _ = exec.TextOf(&e)
	}
	if raised == 0 {
		return 0
	}
	if last := text.ByteAt(staleAt); last&stale == 0 {
		e = w.Overwritten(&e, staleAt, []byte{last | stale})
	}
	w.Put(at, key, e)
	return 1
}

// countAll is PFCOUNT key …: of several keys, the estimate for their union.
func countAll(v exec.View, c exec.Call) []byte {
	keys := c.Args[1:]
	if len(keys) == 1 {
		return countOne(v, c)
	}
	if c.IsTooMuch(data.RegisterWork * len(keys)) {
		return c.Reply
	}
	var union maxima
	if _, refusal := union.addAll(keys, v.Get); refusal != "" {
		return c.Error(refusal)
	}
	h := union.histogram()
	return c.Integer(h.estimate())
}

// addAll adds the HyperLogLogs at keys. refusal is an error, empty if there is none.
func (m *maxima) addAll(keys [][]byte, get func(key []byte) *keyspace.Entry) (anyDense bool, refusal string) {
	for _, key := range keys {
		e := get(key)
		if e == nil {
			continue
		}
		b, refusal := bytesOf(e)
		switch {
		case refusal != "":
			return false, refusal
		case !m.add(b):
			return false, corrupted
		}
		anyDense = anyDense || b[encodingAt] == dense
	}
	return anyDense, ""
}

// countOne is PFCOUNT key: the answer that the string has, or else an estimate, which the call keeps there if it may.
func countOne(v exec.View, c exec.Call) []byte {
	e := v.Space.Get(c.Args[1])
	if e == nil {
		v.Lookups.Count(false)
		return c.Integer(0)
	}
	text, refusal := textOf(e)
	kept, isKept := int64(0), false
	if refusal == "" {
		kept, isKept = keptIn(text)
	}
	if refusal == "" && !isKept && (c.Fill() || c.IsTooMuch(data.RegisterWork)) {
		return c.Reply
	}
	v.Lookups.Count(true)
	switch {
	case refusal != "":
		return c.Error(refusal)
	case isKept:
		return c.Integer(kept)
	}
	elements, ok := count(text.Append(nil))
	if !ok {
		return c.Error(corrupted)
	}
	return c.Integer(elements)
}

// countKeeping is PFCOUNT key where it is a write: it leaves its answer in the string, unless that has it.
func countKeeping(w *exec.Writer, c exec.Call) []byte {
	key := c.Args[1]
	at := w.Place(key)
	e := c.Read(w.Find(at, key))
	if e == nil {
		return c.Integer(0)
	}
	text, refusal := textOf(e)
	if refusal != "" {
		return c.Error(refusal)
	}
	if kept, ok := keptIn(text); ok {
		return c.Integer(kept)
	}
	elements, ok := count(text.Append(nil))
	if !ok {
		return c.Error(corrupted)
	}
	w.Put(at, key, w.Overwritten(e, cardinality, binary.LittleEndian.AppendUint64(nil, uint64(elements))))
	return c.Integer(elements)
}

// merge is PFMERGE destination [source …]. The destination is a source as well.
func merge(w *exec.Writer, c exec.Call) []byte {
	if tooSmall(w) {
		return c.Error(reply.StringTooLong)
	}
	var union maxima
	anyDense, refusal := union.addAll(c.Args[1:], func(key []byte) *keyspace.Entry { return c.Read(w.Get(key)) })
	if refusal != "" {
		return c.Error(refusal)
	}
	key := c.Args[1]
	at := w.Place(key)
	old := w.Find(at, key)
	b := newSparse()
	if old != nil {
		b, _ = bytesOf(old)
	}
	if anyDense && b[encodingAt] == sparse {
		b, _ = toDense(b) // it is sound, or it would not have been added
	}
	for index, count := range union {
		if count > 0 {
			b, _ = raise(b, index, count, w.Layout().SparseBytes)
		}
	}
	outdate(b)
	put(w, at, key, old, b)
	return c.OK()
}

// debug is PFDEBUG subcommand key.
func debug(w *exec.Writer, c exec.Call) []byte {
	word, key := c.Args[1], c.Args[2]
	at := w.Place(key)
	old := w.Find(at, key)
	if old == nil {
		return c.Error(noSuchKey)
	}
	b, refusal := bytesOf(old)
	if tooSmall(w) {
		refusal = reply.StringTooLong
	}
	known := exec.Is(word, "GETREG") || exec.Is(word, "DECODE") || exec.Is(word, "ENCODING") || exec.Is(word, "TODENSE")
	switch {
	case refusal != "":
		return c.Error(refusal)
	case !known:
		return c.Error("ERR Unknown PFDEBUG subcommand '" + string(word) + "'")
	case exec.Is(word, "ENCODING"):
		return reply.Simple(c.Reply, [...]string{dense: "dense", sparse: "sparse"}[b[encodingAt]])
	case exec.Is(word, "DECODE"):
		return decode(c, b)
	}
	converted := int64(0)
	if b[encodingAt] == sparse {
		var ok bool
		if b, ok = toDense(b); !ok {
			return c.Error(corrupted)
		}
		converted = 1
		put(w, at, key, old, b)
	}
	if exec.Is(word, "TODENSE") {
		return c.Integer(converted)
	}
	c.Reply = reply.ArrayHeader(c.Reply, registers)
	for index := range registers {
		c.Reply = c.Integer(int64(denseGet(b[headerBytes:], index)))
	}
	return c.Reply
}

// decode answers with the runs of a sparse HyperLogLog.
func decode(c exec.Call, b []byte) []byte {
	if b[encodingAt] != sparse {
		return c.Error(notSparse)
	}
	var text strings.Builder
	eachRun(b, func(_ int, r run) bool {
		switch {
		case r.value > 0:
			text.WriteString("v:" + strconv.Itoa(int(r.value)) + ",")
		case r.bytes == 1:
			text.WriteString("z:")
		default:
			text.WriteString("Z:")
		}
		text.WriteString(strconv.Itoa(r.length) + " ")
		return true
	})
	return c.BulkString(strings.TrimSuffix(text.String(), " "))
}
