package wire

import (
	"fmt"

	"github.com/raftredis/raftredis/internal/stepwise"
)

// span is the place of an argument, counted from the first byte of its request, so that it stays true when the buffer
// is compacted or replaced. 32 bits suffice: no limit exceeds 2^30.
type span struct{ from, to uint32 }

// noBulk says that the next thing in a request is the header of a bulk.
const noBulk = -1

// Reader cuts the bytes of one connection into requests. It does no I/O: its owner reads into Space and says Received.
//
// Ownership: the buffer is the reader's. Arguments that Next returned alias it, and stay valid until the next call of
// Space. What shall outlive that (the body of a log entry, a stored value) is copied. Ahead is for an owner that still
// needs its arguments, and wants to take more from its client all the same.
//
// Work: every byte is looked at a bounded number of times, however it is cut into packets. A partial request keeps its
// state (arguments still to come, the length of the bulk that is awaited, how far a line was searched) instead of being
// parsed again from its beginning, and nothing is recursive.
//
// Memory: a declared number or length allocates nothing. The buffer doubles as bytes arrive and returns to a small one
// when it is empty. A long argument gets storage of its own, which grows with what arrived (see large.go). A request
// beyond MaxRequestBytes, or for which the budget has no room, is dropped as it arrives, and refused at its end: the
// requests behind it are read as if it had not been there.
type Reader struct {
	maxArguments, maxInlineBytes, maxBulkBytes, maxRequestBytes int
	// unauthenticated is set while the client still has to authenticate: tighter limits hold.
	unauthenticated bool

	// buf[start:] is what was received and not yet consumed; start is the first byte of the current request, or, of a
	// request with storage of its own and of one that is dropped, the first byte that is not yet taken from buf.
	buf   []byte
	start int
	// at is how far the current request is understood, scanned how far it was searched for the end of a line without
	// finding one. Both count from start; scanned is 0 or beyond at.
	at, scanned int
	// missing is how many arguments the current request still lacks, 0 between requests; bulk is the length of the one
	// whose bytes are awaited, or noBulk.
	missing, bulk int
	spans         []span
	// large is the storage of a request that has its own, nil for others. awaited is how many bytes of the current bulk
	// and its line end are still to be taken from buf, or noBulk; of a dropped request as well.
	large   []byte
	awaited int
	// refusal is why the current request is dropped; nil: it is not.
	refusal *Refusal
	// encoded is what Encoded returns.
	encoded []byte
	// failed is the first violation of the protocol; nothing is understood after it.
	failed error

	// offered is how much room the last Space gave, intoLarge whether that was in large, filled whether the bytes took all
	// of it, quiet how many fills in a row would have fitted a small buffer.
	offered, quiet    int
	intoLarge, filled bool

	// budget bounds what all readers of a server hold beyond ReadBufferBytes each, nil if nothing does. charged is what
	// the buffer has of it, chargedLarge the storage of the current request, chargedReturned that of requests which Next
	// returned.
	budget                                 *Budget
	charged, chargedLarge, chargedReturned int
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
	r.bulk, r.awaited, r.budget = noBulk, noBulk, budget
}

// SetUnauthenticated says whether the client still has to authenticate: then a request may have 10 arguments of 16 KiB.
func (r *Reader) SetUnauthenticated(unauthenticated bool) { r.unauthenticated = unauthenticated }

// SetMaxBytes changes the largest single argument, and the largest request, for what is to come.
func (r *Reader) SetMaxBytes(bulk, request int) { r.maxBulkBytes, r.maxRequestBytes = bulk, request }

// Free is how many more bytes the buffer takes as it is.
func (r *Reader) Free() int { return cap(r.buf) - len(r.buf) }

// Buffered is the number of bytes that were received and not yet returned as requests.
func (r *Reader) Buffered() int { return len(r.buf) - r.start + len(r.large) }

// Space returns room for the next bytes, never empty, and ends the validity of all arguments returned so far. The
// caller fills a prefix and reports it by Received before it calls anything else.
func (r *Reader) Space() []byte {
	if err := r.MakeRoom(); err != nil {
		panic(err) // the owner asks MakeRoom first where there is a budget
	}
	return r.offer()
}

