package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/internal/number"
)

// span is the place of an argument, counted from the first byte of its request, so that it stays true when the buffer
// is compacted or replaced. 32 bits suffice: no limit exceeds 2^30.
type span struct{ from, to uint32 }

// shortHeaderBytes is how far a header is read byte by byte before a search for its end pays.
const shortHeaderBytes = 10

// Limits of plain: the number of arguments, and the digits of a length.
const (
	plainArguments = 16
	plainDigits    = 8
)

// noBulk says that the next thing in a request is the header of a bulk.
const noBulk = -1

// Reader cuts the bytes of one connection into requests. It does no I/O: its owner reads into Space and says Received.
//
// Ownership: the buffer is the reader's. Arguments that Next returned alias it, and stay valid until the next call of
// Space; so a connection whose run is not yet answered does not read. What shall outlive that (the body of a log
// entry, a stored value) is copied.
//
// Work: every byte is looked at a bounded number of times, however it is cut into packets. A partial request keeps its
// state (arguments still to come, the length of the bulk that is awaited, how far a line was searched) instead of being
// parsed again from its beginning, and nothing is recursive.
//
// Memory: a declared number or length allocates nothing; the buffer doubles as bytes arrive, up to MaxRequestBytes, and
// returns to a small one when it is empty.
type Reader struct {
	maxArguments, maxInlineBytes, maxBulkBytes, maxRequestBytes int
	// unauthenticated is set while the client still has to authenticate: tighter limits hold.
	unauthenticated bool

	// buf[start:] is what was received and not yet consumed; start is the first byte of the current request.
	buf   []byte
	start int
	// at is how far the current request is understood, scanned how far it was searched for the end of a line without
	// finding one. Both count from start; scanned is 0 or beyond at.
	at, scanned int
	// missing is how many arguments the current request still lacks, 0 between requests; bulk is the length of the one
	// whose bytes are awaited, or noBulk.
	missing, bulk int
	spans         []span
	// failed is the first violation of the protocol; nothing is understood after it.
	failed error

	// offered is how much room the last Space gave, filled whether the bytes took all of it, quiet how many fills in a
	// row would have fitted a small buffer.
	offered, quiet int
	filled         bool

	// budget bounds what all readers of a server hold beyond ReadBufferBytes each, nil if nothing does; charged is what
	// this reader holds of it.
	budget  *Budget
	charged int
}

// NewReader makes a reader with the given limits.
func NewReader(limits Limits) *Reader {
	r := &Reader{}
	r.Init(limits, nil)
	return r
}

// Init makes a zero reader usable, for owners that hold it by value. budget may be nil.
func (r *Reader) Init(limits Limits, budget *Budget) {
	limits = limits.WithDefaults()
	r.maxArguments, r.maxInlineBytes = limits.MaxArguments, limits.MaxInlineBytes
	r.maxBulkBytes, r.maxRequestBytes = limits.MaxBulkBytes, limits.MaxRequestBytes
	r.bulk, r.budget = noBulk, budget
}

// SetUnauthenticated says whether the client still has to authenticate: then a request may have 10 arguments of 16 KiB.
func (r *Reader) SetUnauthenticated(unauthenticated bool) { r.unauthenticated = unauthenticated }

// SetMaxBulkBytes changes the largest single argument for the requests to come.
func (r *Reader) SetMaxBulkBytes(bytes int) { r.maxBulkBytes = bytes }

// Free is how many more bytes the buffer takes as it is.
func (r *Reader) Free() int { return cap(r.buf) - len(r.buf) }

// Buffered is the number of bytes that were received and not yet returned as requests.
func (r *Reader) Buffered() int { return len(r.buf) - r.start }

// Space returns room for the next bytes, never empty, and ends the validity of all arguments returned so far. The
// caller fills a prefix and reports it by Received before it calls anything else.
func (r *Reader) Space() []byte {
	if err := r.MakeRoom(); err != nil {
		panic(err) // the owner asks MakeRoom first where there is a budget
	}
	free := r.buf[len(r.buf):cap(r.buf)]
	r.offered = len(free)
	return free
}

// MakeRoom compacts the buffer, replaces it if it has to be larger or smaller, and fails if the budget does not allow
// what is needed. Once it has succeeded, it does nothing until bytes are received.
func (r *Reader) MakeRoom() error {
	if r.Buffered() == 0 {
		r.reset()
	} else if r.start > 0 {
		// Moving happens once per request at most: afterwards it begins at 0.
		r.buf = r.buf[:copy(r.buf, r.buf[r.start:])]
		r.start = 0
	}
	return r.grow()
}

// Received says that the first n bytes of the last Space are filled.
func (r *Reader) Received(n int) {
	if n < 0 || n > r.offered {
		panic(fmt.Sprintf("wire: received %d bytes into a space of %d", n, r.offered))
	}
	r.filled = n == r.offered
	r.offered = 0
	r.buf = r.buf[:len(r.buf)+n]
	if len(r.buf) <= SmallBufferBytes {
		r.quiet++
	} else {
		r.quiet = 0
	}
}

