// Package argv is the encoding of commands in the body of a log entry.
//
// A body is a sequence of commands, each the arguments that a client sent, unchanged:
//
//	┌──────┬────────┬───────┬────────┬───────┬─ ─ ─┬──────┬─ ─ ─
//	│ argc │ length │ bytes │ length │ bytes │     │ argc │
//	└──────┴────────┴───────┴────────┴───────┴─ ─ ─┴──────┴─ ─ ─
//	 uvarint uvarint          uvarint
//
// What the log holds is what the client said, not what a node made of it: every node runs the same commands through
// the same table. The encoding knows no command and imports nothing of the project.
//
// Invariants:
//
//  1. Any bytes decode to commands or to an error; nothing panics, and nothing is allocated in proportion to a length
//     that is not there.
//  2. A sequence of commands has exactly one encoding: varints are canonical, so equal bodies are equal bytes.
//  3. Decoded arguments alias the body. The body is never changed, and a caller that keeps an argument copies it.
//
// Rejected: the client's RESP bytes as they came (two parsers on the way of every write, three bytes more per argument,
// and many spellings of one command); msgpack (slower, and its types say nothing here).
package argv

import (
	"encoding/binary"
	"errors"
)

// MaxArgs is the largest number of arguments of one command, its name included: Redis's limit.
const MaxArgs = 1 << 20

// The ways in which bytes are not a body.
var (
	// ErrTruncated means that the bytes end inside a command.
	ErrTruncated = errors.New("argv: truncated command")
	// ErrMalformed means a count or length that no encoder writes: zero arguments, too many, or a varint that is
	// longer than it needs to be.
	ErrMalformed = errors.New("argv: malformed command")
)

// Size is the number of bytes that Append adds for args.
func Size(args [][]byte) int {
	size := uvarintBytes(len(args))
	for _, arg := range args {
		size += uvarintBytes(len(arg)) + len(arg)
	}
	return size
}

// Append appends one command to a body and returns the longer body. There is at least one argument, the name, and at
// most MaxArgs; everything else is a bug of the caller and panics.
func Append(dst []byte, args [][]byte) []byte {
	if len(args) == 0 || len(args) > MaxArgs {
		panic("argv: a command has between 1 and MaxArgs arguments")
	}
	dst = binary.AppendUvarint(dst, uint64(len(args)))
	for _, arg := range args {
		dst = binary.AppendUvarint(dst, uint64(len(arg)))
		dst = append(dst, arg...)
	}
	return dst
}

// Next takes the first command off a body. The arguments alias body and are stored in into, which may be nil and is
// reused from its beginning; rest is what follows. An empty body has no command: the caller asks only while bytes are
// left. After an error nothing of the body is known to be a command.
func Next(body []byte, into [][]byte) (args [][]byte, rest []byte, err error) {
	count, rest, err := uvarint(body)
	if err != nil {
		return nil, nil, err
	}
	if count == 0 || count > MaxArgs {
		return nil, nil, ErrMalformed
	}
	if count > uint64(len(rest)) { // each argument takes a byte at least
		return nil, nil, ErrTruncated
	}
	args = into[:0]
	for range count {
		var length uint64
		if length, rest, err = uvarint(rest); err != nil {
			return nil, nil, err
		}
		if length > uint64(len(rest)) {
			return nil, nil, ErrTruncated
		}
		args = append(args, rest[:length:length])
		rest = rest[length:]
	}
	return args, rest, nil
}

// Count is how many arguments the first command of a body says that it has, 0 if it does not say.
func Count(body []byte) uint64 {
	count, _, err := uvarint(body)
	if err != nil {
		return 0
	}
	return count
}

// Cursor goes over the arguments of a body of which a beginning is here and the rest is to come. The zero value stands
// at the beginning.
type Cursor struct {
	// at is where the next count or length stands.
	at int
	// missing is how many arguments the present command still has.
	missing uint64
	failed  bool
}

// maxLength is more than any body has: it keeps positions from overflowing.
const maxLength = 1 << 40

// Next gives where the next argument begins and how long it is, and steps behind it, whether its bytes are here or not.
// ok is false as long as its length is not here, and for ever behind what is no encoding. body is what Next was given
// before, and what has come since.
func (c *Cursor) Next(body []byte) (begin, length int, ok bool) {
	for !c.failed && c.at < len(body) {
		number, rest, err := uvarint(body[c.at:])
		switch begins := c.missing == 0; {
		case err == ErrTruncated:
			return 0, 0, false
		case err != nil, begins && (number == 0 || number > MaxArgs), number > maxLength:
			c.failed = true
		case begins:
			c.at, c.missing = len(body)-len(rest), number
		default:
			begin = len(body) - len(rest)
			c.at = begin + int(number)
			c.missing--
			return begin, int(number), true
		}
	}
	return 0, 0, false
}

// uvarint reads one canonical varint: the shortest encoding of its value.
func uvarint(b []byte) (uint64, []byte, error) {
	value, n := binary.Uvarint(b)
	switch {
	case n == 0:
		return 0, nil, ErrTruncated
	case n < 0: // does not fit 64 bits
		return 0, nil, ErrMalformed
	case n > 1 && b[n-1] == 0: // a last byte of zero adds nothing
		return 0, nil, ErrMalformed
	}
	return value, b[n:], nil
}

func uvarintBytes(n int) int {
	size := 1
	for n >= 0x80 {
		n >>= 7
		size++
	}
	return size
}
