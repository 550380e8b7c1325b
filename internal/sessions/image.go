package sessions

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tidwall/btree"
)

// The image of a table, all numbers little endian:
//
//	count of sessions u32, count of replies ever kept u64, then for each session, in ascending order of its id
//	  id u64, highest u64, window 2 x u64, deadline i64, time to live i64, count of replies u8, then for each reply, in
//	  ascending order of its sequence
//	    sequence u64, order u64, time i64, length u32, that many bytes
const (
	tableHeaderBytes = 4 + 8
	sessionBytes     = 6*8 + 1
	replyHeaderBytes = 3*8 + 4
	// chunkBytes is how much is written and read at once: a writer may rest between two writes, and a reader takes no
	// memory for more than that before it has the bytes.
	chunkBytes = 64 << 10
)

// Frozen is a table as it was. It may be written while the table changes. Several may be in use at a time.
type Frozen struct {
	sessions *btree.Map[uint64, *session]
	recorded uint64

	maxReplyAgeMillis int64
}

// Freeze returns the present table, in constant time.
func (t *Table) Freeze() *Frozen {
	t.generation++
	return &Frozen{t.byID.Copy(), t.kept.recorded, t.limits.MaxReplyAgeMillis}
}

// Find is that of the table as it was.
func (f *Frozen) Find(id uint64, now int64) (i Info, found bool) {
	return find(f.sessions, id, now, f.maxReplyAgeMillis)
}

// Len is the number of sessions.
func (f *Frozen) Len() int { return f.sessions.Len() }

// WriteTo writes the image: the same bytes for equal tables.
func (f *Frozen) WriteTo(w io.Writer) (int64, error) {
	out := writer{to: w}
	out.number32(uint32(f.sessions.Len()))
	out.number(f.recorded)
	f.sessions.Scan(func(_ uint64, s *session) bool {
		out.session(s)
		return out.err == nil
	})
	out.flush()
	return out.written, out.err
}

// writer writes in chunks of chunkBytes at most.
type writer struct {
	to      io.Writer
	buffer  []byte
	written int64
	err     error
}

func (w *writer) session(s *session) {
	w.room(sessionBytes)
	for _, n := range [...]uint64{s.id, s.highest, s.done.low, s.done.high, uint64(s.deadline), uint64(s.ttlMillis)} {
		w.number(n)
	}
	w.buffer = append(w.buffer, byte(len(s.replies)))
	for _, r := range s.replies {
		w.room(replyHeaderBytes)
		w.number(r.sequence)
		w.number(r.order)
		w.number(uint64(r.at))
		w.number32(uint32(len(r.body)))
		for body := r.body; len(body) > 0; {
			w.room(1)
			n := min(len(body), chunkBytes-len(w.buffer))
			w.buffer = append(w.buffer, body[:n]...)
			body = body[n:]
		}
	}
}

// room makes room for so many bytes.
func (w *writer) room(bytes int) {
	if chunkBytes-len(w.buffer) < bytes {
		w.flush()
	}
}

func (w *writer) flush() {
	if w.err == nil {
		n := 0
		n, w.err = w.to.Write(w.buffer)
		w.written += int64(n)
	}
	w.buffer = w.buffer[:0]
}

func (w *writer) number(n uint64)   { w.buffer = binary.LittleEndian.AppendUint64(w.buffer, n) }
func (w *writer) number32(n uint32) { w.buffer = binary.LittleEndian.AppendUint32(w.buffer, n) }

// Restore makes the table of an image. It reads that and nothing behind it. An error means that no table wrote the
// image. Limits that are lower than those of the writer do not matter: the next changes bring them about.
func Restore(l Limits, r io.Reader) (*Table, error) {
	t := New(l)
	var header [tableHeaderBytes]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, fmt.Errorf("read how many sessions there are: %w", noEOF(err))
	}
	count := binary.LittleEndian.Uint32(header[:])
	t.kept.recorded = binary.LittleEndian.Uint64(header[4:])
	var before uint64
	var all []*reply
	for i := range count {
		s, err := t.readSession(r)
		if err == nil && (s.id <= before && i > 0 || s.id == 0) {
			err = fmt.Errorf("session %d follows session %d", s.id, before)
		}
		if err != nil {
			return nil, fmt.Errorf("read session %d of %d: %w", i+1, count, err)
		}
		before, all = s.id, append(all, s.replies...)
		t.byID.Load(s.id, s)
		t.ending.Push(s)
		t.sum += s.digest()
	}
	heap.Init(&t.ending)
	return t, t.line(all)
}

// line puts the replies in the order in which they were recorded.
func (t *Table) line(all []*reply) error {
	slices.SortFunc(all, func(a, b *reply) int { return cmp.Compare(a.order, b.order) })
	for i, r := range all {
		if i > 0 && (all[i-1].order == r.order || all[i-1].at > r.at) || r.order >= t.kept.recorded {
			return fmt.Errorf("reply %d of session %d is out of order", r.sequence, r.session)
		}
		t.kept.add(r)
		t.sum += r.digest
	}
	if t.byID.Len() == 0 && t.kept.recorded != 0 {
		return errors.New("there are no sessions, and replies were recorded")
	}
	return nil
}

func (t *Table) readSession(r io.Reader) (*session, error) {
	var b [sessionBytes]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, noEOF(err)
	}
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	s := &session{
		id: number(0), highest: number(1), done: window{low: number(2), high: number(3)},
		deadline: int64(number(4)), ttlMillis: int64(number(5)), generation: t.generation,
	}
	switch {
	case s.deadline <= 0 || s.ttlMillis <= 0:
		return nil, fmt.Errorf("it ends at %d and lives for %d ms", s.deadline, s.ttlMillis)
	case s.done.has(0) != (s.highest > 0) || s.highest < Window && s.done.above(s.highest):
		return nil, fmt.Errorf("%d is the highest sequence, which its window contradicts", s.highest)
	}
	for range b[sessionBytes-1] {
		if err := s.readReply(r); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *session) readReply(r io.Reader) error {
	var b [replyHeaderBytes]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return noEOF(err)
	}
	kept := &reply{
		session: s.id, sequence: binary.LittleEndian.Uint64(b[0:]), order: binary.LittleEndian.Uint64(b[8:]),
		at: int64(binary.LittleEndian.Uint64(b[16:])),
	}
	last := len(s.replies) - 1
	switch {
	case kept.sequence == 0 || kept.sequence > s.highest || s.left(kept.sequence) || !s.contains(kept.sequence):
		return fmt.Errorf("sequence %d has a reply, and was not executed", kept.sequence)
	case last >= 0 && s.replies[last].sequence >= kept.sequence:
		return fmt.Errorf("sequence %d follows %d", kept.sequence, s.replies[last].sequence)
	}
	var err error
	if kept.body, err = readBody(r, int(binary.LittleEndian.Uint32(b[24:]))); err != nil {
		return err
	}
	kept.digest = kept.computeDigest()
	s.replies = append(s.replies, kept)
	return nil
}

// readBody reads so many bytes.
func readBody(r io.Reader, bytes int) (body []byte, err error) {
	for len(body) < bytes && err == nil {
		read := len(body)
		body = append(body, make([]byte, min(bytes-read, max(chunkBytes, read)))...)
		_, err = io.ReadFull(r, body[read:])
	}
	return slices.Clip(body), noEOF(err)
}

// noEOF is an error of reading where more has to come.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
