package clients_test

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// roles are what the commands of a node say that it is.
type roles struct{ info, hello, role, nodes, shards string }

func rolesOf(t testing.TB, n *blackbox.Node) (r roles) {
	t.Helper()
	client := n.Connect(t)
	defer client.Close()
	facts, err := blackbox.Info(n.Port, "replication")
	if err != nil {
		t.Fatal(err)
	}
	r.info = facts["role"]
	r.role = client.Must(t, "ROLE").Items[0].Text
	r.hello = valueOf(client.Must(t, "HELLO").Items, "role")
	name := n.Name(t)
	for line := range strings.Lines(client.Must(t, "CLUSTER", "NODES").Text) {
		if fields := strings.Fields(line); fields[0] == name {
			r.nodes = strings.TrimPrefix(fields[2], "myself,")
		}
	}
	for _, shard := range client.Must(t, "CLUSTER", "SHARDS").Items {
		for _, node := range shard.Items[3].Items {
			if valueOf(node.Items, "id") == name {
				r.shards = valueOf(node.Items, "role")
			}
		}
	}
	return r
}

// valueOf finds a field of a map that came as a flat list.
func valueOf(items []blackbox.Reply, name string) string {
	for i := 0; i+1 < len(items); i += 2 {
		if items[i].Text == name {
			return items[i+1].Text
		}
	}
	return ""
}

// All commands of a node tell the same role: the one of the view.
func TestClients_EachNodeHasOneRoleInAView(t *testing.T) {
	master := roles{"master", "master", "master", "master", "master"}
	replica := roles{"slave", "replica", "slave", "slave", "replica"}
	for view, follows := range map[string]roles{"spread": master, "leader": replica} {
		c := blackbox.StartCluster(t, 3, "--cluster-view", view)
		lead := blackbox.Leader(t, c.Nodes)
		for _, n := range c.Nodes {
			want := follows
			if n == lead {
				want = master
			}
			blackbox.Eventually(t, blackbox.EffectLimit, "the commands of a node agree", func() bool {
				return rolesOf(t, n) == want
			})
		}
	}
}

// What StackExchange.Redis sends when it connects to an endpoint, in its order. It takes the role from INFO and from
// CLUSTER NODES, and reads on connections where it has said READONLY if it takes the node for a replica.
var stackExchangeConnects = [][]string{
	{"CLIENT", "SETNAME", "host(SE.Redis-v2.8.41)"},
	{"CLIENT", "SETINFO", "lib-name", "SE.Redis"},
	{"CLIENT", "SETINFO", "lib-ver", "2.8.41"},
	{"CLIENT", "ID"},
	{"CONFIG", "GET", "timeout"},
	{"CONFIG", "GET", "replica-read-only"},
	{"CONFIG", "GET", "databases"},
	{"CONFIG", "GET", "*"},
	{"INFO", "replication"},
	{"INFO", "server"},
	{"SENTINEL", "MASTERS"},
	{"CLUSTER", "NODES"},
	{"GET", "__Booksleeve_TieBreak"},
	{"ECHO", "\x01\x02"},
}

// A client that behaves as StackExchange.Redis finds a master on every node and reads what was written before,
// whichever node took the write, although it says READONLY: no read is old that was not asked for by name.
func TestClients_StackExchangeFindsAMasterAndReadsNothingOld(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	lead := blackbox.Leader(t, c.Nodes)
	writer := lead.Connect(t)
	for i, n := range c.Nodes {
		client := n.Connect(t)
		for _, command := range stackExchangeConnects {
			r, err := client.Do(command...)
			if err != nil {
				t.Fatalf("node %d: %q ends the connection: %v", n.Number, command, err)
			}
			switch command[0] {
			case "INFO":
				if command[1] == "replication" && !strings.Contains(r.Text, "role:master\r\n") {
					t.Errorf("node %d is no master: %v", n.Number, r)
				}
			case "SENTINEL": // it goes on without
			default:
				if r.Kind == '-' {
					t.Errorf("node %d answers %q by %v", n.Number, command, r)
				}
			}
		}
		subscription := n.Connect(t) // by which it hears of another master
		if got := subscription.Must(t, "SUBSCRIBE", "__Booksleeve_MasterChanged"); got.Kind != '*' {
			t.Errorf("node %d answers SUBSCRIBE by %v", n.Number, got)
		}
		blackbox.Expect(t, client.Must(t, "READONLY"), "+OK")
		for range 50 {
			value := writer.Must(t, "INCR", "counted")
			if got := client.Must(t, "GET", "counted"); got.Text != value.Text {
				t.Fatalf("node %d reads %v after %v was acknowledged", n.Number, got, value)
			}
		}
		if got := client.Must(t, "SET", "taken", "yes"); got.Kind == '-' {
			t.Errorf("node %d (%d) takes no write: %v", n.Number, i, got)
		}
	}
}

// A client that wants stale reads asks for them by name, on its connection, and gets them from a node that is cut off
// from all others; without the name it waits for a majority.
func TestClients_StaleReadsAreAskedForByName(t *testing.T) {
	c := blackbox.StartCluster(t, 3, "--leader-wait-millis", "500")
	lead := blackbox.Leader(t, c.Nodes)
	blackbox.Expect(t, lead.Connect(t).Must(t, "SET", "k", "v"), "+OK")
	left := c.Others(lead)[0]
	stale, plain := left.Connect(t), left.Connect(t)
	blackbox.Expect(t, stale.Must(t, "GET", "k"), `"v"`)
	for _, n := range c.Others(left) {
		n.Process.Kill()
	}
	blackbox.Expect(t, stale.Must(t, "RAFT.READ", "STALE"), "+OK")
	blackbox.Expect(t, stale.Must(t, "GET", "k"), `"v"`)
	blackbox.Expect(t, plain.Must(t, "READONLY"), "+OK")
	if r := plain.Must(t, "GET", "k"); r.Fate() != blackbox.NotDone {
		t.Errorf("a read without a majority is answered %v on a connection that said READONLY only", r)
	}
}
