package hostile_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// startWithStandardError starts a node that writes its log into the given file.
func startWithStandardError(t *testing.T, n *blackbox.Node, c *blackbox.Cluster, stderr *os.File) {
	t.Helper()
	command := exec.Command(blackbox.Binary(t), c.Arguments(n)...)
	command.Stderr = stderr
	n.Process = blackbox.Start(t, fmt.Sprintf("node %d", n.Number), command)
}

// C9, G15: An unread pipe is full after 64 KiB. From then on every line of the log would wait for ever.
func TestLog_AFullPipeStopsNothing(t *testing.T) {
	c := blackbox.NewCluster(t, 1, "--log-level", "debug")
	n := c.Nodes[0]
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	fill(t, write)
	startWithStandardError(t, n, c, write)
	write.Close()
	n.Process.AwaitReady(blackbox.ReadyLimit)
	client := n.Connect(t)
	for i := range 500 {
		// A connection that breaks the protocol is worth a line of the log.
		throw(t, n.Port, []byte("*1\r\n$-5\r\n"), false)
		blackbox.Expect(t, client.Must(t, "INCR", "count"), fmt.Sprintf(":%d", i+1))
	}
}

// C9, G15: A reader of the log that goes away must not end the node by SIGPIPE.
func TestLog_AClosedPipeStopsNothing(t *testing.T) {
	c := blackbox.NewCluster(t, 1, "--log-level", "debug")
	n := c.Nodes[0]
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	startWithStandardError(t, n, c, write)
	write.Close()
	n.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, n.Connect(t).Must(t, "SET", "a", "1"), "+OK")
}

// fill fills a pipe to the last byte: it writes until nothing more is taken.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	if err := pipe.SetWriteDeadline(time.Now().Add(fillLimit)); err != nil {
		t.Fatal(err)
	}
	if n, err := pipe.Write(make([]byte, 16<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("an unread pipe took %d bytes, then %v", n, err)
	}
}

// fillLimit is how long a pipe may take nothing before it counts as full.
const fillLimit = 200 * time.Millisecond
