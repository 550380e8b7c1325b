package resp

import (
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

func TestRedisAndThisServerSayTheSameAboutGraphs(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	compare(t, redis, s, "LATENCY GRAPH nosuch\r\nLATENCY GRAPH\r\nLATENCY DOCTOR x\r\nLATENCY GRAPH a b\r\n")
}

// samplesAt makes an event of samples, one a second, the last of them at now.
func samplesAt(now time.Time, millis ...int64) latencyEvent {
	var e latencyEvent
	for i, m := range millis {
		e.samples = append(e.samples, latencySample{now.Unix() - int64(len(millis)-1-i), m})
		e.longest = max(e.longest, m)
	}
	return e
}

func TestAGraphHasAColumnForEachSample(t *testing.T) {
	now := time.Unix(1700000000, 0)
	e := samplesAt(now, 100, 200, 300, 400)
	e.samples[0].second -= 3600
	e.samples[1].second -= 100
	e.longest = 900
	want := "command - high 400 ms, low 100 ms (all time high 900 ms)\n" + strings.Repeat("-", 80) + "\n" +
		strings.Join([]string{"   |", "  :|", " .||", ".|||", "", "1110", "hmss", ""}, "\n")
	if got := e.graph("command", now); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	flat := samplesAt(now, 7, 7)
	if got := flat.graph("x", now); !strings.Contains(got, "\n||\n||\n||\n||\n") {
		t.Errorf("equal samples are drawn\n%s", got)
	}
	long := samplesAt(now, make([]int64, latencySamples)...)
	for _, row := range strings.Split(long.graph("x", now), "\n") {
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

func TestLatencyDoctorAdvises(t *testing.T) {
	_, clients := sharedClients(t, 1)
	c := clients[0]
	f := c.conn.server
	now := time.Unix(1700000000, 0)
	f.clock = func() time.Time { return now }
	if got := c.send("LATENCY DOCTOR\r\n"); !strings.Contains(got, "latency-monitor-threshold is 0") {
		t.Errorf("without monitoring: %q", got)
	}
	c.send("CONFIG SET latency-monitor-threshold 5 slowlog-log-slower-than 10000\r\n")
	if got := c.send("LATENCY DOCTOR\r\n"); !strings.Contains(got, "Nothing took as long as 5 ms") {
		t.Errorf("without events: %q", got)
	}
	f.latencies.events = map[string]*latencyEvent{}
	for name, e := range map[string]latencyEvent{
		"command": samplesAt(now, 10, 20, 30), "fast-command": samplesAt(now, 7), "fsync": samplesAt(now, 9),
	} {
		f.latencies.events[name] = &e
	}
	got := c.send("LATENCY DOCTOR\r\n")
	for _, part := range []string{
		"1. command: 3 times, on average 20 ms (give or take 6 ms), within 2 s. The longest ever took 30 ms.\n",
		"2. fast-command: 1 times", "3. fsync: 1 times", "CONFIG SET slowlog-log-slower-than 5000.", "SLOWLOG GET lists",
		"next to nothing", "The disk of this node took long",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in %q", part, got)
		}
	}
	c.send("CONFIG SET slowlog-log-slower-than -1\r\n")
	if got := c.send("LATENCY DOCTOR\r\n"); !strings.Contains(got, "The slow log is off") {
		t.Errorf("without a slow log: %q", got)
	}
	got = c.send("LATENCY GRAPH command\r\n")
	if !strings.Contains(got, "command - high 30 ms, low 10 ms (all time high 30 ms)") {
		t.Errorf("the graph is %q", got)
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
