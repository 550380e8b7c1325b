package resp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

// timedClients share a clock that stands still, and a store that keeps runs until the test ends them.
func timedClients(t *testing.T, n int) (*fakeStore, []*client, *time.Time) {
	store, clients := sharedClients(t, n)
	now := time.Unix(1700000000, 0)
	clients[0].conn.server.clock = func() time.Time { return now }
	store.finish = store.park
	return store, clients, &now
}

func TestRedisAndThisServerSayTheSameAboutSlowCommands(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for _, input := range []string{
		"SLOWLOG GET\r\nSLOWLOG LEN\r\nSLOWLOG RESET\r\nSLOWLOG GET x\r\n",
		"SLOWLOG GET -2\r\nSLOWLOG GET -1\r\nSLOWLOG GET 1 2\r\n",
		"SLOWLOG\r\nSLOWLOG NOSUCH\r\nSLOWLOG LEN x\r\n",
		"LATENCY LATEST\r\nLATENCY HISTORY command\r\nLATENCY HISTORY\r\n",
		"LATENCY RESET\r\nLATENCY RESET a b\r\nLATENCY NOSUCH\r\n",
		"LATENCY HISTOGRAM nosuch\r\nLATENCY\r\n",
	} {
		compare(t, redis, s, input)
	}
}

func TestCommandsAreMeasuredFromTheEndOfTheirRunToItsReplies(t *testing.T) {
	store, c, now := timedClients(t, 1)
	c[0].send("SET a 1\r\nGET a\r\nNOSUCH\r\nLPUSHX\r\nGET\r\nDEL a\r\n")
	*now = now.Add(20 * time.Millisecond)
	store.done(store.next())
	c[0].hear()
	got := c[0].send("INFO all\r\n")
	for _, field := range []string{
		"cmdstat_set:calls=1,usec=20000,usec_per_call=20000.00,rejected_calls=0,failed_calls=0",
		"cmdstat_get:calls=1,usec=20000,usec_per_call=20000.00,rejected_calls=1,failed_calls=0",
		"cmdstat_del:calls=1,usec=20000,usec_per_call=20000.00,rejected_calls=0,failed_calls=1", // not in the fake store
		"errorstat_ERR:count=4",
		"latency_percentiles_usec_set:p50=20479.000,p99=20479.000,p99.9=20479.000",
	} {
		if !strings.Contains(got, "\r\n"+field+"\r\n") {
			t.Errorf("%s is not in %q", field, got)
		}
	}
	if got := c[0].send("INFO\r\n"); strings.Contains(got, "# Commandstats") || !strings.Contains(got, "# Errorstats") {
		t.Errorf("INFO without sections says %q", got)
	}
	got = c[0].send("HELLO 3\r\nLATENCY HISTOGRAM set\r\n")
	want := "%1\r\n" + bulkText("set") + "%2\r\n" + bulkText("calls") + ":1\r\n" + bulkText("histogram_usec") +
		"%1\r\n:32768\r\n:1\r\n"
	if !strings.HasSuffix(got, want) {
		t.Errorf("LATENCY HISTOGRAM says %q, want %q", got, want)
	}
	if got := c[0].send("CONFIG RESETSTAT\r\nINFO commandstats\r\n"); strings.Contains(got, "cmdstat_set") {
		t.Errorf("after CONFIG RESETSTAT: %q", got)
	}
}

func TestTheSlowLogKeepsRunsThatTookLong(t *testing.T) {
	store, c, now := timedClients(t, 1)
	c[0].conn.session.address = "1.2.3.4:5"
	c[0].send("CLIENT SETNAME me\r\n")
	slow := func(input string, took time.Duration) {
		c[0].send(input)
		*now = now.Add(took)
		store.done(store.next())
		c[0].hear()
	}
	slow("SET a 1\r\n", 9999*time.Microsecond)
	slow(bulk("SET", "a", strings.Repeat("x", 130))+"PING\r\nGET a\r\n", 10*time.Millisecond)
	words := []string{"MGET"}
	for i := range 40 {
		words = append(words, fmt.Sprint(i))
	}
	slow(bulk(words...), time.Second)
	entry := func(id, second, micros int, args ...string) string {
		text := fmt.Sprintf("*6\r\n:%d\r\n:%d\r\n:%d\r\n*%d\r\n", id, second, micros, len(args))
		for _, arg := range append(args, "1.2.3.4:5", "me") {
			text += bulkText(arg)
		}
		return text
	}
	newest := entry(1, 1700000001, 1_000_000, append(words[:31:31], "... (10 more arguments)")...)
	oldest := entry(0, 1700000000, 10_000, "SET", "a", strings.Repeat("x", 128)+"... (2 more bytes)",
		"... (2 more commands)")
	if got := c[0].send("SLOWLOG GET\r\n"); got != "*2\r\n"+newest+oldest {
		t.Errorf("got  %q\nwant %q", got, "*2\r\n"+newest+oldest)
	}
	got := c[0].send("SLOWLOG LEN\r\nSLOWLOG GET 1\r\nCONFIG SET slowlog-max-len 1\r\nSLOWLOG LEN\r\n")
	got += c[0].send("SLOWLOG RESET\r\nSLOWLOG LEN\r\n")
	if want := ":2\r\n*1\r\n" + newest + "+OK\r\n:1\r\n+OK\r\n:0\r\n"; got != want {
		t.Errorf("got %q", got)
	}
	c[0].send("CONFIG SET slowlog-log-slower-than -1\r\n")
	slow("SET a 1\r\n", time.Hour)
	if got := c[0].send("SLOWLOG LEN\r\n"); got != ":0\r\n" {
		t.Errorf("switched off: %q", got)
	}
}

func TestLatencyKeepsTheLongestOfEachSecond(t *testing.T) {
	store, c, now := timedClients(t, 1)
	late := func(input string, took time.Duration) {
		c[0].send(input)
		*now = now.Add(took)
		store.done(store.next())
		c[0].hear()
	}
	late("SET a 1\r\n", 50*time.Millisecond)
	c[0].send("CONFIG SET latency-monitor-threshold 10\r\n")
	late("SET a 1\r\n", 50*time.Millisecond)
	late("SET a 1\r\n", 20*time.Millisecond)
	late("GET a\r\n", 900*time.Millisecond)
	late("SET a 1\r\n", 11*time.Millisecond)
	late("SET a 1\r\n", 9*time.Millisecond)
	got := c[0].send("LATENCY LATEST\r\nLATENCY HISTORY command\r\nLATENCY RESET fast-command nosuch\r\n")
	got += c[0].send("LATENCY LATEST\r\n")
	command := "*4\r\n" + bulkText("command") + ":1700000001\r\n:11\r\n:50\r\n"
	fast := "*4\r\n" + bulkText("fast-command") + ":1700000001\r\n:900\r\n:900\r\n"
	want := "*2\r\n" + command + fast +
		"*2\r\n*2\r\n:1700000000\r\n:50\r\n*2\r\n:1700000001\r\n:11\r\n:1\r\n*1\r\n" + command
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
