package fsm

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/draw"
)

// realRedis is a connection to a redis-server of the test's own, which listens on a socket and ends with the test.
type realRedis struct {
	t      *testing.T
	socket string
	conn   net.Conn
	in     *bufio.Reader
}

// startRedis starts a redis-server with the given options besides. Without one installed the test fails: a comparison
// that did not happen must not look like one that found nothing.
func startRedis(t *testing.T, options ...string) *realRedis {
	t.Helper()
	// A socket's path is short by law, and the names of tests are long: so not t.TempDir.
	dir, err := os.MkdirTemp("", "fsm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	arguments := []string{"--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir, "--daemonize", "no"}
	server := blackbox.Tool(t, "redis-server", append(arguments, options...)...)
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			t.Logf("redis-server says:\n%s", log.String())
		}
	})
	return connectRedis(t, socket)
}

// connectRedis connects as soon as the server listens.
func connectRedis(t *testing.T, socket string) *realRedis {
	t.Helper()
	conn := dial(t, socket)
	t.Cleanup(func() { _ = conn.Close() })
	return &realRedis{t, socket, conn, bufio.NewReader(conn)}
}

// another is one more connection to the same server, which speaks the given protocol.
func (s *realRedis) another(protocol int) *realRedis {
	s.t.Helper()
	more := connectRedis(s.t, s.socket)
	if protocol != 2 {
		more.do("hello", strconv.Itoa(protocol))
	}
	return more
}

// dial connects as soon as the server listens.
func dial(t *testing.T, socket string) net.Conn {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for range 2000 {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return conn
		}
		<-poll.C
	}
	t.Fatal("redis-server does not listen after 10 s")
	return nil
}

// send writes commands without waiting for their replies.
func (s *realRedis) send(commands ...[][]byte) {
	s.t.Helper()
	var b bytes.Buffer
	for _, args := range commands {
		fmt.Fprintf(&b, "*%d\r\n", len(args))
		for _, arg := range args {
			fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
		}
	}
	if _, err := s.conn.Write(b.Bytes()); err != nil {
		s.t.Fatal(err)
	}
}

// reply reads the bytes of one reply, in either protocol.
func (s *realRedis) reply() string {
	s.t.Helper()
	line, err := s.in.ReadString('\n')
	if err != nil {
		s.t.Fatal(err)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	switch {
	case line[0] == '$' && n >= 0:
		bulk := make([]byte, n+2)
		if _, err := io.ReadFull(s.in, bulk); err != nil {
			s.t.Fatal(err)
		}
		return line + string(bulk)
	case line[0] == '%':
		n *= 2
		fallthrough
	case line[0] == '*' || line[0] == '~':
		for range n {
			line += s.reply()
		}
	}
	return line
}

// do sends one command and reads its reply.
func (s *realRedis) do(args ...string) string {
	s.t.Helper()
	var command [][]byte
	for _, arg := range args {
		command = append(command, []byte(arg))
	}
	s.send(command)
	return s.reply()
}

// comparableCommand is a random command that Redis is meant to answer to the byte as this machine does: everything but
// expiry, which is refused here, and commands of connections, which are not executed here.
func comparableCommand(r *rand.Rand) [][]byte {
	for {
		args := randomDataCommand(r)
		line := strings.ToLower(string(bytes.Join(args, []byte("\x00"))))
		if !strings.Contains(line, "keepttl") && !strings.Contains(line, "\x00ex") {
			return args
		}
	}
}

// TestRepliesAreThoseOfRedis runs random commands here and in a real Redis, in runs of several, and compares all bytes.
func TestRepliesAreThoseOfRedis(t *testing.T) {
	const rounds = 4000
	r := random(t, 5)
	redis, m := startRedis(t), newMachine(t)
	for round := range rounds {
		var calls [][][]byte
		for range 1 + r.IntN(8) {
			calls = append(calls, comparableCommand(r))
		}
		redis.send(calls...)
		var want []string
		for range calls {
			want = append(want, redis.reply())
		}
		if got := do(m, calls...); got != strings.Join(want, "") {
			for i, args := range calls {
				t.Logf("%q: %q", args, want[i])
			}
			t.Fatalf("round %d: got %q", round, got)
		}
	}
	compareContents(t, redis, m)
}

// compareContents compares all keys and values, and that there are some.
func compareContents(t *testing.T, redis *realRedis, m *Machine) {
	t.Helper()
	all := map[string]string{}
	m.state.Space(0).Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
		all[e.Key()] = content(e)
		return true
	})
	if len(all) == 0 {
		t.Fatal("nothing is stored: the comparison was of errors only")
	}
	if got, want := fmt.Sprintf(":%d\r\n", len(all)), redis.do("dbsize"); got != want {
		t.Fatalf("%q keys, Redis has %q", got, want)
	}
	for key, value := range all {
		if got, want := fmt.Sprintf("$%d\r\n%s\r\n", len(value), value), redis.do("get", key); got != want {
			t.Fatalf("%q holds %q, in Redis %q", key, got, want)
		}
	}
}

// TestNumbersAreThoseOfRedis compares what counts as a number, and where it overflows.
func TestNumbersAreThoseOfRedis(t *testing.T) {
	const rounds = 3000
	r := random(t, 6)
	redis, m := startRedis(t), newMachine(t)
	for range rounds {
		name := []string{"incr", "decr", "incrby", "decrby"}[r.IntN(4)]
		calls := [][][]byte{{[]byte("set"), []byte("n"), draw.Number(r)}, {[]byte(name), []byte("n")}}
		if len(name) == len("incrby") {
			calls[1] = append(calls[1], draw.Number(r))
		}
		redis.send(calls...)
		want := redis.reply() + redis.reply()
		if got := do(m, calls...); got != want {
			t.Fatalf("%q: got %q, want %q", calls, got, want)
		}
	}
}

// TestSlotsAreThoseOfRedis compares slots of random keys, many of them with braces.
func TestSlotsAreThoseOfRedis(t *testing.T) {
	r := random(t, 7)
	redis := startRedis(t, "--cluster-enabled", "yes")
	for range 3000 {
		key := make([]byte, r.IntN(12))
		for i := range key {
			key[i] = "{}ab\x00\xff"[r.IntN(6)]
		}
		if got, want := fmt.Sprintf(":%d\r\n", command.Slot(key)), redis.do("cluster", "keyslot", string(key)); got != want {
			t.Fatalf("%q: got %q, want %q", key, got, want)
		}
	}
}

// TestLimitOfAStringIsThatOfRedis compares APPEND at the limit, which both have set low.
func TestLimitOfAStringIsThatOfRedis(t *testing.T) {
	const limit = 1 << 20
	redis := startRedis(t, "--proto-max-bulk-len", strconv.Itoa(limit))
	m := New(Options{MaxValueBytes: limit})
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	half := strings.Repeat("x", limit/2)
	for i, args := range [][]string{
		{"append", "a", half}, {"append", "a", half}, {"append", "a", "x"}, {"append", "a", ""}, {"strlen", "a"},
		{"append", "b", half + half}, {"append", "b", half}, {"strlen", "b"}, {"append", "none", ""}, {"exists", "none"},
	} {
		var words [][]byte
		for _, arg := range args {
			words = append(words, []byte(arg))
		}
		if got, want := do(m, words), redis.do(args...); got != want {
			t.Errorf("step %d, %s %s: got %q, want %q", i, args[0], args[1], got, want)
		}
	}
}
