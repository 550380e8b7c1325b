//go:build !unix

package vfs

import (
	"errors"
	"fmt"
)

// ErrLocked means that another process, or another Lock in this one, holds the lock.
var ErrLocked = errors.New("locked by another process, or by another node of this one")

// Lock is refused where the system has no flock: two processes on one directory would destroy it.
func Lock(path string) (unlock func() error, err error) {
	return nil, fmt.Errorf("lock %s: %w", path, errors.ErrUnsupported)
}
