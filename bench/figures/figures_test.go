package figures

import (
	"slices"
	"strings"
	"testing"
)

func TestMediansAndSpreads(t *testing.T) {
	for _, c := range []struct {
		all  []float64
		want Spread
	}{
		{[]float64{7}, Spread{7, 7, 7}},
		{[]float64{4, 1}, Spread{1, 2.5, 4}},
		{[]float64{9, 1, 4}, Spread{1, 4, 9}},
		{[]float64{4, 1, 3, 2}, Spread{1, 2.5, 4}},
	} {
		given := slices.Clone(c.all)
		if s, found := SpreadOf(c.all); !found || s != c.want || !slices.Equal(given, c.all) {
			t.Errorf("%v: %v, want %v", c.all, s, c.want)
		}
	}
	if s, found := SpreadOf(nil); found {
		t.Errorf("nothing has a spread: %v", s)
	}
}

// The rounds of a slow minute are compared with each other, and one without a partner does not count.
func TestRatiosAreThoseOfRounds(t *testing.T) {
	if s, found := RatioOf([]float64{90, 9, 80, 1}, []float64{100, 10, 100}); !found || s != (Spread{0.8, 0.9, 0.9}) {
		t.Errorf("%v", s)
	}
	if s, found := RatioOf(nil, []float64{1}); found {
		t.Errorf("what was not measured has a ratio: %v", s)
	}
}

func TestAimsAreReachedAtTheirBound(t *testing.T) {
	for _, c := range []struct {
		aim    Aim
		figure float64
		want   string
	}{
		{Aim{Bound: 1.5}, 1.49, "no"}, {Aim{Bound: 1.5}, 1.5, "yes"}, {Aim{Bound: 1.5}, 1.51, "yes"},
		{Aim{Bound: 2, AtMost: true}, 1.99, "yes"}, {Aim{Bound: 2, AtMost: true}, 2, "yes"},
		{Aim{Bound: 2, AtMost: true}, 2.01, "no"},
	} {
		if got := c.aim.Verdict(c.figure); got != c.want {
			t.Errorf("%+v of %v: %s", c.aim, c.figure, got)
		}
	}
	row := strings.Join(Aim{Bound: 2, AtMost: true}.Row(Spread{1, 1.5, 3}, 2, "p99", "SET"), "|")
	if want := "p99|SET|≤ 2.00|1.50 [1.00-3.00]|yes"; row != want {
		t.Errorf("%s, want %s", row, want)
	}
}

func TestTablesAreTextOrMarkdown(t *testing.T) {
	full := Table{Title: "Two", Head: []string{"a", "b"}}
	full.Add("1", "22")
	empty := Table{Title: "None", Head: []string{"a"}}
	for markdown, want := range map[bool]string{
		false: "\nTwo\n\n  a  b\n  1  22\n",
		true:  "\nTwo:\n\n| a | b |\n|---|---|\n| 1 | 22 |\n",
	} {
		var b strings.Builder
		if err := WriteAll(&b, markdown, empty, full); err != nil || b.String() != want {
			t.Errorf("%q, %v, want %q", b.String(), err, want)
		}
	}
}
