package transport

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// shelf is a library of one file, which it hands out in chunks of a given size.
type shelf struct {
	mark       raftlog.SnapshotMark
	file       []byte
	chunkBytes int
	refusal    error
	// before, if set, is called before a chunk is returned: it may wait, or spoil the disk.
	before func(offset int64) error

	mu     sync.Mutex
	asked  []Hello
	opened atomic.Int64
	closed atomic.Int64
}

// newShelf has a file of random bytes.
func newShelf(fileBytes, chunkBytes int) *shelf {
	s := &shelf{file: make([]byte, fileBytes), chunkBytes: chunkBytes}
	r := rand.New(rand.NewPCG(11, 0))
	for i := range s.file {
		s.file[i] = byte(r.Uint32())
	}
	s.mark = raftlog.SnapshotMark{
		Mark: raftlog.Mark{Index: 90, Term: 4}, Configuration: []byte("configuration"),
		FileHash: 0x77, FileBytes: uint64(fileBytes),
	}
	return s
}

func (s *shelf) OpenSnapshot(theirs Hello, mark raftlog.SnapshotMark) (Source, error) {
	s.mu.Lock()
	s.asked = append(s.asked, theirs)
	s.mu.Unlock()
	switch {
	case s.refusal != nil:
		return nil, s.refusal
	case mark.Mark != s.mark.Mark || mark.FileHash != s.mark.FileHash || mark.FileBytes != s.mark.FileBytes:
		return nil, errors.New("no such file")
	}
	s.opened.Add(1)
	return &shelfReading{shelf: s}, nil
}

type shelfReading struct{ *shelf }

func (r *shelfReading) Chunk(offset int64, buffer []byte) ([]byte, error) {
	if r.before != nil {
		if err := r.before(offset); err != nil {
			return nil, err
		}
	}
	end := min(int64(len(r.file)), offset+int64(r.chunkBytes))
	return append(buffer[:0], r.file[offset:end]...), nil
}

func (r *shelfReading) Close() error { r.closed.Add(1); return nil }

// lending makes a node serve the files of a library.
func lending(l SnapshotStore) func(*node, *Options) {
	return func(_ *node, o *Options) { o.SnapshotStore = l }
}

// basket collects what a Fetch brings.
type basket struct{ bytes.Buffer }

func (b *basket) take(offset int64, chunk []byte) error {
	if offset != int64(b.Len()) {
		return errors.New("a chunk at another place")
	}
	b.Write(chunk)
	return nil
}

// meddler is a connection whose incoming bytes pass through a function: what to hand on, and an error to follow.
type meddler struct {
	net.Conn
	offset int64
	meddle func(offset int64, piece []byte) ([]byte, error)
}

func (c *meddler) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	piece, cut := c.meddle(c.offset, slices.Clone(p[:n]))
	c.offset += int64(n)
	return copy(p, piece), errors.Join(err, cut)
}

// meddling replaces the first dial of a node by one that meddles; those after it are honest.
func meddling(meddle func(offset int64, piece []byte) ([]byte, error)) func(*node, *Options) {
	return func(_ *node, o *Options) {
		var dials atomic.Int64
		o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			if err != nil || dials.Add(1) > 1 {
				return conn, err
			}
			return &meddler{Conn: conn, meddle: meddle}, nil
		}
	}
}

// cutAt ends a connection when so many bytes have come.
func cutAt(bytes int64) func(int64, []byte) ([]byte, error) {
	return func(offset int64, piece []byte) ([]byte, error) {
		if offset+int64(len(piece)) < bytes {
			return piece, nil
		}
		return piece[:max(0, bytes-offset)], net.ErrClosed
	}
}

// awaitClosed waits until the shelf got back every file that it lent.
func (s *shelf) awaitClosed(t testing.TB, n *node, files int64) {
	t.Helper()
	n.awaitUntil("the files are closed", func() bool { return s.opened.Load() == files && s.closed.Load() == files })
}
