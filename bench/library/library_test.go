package library

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/system"
)

// One proposer, many and reads have bounds of their own, and reads are compared with those of hashicorp alone.
func TestLibrariesAreComparedWithTheBest(t *testing.T) {
	one, many, read := question{16, 1}, question{16, 50}, question{0, 50}
	r := &Result{questions: []question{one, many, read}, libraries: Names, samples: map[string]map[question][]sample{}}
	for name, rates := range map[string][3]float64{
		system.Library: {110, 149, 90}, system.LibraryLoop: {120, 150, 89},
		dragonboat: {50, 100, 1000}, etcdraft: {100, 60, 1000}, hashicorp: {90, 70, 90},
	} {
		r.samples[name] = map[question][]sample{}
		for i, q := range r.questions {
			r.samples[name][q] = []sample{{rate: rates[i], micros: 7}, {rate: rates[i] / 10, micros: 7}}
		}
	}
	var b strings.Builder
	if err := figures.WriteAll(&b, true, r.Tables()...); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| propose 16 bytes, 1 proposers | library | etcdraft | ≥ 1.10 | 1.10 [1.10-1.10] | yes |",
		"| propose 16 bytes, 50 proposers | library | dragonboat | ≥ 1.50 | 1.49 [1.49-1.49] | no |",
		"| propose 16 bytes, 50 proposers | library-loop | dragonboat | ≥ 1.50 | 1.50 [1.50-1.50] | yes |",
		"| read, 50 readers | library | hashicorp | ≥ 1.00 | 1.00 [1.00-1.00] | yes |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
}
