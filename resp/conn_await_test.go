package resp

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// waitingClients are clients of a node that serves, whose store tells of changes, and whose clock stands still.
func waitingClients(t *testing.T, n int) (*fakeStore, []*client, *time.Time) {
	store, clients := sharedClients(t, n)
	server := clients[0].conn.server
	store.changed = server.Changed
	store.info.Health = Health{State: HealthReady}
	now := time.Unix(1_700_000_000, 0)
	server.clock = func() time.Time { return now }
	return store, clients, &now
}

func wantNoWaits(t *testing.T, s *Server) {
	t.Helper()
	if n := s.keyWaits.Keys(); n != 0 {
		t.Errorf("calls are left that wait for %d keys", n)
	}
}

// A call that waits holds up what stands behind it and nothing that stands before it, and is woken by its key alone.
func TestACallWaitsForItsKey(t *testing.T) {
	_, clients, _ := waitingClients(t, 2)
	waiting, other := clients[0], clients[1]
	got := waiting.send("SET x 1\r\nPING\r\nRAFT.LOG READ a 0 BLOCK 0\r\nGET x\r\nPING\r\n")
	if got != "+OK\r\n+PONG\r\n" {
		t.Fatalf("before it waits: %q", got)
	}
	if !waiting.conn.Blocked() || !waiting.conn.Until().IsZero() {
		t.Fatalf("blocked %v, until %v", waiting.conn.Blocked(), waiting.conn.Until())
	}
	wakes := waiting.wakes
	if got := other.send("SET b 1\r\nDBSIZE\r\n"); got != "+OK\r\n:2\r\n" || waiting.wakes != wakes {
		t.Fatalf("%q; a change of another key woke it %d times", got, waiting.wakes-wakes)
	}
	if got := waiting.hear(); got != "" {
		t.Fatalf("it is answered %q for nothing", got)
	}
	other.send("SET a new\r\nSET a newer\r\n")
	if waiting.wakes != wakes+1 {
		t.Errorf("two changes woke it %d times, want once", waiting.wakes-wakes)
	}
	if got := waiting.hear(); got != "$5\r\nnewer\r\n$1\r\n1\r\n+PONG\r\n" {
		t.Errorf("woken: %q", got)
	}
	wantNoWaits(t, other.conn.server)
	if got := waiting.send("RAFT.LOG READ a 0 BLOCK 0\r\n"); got != "$5\r\nnewer\r\n" {
		t.Errorf("where there is something at once: %q", got)
	}
	wantNoWaits(t, other.conn.server)
}

// A change between the look and the wait is not missed: the fake store makes it while it looks.
func TestAChangeWhileACallLooksIsSeen(t *testing.T) {
	store, clients, _ := waitingClients(t, 1)
	store.finish = func(r *Request) {
		store.finish = nil
		clients[0].conn.server.Changed("a", nil) // the call looks at the state behind this change, or once more
		store.done(r)
	}
	clients[0].send("RAFT.LOG READ a 0 BLOCK 0\r\n")
	if store.views != 2 {
		t.Errorf("it looked %d times, want twice", store.views)
	}
	clients[0].conn.server.Flushed(nil)
	if got := clients[0].hear(); got != "" || store.views != 3 {
		t.Errorf("all keys changed: %q, %d looks", got, store.views)
	}
}

func TestAWaitEndsWithItsTime(t *testing.T) {
	store, clients, now := waitingClients(t, 1)
	c := clients[0]
	c.send("RAFT.LOG READ a 0 BLOCK 50\r\nPING\r\n")
	if want := now.Add(50 * time.Millisecond); !c.conn.Until().Equal(want) {
		t.Fatalf("it waits until %v, want %v", c.conn.Until(), want)
	}
	*now = now.Add(49 * time.Millisecond)
	if got := c.hear(); got != "" {
		t.Fatalf("a millisecond before: %q", got)
	}
	*now = now.Add(time.Millisecond)
	if got := c.hear(); got != "$-1\r\n+PONG\r\n" {
		t.Fatalf("at its end: %q", got)
	}
	wantNoWaits(t, c.conn.server)
	store.viewsRefused = 1 // the state has to move on first: the time may be over until then
	store.finish = func(r *Request) {
		store.finish = func(r *Request) {
			*now = now.Add(time.Second)
			store.done(r)
		}
		store.done(r)
	}
	if got := c.send("RAFT.LOG READ a 0 BLOCK 50\r\nPING\r\n"); got != "$-1\r\n+PONG\r\n" {
		t.Fatalf("over when it looks: %q", got)
	}
	store.finish = nil
	c.send("RAFT.LOG READ a 0 BLOCK 9223372036854775807\r\n")
	if !c.conn.Until().IsZero() {
		t.Errorf("the longest wait ends at %v", c.conn.Until())
	}
}

func TestClientUnblockEndsAWaitForAKey(t *testing.T) {
	for how, want := range map[string]string{
		"": "$-1\r\n", " TIMEOUT": "$-1\r\n", " ERROR": "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n",
	} {
		_, clients, _ := waitingClients(t, 2)
		clients[0].send("RAFT.LOG READ a 0 BLOCK 0\r\nPING\r\n")
		got := clients[1].send("CLIENT LIST ID 5\r\nCLIENT UNBLOCK 5" + how + "\r\nCLIENT UNBLOCK 5\r\n")
		if !strings.Contains(got, "flags=b ") || !strings.HasSuffix(got, ":1\r\n:0\r\n") {
			t.Fatalf("got %q", got)
		}
		if got := clients[0].hear(); got != want+"+PONG\r\n" {
			t.Errorf("unblocked by%s: %q", how, got)
		}
		wantNoWaits(t, clients[0].conn.server)
	}
}

