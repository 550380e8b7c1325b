package resp

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/differences"
	"github.com/raftredis/raftredis/resp/info"
	"github.com/raftredis/raftredis/resp/topology"
)

// fieldsOf are the values of all fields that INFO shows, by their names.
func fieldsOf(t *testing.T, c *client) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for line := range strings.Lines(c.send("INFO everything\r\n")) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			if _, twice := fields[name]; twice {
				t.Errorf("INFO shows %s twice", name)
			}
			fields[name] = value
		}
	}
	return fields
}

// Every field of INFO of Redis 7.2 is shown, or is listed as absent with a reason, and not both. The file has the
// names. What Redis shows only while it loads is shown by a node only while it loads, and left to the tests of that.
func TestInfoHasEveryFieldOfRedis(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "info-fields-7.2.txt"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, role := range []string{"leader", "follower", "alone"} {
		store := newFakeStore(t)
		store.values["k"] = []byte("v")
		if store.info.Role = role; role != "leader" {
			store.info.Leader = map[string]uint64{"follower": 2}[role]
		}
		s := serve(t, Options{Store: store, ClusterView: topology.LeaderView})
		s.dial() // now it listens
		c := newClient(t, s.server)
		for name, value := range fieldsOf(t, c) {
			shown[name] = value
		}
	}
	absent := map[string]bool{}
	for _, list := range differences.AbsentFields {
		for _, name := range list.Names {
			absent[name] = true
		}
	}
	for name := range strings.Lines(string(text)) {
		name = strings.TrimSpace(name)
		_, is := shown[name]
		switch {
		case strings.HasPrefix(name, "loading_"):
		case is && absent[name]:
			t.Errorf("%s is listed as absent, and INFO shows it", name)
		case !is && !absent[name]:
			t.Errorf("INFO does not show %s, and AbsentFields do not list it", name)
		}
		delete(absent, name)
	}
	for name := range absent {
		t.Errorf("%s is listed as absent, and Redis does not have it", name)
	}
}

// The values that dashboards compute with.
func TestInfoTellsFiguresToComputeWith(t *testing.T) {
	store := newFakeStore(t)
	store.info.Keyspace = Keyspace{Keys: 7, Deadlines: 3, Overdue: 1, Expired: 7, Databases: []info.Database{
		{Keys: 5, Deadlines: 3, MillisLeft: 1234}, {Number: 9, Keys: 2},
	}}
	memory := MemoryOptions{SystemBytes: 16 << 30}
	c := newClient(t, testServer(t, Options{Store: store, Memory: memory}))
	c.conn.request.Run.Lookups.Hits, c.conn.request.Run.Lookups.Misses = 3, 2
	c.conn.countLookups()
	fields := fieldsOf(t, c)
	for name, want := range map[string]string{
		"keyspace_hits": "3", "keyspace_misses": "2", "expired_keys": "7", "expired_stale_perc": "25.00", "evicted_keys": "0",
		"db0": "keys=5,expires=3,avg_ttl=1234", "db9": "keys=2,expires=0,avg_ttl=0",
		"role": "master", "connected_slaves": "0", "process_supervised": "no",
	} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	for name, pattern := range map[string]string{
		"total_system_memory": `^[1-9]\d{6,}$`, "mem_fragmentation_ratio": `^\d+\.\d\d$`, "used_cpu_sys": `^\d+\.\d{6}$`,
		"used_memory_peak_perc": `^\d+\.\d\d%$`, "total_system_memory_human": `^\d+\.\d\d[MGT]$`,
		"master_replid": `^[0-9a-f]{40}$`,
	} {
		if !regexp.MustCompile(pattern).MatchString(fields[name]) {
			t.Errorf("%s is %q, want %s", name, fields[name], pattern)
		}
	}
	c.send("CONFIG RESETSTAT\r\n")
	store.info.Keyspace.Expired = 9
	fields = fieldsOf(t, c)
	for name, want := range map[string]string{"keyspace_hits": "0", "keyspace_misses": "0", "expired_keys": "2"} {
		if fields[name] != want {
			t.Errorf("after CONFIG RESETSTAT %s is %q, want %q", name, fields[name], want)
		}
	}
}

func TestAReplicaSaysSinceWhenItHasNoMaster(t *testing.T) {
	store, c := follower(t, Options{ClusterView: topology.LeaderView})
	now, server := time.Unix(1700000000, 0), c.conn.server
	server.started, server.clock = now.Add(-time.Hour), func() time.Time { return now }
	server.noteLeader()
	if fields := fieldsOf(t, c); fields["master_link_status"] != "up" || fields["master_last_io_seconds_ago"] != "0" {
		t.Errorf("with a leader: %v", fields)
	}
	store.info.Leader = 0
	server.noteLeader()
	now = now.Add(7 * time.Second)
	server.noteLeader()
	fields := fieldsOf(t, c)
	if fields["master_link_status"] != "down" || fields["master_link_down_since_seconds"] != "7" {
		t.Errorf("seven seconds without a leader: status %q since %q", fields["master_link_status"],
			fields["master_link_down_since_seconds"])
	}
}

// A monitor that reads role and term of different moments sees two leaders of one term:
//
//  1. INFO reads term 27, in which another node leads.
//  2. The node becomes the leader of term 28.
//  3. INFO reads the role.
func TestInfoTellsRoleAndTermOfOneMoment(t *testing.T) {
	store := newFakeStore(t)
	reading := uint64(0)
	store.now = func() fakeInfo { // each reading finds a later term, and every third one with this node as its leader
		reading++
		info := store.info
		info.Term, info.Leader, info.Role = reading, 2, "follower"
		if reading%3 == 1 {
			info.Leader, info.Role = 1, "leader"
		}
		info.Applied, info.Commit, info.LastIndex = reading, reading, reading
		return info
	}
	c := newClient(t, testServer(t, Options{Store: store}))
	for range 4 { // whatever the readings before were
		fields := fieldsOf(t, c)
		term, err := strconv.Atoi(fields["raft_current_term"])
		if err != nil {
			t.Fatal(err)
		}
		want := "2 follower"
		if term%3 == 1 {
			want = "1 leader"
		}
		if got := fields["raft_leader_id"] + " " + fields["raft_role"]; got != want {
			t.Errorf("in term %d the leader and the role are %s, want %s", term, got, want)
		}
		applied, _ := strconv.Atoi(fields["raft_last_applied_index"])
		if commit, _ := strconv.Atoi(fields["raft_commit_index"]); applied < 1 || applied > commit {
			t.Errorf("%d is applied, and %d committed", applied, commit)
		}
		store.now()
	}
}
