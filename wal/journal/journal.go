package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The names of the two files, and of the one that replaces one of them when the size changes.
const (
	nameA    = "journal-a"
	nameB    = "journal-b"
	nameNext = "journal-next"
)

var names = [2]string{nameA, nameB}

// maxIdleBufferBytes is the largest buffer that is kept after an opening, which is rare and may be half a file.
const maxIdleBufferBytes = 1 << 20

// chunkBytes is how much of a file is read or written at once where the whole file is.
const chunkBytes = 1 << 20

// syncBytes is how much is written of a whole file before it is synced. Other nodes, and other programs, have their
// files on the same disk: while it writes the 64 MiB of a file at one stroke, each of their syncs waits, for 80 ms on a
// disk that syncs a page in 0.2.
const syncBytes = 4 << 20

// ErrVersion means that a file was written in another version of the format. It names the way out.
var ErrVersion = errors.New("written by another version of the program, not damaged; start the build that wrote the " +
	"directory, or keep it aside and let this node begin with an empty one in its member's place")

// Journal is the open pair of files. One goroutine owns it. After the first error every call returns that error.
type Journal struct {
	options Options
	// content is what the file in force says, and what is being made durable now.
	content content
	files   [2]*journalFile
	current int // which of files is in force
	// end is where the next record goes; generation, salt and sum (of the last record) chain it to the others.
	end        int64
	generation uint64
	salt       uint64
	sum        uint32
	// started: the roll that ends Open is durable. sealed: the last record is a seal.
	started, sealed bool
	history         History
	// stated is the checkpoint of the last durable record.
	stated raftlog.Index
	err    error
	// buffer holds one record while it is written.
	buffer []byte
	syncs  uint64
	seals  uint64
}

// Start ends the opening of a journal: it makes durable what Open read, in a new file. Before it has returned nil the
// node must not send anything that rests on what was recovered. The caller has cut history to the checkpoint; from now
// on the journal syncs history when it rolls.
func (j *Journal) Start(h History) error {
	if j.started {
		panic("journal: started twice")
	}
	if j.err != nil {
		return j.err
	}
	j.history = h
	// Invariants 4 and 5: the next opening will say how far this file reaches, so let it be true. And the file must
	// keep its name: the process before this one may have died between replacing it and syncing the directory.
	if !j.options.Weakened.Down(guard.ReadIsWrittenAgain) {
		if err := j.refresh(); err != nil {
			return j.fail(err)
		}
	}
	if err := j.tidy(); err != nil {
		return j.fail(err)
	}
	if err := j.roll(false); err != nil {
		return j.fail(err)
	}
	j.started = true
	return nil
}

// refresh makes durable what was read from the file in force, by writing the same bytes to the same place. A sync alone
// would not do: after a failed one the system counts the pages as clean, keeps showing what they hold, and has nothing
// to write when the next process syncs. That process would go on to overwrite the other file, the only one that the
// disk really has. A crash in the middle costs nothing: a durable sector holds the same bytes before and after.
func (j *Journal) refresh() error {
	f := j.files[j.current]
	chunk := make([]byte, min(j.end, chunkBytes))
	for at := int64(0); at < j.end; at += int64(len(chunk)) {
		chunk = chunk[:min(int64(len(chunk)), j.end-at)]
		if _, err := f.ReadAt(chunk, at); err != nil {
			return fmt.Errorf("read %s at %d: %w", f.path, at, err)
		}
		if _, err := f.WriteAt(chunk, at); err != nil {
			return fmt.Errorf("write %s: %w", f.path, err)
		}
		if (at+int64(len(chunk)))%syncBytes == 0 {
			if err := j.sync(f); err != nil {
				return err
			}
		}
	}
	return j.sync(f)
}

// tidy removes what an interrupted replacement has left, and makes the names in the directory durable.
func (j *Journal) tidy() error {
	err := j.options.FS.Remove(path.Join(j.options.Directory, nameNext))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return j.options.FS.SyncDir(j.options.Directory)
}

