package journal

import (
	"bufio"
	"fmt"
	"io"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Inspect writes a description of one journal file to w, one line per record and one per part of it, with whatever is
// left of older generations, and names what is damaged. It changes nothing and does not judge the journal as a whole:
// that is for Open. An error means that the file could not be read, or w not written.
func Inspect(fs vfs.FS, path string, w io.Writer) error {
	f, err := openFile(fs, path)
	if err != nil {
		return err
	}
	defer f.Close() // nothing was written: its error says nothing
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: %d bytes\n", path, f.bytes)
	for offset := int64(0); offset+headerBytes <= f.bytes; {
		h, found, err := f.headerAt(offset)
		if err != nil {
			return err
		}
		if !found {
			offset += PageBytes
			continue
		}
		whole, err := inspectRecord(out, f, offset, h)
		if err != nil {
			return err
		}
		if offset += PageBytes; whole {
			offset += h.bytes() - PageBytes
		}
	}
	return out.Flush()
}

func inspectRecord(out *bufio.Writer, f *journalFile, offset int64, h header) (whole bool, err error) {
	payload, whole, err := f.payloadAt(offset, h)
	if err != nil {
		return false, err
	}
	fmt.Fprintf(out, "%10d %-7v version %d generation %d salt %016x previous %08x checksum %08x payload %d",
		offset, h.kind, h.version, h.generation, h.salt, h.previous, h.sum, h.payloadBytes)
	if h.kind == recordOpening {
		fmt.Fprintf(out, " file %d previous end %d", h.fileBytes, h.previousEnd)
	}
	if !whole {
		fmt.Fprint(out, " DAMAGED: the payload does not match its checksum\n")
		return false, nil
	}
	fmt.Fprintln(out)
	for len(payload) > 0 {
		p, rest, err := nextPart(payload)
		if err != nil {
			fmt.Fprintf(out, "           DAMAGED: %v\n", err)
			break
		}
		fmt.Fprintf(out, "           %-10s %s\n", partName(p.kind), describePart(p))
		payload = rest
	}
	return true, nil
}

func describePart(p part) string {
	if p.group != raftlog.Group0 {
		return fmt.Sprintf("of group %d, %d bytes", p.group, len(p.body))
	}
	f := fields{body: p.body}
	switch p.kind {
	case partState:
		return fmt.Sprintf("term %d vote %d", f.number(), f.number())
	case partTruncate:
		return fmt.Sprintf("from %d", f.number())
	case partCommit:
		return fmt.Sprintf("index %d", f.number())
	case partQuarantine:
		return describeQuarantine(f.quarantine())
	case partCheckpoint:
		return fmt.Sprintf("at %v", f.mark())
	case partFiles:
		return describeFiles(&f)
	case partBase:
		mark, at, index := f.mark(), f.time(), f.number()
		return fmt.Sprintf("at %v stamp %d offset %d configuration at %d of %d bytes", mark, at.Stamp, at.Offset, index,
			len(f.bytes()))
	case partEntries:
		return describeEntries(p.body)
	}
	return fmt.Sprintf("%d bytes of a kind that this build does not know", len(p.body))
}

func describeQuarantine(q raftlog.Quarantine) string {
	if !q.On() {
		return "over"
	}
	text := fmt.Sprintf("the state differs at %d, it agreed at %d", q.Differs, q.Agreed)
	if q.Reinstalled != 0 {
		text += fmt.Sprintf(", reinstalled from the snapshot at %d", q.Reinstalled)
	}
	return text
}

func describeFiles(f *fields) string {
	text := ""
	for _, name := range [...]string{"snapshot", "retained"} {
		if s := f.snapshot(); s != nil {
			text += fmt.Sprintf("%s at %v hash %016x of %d bytes, ", name, s.Mark, s.FileHash, s.FileBytes)
		}
	}
	first := f.number()
	return text + fmt.Sprintf("history %q from %d", f.bytes(), first)
}

func describeEntries(body []byte) string {
	total := len(body)
	var first, last raftlog.Mark
	count := 0
	for len(body) > 0 {
		e, n, err := raftlog.DecodeEntry(body)
		if err != nil {
			return fmt.Sprintf("%d whole ones, %v to %v, then DAMAGED: %v", count, first, last, err)
		}
		if count == 0 {
			first = e.Mark()
		}
		last = e.Mark()
		count, body = count+1, body[n:]
	}
	if count == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, %v to %v, %d bytes", count, first, last, total)
}
