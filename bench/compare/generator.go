package compare

import (
	"context"
	"encoding/csv"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// speed is what the generator says of a run: requests per second, and within which times half and 99 of 100 of the
// replies came, in milliseconds.
type speed struct{ Rate, P50Millis, P99Millis float64 }

// work has what redis-benchmark needs to know beside the shape.
type work struct {
	port, requests   int
	keys, valueBytes int
}

func (w *work) arguments(s Shape) []string {
	return []string{
		"-p", strconv.Itoa(w.port), "-n", strconv.Itoa(w.requests), "-c", strconv.Itoa(s.Clients),
		"-P", strconv.Itoa(s.Pipeline), "-r", strconv.Itoa(w.keys), "-d", strconv.Itoa(w.valueBytes),
		"-t", s.Command, "--csv",
	}
}

// generate has redis-benchmark send requests of a shape.
func generate(ctx context.Context, s Shape, w work) (speed, error) {
	args := w.arguments(s)
	output, err := exec.CommandContext(ctx, "redis-benchmark", args...).CombinedOutput()
	if err != nil {
		return speed{}, fmt.Errorf("redis-benchmark %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	measured, err := parse(string(output), strings.ToUpper(s.Command))
	if err != nil {
		return speed{}, fmt.Errorf("redis-benchmark %s: %w", strings.Join(args, " "), err)
	}
	return measured, nil
}

// writeBeside has clients send SETs until the end of ctx; wait returns when they have stopped.
func writeBeside(ctx context.Context, s Shape, w work) (wait func(), err error) {
	args := (&work{w.port, 1_000_000, w.keys, w.valueBytes}).arguments(Shape{"set", s.Writers, 1, 0})
	command := exec.CommandContext(ctx, "redis-benchmark", append(args, "-l")...)
	return func() { _ = command.Wait() }, command.Start() // it is killed
}

// complaint finds what redis-benchmark says of an error. It does not always end with one.
var complaint = regexp.MustCompile(`(?im)^.*\b(error|warning)\b.*$`)

// parse reads what redis-benchmark says with --csv: a line of headings, and one for the test.
func parse(output, title string) (s speed, err error) {
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
