package main

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	// journalBytes is the size of the log, which begins again when it is full. pageBytes is what a group is a multiple of.
	journalBytes, pageBytes = 64 << 20, 4 << 10
	// maxGroupBytes is what a leader takes into a group before it stops to read clients.
	maxGroupBytes = 16 << 20
)

// journal is a log that was written out before: a sync then changes data alone.
type journal struct {
	file *os.File
	at   int64
	page []byte
}

func newJournal(directory string) (*journal, error) {
	file, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		return nil, err
	}
	for zeros, at := make([]byte, 1<<20), int64(0); at < journalBytes; at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros, at); err != nil {
			return nil, err
		}
	}
	return &journal{file: file}, file.Sync()
}

// commit writes a group, in whole pages, and syncs it.
func (j *journal) commit(group []byte) error {
	size := (len(group) + pageBytes - 1) &^ (pageBytes - 1)
	if cap(j.page) < size {
		j.page = make([]byte, 2*size)
	}
	pages := j.page[:size]
	copy(pages, group)
	if j.at+int64(size) > journalBytes {
		j.at = 0
	}
	if _, err := unix.Pwrite(int(j.file.Fd()), pages, j.at); err != nil {
		return err
	}
	j.at += int64(size)
	return unix.Fdatasync(int(j.file.Fd()))
}
