// Package layers runs the small benchmarks of each part that a SET and a GET go through, and makes one table of them.
package layers

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// layer is a benchmark, and what one of its operations is.
type layer struct{ name, pkg, benchmark, what string }

// layers are in the order in which a SET meets them, and then a GET.
func layers() []layer {
	const (
		wire, front, core  = "./resp/wire", "./resp", "./consensus/raft"
		transport, journal = "./consensus/internal/transport", "./wal/journal"
		engine, machine    = "./consensus/internal/engine", "./fsm"
	)
	return []layer{
		{"parse", wire, "BenchmarkReaderSet64Bytes/pipeline=1", "a SET of 64 bytes, alone"},
		{"parse", wire, "BenchmarkReaderSet64Bytes/pipeline=16", "a SET of 64 bytes, of 16"},
		{"connection", front, "BenchmarkConn/set64/pipeline=1", "parse, look up, make the body, reply: a SET alone"},
		{"connection", front, "BenchmarkConn/set64/pipeline=16", "the same, of 16"},
		{"core", core, "BenchmarkLeaderTurnOf1Entry", "a leader's turn with one entry: propose, send, two replies, commit"},
		{"core", core, "BenchmarkLeaderTurnOf32Entries", "the same with 32 entries"},
		{"core", core, "BenchmarkFollowerTurnOf1Entry", "a follower's turn with one entry: take, append, acknowledge"},
		{"core", core, "BenchmarkFollowerTurnOf32Entries", "the same with 32 entries"},
		{"frames", transport, "BenchmarkEncodeAppendOf1Entry", "encode a message with one entry"},
		{"frames", transport, "BenchmarkEncodeAppendOf32Entries", "encode 32 entries"},
		{"frames", transport, "BenchmarkDecodeAppendOf1Entry", "check and decode a message with one entry"},
		{"frames", transport, "BenchmarkDecodeAppendOf32Entries", "check and decode 32 entries"},
		{"sockets", transport, "BenchmarkOneHeartbeatAtATime", "a message over loopback, with both goroutines"},
		{"journal", journal, "BenchmarkAppendSmallInMemory", "a group of one SET, without the disk"},
		{"journal", journal, "BenchmarkAppend4KiB", "a group of a page: one write, one fdatasync"},
		{"applier", engine, "BenchmarkApplier/note_every_2147483647", "what an entry costs around the machine"},
		{"keys", machine, "BenchmarkApplyAtOrigin/1", "apply an entry with one SET, a million keys"},
		{"keys", machine, "BenchmarkApplyAtOrigin/16", "apply an entry with 16 SETs"},
		{"connection", front, "BenchmarkConn/get/pipeline=1", "parse, look up, reply: a GET alone"},
		{"connection", front, "BenchmarkConn/get/pipeline=16", "the same, of 16"},
		{"connection", front, "BenchmarkServer/get/pipeline=1", "a GET over loopback, with client and goroutine"},
		{"keys", machine, "BenchmarkQueryGet", "a GET, a million keys"},
	}
}

// figure is what a benchmark says of an operation.
type figure struct{ Nanos, Bytes, Allocations float64 }

// Run runs the benchmarks, some times each, in the root of the module, and writes a table of the medians in Markdown.
func Run(ctx context.Context, count int, progress, out io.Writer) error {
	measured := map[string][]figure{}
	for _, pkg := range packages() {
		fmt.Fprintln(progress, pkg)
		args := []string{
			"test", pkg, "-run", "^$", "-bench", pattern(pkg), "-benchmem", "-count", strconv.Itoa(count), "-cpu", "1",
		}
		output, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, output)
		}
		parse(string(output), func(name string, f figure) { measured[pkg+name] = append(measured[pkg+name], f) })
	}
	return write(out, measured)
}

func packages() (all []string) {
	for _, l := range layers() {
		if !slices.Contains(all, l.pkg) {
			all = append(all, l.pkg)
		}
	}
	return all
}

// pattern is an expression for the benchmarks of a package, without what follows a slash: all of its parts run.
func pattern(pkg string) string {
	var names []string
	for _, l := range layers() {
		name, _, _ := strings.Cut(l.benchmark, "/")
		if l.pkg == pkg && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

var line = regexp.MustCompile(`(?m)^(Benchmark\S+?)\s+\d+\s+([0-9.]+) ns/op(.*)$`)

// parse reads what go test says of benchmarks. With -cpu 1 it adds no number to their names.
func parse(output string, each func(name string, f figure)) {
	for _, found := range line.FindAllStringSubmatch(output, -1) {
		f := figure{Nanos: number(found[2])}
		words := strings.Fields(found[3])
		for i := 1; i < len(words); i++ {
			switch words[i] {
			case "B/op":
				f.Bytes = number(words[i-1])
			case "allocs/op":
				f.Allocations = number(words[i-1])
			}
		}
		each(found[1], f)
	}
}

func number(digits string) float64 {
	n, _ := strconv.ParseFloat(digits, 64) // go test wrote it
	return n
}

// write writes the table. A benchmark that said nothing has another name by now.
func write(out io.Writer, measured map[string][]figure) error {
	var b strings.Builder
	b.WriteString("| layer | an operation | ns | bytes | allocations |\n|---|---|---|---|---|\n")
	for _, l := range layers() {
		all := measured[l.pkg+l.benchmark]
		if len(all) == 0 {
			return fmt.Errorf("%s has no %s", l.pkg, l.benchmark)
		}
		fmt.Fprintf(&b, "| %s | %s | %.0f | %.0f | %.0f |\n", l.name, l.what,
			median(all, func(f figure) float64 { return f.Nanos }),
			median(all, func(f figure) float64 { return f.Bytes }),
			median(all, func(f figure) float64 { return f.Allocations }))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// median is the one in the middle; of an even number, the lower of the two.
func median(all []figure, of func(figure) float64) float64 {
	var values []float64
	for _, f := range all {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
