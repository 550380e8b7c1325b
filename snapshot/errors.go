package snapshot

import (
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/internal/vfs"
)

// The ways in which an operation ends that do not mean a broken disk; compare with errors.Is.
var (
	// ErrNoSpace means that the disk, or a quota, is full. Nothing of the attempt is left; it may be repeated later.
	ErrNoSpace = errors.New("no space for a snapshot")
	// ErrShortage means that the system had no memory, no descriptor or something of the kind, as vfs.Passing lists them.
	// Nothing of the attempt is left; it may be repeated.
	ErrShortage = errors.New("the system is short of something that a snapshot needs")
	// ErrRefused means that bytes from a peer are not those of the snapshot that was announced, or not the next ones.
	// They are not in the file. Ask again from Receiver.Offset on, if possible another node.
	ErrRefused = errors.New("these bytes are not of the announced snapshot")
	// ErrBusy means that the same snapshot is being written or received already.
	ErrBusy = errors.New("the snapshot is being made already")
	// ErrTooLarge means that a file or the configuration in its header would exceed its limit.
	ErrTooLarge = errors.New("the snapshot exceeds a limit")
	// ErrVersion means that a file is of a version of the format that this program does not know.
	ErrVersion = errors.New("format version is not known to this program")
	// ErrForeign means that a file is sound but another than its name or its mark says.
	ErrForeign = errors.New("this is another snapshot")
)

// CorruptionError says that a file does not hold what was once written to it.
type CorruptionError struct {
	// File is the damaged file, Offset the place in bytes.
	File   string
	Offset int64
	// Reason says what was found there.
	Reason string
}

// Error names file, offset, reason and the way out.
func (e *CorruptionError) Error() string {
	return fmt.Sprintf("%s is corrupt at offset %d: %s; do not use what is in it: the same state is in the snapshot "+
		"before it with the log behind that, and on the other nodes of the cluster", e.File, e.Offset, e.Reason)
}

// shortage is what an error means after which a file is thrown away, and nothing of it is left. It makes no difference
// then whether the write or the sync said so; a directory's sync is another matter, see publish.
func shortage(err error) error {
	switch {
	case vfs.FullDiscarded(err):
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	case vfs.PassingDiscarded(err):
		return fmt.Errorf("%w: %w", ErrShortage, err)
	}
	return err
}

// isShortage reports whether shortage has a name for an error.
func isShortage(err error) bool { return vfs.FullDiscarded(err) || vfs.PassingDiscarded(err) }
