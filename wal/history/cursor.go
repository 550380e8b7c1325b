package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// CompactedError says that history does not hold an entry any more: a snapshot stands for it. It matches ErrCompacted.
type CompactedError struct {
	// Index is the entry that was asked for, First the first one that history holds.
	Index, First raftlog.Index
}

// Error names both.
func (e *CompactedError) Error() string {
	return fmt.Sprintf("entry %d: %v, which begins at %d", e.Index, ErrCompacted, e.First)
}

// Is reports whether target is ErrCompacted.
func (e *CompactedError) Is(target error) bool { return target == ErrCompacted }

// Cursor reads entries in order, for one goroutine. It shares nothing with Entries and with other cursors, and holds no
// file open between two calls, so one that is far behind, or is never read again, costs the others nothing.
//
// It is safe beside a writer for the reasons that reader gives.
type Cursor struct {
	history *History
	next    raftlog.Index
	// directory and segment are the file that has the next entry, and offset is the place of the entry in it; segment is
	// 0 where that has to be looked for.
	directory string
	segment   raftlog.Index
	offset    int64
}

// Cursor returns a cursor that stands before an entry, which need not be there yet.
func (h *History) Cursor(from raftlog.Index) *Cursor { return &Cursor{history: h, next: max(from, 1)} }

// Next is the entry that Read returns first.
func (c *Cursor) Next() raftlog.Index { return c.next }

// Read returns the next entries: one at least, and more while what they take in the file stays within maxBytes; none if
// there is none yet. Their bodies share one buffer of that size, which belongs to the caller.
//
// Errors: a CompactedError; ErrClosed; one about the file that vfs.IsFatal does not call fatal, which may pass; else
// the file is damaged. After an error the cursor stands where it stood.
func (c *Cursor) Read(maxBytes int) (entries []raftlog.Entry, err error) {
	v, err := c.history.view()
	switch {
	case err != nil:
		return nil, err
	case c.next < v.first:
		return nil, &CompactedError{c.next, v.first}
	case c.next > v.last:
		return nil, nil
	}
	entries, err = c.read(&v, maxBytes)
	if errors.Is(err, fs.ErrNotExist) { // a trim has taken away a segment that was read to its end
		c.segment = 0
		entries, err = c.read(&v, maxBytes)
	}
	if err != nil {
		return nil, c.history.explain(&v, c.next, err)
	}
	return entries, nil
}

// read reads from the segment that has the next entry. The view says that it is there.
func (c *Cursor) read(v *view, maxBytes int) ([]raftlog.Entry, error) {
	if c.directory != v.directory {
		c.directory, c.segment = v.directory, 0
	}
	if c.segment == 0 {
		if err := c.find(); err != nil {
			return nil, err
		}
	}
	file, err := os.Open(segmentPath(c.directory, c.segment))
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	frames, err := framesAt(file, c.offset, maxBytes)
	if err != nil {
		return nil, err
	}
	if len(frames) == 0 { // the library has begun another file
		if c.segment == c.next {
			return nil, errShortFrame
		}
		c.segment, c.offset = c.next, 0
		return c.read(v, maxBytes)
	}
	return c.decode(v, frames)
}

// find looks for the next entry: in the segment that it begins, or else within the one before.
func (c *Cursor) find() error {
	first, err := firstOf(c.directory, c.next)
	if err != nil {
		return err
	}
	file, err := os.Open(segmentPath(c.directory, first))
	if err != nil {
		return err
	}
	defer file.Close() // only read
	offset := int64(0)
	for at := first; at < c.next; {
		frames, err := framesAt(file, offset, batchBytes)
		if err != nil {
			return err
		}
		if len(frames) == 0 {
			return fmt.Errorf("segment %d ends with entry %d", first, at-1)
		}
		for ; len(frames) > 0 && at < c.next; at++ {
			size, n := binary.Uvarint(frames)
			offset, frames = offset+int64(n)+int64(size), frames[n+int(size):]
		}
	}
	c.segment, c.offset = first, offset
	return nil
}

// decode returns the entries in some frames, up to the last one of the view, and moves the cursor behind them.
func (c *Cursor) decode(v *view, frames []byte) (entries []raftlog.Entry, err error) {
	index, offset := c.next, c.offset
	for len(frames) > 0 && index <= v.last {
		e, n, err := DecodeFrame(frames)
		if err == nil && e.Index != index {
			err = fmt.Errorf("it holds entry %v", e.Mark())
		}
		if err != nil && len(entries) > 0 {
			break // what is before it is whole; the next call finds it
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
		index, offset, frames = index+1, offset+int64(n), frames[n:]
	}
	c.next, c.offset = index, offset
	return entries, nil
}

// framesAt reads whole frames from a place in a segment on: as many as fit into maxBytes, or one; none at the end.
func framesAt(file *os.File, offset int64, maxBytes int) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	left := info.Size() - offset
	b := make([]byte, max(min(left, int64(max(maxBytes, binary.MaxVarintLen64))), 0))
	if _, err := file.ReadAt(b, offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	whole := 0
	for {
		size, n := binary.Uvarint(b[whole:])
		if n <= 0 || size > uint64(len(b)-whole-n) {
			break
		}
		whole += n + int(size)
	}
	switch size, n := binary.Uvarint(b); {
	case whole > 0 || left <= 0:
		return slices.Clip(b[:whole]), nil
	case n <= 0 || size > uint64(left-int64(n)):
		return nil, errShortFrame
	default:
		return framesAt(file, offset, n+int(size))
	}
}

// Before is the first entry of a segment that begins so many bytes, or more, before the one that holds an entry: a
// place from which to look for what led to it. It is the first entry of history if there is no such segment.
func (h *History) Before(index raftlog.Index, bytes int64) (raftlog.Index, error) {
	v, err := h.view()
	if err != nil {
		return 0, err
	}
	segments, err := List(v.directory)
	if err != nil {
		return 0, h.explain(&v, index, err)
	}
	begins := index
	for _, s := range slices.Backward(segments) {
		if s.First >= begins {
			continue
		}
		begins = s.First
		size, err := sizeOf([]Segment{s})
		if errors.Is(err, fs.ErrNotExist) {
			break // a trim has taken it away
		}
		if err != nil {
			return 0, h.explain(&v, index, err)
		}
		if bytes -= size; bytes <= 0 {
			break
		}
	}
	return max(begins, v.first), nil
}
