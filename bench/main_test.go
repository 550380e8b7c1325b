package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// ports returns the first of n free ports.
func ports(t *testing.T, n int) string { return strconv.Itoa(blackbox.Ports(t, n)) }

// TestMain goes to the root of the module, where the commands are run, and shares one directory for what they build.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// measured runs a command in a short form, which starts real servers, and returns its report.
func measured(t *testing.T, word string, args ...string) string {
	t.Helper()
	blackbox.Tool(t, "redis-server")
	var out strings.Builder
	if err := commands[word](t.Context(), append(args, "--dir", t.TempDir()), &out); err != nil {
		t.Fatalf("go run ./bench %s %s: %v", word, strings.Join(args, " "), err)
	}
	t.Log(out.String())
	return out.String()
}

func expect(t *testing.T, report string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(report, want) {
			t.Errorf("there is no %q", want)
		}
	}
}

// Without --binary the command builds what it measures, beside the directories of the systems, one of which has the
// name of the program.
func TestCompare_BuildsAndMeasuresWhatItNames(t *testing.T) {
	report := measured(t, "compare", "--systems", "redis,raftredis", "--shapes", "set-50,get-50x16,get-50-beside-writers",
		"--rounds", "1", "--period", "100ms", "--keys", "100", "--port", ports(t, 20))
	expect(t, report, "go run ./bench compare --systems", "SET c=50", "GET c=50 P=16", "beside SET c=8",
		"linearizable, confirmed by a majority", "At rest")
}

// One at a time, and with redis-benchmark, the same is measured.
func TestCompare_OneAtATimeWithRedisBenchmark(t *testing.T) {
	blackbox.Tool(t, "redis-benchmark")
	binary := filepath.Join(t.TempDir(), "raftredis")
	if err := build(t.Context(), binary); err != nil {
		t.Fatal(err)
	}
	report := measured(t, "compare", "--systems", "redis,raftredis-one", "--shapes", "set-50", "--rounds", "2", "--period",
		"50ms", "--keys", "100", "--port", ports(t, 20), "--binary", binary, "--other-binary", binary, "--one-at-a-time",
		"--redis-benchmark")
	expect(t, report, "SET c=50", "raftredis-one", "At rest")
}

func TestLatency_BesideOthersWithOneDeadAndManyKeys(t *testing.T) {
	report := measured(t, "latency", "--rounds", "1", "--period", "200ms", "--keys", "100", "--few-keys", "10",
		"--many-keys", "1000", "--port", ports(t, 40))
	expect(t, report, "redis-replicas", "one of three nodes dead", "raftredis, 1000 keys", "p99.9 with 1000 keys",
		"p99 with one of three nodes dead, of that with all")
}

func TestFailover_IsMeasuredByKillingLeaders(t *testing.T) {
	report := measured(t, "failover", "--kills", "2", "--port", ports(t, 10))
	expect(t, report, "median of 2 kills", "elections for a new leader")
}

func TestScale_MeasuresAllItsParts(t *testing.T) {
	report := measured(t, "scale", "--rounds", "1", "--period", "100ms", "--keys", "10,1000", "--memory-keys", "10000",
		"--idle", "50", "--port", ports(t, 30))
	expect(t, report, "c=50 P=16", "raftredis-one", "values of 65536 bytes", "each follower",
		"50 connections that do nothing", "KiB for each of them")
}
