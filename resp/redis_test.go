package resp

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/resp/topology"
)

// realRedis starts a redis-server on a socket in the test's directory and returns the path. It is a tool of the test,
// not an option of it: without it the test fails.
func realRedis(t *testing.T, options ...string) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "resp") // t.TempDir may be too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "s")
	arguments := append([]string{
		"--port", "0", "--unixsocket", path, "--save", "", "--dir", directory, "--loglevel", "warning",
	}, options...)
	server := blackbox.Tool(t, "redis-server", arguments...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = os.RemoveAll(directory)
	})
	eventually(t, "answering", func() bool {
		socket, err := net.Dial("unix", path)
		if err == nil {
			_ = socket.Close()
		}
		return err == nil
	})
	return path
}

// converse sends all input, ends its side, and returns everything that comes until the server ends too.
func converse(t *testing.T, network, address string, pieces ...string) string {
	t.Helper()
	socket, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	_ = socket.SetDeadline(time.Now().Add(patience))
	for _, piece := range pieces {
		if _, err := socket.Write([]byte(piece)); err != nil {
			break // the server has ended already; what it said can still be read
		}
	}
	_ = socket.(interface{ CloseWrite() error }).CloseWrite()
	output, err := io.ReadAll(socket)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatalf("input %q: after %q: %v", pieces, output, err)
	}
	return string(output)
}

// compare sends the same bytes to Redis and to a server here.
func compare(t *testing.T, redis string, s *serving, input string) {
	t.Helper()
	want := neutral(converse(t, "unix", redis, input))
	got := neutral(converse(t, "tcp", s.address, input))
	if got != want {
		t.Errorf("input %q\n got %q\nwant %q", input, got, want)
	}
}

// neutral hides what two servers cannot have in common.
func neutral(output string) string {
	output = regexp.MustCompile(`\$5\r\n7\.2\.4\r\n|\$6\r\n7\.0\.15\r\n`).ReplaceAllString(output, "(version)")
	output = strings.ReplaceAll(output, "HELLO <proto> AUTH", "HELLO AUTH") // as in 7.2
	return regexp.MustCompile(`(\$2\r\nid\r\n|^):\d+\r\n`).ReplaceAllString(output, "$1:(id)")
}

