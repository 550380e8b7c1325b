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
	for name, millis := range map[string][]int64{"command": {10, 20, 30}, "fast-command": {7}, "fsync": {9}} {
		for i, m := range millis {
			at := now.Add(time.Duration(i-len(millis)+1) * time.Second)
			f.latencies.Note(name, at, time.Duration(m)*time.Millisecond)
		}
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
