package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// frameWith is a frame whose CRCs are right, whatever else is wrong.
func frameWith(t testing.TB, change func(head []byte), body []byte) []byte {
	t.Helper()
	wire := appendFrame(nil, header{kind: frameKind(raft.Heartbeat), clusterID: 1, from: 1, to: 2}, body)
	change(wire[:headerBytes])
	binary.LittleEndian.PutUint32(wire[headerSumAt:], crc32.Checksum(wire[:headerSumAt], castagnoli))
	return wire
}

func refuses(t *testing.T, what string, wire []byte) {
	t.Helper()
	got, err := decode(wire)
	if !errors.Is(err, ErrBadFrame) || len(got) != 0 {
		t.Fatalf("%s: %d messages, error %v", what, len(got), err)
	}
}

// G11.
func TestEveryTruncatedFrameIsRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	for _, kind := range everyKind() {
		wire := encode(t, sample(kind, r))
		for end := 1; end < len(wire); end += 1 + end/500*97 {
			refuses(t, kind.KindName(), wire[:end])
		}
	}
}

// G11.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 0))
	for _, kind := range everyKind() {
		wire := encode(t, sample(kind, r))
		for bit := 0; bit < 8*len(wire); bit += 1 + bit/4000*997 {
			wire[bit/8] ^= 1 << (bit % 8)
			refuses(t, kind.KindName(), wire)
			wire[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// G11.
func TestACutThatGluesTwoFramesIsRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 0))
	first := encode(t, sample(engine.Message{Message: raft.Message{Kind: raft.AppendReply}}, r))
	second := encode(t, sample(engine.Message{Message: raft.Message{Kind: raft.Heartbeat}}, r))
	for cut := 1; cut < len(first); cut++ {
		refuses(t, "glued", append(bytes.Clone(first[:cut]), second...))
	}
}

// G18.
func TestAnotherVersionIsRefusedByName(t *testing.T) {
	wire := frameWith(t, func(head []byte) { head[5] = frameVersion + 1 }, make([]byte, 16))
	_, err := decode(wire)
	if err == nil || !strings.Contains(err.Error(), "version 3, this node speaks 2") {
		t.Fatalf("error %v", err)
	}
}

func TestFrameOfAnotherGroupIsRefusedByName(t *testing.T) {
	_, err := decode(frameWith(t, func(head []byte) { head[40], head[41] = 7, 1 }, make([]byte, 16)))
	if !errors.Is(err, raftlog.ErrGroup) || !strings.Contains(err.Error(), "group 263") {
		t.Fatalf("error %v", err)
	}
	for at := 42; at < headerSumAt; at++ {
		refuses(t, "reserved byte", frameWith(t, func(head []byte) { head[at] = 1 }, make([]byte, 16)))
	}
}

// G18.
func TestUnknownKindsAndFlagsAreRefused(t *testing.T) {
	for kind := range 256 {
		if frameKind(kind).known() {
			continue
		}
		refuses(t, "unknown kind", frameWith(t, func(head []byte) { head[4] = byte(kind) }, make([]byte, 16)))
	}
	for bit := range 16 {
		refuses(t, "flag", frameWith(t, func(head []byte) { head[6+bit/8] = 1 << (bit % 8) }, make([]byte, 16)))
	}
	refuses(t, "a control frame among messages",
		frameWith(t, func(head []byte) { head[4] = byte(frameWelcome) }, make([]byte, 16)))
}

func TestTrailingAndMissingBytesInABodyAreRefused(t *testing.T) {
	for _, kind := range everyKind() {
		m := sample(kind, rand.New(rand.NewPCG(8, 0)))
		wire := encode(t, m)
		body := wire[headerBytes : len(wire)-trailerBytes]
		for _, wrong := range [][]byte{append(bytes.Clone(body), 0), body[:max(len(body)-1, 0)]} {
			if len(wrong) == len(body) {
				continue // no body can be shorter than none
			}
			h := header{kind: kindOf(&kind), clusterID: 1, from: 1, to: 2}
			refuses(t, kind.KindName(), appendFrame(nil, h, wrong))
		}
	}
}

func TestReservedBytesOfABatchAreRefused(t *testing.T) {
	const about = 8 + 4 + 8 // after boot, count and sequence
	for batch, wrongs := range map[*engine.ForwardedBatch]map[int]byte{
		{Sequence: 1, Skip: true}:      {0: 3, 1: 1, 2: 1, 3: 1, 4: 1},
		{Sequence: 1, Body: []byte{1}}: {0: 3, 2: 2, 3: 1, 4: 1},
		{Sequence: 1, InSession: true}: {2: 2, 3: 1},
		{Sequence: 1, Piece: true}:     {2: 2, 3: 1},
	} {
		m := engine.Message{
			Own: engine.Forward, Message: raft.Message{From: 1, To: 2}, Boot: 3, Batches: []engine.ForwardedBatch{*batch},
		}
		wire := encode(t, m)
		body := wire[headerBytes : len(wire)-trailerBytes]
		for offset, value := range wrongs {
			wrong := bytes.Clone(body)
			wrong[about+offset] = value
			refuses(t, "batch", appendFrame(nil, header{kind: kindOf(&m)}, wrong))
		}
	}
}

