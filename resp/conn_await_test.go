package resp

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
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

// The state machine is told that a call has waited: XREAD then waits on while its key is of another type. What comes
// behind it has not waited.
func TestACallThatHasWaitedIsToldFromANewOne(t *testing.T) {
	_, clients, _ := waitingClients(t, 2)
	waiting, run := clients[0], &clients[0].conn.request.Run
	if waiting.send("RAFT.LOG READ a 0 BLOCK 0\r\n"); !run.HasWaited || !waiting.conn.Blocked() {
		t.Fatalf("has waited: %v, blocked: %v", run.HasWaited, waiting.conn.Blocked())
	}
	clients[1].send("SET a new\r\n")
	if got := waiting.hear(); got != "$3\r\nnew\r\n" || run.HasWaited {
		t.Errorf("answered with %q, has waited: %v", got, run.HasWaited)
	}
	wantNoWaits(t, waiting.conn.server)
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
	if server.confirmWaits(0) != 0 || c.hear() != "" || store.pendingCount() != 0 {
		t.Fatal("a node that serves has its calls confirmed again")
	}
	store.finish = store.park
	store.info.Health = Health{State: HealthNoLeader}
	if server.confirmWaits(0) != 1 || c.hear() != "" || store.pendingCount() != 1 {
		t.Fatalf("%d calls are confirmed again, want 1", store.pendingCount())
	}
	if server.confirmWaits(1) != 2 || c.hear() != "" || store.pendingCount() != 1 {
		t.Fatal("it is confirmed again and again")
	}
	store.done(store.next())
	if got := c.hear(); got != "" || !c.conn.Blocked() {
		t.Fatalf("confirmed: %q, blocked %v", got, c.conn.Blocked())
	}
	store.info.Health = Health{State: HealthReady}
	if server.confirmWaits(2) != 0 {
		t.Fatal("it serves again")
	}
	store.info.Health = Health{State: HealthQuarantined}
	server.confirmWaits(0)
	c.advance()
	store.next().Complete(NotDone)
	if got := c.hear(); got != "-"+outcomeTexts[NotDone]+"\r\n+PONG\r\n" {
		t.Fatalf("refused: %q", got)
	}
	wantNoWaits(t, server)
	if server.confirmWaits(1) != 0 {
		t.Error("a node without calls that wait is asked for its health")
	}
}

// A node serves for a moment between two looks that find it without a leader, and confirms a call: the call is told of
// a later look, and not of the one before.
func TestAWaitIsConfirmedAgainWhileTheNodeMayNotServe(t *testing.T) {
	store, clients, _ := waitingClients(t, 1)
	c, server := clients[0], clients[0].conn.server
	store.info.Health = Health{State: HealthNoLeader}
	c.send("RAFT.LOG READ a 0 BLOCK 0\r\n")
	store.finish = store.park
	for unready := 1; unready < confirmLooks; unready++ {
		if server.confirmWaits(unready) != unready+1 || c.hear() != "" || store.pendingCount() != 0 {
			t.Fatalf("behind %d looks it is confirmed again", unready)
		}
	}
	for range 2 * confirmLooks { // while the store has it, it is left alone
		server.confirmWaits(confirmLooks)
		if got := c.hear(); got != "" || store.pendingCount() != 1 {
			t.Fatalf("%q; %d calls are confirmed again, want 1", got, store.pendingCount())
		}
	}
	store.next().Complete(NotDone)
	if got := c.hear(); got != "-"+outcomeTexts[NotDone]+"\r\n" {
		t.Errorf("refused: %q", got)
	}
	wantNoWaits(t, server)
}

// A call that is content with old state waits on without a leader, and not on a node that was removed.
func TestAWaitOnOldStateNeedsNoLeader(t *testing.T) {
	store, clients, _ := waitingClients(t, 2)
	c, server := clients[0], clients[0].conn.server
	c.send("RAFT.READ STALE\r\n")
	store.info.Health = Health{State: HealthNoLeader}
	store.finish = store.park
	c.send("RAFT.LOG READ a 0 BLOCK 0\r\n")
	views := store.views
	server.confirmWaits(0)
	if got := c.hear(); got != "" || !c.conn.Blocked() || store.pendingCount() != 0 || store.views != views {
		t.Fatalf("%q, blocked %v, %d calls are confirmed again", got, c.conn.Blocked(), store.pendingCount())
	}
	store.put(store.values, []byte("a"), []byte("new")) // it was committed: this node applies it late
	if got := c.hear(); got != "$3\r\nnew\r\n" {
		t.Errorf("woken: %q", got)
	}
	c.send("RAFT.LOG READ b 0 BLOCK 0\r\n")
	store.info.Health, store.info.State = Health{State: HealthRemoved}, topology.Removed
	server.confirmWaits(0)
	if got := c.hear(); got != "" || store.pendingCount() != 1 {
		t.Errorf("%q; %d calls of a removed node are confirmed again, want 1", got, store.pendingCount())
	}
	store.next().Complete(NotDone)
	if got := c.hear(); !strings.HasPrefix(got, "-MOVED ") {
		t.Errorf("a removed node answers %q", got)
	}
	wantNoWaits(t, server)
}

