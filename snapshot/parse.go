package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// damage is what is wrong with bytes whose place in a file the caller knows.
type damage string

// Error is what was found.
func (d damage) Error() string { return string(d) }

// parsePrefix reads the first prefixBytes of a file, and returns the size of its header. The error is a damage or wraps
// ErrVersion.
func parsePrefix(b []byte) (headerBytes int64, err error) {
	switch {
	case string(b[:len(magic)]) != magic || !checked(b[:prefixBytes], 0):
		return 0, damage("it does not begin like a snapshot")
	case binary.LittleEndian.Uint32(b[8:]) != Version:
		return 0, fmt.Errorf("a snapshot of format version %d, and this program knows %d: %w; use the program that wrote it",
			binary.LittleEndian.Uint32(b[8:]), Version, ErrVersion)
	}
	headerBytes = int64(binary.LittleEndian.Uint32(b[12:]))
	const maxHeaderBytes = fixedHeaderBytes + MaxConfigurationBytes + MaxSectionsBytes + checksumBytes
	if headerBytes < fixedHeaderBytes+checksumBytes || headerBytes > maxHeaderBytes {
		return 0, damage(fmt.Sprintf("its header claims %d bytes", headerBytes))
	}
	return headerBytes, nil
}

// parseHeader reads a whole header, whose prefix was read before. The header owns its configuration.
func parseHeader(b []byte) (h Header, blockBytes int64, err error) {
	if !checked(b, 0) {
		return h, 0, damage("the header does not match its checksum")
	}
	word := func(offset int) uint64 { return binary.LittleEndian.Uint64(b[offset:]) }
	h = Header{
		ClusterID: word(24),
		HashSeed:  word(32),
		Mark:      raftlog.Mark{Index: raftlog.Index(word(40)), Term: raftlog.Term(word(48))},
		Time:      raftlog.Time{Stamp: raftlog.Stamp(word(56)), Offset: raftlog.Offset(word(64))},
		StateHash: word(72),
		Level:     b[80],
	}
	blockBytes = int64(binary.LittleEndian.Uint32(b[20:]))
	configuration, rest, whole := splitHeader(b)
	group := raftlog.Group(binary.LittleEndian.Uint16(b[88:]))
	switch {
	case group.Check() != nil:
		return h, 0, fmt.Errorf("%w: %w", group.Check(), ErrVersion)
	case blockBytes < minBlockBytes || blockBytes > BlockBytes:
		return h, 0, damage(fmt.Sprintf("its header claims blocks of %d bytes", blockBytes))
	case !whole || b[81]|b[82]|b[83]|b[90]|b[91] != 0 || h.Mark.Index == 0 || h.Mark.Term == 0:
		return h, 0, damage("its header contradicts itself")
	}
	skipped, err := section.Read(rest, section.None)
	switch {
	case errors.Is(err, section.ErrUnknown):
		return h, 0, fmt.Errorf("a header with an %w: %w", err, ErrVersion)
	case err != nil:
		return h, 0, damage(fmt.Sprintf("its header: %v", err))
	}
	h.Configuration, h.Sections = bytes.Clone(configuration), skipped
	return h, blockBytes, nil
}

// splitHeader is what follows the fixed part of a header, without the checksum: configuration and sections. It is not
// whole if their lengths do not add up.
func splitHeader(b []byte) (configuration, sections []byte, whole bool) {
	all := b[fixedHeaderBytes : len(b)-checksumBytes]
	first, second := uint64(binary.LittleEndian.Uint32(b[84:])), uint64(binary.LittleEndian.Uint32(b[92:]))
	if first+second != uint64(len(all)) {
		return nil, nil, false
	}
	return all[:first], all[first:], first <= MaxConfigurationBytes && second <= MaxSectionsBytes
}

// parseFooter reads a footer. sum is the checksum of the header.
func parseFooter(b []byte, sum uint32) (footer, error) {
	if !checked(b, sum) || binary.LittleEndian.Uint32(b) != 0 {
		return footer{}, damage("it does not end like a snapshot, or not like the one that its header begins")
	}
	return footer{
		blocks:    binary.LittleEndian.Uint32(b[4:]),
		fileBytes: int64(binary.LittleEndian.Uint64(b[8:])),
		hash:      binary.LittleEndian.Uint64(b[16:]),
	}, nil
}
