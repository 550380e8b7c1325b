package resp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/resp/topology"
)

// Two nodes: the first one announced a host name beside its address, the second did not.
func endpointInfo() fakeInfo {
	return fakeInfo{
		NodeID: 1, State: topology.Up, Role: "leader", Leader: 1, Nodes: []topology.Node{
			{ID: 1, Name: "a", Host: "192.0.2.1", Port: 7, PeerPort: 17, Hostname: "a.example", Voter: true, Up: true},
			{ID: 2, Name: "b", Host: "192.0.2.2", Port: 8, PeerPort: 18, Voter: true, Up: true},
		},
	}
}

// The replies are those of Redis 7.2 with the same settings.
func TestClusterClientsAreToldTheEndpointThatIsPreferred(t *testing.T) {
	for _, c := range []struct{ endpoint, slots, shards, moved string }{
		{"ip", "[192.0.2.1 7 a [hostname a.example]] [192.0.2.2 8 b []]", "192.0.2.1 192.0.2.2", "192.0.2.1:7"},
		{"hostname", "[a.example 7 a [ip 192.0.2.1]] [? 8 b [ip 192.0.2.2]]", "a.example ?", "a.example:7"},
		{
			"unknown-endpoint",
			"[<nil> 7 a [ip 192.0.2.1 hostname a.example]] [<nil> 8 b [ip 192.0.2.2]]", " ", ":7",
		},
	} {
		tuning := NewTuning()
		tuning.EndpointType.Store(c.endpoint)
		for _, protocol := range []int{2, 3} {
			info := endpointInfo()
			o := Options{Store: newFakeStore(t), Node: newStillNode(info), Tuning: tuning, RedirectMoved: true}
			asked := newClient(t, testServer(t, o))
			asked.conn.session.facts.protocol = protocol
			var slots, shards []string
			reply, _ := parseReply(t, asked.send("CLUSTER SLOTS\r\n"))
			for _, r := range reply.([]any) {
				slots = append(slots, fmt.Sprint(r.([]any)[2]))
			}
			if got := strings.Join(slots, " "); got != c.slots {
				t.Errorf("%s, RESP%d: slots %s, want %s", c.endpoint, protocol, got, c.slots)
			}
			reply, _ = parseReply(t, asked.send("CLUSTER SHARDS\r\n"))
			for _, r := range reply.([]any) {
				node := r.([]any)[3].([]any)[0].([]any)
				shards = append(shards, field(t, node, "endpoint"))
				if hostname := field(t, node, "hostname"); (hostname == "a.example") != (field(t, node, "id") == "a") {
					t.Errorf("%s: host name %q of %v", c.endpoint, hostname, node)
				}
			}
			if got := strings.Join(shards, " "); got != c.shards {
				t.Errorf("%s, RESP%d: shards %q, want %q", c.endpoint, protocol, got, c.shards)
			}
		}
		follower := endpointInfo()
		follower.NodeID, follower.Role = 2, "follower"
		o := Options{Store: newFakeStore(t), Node: newStillNode(follower), Tuning: tuning, RedirectMoved: true}
		if got := newClient(t, testServer(t, o)).send("GET k\r\n"); !strings.HasSuffix(got, " "+c.moved+"\r\n") {
			t.Errorf("%s: %q, want MOVED to %s", c.endpoint, got, c.moved)
		}
	}
	nodes := ask(t, topology.SpreadView, 2, endpointInfo(), "CLUSTER NODES").(string)
	for _, want := range []string{"a 192.0.2.1:7@17,a.example myself", "b 192.0.2.2:8@18 master"} {
		if !strings.Contains(nodes, want) {
			t.Errorf("CLUSTER NODES lacks %q:\n%s", want, nodes)
		}
	}
}

// field is a field of a flat list of names and values; empty if there is none.
func field(t *testing.T, list []any, name string) string {
	t.Helper()
	for i := 0; i+1 < len(list); i += 2 {
		if list[i] == name {
			return fmt.Sprint(list[i+1])
		}
	}
	return ""
}
