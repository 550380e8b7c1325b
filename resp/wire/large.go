package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/raftredis/raftredis/internal/stepwise"
)

// A request with a long argument that did not arrive whole is put together in storage of its own, in the encoding of
// package argv, and the bytes of its arguments are read from the socket to their place in it. So a long value is copied
// when its storage grows and not otherwise: what Encoded returns is the body of the log entry.
//
// The storage grows with what arrived, not with what was declared: it has at most largeGrowth times as many bytes as
// have come, and ReadBufferBytes.

// largeGrowth is how many times larger storage that is full becomes, if so much was declared. What was moved is
// garbage: with 8 it is a seventh of the whole, with 2 as much as the whole. Room that nothing was written to takes no
// memory of the machine, so that what a client can make it hold is what it sends.
const largeGrowth = 8

// HeadBytes is the room in front of what Encoded returns: for what the body of the log entry says before the request.
const HeadBytes = 48

// argumentOverheadBytes is the room that is kept for each short argument behind a long one, such as EX 10 behind a
// value: without it the storage would be moved for them. trailingBytes bounds it.
const (
	argumentOverheadBytes = 32
	trailingBytes         = 4 << 10
)

// Refusal is why one request was not taken. It is no violation of the protocol: the request was received to its end and
// dropped, so it was not executed, and the connection goes on with the next one.
type Refusal struct {
	// Reply is the error with its prefix.
	Reply string
}

// Error is the text of the reply.
func (r *Refusal) Error() string { return r.Reply }

// ErrNoRoom is the reply to a request for which the budget has no room at the moment. The client may send it again. A
// request that would never have room is refused by another text, or clients would send it again for ever.
var ErrNoRoom = &Refusal{"TRYAGAIN The command was not executed: clients hold too much unfinished input"}

func neverFits(maxBytes int64) *Refusal {
	return &Refusal{fmt.Sprintf("ERR The command was not executed: it is longer than the %d bytes of unfinished input "+
		"that this node's memory allows all clients together", maxBytes)}
}

func tooLarge(maxBytes int) *Refusal {
	return &Refusal{fmt.Sprintf(
		"ERR The command was not executed: it is longer than client-query-buffer-limit allows, which is %d bytes", maxBytes)}
}

func tooMany(arguments int64, maxArguments int) *Refusal {
	return &Refusal{fmt.Sprintf("ERR The command was not executed: it has %d arguments, and at most %d are allowed",
		arguments, maxArguments)}
}

// wantsLarge reports whether the next bytes belong into the storage of the current request.
func (r *Reader) wantsLarge() bool { return r.large != nil && r.awaited > 0 }

// enlarge gives the current request storage of its own and moves there what was understood of it.
func (r *Reader) enlarge() {
	request := r.buf[r.start : r.start+r.at]
	size := HeadBytes + binary.MaxVarintLen64
	for _, s := range r.spans {
		size += int(s.to-s.from) + binary.MaxVarintLen64
	}
	large := binary.AppendUvarint(make([]byte, HeadBytes, size), uint64(len(r.spans)+r.missing))
	for i, s := range r.spans {
		large = binary.AppendUvarint(large, uint64(s.to-s.from))
		from := len(large)
		large = append(large, request[s.from:s.to]...)
		r.spans[i] = span{uint32(from), uint32(len(large))}
	}
	r.large, r.awaited = large, noBulk
	r.skipTaken()
}

// skipTaken leaves behind what is understood of the buffer.
func (r *Reader) skipTaken() {
	r.start += r.at
	r.at, r.scanned = 0, 0
}

// largeBulk moves what is there of the current bulk to the storage of its request, and reports whether it is complete.
func (r *Reader) largeBulk() bool {
	if r.awaited == noBulk && !r.beginLargeBulk() {
		return r.dropBulk()
	}
	rest := r.buf[r.start:]
	if n := min(len(rest), r.awaited); n > 0 {
		if !r.reserve(n, r.awaited) {
			r.refuse(ErrNoRoom)
			return r.dropBulk()
		}
		r.large = append(r.large, rest[:n]...)
		r.start += n
		r.awaited -= n
	}
	if r.awaited > 0 {
		return false
	}
	end := len(r.large) - len("\r\n")
	if string(r.large[end:]) != "\r\n" {
		return r.fail(noLineEnd)
	}
	r.large, r.awaited = r.large[:end], noBulk
	return true
}

// beginLargeBulk writes the length of the current bulk; false means that the request was refused for want of room.
func (r *Reader) beginLargeBulk() bool {
	r.skipTaken()
	r.awaited = r.bulk + len("\r\n")
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(r.bulk))
	if !r.reserve(n+min(len(r.buf)-r.start, r.awaited), n+r.awaited) {
		r.refuse(ErrNoRoom)
		return false
	}
	r.large = append(r.large, length[:n]...)
	r.spans = append(r.spans, span{uint32(len(r.large)), uint32(len(r.large) + r.bulk)})
	return true
}

// reserve makes room for the next n bytes in the storage of the current request, of the declared ones that it will need
// for the current bulk; false means that the budget has none.
func (r *Reader) reserve(n, declared int) bool {
	arrived, had := len(r.large)+n, cap(r.large)
	if arrived <= had {
		return true
	}
	declared += len(r.large)
	behind := min(argumentOverheadBytes*(r.missing-1), trailingBytes)
	size := min(declared+behind, largeGrowth*arrived+ReadBufferBytes)
	if had > ReadBufferBytes {
		size = max(size, had+had/4) // or many arguments that are not so long would each move what is there
	}
	if !r.chargeLarge(size) {
		if size = min(size, declared); !r.chargeLarge(size) && !(r.shed() && r.chargeLarge(size)) {
			return false
		}
	}
	r.large = stepwise.Append(make([]byte, 0, size), r.large)
	return true
}

// chargeLarge makes what is taken from the budget for the current request that of a storage of some size; false means
// that it has not so much left.
func (r *Reader) chargeLarge(size int) bool {
	more := size - HeadBytes - ReadBufferBytes - r.chargedLarge
	if more > 0 && !r.budget.Take(more) {
		return false
	}
	r.chargedLarge += max(more, 0)
	return true
}

// refuse begins to drop the current request: what was kept of it is given back, and what comes of it is not kept.
func (r *Reader) refuse(why *Refusal) {
	if r.large == nil {
		r.skipTaken()
		r.awaited = noBulk
	}
	r.budget.Give(r.chargedLarge)
	r.large, r.chargedLarge, r.refusal = nil, 0, why
	r.spans = r.spans[:0]
	if cap(r.spans) > keptSpans {
		r.spans = nil
	}
}

// dropBulk drops what is there of the current bulk, and reports whether that was all of it.
func (r *Reader) dropBulk() bool {
	if r.awaited == noBulk {
		r.skipTaken()
		r.awaited = r.bulk + len("\r\n")
	}
	const lineEnd = "\r\n"
	if n := min(len(r.buf)-r.start, r.awaited-len(lineEnd)); n > 0 {
		r.start += n
		r.awaited -= n
	}
	if r.awaited > len(lineEnd) || len(r.buf)-r.start < r.awaited {
		return false
	}
	end := r.start + r.awaited // of the line end, a part may have gone to the storage that the request had
	if string(r.buf[r.start:end]) != lineEnd[len(lineEnd)-r.awaited:] {
		return r.fail(noLineEnd)
	}
	r.start, r.awaited = end, noBulk
	return true
}