// A set that is not written in the one way there is (each id greater than the one before, none 0) is damage.
func TestSetsOutOfOrderAreRefused(t *testing.T) {
	m := engine.Message{
		Own: engine.Presence, Message: raft.Message{From: 1, To: 2}, Request: 3, Absent: []raftlog.NodeID{4, 5, 6},
	}
	wire := encode(t, m)
	body := wire[headerBytes : len(wire)-trailerBytes]
	const ids = 8 + 4 // after request and count
	for offset, value := range map[int]byte{0: 0, nodeBytes: 4, 2 * nodeBytes: 2} {
		wrong := bytes.Clone(body)
		wrong[ids+offset] = value
		refuses(t, "set", appendFrame(nil, header{kind: kindOf(&m)}, wrong))
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// G10.
func TestADeclaredLengthAllocatesNothingBeforeItIsChecked(t *testing.T) {
	const budget = 4 * readBufferBytes
	over := uint32(MaxFrameBytes(DefaultMaxEntryBytes) + 1)
	for name, lengthBytes := range map[string]uint32{
		"over": over, "huge": 1<<32 - 1, "under": frameOverheadBytes - 1, "none": 0,
	} {
		wire := frameWith(t, func(head []byte) {
			binary.LittleEndian.PutUint32(head, lengthBytes)
			head[4] = byte(raft.Append)
		}, nil)
		if n := allocated(func() { refuses(t, name, wire) }); n > budget {
			t.Errorf("%s: %d bytes allocated for a frame that is refused", name, n)
		}
	}
	honest := encode(t, engine.Message{Message: raft.Message{Kind: raft.Append, From: 1, To: 2}})
	binary.LittleEndian.PutUint32(honest, uint32(MaxFrameBytes(DefaultMaxEntryBytes))) // without the CRC's consent
	if n := allocated(func() { refuses(t, "flipped length", honest) }); n > budget {
		t.Errorf("%d bytes allocated on the word of a damaged header", n)
	}
}

// G10.
func TestADeclaredCountAllocatesNoMoreThanTheFrameCouldHold(t *testing.T) {
	counts := map[frameKind]int{ // where the count stands
		frameKind(raft.Append): 32, frameKind(raft.Install): 32,
		firstOwnFrame + frameKind(engine.Forward): 8, firstOwnFrame + frameKind(engine.Presence): 8,
		firstOwnFrame + frameKind(engine.Notice): 0,
		firstOwnFrame + frameKind(engine.Report): 32, firstOwnFrame + frameKind(engine.Verdict): 0,
	}
	for kind, at := range counts {
		body := make([]byte, 200)
		binary.LittleEndian.PutUint32(body[at:], 1<<31)
		wire := appendFrame(nil, header{kind: kind}, body)
		if n := allocated(func() { refuses(t, "a count", wire) }); n > 4*readBufferBytes {
			t.Errorf("kind %d: %d bytes allocated for a count of 2^31", kind, n)
		}
	}
}

// FuzzFrames feeds a stream to the decoder. What it accepts, it must be able to write, and read back as the same.
func FuzzFrames(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 0))
	for _, kind := range everyKind() {
		f.Add(encode(f, sample(kind, r), sample(kind, r)))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		messages, _ := decode(wire)
		for _, m := range messages {
			again, err := decode(encode(t, m))
			if err != nil || len(again) != 1 || !equal(m, again[0]) {
				t.Fatalf("accepted %+v, written and read again: %+v, error %v", plain(m), again, err)
			}
		}
	})
}

// FuzzBodies gives every kind any body behind right CRCs, which damage alone does not produce but a wrong peer does.
func FuzzBodies(f *testing.F) {
	r := rand.New(rand.NewPCG(10, 0))
	for _, kind := range everyKind() {
		wire := encode(f, sample(kind, r))
		f.Add(byte(kindOf(&kind)), byte(0), wire[headerBytes:len(wire)-trailerBytes])
	}
	f.Fuzz(func(t *testing.T, kind, flags byte, body []byte) {
		h := header{kind: frameKind(kind), flags: uint16(flags), clusterID: 1, from: 1, to: 2, bodyBytes: len(body)}
		if !h.kind.known() {
			return
		}
		var m engine.Message
		if decodeMessage(&h, body, &m) != nil {
			return
		}
		var a assembly
		a.message(1, &m)
		var wire recorder
		if err := a.writeTo(&wire, 1); err != nil {
			t.Fatal(err)
		}
		if got := wire.Bytes(); !bytes.Equal(got[headerBytes:len(got)-trailerBytes], body) {
			t.Fatalf("%v: accepted a body that is not the one it writes", m.KindName())
		}
	})
}
