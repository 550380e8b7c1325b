package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestErrorsOfTheSystemAreStatesOrFatal(t *testing.T) {
	on := func(operation string, cause error) error {
		return fmt.Errorf("told: %w", &fs.PathError{Op: operation, Path: "a", Err: cause})
	}
	for _, c := range []struct {
		err                  error
		passing, full, fatal bool
	}{
		{err: nil},
		{err: on("open", syscall.EMFILE), passing: true},
		{err: on("open", syscall.ENFILE), passing: true},
		{err: on("open", syscall.ENOMEM), passing: true},
		{err: on("open", syscall.EACCES), passing: true},
		{err: on("write", syscall.ENOMEM), passing: true},
		{err: on("remove", syscall.EPERM), passing: true},
		{err: on("remove", syscall.EBUSY), passing: true},
		{err: on("read", syscall.EAGAIN), passing: true},
		{err: on("open", syscall.ENOBUFS), passing: true},
		{err: on("open", syscall.EINTR), passing: true},
		{err: fmt.Errorf("lock: %w", syscall.ENOLCK), passing: true},
		{err: syscall.EMFILE, passing: true},
		{err: &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.ENOMEM}, passing: true},
		{err: &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}, passing: true},
		{err: errors.Join(on("open", syscall.EMFILE), on("remove", syscall.ENOMEM)), passing: true},
		{err: on("write", syscall.ENOSPC), full: true},
		{err: on("open", syscall.EDQUOT), full: true},
		{err: syscall.ENOSPC, full: true},

		{err: errors.New("the file holds something else"), fatal: true},
		{err: errors.Join(errors.New("the file holds something else"), on("remove", syscall.EPERM)), fatal: true},
		{err: errors.Join(on("write", syscall.ENOSPC), errors.New("the file holds something else")), fatal: true},
		{err: fmt.Errorf("%w: %w", errors.New("the file holds something else"), syscall.EMFILE), fatal: true},
		{err: on("open", syscall.EIO), fatal: true},
		{err: on("open", syscall.ENOENT), fatal: true},
		{err: on("open", syscall.EROFS), fatal: true},
		{err: on("read", syscall.EUCLEAN), fatal: true},
		{err: errors.Join(on("open", syscall.EMFILE), on("close", syscall.EIO)), fatal: true},
		{err: errors.Join(on("write", syscall.ENOSPC), on("close", syscall.EIO)), fatal: true},
		{err: errors.Join(on("write", syscall.ENOSPC), on("open", syscall.EMFILE)), fatal: true},
		{err: fmt.Errorf("told: %w", Fatal(on("write", syscall.ENOSPC))), fatal: true},
		{err: Fatal(on("open", syscall.EMFILE)), fatal: true},
		{err: Fatal(nil)},
		// What a failed sync leaves is unknown.
		{err: on("sync", syscall.ENOMEM), fatal: true},
		{err: on("fdatasync", syscall.EAGAIN), fatal: true},
		{err: on("sync", syscall.ENOSPC), fatal: true},
		{err: on("close", syscall.EDQUOT), fatal: true},
		// It was not reached: there was no descriptor for the directory.
		{err: on("sync", syscall.EMFILE), passing: true},
	} {
		if Passing(c.err) != c.passing || Full(c.err) != c.full || IsFatal(c.err) != c.fatal {
			t.Errorf("%v: passing %t, full %t, fatal %t", c.err, Passing(c.err), Full(c.err), IsFatal(c.err))
		}
	}
}
