package snapshot

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"reflect"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// goldenFile is a file of version 2. A change of the format must leave it readable, or take a new version and a new
// golden file: go test ./snapshot -run AsEver -rewrite.
const goldenFile = "testdata/snapshot-v2.golden"

var rewrite = flag.Bool("rewrite", false, "write the golden file anew")

func TestSnapshotIsReadAndWrittenAsEver(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	header := Header{
		Mark: raftlog.Mark{Term: 7, Index: 123456}, ClusterID: 0x0102030405060708, HashSeed: 0x1112131415161718,
		Time: raftlog.Time{Stamp: 1700000000000, Offset: -3600000}, StateHash: 0xfedcba9876543210, Level: 3,
		Configuration: []byte("one, two, three"),
	}
	image := bytes.Repeat([]byte("raft and redis. "), 40) // a full block, and one that is not
	w, err := s.Create(header, nil)
	must(t, err)
	_, err = w.Write(image)
	must(t, err)
	mark, err := w.Commit()
	must(t, err)
	must(t, w.Close())
	written := contentOf(t, s.fs, finalName(mark.Mark, mark.FileHash))
	if *rewrite {
		must(t, os.WriteFile(goldenFile, []byte(hex.Dump(written)), 0o600))
	}
	golden, err := os.ReadFile(goldenFile)
	must(t, err)
	if hex.Dump(written) != string(golden) {
		t.Fatalf("the same snapshot is no longer the same bytes:\n%s", hex.Dump(written))
	}
	const hash = 0x764b58125918b4f2
	if mark.FileHash != hash {
		t.Fatalf("the hash is %016x", mark.FileHash)
	}
	f := sender(t, s, mark)
	if got := f.Header(); !reflect.DeepEqual(got, header) {
		t.Fatalf("read %+v, written %+v", got, header)
	}
	got, err := imageIn(s, mark)
	must(t, err)
	if !bytes.Equal(got, image) {
		t.Fatal("the image is another")
	}
}

// TestBlocksHaveTheirSize: the size of a block is part of the format, as replicas must cut alike.
func TestBlocksHaveTheirSize(t *testing.T) {
	s, err := NewStore(vfs.NewMemory(), testDirectory)
	must(t, err)
	mark := taken(t, s, 5, 2*BlockBytes+1)
	f := sender(t, s, mark)
	if f.frames.blockBytes != 256<<10 || f.frames.blocks() != 3 {
		t.Fatalf("%d blocks of %d bytes", f.frames.blocks(), f.frames.blockBytes)
	}
	chunk, err := f.Chunk(f.frames.begin(1), nil)
	must(t, err)
	if len(chunk) != MaxChunkBytes {
		t.Fatalf("a chunk of %d bytes, want %d", len(chunk), MaxChunkBytes)
	}
	mustHold(t, s, mark, 2*BlockBytes+1)
}

func TestLimits_OfTheLayout(t *testing.T) {
	header := headerAt(5)
	b := header.append(nil, BlockBytes)
	fixed, block := int64(len(b)+footerBytes), int64(blockHeaderBytes+BlockBytes)
	for size, want := range map[int64]int64{
		0: -1, fixed - 1: -1, fixed: 0, fixed + 1: -1, fixed + blockHeaderBytes: -1, fixed + blockHeaderBytes + 1: 1,
		fixed + block: 1, fixed + block + 1: -1, fixed + block + blockHeaderBytes + 1: 2,
		MaxFileBytes: 4194113, MaxFileBytes + 1: -1,
	} {
		f, possible := layOut(b, BlockBytes, size)
		if possible != (want >= 0) || possible && f.blocks() != want {
			t.Errorf("a file of %d bytes: %d blocks, possible %t", size, f.blocks(), possible)
		}
	}
}

func TestNamesAreReadAsTheyAreWritten(t *testing.T) {
	mark := raftlog.Mark{Index: 1<<64 - 1, Term: 17}
	for name, want := range map[string]Found{
		finalName(mark, 0xabc):                        {Kind: Whole, Mark: mark, FileHash: 0xabc},
		receivingName(mark, 1<<63):                    {Kind: Receiving, Mark: mark, FileHash: 1 << 63},
		writingName(raftlog.Mark{Index: 1, Term: 17}): {Kind: Writing, Mark: raftlog.Mark{Index: 1, Term: 17}},
	} {
		want.Name = name
		if got, ours := parseName(name); !ours || got != want {
			t.Errorf("%s is read as %+v", name, got)
		}
	}
	if name := finalName(raftlog.Mark{Index: 5, Term: 2}, 0xabc); name !=
		"00000000000000000005-00000000000000000002-0000000000000abc.snapshot" {
		t.Errorf("a file is called %s", name)
	}
	for _, name := range []string{
		"", ".snapshot", "5-2-abc.snapshot", "00000000000000000005-00000000000000000002.snapshot",
		"00000000000000000005-00000000000000000002-0000000000000ABC.snapshot", "notes.txt",
		"00000000000000000005-00000000000000000002-0000000000000abc.writing",
		"00000000000000000005-00000000000000000002-0000000000000abc.snapshot.old",
		"99999999999999999999-00000000000000000002-0000000000000abc.snapshot",
	} {
		if got, ours := parseName(name); ours {
			t.Errorf("%q is read as %+v", name, got)
		}
	}
}
