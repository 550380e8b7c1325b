package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// segmentDigits is how the segment library names a file: by the index of its first entry, in so many digits.
const segmentDigits = 20

// Segment is one file of history before the library opens it.
type Segment struct {
	Path string
	// First is the index of the segment's first entry: the name says it.
	First raftlog.Index
}

func segmentPath(directory string, first raftlog.Index) string {
	return filepath.Join(directory, fmt.Sprintf("%0*d", segmentDigits, first))
}

// List returns the segments of a directory in order. It refuses names that the library would take for the remains of a
// truncation, which it would then complete: this program never truncates.
func List(directory string) ([]Segment, error) {
	found, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var segments []Segment
	for _, file := range found {
		name := file.Name()
		if file.IsDir() || len(name) < segmentDigits {
			continue
		}
		first, err := strconv.ParseUint(name[:segmentDigits], 10, 64)
		if err != nil || strings.HasSuffix(name, ".TEMP") {
			continue
		}
		path := filepath.Join(directory, name)
		if len(name) > segmentDigits || first == 0 {
			return nil, &raftlog.CorruptionError{File: path, Reason: "another program has truncated the history"}
		}
		segments = append(segments, Segment{path, raftlog.Index(first)})
	}
	return segments, nil
}

// sizeOf is how large segments are together.
func sizeOf(segments []Segment) (bytes int64, err error) {
	for _, s := range segments {
		info, err := os.Stat(s.Path)
		if err != nil {
			return 0, err
		}
		bytes += info.Size()
	}
	return bytes, nil
}

// scan is the walk through a history directory that checks every entry up to the cut, and the cut itself.
type scan struct {
	directory string
	// first is where history begins: the oldest segment may begin later only up to kept, whose entries a snapshot
	// holds.
	first, kept raftlog.Index
	// cut is the last entry that stays. It must be there.
	cut raftlog.Mark
	// tailOnly checks only the names of segments that end before the cut: they were checked before.
	tailOnly bool

	at   raftlog.Mark // the last whole entry
	next raftlog.Index
	// left are segments of a trim that was interrupted: one behind them is gone, and a snapshot stands for all of them.
	left []Segment
}

// repair makes a history directory what it was when the cut was its last entry: everything up to it is checked,
// everything behind it goes, and what an interrupted trim left. It returns the first index that is there. It relies on
// nothing of the segment library but its framing: a length as a varint, then the entry. A repair that is interrupted is
// simply done again.
func (s *scan) repair() (first raftlog.Index, err error) {
	segments, err := List(s.directory)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if len(segments) == 0 {
		if s.cut.Index+1 != s.first {
			return 0, &raftlog.CorruptionError{File: s.directory, Reason: fmt.Sprintf(
				"no segments; they should hold entries %d to %d", s.first, s.cut.Index)}
		}
		return s.first, Seed(s.directory, s.first)
	}
	if first = segments[0].First; first != s.first && (first < s.first || first > s.kept) {
		return 0, &raftlog.CorruptionError{File: segments[0].Path, Reason: fmt.Sprintf(
			"history begins here; it should begin at %d, and at %d at the latest", s.first, max(s.first, s.kept))}
	}
	s.next = first
	for i, segment := range segments {
		last := i == len(segments)-1
		if s.tailOnly && !last && segments[i+1].First <= s.cut.Index {
			s.next = segments[i+1].First
			continue
		}
		if segment.First > s.next && segment.First <= s.kept {
			s.left, first, s.next = segments[:i], segment.First, segment.First
		}
		end, err := s.segment(segment)
		if err != nil {
			return 0, err
		}
		if s.next > s.cut.Index || last {
			return first, s.finish(segment, end, segments[i+1:])
		}
	}
	return first, nil
}

// segment checks one segment up to the cut, and returns the offset of the cut or of the first damage behind it.
func (s *scan) segment(segment Segment) (end int64, err error) {
	if segment.First != s.next {
		return 0, &raftlog.CorruptionError{File: segment.Path, Reason: fmt.Sprintf(
			"the segment should begin with entry %d", s.next)}
	}
	b, err := os.ReadFile(segment.Path)
	if err != nil {
		return 0, err
	}
	for at := 0; at < len(b) && s.next <= s.cut.Index; s.next++ {
		e, n, err := DecodeFrame(b[at:])
		if err == nil && (e.Index != s.next || e.Term < s.at.Term) {
			err = fmt.Errorf("entry %v after %v", e.Mark(), s.at)
		}
		if err != nil {
			return 0, &raftlog.CorruptionError{
				File: segment.Path, Offset: int64(at), Reason: fmt.Sprintf("entry %d: %v", s.next, err),
			}
		}
		s.at, at = e.Mark(), at+n
		end = int64(at)
	}
	return end, nil
}

// finish checks that the cut is where it should be and takes away what lies behind it.
func (s *scan) finish(tail Segment, end int64, behind []Segment) error {
	reaches := s.next == s.cut.Index+1 && (s.at.Index != s.cut.Index || s.at == s.cut)
	if !reaches && !guard.Down(guard.HistoryReachesCheckpoint) {
		return &raftlog.CorruptionError{File: tail.Path, Offset: end, Reason: fmt.Sprintf(
			"history ends with entry %v here, it should hold entry %v", s.at, s.cut)}
	}
	slices.Reverse(behind)
	for _, gone := range slices.Concat(behind, s.left) {
		if err := os.Remove(gone.Path); err != nil {
			return err
		}
	}
	f, err := vfs.OS().Open(tail.Path, false)
	if err != nil {
		return err
	}
	if !guard.Down(guard.HistoryCut) {
		err = f.Truncate(end)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return vfs.OS().SyncDir(s.directory)
}

// Seed makes an empty history that begins at an index: an empty segment of that name.
func Seed(directory string, first raftlog.Index) error { return seed(vfs.OS(), directory, first) }

func seed(fsys vfs.FS, directory string, first raftlog.Index) error {
	if err := vfs.MakeDirectory(fsys, directory); err != nil {
		return err
	}
	f, err := fsys.Open(segmentPath(directory, first), true)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if guard.Down(guard.SeedDurable) {
		return nil
	}
	return fsys.SyncDir(directory)
}

var errShortFrame = errors.New("is cut short")

// DecodeFrame reads one entry with the length that the segment library puts before it.
func DecodeFrame(b []byte) (raftlog.Entry, int, error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return raftlog.Entry{}, 0, errShortFrame
	}
	e, taken, err := raftlog.DecodeEntry(b[n : n+int(size)])
	if err == nil && taken != int(size) {
		err = fmt.Errorf("its length is %d, the file says %d", taken, size)
	}
	return e, n + int(size), err
}
