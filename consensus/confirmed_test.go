package consensus

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/shortage"
)

// goldenConfirmed is a file of the format that docs/format.md describes.
const goldenConfirmed = "52434d31" + "01000000" + "8877665544332211" + "02000000" +
	"0100000000000000" + "0a00000000000000" + "6400000000000000" +
	"0200000000000000" + "0b00000000000000" + "6500000000000000" + "cce80ca8"

var twoMarks = []engine.Confirmed{{Node: 1, Boot: 10, Index: 100}, {Node: 2, Boot: 11, Index: 101}}

func TestMarksAreWrittenAsTheFormatSays(t *testing.T) {
	b := encodeConfirmed(0x1122334455667788, twoMarks)
	if got := hex.EncodeToString(b); got != goldenConfirmed {
		t.Fatalf("%s", got)
	}
	clusterID, marks, err := decodeConfirmed(b)
	if err != nil || clusterID != 0x1122334455667788 || !slices.Equal(marks, twoMarks) {
		t.Fatalf("%x, %v, %v", clusterID, marks, err)
	}
	if _, marks, err := decodeConfirmed(encodeConfirmed(1, nil)); err != nil || len(marks) != 0 {
		t.Fatalf("none: %v, %v", marks, err)
	}
}

// F16: a file of marks that is damaged anywhere, or cut, is not believed.
func TestDamagedMarksAreNotBelieved(t *testing.T) {
	whole := encodeConfirmed(1, twoMarks)
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		if _, marks, err := decodeConfirmed(damaged); err == nil {
			t.Errorf("byte %d: %v", i, marks)
		}
		if _, marks, err := decodeConfirmed(whole[:i]); err == nil {
			t.Errorf("%d bytes: %v", i, marks)
		}
	}
	twice := encodeConfirmed(1, []engine.Confirmed{{Node: 2}, {Node: 2}})
	if _, _, err := decodeConfirmed(twice); err == nil {
		t.Error("two marks of one node")
	}
}

func TestMarksThatCannotBeReadAreNoReasonNotToStart(t *testing.T) {
	var log bytes.Buffer
	n := &Node{options: Options{Directory: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	n.setIdentity(n.identity)
	path := filepath.Join(n.options.Directory, confirmedName)
	if marks := n.readConfirmed(); marks != nil || log.Len() > 0 {
		t.Fatalf("without a file: %v, %s", marks, log.String())
	}
	n.shortages = shortage.New(n.options.Logger, n.renew)
	if !n.writeSideFile(confirmedFile, encodeConfirmed(n.clusterID(), twoMarks)) {
		t.Fatal("not written")
	}
	if marks := n.readConfirmed(); !slices.Equal(marks, twoMarks) {
		t.Fatalf("%v, %s", marks, log.String())
	}
	n.identity.ClusterID = 7
	if marks := n.readConfirmed(); marks != nil || log.Len() > 0 {
		t.Fatalf("of another cluster: %v, %s", marks, log.String())
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if marks := n.readConfirmed(); marks != nil || !strings.Contains(log.String(), "cannot be read") {
		t.Fatalf("%v, %s", marks, log.String())
	}
}
