package clients_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// trackingPatience bounds how long a client waits for one line.
const trackingPatience = 30 * time.Second

// A client caches what it reads on one node. The node tells it when the key is written on another node, and tells it to
// forget everything when the node loses the others: from then on it does not see their writes.
func TestTracking_ACacheOnOneNodeIsToldOfWritesOnAnother(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	lead := blackbox.Leader(t, c.Nodes)
	follower := c.Others(lead)[0]
	socket, err := net.Dial("tcp", blackbox.Address(follower.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	reader := bufio.NewReader(socket)
	ask := func(input, end string) {
		t.Helper()
		_ = socket.SetDeadline(time.Now().Add(trackingPatience))
		if _, err := socket.Write([]byte(input)); err != nil {
			t.Fatal(err)
		}
		for heard := ""; !strings.HasSuffix(heard, end); {
			line, err := reader.ReadString('\n')
			if heard += line; err != nil {
				t.Fatalf("%q: %v behind %q, want %q", input, err, heard, end)
			}
		}
	}
	invalid := func(key string) string { return ">2\r\n$10\r\ninvalidate\r\n" + key }
	ask("HELLO 3\r\nCLIENT TRACKING ON\r\nGET cached\r\n", "+OK\r\n_\r\n")
	lead.Connect(t).Must(t, "SET", "cached", "1")
	ask("", invalid("*1\r\n$6\r\ncached\r\n"))
	ask("GET cached\r\n", "$1\r\n1\r\n")
	for _, other := range c.Others(follower) {
		other.Process.Kill()
	}
	ask("", invalid("_\r\n"))
}
