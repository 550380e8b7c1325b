package wal

import (
	crand "crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/history"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Errors of the log's parts that its users meet.
var (
	// ErrClosed is returned by every call after Close.
	ErrClosed = raftlog.ErrClosed
	// ErrVersion means that a file was written by another version of the program.
	ErrVersion = journal.ErrVersion
	// ErrCompacted means that an entry is older than what history still holds: a snapshot stands for it.
	ErrCompacted = history.ErrCompacted
)

// CorruptionError says that a file does not hold what was once durable in it.
type CorruptionError = raftlog.CorruptionError

// CompactedError says which entry is older than what history still holds, and where that begins.
type CompactedError = history.CompactedError

// Cursor reads history in order: see Log.Cursor.
type Cursor = history.Cursor

// Bounds of a segment of history. The last segment is also kept in memory, and an old one is read as a whole.
const (
	DefaultSegmentBytes = 4 << 20
	MinSegmentBytes     = 4 << 10
	MaxSegmentBytes     = 64 << 20
)

// Options say where a log lives and how large its parts are.
type Options struct {
	// Directory is made if it does not exist. One process at a time uses it.
	Directory string
	// FileBytes is the size of each of the two journal files; 0 means 64 MiB.
	FileBytes int64
	// MaxEntryBytes bounds the body of an entry; 0 means 16 MiB. MaxGroupBytes bounds what is appended at once; 0 means
	// as much as FileBytes allows, up to 8 MiB.
	MaxEntryBytes int
	MaxGroupBytes int
	// SegmentBytes is the size at which history begins a new file; 0 means 4 MiB.
	SegmentBytes int
	// FS is where identity and journal are; nil means the operating system. History is always the operating system's.
	FS vfs.FS
	// Salt is for the journal; nil means random.
	Salt func() uint64
	// Weakened names guards that a mutation test has switched off; it has no effect in an ordinary build.
	Weakened guard.Set

	wrapHistory func(history.Log) history.Log // for tests: see history.Options
}

func (o Options) complete() (Options, error) {
	if o.Directory == "" {
		return o, fmt.Errorf("wal: Directory is required")
	}
	if o.FileBytes == 0 {
		o.FileBytes = journal.DefaultFileBytes
	}
	if o.MaxEntryBytes == 0 {
		o.MaxEntryBytes = journal.DefaultMaxEntryBytes
	}
	if o.MaxGroupBytes == 0 {
		left := max(o.FileBytes/2-int64(o.MaxEntryBytes), 1)
		o.MaxGroupBytes = int(min(left, journal.DefaultMaxGroupBytes))
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	if o.SegmentBytes < MinSegmentBytes || o.SegmentBytes > MaxSegmentBytes {
		return o, fmt.Errorf("wal: SegmentBytes is %d, must be %d to %d", o.SegmentBytes, MinSegmentBytes, MaxSegmentBytes)
	}
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	if o.Salt == nil {
		o.Salt = randomSalt
	}
	return o, nil
}

func (o Options) journal() journal.Options {
	return journal.Options{
		FS: o.FS, Directory: o.path(journalName), FileBytes: o.FileBytes,
		MaxEntryBytes: o.MaxEntryBytes, MaxGroupBytes: o.MaxGroupBytes, Salt: o.Salt, Weakened: o.Weakened,
	}
}

func randomSalt() uint64 {
	var b [8]byte
	crand.Read(b[:]) // never fails: the runtime ends the process instead
	return binary.LittleEndian.Uint64(b[:])
}
