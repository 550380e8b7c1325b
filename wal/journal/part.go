package journal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A record's payload is a sequence of parts that take effect in order. A part, numbers little-endian:
//
//	offset  0  kind    u16  bit 15 set: a reader that does not know the kind skips the part
//	        2  group   u16  whose log the part is about; always 0 today. Several groups can share one journal
//	        4  length  u32  of the body
//	        8  body
//
// An unknown kind without bit 15, and another group, are refused by number. A skipped part is lost with the next roll.
//
// partKind says what a part is; the numbers are part of the format:
//
//	state       term, vote                                                  u64, u64
//	truncate    the entries from this index on are gone                     u64
//	entries     encoded entries, one after another
//	files       names of snapshots and history                              see appendFiles
//	base        the log begins above this checkpoint; entries are void      see appendBase
//	checkpoint  entries up to this index, of this term, are in history      u64, u64
//	commit      entries up to this index were known to be committed         u64
//	quarantine  the state differed, agreed, was reinstalled at; 0 ends it   u64, u64, u64
//
// An opening is files, base, state, entries, commit, and quarantine if there is one. A group begins with checkpoint, a
// seal is only that. An operation is state, quarantine if it changes, truncate and entries if there are any, commit: in
// this order, because what is truncated was not committed before, while the index of what replaces it may be.
type partKind = section.Kind

const (
	partState      partKind = 1
	partTruncate   partKind = 2
	partEntries    partKind = 3
	partFiles      partKind = 4
	partBase       partKind = 5
	partCheckpoint partKind = 6
	partCommit     partKind = 7
	partQuarantine partKind = 8
)

func partName(k partKind) string {
	if k < partState || k > partQuarantine {
		return fmt.Sprintf("part %v", k)
	}
	return [...]string{"state", "truncate", "entries", "files", "base", "checkpoint", "commit",
		"quarantine"}[k-partState]
}

// partHeaderBytes is the size of a part without its body.
const partHeaderBytes = 8

var errShort = errors.New("is cut short")

func appendPartHeader(dst []byte, kind partKind, bodyBytes int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(kind)|uint32(raftlog.Group0)<<16)
	return binary.LittleEndian.AppendUint32(dst, uint32(bodyBytes))
}

func appendNumbers(dst []byte, kind partKind, numbers ...uint64) []byte {
	dst = appendPartHeader(dst, kind, 8*len(numbers))
	for _, n := range numbers {
		dst = binary.LittleEndian.AppendUint64(dst, n)
	}
	return dst
}

func appendState(dst []byte, term raftlog.Term, vote raftlog.NodeID) []byte {
	return appendNumbers(dst, partState, uint64(term), uint64(vote))
}

func appendCommit(dst []byte, commit raftlog.Index) []byte {
	return appendNumbers(dst, partCommit, uint64(commit))
}

func appendQuarantine(dst []byte, q raftlog.Quarantine) []byte {
	return appendNumbers(dst, partQuarantine, uint64(q.Differs), uint64(q.Agreed), uint64(q.Reinstalled))
}

func appendTruncate(dst []byte, from raftlog.Index) []byte {
	return appendNumbers(dst, partTruncate, uint64(from))
}

func appendCheckpoint(dst []byte, m raftlog.Mark) []byte {
	return appendNumbers(dst, partCheckpoint, uint64(m.Index), uint64(m.Term))
}

func appendEntries(dst []byte, entries []raftlog.Entry) []byte {
	dst = appendPartHeader(dst, partEntries, int(entriesBytes(entries)))
	for i := range entries {
		dst = entries[i].AppendHeader(dst)
		dst = append(dst, entries[i].Body...)
	}
	return dst
}

func entriesBytes(entries []raftlog.Entry) int64 {
	var sum int64
	for i := range entries {
		sum += int64(entries[i].Size())
	}
	return sum
}

