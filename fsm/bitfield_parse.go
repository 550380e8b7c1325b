package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// parseFieldOperations reads what follows the key in BITFIELD. A refusal is the text of an error reply, empty if there
// is none.
func parseFieldOperations(args [][]byte, maxValueBytes int) (operations []fieldOperation, refusal string) {
	overflow := wrap
	for len(args) > 0 {
		name, rest := args[0], args[1:]
		if exec.Is(name, "OVERFLOW") && len(rest) > 0 {
			if overflow, refusal = parseOverflow(rest[0]); refusal != "" {
				return nil, refusal
			}
			args = rest[1:]
			continue
		}
		o := fieldOperation{overflow: overflow}
		taken := 2 // type and offset
		switch {
		case exec.Is(name, "GET"):
		case exec.Is(name, "SET"):
			o.kind, taken = fieldSet, 3
		case exec.Is(name, "INCRBY"):
			o.kind, taken = fieldIncrBy, 3
		default:
			return nil, reply.Syntax
		}
		if len(rest) < taken {
			return nil, reply.Syntax
		}
		if refusal = o.parse(rest[:taken], maxValueBytes); refusal != "" {
			return nil, refusal
		}
		operations = append(operations, o)
		args = rest[taken:]
	}
	return operations, ""
}

func parseOverflow(name []byte) (o overflow, refusal string) {
	switch {
	case exec.Is(name, "WRAP"):
		return wrap, ""
	case exec.Is(name, "SAT"):
		return saturate, ""
	case exec.Is(name, "FAIL"):
		return fail, ""
	}
	return 0, reply.BitFieldOverflow
}

// parse reads type and offset and, if the operation has one, the value.
func (o *fieldOperation) parse(args [][]byte, maxValueBytes int) (refusal string) {
	var ok bool
	if o.signed, o.bits, ok = parseFieldType(args[0]); !ok {
		return reply.BitFieldType
	}
	if o.offset, ok = parseFieldOffset(args[1], o.bits, maxValueBytes); !ok {
		return reply.BitOffset
	}
	if o.kind == fieldGet {
		return ""
	}
	if o.value, ok = number.Parse(args[2]); !ok {
		return reply.NotInteger
	}
	// Redis looks at the first bit only, and so lets a string grow beyond its limit by up to eight bytes.
	if o.lastByte() >= maxValueBytes {
		return reply.BitOffset
	}
	return ""
}

// parseFieldType reads u1 to u63 or i1 to i64.
func parseFieldType(text []byte) (signed bool, bits int, ok bool) {
	if len(text) == 0 || (text[0] != 'i' && text[0] != 'u') {
		return false, 0, false
	}
	signed = text[0] == 'i'
	width, ok := number.Parse(text[1:])
	return signed, int(width), ok && width >= 1 && (width <= 63 || (signed && width == 64))
}

// parseFieldOffset reads the position of a bit, or behind a # that of a field among others of its width. Redis does not
// see where the multiplication overflows, and takes the rest for the position: here that is out of range.
func parseFieldOffset(text []byte, bits, maxValueBytes int) (int64, bool) {
	if len(text) == 0 || text[0] != '#' {
		return parseBitOffset(text, maxValueBytes)
	}
	index, ok := number.Parse(text[1:])
	if !ok || index < 0 || index > 8*int64(maxValueBytes)/int64(bits) {
		return 0, false
	}
	offset := index * int64(bits)
	return offset, offset>>3 < int64(maxValueBytes)
}
