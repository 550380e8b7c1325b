package engine

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// The image in a snapshot file begins with the bodies that the log has in part, and the machine's own image follows.
// So a state can be frozen behind any entry. A start finds in the file the pieces that the log no longer has, and so
// does a node that is sent the file in the middle of a body. All numbers are little endian:
//
//	count u32, then for each body, in order
//	  origin u64, boot u64, sequence u64, size of the whole u32, size of the part that is here u32, that part
const (
	assemblyCountBytes  = 4
	assemblyHeaderBytes = 3*8 + 2*4
	// maxAssemblies bounds what is read: each member has announced one body at most.
	maxAssemblies = 1 << 16
)

// WriteTo writes the bodies in pieces and the machine's image. It is called once at most.
func (f *Frozen) WriteTo(w io.Writer) (n int64, err error) {
	write := func(b []byte) {
		if err == nil {
			var written int
			written, err = w.Write(b)
			n += int64(written)
		}
	}
	write(binary.LittleEndian.AppendUint32(nil, uint32(len(f.Pieces))))
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
	if err != nil {
		return n, err
	}
	rest, err := f.Image.WriteTo(w)
	return n + rest, err
}

// imageChunkBytes is how much of a body is written at once: the writer rests between two writes.
const imageChunkBytes = 1 << 20

// ReadAssemblies reads what Frozen.WriteTo writes before the machine's image, and nothing of that.
func ReadAssemblies(r io.Reader) ([]Assembly, error) {
	var count [assemblyCountBytes]byte
	if _, err := io.ReadFull(r, count[:]); err != nil {
		return nil, fmt.Errorf("read how many bodies are in pieces: %w", err)
	}
	n := binary.LittleEndian.Uint32(count[:])
	if n > maxAssemblies {
		return nil, fmt.Errorf("%d bodies in pieces, at most %d can be", n, maxAssemblies)
	}
	var list []Assembly
	for range n {
		a, err := readAssembly(r)
		if err != nil {
			return nil, fmt.Errorf("read a body in pieces: %w", err)
		}
		list = append(list, a)
	}
	return list, nil
}

func readAssembly(r io.Reader) (a Assembly, err error) {
	var header [assemblyHeaderBytes]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return a, err
	}
	a.Origin = raftlog.NodeID(binary.LittleEndian.Uint64(header[0:]))
	a.Boot = raftlog.Boot(binary.LittleEndian.Uint64(header[8:]))
	a.Sequence = raftlog.Sequence(binary.LittleEndian.Uint64(header[16:]))
	total, here := binary.LittleEndian.Uint32(header[24:]), binary.LittleEndian.Uint32(header[28:])
	if here >= total || total > raftlog.MaxBodyBytes {
		return a, fmt.Errorf("%d bytes of %d are here", here, total)
	}
	a.TotalBytes = int(total)
	if here > 0 {
		a.Body = make([]byte, here, total)
		_, err = io.ReadFull(r, a.Body)
	}
	return a, err
}
