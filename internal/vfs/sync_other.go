//go:build !linux

package vfs

import "os"

// syncData is the strongest sync that the system offers: on macOS, Go's Sync empties the disk's own cache too.
func syncData(f *os.File) error { return f.Sync() }
