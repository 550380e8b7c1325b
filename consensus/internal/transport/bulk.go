package transport

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// Snapshot files travel on connections of their own, from a node that has one to a node that asks for it. After the
// handshake, which is the one of peers:
//
//	dialler                                   other side
//	Fetch: mark, offset, size, hash      →
//	                                     ←    Chunk (offset, bytes), and so on to the end of the file
//	                                     ←    Chunk (offset), empty: this was the end
//
// Or a Refusal instead of the first chunk. What flows is bounded by TCP and by the sender's pace, and nothing is ever
// repeated: a node that lost the connection asks again, from where it is. The transport does not know what the bytes
// mean; the receiver proves them as it proves a file of its own.

// MaxChunkBytes bounds what a Source returns at once.
const MaxChunkBytes = 512 << 10

const (
	chunkOffsetBytes   = 8
	maxChunkFrameBytes = frameOverheadBytes + chunkOffsetBytes + MaxChunkBytes
)

// SnapshotStore is where peers fetch snapshot files.
type SnapshotStore interface {
	// OpenSnapshot opens the file of the snapshot that mark names; its Configuration is nil, for it does not travel. An
	// error is sent as its text; a *Refusal chooses it: the file may have been replaced by that of a newer snapshot.
	OpenSnapshot(theirs Hello, mark raftlog.SnapshotMark) (Source, error)
}

// Source is an open file, for one goroutine.
type Source interface {
	// Chunk returns bytes of the file from an offset on, at most MaxChunkBytes, and none at its end. They may lie in
	// the buffer, whose content is not needed any more. An error ends the connection.
	Chunk(offset int64, buffer []byte) ([]byte, error)
	Close() error
}

// wireFetch is the request. Which configuration belongs to a snapshot both sides know without it.
type wireFetch struct {
	Index  uint64 `codec:"index"`
	Term   uint64 `codec:"term"`
	Hash   uint64 `codec:"hash"`
	Bytes  uint64 `codec:"bytes"`
	Offset int64  `codec:"offset"`
}

func (w *wireFetch) mark() raftlog.SnapshotMark {
	return raftlog.SnapshotMark{
		Mark: raftlog.Mark{Index: raftlog.Index(w.Index), Term: raftlog.Term(w.Term)}, FileHash: w.Hash, FileBytes: w.Bytes,
	}
}

// Fetch has a peer send the file of a snapshot from an offset on, and calls take with each piece in order, until the
// end of the file. The chunk is the callee's. Nil means that the end was reached; a *Refusal that the peer does not
// serve this file; an error of take, of the context, or of the connection says that what came so far is all. It blocks,
// for minutes if the file is large; silence ends it after the read timeout.
func (t *Transport) Fetch(
	ctx context.Context, from Peer, mark raftlog.SnapshotMark, offset int64, take func(offset int64, chunk []byte) error,
) error {
	ctx, cancel := t.within(ctx)
	defer cancel()
	conn, err := t.dial(ctx, from.Address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s, err := newHandshake(conn, t.options.Secret, t.options.HandshakeTimeout)
	if err != nil {
		return err
	}
	own, err := t.askForFile(s, from, mark, offset)
	if err == nil {
		err = takeFile(s, &own, from.ID, offset, take)
	}
	if err != nil {
		return fmt.Errorf("fetch the snapshot at %v from node %d at %s: %w",
			mark.Mark, from.ID, from.Address, errors.Join(context.Cause(ctx), err))
	}
	return nil
}

// askForFile shakes hands and sends the request. It returns how this node introduced itself.
func (t *Transport) askForFile(s *handshake, from Peer, mark raftlog.SnapshotMark, offset int64) (Hello, error) {
	own := t.options.Handler.Hello(from)
	own.To, own.ToIncarnation = from.ID, from.Incarnation
	theirs, err := s.greet(purposeBulk, &own, from, t.options.Handler)
	if err != nil {
		return own, err
	}
	if err := t.options.Handler.Admit(theirs); err != nil {
		return own, err
	}
	request := wireFetch{
		Index: uint64(mark.Index), Term: uint64(mark.Term), Hash: mark.FileHash, Bytes: mark.FileBytes, Offset: offset,
	}
	if err := s.send(nil, frameFetch, encodeControl(&request)); err != nil {
		return own, err
	}
	_, err = s.messages(maxChunkFrameBytes, t.options.ReadTimeout)
	return own, err
}

// takeFile reads the chunks.
func takeFile(
	s *handshake, own *Hello, from raftlog.NodeID, offset int64, take func(offset int64, chunk []byte) error,
) error {
	for {
		h, body, err := s.frames.next()
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the other side hung up at %d: %w", offset, io.ErrUnexpectedEOF)
		case err != nil:
			return err
		case h.kind == frameRefusal:
			return refusalIn(body)
		}
		if err := checkChunk(&h, own, from, offset, body); err != nil {
			return err
		}
		chunk := body[chunkOffsetBytes:]
		if len(chunk) == 0 {
			return nil
		}
		if err := take(offset, chunk); err != nil {
			return err
		}
		offset += int64(len(chunk))
	}
}

