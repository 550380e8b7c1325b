package journal

import (
	"crypto/sha3"
	"crypto/subtle"
	"encoding/binary"

	"github.com/raftredis/raftredis/internal/guard"
)

// mask hides payloads: no byte of one lies on the disk as a client chose it. A page of it is combined by exclusive or
// with every page of every payload of a generation. Headers, which no client writes, stay as they are.
//
// Without it, a client that knows this program can choose values that deceive recovery:
//
//  1. A value holds, wherever a page may begin, what looks like the header of a record of a later generation. It gets
//     into the file that is overwritten next. Power fails while that file gets its opening, and the page with the
//     opening is lost. Recovery finds a record behind an opening that it cannot read, and refuses a healthy journal.
//  2. Two values differ only by multiples of the checksum's polynomial. The first lies in the file that is overwritten,
//     the second is written over it, and power fails. The record is torn, half of each value, and its checksum fits.
//     The node holds an entry that no leader made.
//
// The salt is drawn for each generation and never leaves this node, so what a value will look like on the disk, and
// what an old value looks like under a later mask, is chance.
type mask struct {
	salt uint64
	page [PageBytes]byte
	made bool
}

// apply hides the payload of a record, or shows it again. The record begins at a page, with its header.
func (m *mask) apply(record []byte, salt uint64) {
	if guard.Down(guard.PayloadsMasked) {
		return
	}
	if !m.made || m.salt != salt {
		m.make(salt)
	}
	for at := headerBytes; at < len(record); {
		n := subtle.XORBytes(record[at:], record[at:], m.page[at%PageBytes:])
		at += n
	}
}

// make draws the page out of the salt: SHAKE128 is the same in every build, and tells nothing of its input.
func (m *mask) make(salt uint64) {
	m.salt, m.made = salt, true
	copy(m.page[:], sha3.SumSHAKE128(binary.LittleEndian.AppendUint64(nil, salt), PageBytes))
}
