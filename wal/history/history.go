package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
	tidwall "github.com/tidwall/wal"
)

// batchBytes is how much of a Write is handed to the segment library at once.
const batchBytes = 1 << 20

// segmentCacheCount is how many segments a reader keeps in memory.
const segmentCacheCount = 2

// goneSegmentsMax is how many segments that are gone the library may still list, at some 100 bytes each.
const goneSegmentsMax = 1000

// ErrCompacted means that an entry is older than what history still holds: a snapshot stands for it.
var ErrCompacted = errors.New("entry is older than the log's history")

// History is the durable home of committed entries: segments in one directory, from an index on, without a gap. Its
// methods may be called at the same time, unless they say otherwise.
type History struct {
	segmentBytes int
	reader       reader // it has a lock of its own

	mu sync.Mutex
	// trimming is held while files of old segments go. A call that needs both locks takes mu first.
	trimming sync.Mutex
	// directory is where the segments are, name what the journal calls it.
	directory, name string

	log *tidwall.Log
	// wrap is Options.Wrap; writeBatch and closeLog are those of what it returns, or of log.
	wrap       func(Log) Log
	writeBatch func(*tidwall.Batch) error
	closeLog   func() error
	// names is the open directory: to sync it takes no descriptor, which a full journal file could not wait for.
	names names
	// down: the library is closed and could not be opened again yet, for a reason that may pass. Its files hold all that
	// was acknowledged, synced, and perhaps more. Whatever needs the library opens it first; Sync does not.
	down bool
	// failed is the first error that could not be repaired. It is final.
	failed error
	// gone counts segments that went since the library was opened; goneMax is goneSegmentsMax, less in tests.
	gone, goneMax int
	// base is the mark before the first entry, last that of the last one written.
	base, last raftlog.Mark
	first      raftlog.Index
	batch      tidwall.Batch
	frame      []byte
	// tailBytes is what the library holds of the last segment in memory.
	tailBytes int64
	// unsyncedBytes were written since the last sync; syncs counts those.
	unsyncedBytes int64
	syncs         uint64

	// durable is the last index that a sync has covered, bytes what the segments hold. Both are read without the lock.
	durable atomic.Uint64
	bytes   atomic.Int64
}

// names is a directory whose names can be made durable.
type names interface {
	Sync() error
	Close() error
}

// Options say where a history is and what it holds.
type Options struct {
	// Directory has the segments. It is made if it does not exist and should be empty.
	Directory string
	// SegmentBytes is the size at which history begins a new segment.
	SegmentBytes int
	// Base is the mark before the first entry, Checkpoint the last entry that stays.
	Base, Checkpoint raftlog.Mark
	// Kept is the first index that must still be there: a snapshot stands for what is before it.
	Kept raftlog.Index
	// Wrap is for tests, which put a full or a failing disk before the segment library; nil changes nothing. It is
	// called whenever the library is opened.
	Wrap func(Log) Log
}

// Log is what Options.Wrap may change of the segment library.
type Log interface {
	WriteBatch(batch *tidwall.Batch) error
	Close() error
}

// Stats are a history's figures.
type Stats struct {
	// First and Last are the entries that can be read, Durable is the last one that is durable.
	First, Last, Durable raftlog.Index
	// Bytes is what the segments hold on disk.
	Bytes int64
	// Syncs counts the syncs since the history was opened.
	Syncs uint64
}

// Open repairs a history directory so that it ends at the checkpoint, and opens it. Damage before the checkpoint is a
// raftlog.CorruptionError.
func Open(o Options) (*History, error) {
	h := &History{
		directory: o.Directory, name: filepath.Base(o.Directory), segmentBytes: o.SegmentBytes, wrap: o.Wrap,
		base: o.Base, last: o.Checkpoint, goneMax: goneSegmentsMax,
	}
	s := scan{directory: o.Directory, first: o.Base.Index + 1, kept: o.Kept, cut: o.Checkpoint}
	first, err := s.repair()
	if err != nil {
		return nil, err
	}
	h.first = first
	h.durable.Store(uint64(o.Checkpoint.Index))
	return h, h.open()
}

func (h *History) open() error {
	err := guarded(func() (err error) {
		h.log, err = tidwall.Open(h.directory, &tidwall.Options{
			NoSync:           true, // Sync is ours, and includes the directory
			SegmentSize:      h.segmentBytes,
			LogFormat:        tidwall.Binary,
			SegmentCacheSize: 1, // it is not asked to read
			AllowEmpty:       true,
			DirPerms:         0o700,
			FilePerms:        0o600,
		})
		if err != nil {
			return err
		}
		library := Log(h.log)
		if h.wrap != nil {
			library = h.wrap(library)
		}
		h.writeBatch, h.closeLog = library.WriteBatch, library.Close
		last, err := h.log.LastIndex()
		if err == nil && last != uint64(h.last.Index) {
			err = fmt.Errorf("it ends at %d after a repair up to %d", last, h.last.Index)
		}
		return err
	})
	if err == nil {
		err = h.measure()
	}
	if err == nil && h.names == nil {
		err = h.openNames()
	}
	if err == nil {
		h.down = false
		return nil
	}
	h.down = true
	if h.log != nil { // it is opened anew, if ever
		err = errors.Join(err, guarded(h.log.Close))
	}
	return fmt.Errorf("open history %s: %w", h.directory, err)
}

