package main_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// benchmarkRequests is how many requests redis-benchmark sends for each command of each run, unless
// RAFTREDIS_BENCHMARK_REQUESTS says so. The figures of a machine that does other work too are worth little; what counts
// here is that the program finds nothing to complain about: the first error reply would end it.
const benchmarkRequests = 5000

func TestRedisBenchmarkRunsOnLeaderAndFollower(t *testing.T) {
	requests := strconv.Itoa(benchmarkRequests)
	if text := os.Getenv("RAFTREDIS_BENCHMARK_REQUESTS"); text != "" {
		requests = text
	}
	c := startCluster(t, 3)
	first := leader(t, c.nodes)
	for name, n := range map[string]*node{"leader": first, "follower": c.others(first)[0]} {
		for _, depth := range []string{"1", "16"} {
			t.Run(name+" P="+depth, func(t *testing.T) {
				output, err := exec.Command("redis-benchmark", "-p", strconv.Itoa(n.port), "-t", "set,get",
					"-n", requests, "-r", "100000", "-c", "50", "-P", depth, "--csv").CombinedOutput()
				if err != nil {
					t.Fatalf("redis-benchmark: %v (Debian's package redis-tools has it)\n%s", err, output)
				}
				for _, command := range []string{"SET", "GET"} {
					rate := benchmarkRate(string(output), command)
					if rate == 0 {
						t.Errorf("there is no result for %s in:\n%s", command, output)
					}
					t.Logf("%s: %.0f per second", command, rate)
				}
			})
		}
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
