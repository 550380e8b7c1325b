package tools_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/bench/sidebyside"
	"github.com/raftredis/raftredis/internal/blackbox"
)

// benchmarkRequests is how many requests redis-benchmark sends for each of its tests. The figures of a machine that
// does other work too are worth little: `go run ./bench` makes better ones. What counts here is that the program finds
// nothing to complain about; the first error reply would end it.
const benchmarkRequests = 800

// benchLimit is how long `go run ./bench` may take for one short round.
const benchLimit = 2 * time.Minute

// The whole list of tests that redis-benchmark does by default, and other ways to use it.
func TestTools_RedisBenchmarkRunsOnLeaderFollowerAndCluster(t *testing.T) {
	requests := strconv.Itoa(benchmarkRequests)
	c := blackbox.StartCluster(t, 3)
	first := blackbox.Leader(t, c.Nodes)
	for name, n := range map[string]*blackbox.Node{"leader": first, "follower": c.Others(first)[0]} {
		for _, depth := range []string{"1", "16"} {
			t.Run(name+" P="+depth, func(t *testing.T) {
				output := benchmark(t, n, "-n", requests, "-P", depth, "--csv")
				expectRates(t, output, sidebyside.DefaultTitles())
			})
		}
	}
	t.Run("RESP3 and threads", func(t *testing.T) {
		output := benchmark(t, first, "-t", "set,get", "-n", requests, "-3", "--threads", "2", "-P", "16", "--csv")
		expectRates(t, output, []string{"SET", "GET"})
	})
	for _, depth := range []string{"1", "16"} {
		t.Run("cluster P="+depth, func(t *testing.T) { benchmarkCluster(t, c, requests, depth) })
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// benchmark runs redis-benchmark on a node and returns what it says.
func benchmark(t *testing.T, n *blackbox.Node, args ...string) string {
	t.Helper()
	args = append([]string{"-p", strconv.Itoa(n.Port), "-r", "100000"}, args...)
	output, err := blackbox.Tool(t, "redis-benchmark", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("redis-benchmark %q: %v\n%s", args, err, output)
	}
	return string(output)
}

// expectRates expects a figure for each of some titles, no other, and no complaint.
func expectRates(t *testing.T, output string, titles []string) {
	t.Helper()
	rates, err := sidebyside.ParseRates(output, titles)
	if err != nil {
		t.Errorf("redis-benchmark: %v, in\n%s", err, output)
	}
	for _, title := range titles {
		t.Logf("%s: %.0f per second", title, rates[title])
	}
}

// benchmarkCluster has the program find all owners of slots by way of one node, and work with all of them.
func benchmarkCluster(t *testing.T, c *blackbox.Cluster, requests, depth string) {
	text := benchmark(t, c.Nodes[0], "--cluster", "-t", "set,get", "-n", requests, "-P", depth)
	blackbox.ExpectWords(t, text, "Cluster has 3 master nodes", "====== SET ======", "====== GET ======")
	for _, n := range c.Nodes {
		blackbox.ExpectWords(t, text, blackbox.Address(n.Port))
	}
	completed := regexp.MustCompile(`(\d+) requests completed`).FindAllStringSubmatch(text, -1)
	if len(completed) != 2 {
		t.Errorf("%d of 2 commands were completed:\n%s", len(completed), text)
	}
	for _, done := range completed {
		// The last pipeline is sent whole.
		count, err := strconv.Atoi(done[1])
		if wanted, _ := strconv.Atoi(requests); err != nil || count < wanted {
			t.Errorf("a command was completed %s times, want %s:\n%s", done[1], requests, text)
		}
	}
	// Keys that were written through one node are there on all.
	keys := c.Nodes[0].Connect(t).Must(t, "DBSIZE")
	for _, n := range c.Nodes {
		blackbox.Expect(t, n.Connect(t).Must(t, "DBSIZE"), keys.String())
	}
}

// The command of docs/benchmarks.md starts servers, measures, prints a table for each depth, and leaves nothing
// running.
func TestTools_TheCommandOfTheTablesRuns(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"bench/main.go", "docs/benchmarks.md"} { // so that Go's test cache knows them
		text, err := os.ReadFile(filepath.Join(root, source))
		if err != nil {
			t.Fatal(err)
		}
		blackbox.ExpectWords(t, string(text), "go run ./bench")
	}
	program := filepath.Join(t.TempDir(), "bench")
	build := exec.Command("go", "build", "-o", program, "./bench")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	port := blackbox.Ports(t, 4)
	p := blackbox.Start(t, "bench", exec.Command(program, "--rounds", "1", "--requests", "100",
		"--pipelined-requests", "400", "--binary", blackbox.Binary(t), "--port", strconv.Itoa(port), "--dir", t.TempDir()))
	t.Cleanup(func() { p.SignalGroup(syscall.SIGKILL) }) // its servers, if it did not end by itself
	if code := p.ExitCode(benchLimit); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.Err())
	}
	for _, title := range sidebyside.Titles() {
		if rows := strings.Count(p.Out(), "\n| "+title+" |"); rows != 2 {
			t.Errorf("%d rows for %s, want 2:\n%s", rows, title, p.Out())
		}
	}
	for i := range 4 {
		if _, err := blackbox.Connect(port + i); err == nil {
			t.Errorf("a server on port %d still runs", port+i)
		}
	}
}
