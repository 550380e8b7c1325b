package journal

import (
	"errors"
	"io/fs"
	"path"

	"github.com/raftredis/raftredis/internal/vfs"
)

// Create makes the journal of a new node: both files written out, the first with an opening, everything synced, the
// directory too. Remains of an interrupted Create are replaced (see Blank). A journal that holds anything must not be
// overwritten; that is for the caller to see to.
func Create(o Options, first Opening) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	if err := vfs.MakeDirectory(o.FS, o.Directory); err != nil {
		return err
	}
	j := Journal{options: o, generation: 1, salt: o.Salt(), content: content{Opening: first}}
	j.content.entryBytes = entriesBytes(first.Entries)
	if err := errors.Join(j.create(), j.closeFiles()); err != nil {
		return err
	}
	return o.FS.SyncDir(o.Directory)
}

func (j *Journal) create() (err error) {
	for i := range names {
		j.files[i], err = writeOut(j.options.FS, path.Join(j.options.Directory, names[i]), j.options.FileBytes)
		if err != nil {
			return err
		}
	}
	j.buffer = j.content.appendOpening(make([]byte, headerBytes))
	var check content
	if err := check.fold(j.buffer[headerBytes:]); err != nil {
		return err
	}
	return j.write(j.files[0], header{kind: recordOpening, otherBytes: j.files[1].bytes})
}

// Blank reports whether a directory holds no journal, or only what an interrupted Create of a blank node left: no file,
// files without a record, or the first opening with nothing in it. Only then may Create be called.
func Blank(o Options) (bool, error) {
	for _, name := range names {
		f, err := openFile(o.FS, path.Join(o.Directory, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		blank, err := blankFile(f)
		if err := errors.Join(err, f.Close()); err != nil || !blank {
			return false, err
		}
	}
	return true, nil
}

func blankFile(f *journalFile) (bool, error) {
	for offset := int64(PageBytes); offset+headerBytes <= f.bytes; offset += PageBytes {
		if _, found, err := f.headerAt(offset); found || err != nil {
			return false, err
		}
	}
	h, begun, err := f.headerAt(0)
	if !begun || err != nil {
		return true, err
	}
	if h.generation != 1 || h.kind != recordOpening || h.version != Version {
		return false, nil
	}
	payload, whole, err := f.payloadAt(0, h)
	if !whole || err != nil {
		return true, err
	}
	var c content
	if err := c.fold(payload); err != nil {
		return false, nil
	}
	return c.Term == 0 && c.Vote == 0 && c.last().Index == 0 && c.Snapshot == nil, nil
}
