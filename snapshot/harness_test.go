package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"path"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

const testDirectory = "data/snapshots"

// testLimits make frames small, so that a small file has many.
func testLimits() limits { return limits{blockBytes: 512, syncBytes: 1200, fileBytes: 1 << 20} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newStore(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	s, err := NewStore(fs, testDirectory)
	must(t, err)
	s.limits = testLimits()
	return s
}

func headerAt(index raftlog.Index) Header {
	return Header{
		Mark:      raftlog.Mark{Term: raftlog.Term(1 + index/100), Index: index},
		ClusterID: 0x1122334455667788, HashSeed: 0x99aabbccddeeff00,
		Time:      raftlog.Time{Stamp: raftlog.Stamp(1000 + index), Offset: -9},
		StateHash: uint64(index) * 0x9e3779b97f4a7c15, Level: 1,
		Configuration: []byte("members of the cluster"),
	}
}

// imageOf is a state: bytes that differ from index to index, and nowhere repeat.
func imageOf(index raftlog.Index, size int) []byte {
	random := rand.NewChaCha8([32]byte{byte(index), byte(index >> 8)})
	b := make([]byte, size+8)
	for i := 0; i < size; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], random.Uint64())
	}
	return b[:size]
}

// take writes a snapshot and closes its writer: from here on it is garbage unless a mark keeps it.
func take(s *Store, index raftlog.Index, size int, pace Pace) (raftlog.SnapshotMark, error) {
	w, err := s.Create(headerAt(index), pace)
	if err != nil {
		return raftlog.SnapshotMark{}, err
	}
	if _, err := w.Write(imageOf(index, size)); err != nil {
		return raftlog.SnapshotMark{}, errors.Join(err, w.Close())
	}
	mark, err := w.Commit()
	return mark, errors.Join(err, w.Close())
}

func taken(t testing.TB, s *Store, index raftlog.Index, size int) raftlog.SnapshotMark {
	t.Helper()
	mark, err := take(s, index, size, nil)
	must(t, err)
	return mark
}

// contentOf reads a whole file as it is.
func contentOf(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(path.Join(testDirectory, name), false)
	must(t, err)
	defer f.Close()
	size, err := f.Size()
	must(t, err)
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); size > 0 {
		must(t, err)
	}
	return b
}

// put makes a file with some content, durably.
func put(t testing.TB, fs vfs.FS, name string, content []byte) {
	t.Helper()
	must(t, fs.MkdirAll(testDirectory))
	f, err := fs.Open(path.Join(testDirectory, name), true)
	must(t, err)
	must(t, f.Truncate(0))
	_, err = f.WriteAt(content, 0)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
	must(t, fs.SyncDir(testDirectory))
}

// imageIn opens a snapshot and reads its image, as a restore does.
func imageIn(s *Store, mark raftlog.SnapshotMark) ([]byte, error) {
	f, err := s.Open(mark)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	image, err := f.Image(nil)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(image)
}

// mustHold demands that a store can restore a state.
func mustHold(t testing.TB, s *Store, mark raftlog.SnapshotMark, size int) {
	t.Helper()
	image, err := imageIn(s, mark)
	must(t, err)
	if !bytes.Equal(image, imageOf(mark.Index, size)) {
		t.Fatalf("the image of %v is another", mark.Mark)
	}
}

func names(t testing.TB, s *Store) (names []string) {
	t.Helper()
	found, err := s.List()
	must(t, err)
	for _, f := range found {
		names = append(names, f.Name)
	}
	return names
}

// sender returns the chunks of a file from an offset on.
func sender(t testing.TB, s *Store, mark raftlog.SnapshotMark) *File {
	t.Helper()
	f, err := s.Open(mark)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// send gives a receiver chunks from where it is, at most so many.
func send(from *File, to *Receiver, chunks int) error {
	for range chunks {
		chunk, err := from.Chunk(to.Offset(), nil)
		if err != nil || len(chunk) == 0 {
			return err
		}
		if err := to.Write(to.Offset(), chunk); err != nil {
			return err
		}
	}
	return nil
}

// everything is more chunks than any file of a test has.
const everything = 1 << 20

// receive receives a whole snapshot and closes its receiver.
func receive(from *File, s *Store) error {
	r, err := s.Receive(from.Mark(), nil)
	if err != nil {
		return err
	}
	err = send(from, r, everything)
	if err == nil {
		_, err = r.Commit()
	}
	return errors.Join(err, r.Close())
}

func wantCorruption(t testing.TB, err error) *CorruptionError {
	t.Helper()
	var corruption *CorruptionError
	if !errors.As(err, &corruption) {
		t.Fatalf("%v, want corruption", err)
	}
	return corruption
}
