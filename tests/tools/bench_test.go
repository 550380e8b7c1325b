package tools_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/exit"
)

// raftredis bench on three nodes, on a Redis, on something that refuses, and with Ctrl-C.
func TestTools_BenchMeasuresNodesAndRedis(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	var nodes []string
	for _, n := range c.Nodes {
		nodes = append(nodes, blackbox.Address(n.Port))
	}
	port, _ := blackbox.StartRedis(t)
	t.Run("closed loop", func(t *testing.T) { benchClosed(t, c, nodes) })
	t.Run("open loop", func(t *testing.T) { benchOpen(t, blackbox.Address(port)) })
	t.Run("errors", func(t *testing.T) { benchErrors(t, nodes[0]) })
	t.Run("interrupted", func(t *testing.T) { benchInterrupted(t, nodes) })
	t.Run("terminal", func(t *testing.T) {
		p := startOnTerminal(t, blackbox.Binary(t), "bench", nodes[0], "--duration-seconds", "2", "--warm-up-seconds", "0")
		p.awaits(`1 of 2 s: \d+ requests/s, p50 [0-9.]+, p99 [0-9.]+ ms`)
		p.awaits(`SET +\d+ +\d+ +0 \|`)
	})
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// bench runs raftredis bench to its end and returns its exit code and its output.
func bench(t *testing.T, args ...string) (code int, out, log string) {
	t.Helper()
	p := blackbox.Start(t, "bench", blackbox.Tool(t, blackbox.Binary(t), append([]string{"bench"}, args...)...))
	return p.ExitCode(benchLimit), p.Out(), p.Err()
}

// Each key is written once, through all nodes.
func benchClosed(t *testing.T, c *blackbox.Cluster, nodes []string) {
	code, out, log := bench(t, append(nodes, "--mix", "fill", "--requests", "3000", "--keys", "3000", "--pipeline", "16",
		"--connections", "6", "--warm-up-seconds", "0")...)
	if code != exit.OK || log != "" {
		t.Errorf("exit code %d: %s", code, log)
	}
	blackbox.ExpectWords(t, out, "closed loop, 6 connections, pipeline 16", "3000       0 |", "generator: ")
	blackbox.Expect(t, c.Nodes[1].Connect(t).Must(t, "DBSIZE"), ":3000")
	blackbox.Expect(t, c.Nodes[2].Connect(t).Must(t, "STRLEN", "key:000000002999"), ":64")
}

func benchOpen(t *testing.T, redis string) {
	prefix := filepath.Join(t.TempDir(), "plot")
	code, out, log := bench(t, redis, "--mix", "types", "--rate", "500", "--duration-seconds", "1",
		"--warm-up-seconds", "0", "--format", "json", "--plots", prefix, "--distribution", "zipf")
	var result struct {
		All struct{ Answered, Failed int }
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil || code != exit.OK || result.All.Answered != 500 {
		t.Errorf("exit code %d, %+v, %v: %s%s", code, result, err, log, out)
	}
	for _, name := range []string{"-latency.svg", "-throughput.svg"} {
		if text, err := os.ReadFile(prefix + name); err != nil || !strings.HasPrefix(string(text), "<svg ") {
			t.Errorf("%s: %v, %.40s", name, err, text)
		}
	}
}

func benchErrors(t *testing.T, node string) {
	code, out, log := bench(t, node, "--command", "PING", "--command", "NOSUCH x", "--requests", "200", "--format", "csv",
		"--warm-up-seconds", "0")
	blackbox.ExpectWords(t, log, "of 200 requests failed, most of them with ERR: ERR unknown command 'NOSUCH'")
	blackbox.ExpectWords(t, out, "command,per_second,", "\nPING,", "\nNOSUCH,0.0,0,", "\nall,")
	if code != exit.Failed {
		t.Errorf("exit code %d, want %d", code, exit.Failed)
	}
	code, out, log = bench(t, blackbox.Address(blackbox.Ports(t, 1)))
	if code != exit.Failed || out != "" || !strings.Contains(log, "refused") {
		t.Errorf("without a server: exit code %d, %s%s", code, out, log)
	}
	if code, _, log := bench(t, "--rate", "x"); code != exit.Usage || !strings.Contains(log, "--rate") {
		t.Errorf("a wrong flag: exit code %d, %s", code, log)
	}
}

// Ctrl-C ends it with the result so far.
func benchInterrupted(t *testing.T, nodes []string) {
	p := blackbox.Start(t, "bench", blackbox.Tool(t, blackbox.Binary(t), append([]string{"bench", "--mix", "incr",
		"--duration-seconds", "600", "--warm-up-seconds", "0"}, nodes...)...))
	connection, err := blackbox.Connect(portOf(t, nodes[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	blackbox.Eventually(t, blackbox.EffectLimit, "counters are there", func() bool {
		reply, err := connection.Do("DBSIZE")
		n, noNumber := reply.Int()
		return err == nil && noNumber == nil && n > 3010
	})
	p.Signal(syscall.SIGINT)
	if code := p.ExitCode(blackbox.EffectLimit); code != exit.OK || p.Err() != "" {
		t.Errorf("exit code %d: %s", code, p.Err())
	}
	blackbox.ExpectWords(t, p.Out(), ", interrupted", "INCR ", "generator: ")
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	port, err := strconv.Atoi(address[strings.LastIndex(address, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	return port
}
