package latency

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/work"
)

// The ratios are those of rounds, and each bound has its own percentile.
func TestLatenciesAreComparedWithTheirAims(t *testing.T) {
	var r Result
	add := func(command, situation string, all ...work.Speed) {
		r.of(command, situation).samples = append(r.of(command, situation).samples, all...)
	}
	r.of("set", "redis").maxima = []float64{1000, 3000, 2000}
	add("set", allAlive, work.Speed{P99Millis: 1, P999Millis: 9}, work.Speed{P99Millis: 10, P999Millis: 9})
	add("set", oneDead, work.Speed{P99Millis: 2, P999Millis: 90}, work.Speed{P99Millis: 20, P999Millis: 90})
	add("get", keysName(10), work.Speed{P99Millis: 1, P999Millis: 2})
	add("get", keysName(500), work.Speed{P99Millis: 1, P999Millis: 3.1})
	if half := r.of("set", "redis").half(); half != 1000 {
		t.Errorf("half of the maximum is %v", half)
	}
	var b strings.Builder
	if err := figures.WriteAll(&b, true, r.Tables(10, 500)...); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| SET | redis | 2000 |",
		"| p99 with one of three nodes dead, of that with all | SET | ≤ 2.00 | 2.00 [2.00-2.00] | yes |",
		"| p99.9 with 500 keys, of that with 10 | GET | ≤ 1.50 | 1.55 [1.55-1.55] | no |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
}