// comparedInputs reads the conversations of a file.
func comparedInputs(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "compare", name))
	if err != nil {
		t.Fatal(err)
	}
	var inputs []string
	for _, quoted := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if strings.HasPrefix(quoted, "#") {
			continue
		}
		input, err := strconv.Unquote(`"` + strings.ReplaceAll(quoted, `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("%s: %s: %v", name, quoted, err)
		}
		inputs = append(inputs, input)
	}
	return inputs
}

func TestRedisAndThisServerSayTheSameToTheSameBytes(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for _, input := range comparedInputs(t, "friends.txt") {
		compare(t, redis, s, input)
	}
}

// What is compared is what does not depend on who is in the cluster.
func TestRedisAndThisServerSayTheSameOfACluster(t *testing.T) {
	redis := realRedis(t, "--cluster-enabled", "yes")
	store := newFakeStore(t)
	store.info.Nodes = store.info.Nodes[:1]
	s := serve(t, Options{Store: store})
	for _, input := range comparedInputs(t, "cluster.txt") {
		compare(t, redis, s, input)
	}
}

func TestRedisAndThisServerSayTheSameBeforeAuthentication(t *testing.T) {
	redis := realRedis(t, "--requirepass", "secret")
	s := serve(t, Options{Store: newFakeStore(t), Tuning: withPassword("secret"), ClusterView: topology.NoView})
	for _, input := range comparedInputs(t, "unauthenticated.txt") {
		compare(t, redis, s, input)
	}
}

// G6: whatever one server reads as a request, the other reads as the same. What is left out are the three places in
// which the reader here is stricter, or bounded where Redis waits for ever: line ends within headers that are not CRLF,
// bytes behind a bulk that are not CRLF, and NUL in a line, behind which Redis does not find the line's end.
func TestRandomBytesAreReadAsRedisReadsThem(t *testing.T) {
	const seed, rounds = 6, 1500
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	random := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{
		"*1\r\n", "*2\r\n", "*0\r\n", "*-1\r\n", "*3\r\n", "$4\r\nPING\r\n", "$4\r\nECHO\r\n", "$1\r\na\r\n",
		"$0\r\n\r\n", "$2\r\n\r\n\r\n",
		"PING\r\n", "ECHO hello\r\n", "ECHO ", "\"a b\"", "'c'", "\r\n", " ", "\"", "'", "\\x41", "\\n", "x", "$-1\r\n",
		"*1\r\n$4\r\nPING\r\n",
		"*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n", "$99999999999999999999\r\n", "*99999999999999999999\r\n", "\t",
	}
	for round := range rounds {
		var input strings.Builder
		for range 1 + random.IntN(12) {
			input.WriteString(pieces[random.IntN(len(pieces))])
		}
		compare(t, redis, s, input.String())
		if t.Failed() {
			t.Fatalf("seed %d round %d", seed, round)
		}
	}
}

// G16: G1 to G6 over sockets: a thousand clients of which each sends 100 kB of bytes that are random, or requests with
// random damage. The server neither ends nor hangs nor grows.
func TestGarbageFromAThousandClients(t *testing.T) {
	const seed, clients, bytesEach = 16, 1000, 100_000
	s := serve(t, Options{Store: newFakeStore(t), Limits: Limits{MaxEntryBytes: 1 << 20}})
	random := rand.New(rand.NewPCG(seed, 0))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	before := readMemory().used
	peak := before
	for i := range clients {
		garbage := garbage(random, noise, i%4, bytesEach)
		output := converse(t, "tcp", s.address, garbage)
		if i%4 == 3 && !strings.Contains(output, "+PONG") {
			t.Fatalf("seed %d client %d: requests before the damage had no reply: %.100q", seed, i, output)
		}
		used := readMemory().used
		peak = max(peak, used)
	}
	if grown := peak - before; grown > 256<<20 {
		t.Fatalf("the server grew by %d MiB", grown>>20)
	}
	p := s.dial()
	p.send("PING\r\n")
	p.expect("+PONG\r\n")
}

func garbage(random *rand.Rand, noise []byte, kind, length int) string {
	from := random.IntN(len(noise) - length)
	switch kind {
	case 0: // any bytes
		return string(noise[from : from+length])
	case 1: // lines of any bytes
		return strings.ReplaceAll(string(noise[from:from+length]), "\xff", "\r\n")
	case 2: // an array that never ends
		return "*1048576\r\n" + strings.Repeat("$1\r\nx\r\n", length/7)
	}
	requests := []byte(strings.Repeat(bulk("PING"), length/14)) // requests, damaged somewhere behind the first
	for range 5 {
		requests[14+random.IntN(len(requests)-14)] = byte(random.Uint32())
	}
	return string(requests)
}

// redis-benchmark ends with an error at the first reply that it does not expect.
func TestRedisBenchmarkAndRedisCLIAreContent(t *testing.T) {
	store := newFakeStore(t)
	s := serve(t, Options{Store: store})
	_, port, _ := net.SplitHostPort(s.address)
	run := func(program string, arguments ...string) string {
		t.Helper()
		output, err := blackbox.Tool(t, program, append([]string{"-p", port}, arguments...)...).CombinedOutput()
		if err != nil || bytes.Contains(output, []byte("WARNING")) || bytes.Contains(output, []byte("Error")) ||
			bytes.HasPrefix(output, []byte("ERR")) {
			t.Fatalf("%s %q: %v\n%s", program, arguments, err, output)
		}
		return string(output)
	}
	for _, pipeline := range []string{"1", "16"} {
		run("redis-benchmark", "-q", "-n", "5000", "-c", "20", "-P", pipeline, "-t", "ping,set,get,incr,mset", "-r", "100")
		run("redis-benchmark", "-q", "-3", "-n", "1000", "-P", pipeline, "-t", "get")
	}
	if got := run("redis-cli", "SET", "a", "b c"); got != "OK\n" {
		t.Errorf("SET says %q", got)
	}
	if got := run("redis-cli", "-3", "GET", "a"); got != "b c\n" {
		t.Errorf("GET says %q", got)
	}
	if got := run("redis-cli", "-3", "CONFIG", "GET", "save"); got != "save \n" {
		t.Errorf("CONFIG GET says %q", got)
	}
	if got := run("redis-cli", "INFO", "server"); !strings.Contains(got, fmt.Sprintf("tcp_port:%s\r\n", port)) {
		t.Errorf("INFO says %q", got)
	}
	if got := run("redis-cli", "COMMAND", "DOCS"); !strings.Contains(got, "dbsize") {
		t.Errorf("COMMAND DOCS says %q", got)
	}
}