func (h *History) openNames() error {
	directory, err := os.Open(h.directory)
	if err != nil {
		return err
	}
	h.names = directory
	return nil
}

// usable opens the library where it is down. The caller holds mu and not trimming. An error that is not fatal may pass:
// nothing was done, and the call may be repeated.
func (h *History) usable() error {
	if h.failed != nil || !h.down {
		return h.failed
	}
	h.trimming.Lock() // the library lists the files when it is opened
	defer h.trimming.Unlock()
	return h.outcome("open history again", h.bringBack())
}

// bringBack cuts the files of a library that is closed behind the last entry that was acknowledged, and opens it. The
// caller holds both locks.
func (h *History) bringBack() error {
	s := scan{directory: h.directory, first: h.base.Index + 1, kept: h.first, cut: h.last, tailOnly: true}
	if _, err := s.repair(); err != nil {
		return err
	}
	return h.open()
}

// outcome makes an error final if it is fatal.
func (h *History) outcome(what string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", what, err)
	if vfs.IsFatal(err) {
		return h.fail(err)
	}
	return err
}

// measure finds out how large the segments are, but for those that the next Trim removes.
func (h *History) measure() error {
	segments, err := List(h.directory)
	if err != nil {
		return err
	}
	segments = slices.DeleteFunc(segments, func(s Segment) bool { return s.First < h.first })
	bytes, err := sizeOf(segments)
	if err != nil {
		return err
	}
	h.bytes.Store(bytes)
	h.tailBytes, err = sizeOf(segments[max(len(segments)-1, 0):])
	return err
}

// guarded turns a panic of the segment library into an error: a damaged file must end this node with a message, not
// with a trace.
func guarded(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the segment library failed: %v", v)
		}
	}()
	return call()
}

// Write adds entries behind the last one. They are visible when it returns and durable after the next sync; it returns
// how many bytes wait for that. It takes all of the entries or none. After an error that is not fatal it took none.
func (h *History) Write(entries []raftlog.Entry) (unsyncedBytes int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.usable(); err != nil || len(entries) == 0 {
		return h.unsyncedBytes, err
	}
	if entries[0].Index != h.last.Index+1 {
		panic(fmt.Sprintf("history: entry %v written to a history that ends at %v", entries[0].Mark(), h.last))
	}
	bytes, err := h.writeBatches(entries)
	if err == nil {
		h.last = entries[len(entries)-1].Mark()
		h.unsyncedBytes += bytes
		h.bytes.Add(bytes)
		return h.unsyncedBytes, nil
	}
	if vfs.IsFatal(err) {
		return 0, h.fail(fmt.Errorf("write history: %w", err))
	}
	if vfs.Full(err) {
		err = errors.Join(syscall.ENOSPC, err)
	}
	if broken := h.revert(); broken != nil {
		return 0, h.outcome("repair history after a write that failed", broken)
	}
	return 0, fmt.Errorf("write history: %w", err)
}

func (h *History) writeBatches(entries []raftlog.Entry) (bytes int64, err error) {
	pending := 0
	for i := range entries {
		e := &entries[i]
		h.frame = append(e.AppendHeader(h.frame[:0]), e.Body...)
		h.batch.Write(uint64(e.Index), h.frame)
		bytes += frameBytes(h.frame)
		full := h.note(frameBytes(h.frame))
		if pending += len(h.frame); pending < batchBytes && !full && i < len(entries)-1 {
			continue
		}
		if err := guarded(func() error { return h.writeBatch(&h.batch) }); err != nil {
			return 0, err
		}
		if full {
			if err := h.passOn(); err != nil {
				return 0, err
			}
		}
		h.reserve()
		if pending > 2*batchBytes { // a large entry's buffers are not worth keeping
			h.batch, h.frame = tidwall.Batch{}, nil
		}
		pending = 0
	}
	return bytes, nil
}

// frameBytes is the size of a frame in a segment, with the length that the segment library puts before it.
func frameBytes(frame []byte) int64 {
	var size [binary.MaxVarintLen64]byte
	return int64(binary.PutUvarint(size[:], uint64(len(frame))) + len(frame))
}

// revert undoes a write that failed half way. The library has lost track of its file by then: it is closed, the files
// are cut back to the last entry that was acknowledged, and opened again, now or by a later call. What was acknowledged
// stays, so it matters that closing syncs it without an error, unless (ErrInvalid) the library has no file: it had just
// synced and closed one, and could not make the next.
func (h *History) revert() error {
	h.trimming.Lock() // the library lists the files when it is opened
	defer h.trimming.Unlock()
	if err := guarded(h.closeLog); err != nil && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	h.batch.Clear()
	h.down = true
	return h.bringBack()
}