// Append makes a group of operations durable, in order: one write and one sync, also when the group begins a new file.
// When it returns nil, everything in the group is durable. The journal keeps the entries, not the slices that hold
// them, until the checkpoint has passed them. It panics if an operation breaks a rule of the log or exceeds Room.
func (j *Journal) Append(group []raftlog.Operation) error {
	if err := j.usable(); err != nil || len(group) == 0 {
		return err
	}
	j.begin()
	grown := false
	for i := range group {
		grown = j.take(&group[i]) || grown
	}
	return j.commit(recordGroup, grown)
}

// take encodes an operation and folds it into the content; it reports whether there were entries in it that Room
// bounds.
func (j *Journal) take(op *raftlog.Operation) (grown bool) {
	j.buffer = appendState(j.buffer, op.Term, op.Vote)
	assert(j.content.setState(op.Term, op.Vote))
	if op.Quarantine != nil {
		j.buffer = appendQuarantine(j.buffer, *op.Quarantine)
		assert(j.content.setQuarantine(*op.Quarantine))
	}
	if len(op.Entries) > 0 {
		if from := op.Entries[0].Index; from <= j.content.last().Index {
			j.buffer = appendTruncate(j.buffer, from)
			assert(j.content.truncate(from))
		}
		j.buffer = appendEntries(j.buffer, op.Entries)
	}
	for _, e := range op.Entries {
		if len(e.Body) > j.options.MaxEntryBytes {
			panic(fmt.Sprintf("journal: the body of entry %v has %d bytes, the limit is %d",
				e.Mark(), len(e.Body), j.options.MaxEntryBytes))
		}
		assert(j.content.add(e))
		grown = grown || e.Kind.Traits().WaitsForRoom
	}
	j.buffer = appendCommit(j.buffer, op.Commit)
	assert(j.content.setCommit(op.Commit))
	return grown
}

// Switch puts a snapshot in force, and with a new history directory voids the log below it. The snapshot file, and the
// new directory, are durable before the call. It panics if the snapshot's index goes back.
func (j *Journal) Switch(s Switch) error {
	if err := j.usable(); err != nil {
		return err
	}
	j.begin()
	moved := s.HistoryDirectory != j.content.HistoryDirectory
	switch {
	case moved && s.HistoryFirst != s.Snapshot.Index+1:
		panic(fmt.Sprintf("journal: history from %d after snapshot %v", s.HistoryFirst, s.Snapshot.Mark))
	case !moved && (s.HistoryFirst != j.content.HistoryFirst || s.Snapshot.Index > j.content.last().Index):
		panic(fmt.Sprintf("journal: snapshot %v of a log that ends at %v", s.Snapshot.Mark, j.content.last()))
	}
	j.buffer = appendFiles(j.buffer, s.Snapshot, s.Retained, s.HistoryDirectory, s.HistoryFirst)
	assert(j.content.setFiles(s.Snapshot, s.Retained, s.HistoryDirectory, s.HistoryFirst))
	if moved {
		assert(j.content.setBase(s.Snapshot.Mark, s.Time, s.Snapshot.Index, s.Snapshot.Configuration))
		j.buffer = appendBase(j.buffer, &j.content.Opening)
	}
	return j.commit(recordGroup, false)
}

// Seal proves the last record by an empty one behind it, unless it is proven. The owner calls it after some idleness.
func (j *Journal) Seal() error {
	if err := j.usable(); err != nil || j.sealed || j.options.Weakened.Down(guard.SealProves) {
		return err
	}
	j.begin()
	return j.commit(recordSeal, false)
}

// Advance tells the journal that history is durable up to an index, so that Room grows; the next record repeats it. An
// index below the checkpoint says nothing new. It panics beyond the last entry.
func (j *Journal) Advance(through raftlog.Index) {
	if through > j.content.Checkpoint.Index {
		assert(j.content.advance(through))
	}
}

