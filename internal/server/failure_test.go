package server

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/snapshot"
)

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// blankConfig is the configuration of a blank node that forms a cluster of its own.
func blankConfig(t *testing.T) *Config {
	t.Helper()
	c := NewConfig()
	c.node.Directory, c.node.Bootstrap, c.node.JournalFileBytes = filepath.Join(t.TempDir(), "n"), true, 16<<20
	c.port, c.peerPort = freePort(t), freePort(t)
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	return c
}

// failedServer is a server whose node has failed: its disk has lost the directory of snapshots.
func failedServer(t *testing.T) *server {
	t.Helper()
	c := blankConfig(t)
	logger := slog.New(slog.DiscardHandler)
	s, err := wire(c, logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.waiting = console.Waiting{Logger: logger, Output: console.NewWriter(io.Discard), Began: time.Now()}
	waitServing(t, s.store)
	if err := os.RemoveAll(filepath.Join(c.node.Directory, snapshot.DirectoryName)); err != nil {
		t.Fatal(err)
	}
	if err := s.node.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	<-s.node.library.Load().Done()
	if err := s.node.Err(); err == nil || errors.Is(err, consensus.ErrClosed) {
		t.Fatalf("the node did not fail: %v", err)
	}
	return s
}

// A node fails, and its process is told to stop while die waits for the reader of the log:
//
//  1. The disk fails. The goroutine of Run logs the reason, and waits in Flush.
//  2. SIGTERM comes, or the parent ends. shut closes everything in milliseconds.
//  3. Run returns before die comes to exit. The exit code must be the same.
func TestAFailedNodeThatIsStoppedEndsAsFatal(t *testing.T) {
	s := failedServer(t)
	if err := s.shut(nil, nil, nil); exit.Code(err) != exit.Fatal {
		t.Errorf("the process ends with exit code %d: %v", exit.Code(err), err)
	}
}

// The same without a signal, when the node fails before it has served: WaitServing says so beside die.
func TestANodeThatFailsBeforeItServesEndsAsFatal(t *testing.T) {
	s := failedServer(t)
	if err := s.run(make(chan os.Signal), make(chan struct{}), io.Discard); exit.Code(err) != exit.Fatal {
		t.Errorf("the process ends with exit code %d: %v", exit.Code(err), err)
	}
}

// A server that cannot be made takes its event loop with it, as it does its listeners.
func TestAServerThatCannotBeMadeLeavesNothing(t *testing.T) {
	c := blankConfig(t)
	c.eventLoop, c.front.Limits.MaxArguments = true, -1
	before := goleak.IgnoreCurrent()
	if _, err := wire(c, slog.New(slog.DiscardHandler), nil); err == nil {
		t.Fatal("a server takes a negative number of arguments")
	}
	goleak.VerifyNone(t, before)
}
