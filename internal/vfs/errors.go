package vfs

import (
	"io/fs"
	"slices"
	"syscall"

	"github.com/raftredis/raftredis/internal/guard"
)

// IsFatal reports whether an error of an operation on files means that the disk, or what is on it, is broken: then the
// node must not go on. Everything else is a state, and the operation may be tried again: see Passing and Full. An error
// that does not come from the system, such as one about the content of a file, is fatal, and so is one that is joined
// with it. The journal makes no use of this: there every error is fatal.
func IsFatal(err error) bool { return err != nil && !Passing(err) && !Full(err) }

// passing are the errors by which the system says that it did nothing, and why that may end:
//
//	EMFILE, ENFILE           no file descriptor is left: clients can take them all, and give them back
//	ENOMEM, ENOBUFS, EAGAIN  no memory, no buffer, no thread is left
//	ENOLCK, EBUSY, EINTR     no lock is left; something else uses the name; a signal came
//	EACCES, EPERM            somebody has taken away a permission, and can give it back
//
// Not among them are those that say what became of the disk (EIO, EROFS, EUCLEAN, ENODEV, ESTALE), and those that say
// that the names are not as they were left (ENOENT, ENOTDIR, EISDIR, ELOOP): what is missing does not come back.
var passing = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EAGAIN, syscall.ENOLCK, syscall.EBUSY,
	syscall.EINTR, syscall.EACCES, syscall.EPERM,
}

// full are the errors that say that the disk, or a quota, has no space.
var full = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}

// Passing reports whether an operation did nothing for a reason that may pass and says nothing about the disk. It also
// answers for connections.
func Passing(err error) bool { return onlyOf(err, passing, false) }

// Full reports whether an operation failed for lack of space, and nothing but that operation is lost.
func Full(err error) bool { return onlyOf(err, full, false) }

// PassingDiscarded and FullDiscarded are the same for a file that is thrown away after any error: what a failed sync
// left of it does not matter.
func PassingDiscarded(err error) bool { return onlyOf(err, passing, true) }

// FullDiscarded is Full for such a file.
func FullDiscarded(err error) bool { return onlyOf(err, full, true) }

// onlyOf reports whether the errors that err is made of are all errors of the system and of a set, and none, unless
// syncs count as well, is that of a sync. What a failed sync leaves is unknown, whatever its reason (see the package
// comment). Closing a file can be a sync, on a file system of the network. A sync opens nothing: a missing descriptor
// is that of the directory that was to be opened for it.
func onlyOf(err error, set []syscall.Errno, discarded bool) bool {
	return err != nil && everyCause(err, "", func(operation string, cause syscall.Errno) bool {
		descriptor := cause == syscall.EMFILE || cause == syscall.ENFILE
		written := !syncs(operation) || guard.Down(guard.FailedSyncFinal)
		return slices.Contains(set, cause) && (discarded || descriptor || written)
	})
}

func syncs(operation string) bool {
	return slices.Contains([]string{"sync", "fsync", "fdatasync", "close"}, operation)
}

// Fatal marks an error as fatal, whatever it was made of: that of a file of which nothing may fail. It is nil for nil.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return fatalError{err}
}

type fatalError struct{ error }

// Unwrap is the error that was marked.
func (e fatalError) Unwrap() error { return e.error }

// everyCause visits the errors of the system that an error is made of, each with its operation. It returns false when
// visit does, when one is marked as fatal, and when one does not come from the system.
func everyCause(err error, operation string, visit func(operation string, cause syscall.Errno) bool) bool {
	switch e := err.(type) {
	case fatalError:
		return false
	case syscall.Errno:
		return visit(operation, e)
	case *fs.PathError:
		return everyCause(e.Err, e.Op, visit)
	case interface{ Unwrap() error }:
		return everyCause(e.Unwrap(), operation, visit)
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			if !everyCause(part, operation, visit) {
				return false
			}
		}
		return true
	}
	return false
}
