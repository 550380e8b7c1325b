package resp

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/resp/topology"
)

// As in Redis, blocked clients are those that wait because somebody asked for it, not those that a node is busy with.
func TestClientsThatWaitForTheStoreAreNotBlocked(t *testing.T) {
	store := newFakeStore(t)
	store.finish = store.park
	s := serve(t, Options{Store: store, ClusterView: topology.NoView})
	asking, waiting := s.dial(), s.dial()
	counts := func() string {
		var found []string
		for line := range strings.SplitSeq(asking.ask("INFO everything\r\n"), "\r\n") {
			if strings.HasPrefix(line, "blocked_clients:") || strings.HasPrefix(line, "raft_waiting_clients:") {
				found = append(found, line)
			}
		}
		return strings.Join(found, " ")
	}
	waiting.send("GET a\r\n")
	eventually(t, "submitted", func() bool { return store.pendingCount() == 1 })
	read := store.next()
	eventually(t, "a read that waits", func() bool { return counts() == "blocked_clients:0 raft_waiting_clients:1" })
	store.finish = nil
	store.done(read)
	waiting.expect("$-1\r\n")
	waiting.send("WAIT 9 0\r\n")
	eventually(t, "one blocked", func() bool { return counts() == "blocked_clients:1 raft_waiting_clients:0" })
	asking.send("CLIENT UNBLOCK 2\r\n")
	asking.expect(":1\r\n")
	waiting.expect(":1\r\n")
	eventually(t, "no client waiting", func() bool { return counts() == "blocked_clients:0 raft_waiting_clients:0" })
}
