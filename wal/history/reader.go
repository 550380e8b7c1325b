package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// reader reads segments for Entries, past the segment library and without the lock that writers hold. A disk may take
// seconds for an old segment; if a reader held that lock meanwhile, the journal could not roll, and the leader's
// clients would wait for a follower that is far behind. It is safe because nothing of what it reads changes any more:
//
//   - an entry up to view.last was written before the view was taken, and is never cut off;
//   - a segment goes only as a whole, after view.first was moved behind it.
type reader struct {
	mu        sync.Mutex // one call reads at a time
	directory string
	// cached are the segments that were read last, the last one first.
	cached []*loaded
}

// loaded is a segment in memory, as far as it was read.
type loaded struct {
	first raftlog.Index
	bytes []byte
	// ends has the offset behind each entry.
	ends []int
}

// view is what Entries may read, as it was when the call began.
type view struct {
	directory   string
	base        raftlog.Mark
	first, last raftlog.Index
}

// entry returns one entry, checked.
func (r *reader) entry(v *view, index raftlog.Index) (raftlog.Entry, error) {
	s, err := r.load(v, index)
	if err != nil {
		return raftlog.Entry{}, err
	}
	begin := 0
	if i := index - s.first; i > 0 {
		begin = s.ends[i-1]
	}
	e, _, err := DecodeFrame(slices.Clone(s.bytes[begin:s.ends[index-s.first]])) // the caller keeps the body
	if err == nil && e.Index != index && !guard.Down(guard.EntryAtItsIndex) {
		err = fmt.Errorf("it holds entry %v", e.Mark())
	}
	return e, err
}

// load returns the segment that holds an entry.
func (r *reader) load(v *view, index raftlog.Index) (*loaded, error) {
	if r.directory != v.directory {
		r.directory, r.cached = v.directory, nil
	}
	holds := func(s *loaded) bool { return s.first <= index && index < s.first+raftlog.Index(len(s.ends)) }
	at := slices.IndexFunc(r.cached, holds)
	if at < 0 {
		first, err := firstOf(v.directory, index)
		if err != nil {
			return nil, err
		}
		at = slices.IndexFunc(r.cached, func(s *loaded) bool { return s.first == first })
		if at < 0 {
			r.cached = slices.Insert(r.cached, 0, &loaded{first: first})
			r.cached = slices.Delete(r.cached, min(len(r.cached), segmentCacheCount), len(r.cached))
			at = 0
		}
		if err := r.cached[at].extend(v); err != nil {
			return nil, err
		}
	}
	s := r.cached[at]
	if !holds(s) {
		return nil, fmt.Errorf("segment %d ends with entry %d", s.first, s.first+raftlog.Index(len(s.ends))-1)
	}
	r.cached = slices.Insert(slices.Delete(r.cached, at, at+1), 0, s)
	return s, nil
}

// firstOf is the first entry of the segment that an entry is in. A reader that goes on where another segment ended
// finds it by its name; only a new one lists the directory.
func firstOf(directory string, index raftlog.Index) (raftlog.Index, error) {
	if _, err := os.Stat(segmentPath(directory, index)); err == nil {
		return index, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	segments, err := List(directory)
	if err != nil {
		return 0, err
	}
	for _, s := range slices.Backward(segments) {
		if s.First <= index {
			return s.First, nil
		}
	}
	return 0, fmt.Errorf("no segment begins before entry %d", index)
}

// extend reads what the segment's file has behind what is here, up to the last entry of the view.
func (s *loaded) extend(v *view) error {
	f, err := os.Open(segmentPath(v.directory, s.first))
	if err != nil {
		return err
	}
	defer f.Close() // only read
	if len(s.bytes) > 0 {
		if _, err := f.Seek(int64(len(s.bytes)), io.SeekStart); err != nil {
			return err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	all := bytes.NewBuffer(slices.Grow(s.bytes, max(int(info.Size())-len(s.bytes), 0)+bytes.MinRead))
	if _, err := all.ReadFrom(f); err != nil {
		return err
	}
	s.bytes = all.Bytes()
	at := 0
	if n := len(s.ends); n > 0 {
		at = s.ends[n-1]
	}
	for s.first+raftlog.Index(len(s.ends)) <= v.last {
		size, n := binary.Uvarint(s.bytes[at:])
		if n <= 0 || size > uint64(len(s.bytes)-at-n) {
			break
		}
		at += n + int(size)
		s.ends = append(s.ends, at)
	}
	s.bytes = s.bytes[:at] // what follows is not in the view: it may be half written, and be cut off
	return nil
}
