package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Pace is called with the bytes of every frame that was written, or read to be verified. It may block, so that the
// caller bounds the rate; an error ends the operation, which returns it. A nil Pace never waits.
type Pace func(bytes int) error

func (p Pace) spend(bytes int64) error {
	if p == nil {
		return nil
	}
	return p(int(bytes))
}

// File is an open snapshot file. It stays readable after Retain removed its name, and keeps its space until Close. All
// methods but Close may be used by several goroutines at once.
type File struct {
	path   string
	handle vfs.File
	frames frames
	header Header
	hash   uint64
}

// OpenFile opens a file by its path, whatever its name: for tools, without a store. It reads header and footer, which
// is enough to find a file that was cut; Verify, Image and WriteTo look at everything in between. The error is a
// CorruptionError, wraps ErrVersion, or is the file system's. The caller closes the file.
func OpenFile(fs vfs.FS, path string) (*File, error) {
	handle, err := fs.Open(path, false)
	if err != nil {
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	f, err := readFile(handle, path)
	if err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	return f, nil
}

// readFile reads header and footer. The file owns the handle if there is no error.
func readFile(handle vfs.File, path string) (*File, error) {
	f := &File{path: path, handle: handle}
	size, err := handle.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", path, err)
	}
	header, err := readHeader(handle, path, size)
	if err != nil {
		return nil, err
	}
	var blockBytes int64
	if f.header, blockBytes, err = parseHeader(header); err != nil {
		return nil, located(err, path, 0)
	}
	var possible bool
	if f.frames, possible = layOut(header, blockBytes, size); !possible {
		return nil, &CorruptionError{File: path, Offset: size, Reason: "no snapshot ends here: it was cut or continued"}
	}
	last, err := f.read(f.frames.footer(), nil)
	if err != nil {
		return nil, err
	}
	f.hash = binary.LittleEndian.Uint64(last[footerHashedBytes:])
	return f, nil
}

// readHeader reads the bytes of the header. No more is allocated than the file has and a header may have.
func readHeader(handle vfs.File, path string, size int64) ([]byte, error) {
	if size < prefixBytes {
		return nil, &CorruptionError{File: path, Offset: size, Reason: "it ends within its header"}
	}
	prefix := make([]byte, prefixBytes)
	if err := readFull(handle, path, prefix, 0); err != nil {
		return nil, err
	}
	headerBytes, err := parsePrefix(prefix)
	if err != nil {
		return nil, located(err, path, 0)
	}
	if size < headerBytes {
		return nil, &CorruptionError{File: path, Offset: size, Reason: "it ends within its header"}
	}
	header := make([]byte, headerBytes)
	return header, readFull(handle, path, header, 0)
}

// readFull reads bytes that must be there.
func readFull(handle vfs.File, path string, b []byte, offset int64) error {
	n, err := handle.ReadAt(b, offset)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return &CorruptionError{File: path, Offset: offset + int64(n), Reason: "it ends here, and was longer a moment ago"}
	}
	return fmt.Errorf("read %s at %d: %w", path, offset, err)
}

// located turns a damage into a CorruptionError; other errors get the path.
func located(err error, path string, offset int64) error {
	if what := damage(""); errors.As(err, &what) {
		return &CorruptionError{File: path, Offset: offset, Reason: string(what)}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Header is what the file says about its snapshot. Its configuration must not be changed.
func (f *File) Header() Header { return f.header }

// Mark names the file's snapshot as the journal does. Its hash is what the footer says, until Verify has compared it.
func (f *File) Mark() raftlog.SnapshotMark {
	return raftlog.SnapshotMark{
		Mark: f.header.Mark, Configuration: f.header.Configuration,
		FileHash: f.hash, FileBytes: uint64(f.frames.fileBytes),
	}
}

// Path is the path under which the file was opened.
func (f *File) Path() string { return f.path }

// Close releases the file.
func (f *File) Close() error { return f.handle.Close() }

// read returns a frame, verified, in buffer if that is large enough.
func (f *File) read(number int64, buffer []byte) ([]byte, error) {
	begin, size := f.frames.begin(number), f.frames.bytes(number)
	if int64(cap(buffer)) < size {
		buffer = make([]byte, size)
	}
	b := buffer[:size]
	if err := readFull(f.handle, f.path, b, begin); err != nil {
		return nil, err
	}
	if err := f.frames.check(number, b); err != nil {
		return nil, located(err, f.path, begin)
	}
	return b, nil
}

// Chunk returns the bytes of the file from an offset to the end of the frame that it lies in, so at most MaxChunkBytes
// and none at the end of the file. The frame has been verified: what a disk has spoilt is not sent to anyone, it is a
// CorruptionError here. The bytes lie in buffer if it has room for a frame, and are the caller's.
func (f *File) Chunk(offset int64, buffer []byte) ([]byte, error) {
	if offset < 0 || offset > f.frames.fileBytes {
		return nil, fmt.Errorf("%s: chunk at %d of %d bytes", f.path, offset, f.frames.fileBytes)
	}
	if offset == f.frames.fileBytes {
		return nil, nil
	}
	number := f.frames.find(offset)
	b, err := f.read(number, buffer)
	if err != nil {
		return nil, err
	}
	return b[offset-f.frames.begin(number):], nil
}

// Verify reads everything and compares every checksum and the hash of the whole.
func (f *File) Verify(pace Pace) error {
	_, err := f.copyTo(io.Discard, pace)
	return err
}

// WriteTo copies the file, as it is: every frame is verified before it is written. An error means that the copy is
// worthless, even if it is complete; only the end proves the whole.
func (f *File) WriteTo(w io.Writer) (int64, error) { return f.copyTo(w, nil) }

func (f *File) copyTo(w io.Writer, pace Pace) (written int64, err error) {
	for r := f.walk(pace); ; {
		_, b, err := r.frame()
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(b)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
}

// walker reads a file frame by frame and verifies it.
type walker struct {
	file    *File
	checker checker
	pace    Pace
	buffer  []byte
}

func (f *File) walk(pace Pace) *walker {
	return &walker{file: f, checker: newChecker(f.frames), pace: pace}
}

// frame returns the next frame and its number; io.EOF means that there are no more and that the whole is sound. The
// bytes are valid until the next call.
func (w *walker) frame() (number int64, b []byte, err error) {
	if w.checker.done() {
		return 0, nil, io.EOF
	}
	number = w.checker.next
	begin, size := w.checker.begin(number), w.checker.bytes(number)
	if int64(cap(w.buffer)) < size {
		w.buffer = make([]byte, max(size, min(MaxChunkBytes, w.checker.bytes(1))))
	}
	b = w.buffer[:size]
	if err := readFull(w.file.handle, w.file.path, b, begin); err != nil {
		return number, nil, err
	}
	if err := w.checker.take(b); err != nil {
		return number, nil, located(err, w.file.path, begin)
	}
	return number, b, w.pace.spend(size)
}