// appendFiles: both snapshots (index, term, file hash, file bytes, configuration; index 0 when there is none), then
// history's first index and directory.
func appendFiles(dst []byte, snapshot, retained *raftlog.SnapshotMark, directory string, first raftlog.Index) []byte {
	at := len(dst)
	dst = appendPartHeader(dst, partFiles, 0)
	for _, s := range [...]*raftlog.SnapshotMark{snapshot, retained} {
		if s == nil {
			s = &raftlog.SnapshotMark{}
		}
		for _, n := range [...]uint64{uint64(s.Index), uint64(s.Term), s.FileHash, s.FileBytes} {
			dst = binary.LittleEndian.AppendUint64(dst, n)
		}
		dst = appendBytes(dst, s.Configuration)
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(first))
	dst = appendBytes(dst, []byte(directory))
	binary.LittleEndian.PutUint32(dst[at+4:], uint32(len(dst)-at-partHeaderBytes))
	return dst
}

// appendBase: checkpoint (index, term), its stamp and offset, index of the configuration, its body.
func appendBase(dst []byte, o *Opening) []byte {
	at := len(dst)
	dst = appendNumbers(dst, partBase, uint64(o.Checkpoint.Index), uint64(o.Checkpoint.Term),
		uint64(o.CheckpointTime.Stamp), uint64(o.CheckpointTime.Offset), uint64(o.ConfigurationIndex))
	dst = appendBytes(dst, o.ConfigurationBody)
	binary.LittleEndian.PutUint32(dst[at+4:], uint32(len(dst)-at-partHeaderBytes))
	return dst
}

func appendBytes(dst, b []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	return append(dst, b...)
}

// part is one part of a payload.
type part struct {
	kind  partKind
	group raftlog.Group
	body  []byte
}

// nextPart splits the first part off a payload.
func nextPart(payload []byte) (p part, rest []byte, err error) {
	if len(payload) < partHeaderBytes {
		return p, nil, fmt.Errorf("a part's header %w", errShort)
	}
	p.kind = partKind(binary.LittleEndian.Uint16(payload))
	p.group = raftlog.Group(binary.LittleEndian.Uint16(payload[2:]))
	n := binary.LittleEndian.Uint32(payload[4:])
	payload = payload[partHeaderBytes:]
	if uint64(n) > uint64(len(payload)) {
		return p, nil, fmt.Errorf("%s %w", partName(p.kind), errShort)
	}
	p.body = payload[:n:n]
	return p, payload[n:], nil
}

// fields reads numbers and byte strings from the front of a part's body. After the first failure all further reads
// give zero, and done reports it.
type fields struct {
	body   []byte
	failed bool
}

func (f *fields) number() uint64 {
	if len(f.body) < 8 {
		f.failed, f.body = true, nil
		return 0
	}
	n := binary.LittleEndian.Uint64(f.body)
	f.body = f.body[8:]
	return n
}

func (f *fields) bytes() []byte {
	if len(f.body) < 4 || uint64(binary.LittleEndian.Uint32(f.body)) > uint64(len(f.body)-4) {
		f.failed, f.body = true, nil
		return nil
	}
	n := binary.LittleEndian.Uint32(f.body)
	b := f.body[4 : 4+n : 4+n]
	f.body = f.body[4+n:]
	if n == 0 {
		return nil
	}
	return b
}

func (f *fields) mark() raftlog.Mark {
	index := raftlog.Index(f.number())
	return raftlog.Mark{Index: index, Term: raftlog.Term(f.number())}
}

func (f *fields) time() raftlog.Time {
	stamp := raftlog.Stamp(f.number())
	return raftlog.Time{Stamp: stamp, Offset: raftlog.Offset(f.number())}
}

func (f *fields) quarantine() raftlog.Quarantine {
	differs, agreed := raftlog.Index(f.number()), raftlog.Index(f.number())
	return raftlog.Quarantine{Differs: differs, Agreed: agreed, Reinstalled: raftlog.Index(f.number())}
}

func (f *fields) snapshot() *raftlog.SnapshotMark {
	s := raftlog.SnapshotMark{Mark: f.mark(), FileHash: f.number(), FileBytes: f.number()}
	s.Configuration = f.bytes()
	if s.Index == 0 {
		return nil
	}
	return &s
}

func (f *fields) done() error {
	if f.failed || len(f.body) > 0 {
		return fmt.Errorf("its length is wrong")
	}
	return nil
}
