package vfs

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// syncData is fdatasync: contents and size, without the times, which would cost a second write of the file system's
// own journal for every group.
func syncData(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		runtime.KeepAlive(f)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
	}
}
