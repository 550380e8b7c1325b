package stats

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/raftredis/raftredis/internal/metrics"
	"github.com/raftredis/raftredis/internal/setting"
)

// defaultPercentiles are those that INFO latencystats tells of each command, Redis's.
const defaultPercentiles = "50 99 99.9"

// MaxPercentiles bounds how many can be asked for.
const MaxPercentiles = 32

// Why percentiles are refused; all but the last are Redis's texts.
const (
	noPercentile      = "Invalid latency-tracking-info-percentiles parameters"
	percentileRange   = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
	tooManyPercentile = "there can be 32 percentiles at most"
)

// Percentiles is latency-tracking-info-percentiles. The zero value has the defaults.
type Percentiles struct{ list atomic.Pointer[[]string] }

// String is the percentiles as CONFIG GET shows them.
func (p *Percentiles) String() string { return strings.Join(p.Words(), " ") }

// Words are the percentiles as arguments of a line in a file.
func (p *Percentiles) Words() []string {
	if list := p.list.Load(); list != nil {
		return *list
	}
	return strings.Fields(defaultPercentiles)
}

// Of writes the percentiles of some times, in microseconds, as INFO has them.
func (p *Percentiles) Of(times *metrics.Times) string {
	var text strings.Builder
	for i, percent := range p.Words() {
		if i > 0 {
			text.WriteByte(',')
		}
		number, _ := strconv.ParseFloat(percent, 64) // it was made by parsePercentiles
		fraction := math.Round(number*1e6) / 1e8     // the number nearest to the decimal one
		fmt.Fprintf(&text, "p%s=%d.000", percent, times.Percentile(fraction))
	}
	return text.String()
}

// Parse reads percentiles between blanks; none at all is a list too.
func (p *Percentiles) Parse(text string) (apply func(), refusal *setting.Refusal) {
	list, failure := parsePercentiles(text)
	if failure != "" {
		const wanted = "at most 32 numbers from 0 to 100"
		return nil, &setting.Refusal{Found: strconv.Quote(text), Wanted: wanted, Redis: failure}
	}
	return func() { p.list.Store(&list) }, nil
}

// parsePercentiles reads numbers from 0 to 100 as Redis prints them again: without zeros behind the point that tell
// nothing, and with six digits at most. No number at all is a list too.
func parsePercentiles(text string) (list []string, failure string) {
	for _, word := range strings.Fields(text) {
		percent, err := strconv.ParseFloat(word, 64)
		switch {
		case err != nil:
			return nil, noPercentile
		case !(percent >= 0 && percent <= 100): // what is not a number neither
			return nil, percentileRange
		case len(list) == MaxPercentiles:
			return nil, tooManyPercentile
		}
		shown := strconv.FormatFloat(percent, 'f', 6, 64)
		list = append(list, strings.TrimSuffix(strings.TrimRight(shown, "0"), "."))
	}
	return list, ""
}