// offer is the room that there is.
func (r *Reader) offer() []byte {
	free := r.buf[len(r.buf):cap(r.buf)]
	if r.intoLarge = r.wantsLarge(); r.intoLarge {
		held := len(r.large)
		free = r.large[held:min(cap(r.large), held+r.awaited)]
	}
	r.offered = len(free)
	return free
}

// MakeRoom compacts the buffer, replaces it if it has to be larger or smaller, and fails if the budget does not allow
// what is needed for a line. Once it has succeeded, it does nothing until bytes are received.
func (r *Reader) MakeRoom() error {
	if r.encoded != nil || r.chargedReturned > 0 { // the budget is one for all connections: it is not touched in vain
		r.budget.Give(r.chargedReturned)
		r.chargedReturned, r.encoded = 0, nil
	}
	if r.wantsLarge() {
		if r.reserve(1, r.awaited) {
			return nil
		}
		r.refuse(ErrNoRoom)
	}
	r.compact()
	why := r.grow()
	if why != nil && r.missing > 0 && r.refusal == nil {
		r.refuse(why)
		r.array() // what of the request is there is dropped; its end is not there
		r.compact()
		why = r.grow()
	}
	if why != nil {
		return why
	}
	return nil
}

// compact moves what is in the buffer to its beginning, or to a smaller buffer.
func (r *Reader) compact() {
	rest := len(r.buf) - r.start
	switch {
	case rest == 0:
		r.reset()
	case r.start > 0 && r.shed():
	case r.start > 0:
		// Moving happens once per request at most: afterwards it begins at 0.
		r.buf = r.buf[:stepwise.MoveDown(r.buf, r.start)]
		r.start = 0
	}
}

// shed moves what is in a large buffer to a smaller one, if it has room there, and leaves the large one to the
// arguments that lie in it.
func (r *Reader) shed() bool {
	if cap(r.buf) <= ReadBufferBytes || len(r.buf)-r.start > ReadBufferBytes/2 {
		return false
	}
	kept := append(make([]byte, 0, ReadBufferBytes), r.buf[r.start:]...)
	r.charge(ReadBufferBytes)
	r.buf, r.start, r.filled = kept, 0, false
	return true
}

// Ahead is Space for an owner that still needs the arguments which it was given: they stay valid. It returns nil when
// as much is read ahead as a request may have, or when the budget has no room. Of a client that still has to
// authenticate no more is read ahead than its own buffer takes: it gets nothing of the budget.
func (r *Reader) Ahead() []byte {
	switch {
	case r.failed != nil || r.Buffered() >= r.maxRequestBytes:
		return nil
	case r.unauthenticated && r.Free() < minReadBytes && 2*r.Buffered() > ReadBufferBytes:
		return nil
	case r.wantsLarge():
		if !r.reserve(1, r.awaited) {
			return nil
		}
	case r.Free() < minReadBytes && !r.renew():
		return nil
	}
	return r.offer()
}

// renew moves what is not consumed to another buffer and leaves the old one to the arguments that lie in it. False
// means that the budget has no room for it.
func (r *Reader) renew() bool {
	size := ReadBufferBytes
	for size < 2*(len(r.buf)-r.start) {
		size *= 2
	}
	size = min(size, r.largestBuffer())
	if !r.charge(size) {
		return false
	}
	r.buf = stepwise.Append(make([]byte, 0, size), r.buf[r.start:])
	r.start, r.filled = 0, false
	return true
}

// Received says that the first n bytes of the last room are filled.
func (r *Reader) Received(n int) {
	if n < 0 || n > r.offered {
		panic(fmt.Sprintf("wire: received %d bytes into a space of %d", n, r.offered))
	}
	if r.intoLarge {
		r.large = r.large[:len(r.large)+n]
		r.awaited -= n
		r.offered = 0
		return
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
		r.charge(0)
		r.buf, r.quiet = nil, 0
	}
	r.buf = r.buf[:0]
}