// reset empties the buffer, and gives it back when it is large or was not needed for a while.
func (r *Reader) reset() {
	r.start, r.at, r.scanned = 0, 0, 0
	if cap(r.buf) > ReadBufferBytes || (cap(r.buf) > SmallBufferBytes && r.quiet >= quietFills) {
		r.Release()
	}
	r.buf = r.buf[:0]
}

// Release gives the buffer back. All arguments are void.
func (r *Reader) Release() {
	r.budget.give(r.charged)
	r.buf, r.spans, r.quiet, r.charged = nil, nil, 0, 0
}

// grow makes room for at least one byte. A buffer that a read filled doubles up to ReadBufferBytes, so that deep
// pipelines are read whole; beyond, it doubles only when a single request has filled it.
func (r *Reader) grow() error {
	size := cap(r.buf)
	switch {
	case size == 0:
		size = SmallBufferBytes
	case size-len(r.buf) < minReadBytes, r.filled && size < ReadBufferBytes:
		size *= 2
	default:
		return nil
	}
	if size > ReadBufferBytes {
		// The header of each bulk was checked against maxRequestBytes, so this is never too small for the request.
		size = min(size, max(r.maxRequestBytes+r.maxInlineBytes, ReadBufferBytes)+SmallBufferBytes)
	}
	if charge := size - ReadBufferBytes - r.charged; charge > 0 {
		if !r.budget.take(charge) {
			return ErrNoRoom
		}
		r.charged += charge
	}
	if size <= len(r.buf) {
		panic(fmt.Sprintf("wire: a partial request holds %d bytes, limit %d", len(r.buf), r.maxRequestBytes))
	}
	grown := make([]byte, len(r.buf), size)
	copy(grown, r.buf)
	r.buf, r.filled = grown, false
	return nil
}

// Next appends the arguments of the next complete request to argv. When there is none, argv comes back as it was.
// Empty requests (`*0`, `*-1`, a blank line) are passed over as in Redis. A violation of the protocol is returned
// again by every later call: its text is the error reply without the prefix ERR, and the connection is to be closed
// after sending it.
func (r *Reader) Next(argv [][]byte) ([][]byte, error) {
	if r.begins('*') && !r.unauthenticated {
		if longer := r.plain(argv); len(longer) > len(argv) {
			return longer, nil
		}
	}
	for r.failed == nil && r.start+r.at < len(r.buf) {
		if r.missing == 0 && r.at == 0 && r.buf[r.start] != '*' {
			line, ok := r.line("too big inline request")
			if !ok {
				break
			}
			before := len(argv)
			argv, r.failed = splitInline(line, argv)
			r.consume()
			if r.failed == nil && len(argv) == before {
				continue
			}
			return argv, r.failed
		}
		if !r.array() {
			break
		}
		if len(r.spans) == 0 {
			r.consume()
			continue
		}
		return r.take(argv), nil
	}
	return argv, r.failed
}

// begins reports whether a request is to be read whose first byte is this.
func (r *Reader) begins(first byte) bool {
	return r.at == 0 && r.missing == 0 && r.failed == nil && r.start < len(r.buf) && r.buf[r.start] == first
}

// plain is the short way for what nearly every request is: an array of a few bulks, all of it there and within the
// limits. It appends the arguments and consumes the request; of anything else it appends and changes nothing, and
// leaves the verdict to the long way.
func (r *Reader) plain(argv [][]byte) [][]byte {
	request := r.buf[r.start:]
	count, at := plainHeader(request, 0, '*')
	if count < 1 || count > plainArguments || count > r.maxArguments {
		return argv
	}
	longer := argv
	for range count {
		length, from := plainHeader(request, at, '$')
		at = from + length + 2
		if from == 0 || length > r.maxBulkBytes || at > len(request) || from+length > r.maxRequestBytes ||
			request[at-2] != '\r' || request[at-1] != '\n' {
			return argv
		}
		longer = append(longer, request[from:at-2:at-2])
	}
	r.at = at
	r.consume()
	return longer
}

// plainHeader reads a letter and a decimal of some digits with its line end, and returns the number and what is behind
// it; or 0, 0.
func plainHeader(request []byte, at int, kind byte) (number, next int) {
	if len(request)-at < len("$0\r\n") || request[at] != kind {
		return 0, 0
	}
	first := at + 1
	for at = first; at < len(request) && at < first+plainDigits; at++ {
		digit := request[at] - '0'
		if digit > 9 {
			break
		}
		number = number*10 + int(digit)
	}
	end := at + len("\r\n")
	if at == first || end > len(request) || string(request[at:end]) != "\r\n" || (request[first] == '0' && at > first+1) {
		return 0, 0
	}
	return number, end
}

