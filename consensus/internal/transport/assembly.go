package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// referenceBytes is the size from which a body is handed to the kernel where it lies, instead of being copied between
// its neighbours. Below it a copy is cheaper than one more element of the vector.
const referenceBytes = 4 << 10

// assembly gathers frames for one write. What it holds is reused, except the bodies that it refers to.
type assembly struct {
	// scratch holds headers, fields and small bodies of all frames, in order.
	scratch []byte
	// cuts are the large bodies, and where in scratch each belongs. Positions, not slices, because scratch moves when
	// it grows and a frame's header is written last.
	cuts     []cut
	cutBytes int
	// vector is all of it in slices, for one write; rest is what of that is not yet written.
	vector, rest net.Buffers
}

// cut is a body that stands before scratch[at:].
type cut struct {
	at   int
	body []byte
}

// bytes is how much there is to write.
func (a *assembly) bytes() int { return len(a.scratch) + a.cutBytes }

// message adds the frame of a message.
func (a *assembly) message(clusterID uint64, m *engine.Message) {
	h := header{kind: kindOf(m), clusterID: clusterID, from: m.From, to: m.To, term: m.Term}
	if m.Reject {
		if !mayReject(m) {
			panic(fmt.Sprintf("transport: a %s cannot reject", m.KindName()))
		}
		h.flags = flagReject
	}
	begun := a.begin()
	c := coder{out: a}
	fields(&c, m)
	if c.err != nil {
		panic(fmt.Sprintf("transport: %s cannot be written: %v", m.KindName(), c.err))
	}
	a.end(begun, h)
}

// chunk adds the frame of a piece of a file, empty at the file's end.
func (a *assembly) chunk(h header, offset int64, chunk []byte) {
	begun := a.begin()
	a.scratch = binary.LittleEndian.AppendUint64(a.scratch, uint64(offset))
	a.bulk(chunk)
	a.end(begun, h)
}

// begun is where a frame begins in an assembly: in scratch, in cuts, and in all bytes.
type begun struct{ start, firstCut, bytes int }

// begin makes room for a header; the body follows, and then end.
func (a *assembly) begin() begun {
	b := begun{len(a.scratch), len(a.cuts), a.bytes()}
	a.scratch = append(a.scratch, noHeader[:]...)
	return b
}

// end writes the header, whose bodyBytes it sets, and the checksum of the body.
func (a *assembly) end(b begun, h header) {
	h.bodyBytes = a.bytes() - b.bytes - headerBytes
	h.put(a.scratch[b.start:])
	a.scratch = binary.LittleEndian.AppendUint32(a.scratch, a.checksum(b.start+headerBytes, b.firstCut))
}

var noHeader [headerBytes]byte

// alive adds the frame that says only that the sender is there.
func (a *assembly) alive(clusterID uint64, from, to raftlog.NodeID) {
	a.scratch = appendFrame(a.scratch, header{kind: frameAlive, clusterID: clusterID, from: from, to: to}, nil)
}

// bulk adds the bytes of a body: copied when small, referred to when large.
func (a *assembly) bulk(body []byte) {
	if len(body) < referenceBytes {
		a.scratch = append(a.scratch, body...)
		return
	}
	a.cuts = append(a.cuts, cut{at: len(a.scratch), body: body})
	a.cutBytes += len(body)
}

// checksum is the CRC32C of everything from scratch[from:] on with the cuts from firstCut on in their places.
func (a *assembly) checksum(from, firstCut int) uint32 {
	crc := uint32(0)
	for _, c := range a.cuts[firstCut:] {
		crc = crc32.Update(crc, castagnoli, a.scratch[from:c.at])
		crc = crc32.Update(crc, castagnoli, c.body)
		from = c.at
	}
	return crc32.Update(crc, castagnoli, a.scratch[from:])
}

// writeTo writes everything with as few system calls as the kernel allows, and empties the assembly. It fails when the
// connection takes nothing for the timeout: a slow one may take longer in all.
func (a *assembly) writeTo(conn net.Conn, timeout time.Duration) error {
	a.gather()
	defer a.clear()
	for len(a.rest) > 0 {
		if err := conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
		n, err := a.rest.WriteTo(conn)
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
	}
	return nil
}

// writeNow writes what a socket has room for, and empties the assembly when that was all. What is left is written by
// the next call, and nothing may be added before.
func (a *assembly) writeNow(socket int) (done bool, err error) {
	if len(a.rest) == 0 {
		a.gather()
	}
	err = reactor.WriteAll(socket, (*[][]byte)(&a.rest))
	if errors.Is(err, reactor.ErrNothing) {
		return false, nil
	}
	a.clear()
	return true, err
}

// gather fills vector with the content in the order of the wire.
func (a *assembly) gather() {
	a.vector = a.vector[:0]
	from := 0
	for _, c := range a.cuts {
		if from < c.at {
			a.vector = append(a.vector, a.scratch[from:c.at])
		}
		a.vector = append(a.vector, c.body)
		from = c.at
	}
	if from < len(a.scratch) {
		a.vector = append(a.vector, a.scratch[from:])
	}
	a.rest = a.vector
}

// maxScratchBytes bounds what an assembly keeps between writes.
const maxScratchBytes = 1 << 20

// clear forgets what was written: bodies must not be kept alive from here, nor the memory of one large write.
func (a *assembly) clear() {
	clear(a.vector)
	clear(a.cuts)
	a.cuts, a.cutBytes = a.cuts[:0], 0
	a.scratch, a.rest = a.scratch[:0], nil
	if cap(a.scratch) > maxScratchBytes {
		a.scratch = nil
	}
}