// A connection that ends gives the place of its call back, whatever the call does: the store has it in hand, a pause
// has begun before it was submitted, or its reply is beyond the limit.
func TestACallWithoutAClientLeavesItsPlace(t *testing.T) {
	const call = "RAFT.LOG READ a 0 BLOCK 0\r\n"
	for name, end := range map[string]func(store *fakeStore, c *client, now time.Time){
		"cut while the store has it": func(store *fakeStore, c *client, _ time.Time) {
			store.finish = store.park
			c.send(call)
			r := store.next() // an Abandon comes too late
			c.conn.cut = true
			c.conn.Abandon()
			r.Complete(Done)
			c.advance()
		},
		"cut while the store confirms it again": func(store *fakeStore, c *client, _ time.Time) {
			c.send(call)
			store.finish = store.park
			store.info.Health = Health{State: HealthNoLeader}
			c.conn.server.confirmWaits(0)
			c.advance()
			r := store.next()
			c.conn.cut = true
			c.conn.Abandon()
			r.Complete(Done)
			c.advance()
		},
		"paused": func(_ *fakeStore, c *client, now time.Time) {
			call, _ := c.conn.resolve(words("raft.log read a 0 block 0"))
			c.conn.server.pause.begin(now, time.Hour, true) // behind the look of gather
			c.conn.block(call)
			if c.conn.phase != paused || !c.conn.Abandon() {
				t.Errorf("in phase %v it cannot be abandoned", c.conn.phase)
			}
			wantNoWaits(t, c.conn.server)
		},
		"too long a reply": func(store *fakeStore, c *client, _ time.Time) {
			store.values["a"] = make([]byte, 100)
			c.conn.server.tuning.Output.normal.hard.Store(10)
			c.send(call)
		},
		"while it waits": func(_ *fakeStore, c *client, _ time.Time) { c.send(call) },
	} {
		store, clients, now := waitingClients(t, 1)
		end(store, clients[0], *now)
		clients[0].conn.Release()
		if n := clients[0].conn.server.keyWaits.Keys(); n != 0 {
			t.Errorf("%s: a call is left that waits for %d keys", name, n)
		}
	}
}

// What stands before a call that may take long is sent before it, also if the call itself is not answered; and the
// reply that CLIENT REPLY SKIP drops is still its own.
func TestRepliesBeforeAMutedWaitAreSent(t *testing.T) {
	for _, wait := range []string{"RAFT.LOG READ a 0 BLOCK 50\r\n", "WAIT 9 50\r\n"} {
		for mute, want := range map[string]string{"OFF": "", "SKIP": "+PONG\r\n"} {
			_, clients, now := waitingClients(t, 1)
			c := clients[0]
			if got := c.send("PING\r\nCLIENT REPLY " + mute + "\r\n" + wait + "PING\r\n"); got != "+PONG\r\n" {
				t.Errorf("before %q behind %s: %q", wait, mute, got)
			}
			if !c.conn.Blocked() {
				t.Fatalf("%q does not wait", wait)
			}
			*now = now.Add(time.Second)
			if got := c.hear(); got != want || c.conn.Blocked() {
				t.Errorf("behind %q behind %s: %q, want %q", wait, mute, got, want)
			}
		}
	}
}

