package snapshot

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Receiver receives one snapshot from other nodes: chunks by Write, Commit when it is Done, in any case Close. It is
// for one goroutine, which it blocks for disk and Pace.
//
// The first error is final, except ErrRefused. After one that matches ErrNoSpace or ErrShortage, or that vfs.Passing
// knows, the transfer may be begun again; one that was returned by the Pace is the caller's; after any other the disk
// is not to be trusted.
type Receiver struct {
	store *Store
	mark  raftlog.SnapshotMark
	pace  Pace

	temporary, final string
	handle           vfs.File
	// header and checker are known once frame 0 is in the file, which is when writtenBytes is not 0.
	header       Header
	checker      checker
	writtenBytes int64
	// frame collects the bytes of the next frame: it is written when it is whole and verified.
	frame         []byte
	unsyncedBytes int64
	err           error
}

// Receive begins to receive the announced snapshot, or goes on where an earlier Receiver ended: what that one has left
// is read, verified and written again first, at the pace. What is left of other transfers, and not being received now,
// is given up. A snapshot that is being received now is ErrBusy.
func (s *Store) Receive(mark raftlog.SnapshotMark, pace Pace) (*Receiver, error) {
	header := Header{Mark: mark.Mark, Configuration: mark.Configuration}
	if err := header.validate(); err != nil {
		return nil, err
	}
	if mark.FileBytes > uint64(s.limits.fileBytes) {
		return nil, fmt.Errorf("%w: a file of %d bytes, not %d", ErrTooLarge, mark.FileBytes, s.limits.fileBytes)
	}
	r := &Receiver{store: s, mark: mark, pace: pace, temporary: receivingName(mark.Mark, mark.FileHash)}
	if err := s.claim(r.temporary); err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		s.release(r.temporary)
		return nil, err
	}
	return r, nil
}

// open opens the file, makes its name durable, so that power loss does not take what it holds, and takes up what is
// there. What other transfers have left goes first: this one may need the space.
func (r *Receiver) open() error {
	err := r.store.giveUpParts()
	if err == nil {
		r.handle, err = r.store.fs.Open(r.store.path(r.temporary), true)
	}
	if err != nil {
		return fmt.Errorf("begin to receive a snapshot: %w", shortage(err)) // nothing was made
	}
	if err := r.store.fs.SyncDir(r.store.directory); err != nil {
		return errors.Join(fmt.Errorf("sync the directory of snapshots: %w", err), r.handle.Close())
	}
	return r.resume()
}

// Offset is where the next chunk must begin: everything before it is verified, and in the file or in memory.
func (r *Receiver) Offset() int64 { return r.writtenBytes + int64(len(r.frame)) }

// Done reports whether everything is there, and Commit is next.
func (r *Receiver) Done() bool { return r.writtenBytes > 0 && r.checker.done() }

// Write takes a chunk of the file that begins at Offset; chunks may be cut anywhere. Every frame is verified before it
// is written. A chunk for another place, or bytes behind the end, are ErrRefused and change nothing. A chunk that is
// not what was announced is ErrRefused as well, and then Offset is 0: senders verify what they send and connections
// have checksums, so the bytes come from another file. It cannot be known which of the frames before are of that other
// file; if it is the header, no right frame would ever fit.
func (r *Receiver) Write(offset int64, chunk []byte) error {
	if r.err != nil {
		return r.err
	}
	if offset != r.Offset() {
		return fmt.Errorf("%w: a chunk at %d, not at %d", ErrRefused, offset, r.Offset())
	}
	err := r.take(chunk)
	if err == nil || r.err != nil {
		return err
	}
	if errors.Is(err, errBehind) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	at := r.Offset()
	if err := r.cut(0); err != nil {
		return err
	}
	return fmt.Errorf("%w: in the frame that ends or breaks at %d of %s: %w", ErrRefused, at, r.temporary, err)
}

// errBehind means that bytes follow a file that is complete.
const errBehind damage = "it is complete, and more follows"

// take collects the bytes of a chunk, and writes the frames that become whole. An error of disk or pace is in r.err;
// any other is about the bytes, and the frames before stay.
func (r *Receiver) take(chunk []byte) error {
	for len(chunk) > 0 {
		if r.Done() {
			return errBehind
		}
		size, err := r.frameBytes()
		if err != nil {
			return err
		}
		taken := min(int64(len(chunk)), size-int64(len(r.frame)))
		r.frame = append(r.frame, chunk[:taken]...)
		chunk = chunk[taken:]
		if err := r.closeFrame(); err != nil {
			return err
		}
	}
	return nil
}

