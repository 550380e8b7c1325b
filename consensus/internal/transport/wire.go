package transport

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The bodies of the handshake are msgpack maps with the fields below, in alphabetical order of their names, which are
// part of the wire format. Numbers have their shortest form, strings and byte strings are different types, an empty
// byte string is nil.
//
// What describes a node (hello, join, newcomer) ends with sections (see package section): there it grows, and an older
// node skips or refuses what it does not know. What a hello has is in claims.go, what a join has
// in admission.go.

const (
	// maxControlBytes bounds a frame of the handshake. It is the bound before anyone has proven anything.
	maxControlBytes = 64 << 10
	// maxControlDepth bounds the nesting that the decoder follows.
	maxControlDepth = 8
	// nonceBytes is the size of each side's random contribution to the proof.
	nonceBytes = 32
)

type wireHello struct {
	ClusterID     uint64 `codec:"cluster"`
	From          uint64 `codec:"from"`
	Incarnation   uint64 `codec:"incarnation"`
	Boot          uint64 `codec:"boot"`
	To            uint64 `codec:"to"`
	ToIncarnation uint64 `codec:"to_incarnation"`
	Term          uint64 `codec:"term"`
	DurableTerm   uint64 `codec:"durable_term"`
	DurableIndex  uint64 `codec:"durable_index"`
	Level         uint8  `codec:"level"`
	JournalRoom   uint64 `codec:"journal_room"`
	Address       string `codec:"address"`
	Attributes    []byte `codec:"attributes"`
	Sections      []byte `codec:"sections"`
	// Nonce is the dialler's share of the proof, empty when it has no secret. A welcome has none.
	Nonce []byte `codec:"nonce"`
}

func (w *wireHello) sections() []byte { return w.Sections }

func (*wireHello) knows(kind section.Kind) bool {
	return kind == sectionAddresses || kind == sectionHasLog
}

type wireJoin struct {
	Incarnation uint64   `codec:"incarnation"`
	Boot        uint64   `codec:"boot"`
	Address     string   `codec:"address"`
	Attributes  []byte   `codec:"attributes"`
	Level       uint8    `codec:"level"`
	Founding    bool     `codec:"founding"`
	Founders    []uint64 `codec:"founders"`
	Sections    []byte   `codec:"sections"`
	Nonce       []byte   `codec:"nonce"`
}

func (w *wireJoin) sections() []byte { return w.Sections }

func (*wireJoin) knows(kind section.Kind) bool { return kind == sectionWithdraw }

type wireChallenge struct {
	Nonce []byte `codec:"nonce"`
	Proof []byte `codec:"proof"`
	// Salt is what the secret was made with, if it is a join secret: see guard.go.
	Salt []byte `codec:"salt"`
}

type wireProof struct {
	Proof []byte `codec:"proof"`
}

type wireRefusal struct {
	Text     string `codec:"text"`
	Redirect string `codec:"redirect"`
	Cause    uint8  `codec:"cause"`
}

func (h *Hello) wire(nonce []byte) *wireHello {
	return &wireHello{
		ClusterID: h.ClusterID, From: uint64(h.From), Incarnation: h.Incarnation, Boot: uint64(h.Boot),
		To: uint64(h.To), ToIncarnation: h.ToIncarnation,
		Term: uint64(h.Term), DurableTerm: uint64(h.Durable.Term), DurableIndex: uint64(h.Durable.Index), Level: h.Level,
		JournalRoom: h.JournalRoomBytes,
		Address:     h.Address, Attributes: h.Attributes, Sections: h.sections(), Nonce: nonce,
	}
}

func (w *wireHello) hello() (Hello, error) {
	h := Hello{
		ClusterID: w.ClusterID, From: raftlog.NodeID(w.From), Incarnation: w.Incarnation, Boot: raftlog.Boot(w.Boot),
		To: raftlog.NodeID(w.To), ToIncarnation: w.ToIncarnation, Term: raftlog.Term(w.Term),
		Durable: raftlog.Mark{Term: raftlog.Term(w.DurableTerm), Index: raftlog.Index(w.DurableIndex)}, Level: w.Level,
		JournalRoomBytes: w.JournalRoom,
		Address:          w.Address, Attributes: w.Attributes,
	}
	if err := h.readSections(w.Sections); err != nil {
		return Hello{}, fmt.Errorf("%w: handshake: %w", ErrBadFrame, err)
	}
	return h, nil
}

// msgpack is set up once; a handle may be shared, encoders and decoders may not.
var msgpack = newHandle()

func newHandle() *codec.MsgpackHandle {
	h := new(codec.MsgpackHandle)
	h.WriteExt = true // strings and byte strings are different types on the wire
	h.ErrorIfNoField = true
	h.ErrorIfNoArrayExpand = true
	h.MaxDepth = maxControlDepth
	return h
}

// encodeControl encodes one of the wire types. They hold nothing that cannot be encoded.
func encodeControl(v any) []byte {
	var body []byte
	if err := codec.NewEncoderBytes(&body, msgpack).Encode(v); err != nil {
		panic(fmt.Sprintf("transport: encode %T: %v", v, err))
	}
	return body
}

// decodeControl decodes a whole body into one of the wire types. Of the many spellings that msgpack has for a value it
// accepts the one that encodeControl writes: what decodes must encode to the same bytes again. That one rule refuses
// duplicate, missing and reordered fields, numbers written as floats, and bytes after the end.
func decodeControl(body []byte, v any) error {
	if len(body) > maxControlBytes {
		return fmt.Errorf("%w: %d bytes of handshake", ErrBadFrame, len(body))
	}
	if err := codec.NewDecoderBytes(body, msgpack).Decode(v); err != nil {
		return fmt.Errorf("%w: handshake: %w", ErrBadFrame, err)
	}
	if !bytes.Equal(encodeControl(v), body) {
		return fmt.Errorf("%w: handshake is not in canonical form", ErrBadFrame)
	}
	if d, ok := v.(interface {
		sections() []byte
		knows(section.Kind) bool
	}); ok {
		known := func(kind section.Kind, _ []byte) (bool, error) { return d.knows(kind), nil }
		if _, err := section.Read(d.sections(), known); err != nil {
			return fmt.Errorf("%w: handshake: %w", ErrBadFrame, err)
		}
	}
	return nil
}
