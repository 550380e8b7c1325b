package consensus

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/shortage"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// goldenPromised is a file of the format that docs/format.md describes.
const goldenPromised = "52504d31" + "01000000" + "fa00000000000000"

func TestAPromiseIsWrittenAsTheFormatSays(t *testing.T) {
	b := encodePromised(250)
	if got := hex.EncodeToString(b[:len(b)-4]); got != goldenPromised || len(b) != promisedBytes {
		t.Fatalf("%x", b)
	}
	for _, millis := range []int{0, 250, maxReadLeaseMillis} {
		if got, err := decodePromised(encodePromised(raftlog.Stamp(millis))); err != nil || got != raftlog.Stamp(millis) {
			t.Errorf("%d: %d, %v", millis, got, err)
		}
	}
}

// S46: Of a promise that cannot be read the longest there can be is kept.
func TestADamagedPromiseIsTheLongest(t *testing.T) {
	whole := encodePromised(250)
	damaged := [][]byte{
		nil, whole[:promisedBytes-1], append(bytes.Clone(whole), 0), encodePromised(maxReadLeaseMillis + 1),
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1
		damaged = append(damaged, b)
	}
	var log bytes.Buffer
	n := &Node{options: Options{Directory: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	if got := n.promisedBefore(); got != 0 || log.Len() > 0 {
		t.Fatalf("without a file: %d, %s", got, log.String())
	}
	for _, b := range damaged {
		log.Reset()
		if err := os.WriteFile(filepath.Join(n.options.Directory, promisedName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := n.promisedBefore(); got != maxReadLeaseMillis || !strings.Contains(log.String(), "cannot be read") {
			t.Errorf("%x: %d, %s", b, got, log.String())
		}
	}
}

// S46: The file has the longest promise of this process and of those before.
func TestADirectoryKnowsTheLongestPromise(t *testing.T) {
	var log bytes.Buffer
	n := &Node{options: Options{Directory: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	n.shortages = shortage.New(n.options.Logger, n.renew)
	for _, c := range []struct{ own, promises, file int }{
		{0, 0, 0}, {250, 250, 250}, {100, 100, 250}, {0, 0, 250}, {251, 251, 251},
	} {
		if got := n.promiseUpTo(n.promisedBefore(), raftlog.Stamp(c.own)); got != raftlog.Stamp(c.promises) {
			t.Errorf("%d: it promises %d", c.own, got)
		}
		if got := n.promisedBefore(); got != raftlog.Stamp(c.file) {
			t.Errorf("%d: the file has %d, want %d", c.own, got, c.file)
		}
	}
}
