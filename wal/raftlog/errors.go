package raftlog

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by every call after Close, of the log and of its parts.
var ErrClosed = errors.New("log is closed")

// CorruptionError says that a file does not hold what was once durable in it. The node must not go on with it: it may
// have voted or acknowledged what the file no longer tells.
type CorruptionError struct {
	// File is the damaged file, Offset the place in bytes.
	File   string
	Offset int64
	// Reason says what was found there.
	Reason string
}

// Error names file, offset, reason and the way out.
func (e *CorruptionError) Error() string {
	return fmt.Sprintf("%s is corrupt at offset %d: %s; keep the directory and do not start this node on it, for it may "+
		"have forgotten what it promised: the other nodes of its cluster have the data, and raftredis inspect shows what "+
		"can still be read here", e.File, e.Offset, e.Reason)
}
