package resp

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

func TestRedisAndThisServerSayTheSameAboutWaiting(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for _, input := range []string{
		"WAIT x 1\r\nWAIT 1 x\r\nWAIT 1 -1\r\nWAIT 1\r\nWAIT 1 2 3\r\nWAIT 1 99999999999999999999\r\n",
		"MODULE LIST\r\nMODULE\r\n",
		"MODULE LIST x\r\nTIME x\r\n",
	} {
		compare(t, redis, s, input)
	}
}

// Node 1 leads and has applied 41; node 2, which votes, has 40; node 3, a learner, 9. Node 1's own disk has 43.
func TestWaitCountsTheDisksOfOtherNodes(t *testing.T) {
	store, clients := sharedClients(t, 1)
	c := clients[0]
	now := time.Unix(1700000000, 0)
	c.conn.server.clock = func() time.Time { return now }
	got := c.send("WAIT 0 0\r\nWAIT 1 0\r\nWAITAOF 1 1 0\r\nWAITAOF 0 0 0\r\n")
	if got != ":1\r\n:1\r\n"+strings.Repeat("*2\r\n:1\r\n:1\r\n", 2) {
		t.Fatalf("what a majority has is known at once: %q", got)
	}
	if got := c.send("WAIT 2 0\r\n"); got != "" || !c.conn.Blocked() {
		t.Fatalf("got %q, blocked %v", got, c.conn.Blocked())
	}
	store.info.Nodes[1].Match, store.info.Nodes[2].Match = 41, 40
	if got := c.hear(); got != "" {
		t.Fatalf("the learner lacks an entry: %q", got)
	}
	store.info.Nodes[2].Match, store.info.Applied = 41, 99
	if got := c.hear(); got != ":2\r\n" {
		t.Fatalf("got %q", got)
	}
	store.info.Applied = 41
	c.send("WAIT 3 50\r\n")
	now = now.Add(49 * time.Millisecond)
	if got := c.hear(); got != "" {
		t.Fatalf("before its time: %q", got)
	}
	now = now.Add(time.Millisecond)
	if got := c.hear(); got != ":2\r\n" {
		t.Fatalf("after its time: %q", got)
	}
}

func TestWaitAOFWaitsForTheOwnDisk(t *testing.T) {
	store, clients := sharedClients(t, 1)
	store.info.Nodes[0].Match = 40
	if got := clients[0].send("WAITAOF 1 0 0\r\n"); got != "" {
		t.Fatalf("got %q", got)
	}
	store.info.Nodes[0].Match = 41
	if got := clients[0].hear(); got != "*2\r\n:1\r\n:1\r\n" {
		t.Fatalf("got %q", got)
	}
	got := clients[0].send("WAITAOF 2 0 0\r\nWAITAOF -1 0 0\r\nWAITAOF 0 -1 0\r\nWAITAOF x 0 0\r\nWAITAOF 0 0 -1\r\n")
	want := strings.Repeat("-"+waitLocal+"\r\n", 2) + "-" + waitPositive + "\r\n" +
		"-ERR value is not an integer or out of range\r\n-ERR timeout is negative\r\n"
	if got != want {
		t.Fatalf("got %q", got)
	}
}

// A node that does not lead knows of the majority, and will not learn of more.
func TestWaitOnAFollowerSaysAtOnceWhatItKnows(t *testing.T) {
	store, clients := sharedClients(t, 1)
	store.info.Role, store.info.Leader = "follower", 2
	if got := clients[0].send("WAIT 2 0\r\nWAITAOF 1 2 100000\r\n"); got != ":1\r\n*2\r\n:1\r\n:1\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestClientUnblockEndsWait(t *testing.T) {
	for how, want := range map[string]string{
		"": ":1\r\n", " TIMEOUT": ":1\r\n", " ERROR": "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n",
	} {
		_, clients := sharedClients(t, 2)
		clients[0].send("WAIT 5 0\r\nPING\r\n")
		got := clients[1].send("CLIENT LIST ID 5\r\nCLIENT UNBLOCK 5" + how + "\r\nCLIENT UNBLOCK 5\r\n")
		if !strings.Contains(got, "flags=b ") || !strings.HasSuffix(got, ":1\r\n:0\r\n") {
			t.Fatalf("got %q", got)
		}
		if got := clients[0].hear(); got != want+"+PONG\r\n" {
			t.Errorf("unblocked by%s: %q", how, got)
		}
	}
}

