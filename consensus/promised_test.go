package consensus

import (
	"bytes"
	"context"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

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

// S46: A directory in which nothing may be written, for now, keeps a process from promising anything. The node tries
// until the file is there, and the shortage is over then.
func TestAPromiseIsWrittenOnceTheDirectoryTakesIt(t *testing.T) {
	const own = raftlog.Stamp(250)
	directory := t.TempDir()
	n := &Node{options: Options{Directory: directory, Logger: slog.New(slog.DiscardHandler)}}
	n.shortages = shortage.New(n.options.Logger, n.renew)
	if err := os.Chmod(directory, 0o500); err != nil {
		t.Fatal(err)
	}
	asStranger(t, func() {
		if got := n.promiseUpTo(0, own); got != 0 {
			t.Errorf("it promises %d", got)
		}
	})
	if now := n.shortages.Now(); len(now) != 1 || n.stopped.Load() != nil {
		t.Fatalf("%q waits, the node has failed: %t", now, n.stopped.Load() != nil)
	}
	if err := os.Chmod(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	n.context, n.stop = context.WithCancel(t.Context())
	n.keepPromise(0, own)
	if now := n.shortages.Now(); len(now) != 0 || n.promisedBefore() != own {
		t.Errorf("%q waits, the file has %d", now, n.promisedBefore())
	}
	n.stop()
	n.keepPromise(time.Hour, own) // the end of the node ends that
}

// asStranger acts on files as a user who owns none. Others need not: they are refused what a directory forbids.
func asStranger(t *testing.T, act func()) {
	t.Helper()
	if os.Getuid() == 0 {
		runtime.LockOSThread() // the system asks for each thread who it is
		defer runtime.UnlockOSThread()
		const stranger = 65534
		if err := syscall.Setfsuid(stranger); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Setfsuid(0); err != nil {
				t.Fatal(err)
			}
		}()
	}
	act()
}