// fail makes the first error final. A final error is fatal to everyone: it never invites the caller to try again.
func (h *History) fail(err error) error {
	if !vfs.IsFatal(err) || errors.Is(err, syscall.ENOSPC) {
		err = errors.New(err.Error())
	}
	h.failed = err
	return err
}

// Sync makes durable what was written, the names of new segments included; the segments before the last were synced
// when the last was begun. It serves the journal as its History, and so takes nothing of the system that could be
// short: no descriptor, no space. While the library is down its files are synced already, and their names are what is
// left.
func (h *History) Sync() (through raftlog.Index, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed != nil {
		return 0, h.failed
	}
	if h.durable.Load() == uint64(h.last.Index) {
		return h.last.Index, nil
	}
	if !h.down {
		err = guarded(h.log.Sync)
	}
	if err == nil && !guard.Down(guard.SegmentNamesDurable) {
		err = h.names.Sync()
	}
	if err != nil {
		return 0, h.fail(fmt.Errorf("sync history: %w", err))
	}
	h.syncs++
	h.unsyncedBytes = 0
	h.durable.Store(uint64(h.last.Index))
	return h.last.Index, nil
}

// Entries reads from lo on: at least one entry, more while their sum stays within maxBytes. An error that is not fatal
// may pass. While it waits for the disk, only other readers wait for it.
func (h *History) Entries(lo raftlog.Index, maxBytes int) (previous raftlog.Mark, found []raftlog.Entry, err error) {
	v, err := h.view()
	switch {
	case err != nil:
		return raftlog.Mark{}, nil, err
	case lo > v.last || lo == 0:
		return raftlog.Mark{}, nil, fmt.Errorf("entry %d is not in history, which ends at %d", lo, v.last)
	case lo < v.first:
		return raftlog.Mark{}, nil, &CompactedError{lo, v.first}
	}
	h.reader.mu.Lock()
	defer h.reader.mu.Unlock()
	if previous, err = h.mark(&v, lo-1); err != nil {
		return raftlog.Mark{}, nil, err
	}
	bytes := 0
	for index := lo; index <= v.last; index++ {
		e, err := h.read(&v, index)
		if err != nil {
			return raftlog.Mark{}, nil, err
		}
		if bytes += e.Size(); bytes > maxBytes && len(found) > 0 {
			break
		}
		found = append(found, e)
	}
	return previous, found, nil
}

// view is what can be read now.
func (h *History) view() (view, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return view{directory: h.directory, base: h.base, first: h.first, last: h.last.Index}, h.failed
}

func (h *History) mark(v *view, index raftlog.Index) (raftlog.Mark, error) {
	switch {
	case index == v.base.Index && (index == 0 || v.base.Term > 0):
		return v.base, nil
	case index < v.first:
		return raftlog.Mark{}, &CompactedError{index, v.first}
	}
	e, err := h.read(v, index)
	return e.Mark(), err
}

// read returns one entry, checked.
func (h *History) read(v *view, index raftlog.Index) (raftlog.Entry, error) {
	e, err := h.reader.entry(v, index)
	if err != nil {
		err = h.explain(v, index, err)
	}
	return e, err
}

// explain says what it means that an entry of a view could not be read: it is corruption, unless a trim has taken the
// entry away since the call began, or the system refused to read.
func (h *History) explain(v *view, index raftlog.Index, err error) error {
	if now, failed := h.view(); failed != nil {
		return failed
	} else if index < now.first {
		return &CompactedError{index, now.first}
	}
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return fmt.Errorf("read history: %w", err)
	}
	if errors.Is(err, raftlog.ErrUnknownKind) { // it is whole, and a later build's
		return fmt.Errorf("read history in %s: %w", v.directory, err)
	}
	return &raftlog.CorruptionError{File: v.directory, Reason: fmt.Sprintf("entry %d: %v", index, err)}
}

// Stats returns the figures, all of one moment.
func (h *History) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{First: h.first, Last: h.last.Index, Durable: h.Durable(), Bytes: h.Bytes(), Syncs: h.syncs}
}

// Durable is the last index that a sync has covered. It waits for nothing.
func (h *History) Durable() raftlog.Index { return raftlog.Index(h.durable.Load()) }

// Bytes is what the segments hold on disk. It waits for nothing.
func (h *History) Bytes() int64 { return h.bytes.Load() }

// Close releases the files. It makes nothing durable that a Sync has not.
func (h *History) Close() (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if errors.Is(h.failed, raftlog.ErrClosed) {
		return raftlog.ErrClosed
	}
	h.failed = errors.Join(raftlog.ErrClosed, h.failed)
	if !h.down {
		err = guarded(h.log.Close)
	}
	if h.names != nil {
		err = errors.Join(err, h.names.Close())
	}
	return err
}