// checkChunk refuses a frame that is not the next chunk.
func checkChunk(h *header, own *Hello, from raftlog.NodeID, offset int64, body []byte) error {
	switch {
	case h.kind != frameChunk || h.flags != 0 || h.term != 0 || len(body) < chunkOffsetBytes:
		return fmt.Errorf("%w: kind %d instead of a chunk", ErrBadFrame, h.kind)
	case h.clusterID != own.ClusterID || h.from != from || h.to != own.From:
		return fmt.Errorf("%w: from node %d to %d of cluster %016x", ErrBadFrame, h.from, h.to, h.clusterID)
	case binary.LittleEndian.Uint64(body) != uint64(offset):
		return fmt.Errorf("%w: a chunk at %d, not at %d", ErrBadFrame, binary.LittleEndian.Uint64(body), offset)
	}
	return nil
}

// admitBulk answers a peer that wants to fetch a file.
func (t *Transport) admitBulk(s *handshake) (serve func() error, err error) {
	if t.options.SnapshotStore == nil {
		return nil, &Refusal{Text: "this node serves no snapshots"}
	}
	in, err := t.admitPeer(s, purposeBulk)
	if err != nil || in == nil {
		return nil, err
	}
	p, err := t.openFile(s, in)
	if err != nil {
		t.forget(in)
		return nil, fmt.Errorf("node %d: %w", in.from, err)
	}
	return func() error {
		defer t.forget(in)
		if err := errors.Join(t.sendFile(p), p.source.Close()); err != nil {
			return fmt.Errorf("a snapshot for node %d: %w", in.from, err)
		}
		return nil
	}, nil
}

// outgoing is a file on its way.
type outgoing struct {
	in     *incoming
	header header
	source Source
	offset int64
}

// openFile reads the request and opens the file.
func (t *Transport) openFile(s *handshake, in *incoming) (*outgoing, error) {
	_, body, err := s.receive(frameFetch)
	if err != nil {
		return nil, err
	}
	var w wireFetch
	if err := decodeControl(body, &w); err != nil {
		return nil, err
	}
	if w.Offset < 0 || uint64(w.Offset) > w.Bytes {
		return nil, fmt.Errorf("%w: offset %d in a file of %d bytes", ErrBadFrame, w.Offset, w.Bytes)
	}
	own := t.options.Handler.Hello(Peer{ID: in.from})
	source, err := t.options.SnapshotStore.OpenSnapshot(in.hello, w.mark())
	if err != nil {
		return nil, err
	}
	if _, err := s.messages(maxControlBytes, 0); err != nil {
		return nil, errors.Join(err, source.Close())
	}
	h := header{kind: frameChunk, clusterID: own.ClusterID, from: own.From, to: in.from}
	return &outgoing{in: in, header: h, source: source, offset: w.Offset}, nil
}

// sendFile sends what is left of the file.
func (t *Transport) sendFile(p *outgoing) error {
	var out assembly
	buffer := make([]byte, 0, MaxChunkBytes)
	for {
		chunk, err := p.source.Chunk(p.offset, buffer)
		if err != nil {
			return err
		}
		if len(chunk) > MaxChunkBytes {
			panic(fmt.Sprintf("transport: a source returns %d bytes at once, allowed are %d", len(chunk), MaxChunkBytes))
		}
		t.sleep(t.pace.book(len(chunk), time.Now()))
		out.chunk(p.header, p.offset, chunk)
		if err := out.writeTo(p.in.conn, t.options.WriteTimeout); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if len(chunk) == 0 {
			return nil
		}
		p.offset += int64(len(chunk))
	}
}
