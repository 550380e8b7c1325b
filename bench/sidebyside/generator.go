package sidebyside

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// randomKeys is from how many keys and elements redis-benchmark draws. By default it has one key, and one element of a
// set.
const randomKeys = 100_000

// generate has redis-benchmark do a test with a server, and returns the requests per second. It ends at the first error
// reply.
func generate(ctx context.Context, port int, t test, d Depth) (rate float64, err error) {
	args := []string{
		"-p", strconv.Itoa(port), "-n", strconv.Itoa(d.Requests), "-P", strconv.Itoa(d.Pipeline),
		"-r", strconv.Itoa(randomKeys), "--csv",
	}
	title := t.title
	switch {
	case t.isCommand():
		args, title = append(args, strings.Fields(t.name)...), t.name
	case title == neededTitle:
		args, title = append(args, "-t", t.name), "LPUSH"
	default:
		args = append(args, "-t", t.name)
	}
	output, err := exec.CommandContext(ctx, "redis-benchmark", args...).CombinedOutput()
	rates := map[string]float64{}
	if err == nil {
		rates, err = ParseRates(string(output), []string{title})
	}
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return rates[title], nil
}

// complaint finds what redis-benchmark says of an error. It does not always end with one.
var complaint = regexp.MustCompile(`(?im)^.*\b(error|warning)\b.*$`)

// ParseRates reads what redis-benchmark says with --csv: a line of headings, and a line for each test, which has its
// title and the requests per second:
//
//	"SET","60679.61","0.432",…
//
// It is an error if a figure is missing, or if there is one for something else.
func ParseRates(output string, titles []string) (rates map[string]float64, err error) {
	if line := complaint.FindString(output); line != "" {
		return nil, fmt.Errorf("it says %q", line)
	}
	rates = map[string]float64{}
	for line := range strings.Lines(output) {
		fields := strings.Split(strings.Trim(strings.TrimSpace(line), `"`), `","`)
		if len(fields) < 2 {
			continue
		}
		if rate, err := strconv.ParseFloat(fields[1], 64); err == nil {
			rates[fields[0]] = rate
		}
	}
	for _, title := range titles {
		if rates[title] <= 0 {
			return nil, fmt.Errorf("there is no figure for %s", title)
		}
	}
	if len(rates) > len(titles) {
		return nil, fmt.Errorf("there are %d figures, want %d", len(rates), len(titles))
	}
	return rates, nil
}
