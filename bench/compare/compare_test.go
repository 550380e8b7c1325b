package compare

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/bench/process"
	"github.com/raftredis/raftredis/bench/system"
	"github.com/raftredis/raftredis/bench/work"
)

const headings = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms"` +
	`,"max_latency_ms"` + "\n"

func TestSpeedIsReadOrMissed(t *testing.T) {
	const row = `"SET","60679.61","0.432","0.112","0.407","0.9","1.207","5.0"` + "\n"
	want := work.Speed{Rate: 60679.61, P50Millis: 0.407, P99Millis: 1.207}
	if s, err := parse(headings+row, "SET"); err != nil || s != want {
		t.Errorf("%v, %v", s, err)
	}
	for want, output := range map[string]string{
		"no figure for SET":        headings,
		"no figure for SET in \"":  headings + strings.ReplaceAll(row, "SET", "GET"),
		"Error from server: ERR":   headings + row + "Error from server: ERR unknown command\n",
		"WARNING: Could not fetch": "WARNING: Could not fetch server CONFIG\n" + headings + row,
		"no rps":                   headings + strings.ReplaceAll(row, "60679.61", "0.00"),
		"no p50_latency_ms":        strings.ReplaceAll(headings, "p50", "p51") + row,
		"no p99_latency_ms":        headings + strings.ReplaceAll(row, "1.207", "nan?"),
	} {
		if _, err := parse(output, "SET"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

// shape is that of a name.
func shape(t *testing.T, name string) Shape {
	all, err := named(Shapes(), []string{name}, Shape.Name)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return all[0]
}

// measured is a result of two rounds and a half: the machine was ten times as slow in the second round.
func measured(t *testing.T) *Result {
	r := &Result{Shapes: Shapes()}
	for name, rates := range map[string][3]float64{
		system.Redis: {1000, 100, 1000}, system.RedisReplicas: {800, 80, 700}, system.Raftredis: {720, 76, 600},
		system.Floor: {900, 90, 900}, "etcdraft": {300, 40, 300}, "hashicorp": {360, 36, 400}, system.One: {990, 101, 1100},
	} {
		r.Systems = append(r.Systems, System{Name: name, Guarantee: "of " + name, Nodes: 2, Idle: 0.009})
		for _, each := range rates {
			s := Sample{Speed: work.Speed{Rate: each, P50Millis: 1, P99Millis: 2, P999Millis: 3}}
			s.Leader, s.Follower = Cost{10, 20, each / 100}, Cost{1, 2, each / 1000}
			r.add(name, shape(t, "set-1"), s)
		}
	}
	return r
}

func TestRatiosAreThoseOfRounds(t *testing.T) {
	r, set := measured(t), shape(t, "set-1")
	// Round by round 0.90, 0.95, 0.86: the medians of the rates have 0.86.
	if s, found := r.ratio(system.Raftredis, system.RedisReplicas, set, set); !found || s.Median != 0.9 || s.Max != 0.95 {
		t.Errorf("%v", s)
	}
	if best := r.best(set, "etcdraft", "hashicorp", "dragonboat"); best != "hashicorp" {
		t.Errorf("the best peer is %q", best)
	}
	if s, found := r.ratio(system.Raftredis, "dragonboat", set, set); found {
		t.Errorf("what was not measured has a ratio: %v", s)
	}
}

// At the edge an aim is reached; below it is not; what was not measured has no row.
func TestAimsAreReachedOrNot(t *testing.T) {
	var rows []string
	for _, row := range measured(t).aimed().Rows {
		rows = append(rows, strings.Join(row, "|"))
	}
	want := []string{
		"SET|raftredis|SET c=1|redis-replicas|≥ 0.90|0.90 [0.86-0.95]|yes",
		"SET|raftredis|SET c=1|floor|≥ 0.85|0.80 [0.67-0.84]|no",
		"SET|raftredis|SET c=1|best peer: hashicorp|≥ 1.50|2.00 [1.50-2.11]|yes",
		"switches of the leader|raftredis|SET c=1||≤ 4.00|6.00 [0.76-7.20]|no",
		"switches of a follower|raftredis|SET c=1||≤ 3.00|0.60 [0.08-0.72]|yes",
		"SET of one node|raftredis-one|SET c=1|redis|≥ 1.00|1.01 [0.99-1.10]|yes",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

// GETs beside writers are compared with GETs of the same rounds without them.
func TestReadsBesideWritersAreComparedWithThemselves(t *testing.T) {
	r := &Result{Shapes: Shapes()}
	for _, pair := range [][2]float64{{100, 80}, {10, 9}, {100, 70}} {
		r.add(system.Raftredis, shape(t, "get-50"), Sample{Speed: work.Speed{Rate: pair[0]}})
		r.add(system.Raftredis, shape(t, "get-50-beside-writers"), Sample{Speed: work.Speed{Rate: pair[1]}})
	}
	rows := r.aimed().Rows
	if len(rows) != 1 || rows[0][5] != "0.80 [0.70-0.90]" || rows[0][6] != "yes" {
		t.Errorf("%q", rows)
	}
}

func TestReportsHaveAllThatWasMeasured(t *testing.T) {
	for _, markdown := range []bool{false, true} {
		var b strings.Builder
		if err := measured(t).Write(&b, markdown); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"of redis-replicas", "600 [76-720]", "0.72 / 1.00", "1.00 / 2.00 / 3.00", "10.0 + 20.0", "4.5",
			"best peer: hashicorp",
		} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("there is no %q in\n%s", want, b.String())
			}
		}
		if strings.Contains(b.String(), "GET c=1 ") {
			t.Errorf("what was not measured has a row:\n%s", b.String())
		}
	}
}

func TestCostsAreThoseOfARequest(t *testing.T) {
	u := process.Use{User: 3 * time.Second, System: 1500 * time.Millisecond, Switches: 60_000}
	c := costOf(u, 30_000)
	if want := (Cost{100, 50, 2}); c != want || c.plus(c) != (Cost{200, 100, 4}) || c.divided(2) != (Cost{50, 25, 1}) {
		t.Errorf("%v, want %v", c, want)
	}
}

// A guess that was too low, because the first requests were slow, is mended and what it measured does not count.
func TestMeasurementsLastLongEnough(t *testing.T) {
	for _, c := range []struct {
		sent   int
		rate   float64
		want   int
		enough bool
	}{
		{20, 20_000, 40_000, false}, {9_999, 20_000, 40_000, false}, {10_000, 20_000, 40_000, true},
		{40_000, 20_000, 40_000, true}, {40_000, 1_000, 2_000, true}, {20, 1, 20, true},
	} {
		got, enough := lasting(c.sent, c.rate, 2*time.Second, 1)
		if got != c.want || enough != c.enough {
			t.Errorf("%+v: %d, %v", c, got, enough)
		}
	}
}

func TestSystemsAreChosen(t *testing.T) {
	flags, build := system.Programs{OtherFlags: []string{"--a"}}, system.Programs{Other: "/b"}
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{}, "redis redis-replicas raftredis raftredis-one etcdraft hashicorp dragonboat floor"},
		{Options{Systems: []string{"floor", system.Redis}}, "redis floor"},
		{Options{Systems: []string{system.Redis, "etcdraft-prepared"}}, "redis etcdraft-prepared"},
		{Options{Systems: []string{system.Redis}, Programs: flags}, "redis raftredis-flags"},
		{Options{Systems: []string{system.Redis}, Programs: build}, "redis raftredis-flags"},
	} {
		all, shapes, err := c.options.chosen()
		var names []string
		for i := range all {
			names = append(names, all[i].Name)
		}
		if got := strings.Join(names, " "); err != nil || got != c.want || len(shapes) != len(Shapes()) {
			t.Errorf("%+v: %s, %v, want %s", c.options, got, err, c.want)
		}
	}
	for want, o := range map[string]Options{
		`no "redsi"`:  {Systems: []string{"redsi"}},
		`no "set-51"`: {Shapes: []string{"set-51"}},
	} {
		if _, _, err := o.chosen(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
