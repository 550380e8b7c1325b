package tools_test

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// scrapeLimit bounds one page of the exporter, which asks the node for everything meanwhile.
const scrapeLimit = blackbox.EffectLimit

// Debian's exporter for Prometheus scrapes the leader and a follower without an error, with all that it offers switched
// on, and finds the figures by which dashboards divide.
func TestExporter_ScrapesLeaderAndFollower(t *testing.T) {
	for _, view := range []string{"spread", "leader"} {
		c := blackbox.StartCluster(t, 3, "--cluster-view", view)
		lead := blackbox.Leader(t, c.Nodes)
		for role, n := range map[string]*blackbox.Node{"leader": lead, "follower": c.Others(lead)[0]} {
			t.Run(view+" "+role, func(t *testing.T) { scrape(t, n) })
		}
	}
}

func scrape(t *testing.T, n *blackbox.Node) {
	client := n.Connect(t)
	key := "exported:" + strconv.Itoa(n.Number)
	blackbox.Expect(t, client.Must(t, "SET", key, "v", "EX", "1000"), "+OK")
	for range 3 {
		blackbox.Expect(t, client.Must(t, "GET", key), `"v"`)
	}
	blackbox.Expect(t, client.Must(t, "GET", key+":missing"), "(nil)")
	client.Must(t, "NOSUCHCOMMAND")

	port := blackbox.Ports(t, 1)
	exporter := blackbox.Start(t, "exporter", blackbox.Tool(t, "prometheus-redis-exporter",
		"-redis.addr", "redis://"+blackbox.Address(n.Port), "-web.listen-address", blackbox.Address(port),
		"-include-system-metrics", "-include-config-metrics", "-export-client-list", "-is-cluster", "-check-keys", key,
		"-ping-on-connect"))
	var page string
	blackbox.Eventually(t, scrapeLimit, "the exporter shows a page", func() bool {
		page = pageAt("http://" + blackbox.Address(port) + "/metrics")
		return page != ""
	})
	value := func(name string) float64 {
		found := regexp.MustCompile(`(?m)^` + name + `(?:\{[^}]*\})? (\S+)$`).FindStringSubmatch(page)
		if found == nil {
			t.Errorf("the page has no %s", name)
			return -1
		}
		number, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Errorf("%s is %q", name, found[1])
		}
		return number
	}
	for name, want := range map[string]float64{
		"redis_up": 1, "redis_exporter_last_scrape_error": 0, "redis_evicted_keys_total": 0, "redis_master_repl_offset": -1,
	} {
		if got := value(name); want >= 0 && got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for name, lowest := range map[string]float64{
		"redis_keyspace_hits_total": 3, "redis_keyspace_misses_total": 1, "redis_total_system_memory_bytes": 1 << 20,
		"redis_mem_fragmentation_ratio": 0.01, "redis_memory_used_bytes": 1, "redis_memory_max_bytes": 0,
		"redis_expired_keys_total": 0, "redis_connected_clients": 1, "redis_cpu_sys_seconds_total": 0,
		"redis_commands_processed_total": 5, "redis_commands_total": 1, "redis_commands_duration_seconds_total": 0,
		"redis_db_keys": 1, "redis_db_keys_expiring": 1, "redis_db_avg_ttl_seconds": 1, "redis_uptime_in_seconds": 0,
		"redis_connected_clients_details": 1, "redis_slowlog_length": 0, "redis_cluster_enabled": 1,
		"redis_cluster_slots_assigned": 16384, "redis_key_size": 1, "redis_errors_total": 1,
	} {
		if got := value(name); got < lowest {
			t.Errorf("%s is %v, want %v or more", name, got, lowest)
		}
	}
	complaint := regexp.MustCompile(`(?m)^.*level=(?:warning|error|fatal).*$`)
	if said := complaint.FindAllString(exporter.Err(), -1); said != nil {
		t.Errorf("the exporter complains:\n%q", said)
	}
}

// pageAt is what an address shows; empty if nothing does.
func pageAt(address string) string {
	client := http.Client{Timeout: scrapeLimit}
	response, err := client.Get(address)
	if err != nil {
		return "" // it does not listen yet
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return ""
	}
	return string(page)
}
