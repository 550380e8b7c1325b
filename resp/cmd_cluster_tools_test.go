package resp

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/resp/topology"
)

// movingNode is a Node of a cluster whose leader and absent nodes a test changes.
type movingNode struct {
	fakeFacts
	cluster *fakeCluster
	id      uint64
	// submitted is how many runs came to the store by this node.
	submitted int
}

// fakeCluster is servers on loopback with one store between them, as if the nodes agreed at once.
type fakeCluster struct {
	*fakeStore
	servers []*serving
	nodes   []*movingNode

	facts sync.Mutex
	info  fakeInfo
}

func (n *movingNode) known() fakeInfo {
	n.cluster.facts.Lock()
	defer n.cluster.facts.Unlock()
	info := n.cluster.info
	info.NodeID, info.Name, info.Role = n.id, fakeName(n.id), "follower"
	if info.Leader == n.id {
		info.Role = "leader"
	}
	info.Nodes = append([]topology.Node(nil), info.Nodes...)
	return info
}

func (n *movingNode) HandOver(time.Duration) {}

func (n *movingNode) TakeOver() error {
	n.cluster.change(func(info *fakeInfo) { info.Leader = n.id })
	return nil
}

func (n *movingNode) Change(r *ChangeRequest) {
	n.cluster.change(func(info *fakeInfo) { r.Complete(applyChange(info, &r.Change)) })
}

func (n *movingNode) AbandonChange(*ChangeRequest)  {}
func (n *movingNode) Join(peerAddress string) error { return nil }

func (c *fakeCluster) change(change func(info *fakeInfo)) {
	c.facts.Lock()
	defer c.facts.Unlock()
	change(&c.info)
}

// nodeStore is the common store behind one node; it counts what comes this way.
type nodeStore struct {
	*fakeStore
	node *movingNode
}

func (s nodeStore) Write(r *Request) { s.count(); s.fakeStore.Write(r) }
func (s nodeStore) Read(r *Request)  { s.count(); s.fakeStore.Read(r) }

func (s nodeStore) count() {
	s.node.cluster.facts.Lock()
	defer s.node.cluster.facts.Unlock()
	s.node.submitted++
}

func serveCluster(t *testing.T, size int, o Options) *fakeCluster {
	t.Helper()
	c := &fakeCluster{fakeStore: newFakeStore(t), info: fakeInfo{State: "up", Leader: 1, Term: 4, ClusterID: 7}}
	var listeners []net.Listener
	for i := range size {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		id, port := uint64(i+1), listener.Addr().(*net.TCPAddr).Port
		listeners = append(listeners, listener)
		node := &movingNode{cluster: c, id: id}
		node.now = node.known
		c.nodes = append(c.nodes, node)
		c.info.Nodes = append(c.info.Nodes, topology.Node{
			ID: id, Name: fakeName(id), Host: "127.0.0.1", Port: port, PeerPort: port + 1, Voter: true, Up: true, Match: 9,
		})
	}
	for i, listener := range listeners {
		own := o
		own.Store, own.Node = nodeStore{c.fakeStore, c.nodes[i]}, c.nodes[i]
		c.servers = append(c.servers, serveOn(t, own, listener))
	}
	return c
}

// submitted is how many runs came to each node.
func (c *fakeCluster) submitted() []int {
	c.facts.Lock()
	defer c.facts.Unlock()
	var counts []int
	for _, node := range c.nodes {
		counts = append(counts, node.submitted)
	}
	return counts
}

