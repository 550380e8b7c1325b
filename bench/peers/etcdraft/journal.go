package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"golang.org/x/sys/unix"
)

// journal is the log on the disk: a file to which records are appended. A record is a header, which has the length, the
// kind and a checksum, and an entry or a hard state in the library's own form.
type journal struct {
	file     *os.File
	prepared bool
	// at is where the next record goes; written is up to where the file was written out before.
	at, written int64
	buffer      []byte
}

const (
	recordHeaderBytes = 9
	entryRecord       = 1
	stateRecord       = 2
	// preparedBytes is how much of the file is written out at a time.
	preparedBytes = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openJournal opens the log of a directory, and gives the storage what it holds. What follows the last whole record was
// never acknowledged, and is written over.
func openJournal(directory string, prepared bool, storage *raft.MemoryStorage) (*journal, error) {
	file, err := os.OpenFile(filepath.Join(directory, "log"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, prepared: prepared}
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	for {
		n, err := restore(content[j.at:], storage)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		j.at += n
	}
	// Rests of old records must not follow new ones.
	if err := file.Truncate(j.at); err != nil {
		return nil, err
	}
	j.written = j.at
	return j, file.Sync()
}

// restore gives the storage the first record, and returns its length: 0 if there is none that is whole.
func restore(content []byte, storage *raft.MemoryStorage) (n int64, err error) {
	if len(content) < recordHeaderBytes {
		return 0, nil
	}
	length := binary.LittleEndian.Uint32(content)
	kind, sum, body := content[4], binary.LittleEndian.Uint32(content[5:]), content[recordHeaderBytes:]
	if uint64(length) > uint64(len(body)) || crc32.Checksum(body[:length], castagnoli) != sum {
		return 0, nil
	}
	// The library keeps what it unmarshals, and content goes away as a whole.
	body = bytes.Clone(body[:length])
	switch kind {
	case entryRecord:
		var e raftpb.Entry
		if err := e.Unmarshal(body); err != nil {
			return 0, err
		}
		err = storage.Append([]raftpb.Entry{e})
	case stateRecord:
		var s raftpb.HardState
		if err := s.Unmarshal(body); err != nil {
			return 0, err
		}
		err = storage.SetHardState(s)
	default:
		return 0, nil // a part that was only prepared
	}
	return recordHeaderBytes + int64(length), err
}

// marshaler is an entry or a hard state.
type marshaler interface {
	Size() int
	MarshalTo(dst []byte) (int, error)
}

func (j *journal) add(kind byte, m marshaler) error {
	size, at := m.Size(), len(j.buffer)
	j.buffer = append(j.buffer, make([]byte, recordHeaderBytes+size)...)
	record := j.buffer[at:]
	if _, err := m.MarshalTo(record[recordHeaderBytes:]); err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(record, uint32(size))
	record[4] = kind
	binary.LittleEndian.PutUint32(record[5:], crc32.Checksum(record[recordHeaderBytes:], castagnoli))
	return nil
}

// append writes entries and the hard state, in one write, and syncs it if that is wanted.
func (j *journal) append(entries []raftpb.Entry, state raftpb.HardState, sync bool) error {
	j.buffer = j.buffer[:0]
	var failures []error
	for i := range entries {
		failures = append(failures, j.add(entryRecord, &entries[i]))
	}
	if !raft.IsEmptyHardState(state) {
		failures = append(failures, j.add(stateRecord, &state))
	}
	if j.prepared {
		failures = append(failures, j.prepare())
	}
	if err := errors.Join(failures...); err != nil {
		return err
	}
	if _, err := j.file.WriteAt(j.buffer, j.at); err != nil {
		return err
	}
	j.at += int64(len(j.buffer))
	if sync {
		return unix.Fdatasync(int(j.file.Fd()))
	}
	return nil
}

// prepare writes out the next part of the file when the records no longer fit into what was written out.
func (j *journal) prepare() error {
	if j.at+int64(len(j.buffer)) <= j.written {
		return nil
	}
	end := j.at + int64(len(j.buffer)) + preparedBytes
	zeros := make([]byte, end-j.written)
	if _, err := j.file.WriteAt(zeros, j.written); err != nil {
		return err
	}
	j.written = end
	return j.file.Sync()
}