// frameBytes is the size of the frame that is being collected, or as much as is needed to know it.
func (r *Receiver) frameBytes() (int64, error) {
	switch {
	case r.writtenBytes > 0:
		return r.checker.bytes(r.checker.next), nil
	case len(r.frame) < prefixBytes:
		return prefixBytes, nil
	}
	return parsePrefix(r.frame[:prefixBytes])
}

// closeFrame writes the frame if it is whole.
func (r *Receiver) closeFrame() error {
	size, err := r.frameBytes()
	if err != nil || int64(len(r.frame)) < size {
		return err
	}
	if err := r.accept(r.frame); err != nil {
		return err
	}
	begin := r.writtenBytes
	r.writtenBytes += size
	b := r.frame
	r.frame = r.frame[:0]
	return r.put(b, begin)
}

// accept verifies a frame and counts it as taken. The error is about the frame.
func (r *Receiver) accept(b []byte) error {
	if r.writtenBytes > 0 {
		err := r.checker.take(b)
		if err == nil && r.checker.done() && sum64(r.checker.hash) != r.mark.FileHash {
			err = errWhole
		}
		return err
	}
	header, blockBytes, err := parseHeader(b)
	if err != nil {
		return err
	}
	if header.Mark != r.mark.Mark || string(header.Configuration) != string(r.mark.Configuration) {
		return damage(fmt.Sprintf("it is of the snapshot at %v in cluster %016x", header.Mark, header.ClusterID))
	}
	layout, possible := layOut(b, blockBytes, int64(r.mark.FileBytes))
	if !possible {
		return damage(fmt.Sprintf("with this header no file has %d bytes", r.mark.FileBytes))
	}
	r.header, r.checker = header, newChecker(layout)
	return r.checker.take(b)
}

// cut ends the file behind some frame and forgets what follows, or, with 0, begins it anew.
func (r *Receiver) cut(bytes int64) error {
	r.frame = r.frame[:0]
	if err := r.handle.Truncate(bytes); err != nil {
		return r.fail(fmt.Errorf("cut a partial snapshot: %w", err))
	}
	if bytes == 0 {
		r.writtenBytes, r.header, r.checker = 0, Header{}, checker{}
	}
	return nil
}

// put writes a frame, and syncs when enough was written.
func (r *Receiver) put(b []byte, offset int64) error {
	if _, err := r.handle.WriteAt(b, offset); err != nil {
		return r.fail(fmt.Errorf("write a snapshot: %w", err))
	}
	r.unsyncedBytes += int64(len(b))
	if r.unsyncedBytes >= r.store.limits.syncBytes {
		if err := r.handle.Sync(); err != nil {
			return r.fail(fmt.Errorf("sync a snapshot: %w", err))
		}
		r.unsyncedBytes = 0
	}
	if err := r.pace.spend(int64(len(b))); err != nil {
		r.err = err // the caller's, not the file's: that stays
	}
	return r.err
}

// fail gives the file up.
func (r *Receiver) fail(err error) error {
	r.err = r.store.discard(err, r.handle, r.temporary)
	r.handle = nil
	return r.err
}

// Commit publishes the file, which must be Done: when it returns, the file has been synced, read back, verified and
// named, and the mark may be given to the journal. Retain removes it only when it named it before.
func (r *Receiver) Commit() (Header, error) {
	switch {
	case r.err != nil:
		return Header{}, r.err
	case !r.Done():
		return Header{}, fmt.Errorf("snapshot: commit at %d of %d bytes", r.Offset(), r.mark.FileBytes)
	}
	final := finalName(r.mark.Mark, r.mark.FileHash)
	if err := r.store.claim(final); err != nil {
		return Header{}, r.fail(err)
	}
	r.final = final
	named, err := r.store.publish(r.handle, r.temporary, final, r.mark, r.pace)
	r.handle = nil
	if !named {
		return Header{}, r.fail(err)
	}
	r.store.complete(Receiving, final)
	r.err = cmp.Or(err, errClosed)
	return r.header, err
}

// Close lets go of the file. What was not committed stays, to be taken up by another Receive or removed by Retain. It
// must be called once.
func (r *Receiver) Close() error {
	defer r.store.release(r.temporary, r.final)
	r.err = errClosed
	if r.handle == nil {
		return nil // it has its name, or is gone
	}
	return r.handle.Close()
}
