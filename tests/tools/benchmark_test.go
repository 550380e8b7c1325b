package tools_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// benchmarkRequests is how many requests redis-benchmark sends for each command of each run, unless
// RAFTREDIS_BENCHMARK_REQUESTS says so. The figures of a machine that does other work too are worth little; what counts
// here is that the program finds nothing to complain about: the first error reply would end it.
const benchmarkRequests = 5000

func TestTools_RedisBenchmarkRunsOnLeaderFollowerAndCluster(t *testing.T) {
	requests := strconv.Itoa(benchmarkRequests)
	if text := os.Getenv("RAFTREDIS_BENCHMARK_REQUESTS"); text != "" {
		requests = text
	}
	c := blackbox.StartCluster(t, 3)
	first := blackbox.Leader(t, c.Nodes)
	for name, n := range map[string]*blackbox.Node{"leader": first, "follower": c.Others(first)[0]} {
		for _, depth := range []string{"1", "16"} {
			t.Run(name+" P="+depth, func(t *testing.T) {
				checkRates(t, benchmark(t, n, "-t", "set,get", "-n", requests, "-c", "50", "-P", depth, "--csv"))
			})
		}
	}
	t.Run("RESP3 and threads", func(t *testing.T) {
		checkRates(t, benchmark(t, first, "-t", "set,get", "-n", requests, "-3", "--threads", "2", "-P", "16", "--csv"))
	})
	for _, depth := range []string{"1", "16"} {
		t.Run("cluster P="+depth, func(t *testing.T) { benchmarkCluster(t, c, requests, depth) })
	}
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

func checkRates(t *testing.T, output string) {
	t.Helper()
	for _, command := range []string{"SET", "GET"} {
		rate := benchmarkRate(output, command)
		if rate == 0 {
			t.Errorf("there is no result for %s in:\n%s", command, output)
		}
		t.Logf("%s: %.0f per second", command, rate)
	}
}

// benchmarkRate finds the requests per second of a command in the CSV output: "SET","12345.67",…
func benchmarkRate(output, command string) float64 {
	for line := range strings.Lines(output) {
		fields := strings.Split(line, ",")
		if len(fields) > 1 && strings.Trim(fields[0], `"`) == command {
			rate, err := strconv.ParseFloat(strings.Trim(strings.TrimSpace(fields[1]), `"`), 64)
			if err == nil {
				return rate
			}
		}
	}
	return 0
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
