package snapshot

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Writer writes one snapshot: the image by Write, then Commit, in any case Close. It is for one goroutine, which it
// blocks for disk and Pace.
//
// The first error is final. After one that matches ErrNoSpace or ErrShortage, or that vfs.Passing knows, the snapshot
// may be begun again; one that was returned by the Pace is the caller's; after any other the disk is not to be trusted.
type Writer struct {
	store  *Store
	header Header
	pace   Pace

	temporary, final string
	handle           vfs.File
	hash             hash.Hash
	sum              uint32
	blocks           uint32
	writtenBytes     int64
	unsyncedBytes    int64
	// frame is the block that is being filled, with room for its header in front. It grows to what a block takes.
	frame []byte
	err   error
}

// minFrameBytes is the memory that a writer begins with: most of a small file's, of which a simulated world has many.
const minFrameBytes = 4 << 10

var errClosed = errors.New("snapshot: the writer was closed")

// Create begins a snapshot of this node's own state. An unfinished one of the same mark, from before a restart, is
// overwritten; one that is being written now is ErrBusy.
func (s *Store) Create(header Header, pace Pace) (*Writer, error) {
	if err := header.validate(); err != nil {
		return nil, err
	}
	w := &Writer{
		store: s, header: header, pace: pace, temporary: writingName(header.Mark), hash: sha256.New(),
		frame: make([]byte, blockHeaderBytes, minFrameBytes),
	}
	if err := s.claim(w.temporary); err != nil {
		return nil, err
	}
	if err := w.open(); err != nil {
		s.release(w.temporary)
		return nil, err
	}
	return w, nil
}

func (w *Writer) open() error {
	handle, err := w.store.fs.Open(w.store.path(w.temporary), true)
	if err != nil {
		return fmt.Errorf("begin a snapshot: %w", shortage(err)) // nothing was made
	}
	w.handle = handle
	if err := handle.Truncate(0); err != nil {
		return w.fail(err)
	}
	b := w.header.append(nil, w.store.limits.blockBytes)
	w.sum = sumOf(b)
	w.hash.Write(b)
	return w.put(b)
}

// Write adds bytes of the image. How the image is cut into calls makes no difference to the file.
func (w *Writer) Write(p []byte) (n int, err error) {
	whole := int(blockHeaderBytes + w.store.limits.blockBytes)
	for n < len(p) && w.err == nil {
		taken := min(len(p)-n, whole-len(w.frame))
		w.frame = append(w.frame, p[n:n+taken]...)
		n += taken
		if len(w.frame) == whole {
			w.closeBlock()
		}
	}
	return n, w.err
}

// closeBlock writes the block that was filled. Errors are in w.err.
func (w *Writer) closeBlock() {
	if w.writtenBytes+int64(len(w.frame))+footerBytes > w.store.limits.fileBytes {
		w.fail(fmt.Errorf("%w: a file of more than %d bytes", ErrTooLarge, w.store.limits.fileBytes))
		return
	}
	w.blocks++
	appendBlockHeader(w.frame[:0], w.blocks, w.frame[blockHeaderBytes:], w.sum)
	w.hash.Write(w.frame)
	w.put(w.frame)
	w.frame = w.frame[:blockHeaderBytes]
}

// put writes a frame, and syncs when enough was written.
func (w *Writer) put(b []byte) error {
	if _, err := w.handle.WriteAt(b, w.writtenBytes); err != nil {
		return w.fail(fmt.Errorf("write a snapshot: %w", err))
	}
	w.writtenBytes += int64(len(b))
	w.unsyncedBytes += int64(len(b))
	if w.unsyncedBytes >= w.store.limits.syncBytes {
		if err := w.handle.Sync(); err != nil {
			return w.fail(fmt.Errorf("sync a snapshot: %w", err))
		}
		w.unsyncedBytes = 0
	}
	if err := w.pace.spend(int64(len(b))); err != nil {
		return w.fail(err)
	}
	return nil
}

// fail gives the file up.
func (w *Writer) fail(err error) error {
	w.err = w.store.discard(err, w.handle, w.temporary)
	w.handle = nil
	return w.err
}

// Commit ends the image and publishes the file: when it returns, the file has been synced, read back, verified and
// named, and the mark may be given to the journal. Retain removes it only when it named it before.
func (w *Writer) Commit() (raftlog.SnapshotMark, error) {
	if w.err == nil && len(w.frame) > blockHeaderBytes {
		w.closeBlock()
	}
	if w.err != nil {
		return raftlog.SnapshotMark{}, w.err
	}
	end := footer{blocks: w.blocks, fileBytes: w.writtenBytes + footerBytes}
	b := end.append(nil, w.sum)
	w.hash.Write(b[:footerHashedBytes])
	end.hash = sum64(w.hash)
	if err := w.put(end.append(b[:0], w.sum)); err != nil {
		return raftlog.SnapshotMark{}, err
	}
	mark := raftlog.SnapshotMark{
		Mark: w.header.Mark, Configuration: w.header.Configuration, FileHash: end.hash, FileBytes: uint64(end.fileBytes),
	}
	return mark, w.publish(mark)
}

func (w *Writer) publish(mark raftlog.SnapshotMark) error {
	final := finalName(mark.Mark, mark.FileHash)
	if err := w.store.claim(final); err != nil {
		return w.fail(err)
	}
	w.final = final
	named, err := w.store.publish(w.handle, w.temporary, final, mark, w.pace)
	w.handle = nil
	if !named {
		return w.fail(err)
	}
	w.store.complete(Writing, final)
	w.err = cmp.Or(err, errClosed)
	return err
}

// Close gives up what was not committed, and otherwise lets go of the file. It must be called once; the error is that
// of removing a file.
func (w *Writer) Close() error {
	defer w.store.release(w.temporary, w.final)
	if w.err != nil {
		return nil // it has its name, or is gone
	}
	w.err = errClosed
	w.handle.Close() // the file goes
	return w.store.fs.Remove(w.store.path(w.temporary))
}
