package resp

import (
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/resp/topology"
)

// A real Redis that owns all slots by itself, and a node that is a cluster by itself: whatever they say of it must be
// the same to the byte, but for the ids of nodes, in both protocols.
func TestOneNodeDescribesItsClusterAsRedisDoes(t *testing.T) {
	port := freePort(t)
	redis := realRedis(t, "--cluster-enabled", "yes", "--port", strconv.Itoa(port))
	if got := converse(t, "unix", redis, "CLUSTER ADDSLOTSRANGE 0 16383\r\n"); got != "+OK\r\n" {
		t.Fatalf("Redis does not take the slots: %q", got)
	}
	eventually(t, "cluster_state ok", func() bool { // it waits two seconds after its start
		return strings.Contains(converse(t, "unix", redis, "CLUSTER INFO\r\n"), "cluster_state:ok")
	})
	store := newFakeStore(t)
	store.info = fakeInfo{NodeID: 1, Name: fakeName(1), State: "up", Role: "leader", Leader: 1, Nodes: []topology.Node{
		{ID: 1, Name: fakeName(1), Port: port, PeerPort: port + 10_000, Voter: true, Up: true},
	}}
	s := serve(t, Options{Store: store})
	id := regexp.MustCompile(`[0-9a-f]{40}`)
	own := regexp.MustCompile(`cluster_(raft_\w+|config_index):[^\r]*\r\n`) // the lines that Redis does not have
	length := regexp.MustCompile(`([$=])\d+\r\n(txt:)?cluster_state`)
	alike := func(text string) string {
		text = id.ReplaceAllString(neutral(text), "(node)")
		return length.ReplaceAllString(own.ReplaceAllString(text, ""), "${1}(length)\r\n${2}cluster_state")
	}
	for _, greeting := range []string{"", "HELLO 3\r\n"} {
		for _, name := range []string{"INFO", "NODES", "SLOTS", "SHARDS", "MYID", "LINKS"} {
			input := greeting + "CLUSTER " + name + "\r\n"
			want := alike(converse(t, "unix", redis, input))
			got := alike(converse(t, "tcp", s.address, input))
			if got != want {
				t.Errorf("input %q\n got %q\nwant %q", input, got, want)
			}
		}
	}
}

// freePort finds a port without a listener, with one for other nodes 10000 above it. Both are below the ports that
// the system gives to clients, so that no client of another test takes them meanwhile.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 20_000 + rand.IntN(2000)
		if free(port) && free(port+10_000) {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func free(port int) bool {
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	return err == nil && listener.Close() == nil
}