// Room is how many bytes of encoded entries may be appended if they begin at an index: those at or above it go away.
// Zero or less means that commands must wait until history moves the checkpoint on; votes need not, nor the small
// entries that begin a term, without which nothing is committed and history never moves.
func (j *Journal) Room(from raftlog.Index) int64 {
	room := j.options.FileBytes/2 - j.content.openingBytes()
	if j.options.Weakened.Down(guard.RoomForAnOpening) {
		room = j.options.FileBytes
	}
	if from > j.content.Checkpoint.Index && from <= j.content.last().Index {
		room += entriesBytes(j.content.Entries[from-j.content.Checkpoint.Index-1:])
	}
	return room
}

// Checkpoint is the last entry that the journal knows to be durable in history.
func (j *Journal) Checkpoint() raftlog.Mark { return j.content.Checkpoint }

// Last is the mark of the last entry.
func (j *Journal) Last() raftlog.Mark { return j.content.last() }

// Stats returns the journal's figures.
func (j *Journal) Stats() Stats {
	return Stats{
		Generation: j.generation,
		UsedBytes:  j.end,
		FileBytes:  j.files[j.current].bytes,
		LiveBytes:  j.content.entryBytes,
		Checkpoint: j.stated,
		Syncs:      j.syncs,
		Seals:      j.seals,
	}
}

// Close closes the files. It makes nothing durable: everything that Append accepted is durable already.
func (j *Journal) Close() error {
	if errors.Is(j.err, raftlog.ErrClosed) {
		return raftlog.ErrClosed
	}
	j.err = errors.Join(raftlog.ErrClosed, j.err)
	return j.closeFiles()
}

func (j *Journal) closeFiles() (err error) {
	for _, f := range j.files {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

func (j *Journal) usable() error {
	if j.err == nil && !j.started {
		panic("journal: used before Start")
	}
	return j.err
}

// fail makes the first error final. Whatever it is, the node must not go on: even for want of space nothing is known of
// what the disk has.
func (j *Journal) fail(err error) error {
	err = vfs.Fatal(fmt.Errorf("journal failed, generation %d at offset %d: %w", j.generation, j.end, err))
	if !j.options.Weakened.Down(guard.FirstErrorFinal) {
		j.err = err
	}
	return err
}

func assert(err error) {
	if err != nil {
		panic("journal: " + err.Error())
	}
}

// begin starts a record in the buffer.
func (j *Journal) begin() {
	j.buffer = append(j.buffer[:0], zeros[:headerBytes]...)
	j.buffer = appendCheckpoint(j.buffer, j.content.Checkpoint)
}

// commit makes durable what was folded into the content: by the record in the buffer, or, where that does not fit or
// the entries have come near half a file, by the opening of the other file.
func (j *Journal) commit(kind recordKind, grown bool) error {
	half := j.options.FileBytes / 2
	fits := j.end+paged(int64(len(j.buffer))) <= j.files[j.current].bytes
	if grown && j.content.openingBytes() > half {
		fits = false
	}
	var err error
	if fits {
		err = j.write(j.files[j.current], header{kind: kind})
	} else {
		err = j.roll(grown)
	}
	if err != nil {
		return j.fail(err)
	}
	return nil
}

// write completes the record in the buffer, writes it at end of a file and syncs. The caller gives the header its kind
// and what an opening says of the file before.
func (j *Journal) write(f *journalFile, h header) error {
	h.version = Version
	h.payloadBytes = int64(len(j.buffer) - headerBytes)
	h.generation, h.salt, h.previous = j.generation, j.salt, j.sum
	h.fileBytes = f.bytes
	j.sum = h.put(j.buffer)
	padding := paged(int64(len(j.buffer))) - int64(len(j.buffer))
	j.buffer = append(j.buffer, zeros[:padding]...)
	f.mask.apply(j.buffer, h.salt)
	if _, err := f.WriteAt(j.buffer, j.end); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	j.end += int64(len(j.buffer))
	j.sealed = h.kind == recordSeal
	if j.sealed {
		j.seals++
	}
	if err := j.sync(f); err != nil {
		return err
	}
	j.stated = j.content.Checkpoint.Index
	return nil
}

var zeros [PageBytes]byte

func (j *Journal) sync(f *journalFile) error {
	j.syncs++
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.path, err)
	}
	return nil
}

