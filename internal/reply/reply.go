package reply

import (
	"strconv"
	"strings"

	"github.com/tidwall/redcon"

	"github.com/raftredis/raftredis/internal/stepwise"
)

// The protocols.
const (
	RESP2 = 2
	RESP3 = 3
)

// OK appends +OK.
func OK(dst []byte) []byte { return redcon.AppendOK(dst) }

// Simple appends a simple string. Line breaks in it become spaces.
func Simple(dst []byte, text string) []byte { return redcon.AppendString(dst, text) }

// Error appends an error; text begins with its prefix, such as ERR. Line breaks in it become spaces, but for those at
// its end, which go away, as in Redis.
func Error(dst []byte, text string) []byte {
	return redcon.AppendError(dst, strings.TrimRight(text, "\r\n"))
}

// Integer appends an integer.
func Integer(dst []byte, n int64) []byte { return redcon.AppendInt(dst, n) }

// Bulk appends a bulk string.
func Bulk(dst, value []byte) []byte {
	if len(value) > stepwise.StepBytes {
		return append(stepwise.Append(BulkHeader(dst, len(value)), value), "\r\n"...)
	}
	return redcon.AppendBulk(dst, value)
}

// BulkString appends a bulk string.
func BulkString(dst []byte, value string) []byte { return redcon.AppendBulkString(dst, value) }

// BulkHeader begins a bulk string; n bytes and a line break follow.
func BulkHeader(dst []byte, n int) []byte { return header(dst, '$', n) }

// ArrayHeader begins an array; n values follow.
func ArrayHeader(dst []byte, n int) []byte { return redcon.AppendArray(dst, n) }

// Null appends the absence of a string or number.
func Null(dst []byte, protocol int) []byte {
	if isRich(protocol) {
		return append(dst, "_\r\n"...)
	}
	return redcon.AppendNull(dst)
}

// NullArray appends the absence of an array, which RESP3 does not tell from other absences.
func NullArray(dst []byte, protocol int) []byte {
	if protocol == RESP3 {
		return append(dst, "_\r\n"...)
	}
	return append(dst, absentArray...)
}

// MapHeader begins a map; n pairs follow, each a key and a value. RESP2 has the pairs as a flat array.
func MapHeader(dst []byte, protocol, n int) []byte {
	if isRich(protocol) {
		return header(dst, '%', n)
	}
	return redcon.AppendArray(dst, 2*n)
}

// SetHeader begins a set; n members follow. RESP2 has an array.
func SetHeader(dst []byte, protocol, n int) []byte {
	if isRich(protocol) {
		return header(dst, '~', n)
	}
	return redcon.AppendArray(dst, n)
}

// PushHeader begins a message that answers no command; n values follow. RESP2 has an array.
func PushHeader(dst []byte, protocol, n int) []byte {
	if isRich(protocol) {
		return header(dst, '>', n)
	}
	return redcon.AppendArray(dst, n)
}

// Bool appends a truth value. RESP2 has the integers 1 and 0.
func Bool(dst []byte, protocol int, value bool) []byte {
	switch {
	case isRich(protocol) && value:
		return append(dst, "#t\r\n"...)
	case isRich(protocol):
		return append(dst, "#f\r\n"...)
	case value:
		return redcon.AppendInt(dst, 1)
	}
	return redcon.AppendInt(dst, 0)
}

// Verbatim appends text for people to read, with a format of three letters: txt or mkd. RESP2 has a bulk string.
func Verbatim(dst []byte, protocol int, format, text string) []byte {
	if len(format) != 3 {
		panic("reply: the format of a verbatim text has three letters")
	}
	if !isRich(protocol) {
		return redcon.AppendBulkString(dst, text)
	}
	dst = header(dst, '=', len(format)+1+len(text))
	dst = append(dst, format...)
	dst = append(dst, ':')
	dst = append(dst, text...)
	return append(dst, '\r', '\n')
}

func header(dst []byte, kind byte, n int) []byte {
	dst = append(dst, kind)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, '\r', '\n')
}
