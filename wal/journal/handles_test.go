package journal

import (
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
)

// countingFS counts the files that are open.
type countingFS struct {
	vfs.FS
	open *int
}

type countedFile struct {
	vfs.File
	open *int
}

func (c countingFS) Open(path string, create bool) (vfs.File, error) {
	f, err := c.FS.Open(path, create)
	if err != nil {
		return nil, err
	}
	*c.open++
	return countedFile{f, c.open}, nil
}

func (f countedFile) Close() error {
	*f.open--
	return f.File.Close()
}

// A program that embeds the journal may try again, in the same process, what failed for lack of space.
func TestWhateverFailsNoFileStaysOpen(t *testing.T) {
	succeeded := false
	for strikes := 0; !succeeded; strikes++ {
		m := vfs.NewMemory()
		open := 0
		o := testOptions(countingFS{m, &open})
		left := strikes
		m.SetFault(func(op vfs.Op, _ string) error {
			if left--; left < 0 && op.Changes() {
				return errInjected
			}
			return nil
		})
		err := Create(o, blank())
		var j *Journal
		if err == nil {
			if j, _, err = Open(o); err == nil {
				err = j.Start(&fakeHistory{})
				if closing := j.Close(); err == nil {
					err = closing
				}
			}
		}
		if open != 0 {
			t.Fatalf("failing from operation %d on leaves %d files open: %v", strikes, open, err)
		}
		succeeded = err == nil
	}
}

func TestAFileThatReplacesAnotherIsClosedWhateverFails(t *testing.T) {
	succeeded := false
	for strikes := 0; !succeeded; strikes++ {
		m := vfs.NewMemory()
		open := 0
		o := testOptions(countingFS{m, &open})
		must(t, Create(o, blank()))
		o.FileBytes *= 2
		j, _ := reopened(t, o)
		left := strikes
		m.SetFault(func(op vfs.Op, _ string) error {
			if left--; left < 0 && op.Changes() {
				return errInjected
			}
			return nil
		})
		succeeded = j.Start(&fakeHistory{}) == nil
		_ = j.Close()
		if open != 0 {
			t.Fatalf("failing from operation %d on leaves %d files open", strikes, open)
		}
	}
}
