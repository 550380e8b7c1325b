package tools_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// configured writes a configuration file.
func configured(t *testing.T, lines ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "raftredis.conf")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file holds what the command line does not say; what a client changes and has written to the file is there at the
// next start.
func TestConfiguration_AFileIsReadRewrittenAndReadAgain(t *testing.T) {
	c := blackbox.NewCluster(t, 1)
	n := c.Nodes[0]
	n.FirstFlags = []string{configured(t, "# ours", "bootstrap yes", "port 1", "repl-backlog-size 7mb", "appendonly yes",
		"slowlog-max-len 77", "raft.uncertain-after-millis 4321", `save ""`)}
	c.StartAll()
	client := n.Connect(t)
	for name, want := range map[string]string{
		"port": fmt.Sprint(n.Port), "repl-backlog-size": "7340032", "slowlog-max-len": "77", "maxclients": "10000",
		"raft.uncertain-after-millis": "4321",
	} {
		blackbox.Expect(t, client.Must(t, "CONFIG", "GET", name), fmt.Sprintf("[%q %q]", name, want))
	}
	blackbox.Expect(t, client.Must(t, "CONFIG", "SET", "maxclients", "123", "slowlog-max-len", "78"), "+OK")
	blackbox.Expect(t, client.Must(t, "CONFIG", "REWRITE"), "+OK")
	n.Process.Kill()
	c.StartAll()
	client = n.Connect(t)
	blackbox.Expect(t, client.Must(t, "CONFIG", "GET", "maxclients"), `["maxclients" "123"]`)
	blackbox.Expect(t, client.Must(t, "CONFIG", "GET", "slowlog-max-len"), `["slowlog-max-len" "78"]`)
}

// serve refuses and names a line that would have no effect: a silently ignored setting is worse.
func TestConfiguration_WhatHasNoEffectIsRefused(t *testing.T) {
	for line, says := range map[string]string{
		"hertz 100":          `line 2: unknown setting "hertz"`,
		"daemonize yes":      `line 2: daemonize yes: a node stays in the foreground`,
		"port 1 2":           "line 2: port has 2 values; it takes one",
		"bootstrap maybe":    `line 2: bootstrap is "maybe"; it must be yes or no`,
		"port none":          `line 2: port is "none"; it must be a whole number`,
		`requirepass "open`:  "line 2: unbalanced quotes",
		"include other.conf": "line 2: include other.conf: include is not supported",
	} {
		c := blackbox.NewCluster(t, 1)
		n := c.Nodes[0]
		n.FirstFlags = []string{configured(t, "# a comment", line)}
		args := c.Arguments(n)
		if strings.HasPrefix(line, "port") { // the command line would win
			args = append([]string{"serve"}, args[3:]...)
		}
		if code, output := blackbox.Run(t, args...); code != 2 || !strings.Contains(output, "raftredis.conf: "+says) {
			t.Errorf("%s: the exit code is %d, want 2, and %q in:\n%s", line, code, says, output)
		}
	}
	if code, output := blackbox.Run(t, "serve", "one.conf", "two.conf"); code != 2 || !strings.Contains(output,
		`"two.conf"`) {
		t.Errorf("two files: the exit code is %d, want 2, and the second one's name in:\n%s", code, output)
	}
}

// CONFIG says of settings what Redis says, where nothing depends on the server: the same bytes, after each conversation
// of testdata/settings.txt.
func TestConfiguration_RedisSaysTheSameOfSettings(t *testing.T) {
	redis := startRedis(t)
	node := blackbox.Address(blackbox.StartCluster(t, 1, "--cluster-view", "off").Nodes[0].Port)
	text, err := os.ReadFile(filepath.Join("testdata", "settings.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		input := strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\r\n`, "\r\n")
		if got, want := conversation(t, "tcp", node, input), conversation(t, "unix", redis, input); got != want {
			t.Errorf("input %q\n got %q\nwant %q", input, got, want)
		}
	}
}

// conversation sends all input, ends its side, and returns everything that comes until the server ends too.
func conversation(t *testing.T, network, address, input string) string {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(blackbox.EffectLimit))
	if _, err := io.WriteString(conn, input); err != nil {
		t.Fatal(err)
	}
	_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	output, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("%q: after %q: %v", input, output, err)
	}
	return string(output)
}
