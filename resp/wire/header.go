package wire

import (
	"bytes"
	"errors"

	"github.com/raftredis/raftredis/internal/number"
)

// shortHeaderBytes is how far a header is read byte by byte before a search for its end pays.
const shortHeaderBytes = 10

// Limits of plain: the number of arguments, and the digits of a length.
const (
	plainArguments = 16
	plainDigits    = 8
)

// noLineEnd is said of a bulk whose length does not fit its bytes. Redis skips these two bytes unseen. That is a
// client's error, which would store something else than was meant, so it is named.
const noLineEnd = "bulk is not followed by CRLF"

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
	if r.missing == 0 && !r.arrayHeader() {
		return false
	}
	for r.missing > 0 {
		if r.bulk == noBulk && !r.bulkHeader() {
			return false
		}
		if !r.payload() {
			return false
		}
		r.bulk = noBulk
		r.missing--
	}
	return true
}

// payload takes the bytes of the current bulk, and reports whether they are all there.
func (r *Reader) payload() bool {
	switch {
	case r.refusal != nil:
		return r.dropBulk()
	case r.large != nil:
		return r.largeBulk()
	}
	end := r.at + r.bulk
	rest := r.buf[r.start:]
	switch {
	case len(rest) < end+2 && r.bulk >= largeBulkBytes:
		r.enlarge()
		return r.largeBulk()
	case len(rest) < end+2:
		return false
	case rest[end] != '\r' || rest[end+1] != '\n':
		return r.fail(noLineEnd)
	}
	r.spans = append(r.spans, span{uint32(r.at), uint32(end)})
	r.at = end + 2
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
	case !ok || count > maxClaimedArguments:
		return r.fail("invalid multibulk length")
	case count > unauthenticatedMaxArguments && r.unauthenticated:
		return r.fail("unauthenticated multibulk length")
	}
	r.missing = int(max(count, 0))
	r.spans = r.spans[:0]
	if r.missing > r.maxArguments {
		r.refuse(tooMany(count, r.maxArguments))
	}
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
	}
	r.bulk = int(length)
	total := int64(max(len(r.large)-HeadBytes, 0)+r.at) + length
	switch {
	case r.refusal != nil:
	case total > int64(r.maxRequestBytes):
		r.refuse(tooLarge(r.maxRequestBytes))
	case !r.budget.fits(total): // what is kept of it is shorter than what comes
		r.refuse(neverFits(r.budget.max()))
	}
	return true
}

// header returns the next line of an array, which must end with CRLF.
func (r *Reader) header(tooBig, invalid string) ([]byte, bool) {
	rest := r.buf[r.start:]
	// The common case first: a line of some digits that is all there.
	for i := r.at; i < len(rest) && i < r.at+shortHeaderBytes; i++ {
		if rest[i] == '\n' {
			if i == r.at || rest[i-1] != '\r' {
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
	if r.at < 2 || rest[r.at-2] != '\r' {
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
