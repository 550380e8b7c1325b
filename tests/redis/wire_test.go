package redis_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// line is a connection that gives replies as the bytes that came, in either protocol.
type line struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

// dial connects to a server, and asks it for a protocol.
func dial(t testing.TB, port, protocol int) *line {
	t.Helper()
	conn, err := net.Dial("tcp", blackbox.Address(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	l := &line{t, conn, bufio.NewReaderSize(conn, 64<<10)}
	if protocol != 2 {
		l.do("hello", strconv.Itoa(protocol))
	}
	return l
}

// send writes calls. Their replies are read with reply, before more calls are sent than the server's buffers take.
func (l *line) send(calls ...[]string) {
	l.t.Helper()
	var out []byte
	for _, call := range calls {
		out = blackbox.Encode(out, call...)
	}
	if err := l.conn.SetDeadline(time.Now().Add(blackbox.ReplyLimit)); err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.conn.Write(out); err != nil {
		l.t.Fatal(err)
	}
}

// reply reads one reply.
func (l *line) reply() string {
	l.t.Helper()
	var b strings.Builder
	l.read(&b)
	return b.String()
}

func (l *line) read(b *strings.Builder) {
	l.t.Helper()
	for open := 1; open > 0; open-- {
		header, err := l.in.ReadString('\n')
		if err != nil {
			l.t.Fatal(err)
		}
		b.WriteString(header)
		n, _ := strconv.Atoi(strings.TrimSpace(header[1:]))
		switch header[0] {
		case '$', '=':
			if n < 0 {
				continue
			}
			if _, err := io.CopyN(b, l.in, int64(n)+2); err != nil {
				l.t.Fatal(err)
			}
		case '*', '~', '>':
			open += max(n, 0)
		case '%':
			open += 2 * max(n, 0)
		}
	}
}

// do makes one call.
func (l *line) do(call ...string) string {
	l.t.Helper()
	l.send(call)
	return l.reply()
}

// text is the string of a bulk or simple string; other replies are as they are.
func text(reply string) string {
	if !strings.HasPrefix(reply, "$") {
		return strings.TrimSuffix(strings.TrimPrefix(reply, "+"), "\r\n")
	}
	_, rest, _ := strings.Cut(reply, "\r\n")
	return strings.TrimSuffix(rest, "\r\n")
}

// number is the number of an integer reply, or false.
func number(reply string) (int64, bool) {
	if !strings.HasPrefix(reply, ":") {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(reply[1:]), 10, 64)
	return n, err == nil
}
