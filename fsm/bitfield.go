package fsm

import (
	"encoding/binary"
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// field is an integer of some bits somewhere in a string.
type field struct {
	signed bool
	// bits is the width, from 1 to 64, and at most 63 without a sign: replies have 64 bits with a sign.
	bits int
	// offset is the position of the first bit.
	offset int64
}

// overflow says what happens to a number that does not fit its field.
type overflow uint8

const (
	wrap     overflow = iota // the bits that fit are kept
	saturate                 // the nearest number that fits is taken
	fail                     // nothing is written, and the answer is null
)

// fieldOperation is one of the operations of a BITFIELD.
type fieldOperation struct {
	kind fieldKind
	field
	value    int64
	overflow overflow
}

type fieldKind uint8

const (
	fieldGet fieldKind = iota
	fieldSet
	fieldIncrBy
)

// bitField changes and reads fields, in order. It first lengthens the string up to the last field that an operation
// writes, also if that operation then fails by overflow.
func bitField(w *exec.Writer, c exec.Call) []byte {
	operations, refusal := parseFieldOperations(c.Args[2:], w.MaxValueBytes())
	if refusal != "" {
		return c.Error(refusal)
	}
	key := c.Args[1]
	at := w.Place(key)
	old := w.Find(at, key)
	text, ok := exec.TextOf(old)
	switch {
	case !ok:
		return c.WrongType()
	case !writesField(operations):
		return answerFields(c, text, operations)
	}
	value := fieldsOf(w, key, old)
	value.reach(operations)
	c.Reply = reply.ArrayHeader(c.Reply, len(operations))
	for i := range operations {
		if answer, ok := value.execute(&operations[i]); ok {
			c.Reply = c.Integer(answer)
		} else {
			c.Reply = c.Null()
		}
	}
	if value.changed {
		w.Put(at, key, value.entry)
	}
	return c.Reply
}

// bitFieldRO is BITFIELD that may only read.
func bitFieldRO(v exec.View, c exec.Call) []byte {
	operations, refusal := parseFieldOperations(c.Args[2:], v.MaxValueBytes)
	switch {
	case refusal != "":
		return c.Error(refusal)
	case writesField(operations):
		return c.Error(reply.BitFieldReadOnly)
	}
	text, ok := exec.TextOf(v.Get(c.Args[1]))
	if !ok {
		return c.WrongType()
	}
	return answerFields(c, text, operations)
}

func writesField(operations []fieldOperation) bool {
	for i := range operations {
		if operations[i].kind != fieldGet {
			return true
		}
	}
	return false
}

// answerFields answers operations that only read.
func answerFields(c exec.Call, text value.String, operations []fieldOperation) []byte {
	c.Reply = reply.ArrayHeader(c.Reply, len(operations))
	for i := range operations {
		c.Reply = c.Integer(operations[i].read(text))
	}
	return c.Reply
}

// fieldWriter changes fields of a string. The string replaces the old one when all fields are done.
type fieldWriter struct {
	entry  keyspace.Entry
	writer *exec.Writer
	// changed says that it is not what it was: a field that gets the number that it has changes nothing.
	changed bool
}

func fieldsOf(w *exec.Writer, key []byte, old *keyspace.Entry) fieldWriter {
	fields := fieldWriter{writer: w}
	if old == nil {
		fields.entry = keyspace.NewEntry(key, nil)
	} else {
		fields.entry = *old
	}
	return fields
}

// text is the string as it is so far.
func (w *fieldWriter) text() value.String {
	text, _ := exec.TextOf(&w.entry)
	return text
}

// reach lengthens the string up to the last field that an operation writes.
func (w *fieldWriter) reach(operations []fieldOperation) {
	last := 0
	for i := range operations {
		if o := &operations[i]; o.kind != fieldGet {
			last = max(last, o.lastByte())
		}
	}
	if last >= w.text().Len() {
		w.entry, w.changed = w.writer.Overwritten(&w.entry, last, []byte{0}), true
	}
}

// execute executes an operation and gives its answer. ok is false if the result overflows and the operation fails.
func (w *fieldWriter) execute(o *fieldOperation) (answer int64, ok bool) {
	before := o.read(w.text())
	var after int64
	switch o.kind {
	case fieldGet:
		return before, true
	case fieldSet:
		after, ok = o.fit(o.value, 0, o.overflow)
		answer = before
	case fieldIncrBy:
		after, ok = o.fit(before, o.value, o.overflow)
		answer = after
	}
	if ok && after != before {
		w.write(o.field, uint64(after))
		w.changed = true
	}
	return answer, ok
}

// lastByte is the position of the byte in which a field ends.
func (f field) lastByte() int { return int((f.offset + int64(f.bits) - 1) >> 3) }

// read gives the number in a field. Behind the end of the string there are zeros.
func (f field) read(text value.String) int64 {
	var b [9]byte
	text.ReadPadded(b[:], int(f.offset>>3))
	shift := f.offset & 7
	raw := binary.BigEndian.Uint64(b[:])<<shift | uint64(b[8])>>(8-shift)
	if f.signed {
		return int64(raw) >> (64 - f.bits)
	}
	return int64(raw >> (64 - f.bits))
}

// write puts the lowest bits of a number into a field, which lies in the string.
func (w *fieldWriter) write(f field, number uint64) {
	var buf [9]byte
	begin := int(f.offset >> 3)
	b := buf[:f.lastByte()-begin+1]
	w.text().ReadAt(b, begin)
	shift := f.offset & 7
	number <<= 64 - f.bits // to the top, as the mask of the bits to be written
	mask := uint64(math.MaxUint64) << (64 - f.bits)
	head := binary.BigEndian.Uint64(buf[:])
	binary.BigEndian.PutUint64(buf[:], head&^(mask>>shift)|number>>shift)
	buf[8] = buf[8]&^byte(mask<<(8-shift)) | byte(number<<(8-shift))
	w.entry = w.writer.Overwritten(&w.entry, begin, b)
}

// fit gives the sum of a number and an increment in the width of a field. Where the sum does not fit, the overflow
// decides; the result is false if it says not to write.
//
// For a field without a sign, a negative number to be SET counts as one that is too large, as in Redis: SATURATE makes
// it the largest. A number that is in the field already is never negative there.
func (f field) fit(before, increment int64, o overflow) (int64, bool) {
	minimum, maximum := f.bounds()
	sum, exact := number.Add(before, increment)
	low := exact && sum < minimum || !exact && increment < 0
	high := exact && sum > maximum || !exact && increment > 0
	if !f.signed && before < 0 {
		low, high = false, true
	}
	switch {
	case !low && !high:
		return sum, true
	case o == fail:
		return 0, false
	case o == saturate && low:
		return minimum, true
	case o == saturate:
		return maximum, true
	}
	return f.wrapped(uint64(before) + uint64(increment)), true
}

// bounds are the smallest and the largest number of a field.
func (f field) bounds() (minimum, maximum int64) {
	if f.signed {
		maximum = math.MaxInt64 >> (64 - f.bits)
		return -maximum - 1, maximum
	}
	return 0, math.MaxInt64 >> (63 - f.bits)
}

// wrapped is the number that the lowest bits of another one are in a field.
func (f field) wrapped(number uint64) int64 {
	number <<= 64 - f.bits
	if f.signed {
		return int64(number) >> (64 - f.bits)
	}
	return int64(number >> (64 - f.bits))
}