// Release gives everything back. All arguments are void.
func (r *Reader) Release() {
	r.budget.Give(r.charged + r.chargedLarge + r.chargedReturned)
	r.charged, r.chargedLarge, r.chargedReturned = 0, 0, 0
	r.buf, r.spans, r.large, r.encoded, r.quiet = nil, nil, nil, nil, 0
}

// largestBuffer is the most that the buffer needs for a request, whose bulks were checked against maxRequestBytes.
func (r *Reader) largestBuffer() int {
	return max(r.maxRequestBytes+r.maxInlineBytes, ReadBufferBytes) + SmallBufferBytes
}

// grow makes room for at least one byte. A buffer that a read filled doubles up to ReadBufferBytes, so that deep
// pipelines are read whole; beyond, it doubles only when a single request has filled it, or takes what the budget gives
// to one reader at most. It fails if there is no room, for now or for ever.
func (r *Reader) grow() *Refusal {
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
		size = max(min(size, r.largestBuffer()), len(r.buf)+minReadBytes)
		if !r.budget.fits(int64(size)) {
			size = int(r.budget.max())
		}
	}
	switch {
	case size > cap(r.buf) && r.charge(size):
		r.buf, r.filled = stepwise.Append(make([]byte, 0, size), r.buf), false
	case r.Free() > 0:
	case !r.budget.fits(int64(len(r.buf) + 1)):
		return neverFits(r.budget.max())
	default:
		return ErrNoRoom
	}
	return nil
}

// charge makes what is taken from the budget that of a buffer of some size; false means that it has not so much left.
func (r *Reader) charge(size int) bool {
	more := max(size-ReadBufferBytes, 0) - r.charged
	switch {
	case more < 0:
		r.budget.Give(-more)
	case more > 0 && !r.budget.Take(more):
		return false
	}
	r.charged += more
	return true
}

// Next appends the arguments of the next complete request to argv. When there is none, argv comes back as it was.
// Empty requests (`*0`, `*-1`, a blank line) are passed over as in Redis. A *Refusal takes the place of one request,
// and the next call goes on behind it. Any other error is a violation of the protocol, which is returned again by
// every later call: its text is the error reply without the prefix ERR, and the connection is to be closed after
// sending it.
func (r *Reader) Next(argv [][]byte) ([][]byte, error) {
	if r.encoded != nil {
		r.encoded = nil
	}
	if r.begins('*') && !r.unauthenticated {
		if longer := r.plain(argv); len(longer) > len(argv) {
			return longer, nil
		}
	}
	for r.failed == nil && (r.start+r.at < len(r.buf) || r.large != nil) {
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
		if r.refusal != nil {
			refusal := r.refusal
			r.consume()
			return argv, refusal
		}
		if len(r.spans) == 0 {
			r.consume()
			continue
		}
		return r.take(argv), nil
	}
	return argv, r.failed
}

// Abort makes every later call of Next return err, as behind a violation of the protocol.
func (r *Reader) Abort(err error) { r.failed = err }

// Failed reports whether the client broke the protocol: nothing that it sends is understood any more.
func (r *Reader) Failed() bool { return r.failed != nil }

// Encoded is HeadBytes of room, and the last request that Next returned, in the encoding of package argv, if it has
// storage of its own; else nil. It is the caller's, and the arguments lie in it.
func (r *Reader) Encoded() []byte { return r.encoded }

// begins reports whether a request is to be read whose first byte is this.
func (r *Reader) begins(first byte) bool {
	return r.at == 0 && r.missing == 0 && r.failed == nil && r.start < len(r.buf) && r.buf[r.start] == first
}

// take turns the spans of the complete request into arguments and consumes it.
func (r *Reader) take(argv [][]byte) [][]byte {
	request := r.buf[r.start : r.start+r.at]
	if r.large != nil {
		request, r.encoded = r.large, r.large[:len(r.large):len(r.large)]
		r.chargedReturned, r.chargedLarge = r.chargedReturned+r.chargedLarge, 0
	}
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
	r.large, r.awaited, r.refusal = nil, noBulk, nil
}
