package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/bench/peers/front"
	"golang.org/x/sys/unix"
)

// client is a connection of one.
type client struct {
	socket    int
	input     []byte
	filled    int
	taken     int
	arguments [maxArguments][]byte
	output    []byte
	// gone says that the connection is closed: replies that are still due are dropped.
	gone bool
}

// inputBytes is how much of a client is read at a time, and bounds a command.
const inputBytes = 64 << 10

func newClient(socket int) *client { return &client{socket: socket, input: make([]byte, inputBytes)} }

// receive reads once. A command that does not fit ends the connection.
func (c *client) receive() error {
	c.filled = copy(c.input, c.input[c.taken:c.filled])
	c.taken = 0
	if c.filled == len(c.input) {
		return fmt.Errorf("a command has more than %d bytes", inputBytes)
	}
	n, err := read(c.socket, c.input[c.filled:])
	c.filled += n
	return err
}

// next takes the next command that has arrived as a whole; nil: there is none. It stays until receive is called.
func (c *client) next() [][]byte {
	arguments, rest := next(c.input[c.taken:c.filled], c.arguments[:])
	c.taken = c.filled - len(rest)
	return arguments
}

func (c *client) ok() { c.output = append(c.output, "+OK\r\n"...) }

func (c *client) bulk(value []byte) {
	c.output = append(c.output, '$')
	c.output = strconv.AppendInt(c.output, int64(len(value)), 10)
	c.output = append(append(append(c.output, "\r\n"...), value...), "\r\n"...)
}

func (c *client) null() { c.output = append(c.output, "$-1\r\n"...) }

// other answers what a load generator asks besides SET and GET.
func (c *client) other(arguments [][]byte, leads bool) {
	switch name := strings.ToLower(string(arguments[0])); {
	case name == "ping":
		c.output = append(c.output, "+PONG\r\n"...)
	case name == "info":
		c.bulk([]byte(front.Info(leads, guarantee)))
	case name == "config" && len(arguments) == 3:
		c.output = append(c.output, "*2\r\n"...)
		c.bulk(arguments[2])
		c.bulk(nil)
	default:
		c.output = append(c.output, "-ERR unknown command: the leader has SET and GET\r\n"...)
	}
}

func (c *client) flush() error {
	if len(c.output) == 0 || c.gone {
		return nil
	}
	err := write(c.socket, c.output)
	c.output = c.output[:0]
	return err
}

func (c *client) close() {
	c.gone = true
	_ = unix.Close(c.socket)
}
