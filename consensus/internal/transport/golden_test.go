package transport

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// fixed is one message of each kind with fields that are easy to find in a dump. It must never change: the golden file
// is what nodes of this version say to nodes of others.
func fixed() []engine.Message {
	entry := raftlog.Entry{
		Index: 0x21, Term: 0x22, Kind: raftlog.EntryCommand, Level: 1, Stamp: 0x26, Offset: -0x27,
		Tag: raftlog.Tag{Origin: 0x23, Boot: 0x24, Sequence: 0x25}, Body: []byte("body of an entry"),
	}
	entry.Seal()
	all := engine.Message{
		Message: raft.Message{
			From: 1, To: 2, Term: 3,
			Previous: raftlog.Mark{Term: 0x11, Index: 0x12}, Hint: raftlog.Mark{Term: 0x13, Index: 0x14},
			Commit: 0x15, Index: 0x16, Epoch: 0x17, Clock: 0x1a, LogTime: 0x1c, Entries: []raftlog.Entry{entry, entry},
			Snapshot: &raftlog.SnapshotMark{
				Mark: raftlog.Mark{Term: 0x41, Index: 0x42}, Configuration: []byte("configuration"),
				FileHash: 0x43, FileBytes: 0x44,
			},
		},
		Request: 0x18, Stamp: 0x19, Boot: 0x1b, Absent: []raftlog.NodeID{0x51, 0x52},
		Confirmed: []engine.Confirmed{{Node: 0x53, Boot: 0x54, Index: 0x55}},
		Batches: []engine.ForwardedBatch{
			{Sequence: 0x31, Level: 1, Body: []byte("body of a batch")}, {Sequence: 0x32, Skip: true, Left: 0x12},
			{Sequence: 0x33, Level: 1, Piece: true, Left: 0x34, Body: []byte("piece")},
			{Sequence: 0x35, Level: 1, InSession: true, Body: []byte("in a session")},
		},
		Notice: []byte("notice"),
		Report: &engine.StateReport{
			Notes:      []engine.StateNote{{Index: 0x61, Hash: 0x62, Level: 0x63}, {Index: 0x64, Hash: 0x65, Level: 0x66}},
			Quarantine: raftlog.Quarantine{Differs: 0x69, Agreed: 0x68, Reinstalled: 0x6a}, Floor: 0x6b,
			Part: &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 0x6c, Index: 0x6d}, FileHash: 0x6e},
		},
	}
	all.Verdict = &engine.StateVerdict{
		Agreed: all.Report.Notes, Odd: 0x71, OddAt: engine.StateNote{Index: 0x72, Hash: 0x73, Level: 0x74}, Undecided: 0x75,
		Differing:   []raftlog.NodeID{0x77, 0x78},
		Quarantined: []engine.Quarantined{{ID: 0x76, Quarantine: all.Report.Quarantine}}, Snapshot: all.Snapshot,
	}
	var messages []engine.Message
	for _, kind := range everyKind() {
		m := all
		m.Kind, m.Own = kind.Kind, kind.Own
		m.Reject = mayReject(&m)
		messages = append(messages, m)
	}
	return messages
}

// golden compares with a file of testdata, line by line "name: hex".
func golden(t *testing.T, file string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	got := strings.Join(lines, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(want), "\n") {
		if ours := strings.Split(got, "\n"); i >= len(ours) || ours[i] != line {
			t.Fatalf("%s:%d differs:\nfile %s\nours %s", path, i+1, line, strings.Join(ours[min(i, len(ours)-1):][:1], ""))
		}
	}
	if string(want) != got {
		t.Fatalf("%s has fewer lines than ours", path)
	}
}

// G18.
func TestFramesAreThoseOfVersion2(t *testing.T) {
	var lines []string
	for _, m := range fixed() {
		lines = append(lines, fmt.Sprintf("%s: %x", m.KindName(), encode(t, m)))
	}
	golden(t, "frames_v2.txt", lines)
}

// G18: the bytes that nodes of this version say to nodes of others.
func TestHandshakesAreThoseOfVersion4(t *testing.T) {
	hello := Hello{
		ClusterID: 1, From: 2, Incarnation: 3, Boot: 4, To: 5, ToIncarnation: 6, Term: 7,
		Durable: raftlog.Mark{Term: 8, Index: 9}, Level: 10, JournalRoomBytes: 11, Address: "peer:1",
		Attributes: []byte("attributes"),
	}
	newcomer := Newcomer{ClusterID: 1, NodeID: 2, Join: Join{
		Incarnation: 3, Boot: 4, Address: "p", Attributes: []byte("a"), Level: 6, Founding: true, Founders: []uint64{3, 5},
	}}
	nonce := bytes.Repeat([]byte{0xee}, nonceBytes)
	line := func(name string, body []byte) string { return name + ": " + hex.EncodeToString(body) }
	var chunk assembly
	chunk.chunk(header{kind: frameChunk, clusterID: 1, from: 2, to: 3}, 0x51, []byte("bytes of a file"))
	golden(t, "handshake_v4.txt", []string{
		line("messages", purposeMessages.preamble()),
		line("join", purposeJoin.preamble()),
		line("hello", encodeControl(hello.wire(nil))),
		line("hello with nonce", encodeControl(hello.wire(nonce))),
		line("join request", encodeControl(newcomer.Join.wire(nil))),
		line("challenge", encodeControl(&wireChallenge{Nonce: nonce, Proof: nonce})),
		line("proof", encodeControl(&wireProof{Proof: nonce})),
		line("refusal", encodeControl(&wireRefusal{Text: "text", Redirect: "redirect", Cause: 7})),
		line("proof of dialler", proof([]byte("secret"), labelDialler, nonce, nonce, []byte("hello"))),
		line("proof of answer", proof([]byte("secret"), labelAnswer, nonce, nonce, []byte("hello"))),
		line("frame", appendFrame(nil, header{kind: frameRefusal}, nil)),
		line("invite", purposeInvite.preamble()),
		line("change", purposeChange.preamble()),
		line("invitation", encodeControl(&wireInvite{ClusterID: 1, Nonce: nonce})),
		line("newcomer", encodeControl(newcomer.wire())),
		line("change of members", encodeControl(&wireChange{ClusterID: 1, Change: []byte("change"), Nonce: nonce})),
		line("answer", encodeControl((&Answer{Added: []raftlog.NodeID{4, 5}, Reason: "r", Redirect: "d"}).wire())),
		line("last frame", appendFrame(nil, header{kind: frameAnswer}, nil)),
		line("bulk", purposeBulk.preamble()),
		line("fetch", encodeControl(&wireFetch{Index: 1, Term: 2, Hash: 3, Bytes: 4, Offset: 5})),
		line("fetch frame", appendFrame(nil, header{kind: frameFetch}, nil)),
		line("chunk", chunk.scratch),
	})
}
