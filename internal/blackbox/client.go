package blackbox

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// ReplyLimit is how long a client waits for a reply: longer than any node waits for the fate of a command.
const ReplyLimit = 20 * time.Second

// Reply is one reply.
type Reply = client.Reply

// Fate is what is known of a command.
type Fate = client.Fate

// The fates.
const (
	Done    = client.Done
	NotDone = client.NotDone
	Unknown = client.Unknown
)

// Client is one connection that speaks RESP2. It is used by one goroutine at a time.
type Client struct{ *client.Connection }

// Connect dials a node on the loopback interface.
func Connect(port int) (*Client, error) {
	c, err := client.Connect(Address(port), ReplyLimit)
	if err != nil {
		return nil, err
	}
	return &Client{c}, nil
}

// MustConnect is Connect for a node that runs. The connection is closed when the test ends.
func MustConnect(t testing.TB, port int) *Client {
	t.Helper()
	c, err := Connect(port)
	if err != nil {
		t.Fatalf("connect to port %d: %v", port, err)
	}
	t.Cleanup(c.Close)
	return c
}

// Must sends one command and fails the test if the connection breaks.
func (c *Client) Must(t testing.TB, args ...string) Reply {
	t.Helper()
	r, err := c.Do(args...)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return r
}

// Encode appends a command as clients send it.
func Encode(dst []byte, args ...string) []byte { return client.Encode(dst, args...) }
