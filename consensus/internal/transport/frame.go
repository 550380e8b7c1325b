package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ErrBadFrame is what every refusal of bytes from the network wraps: the connection that brought them is closed.
var ErrBadFrame = errors.New("bad frame")

// frameKind says what a frame carries. Values below firstOwnFrame are those of raft.MessageKind. From firstOwnFrame to
// firstControlFrame they are those of engine.Kind, counted from firstOwnFrame.
type frameKind uint8

// The frames that are not messages of the protocol. Their numbers are part of the wire format.
const (
	frameHello frameKind = iota + 0x80
	frameJoin
	frameChallenge
	frameProof
	frameWelcome
	_ // 0x85 is not used
	frameRefusal
	// frameAlive has no body: a dialler with nothing to say proves that it is there.
	frameAlive
	frameInvite
	frameNewcomer
	frameChange
	frameAnswer
	// frameFetch asks for a snapshot file, frameChunk is a piece of it; see bulk.go.
	frameFetch
	frameChunk
	frameKindsEnd

	firstOwnFrame     = frameKind(0x40)
	firstControlFrame = frameHello
)

// kindOf is the kind of the frame that carries m.
func kindOf(m *engine.Message) frameKind {
	if m.Own != 0 {
		return firstOwnFrame + frameKind(m.Own)
	}
	return frameKind(m.Kind)
}

func (k frameKind) known() bool {
	switch {
	case k < firstOwnFrame:
		return raft.MessageKind(k).Known()
	case k < firstControlFrame:
		return engine.Kind(k - firstOwnFrame).Known()
	}
	return k < frameKindsEnd
}

// keepsBody reports whether what is decoded from the body goes on pointing to it: such a body gets a buffer of its own.
func (k frameKind) keepsBody() bool {
	switch k {
	case frameKind(raft.Append), frameKind(raft.Install), firstOwnFrame + frameKind(engine.Forward),
		firstOwnFrame + frameKind(engine.Notice), firstOwnFrame + frameKind(engine.Verdict):
		return true
	}
	return k >= firstControlFrame
}

// flagReject is raft.Message.Reject. The other bits are zero in this version.
const flagReject = 1 << 0

// frameVersion is the version of the layout below. What bodies hold goes with protocolVersion, by which two nodes agree
// before the first of them. A refusal must be readable by builds of another protocolVersion: they are refused in words.
const frameVersion = 2

// A frame on the wire, all numbers little endian:
//
//	offset  0  length of the whole frame   u32
//	        4  kind, version               u8, u8
//	        6  flags                       u16
//	        8  cluster id                  u64
//	       16  from, to                    u64, u64
//	       32  term                        u64
//	       40  group                       u16  always 0 today
//	       42  zero                        u16
//	       44  CRC32C of the 44 bytes above
//	       48  body
//	     48+n  CRC32C of the body          u32
const (
	headerBytes        = 48
	headerSumAt        = headerBytes - 4
	trailerBytes       = 4
	frameOverheadBytes = headerBytes + trailerBytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the front of a frame.
type header struct {
	kind      frameKind
	flags     uint16
	bodyBytes int
	clusterID uint64
	from, to  raftlog.NodeID
	term      raftlog.Term
	group     raftlog.Group
}

// put writes the header over the first headerBytes of dst.
func (h *header) put(dst []byte) {
	binary.LittleEndian.PutUint32(dst[0:], uint32(frameOverheadBytes+h.bodyBytes))
	dst[4], dst[5] = byte(h.kind), frameVersion
	binary.LittleEndian.PutUint16(dst[6:], h.flags)
	binary.LittleEndian.PutUint64(dst[8:], h.clusterID)
	binary.LittleEndian.PutUint64(dst[16:], uint64(h.from))
	binary.LittleEndian.PutUint64(dst[24:], uint64(h.to))
	binary.LittleEndian.PutUint64(dst[32:], uint64(h.term))
	binary.LittleEndian.PutUint32(dst[40:], uint32(h.group))
	binary.LittleEndian.PutUint32(dst[headerSumAt:], crc32.Checksum(dst[:headerSumAt], castagnoli))
}

// parseHeader reads a header from the front of src, which holds at least headerBytes. It believes nothing before the
// CRC matched, except the version: another version may keep its CRC elsewhere.
func parseHeader(src []byte, maxFrameBytes int) (header, error) {
	if src[5] != frameVersion {
		return header{}, fmt.Errorf("%w: version %d, this node speaks %d", ErrBadFrame, src[5], frameVersion)
	}
	sum := binary.LittleEndian.Uint32(src[headerSumAt:])
	if got := crc32.Checksum(src[:headerSumAt], castagnoli); got != sum {
		return header{}, fmt.Errorf("%w: CRC32C of the header is %08x, not %08x", ErrBadFrame, got, sum)
	}
	frameBytes := int64(binary.LittleEndian.Uint32(src[0:]))
	if frameBytes < frameOverheadBytes || frameBytes > int64(maxFrameBytes) {
		return header{}, fmt.Errorf("%w: %d bytes, allowed are %d to %d",
			ErrBadFrame, frameBytes, frameOverheadBytes, maxFrameBytes)
	}
	h := header{
		kind:      frameKind(src[4]),
		flags:     binary.LittleEndian.Uint16(src[6:]),
		bodyBytes: int(frameBytes) - frameOverheadBytes,
		clusterID: binary.LittleEndian.Uint64(src[8:]),
		from:      raftlog.NodeID(binary.LittleEndian.Uint64(src[16:])),
		to:        raftlog.NodeID(binary.LittleEndian.Uint64(src[24:])),
		term:      raftlog.Term(binary.LittleEndian.Uint64(src[32:])),
		group:     raftlog.Group(binary.LittleEndian.Uint16(src[40:])),
	}
	if err := h.group.Check(); err != nil {
		return header{}, fmt.Errorf("%w: %w", ErrBadFrame, err)
	}
	if src[42]|src[43] != 0 {
		return header{}, fmt.Errorf("%w: reserved bytes in use", ErrBadFrame)
	}
	if !h.kind.known() {
		return header{}, fmt.Errorf("%w: unknown kind %d", ErrBadFrame, h.kind)
	}
	return h, nil
}

// checkBody returns the body without its CRC, which is the last four bytes of src.
func checkBody(src []byte) ([]byte, error) {
	body, trailer := src[:len(src)-trailerBytes], src[len(src)-trailerBytes:]
	if got, want := crc32.Checksum(body, castagnoli), binary.LittleEndian.Uint32(trailer); got != want {
		return nil, fmt.Errorf("%w: CRC32C of the body is %08x, not %08x", ErrBadFrame, got, want)
	}
	return body[:len(body):len(body)], nil
}

// appendFrame appends one whole frame of a control kind: those of the handshake.
func appendFrame(dst []byte, h header, body []byte) []byte {
	h.bodyBytes = len(body)
	start := len(dst)
	dst = append(dst, make([]byte, headerBytes)...)
	h.put(dst[start:])
	dst = append(dst, body...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(body, castagnoli))
}
