package resp

import (
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/metrics"
	"github.com/raftredis/raftredis/resp/stats"
)

// statsOf gives the line of INFO about a command, without its name.
func statsOf(t *testing.T, c *client, section, line string) string {
	t.Helper()
	_, rest, _ := strings.Cut(c.send("INFO "+section+"\r\n"), "\r\n"+line+":")
	text, _, _ := strings.Cut(rest, "\r\n")
	return text
}

func TestLatencyStatsHaveThePercentilesThatAreAskedFor(t *testing.T) {
	_, clients := sharedClients(t, 1)
	c := clients[0]
	c.conn.shard.Executed(data.Get.ID(), 1, 10*time.Microsecond)
	for set, want := range map[string]string{
		"50 99 99.9": "p50=10.000,p99=10.000,p99.9=10.000", "0.0 100": "p0=10.000,p100=10.000", "": "",
		strings.TrimSpace(strings.Repeat("1 ", stats.MaxPercentiles)): strings.TrimSuffix(
			strings.Repeat("p1=10.000,", stats.MaxPercentiles), ","),
	} {
		if got := c.send("CONFIG SET latency-tracking-info-percentiles \"" + set + "\"\r\n"); got != "+OK\r\n" {
			t.Fatalf("%q: %q", set, got)
		}
		if got := statsOf(t, c, "latencystats", "latency_percentiles_usec_get"); got != want {
			t.Errorf("%q: %q, want %q", set, got, want)
		}
	}
	tooMany := strings.Repeat("1 ", stats.MaxPercentiles+1)
	if got := c.send("CONFIG SET latency-tracking-info-percentiles \"" + tooMany + "\"\r\n"); got[0] != '-' {
		t.Errorf("one too many is taken: %q", got)
	}
}

func TestLatencyStatsAreKeptWhileTheyAreWanted(t *testing.T) {
	_, clients := sharedClients(t, 1)
	c := clients[0]
	c.send("CONFIG SET latency-tracking no\r\nGET a\r\n")
	if got := statsOf(t, c, "latencystats", "latency_percentiles_usec_get"); got != "" {
		t.Errorf("while it is off: %q", got)
	}
	if got := statsOf(t, c, "commandstats", "cmdstat_get"); !strings.HasPrefix(got, "calls=1,") {
		t.Errorf("calls are not counted: %q", got)
	}
	c.send("CONFIG SET latency-tracking yes\r\nGET a\r\n")
	if got := statsOf(t, c, "latencystats", "latency_percentiles_usec_get"); !strings.HasPrefix(got, "p50=") {
		t.Errorf("while it is on: %q", got)
	}
}

// Commands that were refused, that failed in the node and that failed in the state machine, each once.
func TestEveryErrorReplyIsCounted(t *testing.T) {
	_, clients := sharedClients(t, 1)
	c := clients[0]
	replies := c.send("NOSUCH\r\nAUTH x\r\nSETRANGE a -1 x\r\n")
	if strings.Count(replies, "-ERR ") != 3 {
		t.Fatalf("not three errors: %q", replies)
	}
	if got := statsOf(t, c, "stats", "total_error_replies"); got != "3" {
		t.Errorf("%s errors are counted, want 3", got)
	}
	c.send("CONFIG RESETSTAT\r\n")
	if got := statsOf(t, c, "stats", "total_error_replies"); got != "0" {
		t.Errorf("%s errors are left", got)
	}
}

// INFO and a scrape read the same rows, and CONFIG RESETSTAT changes INFO only.
func TestInfoAndAScrapeTellTheSame(t *testing.T) {
	set := metrics.New()
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t), Metrics: set}))
	c.send("SET a 1\r\nGET a\r\nGET a\r\nNOSUCH\r\n")
	scraped := func(name string) (sum float64) {
		families, err := set.Gatherer().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if family.GetName() != name {
				continue
			}
			for _, m := range family.Metric {
				sum += m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		return sum
	}
	for name, want := range map[string]float64{
		"raftredis_commands_total": 4, "raftredis_error_replies_total": 1, "raftredis_command_calls_total": 3,
		"raftredis_command_seconds": 3,
	} {
		if got := scraped(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := statsOf(t, c, "stats", "total_commands_processed"); got != "5" {
		t.Errorf("INFO tells %s commands", got)
	}
	c.send("CONFIG RESETSTAT\r\n")
	if got := statsOf(t, c, "stats", "total_commands_processed"); got != "1" {
		t.Errorf("INFO tells %s commands after CONFIG RESETSTAT", got)
	}
	if got := scraped("raftredis_commands_total"); got != 7 {
		t.Errorf("a scrape reads %v commands", got)
	}
}