// What is posted to a client that waits is sent at once, and ends no wait; too much of it ends the connection.
func TestAClientThatWaitsGetsItsMail(t *testing.T) {
	for wait, answer := range map[string]string{
		"RAFT.LOG READ a 0 BLOCK 0\r\n": "$1\r\n2\r\n+PONG\r\n" + invalidated("a"), "WAIT 9 0\r\n": "",
	} {
		store := newFakeStore(t)
		server := testServer(t, Options{Store: store, Watch: func(*Server) {}})
		store.changed = server.Changed
		c, other := newClient(t, server), newClient(t, server)
		c.send("HELLO 3\r\nCLIENT TRACKING ON\r\nGET x\r\nGET y\r\n")
		if got := c.send(wait + "PING\r\n"); got != "" || !c.conn.Blocked() {
			t.Fatalf("%q is answered %q", wait, got)
		}
		for _, key := range []string{"x", "y"} {
			wakes := c.wakes
			other.send("SET " + key + " 2\r\n")
			if got := c.hear(); got != invalidated(key) || c.wakes == wakes || !c.conn.Blocked() {
				t.Errorf("it hears %q and is woken %d times; blocked: %v", got, c.wakes-wakes, c.conn.Blocked())
			}
		}
		other.send("SET a 2\r\n")
		if got := c.hear(); got != answer {
			t.Errorf("then %q, want %q", got, answer)
		}
		if answer != "" {
			c.send("RAFT.LOG READ b 0 BLOCK 0\r\n")
		}
		c.conn.session.lose()
		if got := c.hear(); got != "" || !c.ended {
			t.Errorf("too much mail: %q, ended %v", got, c.ended)
		}
		c.conn.Release()
		wantNoWaits(t, server)
		if n := server.progress.count.Load(); n != 0 {
			t.Errorf("%d connections are left that wait for progress", n)
		}
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

// Over a real socket: a client that waits gets what is posted, and its place is free when it is killed.
func TestMailComesToAWaitOverASocket(t *testing.T) {
	store := newFakeStore(t)
	s := serve(t, Options{Store: store, Watch: func(s *Server) { store.changed = s.Changed }})
	admin, c := s.dial(), s.dial()
	c.send("HELLO 3\r\n")
	if _, err := c.reader.ReadString('*'); err != nil { // the modules are the last of HELLO
		t.Fatal(err)
	}
	c.expect("0\r\n")
	c.send("CLIENT TRACKING ON\r\nGET x\r\nGET y\r\nRAFT.LOG READ a 0 BLOCK 0\r\n")
	c.expect("+OK\r\n_\r\n_\r\n")
	eventually(t, "a call that waits", func() bool { return s.server.metrics.Blocked.Value() == 1 })
	for _, key := range []string{"x", "y"} {
		admin.send("SET " + key + " 1\r\n")
		admin.expect("+OK\r\n")
		c.expect(invalidated(key))
	}
	admin.send("CLIENT KILL ID 2\r\n")
	admin.expect(":1\r\n")
	c.expectEnd()
	eventually(t, "no call that waits", func() bool { return s.server.keyWaits.Keys() == 0 })
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

// lookedAt is a socket that counts the looks whether its client has gone.
type lookedAt struct {
	net.Conn
	looks int
}

func (l *lookedAt) NetConn() net.Conn {
	l.looks++
	return l.Conn
}

// The watch looks at watchedLinks parked connections in a period, and at each once before it looks at one again.
func TestTheWatchLooksAtFewConnectionsAtATime(t *testing.T) {
	for n, rounds := range map[int]int{
		1: 1, watchedLinks - 1: 1, watchedLinks: 1, watchedLinks + 1: 2, 2*watchedLinks + 1: 3,
	} {
		s := testServer(t, Options{Store: newFakeStore(t)})
		sockets := make([]lookedAt, n)
		for i := range sockets {
			l := &link{server: s, socket: &sockets[i]}
			l.parking.Store(parked)
			s.links[l] = struct{}{}
		}
		s.metrics.Parked.Add(int64(n))
		due := s.lookAfter(nil)
		if len(due) != 0 {
			t.Fatalf("%d connections that were parked just now are looked after", len(due))
		}
		for round := range 2 * rounds {
			before := 0
			for i := range sockets {
				before += sockets[i].looks
			}
			due = s.lookAfter(due)
			looks := -before
			for i := range sockets {
				looks += sockets[i].looks
			}
			if looks < 1 || looks > watchedLinks {
				t.Errorf("round %d of %d connections: %d looks", round, n, looks)
			}
		}
		for i := range sockets {
			if sockets[i].looks != 2 {
				t.Fatalf("in %d rounds, %d looks at one of %d connections, want 2", 2*rounds, sockets[i].looks, n)
			}
		}
	}
}
