package compare

import (
	"context"
	"encoding/csv"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/bench/work"
)

// order has what redis-benchmark needs to know beside the shape.
type order struct {
	port, requests   int
	keys, valueBytes int
}

func (w *order) arguments(s Shape) []string {
	return []string{
		"-p", strconv.Itoa(w.port), "-n", strconv.Itoa(w.requests), "-c", strconv.Itoa(s.Clients),
		"-P", strconv.Itoa(s.Pipeline), "-r", strconv.Itoa(w.keys), "-d", strconv.Itoa(w.valueBytes),
		"-t", s.Command, "--csv",
	}
}

// benchmark has redis-benchmark send requests of a shape.
func benchmark(ctx context.Context, s Shape, w order) (work.Speed, error) {
	args := w.arguments(s)
	output, err := exec.CommandContext(ctx, "redis-benchmark", args...).CombinedOutput()
	if err != nil {
		return work.Speed{}, fmt.Errorf("redis-benchmark %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	measured, err := parse(string(output), strings.ToUpper(s.Command))
	if err != nil {
		return work.Speed{}, fmt.Errorf("redis-benchmark %s: %w", strings.Join(args, " "), err)
	}
	measured.Requests = int64(w.requests)
	return measured, nil
}

// complaint finds what redis-benchmark says of an error. It does not always end with one.
var complaint = regexp.MustCompile(`(?im)^.*\b(error|warning)\b.*$`)

// parse reads what redis-benchmark says with --csv: a line of headings, and one for the test.
func parse(output, title string) (s work.Speed, err error) {
	if line := complaint.FindString(output); line != "" {
		return s, fmt.Errorf("it says %q", line)
	}
	rows, err := csv.NewReader(strings.NewReader(output)).ReadAll()
	if err != nil {
		return s, err
	}
	if len(rows) != 2 || rows[1][0] != title {
		return s, fmt.Errorf("there is no figure for %s in %q", title, output)
	}
	for name, into := range map[string]*float64{
		"rps": &s.Rate, "p50_latency_ms": &s.P50Millis, "p99_latency_ms": &s.P99Millis,
	} {
		for i, heading := range rows[0] {
			if heading == name {
				*into, _ = strconv.ParseFloat(rows[1][i], 64) // what is no number is none
			}
		}
		if *into <= 0 {
			return s, fmt.Errorf("there is no %s for %s in %q", name, title, output)
		}
	}
	return s, nil
}
