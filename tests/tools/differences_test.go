package tools_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/differences"
)

// Every line of the list of differences is shown to both servers: each answers as the line says, and not as the other.
func TestDifferences_BothServersAnswerAsTheListSays(t *testing.T) {
	redis := startRedis(t)
	node := blackbox.StartCluster(t, 1).Nodes[0]
	for _, d := range differences.List {
		for _, p := range d.Probes {
			theirs := lastReply(t, "unix", redis, p.Lines)
			ours := lastReply(t, "tcp", blackbox.Address(node.Port), p.Lines)
			isTheirs := regexp.MustCompile(`\A` + p.Redis + `\z`)
			isOurs := regexp.MustCompile(`\A` + p.Here + `\z`)
			switch {
			case !isTheirs.MatchString(theirs):
				t.Errorf("%s, %.80q: Redis answers %q, which is not %s", d.ID, p.Lines, theirs, p.Redis)
			case !isOurs.MatchString(ours):
				t.Errorf("%s, %.80q: this server answers %q, which is not %s", d.ID, p.Lines, ours, p.Here)
			case isTheirs.MatchString(ours) || isOurs.MatchString(theirs):
				t.Errorf("%s, %.80q: %q and %q are no difference", d.ID, p.Lines, theirs, ours)
			}
		}
	}
}

// startRedis starts a redis-server and returns the path of its socket. Without one installed the test fails.
func startRedis(t *testing.T) (socket string) {
	t.Helper()
	// A socket's path is short by law, and the names of tests are long: so not t.TempDir.
	directory, err := os.MkdirTemp("", "differences")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	socket = filepath.Join(directory, "s")
	blackbox.Start(t, "redis-server", blackbox.Tool(t, "redis-server", "--port", "0", "--unixsocket", socket, "--save", "",
		"--dir", directory))
	blackbox.Eventually(t, blackbox.EffectLimit, "redis-server listens", func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return socket
}

// lastReply has a conversation with a server that holds no key, and returns the bytes of the last reply.
func lastReply(t *testing.T, network, address string, lines []string) (reply string) {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(blackbox.EffectLimit))
	in := bufio.NewReader(conn)
	for _, line := range append([]string{"FLUSHALL"}, lines...) {
		if _, err := conn.Write(blackbox.Encode(nil, strings.Fields(line)...)); err != nil {
			t.Fatal(err)
		}
		if reply, err = readReply(in); err != nil {
			t.Fatalf("%.80q: after %q: %v", line, reply, err)
		}
	}
	return reply
}

// readReply reads the bytes of one reply in RESP2.
func readReply(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if err != nil {
		return text, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(text[1:]))
	switch {
	case text[0] == '$' && err == nil && n >= 0:
		bulk := make([]byte, n+2)
		_, err = io.ReadFull(in, bulk)
		return text + string(bulk), err
	case text[0] == '*' && err == nil:
		for range n {
			item, err := readReply(in)
			if text += item; err != nil {
				return text, fmt.Errorf("an item of an array: %w", err)
			}
		}
	}
	return text, nil
}
