package blackbox

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ReplyLimit is how long a client waits for a reply: longer than any node waits for the fate of a command.
const ReplyLimit = 20 * time.Second

const dialLimit = 2 * time.Second

// Client is one connection that speaks RESP2. It is used by one goroutine at a time.
type Client struct {
	conn   net.Conn
	reader *bufio.Reader
}

// Reply is one reply.
type Reply struct {
	// Kind is the first byte of the reply: '+', '-', ':', '$' or '*'.
	Kind byte
	// Text is the text of a simple string or an error, the digits of a number, the bytes of a bulk.
	Text string
	// Null is set for a null bulk or array.
	Null bool
	// Items are those of an array.
	Items []Reply
}

// Fate is what is known of a command.
type Fate uint8

// The fates.
const (
	// Done: it was executed, even if to an ordinary error.
	Done Fate = iota
	// NotDone: it was not executed and never will be.
	NotDone
	// Unknown: nobody knows.
	Unknown
)

// Fate is what a reply says of the command.
func (r Reply) Fate() Fate {
	word, _, _ := strings.Cut(r.Text, " ")
	switch {
	case r.Kind != '-':
		return Done
	case word == "CLUSTERDOWN", word == "TRYAGAIN", word == "LOADING":
		return NotDone
	case word == "UNCERTAIN":
		return Unknown
	}
	return Done
}

// Int is the reply as a number.
func (r Reply) Int() (int, error) {
	if r.Kind != ':' && r.Kind != '$' || r.Null {
		return 0, fmt.Errorf("reply %v is no number", r)
	}
	return strconv.Atoi(r.Text)
}

// String is the reply as people write it.
func (r Reply) String() string {
	switch {
	case r.Null:
		return "(nil)"
	case r.Kind == '*':
		return fmt.Sprint(r.Items)
	case r.Kind == '$':
		return strconv.Quote(r.Text)
	}
	return string(r.Kind) + r.Text
}

// Connect dials a node on the loopback interface.
func Connect(port int) (*Client, error) {
	conn, err := net.DialTimeout("tcp", Address(port), dialLimit)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, reader: bufio.NewReader(conn)}, nil
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

// Close closes the connection.
func (c *Client) Close() { c.conn.Close() }

// Encode appends a command as clients send it.
func Encode(dst []byte, args ...string) []byte {
	dst = fmt.Appendf(dst, "*%d\r\n", len(args))
	for _, arg := range args {
		dst = fmt.Appendf(dst, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return dst
}

// Do sends one command and waits for its reply. An error means that the connection broke, or that nothing came within
// ReplyLimit: the fate of the command is unknown, and the connection of no more use.
func (c *Client) Do(args ...string) (Reply, error) {
	replies, err := c.Pipeline([][]string{args})
	if err != nil {
		return Reply{}, err
	}
	return replies[0], nil
}

// Pipeline sends several commands at once. With an error it returns the replies that had come before.
func (c *Client) Pipeline(commands [][]string) ([]Reply, error) {
	if err := c.Send(commands...); err != nil {
		return nil, err
	}
	replies := make([]Reply, 0, len(commands))
	for range commands {
		r, err := c.Receive()
		if err != nil {
			return replies, err
		}
		replies = append(replies, r)
	}
	return replies, nil
}

// Send sends commands and does not wait for their replies, which Receive must take, each within ReplyLimit from now on.
func (c *Client) Send(commands ...[]string) error {
	var out []byte
	for _, args := range commands {
		out = Encode(out, args...)
	}
	if err := c.conn.SetDeadline(time.Now().Add(ReplyLimit)); err != nil {
		return err
	}
	_, err := c.conn.Write(out)
	return err
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

// Receive waits for the next reply.
func (c *Client) Receive() (Reply, error) {
	line, err := c.reader.ReadString('\n')
	if err != nil {
		return Reply{}, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return Reply{}, fmt.Errorf("an empty line instead of a reply")
	}
	r := Reply{Kind: line[0], Text: line[1:]}
	switch r.Kind {
	case '+', '-', ':':
		return r, nil
	case '$', '*':
		return c.receiveLong(r)
	}
	return r, fmt.Errorf("%q is no reply", line)
}

// receiveLong reads what follows the header of a bulk or an array.
func (c *Client) receiveLong(r Reply) (Reply, error) {
	n, err := strconv.Atoi(r.Text)
	if err != nil {
		return r, fmt.Errorf("length %q of a reply: %w", r.Text, err)
	}
	r.Text, r.Null = "", n < 0
	if r.Kind == '*' {
		for range n {
			item, err := c.Receive()
			if err != nil {
				return r, err
			}
			r.Items = append(r.Items, item)
		}
		return r, nil
	}
	if n < 0 {
		return r, nil
	}
	text := make([]byte, n+2)
	if _, err := io.ReadFull(c.reader, text); err != nil {
		return r, err
	}
	r.Text = string(text[:n])
	return r, nil
}
