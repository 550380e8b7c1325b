package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Limits of Connect.
const (
	// DialLimit is how long Connect waits for one address of a name; less if replies are waited for less long.
	DialLimit = 2 * time.Second
	// resolveLimit is how long it waits for the addresses: a name server that is silent costs five seconds.
	resolveLimit = 20 * time.Second
)

// Connection is one connection that speaks RESP2. It is used by one goroutine at a time; or one sends and one receives.
// Close is for anyone.
type Connection struct {
	conn   net.Conn
	reader *bufio.Reader
	limit  time.Duration
}

// Connect dials an address, all addresses of a name in turn. A reply may take as long as replyLimit, counted from when
// its command was sent.
func Connect(address string, replyLimit time.Duration) (*Connection, error) {
	places, err := resolve(address)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, place := range places {
		conn, err := net.DialTimeout("tcp", place, min(DialLimit, replyLimit))
		if err == nil {
			return &Connection{conn: conn, reader: bufio.NewReader(conn), limit: replyLimit}, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// resolve returns the addresses that an address with a name stands for.
func resolve(address string) (places []string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || net.ParseIP(host) != nil {
		return []string{address}, nil // if it is none, dialling says so
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveLimit)
	defer cancel()
	hosts, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, found := range hosts {
		places = append(places, net.JoinHostPort(found, port))
	}
	return places, nil
}

// Close closes the connection. It may be called at any time, from any goroutine: a call that waits for a reply
// returns an error.
func (c *Connection) Close() { c.conn.Close() }

// Encode appends a command as clients send it.
func Encode(dst []byte, args ...string) []byte {
	dst = appendLength(dst, '*', len(args))
	for _, arg := range args {
		dst = append(appendLength(dst, '$', len(arg)), arg...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

func appendLength(dst []byte, kind byte, length int) []byte {
	return append(strconv.AppendInt(append(dst, kind), int64(length), 10), "\r\n"...)
}

// Do sends one command and waits for its reply. An error means that the connection broke, or that nothing came within
// the limit: the fate of the command is unknown, and the connection of no more use.
func (c *Connection) Do(args ...string) (Reply, error) {
	replies, err := c.Pipeline([][]string{args})
	if err != nil {
		return Reply{}, err
	}
	return replies[0], nil
}

// Pipeline sends several commands at once. With an error it returns the replies that had come before.
func (c *Connection) Pipeline(commands [][]string) ([]Reply, error) {
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

// Send sends commands and does not wait for their replies, which Receive must take, each within the limit from now on.
func (c *Connection) Send(commands ...[]string) error {
	var out []byte
	for _, args := range commands {
		out = Encode(out, args...)
	}
	if err := c.conn.SetDeadline(time.Now().Add(c.limit)); err != nil {
		return err
	}
	_, err := c.conn.Write(out)
	return err
}

// Receive waits for the next reply.
func (c *Connection) Receive() (Reply, error) {
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
func (c *Connection) receiveLong(r Reply) (Reply, error) {
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
