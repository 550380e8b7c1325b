package stats

import (
	"strings"
	"testing"
	"time"
)

func TestLatencySamplesAreBounded(t *testing.T) {
	var l Latencies
	for i := range 1000 {
		l.Note("command", time.Unix(int64(i), 0), time.Second)
	}
	samples := l.Events()["command"].Samples
	if len(samples) != maxSamples || samples[0].Second != 1000-maxSamples {
		t.Errorf("%d samples from %v on", len(samples), samples[0])
	}
}

// samplesAt makes an event of samples, one a second, the last of them at now.
func samplesAt(now time.Time, millis ...int64) Event {
	var e Event
	for i, m := range millis {
		e.Samples = append(e.Samples, Sample{now.Unix() - int64(len(millis)-1-i), m})
		e.Longest = max(e.Longest, m)
	}
	return e
}

func TestAGraphHasAColumnForEachSample(t *testing.T) {
	now := time.Unix(1700000000, 0)
	e := samplesAt(now, 100, 200, 300, 400)
	e.Samples[0].Second -= 3600
	e.Samples[1].Second -= 100
	e.Longest = 900
	want := "command - high 400 ms, low 100 ms (all time high 900 ms)\n" + strings.Repeat("-", 80) + "\n" +
		strings.Join([]string{"   |", "  :|", " .||", ".|||", "", "1110", "hmss", ""}, "\n")
	if got := e.Graph("command", now); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	flat := samplesAt(now, 7, 7)
	if got := flat.Graph("x", now); !strings.Contains(got, "\n||\n||\n||\n||\n") {
		t.Errorf("equal samples are drawn\n%s", got)
	}
	long := samplesAt(now, make([]int64, maxSamples)...)
	for _, row := range strings.Split(long.Graph("x", now), "\n") {
		if len(row) > graphColumns {
			t.Errorf("a row of %d columns", len(row))
		}
	}
}

func TestAColumnIsAsHighAsItsValue(t *testing.T) {
	height := func(bar string) (marks int) {
		for _, cell := range bar {
			marks += 1 + strings.IndexRune(graphTops, cell)
		}
		return marks
	}
	last := 0
	for value := range int64(101) {
		bar := column(value, 100)
		if now := height(bar); len(bar) != graphRows || now < last || now > last+1 {
			t.Fatalf("%d is %q, %d high behind %d", value, bar, now, last)
		}
		last = height(bar)
	}
	if column(0, 100) != "   ." || column(100, 100) != "||||" {
		t.Errorf("0 is %q, 100 is %q", column(0, 100), column(100, 100))
	}
}

// Whatever can be late is an event about which there is something to say.
func TestThereIsAdviceForEveryEvent(t *testing.T) {
	for _, event := range []string{"command", "fast-command", "fsync", "commit", "apply", "read-index"} {
		if len(advice[event]) == 0 {
			t.Errorf("no advice for %s", event)
		}
	}
}