// array goes on with an array of bulks, and reports whether it is complete.
func (r *Reader) array() bool {
	if r.missing == 0 {
		if !r.arrayHeader() {
			return false
		}
	}
	for r.missing > 0 {
		if r.bulk == noBulk && !r.bulkHeader() {
			return false
		}
		end := r.at + r.bulk
		rest := r.buf[r.start:]
		if len(rest) < end+2 {
			return false
		}
		if rest[end] != '\r' || rest[end+1] != '\n' {
			// Redis skips these two bytes unseen. A length that does not fit its bytes is a client's error that would
			// store something else than was meant, so it is named.
			return r.fail("bulk is not followed by CRLF")
		}
		r.spans = append(r.spans, span{uint32(r.at), uint32(end)})
		r.at, r.bulk = end+2, noBulk
		r.missing--
	}
	return true
}

// arrayHeader reads `*<count>\r\n`. A count of zero or less is an empty request.
func (r *Reader) arrayHeader() bool {
	line, ok := r.header("too big mbulk count string", "invalid multibulk length")
	if !ok {
		return false
	}
	count, ok := number.Parse(line[1:])
	switch {
	case !ok || count > int64(r.maxArguments):
		return r.fail("invalid multibulk length")
	case count > unauthenticatedMaxArguments && r.unauthenticated:
		return r.fail("unauthenticated multibulk length")
	}
	r.missing = int(max(count, 0))
	r.spans = r.spans[:0]
	return true
}

// bulkHeader reads `$<length>\r\n`.
func (r *Reader) bulkHeader() bool {
	first := r.at
	line, ok := r.header("too big bulk count string", "invalid bulk length")
	if !ok {
		return false
	}
	if got := r.buf[r.start+first]; got != '$' {
		return r.fail("expected '$', got '" + string([]byte{printable(got)}) + "'")
	}
	length, ok := number.Parse(line[1:])
	switch {
	case !ok || length < 0 || length > int64(r.maxBulkBytes):
		return r.fail("invalid bulk length")
	case length > unauthenticatedMaxBulkBytes && r.unauthenticated:
		return r.fail("unauthenticated bulk length")
	case int64(r.at)+length > int64(r.maxRequestBytes):
		return r.fail("too big request")
	}
	r.bulk = int(length)
	return true
}

// header returns the next line of an array, which must end with CRLF.
func (r *Reader) header(tooBig, invalid string) ([]byte, bool) {
	rest := r.buf[r.start:]
	// The common case first: a line of some digits that is all there.
	for i := r.at; i < len(rest) && i < r.at+shortHeaderBytes; i++ {
		if rest[i] == '\n' {
			if rest[i-1] != '\r' {
				return nil, r.fail(invalid)
			}
			line := rest[r.at : i-1]
			r.at, r.scanned = i+1, 0
			return line, true
		}
	}
	line, ok := r.line(tooBig)
	if !ok {
		return nil, false
	}
	if rest[r.at-2] != '\r' {
		return nil, r.fail(invalid)
	}
	return line, true
}

// line returns the bytes up to the next LF without it and a CR before it, and steps over them. Where the search ended
// in vain is remembered: a line that arrives byte by byte is searched once.
func (r *Reader) line(tooBig string) ([]byte, bool) {
	rest := r.buf[r.start:]
	from := max(r.at, r.scanned)
	i := bytes.IndexByte(rest[from:], '\n')
	end := from + i
	if i < 0 {
		end, r.scanned = len(rest), len(rest)
	}
	if end-r.at > r.maxInlineBytes {
		return nil, r.fail(tooBig)
	}
	if i < 0 {
		return nil, false
	}
	line := rest[r.at:end]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	r.at, r.scanned = end+1, 0
	return line, true
}

// take turns the spans of the complete request into arguments and consumes it.
func (r *Reader) take(argv [][]byte) [][]byte {
	request := r.buf[r.start : r.start+r.at]
	for _, s := range r.spans {
		argv = append(argv, request[s.from:s.to:s.to])
	}
	if len(r.spans) > keptSpans {
		r.spans = nil
	}
	r.spans = r.spans[:0]
	r.consume()
	return argv
}

// consume steps to the next request.
func (r *Reader) consume() {
	r.start += r.at
	r.at, r.scanned, r.missing, r.bulk = 0, 0, 0, noBulk
}

// fail records a violation; it returns false, which means "nothing complete" to its callers.
func (r *Reader) fail(reason string) bool {
	r.failed = protocolError(reason)
	return false
}

func protocolError(reason string) error { return errors.New("Protocol error: " + reason) }

// printable keeps line ends out of an error reply, as Redis does.
func printable(b byte) byte {
	if b == '\r' || b == '\n' {
		return ' '
	}
	return b
}
