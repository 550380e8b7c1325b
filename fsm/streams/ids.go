package streams

import (
	"bytes"
	"math"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
)

// Error texts about IDs, to the letter those of Redis.
const (
	idInvalid    = "ERR Invalid stream ID specified as stream command argument"
	startInvalid = "ERR invalid start ID for the interval"
	endInvalid   = "ERR invalid end ID for the interval"
)

// maxIDBytes is how long the text of an ID may be.
const maxIDBytes = 127

// parseID reads an ID, in which a missing sequence stands for a given one.
func parseID(text []byte, missing uint64) (id value.StreamID, ok bool) {
	id, _, ok = parseIDOpen(text, missing, false)
	return id, ok
}

// parseIDOpen is parseID; with mayOpen it also takes milliseconds-*, where the sequence is open: then chosen is true.
func parseIDOpen(text []byte, missing uint64, mayOpen bool) (id value.StreamID, chosen, ok bool) {
	if len(text) > maxIDBytes {
		return id, false, false
	}
	text, _, _ = bytes.Cut(text, []byte{0}) // Redis reads it as a C string
	millis, sequence, both := bytes.Cut(text, []byte("-"))
	if id.Millis, ok = parseUnsigned(millis); !ok {
		return id, false, false
	}
	switch {
	case !both:
		id.Sequence = missing
	case mayOpen && string(sequence) == "*":
		return id, true, true
	default:
		id.Sequence, ok = parseUnsigned(sequence)
	}
	return id, false, ok
}

// parseUnsigned reads a number as Redis spells it, or else what C's strtoull takes for one.
func parseUnsigned(text []byte) (n uint64, ok bool) {
	if signed, ok := number.Parse(text); ok {
		return uint64(signed), signed >= 0
	}
	text = bytes.TrimLeft(text, " \t\n\v\f\r")
	negative := len(text) > 0 && text[0] == '-'
	if negative || len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false
	}
	for _, c := range text {
		digit := uint64(c - '0')
		if c < '0' || c > '9' || n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = 10*n + digit
	}
	if negative {
		n = -n
	}
	return n, true
}

// parseAnyID is parseID, and takes - and + for the first and the last ID.
func parseAnyID(text []byte, missing uint64) (id value.StreamID, ok bool) {
	if len(text) <= maxIDBytes {
		switch shown, _, _ := bytes.Cut(text, []byte{0}); string(shown) {
		case "-":
			return value.StreamID{}, true
		case "+":
			return value.MaxStreamID(), true
		}
	}
	return parseID(text, missing)
}

// parseStart reads the beginning of a range: an ID, or ( and the ID before it. refusal is an error, empty if there is
// none.
func parseStart(text []byte) (id value.StreamID, refusal string) {
	if !isExclusive(text) {
		return refusedUnless(parseAnyID(text, 0))
	}
	if id, refusal = refusedUnless(parseID(text[1:], 0)); refusal != "" {
		return id, refusal
	}
	id, ok := id.Next()
	if !ok {
		return id, startInvalid
	}
	return id, ""
}

// parseEnd reads the end of a range: an ID, or ( and the ID behind it.
func parseEnd(text []byte) (id value.StreamID, refusal string) {
	if !isExclusive(text) {
		return refusedUnless(parseAnyID(text, math.MaxUint64))
	}
	if id, refusal = refusedUnless(parseID(text[1:], math.MaxUint64)); refusal != "" {
		return id, refusal
	}
	id, ok := id.Before()
	if !ok {
		return id, endInvalid
	}
	return id, ""
}

func isExclusive(text []byte) bool { return len(text) > 1 && text[0] == '(' }

func refusedUnless(id value.StreamID, ok bool) (_ value.StreamID, refusal string) {
	if !ok {
		return id, idInvalid
	}
	return id, ""
}

// parseIDs reads IDs, each with 0 for a missing sequence.
func parseIDs(texts [][]byte) (ids []value.StreamID, refusal string) {
	ids = make([]value.StreamID, len(texts))
	for i, text := range texts {
		if ids[i], refusal = refusedUnless(parseID(text, 0)); refusal != "" {
			return nil, refusal
		}
	}
	return ids, ""
}
