package rdb

import (
	"encoding/binary"
	"math"
	"slices"
)

// StreamWriter writes a stream: its entries, and then what it has besides.
type StreamWriter struct {
	object []byte
	// maxBytes and maxEntries bound a listpack.
	maxBytes, maxEntries int64
	nodes                uint64
	// The listpack that is not written yet: its first entry, whose fields are its fields, and the entries.
	master   StreamID
	fields   [][]byte
	entries  []byte
	count    int
	elements int
}

// Where a stream has the number of its listpacks: behind its type, as a length of 32 bits.
const (
	nodeCountAt       = 1
	nodeCountEnd      = nodeCountAt + 1 + 4
	maxNodeBytes      = 1 << 30
	noLimit           = 0
	listpackLengthLen = 1 + 4
)

// NewStreamWriter begins a stream whose listpacks have about so many bytes and entries at most; 0 is no limit.
func NewStreamWriter(maxBytes, maxEntries int64) *StreamWriter {
	if maxBytes <= noLimit || maxBytes > maxNodeBytes {
		maxBytes = maxNodeBytes
	}
	if maxEntries <= noLimit {
		maxEntries = math.MaxInt64
	}
	return &StreamWriter{object: make([]byte, nodeCountEnd), maxBytes: maxBytes, maxEntries: maxEntries}
}

// Entry adds an entry, behind those before it. fields are each field with its value behind it, not changed and not
// kept.
func (w *StreamWriter) Entry(id StreamID, fields [][]byte) {
	bytes := 0
	for _, text := range fields {
		bytes += len(text)
	}
	if w.count > 0 && (int64(len(w.entries)+bytes) >= w.maxBytes || int64(w.count) >= w.maxEntries) {
		w.flush()
	}
	if w.count == 0 {
		w.begin(id, fields)
	}
	flags, pieces := int64(0), len(fields)+ownFieldsPieces
	if w.hasFields(fields) {
		flags, pieces = entrySameFields, len(fields)/2+sameFieldsPieces
	}
	e := appendListpackInteger(w.entries, flags)
	e = appendListpackInteger(e, int64(id.Millis-w.master.Millis))
	e = appendListpackInteger(e, int64(id.Sequence-w.master.Sequence))
	if flags != entrySameFields {
		e = appendListpackInteger(e, int64(len(fields)/2))
	}
	for i, text := range fields {
		if i%2 == 1 || flags != entrySameFields {
			e = appendListpackText(e, text)
		}
	}
	w.entries = appendListpackInteger(e, int64(pieces))
	w.elements += pieces + 1
	w.count++
}

// begin makes an entry the first of a listpack.
func (w *StreamWriter) begin(id StreamID, fields [][]byte) {
	w.master, w.fields = id, w.fields[:0]
	for i := 0; i < len(fields); i += 2 {
		w.fields = append(w.fields, slices.Clone(fields[i]))
	}
}

// hasFields reports whether an entry has the fields of the first of its listpack.
func (w *StreamWriter) hasFields(fields [][]byte) bool {
	if len(fields) != 2*len(w.fields) {
		return false
	}
	for i, field := range w.fields {
		if string(fields[2*i]) != string(field) {
			return false
		}
	}
	return true
}

// flush writes a listpack.
func (w *StreamWriter) flush() {
	w.nodes++
	w.object = w.master.append(AppendLength(w.object, streamIDBytes))
	length := len(w.object)
	from := length + listpackLengthLen
	dst := append(w.object, make([]byte, listpackLengthLen+listpackHeaderBytes)...)
	for _, n := range [...]int{w.count, 0, len(w.fields)} {
		dst = appendListpackInteger(dst, int64(n))
	}
	for _, field := range w.fields {
		dst = appendListpackText(dst, field)
	}
	dst = appendListpackInteger(dst, 0)
	dst = closeListpack(append(dst, w.entries...), from, w.elements+len(w.fields)+4)
	putLength32(dst[length:], len(dst)-from)
	w.object, w.entries, w.count, w.elements = dst, w.entries[:0], 0, 0
}

// putLength32 writes a length of 32 bits.
func putLength32(dst []byte, n int) {
	dst[0] = length32
	binary.BigEndian.PutUint32(dst[1:], uint32(n))
}

// Finish ends the stream, and gives the object with the lowest version that has room for it.
func (w *StreamWriter) Finish(s *Stream) (object []byte, version Version) {
	if w.count > 0 {
		w.flush()
	}
	putLength32(w.object[nodeCountAt:], int(w.nodes))
	t, version := s.form()
	w.object[0] = byte(t)
	dst := appendID(AppendLength(w.object, s.Length), s.Last)
	if t != StreamListpacks {
		dst = appendID(appendID(dst, s.First), s.MaxDeleted)
		dst = AppendLength(dst, s.Added)
	}
	dst = AppendLength(dst, uint64(len(s.Groups)))
	for i := range s.Groups {
		dst = s.Groups[i].append(dst, t)
	}
	return dst, version
}

// form is the oldest type that has room for the stream.
func (s *Stream) form() (t Type, version Version) {
	old := s.MaxDeleted == StreamID{} && s.Added == s.Length
	for _, g := range s.Groups {
		for _, c := range g.Consumers {
			if c.Active != c.Seen {
				return StreamListpacksLast, Version11
			}
		}
		old = old && g.Read == s.estimate(g.Last)
	}
	if old {
		return StreamListpacks, Version9
	}
	return StreamListpacksNewer, Version10
}

func appendID(dst []byte, id StreamID) []byte {
	return AppendLength(AppendLength(dst, id.Millis), id.Sequence)
}

func (g *StreamGroup) append(dst []byte, t Type) []byte {
	dst = appendID(AppendText(dst, g.Name), g.Last)
	if t != StreamListpacks {
		dst = AppendLength(dst, uint64(g.Read))
	}
	dst = AppendLength(dst, uint64(len(g.Pending)))
	owned := make([][]int, len(g.Consumers))
	for i, p := range g.Pending {
		dst = AppendLength(AppendMillis(p.ID.append(dst), p.Millis), p.Deliveries)
		owned[p.Consumer] = append(owned[p.Consumer], i)
	}
	dst = AppendLength(dst, uint64(len(g.Consumers)))
	for i, c := range g.Consumers {
		dst = AppendMillis(AppendText(dst, c.Name), c.Seen)
		if t == StreamListpacksLast {
			dst = AppendMillis(dst, c.Active)
		}
		dst = AppendLength(dst, uint64(len(owned[i])))
		for _, at := range owned[i] {
			dst = g.Pending[at].ID.append(dst)
		}
	}
	return dst
}
