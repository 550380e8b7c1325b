package members_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// mapping is a router that maps a port of its own to a port of a node, as Docker's -p does.
type mapping struct {
	listener net.Listener
	target   string
	seen     chan struct{} // closed when a connection came through
	first    sync.Once
}

func newMapping(t testing.TB, target string) *mapping {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mapping{listener: listener, target: target, seen: make(chan struct{})}
	go m.serve()
	t.Cleanup(func() { listener.Close() })
	return m
}

func (m *mapping) address() string { return m.listener.Addr().String() }

func (m *mapping) serve() {
	for {
		outside, err := m.listener.Accept()
		if err != nil {
			return
		}
		inside, err := net.Dial("tcp", m.target)
		if err != nil {
			outside.Close()
			continue
		}
		m.first.Do(func() { close(m.seen) })
		for _, way := range [][2]net.Conn{{outside, inside}, {inside, outside}} {
			go func() {
				_, _ = io.Copy(way[1], way[0]) // either end may close
				way[0].Close()
				way[1].Close()
			}()
		}
	}
}

// Nodes behind mapped ports, as in containers: clients reach each at one address, the other nodes at another, and it
// listens on a third. A cluster client that knows only the outside works, in both views, and the nodes find each other.
func TestMapped_ClientsAndNodesUseTheirOwnAddresses(t *testing.T) {
	for _, view := range []string{"spread", "leader"} {
		t.Run(view, func(t *testing.T) { testMapped(t, view) })
	}
}

func testMapped(t *testing.T, view string) {
	redirect := map[string]string{"spread": "proxy", "leader": "moved"}[view]
	c := blackbox.NewCluster(t, 3, append([]string{"--cluster-view", view, "--redirect", redirect},
		blackbox.HastyElections...)...)
	var clients, peers []*mapping
	for i, n := range c.Nodes {
		inside := fmt.Sprintf("127.0.21.%d", 51+i)
		clients = append(clients, newMapping(t, net.JoinHostPort(inside, strconv.Itoa(n.Port))))
		peers = append(peers, newMapping(t, net.JoinHostPort(inside, strconv.Itoa(n.Port+blackbox.PeerDistance))))
		n.Flags = []string{
			"--bind", inside, "--announce-client", clients[i].address(), "--announce-peer", peers[i].address(),
		}
		if i > 0 {
			_, peerPort, _ := net.SplitHostPort(peers[0].address())
			n.FirstFlags = []string{"--join", "127.0.0.1:" + strconv.Itoa(c.Nodes[0].Port) + "@" + peerPort}
		}
	}
	c.StartAll()
	for i := range peers {
		<-peers[i].seen // AwaitReady has bounded it
	}
	outside := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{clients[0].address()}})
	defer outside.Close()
	ctx, cancel := context.WithTimeout(context.Background(), blackbox.EffectLimit)
	defer cancel()
	for i := range 100 {
		key := "key" + strconv.Itoa(i)
		if err := outside.Set(ctx, key, i, 0).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := outside.Get(ctx, key).Int(); err != nil || got != i {
			t.Fatalf("%s is %d, %v", key, got, err)
		}
	}
	seen := map[string]bool{}
	shards, err := outside.ClusterShards(ctx).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range shards {
		for _, n := range shard.Nodes {
			seen[net.JoinHostPort(n.Endpoint, strconv.FormatInt(n.Port, 10))] = true
		}
	}
	nodes := outside.ClusterNodes(ctx).Val()
	for i := range c.Nodes {
		_, peerPort, _ := net.SplitHostPort(peers[i].address())
		if !seen[clients[i].address()] || !strings.Contains(nodes, clients[i].address()+"@"+peerPort+" ") {
			t.Errorf("node %d is not shown at %s@%s: %v\n%s", i+1, clients[i].address(), peerPort, seen, nodes)
		}
	}
}
