package snapshot

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/raftredis/raftredis/internal/vfs"
)

// Inspect writes a description of a file to w: what its header says, every block that is damaged, and whether the
// whole is sound. It changes nothing. Damage is described and no error; an error means that the file could not be read,
// or w not written. The configuration is in a code that this package does not know: its size is told.
func Inspect(fs vfs.FS, path string, w io.Writer) error {
	out := bufio.NewWriter(w)
	f, err := OpenFile(fs, path)
	switch corruption := (*CorruptionError)(nil); {
	case errors.As(err, &corruption):
		fmt.Fprintf(out, "%s\n  DAMAGED at %d: %s\n", path, corruption.Offset, corruption.Reason)
		return out.Flush()
	case err != nil:
		return err
	}
	defer f.Close() // nothing was written: its error says nothing
	f.describe(out)
	if err := f.inspectFrames(out); err != nil {
		return err
	}
	return out.Flush()
}

func (f *File) describe(out io.Writer) {
	h := &f.header
	fmt.Fprintf(out, "%s: %d bytes\n", f.path, f.frames.fileBytes)
	fmt.Fprintf(out, "  version        %d\n", Version)
	fmt.Fprintf(out, "  mark           index %d term %d\n", h.Mark.Index, h.Mark.Term)
	fmt.Fprintf(out, "  cluster        %016x seed %016x\n", h.ClusterID, h.HashSeed)
	fmt.Fprintf(out, "  state          hash %016x stamp %d offset %d level %d\n", h.StateHash, h.Time.Stamp,
		h.Time.Offset, h.Level)
	fmt.Fprintf(out, "  configuration  %d bytes\n", len(h.Configuration))
	fmt.Fprintf(out, "  blocks         %d of %d bytes\n", f.frames.blocks(), f.frames.blockBytes)
	fmt.Fprintf(out, "  file hash      %016x\n", f.hash)
}

// inspectFrames goes on behind damage: the place of a frame does not depend on those before it.
func (f *File) inspectFrames(out io.Writer) error {
	var buffer []byte
	damaged := int64(0)
	for number := int64(0); number <= f.frames.footer(); number++ {
		b, err := f.read(number, buffer)
		switch corruption := (*CorruptionError)(nil); {
		case errors.As(err, &corruption):
			damaged++
			fmt.Fprintf(out, "  DAMAGED at %d: %s\n", corruption.Offset, corruption.Reason)
		case err != nil:
			return err
		default:
			buffer = b[:0]
		}
	}
	if damaged > 0 {
		fmt.Fprintf(out, "  damaged        %d of %d blocks\n", damaged, f.frames.blocks())
		return nil
	}
	err := f.Verify(nil)
	switch corruption := (*CorruptionError)(nil); {
	case errors.As(err, &corruption):
		fmt.Fprintf(out, "  DAMAGED at %d: %s\n", corruption.Offset, corruption.Reason)
	case err != nil:
		return err
	default:
		fmt.Fprintf(out, "  whole          every checksum and the hash are right\n")
	}
	return nil
}
