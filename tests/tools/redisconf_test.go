package tools_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// asDebian is what a file as Debian installs it says: every kind of line, and most of the settings.
var asDebian = []string{
	"bind 127.0.0.1 -::1", "protected-mode yes", "tcp-backlog 511", "timeout 0", "tcp-keepalive 300", "daemonize no",
	"loglevel notice", "databases 16", "always-show-logo no", "set-proc-title yes",
	`proc-title-template "{title} {listen-addr} {server-mode}"`, "stop-writes-on-bgsave-error yes", "rdbcompression yes",
	"dbfilename dump.rdb", "replica-serve-stale-data yes", "repl-diskless-sync-delay 5", "lazyfree-lazy-eviction no",
	"oom-score-adj-values 0 200 800", "appendonly no", `appendfilename "appendonly.aof"`, "appendfsync everysec",
	"slowlog-log-slower-than 10000", "slowlog-max-len 128", "latency-monitor-threshold 0", `notify-keyspace-events ""`,
	"hash-max-listpack-entries 512", "client-output-buffer-limit replica 256mb 64mb 60", "hz 10", "jemalloc-bg-thread yes",
}

// A redis.conf as Debian ships it starts a node; what has no meaning here is named in one line of the log.
func TestRedisConf_DebiansStartsANode(t *testing.T) {
	c := blackbox.NewCluster(t, 1)
	n := c.Nodes[0]
	directory := t.TempDir()
	log, pid := filepath.Join(directory, "node.log"), filepath.Join(directory, "node.pid")
	n.FirstFlags = []string{"--bootstrap", configured(t, append(asDebian, "logfile "+log, "pidfile "+pid)...)}
	c.StartAll()
	client := n.Connect(t)
	blackbox.Expect(t, client.Must(t, "PING"), "+PONG")
	blackbox.Expect(t, client.Must(t, "SELECT", "15"), "+OK")
	blackbox.Expect(t, client.Must(t, "SELECT", "16"), "-ERR DB index is out of range")
	lines, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if named := strings.Count(string(lines), "no meaning here"); named != 1 {
		t.Errorf("%d lines name what has no meaning here:\n%s", named, lines)
	}
	blackbox.ExpectWords(t, string(lines), "tcp-backlog", "appendfsync", "hz", "proc-title-template")
	if id, err := os.ReadFile(pid); err != nil || string(id) != fmt.Sprintln(n.Process.Pid()) {
		t.Errorf("the file of the process id has %q, %v", id, err)
	}
	n.Process.Signal(syscall.SIGTERM)
	if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	if _, err := os.Stat(pid); err == nil {
		t.Error("the file of the process id is still there")
	}
}

// Every setting that redis-server has is known, and what redis-server starts with asks for nothing that is refused, but
// for what the test gave it.
func TestRedisConf_EverySettingOfRedisIsKnown(t *testing.T) {
	socket := startRedis(t)
	shown, err := exec.Command("redis-cli", "-s", socket, "CONFIG", "GET", "*").Output()
	if err != nil {
		t.Fatal(err)
	}
	names, values := []string{}, map[string]string{}
	fields := strings.Split(strings.TrimSuffix(string(shown), "\n"), "\n")
	for i := 0; i+1 < len(fields); i += 2 {
		names, values[fields[i]] = append(names, fields[i]), fields[i+1]
	}
	if len(names) < 150 {
		t.Fatalf("redis-server shows only %d settings", len(names))
	}
	given := map[string]bool{"port": true, "unixsocket": true}
	var lines []string
	for _, name := range names {
		if values[name] != "" {
			lines = append(lines, name+" "+values[name])
		}
	}
	code, output := blackbox.Run(t, "serve", "--dir", t.TempDir(), configured(t, lines...))
	if code != 2 {
		t.Fatalf("exit code %d:\n%s", code, output)
	}
	refused := regexp.MustCompile(`(?m)line (\d+): `).FindAllStringSubmatch(output, -1)
	for _, match := range refused {
		number, _ := strconv.Atoi(match[1])
		name, _, _ := strings.Cut(lines[number-1], " ")
		if !given[name] {
			t.Errorf("%s, as redis-server starts with it, is refused:\n%s", lines[number-1], output)
		}
	}
	if len(refused) == 0 {
		t.Errorf("nothing is refused:\n%s", output)
	}
}