// A node that may not serve any more has its waiting calls confirmed again: refused, they get what a read gets; else
// they wait on, and hear of what was changed meanwhile.
func TestAWaitIsConfirmedAgainWhenTheNodeMayNotServe(t *testing.T) {
	store, clients, _ := waitingClients(t, 2)
	c, server := clients[0], clients[0].conn.server
	c.send("RAFT.LOG READ a 0 BLOCK 0\r\nPING\r\n")
	if !server.confirmWaits(true) || c.hear() != "" || store.pendingCount() != 0 {
		t.Fatal("a node that serves has its calls confirmed again")
	}
	store.finish = store.park
	store.info.Health = Health{State: HealthNoLeader}
	if server.confirmWaits(true) || c.hear() != "" || store.pendingCount() != 1 {
		t.Fatalf("%d calls are confirmed again, want 1", store.pendingCount())
	}
	if server.confirmWaits(false) || c.hear() != "" || store.pendingCount() != 1 {
		t.Fatal("it is confirmed again and again")
	}
	store.done(store.next())
	if got := c.hear(); got != "" || !c.conn.Blocked() {
		t.Fatalf("confirmed: %q, blocked %v", got, c.conn.Blocked())
	}
	store.info.Health = Health{State: HealthReady}
	if !server.confirmWaits(false) {
		t.Fatal("it serves again")
	}
	store.info.Health = Health{State: HealthQuarantined}
	server.confirmWaits(true)
	c.advance()
	store.next().Complete(NotDone)
	if got := c.hear(); got != "-"+outcomeTexts[NotDone]+"\r\n+PONG\r\n" {
		t.Fatalf("refused: %q", got)
	}
	wantNoWaits(t, server)
	if !server.confirmWaits(false) {
		t.Error("a node without calls that wait is asked for its health")
	}
}

// TestWaitedKeysAreBounded by Limits.MaxWaitedKeys: one more is refused, and the client can go on.
func TestWaitedKeysAreBounded(t *testing.T) {
	store := newFakeStore(t)
	server := testServer(t, Options{Store: store, Limits: Limits{MaxWaitedKeys: 2}})
	var clients []*client
	for i := range 3 {
		clients = append(clients, newClient(t, server))
		got := clients[i].send("RAFT.LOG READ a 0 BLOCK 0\r\nPING\r\n")
		if (i < 2 && got != "") || (i == 2 && got != "-"+tooManyWaits+"\r\n+PONG\r\n") {
			t.Errorf("call %d: %q", i, got)
		}
	}
	clients[0].conn.Abandon()
	if got := clients[2].send("RAFT.LOG READ a 0 BLOCK 0\r\n"); got != "" || server.keyWaits.Keys() != 2 {
		t.Errorf("where one has left: %q", got)
	}
	for i, want := range map[int64]bool{-1: false, 1: true} {
		limits := Limits{MaxWaitedKeys: int(i)}.withDefaults()
		if err := limits.validate(); (err == nil) != want {
			t.Errorf("a limit of %d: %v", i, err)
		}
	}
	if n := (Limits{}.withDefaults()).MaxWaitedKeys; n != 100_000 {
		t.Errorf("by default %d", n)
	}
}

// Over real sockets: another client's write, the end of the time, a kill and the client's own end free a call that
// waits, and INFO counts it meanwhile.
func TestWaitsEndOverSockets(t *testing.T) {
	store := newFakeStore(t)
	store.info.Health = Health{State: HealthReady}
	var server *Server
	s := serve(t, Options{Store: store, Watch: func(s *Server) { server, store.changed = s, s.Changed }})
	waits := func(n int64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d calls that wait", n), func() bool {
			return int64(server.keyWaits.Keys()) == n && server.metrics.Blocked.Value() == n
		})
	}
	admin, first, second, third := s.dial(), s.dial(), s.dial(), s.dial()
	first.send("RAFT.LOG READ a 0 BLOCK 0\r\n")
	second.send("RAFT.LOG READ a 0 BLOCK 0\r\n")
	third.send("RAFT.LOG READ b 0 BLOCK 5\r\nPING\r\n")
	third.expect("$-1\r\n+PONG\r\n")
	waits(2)
	if got := admin.ask("INFO clients\r\n"); !strings.Contains(got, "blocked_clients:2") {
		t.Errorf("INFO says %q", got)
	}
	admin.send("SET a 1\r\n")
	admin.expect("+OK\r\n")
	first.expect("$1\r\n1\r\n")
	second.expect("$1\r\n1\r\n")
	waits(0)
	first.send("RAFT.LOG READ b 0 BLOCK 0\r\n")
	second.send("RAFT.LOG READ b 0 BLOCK 0\r\n")
	waits(2)
	admin.send("CLIENT KILL ID 2\r\n")
	admin.expect(":1\r\n")
	first.expectEnd()
	waits(1)
	_ = second.Close()
	waits(0)
}

// Over a real socket: a node that is told to stop answers the calls that wait, and does not wait for them.
func TestCloseAnswersCallsThatWait(t *testing.T) {
	store := newFakeStore(t)
	s := serve(t, Options{Store: store})
	c := s.dial()
	c.send("PING\r\nRAFT.LOG READ a 0 BLOCK 0\r\nPING\r\n")
	c.expect("+PONG\r\n")
	eventually(t, "a call that waits", func() bool { return s.server.keyWaits.Keys() == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.server.Close(ctx); err != nil {
		t.Fatal(err)
	}
	c.expect("-" + nodeStops + "\r\n+PONG\r\n")
	c.expectEnd()
}
