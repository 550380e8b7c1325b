package migration

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/address"
)

// Error texts about the target, to the letter those of Redis; the last has more behind it.
const (
	notConnected  = "IOERR error or timeout connecting to the client"
	notWritten    = "IOERR error or timeout writing to target instance"
	notRead       = "IOERR error or timeout reading to target instance"
	targetRefused = "ERR Target instance replied with error: "
)

// notRedis is said of a target that answers RESTORE with something that is neither OK nor an error. It is not Redis.
const notRedis = "ERR Target instance replied with something else than OK: "

// target is a connection to the server that keys go to.
type target struct {
	conn   *steady
	reader *bufio.Reader
	writer *bufio.Writer
	// release ends what watches over the connection.
	release func() bool
}

const (
	// stepBytes is how much is sent within one timeout, as Redis has it.
	stepBytes = 64 << 10
	// replyBytes is the longest line that a target may answer with.
	replyBytes = 4 << 10
	// shownBytes is how much of an unexpected reply is shown.
	shownBytes = 64
)

// dial connects to the target of an order, gives it the credentials and selects the database. Nothing is sent before
// that is answered: a server that refuses them could take keys into another database. failure is the text of an error.
// The end of ctx closes the connection.
func dial(ctx context.Context, o *Order) (t *target, failure string) {
	port, err := address.ParsePort(o.Port)
	switch {
	case o.Host == "":
		return nil, notConnected
	case err != nil: // Redis takes the number that it begins with, and no server listens there
		return nil, notWritten
	}
	dialer := net.Dialer{Timeout: o.Timeout}
	conn, err := dialer.DialContext(ctx, "tcp", address.Join(o.Host, port))
	switch {
	case errors.Is(err, syscall.ECONNREFUSED): // Redis hears of it when it writes
		return nil, notWritten
	case err != nil:
		return nil, notConnected
	}
	through := &steady{Conn: conn, timeout: o.Timeout}
	t = &target{
		conn: through, reader: bufio.NewReaderSize(through, replyBytes), writer: bufio.NewWriterSize(through, stepBytes),
		release: context.AfterFunc(ctx, func() { _ = conn.Close() }),
	}
	if failure = t.greet(o); failure != "" {
		t.close()
		return nil, failure
	}
	return t, ""
}

func (t *target) close() {
	t.release()
	_ = t.conn.Close() // what it has not acknowledged does not count
}

// greet says who this is and which database is meant.
func (t *target) greet(o *Order) (failure string) {
	lines := 1
	if o.Credentials != nil {
		lines++
		t.write(append([][]byte{[]byte("AUTH")}, o.Credentials...)...)
	}
	t.write([]byte("SELECT"), strconv.AppendInt(nil, o.Database, 10))
	if t.writer.Flush() != nil {
		return notWritten
	}
	for range lines {
		answered, ended := t.read()
		switch {
		case ended != "":
			return ended
		case failure == "":
			failure = answered
		}
	}
	return failure
}

// restore sends RESTORE for an item. Failures are seen when it is flushed.
func (t *target) restore(item *Item, replace bool) {
	args := [][]byte{[]byte("RESTORE"), item.Seen.Key, strconv.AppendInt(nil, item.Millis, 10), item.Payload}
	if replace {
		args = append(args, []byte("REPLACE"))
	}
	t.write(args...)
}

// write puts a command into the buffer. The writer remembers the first error.
func (t *target) write(args ...[]byte) {
	fmt.Fprintf(t.writer, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(t.writer, "$%d\r\n", len(arg))
		_, _ = t.writer.Write(arg)
		_, _ = t.writer.WriteString("\r\n")
	}
}

// read reads a reply that should be OK. failure is the text of an error if the target refused. ended is one if there is
// no reply, or none of a Redis: then nothing more is to be read. Redis takes all that is no error for OK; here a key
// would be lost if the target was another kind of server.
func (t *target) read() (failure, ended string) {
	line, err := t.reader.ReadSlice('\n')
	line = bytes.TrimRight(line, "\r\n")
	switch {
	case err != nil:
		return "", notRead
	case string(line) == "+OK":
		return "", ""
	case len(line) > 0 && line[0] == '-':
		return targetRefused + string(line[1:]), ""
	}
	return "", notRedis + strconv.Quote(string(line[:min(len(line), shownBytes)]))
}

// steady is a connection on which every step may take so long and no longer.
type steady struct {
	net.Conn
	timeout time.Duration
}

// Write sends bytes, some at a time.
func (s *steady) Write(b []byte) (sent int, err error) {
	for err == nil && sent < len(b) {
		if err = s.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
			break
		}
		var n int
		n, err = s.Conn.Write(b[sent:min(len(b), sent+stepBytes)])
		sent += n
	}
	return sent, err
}

// Read receives bytes.
func (s *steady) Read(b []byte) (int, error) {
	if err := s.SetReadDeadline(time.Now().Add(s.timeout)); err != nil {
		return 0, err
	}
	return s.Conn.Read(b)
}
