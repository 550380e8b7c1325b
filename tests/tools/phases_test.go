package tools_test

import (
	"regexp"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// The parts of a write's time come from the front end, the loop, the log writer and the applier of a real node, by
// three clocks that have to agree: the disk of a single node cannot take nothing, and no part is longer than all.
func TestSlowLog_ShowsWhereTheTimeWent(t *testing.T) {
	c := blackbox.NewCluster(t, 1)
	c.StartAll()
	client := c.Nodes[0].Connect(t)
	client.Must(t, "SET", "a", "1") // before, it may wait for a leader
	client.Must(t, "CONFIG", "SET", "slowlog-log-slower-than", "0")
	client.Must(t, "SET", "a", "2")
	client.Must(t, "GET", "a")
	got := client.Must(t, "RAFT.SLOWLOG", "2")
	want := regexp.MustCompile(`^\[` +
		`\[:\d+ :\d+ :\d+ \["wait" :\d+ "read-index" :\d+ "reply" :\d+\]\] ` +
		`\[:\d+ :\d+ :(\d+) \["wait" :\d+ "disk" :[1-9]\d* "replicate" :\d+ "apply" :\d+ "reply" :\d+\]\]\]$`)
	if !want.MatchString(got.String()) {
		t.Errorf("RAFT.SLOWLOG says %s", got)
	}
}
