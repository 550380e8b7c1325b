package sidebyside

import (
	"strings"
	"testing"
)

const said = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms"
"SET","60679.61","0.432","0.112","0.407"
"LRANGE_100 (first 100 elements)","20040.08","1.3","0.4","1.2"
`

func TestFiguresAreReadOrMissed(t *testing.T) {
	const lrange = "LRANGE_100 (first 100 elements)"
	rates, err := ParseRates(said, []string{"SET", lrange})
	if err != nil || rates["SET"] != 60679.61 || rates[lrange] != 20040.08 {
		t.Errorf("%v, %v", rates, err)
	}
	for want, c := range map[string]struct {
		output string
		titles []string
	}{
		"no figure for GET":         {said, []string{"SET", "GET"}},
		"2 figures, want 1":         {said, []string{"SET"}},
		"Error from server: ERR":    {said + "Error from server: ERR unknown command\n", []string{"SET", lrange}},
		"WARNING: Could not fetch":  {"WARNING: Could not fetch server CONFIG\n" + said, []string{"SET", lrange}},
		"there is no figure for LR": {strings.ReplaceAll(said, "20040.08", "0.00"), []string{"SET", lrange}},
	} {
		if _, err := ParseRates(c.output, c.titles); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

func TestRatiosAreThoseOfEachRound(t *testing.T) {
	f := Figures{samples: map[string]map[place][]sample{}}
	for _, title := range Titles() {
		for _, all := range [][3]float64{{100, 50, 40}, {1000, 900, 300}, {10, 9, 5}} {
			for i, p := range places {
				f.add(title, p, sample{all[i], all[i] / 2})
			}
		}
	}
	table := f.Markdown()
	if rows := strings.Count(table, "\n| "); rows != len(Titles()) {
		t.Errorf("%d rows, want %d:\n%s", rows, len(Titles()), table)
	}
	// The leader has 0.5, 0.9 and 0.9 of the rate, round by round; the medians of the rates have 0.5.
	if want := "| SET | 100 | 50 | 0.90 | 40 | 0.40 | 50.0 | 25.0 | 20.0 |\n"; !strings.Contains(table, want) {
		t.Errorf("there is no row %q in\n%s", want, table)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("the median of 1 to 4 is %v", got)
	}
}