func (c *fakeCluster) client(t *testing.T, o redis.ClusterOptions) *redis.ClusterClient {
	for _, s := range c.servers {
		o.Addrs = append(o.Addrs, s.address)
	}
	// On a busy machine a timeout would make the client send a command again.
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = patience, patience, patience
	client := redis.NewClusterClient(&o)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func TestAClusterClientUsesAllNodesInTheSpreadView(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		c := serveCluster(t, 3, Options{})
		client := c.client(t, redis.ClusterOptions{Protocol: protocol})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for i := range 100 {
			if err := client.Set(ctx, fmt.Sprint("key", i), i, 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 100 {
			if got, err := client.Get(ctx, fmt.Sprint("key", i)).Int(); got != i || err != nil {
				t.Fatalf("key%d is %d, %v", i, got, err)
			}
		}
		for i, n := range c.submitted() {
			if n == 0 {
				t.Errorf("RESP%d: node %d got nothing to do", protocol, i+1)
			}
		}
		if state, err := client.ClusterInfo(ctx).Result(); err != nil || !strings.Contains(state, "cluster_state:ok\r\n") {
			t.Errorf("RESP%d: CLUSTER INFO: %q, %v", protocol, state, err)
		}
		if shards, err := client.ClusterShards(ctx).Result(); err != nil || len(shards) != 3 {
			t.Errorf("RESP%d: CLUSTER SHARDS: %v, %v", protocol, shards, err)
		}
		if links, err := client.ClusterLinks(ctx).Result(); err != nil || len(links) != 2 {
			t.Errorf("RESP%d: CLUSTER LINKS: %v, %v", protocol, links, err)
		}
	}
}

func TestAClusterClientLeavesAnAbsentNode(t *testing.T) {
	c := serveCluster(t, 3, Options{})
	client := c.client(t, redis.ClusterOptions{})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c.change(func(info *fakeInfo) { info.Nodes[1].Absent = true })
	client.ReloadState(ctx)
	before := c.submitted()
	masters := 0
	if err := client.ForEachMaster(ctx, func(context.Context, *redis.Client) error {
		c.facts.Lock()
		defer c.facts.Unlock()
		masters++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if masters != 2 {
		t.Fatalf("the client knows %d masters, want 2", masters)
	}
	for i := range 100 {
		if err := client.Set(ctx, fmt.Sprint("key", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if after := c.submitted(); after[1] != before[1] || after[0] == before[0] || after[2] == before[2] {
		t.Fatalf("runs at the nodes: %v before, %v after", before, after)
	}
}

func TestAClusterClientFollowsMovedToANewLeader(t *testing.T) {
	for _, view := range []topology.View{topology.SpreadView, topology.LeaderView} {
		c := serveCluster(t, 3, Options{ClusterView: view, RedirectMoved: true})
		client := c.client(t, redis.ClusterOptions{})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for leader := range 3 {
			c.change(func(info *fakeInfo) { info.Leader = uint64(leader + 1) })
			before := c.submitted()
			for i := range 20 {
				if err := client.Incr(ctx, fmt.Sprint("key", i)).Err(); err != nil {
					t.Fatal(err)
				}
			}
			for i, n := range c.submitted() {
				if (n > before[i]) != (i == leader) {
					t.Errorf("%v view: node %d leads, and node %d got %d runs", view, leader+1, i+1, n-before[i])
				}
			}
		}
		if got, err := client.Get(ctx, "key0").Int(); got != 3 || err != nil {
			t.Errorf("key0 is %d, %v: INCR was done %d times, not three", got, err, got)
		}
	}
}

func TestAReadOnlyClusterClientReadsFromReplicasOfTheLeader(t *testing.T) {
	c := serveCluster(t, 3, Options{ClusterView: topology.LeaderView, RedirectMoved: true})
	client := c.client(t, redis.ClusterOptions{ReadOnly: true, RouteRandomly: true})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := client.Set(ctx, "foo", "bar", 0).Err(); err != nil {
		t.Fatal(err)
	}
	before := c.submitted()
	for range 60 {
		if got, err := client.Get(ctx, "foo").Result(); got != "bar" || err != nil {
			t.Fatalf("foo is %q, %v", got, err)
		}
	}
	after := c.submitted()
	if after[1] != before[1] || after[2] != before[2] || after[0]-before[0] == 60 {
		t.Fatalf("runs at the nodes: %v before, %v after 60 reads: want reads at other nodes and none at this one",
			before, after)
	}
}

func TestRedisCLIFindsTheClusterInOrder(t *testing.T) {
	for view, owners := range map[topology.View]int{topology.SpreadView: 3, topology.LeaderView: 1} {
		c := serveCluster(t, 3, Options{ClusterView: view})
		for _, s := range c.servers {
			check := runTool(t, "redis-cli", "--cluster", "check", s.address)
			for _, want := range []string{
				"[OK] All nodes agree about slots configuration.", "[OK] All 16384 slots covered.",
				fmt.Sprintf("[OK] 0 keys in %d masters.", owners),
			} {
				if !strings.Contains(check, want) {
					t.Errorf("%v view: redis-cli --cluster check lacks %q:\n%s", view, want, check)
				}
			}
			if info := runTool(t, "redis-cli", "--cluster", "info", s.address); !strings.Contains(info,
				fmt.Sprintf("[OK] 0 keys in %d masters.", owners)) {
				t.Errorf("%v view: redis-cli --cluster info:\n%s", view, info)
			}
		}
	}
}

func TestRedisBenchmarkRunsOnTheClusterAndRedisCLIFollowsMoved(t *testing.T) {
	c := serveCluster(t, 3, Options{RedirectMoved: true})
	port := func(i int) string { return strconv.Itoa(c.info.Nodes[i].Port) }
	if got := runTool(t, "redis-cli", "-c", "-p", port(2), "SET", "foo", "bar"); got != "OK\n" {
		t.Errorf("redis-cli -c says %q", got)
	}
	if got := runTool(t, "redis-cli", "-p", port(2), "GET", "foo"); got != "MOVED 12182 127.0.0.1:"+port(0)+"\n\n" {
		t.Errorf("redis-cli says %q", got)
	}
	c = serveCluster(t, 3, Options{})
	output := runTool(t, "redis-benchmark", "--cluster", "-p", port(0), "-t", "set,get", "-n", "2000", "-c", "6")
	if !strings.Contains(output, "Cluster has 3 master nodes") {
		t.Errorf("redis-benchmark --cluster says\n%s", output)
	}
}

// runTool runs a program of Redis's, which has to be installed.
func runTool(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	output, err := blackbox.Tool(t, program, arguments...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %q: %v\n%s", program, arguments, err, output)
	}
	return string(output)
}
