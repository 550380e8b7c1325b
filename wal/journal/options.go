package journal

import (
	"fmt"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Defaults and bounds of Options.
const (
	// DefaultFileBytes is the size of each of the two files.
	DefaultFileBytes = 64 << 20
	// MinFileBytes is the smallest size that is accepted: enough for tests and for a node that lives an hour.
	MinFileBytes = 64 << 10
	// MaxFileBytes keeps the length of a record within 31 bits.
	MaxFileBytes = 1 << 30
	// DefaultMaxEntryBytes bounds the body of one entry.
	DefaultMaxEntryBytes = 16 << 20
	// DefaultMaxGroupBytes bounds the encoded entries of one group, or the group is one entry.
	DefaultMaxGroupBytes = 8 << 20
)

// Options say where a journal lives and how large it is.
type Options struct {
	// FS is the file system, Directory the directory of the two files; it is made if it does not exist.
	FS        vfs.FS
	Directory string
	// FileBytes is the size of each file, a multiple of PageBytes; 0 means DefaultFileBytes. A journal that was made
	// with another size takes on this one, file by file, as it rolls.
	FileBytes int64
	// MaxEntryBytes and MaxGroupBytes are the owner's limits; 0 means the defaults. Together they are at most half a
	// file, so that a group always fits beside an opening.
	MaxEntryBytes int
	MaxGroupBytes int
	// Salt draws the random number that tells a file's records from older ones at the same place. Required.
	Salt func() uint64
	// Weakened names guards that a mutation test has switched off; it has no effect in an ordinary build.
	Weakened guard.Set
}

func (o Options) withDefaults() (Options, error) {
	if o.FileBytes == 0 {
		o.FileBytes = DefaultFileBytes
	}
	if o.MaxEntryBytes == 0 {
		o.MaxEntryBytes = DefaultMaxEntryBytes
	}
	if o.MaxGroupBytes == 0 {
		o.MaxGroupBytes = DefaultMaxGroupBytes
	}
	switch {
	case o.FS == nil || o.Salt == nil || o.Directory == "":
		return o, fmt.Errorf("journal: FS, Salt and Directory are required")
	case o.FileBytes < MinFileBytes || o.FileBytes > MaxFileBytes || o.FileBytes%PageBytes != 0:
		return o, fmt.Errorf("journal: FileBytes is %d, must be %d to %d and a multiple of %d",
			o.FileBytes, MinFileBytes, MaxFileBytes, PageBytes)
	case o.MaxEntryBytes < 0 || o.MaxGroupBytes < 0 || int64(o.MaxEntryBytes)+int64(o.MaxGroupBytes) > o.FileBytes/2:
		return o, fmt.Errorf("journal: MaxEntryBytes (%d) and MaxGroupBytes (%d) together exceed half of FileBytes (%d)",
			o.MaxEntryBytes, o.MaxGroupBytes, o.FileBytes)
	}
	return o, nil
}

// Opening is everything a node must know when it starts: what the first record of a file holds.
type Opening struct {
	Term raftlog.Term
	Vote raftlog.NodeID
	// Commit is a lower bound of the commit index. It is a hint and proves nothing.
	Commit raftlog.Index
	// Snapshot is the snapshot in force, Retained the one before it that is still kept; nil when there is none.
	Snapshot, Retained *raftlog.SnapshotMark
	// Quarantine is that of the node's state; zero for none.
	Quarantine raftlog.Quarantine
	// HistoryDirectory is the name of the directory that holds the entries up to Checkpoint, from HistoryFirst on.
	HistoryDirectory string
	HistoryFirst     raftlog.Index
	// Checkpoint is the last entry that is durable in history; zero for an empty one. CheckpointTime is its
	// time.
	Checkpoint     raftlog.Mark
	CheckpointTime raftlog.Time
	// ConfigurationBody is the body of the newest configuration entry at or below Checkpoint, and ConfigurationIndex
	// its index; nil and 0 when there is none.
	ConfigurationBody  []byte
	ConfigurationIndex raftlog.Index
	// Entries are those above Checkpoint, without a gap. Their configurations are not decoded.
	Entries []raftlog.Entry
}

// Recovered is what Open found.
type Recovered struct {
	Opening
	// File is the file that was read, Generation its generation, EndBytes the end of its last whole record.
	File       string
	Generation uint64
	EndBytes   int64
	// Torn reports that a record was begun at EndBytes and not completed; the journal never reported it.
	Torn bool
}

// Switch puts a snapshot in force. With the HistoryDirectory that is in force already, it says that the node made a
// snapshot of its own log, or received one that its log agrees with: entries stay. With another directory it says that
// the log begins anew above the snapshot: all entries and the old history are void.
type Switch struct {
	// Snapshot is required. Its index never goes back.
	Snapshot, Retained *raftlog.SnapshotMark
	HistoryDirectory   string
	// HistoryFirst is Snapshot.Index + 1 in a new directory, and unchanged in the same one.
	HistoryFirst raftlog.Index
	// Time is that of the snapshot's last entry; read only with a new directory.
	Time raftlog.Time
}

// History is the durable home of committed entries, as far as the journal knows it.
type History interface {
	// Sync makes durable everything that was written to history, and says up to which index it is durable. A history
	// that is out of space is no error: it reports what it has. An error is final for the journal.
	Sync() (through raftlog.Index, err error)
}

// Stats are figures of a Journal since it was opened.
type Stats struct {
	// Generation counts the rolls since the journal was made.
	Generation uint64
	// UsedBytes of FileBytes are written in the file in force, LiveBytes are the encoded entries above the checkpoint.
	UsedBytes, FileBytes, LiveBytes int64
	// Checkpoint is the one that the last durable record states: where recovery would cut history.
	Checkpoint raftlog.Index
	// Syncs counts the syncs of journal files, Seals the seal records.
	Syncs, Seals uint64
}