func TestTimeIsThatOfTheNode(t *testing.T) {
	_, clients := sharedClients(t, 1)
	clients[0].conn.server.clock = func() time.Time { return time.Unix(1700000000, 42_000_999) }
	if got := clients[0].send("TIME\r\nRAFT.INDEX\r\n"); got != "*2\r\n$10\r\n1700000000\r\n$5\r\n42000\r\n:41\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestStaleReadsAreAnsweredWithoutAskingAnyone(t *testing.T) {
	store, clients := sharedClients(t, 1)
	c := clients[0]
	store.finish = store.park
	got := c.send("RAFT.READ\r\nRAFT.READ stale\r\nRAFT.READ\r\nGET a\r\nRAFT.READ x\r\nRAFT.READ stale x\r\n")
	want := bulkText("linearizable") + "+OK\r\n" + bulkText("stale") + "$-1\r\n" +
		strings.Repeat("-"+raftReadArguments+"\r\n", 2)
	if got != want || store.pendingCount() > 0 {
		t.Fatalf("got %q with %d requests", got, store.pendingCount())
	}
	if got := c.send("SET a 1\r\n"); got != "" || store.pendingCount() != 1 {
		t.Fatalf("a write gets %q", got)
	}
	store.done(store.next())
	if got := c.hear(); got != "+OK\r\n" {
		t.Fatalf("got %q", got)
	}
	if got := c.send("RAFT.READ LINEARIZABLE\r\n"); got != "+OK\r\n" {
		t.Fatalf("got %q", got)
	}
	if got := c.send("GET a\r\n"); got != "" || store.pendingCount() != 1 {
		t.Fatalf("a linearizable read gets %q", got)
	}
}

func TestStaleReadsAreRefusedWhereThereIsNothingToRead(t *testing.T) {
	store, clients := sharedClients(t, 1)
	for state, want := range map[string]string{
		"loading": "-LOADING Redis is loading the dataset in memory\r\n", "removed": "-" + readOnlyRemoved + "\r\n",
	} {
		store.info.State = topology.State(state)
		if got := clients[0].send("RAFT.READ STALE\r\n"); got != want {
			t.Errorf("%s: %q", state, got)
		}
	}
}

// Over a real socket: what other nodes have got wakes the client that waits for it, and time does.
func TestWaitIsWokenByProgressAndByItsTime(t *testing.T) {
	store := newFakeStore(t)
	s := serve(t, Options{Store: store})
	client := s.dial()
	client.send("WAIT 2 0\r\n")
	eventually(t, "a waiting client", func() bool { return s.server.progress.count.Load() == 1 })
	store.mu.Lock()
	nodes := slices.Clone(store.info.Nodes)
	nodes[1].Match, nodes[2].Match = 41, 41
	store.info.Nodes = nodes
	store.mu.Unlock()
	store.progressed()
	client.expect(":2\r\n")
	client.send("WAIT 9 5\r\n")
	client.expect(":2\r\n")
	if n := s.server.progress.count.Load(); n != 0 {
		t.Fatalf("%d connections still wait", n)
	}
}

// Over a real socket: UNPAUSE, the end of the time of a pause, and that of DEBUG SLEEP wake those who wait.
func TestPauseAndSleepEndWithoutPolling(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	allowDebug(t, s.server, DebugYes)
	admin, waiting := s.dial(), s.dial()
	admin.send("CLIENT PAUSE 1000000 WRITE\r\n")
	admin.expect("+OK\r\n")
	waiting.send("SET a 1\r\n")
	eventually(t, "a paused client", func() bool { return s.server.pause.waiters.count.Load() == 1 })
	admin.send("CLIENT UNPAUSE\r\n")
	admin.expect("+OK\r\n")
	waiting.expect("+OK\r\n")
	admin.send("CLIENT PAUSE 5\r\n")
	admin.expect("+OK\r\n")
	waiting.send("SET a 1\r\nDEBUG SLEEP 0.005\r\nPING\r\n")
	waiting.expect("+OK\r\n+OK\r\n+PONG\r\n")
	if n := s.server.pause.waiters.count.Load(); n != 0 {
		t.Fatalf("%d connections still wait", n)
	}
}