// roll begins the other file with an opening that says all of the content:
//
//  1. history is synced, and the checkpoint moves to its end;
//  2. the opening is written over the beginning of the other file;
//  3. the other file is synced: from here on it is the one in force.
//
// A crash before 3 leaves either file to recovery: the old one is whole and untouched, and until 3 is done the
// journal has reported nothing that only the new one holds.
func (j *Journal) roll(grown bool) error {
	through, err := j.history.Sync()
	if err != nil {
		return fmt.Errorf("sync history: %w", err)
	}
	if j.options.Weakened.Down(guard.HistoryBeforeRoll) {
		through = j.content.last().Index
	}
	j.Advance(through)
	if err := j.checkOpening(grown); err != nil {
		return err
	}
	j.buffer = j.opening().appendOpening(append(j.buffer[:0], zeros[:headerBytes]...))
	h := header{kind: recordOpening, previousEnd: j.end, otherBytes: j.files[j.current].bytes}
	j.generation, j.salt, j.sum, j.end = j.generation+1, j.options.Salt(), 0, 0
	other := 1 - j.current
	if j.files[other].bytes == j.options.FileBytes {
		err = j.write(j.files[other], h)
	} else {
		err = j.replace(other, h)
	}
	if err != nil {
		return err
	}
	j.current = other
	if cap(j.buffer) > maxIdleBufferBytes {
		j.buffer = nil
	}
	return nil
}

// checkOpening asserts invariant 6. Without commands that grew the log, an opening may exceed half a file: votes, and
// what begins a term, are always written. Beyond a whole file it cannot go; that takes a file size set below what the
// log already holds.
func (j *Journal) checkOpening(grown bool) error {
	bytes := j.content.openingBytes()
	if grown && bytes > j.options.FileBytes/2 {
		panic(fmt.Sprintf("journal: an opening of %d bytes, with entries of %d, for a file of %d bytes",
			bytes, j.content.entryBytes, j.options.FileBytes))
	}
	if bytes > j.options.FileBytes {
		return fmt.Errorf("the log needs %d bytes: a journal file of %d bytes is too small", bytes, j.options.FileBytes)
	}
	return nil
}

// opening is the content as the next opening says it.
func (j *Journal) opening() *content {
	c := j.content
	if j.options.Weakened.Down(guard.VoteInOpening) {
		c.Vote = 0
	}
	return &c
}

// replace is the roll into a file of another size. The new file is made whole, opening included, under another name
// and then takes the place of the old one. So the size of a file is always the size that its opening states, or, while
// it has no whole one, the size that the opening of the other file states. Any other size is damage.
func (j *Journal) replace(which int, h header) error {
	fs, temporary := j.options.FS, path.Join(j.options.Directory, nameNext)
	next, err := writeOut(fs, temporary, j.options.FileBytes)
	if err != nil {
		return err
	}
	old := j.files[which]
	j.files[which] = next
	err = j.write(next, h)
	if err == nil {
		next.path = old.path
		err = fs.Rename(temporary, old.path)
	}
	if err == nil && !j.options.Weakened.Down(guard.NamesMadeDurable) {
		err = fs.SyncDir(j.options.Directory)
	}
	return errors.Join(err, old.Close())
}

// writeOut makes a file of zeros whose every block is allocated and written, so that no later sync has to change the
// file system's own records.
func writeOut(fsys vfs.FS, name string, bytes int64) (*journalFile, error) {
	if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := fsys.Open(name, true)
	if err != nil {
		return nil, err
	}
	chunk := make([]byte, min(bytes, chunkBytes))
	for at := int64(0); at < bytes; at += int64(len(chunk)) {
		chunk = chunk[:min(int64(len(chunk)), bytes-at)]
		if _, err := f.WriteAt(chunk, at); err != nil {
			return nil, errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close())
		}
		if end := at + int64(len(chunk)); end%syncBytes == 0 || end == bytes {
			if err := f.Sync(); err != nil {
				return nil, errors.Join(fmt.Errorf("sync %s: %w", name, err), f.Close())
			}
		}
	}
	return &journalFile{File: f, path: name, bytes: bytes}, nil
}
