// Bench prints the tables of docs/benchmarks.md. Without a word it measures three nodes beside a redis-server that
// syncs its log at each write, by all tests of redis-benchmark.
//
//	go run ./bench --help
//	go run ./bench compare --help     throughput and costs beside other systems
//	go run ./bench latency --help     latency at half of the maximum, beside others, with a node dead, with many keys
//	go run ./bench scale --help       costs as keys, values, nodes and connections grow
//	go run ./bench failover --help    what clients wait when leaders are killed
//	go run ./bench library --help     libraries of Raft, without a client between
//	go run ./bench layers             small benchmarks, layer by layer
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/bench/sidebyside"
)

// commands are the words behind go run ./bench. Each writes its report to out.
var commands = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"compare":  runCompare,
	"failover": runFailover,
	"latency":  runLatency,
	"layers":   runLayers,
	"library":  runLibrary,
	"scale":    runScale,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	do, args := run, os.Args[1:]
	if len(args) > 0 {
		if named := commands[args[0]]; named != nil {
			do, args = named, args[1:]
		}
	}
	err := do(ctx, args, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 7, "how often everything is measured")
	requests := flags.Int("requests", 10_000, "requests of each test, one at a time")
	pipelined := flags.Int("pipelined-requests", 50_000, "requests of each test in pipelines of 16")
	port := flags.Int("port", 7501, "first of four free ports; those 10,000 above must be free, too")
	parent := flags.String("dir", "", "a directory of the `disk` to use (default: the system's temporary one)")
	binary := flags.String("binary", "", "the `raftredis` to measure (default: built from this tree)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *requests < 1 || *pipelined < 1 || flags.NArg() > 0 {
		return errors.New("rounds and requests are at least 1, and there are flags only: go run ./bench --help")
	}
	directory, err := os.MkdirTemp(*parent, "raftredis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	if *binary == "" {
		*binary = filepath.Join(directory, "raftredis")
		if err := build(ctx, *binary); err != nil {
			return err
		}
	}
	before := load()
	began := time.Now()
	figures, err := sidebyside.Run(ctx, sidebyside.Options{
		Binary: *binary, Directory: directory, Port: *port, Rounds: *rounds, Progress: os.Stderr,
		Depths: []sidebyside.Depth{{Pipeline: 1, Requests: *requests}, {Pipeline: 16, Requests: *pipelined}},
	})
	if err != nil {
		return err
	}
	heading(out, args, began, before, fmt.Sprintf("%d rounds", *rounds))
	for i := range figures {
		fmt.Fprintf(out, "\n`-P %d`:\n\n%s", figures[i].Depth.Pipeline, figures[i].Markdown())
	}
	return nil
}

// heading says what was measured when, on what, how, and with which load of the machine before it began.
func heading(out io.Writer, args []string, began time.Time, before, what string) {
	fmt.Fprintf(out, "%s, %s, commit %s, %s, load %s to %s, %s in %v:\n\n    go run ./bench%s\n",
		began.UTC().Format(time.DateOnly), machine(), commit(), said("redis-server", "--version"), before, load(), what,
		time.Since(began).Round(time.Second), strings.TrimRight(" "+strings.Join(args, " "), " "))
}

func build(ctx context.Context, path string) error {
	output, err := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/raftredis").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build, which wants the root of the module: %w\n%s", err, output)
	}
	return nil
}

// said is the first line of what a program says, with what it says only for its build cut off.
func said(program string, args ...string) string {
	output, err := exec.Command(program, args...).Output()
	if err != nil {
		return program + " unknown"
	}
	line, _, _ := strings.Cut(string(output), "\n")
	line, _, _ = strings.Cut(line, " sha=")
	return line
}

// commit is that of the tree, with a plus sign if files were changed since.
func commit() string {
	name := said("git", "rev-parse", "--short", "HEAD")
	if exec.Command("git", "diff", "--quiet", "HEAD").Run() != nil {
		name += "+"
	}
	return name
}

var processor = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)

// machine is what is known of it.
func machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if found := processor.FindSubmatch(text); found != nil {
			model = string(found[1])
		}
	}
	return fmt.Sprintf("%d × %s", runtime.NumCPU(), model)
}

// load is how many processes want a processor, as a mean of the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
