package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/sessions"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The image in a snapshot file begins with the bodies that the log has in part, and with the sessions that are open,
// and the machine's own image follows. So a state can be frozen behind any entry. A start finds in the file the pieces
// that the log no longer has, and so does a node that is sent the file in the middle of a body. All numbers are little
// endian:
//
//	count u32, with the highest bit set if there are sessions, then for each body, in order
//	  origin u64, boot u64, sequence u64, size of the whole u32, size of the part that is here u32, that part
//	the image of the sessions (package sessions), if there are any
//
// Only the first body has a part, and no origin has two.
const (
	assemblyCountBytes  = 4
	sessionsFollow      = 1 << 31
	assemblyHeaderBytes = 3*8 + 2*4
	// maxAssemblies bounds what is read: each member has announced one body at most.
	maxAssemblies = membership.MaxMembers
)

// WriteTo writes the bodies in pieces, the sessions and the machine's image. It is called once at most.
func (f *Frozen) WriteTo(w io.Writer) (n int64, err error) {
	write := func(b []byte) {
		if err == nil {
			var written int
			written, err = w.Write(b)
			n += int64(written)
		}
	}
	count := uint32(len(f.Pieces))
	if f.sessions != nil {
		count |= sessionsFollow
	}
	write(binary.LittleEndian.AppendUint32(nil, count))
	for i := range f.Pieces {
		a := &f.Pieces[i]
		header := binary.LittleEndian.AppendUint64(nil, uint64(a.Origin))
		header = binary.LittleEndian.AppendUint64(header, uint64(a.Boot))
		header = binary.LittleEndian.AppendUint64(header, uint64(a.Sequence))
		header = binary.LittleEndian.AppendUint32(header, uint32(a.TotalBytes))
		write(binary.LittleEndian.AppendUint32(header, uint32(len(a.Body))))
		for part := a.Body; len(part) > 0; {
			chunk := part[:min(len(part), imageChunkBytes)]
			write(chunk)
			part = part[len(chunk):]
		}
	}
	for _, next := range f.images() {
		if err == nil {
			var written int64
			written, err = next.WriteTo(w)
			n += written
		}
	}
	return n, err
}

// images are what follows the bodies in pieces.
func (f *Frozen) images() []io.WriterTo {
	if f.sessions == nil {
		return []io.WriterTo{f.Image}
	}
	return []io.WriterTo{f.sessions, f.Image}
}

// imageChunkBytes is how much of a body is written at once: the writer rests between two writes. A reader takes no
// memory for more than that before it has the bytes.
const imageChunkBytes = 1 << 20

// ReadFront reads what Frozen.WriteTo writes before the machine's image, and nothing of that: Pieces and Sessions. The
// Mark is known.
func (b *SnapshotState) ReadFront(r io.Reader) error {
	var count [assemblyCountBytes]byte
	if _, err := io.ReadFull(r, count[:]); err != nil {
		return fmt.Errorf("read how many bodies are in pieces: %w", err)
	}
	word := binary.LittleEndian.Uint32(count[:])
	n := word &^ sessionsFollow
	if n > maxAssemblies {
		return fmt.Errorf("%d bodies in pieces, at most %d can be", n, maxAssemblies)
	}
	for range n {
		a, err := readAssembly(r, b.Pieces)
		if err != nil {
			return fmt.Errorf("read a body in pieces: %w", err)
		}
		b.Pieces = append(b.Pieces, a)
	}
	if word&sessionsFollow == 0 {
		return nil
	}
	var err error
	b.Sessions, err = sessions.Restore(sessions.DefaultLimits(), r)
	switch {
	case err != nil:
		return err
	case b.Sessions.Len() == 0:
		return errors.New("the file says that there are sessions, and has none")
	case b.Sessions.Last() > uint64(b.Mark.Index): // a later entry would open it again
		return fmt.Errorf("session %d is of an entry behind %s", b.Sessions.Last(), b.Mark)
	}
	return nil
}

// readAssembly reads the body that follows those before it.
func readAssembly(r io.Reader, before []Assembly) (a Assembly, err error) {
	var header [assemblyHeaderBytes]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return a, err
	}
	a.Origin = raftlog.NodeID(binary.LittleEndian.Uint64(header[0:]))
	a.Boot = raftlog.Boot(binary.LittleEndian.Uint64(header[8:]))
	a.Sequence = raftlog.Sequence(binary.LittleEndian.Uint64(header[16:]))
	total, here := binary.LittleEndian.Uint32(header[24:]), binary.LittleEndian.Uint32(header[28:])
	announced := slices.ContainsFunc(before, func(b Assembly) bool { return b.Origin == a.Origin })
	switch {
	case a.Origin == 0 || announced:
		return a, fmt.Errorf("body %d is of node %d, which has none or has another one", len(before)+1, a.Origin)
	case here >= total || total > raftlog.MaxBodyBytes || here > 0 && len(before) > 0:
		return a, fmt.Errorf("of body %d, %d bytes of %d are here", len(before)+1, here, total)
	}
	a.TotalBytes = int(total)
	a.Body, err = readPart(r, int(here))
	return a, err
}

// readPart reads so many bytes. It is nil for none.
func readPart(r io.Reader, bytes int) (part []byte, err error) {
	for len(part) < bytes && err == nil {
		read := len(part)
		part = append(part, make([]byte, min(bytes-read, imageChunkBytes))...)
		_, err = io.ReadFull(r, part[read:])
	}
	return part, err
}
