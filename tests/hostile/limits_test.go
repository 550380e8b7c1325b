package hostile_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// floodLimit is how long a client that sends and receives hundreds of megabytes may take.
const floodLimit = 2 * time.Minute

// stream is a connection whose bytes a test writes and reads itself.
type stream struct {
	t testing.TB
	*net.TCPConn
	reader *bufio.Reader
}

func dial(t testing.TB, n *blackbox.Node) *stream {
	t.Helper()
	conn, err := net.DialTimeout("tcp", blackbox.Address(n.Port), blackbox.EffectLimit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(floodLimit)); err != nil {
		t.Fatal(err)
	}
	return &stream{t, conn.(*net.TCPConn), bufio.NewReaderSize(conn, 64<<10)}
}

// ask sends a command with a last argument of some length, which is not made at once, and returns the reply's first
// line.
func (s *stream) ask(length int, words ...string) string {
	s.t.Helper()
	header := fmt.Appendf(nil, "*%d\r\n", len(words)+1)
	for _, word := range words {
		header = fmt.Appendf(header, "$%d\r\n%s\r\n", len(word), word)
	}
	header = fmt.Appendf(header, "$%d\r\n", length)
	part := bytes.Repeat([]byte("v"), 1<<20)
	if _, err := s.Write(header); err != nil {
		s.t.Fatal(err)
	}
	for left := length; left > 0; left -= min(left, len(part)) {
		if _, err := s.Write(part[:min(left, len(part))]); err != nil {
			s.t.Fatalf("%s with %d bytes: %v", words[0], length, err)
		}
	}
	if _, err := s.Write([]byte("\r\n")); err != nil {
		s.t.Fatal(err)
	}
	return s.line()
}

func (s *stream) line() string {
	s.t.Helper()
	line, err := s.reader.ReadString('\n')
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// checkAlive asks on the same connection for something small.
func (s *stream) checkAlive(behind string) {
	s.t.Helper()
	if _, err := s.Write([]byte("PING\r\n")); err != nil {
		s.t.Fatalf("behind %s: %v", behind, err)
	}
	if got := s.line(); got != "+PONG" {
		s.t.Fatalf("behind %s: %s", behind, got)
	}
}

// G4, G5: Limits as Redis's, each at one below, at it and one above. What is refused is refused alone.
func TestLimits_RefuseOneCommandAndKeepTheConnection(t *testing.T) {
	const entry, query = 64 << 10, 1 << 20
	n := blackbox.StartCluster(t, 1, "--max-entry-bytes", strconv.Itoa(entry)).Nodes[0]
	client := n.Connect(t)
	blackbox.Expect(t, client.Must(t, "CONFIG", "SET", "client-query-buffer-limit", "1mb"), "+OK")
	const setBytes = len("\x03\x03SET\x01k") + 3 // and the length of the value
	const strlenBytes = len("*2\r\n$6\r\nSTRLEN\r\n$1048576\r\n")
	s := dial(t, n)
	for _, c := range []struct {
		length, beyond int
		words          []string
		want, named    string
	}{
		{entry - setBytes, 1, []string{"SET", "k"}, "+OK", "max-entry-bytes"},
		{query - strlenBytes, 1, []string{"STRLEN"}, ":0", "client-query-buffer-limit"},
	} {
		for length := c.length - 1; length <= c.length+1; length++ {
			got := s.ask(length, c.words...)
			if length <= c.length && got != c.want {
				t.Errorf("%s of %d bytes: %s", c.words[0], length, got)
			}
			if length > c.length && (!strings.HasPrefix(got, "-ERR ") || !strings.Contains(got, c.named)) {
				t.Errorf("%s of %d bytes: %s, want an error that names %s", c.words[0], length, got, c.named)
			}
			s.checkAlive(c.words[0])
		}
	}
	blackbox.Expect(t, client.Must(t, "STRLEN", "k"), fmt.Sprint(":", entry-setBytes))
}

// The largest argument is that of proto-max-bulk-len. One byte more is a violation of the protocol, as in Redis. The
// node has the memory of a machine that holds two such values.
func TestLimits_TheLargestArgumentIsRedis(t *testing.T) {
	const largest = 512 << 20
	t.Setenv("GOMEMLIMIT", strconv.Itoa(2*largest))
	n := blackbox.StartCluster(t, 1).Nodes[0]
	const taken = "-ERR bit offset is not an integer or out of range"
	s := dial(t, n)
	if got := s.ask(largest, "GETBIT", "k"); got != taken {
		t.Errorf("%d bytes: %s", largest, got)
	}
	s.checkAlive("a long argument")
	_, peak := blackbox.MemoryBytes(t, n.Process.Pid())
	if t.Logf("the node held %d MiB at most", peak>>20); !blackbox.RaceDetector && peak > 5*largest/2 {
		t.Errorf("the node held %d MiB at most for one argument of %d MiB", peak>>20, largest>>20)
	}
	s.checkBeyond(largest)

	const smallest = 1 << 20
	blackbox.Expect(t, n.Connect(t).Must(t, "CONFIG", "SET", "proto-max-bulk-len", "1mb"), "+OK")
	s = dial(t, n)
	for _, length := range []int{smallest - 1, smallest} {
		if got := s.ask(length, "GETBIT", "k"); got != taken {
			t.Errorf("%d bytes: %s", length, got)
		}
		s.checkAlive("a long argument")
	}
	s.checkBeyond(smallest)
}

// checkBeyond claims an argument that is one byte too long, and expects Redis's error and the end.
func (s *stream) checkBeyond(largest int) {
	s.t.Helper()
	if _, err := fmt.Fprintf(s, "*3\r\n$6\r\nGETBIT\r\n$1\r\nk\r\n$%d\r\n", largest+1); err != nil {
		s.t.Fatal(err)
	}
	if got := s.line(); got != "-ERR Protocol error: invalid bulk length" {
		s.t.Errorf("%d bytes: %s", largest+1, got)
	}
	if rest, err := io.ReadAll(s.reader); len(rest) > 0 {
		s.t.Errorf("behind a violation: %q, %v", rest, err)
	}
}

// Redis takes any number of keys; here it is a million, and one that is refused leaves the connection as it was.
func TestLimits_ManyArguments(t *testing.T) {
	const largest = 1 << 20
	n := blackbox.StartCluster(t, 1).Nodes[0]
	s := dial(t, n)
	for arguments, want := range map[int]string{
		50_001: "*50000", largest - 1: "*1048574", largest: "*1048575",
		largest + 1: "-ERR The command was not executed: it has 1048577 arguments, and at most 1048576 are allowed",
	} {
		request := fmt.Appendf(nil, "*%d\r\n$4\r\nMGET\r\n", arguments)
		for range arguments - 1 {
			request = append(request, "$38\r\nsession:0123456789abcdef0123456789abcd\r\n"...)
		}
		if _, err := s.Write(request); err != nil {
			t.Fatalf("%d arguments: %v", arguments, err)
		}
		if got := s.line(); got != want {
			t.Fatalf("%d arguments: %s, want %s", arguments, got, want)
		}
		if want[0] == '*' {
			for range arguments - 1 {
				if got := s.line(); got != "$-1" {
					t.Fatalf("%d arguments: a key is %s", arguments, got)
				}
			}
		}
		s.checkAlive("many arguments")
	}
}
