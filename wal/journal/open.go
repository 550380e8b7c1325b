package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Open reads a journal. It changes nothing on the disk: the caller cuts history to the recovered checkpoint and then
// calls Start, which makes durable what was read.
//
// The file with the highest generation that begins with a whole opening is read, and no other. Its end is the first
// record that is not whole or not chained to the one before. That is the end of a healthy journal, perhaps with a torn
// record, unless there is proof that more was durable once; then it is a CorruptionError.
func Open(o Options) (*Journal, Recovered, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, Recovered{}, err
	}
	j := &Journal{options: o}
	recovered, err := j.open()
	if err != nil {
		return nil, Recovered{}, errors.Join(err, j.closeFiles())
	}
	return j, recovered, nil
}

// survey is what the first record of a file tells.
type survey struct {
	header  header
	payload []byte
	// begun: there is the header of an opening; whole: the whole record is there.
	begun, whole bool
}

func (j *Journal) open() (Recovered, error) {
	var surveys [2]survey
	for i, name := range names {
		name = path.Join(j.options.Directory, name)
		f, err := openFile(j.options.FS, name)
		if errors.Is(err, fs.ErrNotExist) {
			return Recovered{}, &raftlog.CorruptionError{File: name, Reason: "the file is missing"}
		}
		if err != nil {
			return Recovered{}, err
		}
		j.files[i] = f
		if surveys[i], err = look(f); err != nil {
			return Recovered{}, err
		}
	}
	current, err := j.choose(&surveys)
	if err != nil {
		return Recovered{}, err
	}
	j.current = current
	torn, err := j.replay(&surveys[current])
	if err != nil {
		return Recovered{}, err
	}
	if err := j.checkEnd(&surveys[1-current]); err != nil {
		return Recovered{}, err
	}
	opening := j.content.Opening
	opening.Entries = append(opening.Entries[:0:0], opening.Entries...) // the journal goes on changing its own
	return Recovered{
		Opening:    opening,
		File:       j.files[current].path,
		Generation: j.generation,
		EndBytes:   j.end,
		Torn:       torn,
	}, nil
}

func look(f *journalFile) (survey, error) {
	h, found, err := f.headerAt(0)
	if err != nil || !found {
		return survey{}, err
	}
	if h.version != Version {
		return survey{}, wrongVersion(f, 0, h)
	}
	s := survey{header: h, begun: h.kind == recordOpening}
	if !s.begun {
		return s, nil
	}
	s.payload, s.whole, err = f.payloadAt(0, h)
	return s, err
}

func wrongVersion(f *journalFile, offset int64, h header) error {
	return fmt.Errorf("%s at offset %d: version %d, this build knows version %d: %w",
		f.path, offset, h.version, Version, ErrVersion)
}

// choose returns the file to read: the newest with a whole opening, if the other file gives no reason to doubt it.
func (j *Journal) choose(surveys *[2]survey) (int, error) {
	a, b := &surveys[0], &surveys[1]
	if !a.whole && !b.whole {
		return 0, &raftlog.CorruptionError{File: j.files[0].path,
			Reason: "neither this file nor the other begins with a whole opening"}
	}
	if a.whole && b.whole && a.header.generation == b.header.generation {
		return 0, &raftlog.CorruptionError{File: j.files[1].path, Reason: "both files are of the same generation"}
	}
	current := 0
	if !a.whole || b.whole && b.header.generation > a.header.generation {
		current = 1
	}
	f, s := j.files[current], &surveys[current]
	if s.header.fileBytes != f.bytes && !j.options.Weakened.Down(guard.FileSizeStated) {
		return 0, &raftlog.CorruptionError{File: f.path, Offset: f.bytes, Reason: fmt.Sprintf(
			"the file has %d bytes, its opening says %d", f.bytes, s.header.fileBytes)}
	}
	if surveys[1-current].whole {
		return current, nil
	}
	return current, j.checkUnfinished(j.files[1-current], s.header)
}

