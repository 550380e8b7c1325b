package hostile_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// pipelineMemoryBytes is what a pipeline may cost a node beyond its requests: buffers, and garbage of the replies.
const pipelineMemoryBytes = 128 << 20

// G5: Clients send all their requests before they read a reply. What is ahead waits as requests, which are small, and
// not as replies.
func TestPipelines_AreSentBeforeAReplyIsRead(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	client := n.Connect(t)
	for _, c := range []struct{ count, valueBytes int }{{300_000, 1000}, {10_000, 100_000}} {
		value := strings.Repeat("v", c.valueBytes)
		blackbox.Expect(t, client.Must(t, "SET", "key", value), "+OK")
		before, _ := blackbox.MemoryBytes(t, n.Process.Pid())
		s := dial(t, n)
		if err := s.SetReadBuffer(256 << 10); err != nil {
			t.Fatal(err)
		}
		if err := s.SetWriteBuffer(256 << 10); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte(strings.Repeat("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", c.count))); err != nil {
			t.Fatalf("%d GETs of %d bytes: %v", c.count, c.valueBytes, err)
		}
		want := fmt.Sprintf("$%d\r\n%s\r\n", c.valueBytes, value)
		got := make([]byte, len(want))
		for i := range c.count {
			if _, err := io.ReadFull(s.reader, got); err != nil || string(got) != want {
				t.Fatalf("GET %d of %d: %.20q, %v", i, c.count, got, err)
			}
		}
		s.checkAlive("a long pipeline")
		_, peak := blackbox.MemoryBytes(t, n.Process.Pid())
		t.Logf("%d GETs of %d bytes: %d MiB before, %d MiB at most", c.count, c.valueBytes, before>>20, peak>>20)
		if !blackbox.RaceDetector && peak > before+pipelineMemoryBytes {
			t.Errorf("%d GETs of %d bytes: %d MiB before, %d MiB at most", c.count, c.valueBytes, before>>20, peak>>20)
		}
	}
}
