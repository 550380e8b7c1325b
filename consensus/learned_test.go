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

	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/internal/shortage"
)

// goldenLearned is a file of the format that docs/format.md describes.
const goldenLearned = "52434131" + "01000000" + "8877665544332211" + "01000000" +
	"0200000000000000" + "0b00000000000000" + "0300000000000000" + "0c00000000000000" + "0500" + "683a373031"

var oneClaim = []locations.Claim{{ID: 2, Incarnation: 11, Start: 3, Boot: 12, Address: "h:701"}}

func TestLearnedAddressesAreWrittenAsTheFormatSays(t *testing.T) {
	b := encodeLearned(0x1122334455667788, oneClaim)
	if got := hex.EncodeToString(b[:len(b)-4]); got != goldenLearned {
		t.Fatalf("%s", got)
	}
	clusterID, claims, err := decodeLearned(b)
	if err != nil || clusterID != 0x1122334455667788 || !slices.Equal(claims, oneClaim) {
		t.Fatalf("%x, %v, %v", clusterID, claims, err)
	}
	if _, claims, err := decodeLearned(encodeLearned(1, nil)); err != nil || len(claims) != 0 {
		t.Fatalf("none: %v, %v", claims, err)
	}
}

// F16: a file of addresses that is damaged anywhere, or cut, is not believed.
func TestDamagedAddressesAreNotBelieved(t *testing.T) {
	whole := encodeLearned(1, append(oneClaim, locations.Claim{ID: 3, Address: "i:701"}))
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		if _, claims, err := decodeLearned(damaged); err == nil {
			t.Errorf("byte %d: %v", i, claims)
		}
		if _, claims, err := decodeLearned(whole[:i]); err == nil {
			t.Errorf("%d bytes: %v", i, claims)
		}
	}
}

func TestAddressesThatCannotBeReadAreNoReasonNotToStart(t *testing.T) {
	var log bytes.Buffer
	n := &Node{options: Options{Directory: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	n.setIdentity(n.identity)
	path := filepath.Join(n.options.Directory, learnedName)
	if claims := n.readLearned(); claims != nil || log.Len() > 0 {
		t.Fatalf("without a file: %v, %s", claims, log.String())
	}
	n.shortages = shortage.New(n.options.Logger, n.renew)
	if !n.writeSideFile(learnedFile, encodeLearned(n.clusterID(), oneClaim)) {
		t.Fatal("not written")
	}
	if claims := n.readLearned(); !slices.Equal(claims, oneClaim) {
		t.Fatalf("%v, %s", claims, log.String())
	}
	n.identity.ClusterID = 7
	if claims := n.readLearned(); claims != nil || log.Len() > 0 {
		t.Fatalf("of another cluster: %v, %s", claims, log.String())
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if claims := n.readLearned(); claims != nil || !strings.Contains(log.String(), "cannot be read") {
		t.Fatalf("%v, %s", claims, log.String())
	}
}