// checkUnfinished looks at a file without a whole opening: a roll into it was interrupted, or its opening, which was
// not in force, is damaged. Both are harmless. But if records of a later generation than the other file's follow, its
// opening was in force. Only this package writes what parses as a header: see mask.
func (j *Journal) checkUnfinished(f *journalFile, current header) error {
	if f.bytes != current.otherBytes {
		return &raftlog.CorruptionError{File: f.path, Offset: f.bytes, Reason: fmt.Sprintf(
			"there is no whole opening, and the file has %d bytes, not %d", f.bytes, current.otherBytes)}
	}
	for offset := int64(PageBytes); offset+headerBytes <= f.bytes; offset += PageBytes {
		h, found, err := f.headerAt(offset)
		if err != nil {
			return err
		}
		if found && h.generation > current.generation && !j.options.Weakened.Down(guard.OpeningInForce) {
			return &raftlog.CorruptionError{File: f.path, Reason: fmt.Sprintf(
				"the opening is damaged, but a record of its generation %d follows at offset %d", h.generation, offset)}
		}
	}
	return nil
}

// replay folds the records of the current file into the content and leaves the journal at their end. It reports
// whether a record was begun there.
func (j *Journal) replay(opening *survey) (torn bool, err error) {
	f, h, payload := j.files[j.current], opening.header, opening.payload
	j.generation, j.salt = h.generation, h.salt
	for {
		if h.version != Version {
			return false, wrongVersion(f, j.end, h)
		}
		if err := j.content.fold(payload); errors.Is(err, ErrVersion) {
			return false, fmt.Errorf("%s at offset %d: %w", f.path, j.end, err)
		} else if err != nil {
			return false, &raftlog.CorruptionError{File: f.path, Offset: j.end, Reason: err.Error()}
		}
		j.end += h.bytes()
		j.sum, j.sealed = h.sum, h.kind == recordSeal
		next, ok, err := f.headerAt(j.end)
		if err != nil || !ok || !j.ours(next) {
			return false, err
		}
		if payload, ok, err = f.payloadAt(j.end, next); err != nil || !ok {
			return true, err
		}
		if (next.previous != j.sum || next.kind == recordOpening) && !j.options.Weakened.Down(guard.ChainedRecords) {
			return false, &raftlog.CorruptionError{File: f.path, Offset: j.end,
				Reason: fmt.Sprintf("a whole %v record that does not follow the one before it", next.kind)}
		}
		h = next
	}
}

// ours reports whether a header belongs to the current file's generation, and not to what the file held before.
func (j *Journal) ours(h header) bool {
	return h.generation == j.generation && h.salt == j.salt || j.options.Weakened.Down(guard.OwnRecords)
}

// checkEnd looks for proof that the current file once reached further than its whole records do now: a record behind
// its end, which the journal begins only when the one at the end is durable, or a later generation that was begun
// when this one reached further.
func (j *Journal) checkEnd(other *survey) error {
	f := j.files[j.current]
	for offset := j.end + PageBytes; offset+headerBytes <= f.bytes; offset += PageBytes {
		h, found, err := f.headerAt(offset)
		if err != nil {
			return err
		}
		if found && j.ours(h) && !j.options.Weakened.Down(guard.RecordsBehindEnd) {
			return &raftlog.CorruptionError{File: f.path, Offset: j.end, Reason: fmt.Sprintf(
				"a damaged record that was durable: a record of the same generation %d follows at offset %d",
				h.generation, offset)}
		}
	}
	begun := other.begun && other.header.generation > j.generation && !j.options.Weakened.Down(guard.EndBeforeRoll)
	if begun && other.header.previousEnd > j.end {
		return &raftlog.CorruptionError{File: f.path, Offset: j.end, Reason: fmt.Sprintf(
			"a damaged record that was durable: generation %d was begun when this one reached to offset %d",
			other.header.generation, other.header.previousEnd)}
	}
	return nil
}
