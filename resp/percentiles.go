package resp

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/setting"
)

// defaultPercentiles are those that INFO latencystats tells of each command, Redis's.
const defaultPercentiles = "50 99 99.9"

// maxPercentiles bounds how many can be asked for.
const maxPercentiles = 32

// Why percentiles are refused; all but the last are Redis's texts.
const (
	noPercentile      = "Invalid latency-tracking-info-percentiles parameters"
	percentileRange   = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
	tooManyPercentile = "there can be 32 percentiles at most"
)

// Percentiles is latency-tracking-info-percentiles.
type Percentiles struct{ list atomic.Pointer[[]string] }

// String is the percentiles as CONFIG GET shows them.
func (p *Percentiles) String() string { return strings.Join(*p.list.Load(), " ") }

// Words are the percentiles as arguments of a line in a file.
func (p *Percentiles) Words() []string { return *p.list.Load() }

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
		case len(list) == maxPercentiles:
			return nil, tooManyPercentile
		}
		shown := strconv.FormatFloat(percent, 'f', 6, 64)
		list = append(list, strings.TrimSuffix(strings.TrimRight(shown, "0"), "."))
	}
	return list, ""
}

func infoLatencyStats(b *strings.Builder, s *Server) {
	list := *s.tuning.Percentiles.list.Load()
	s.measures.everyCommand(func(spec *command.Spec, all *commandTotal) {
		if !all.tracked {
			return
		}
		fmt.Fprintf(b, "latency_percentiles_usec_%s:", spec.Name)
		for i, percent := range list {
			if i > 0 {
				b.WriteByte(',')
			}
			number, _ := strconv.ParseFloat(percent, 64) // it was made by parsePercentiles
			share := math.Round(number*1e6) / 1e8        // the number nearest to the decimal one
			fmt.Fprintf(b, "p%s=%d.000", percent, all.histogram.percentile(share))
		}
		b.WriteString("\r\n")
	})
}
