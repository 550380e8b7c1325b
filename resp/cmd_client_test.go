package resp

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

// sharedClients are connections to one server without sockets.
func sharedClients(t *testing.T, n int) (*fakeStore, []*client) {
	store := newFakeStore(t)
	f := testServer(t, Options{Store: store})
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = newClient(t, f)
	}
	return store, clients
}

func TestRedisAndThisServerSayTheSameAboutClients(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for _, input := range comparedInputs(t, "clients.txt") {
		compare(t, redis, s, input)
	}
}

func TestClientListHasALineForEachConnection(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	first, second := s.dial(), s.dial()
	first.send("CLIENT SETNAME one\r\nCLIENT SETINFO LIB-NAME lib\r\nCLIENT SETINFO LIB-VER 1.2\r\nCLIENT NO-EVICT ON\r\n")
	first.expect("+OK\r\n+OK\r\n+OK\r\n+OK\r\n")
	second.send("READONLY\r\n")
	second.expect("+OK\r\n")
	address := regexp.QuoteMeta(second.LocalAddr().String())
	line := func(id int, address, name, flags, command, library, version string) string {
		return fmt.Sprintf(`id=%d addr=%s laddr=%s fd=\d+ name=%s age=\d idle=\d flags=%s db=0 sub=0 psub=0 ssub=0 multi=-1 `+
			`qbuf=\d+ qbuf-free=\d+ argv-mem=0 multi-mem=0 rbs=\d+ rbp=\d+ obl=\d+ oll=0 omem=0 tot-mem=\d+ events=r cmd=%s `+
			`user=default redir=-1 resp=2 lib-name=%s lib-ver=%s`+"\n", id, address, regexp.QuoteMeta(s.address), name, flags,
			command, library, version)
	}
	one := line(1, regexp.QuoteMeta(first.LocalAddr().String()), "one", "e", `client\|list`, "lib", `1\.2`)
	two := line(2, address, "", "r", "readonly", "", "")
	got := first.ask("CLIENT LIST\r\n")
	if want := `^\$\d+\r\n` + one + two + "\r\n$"; !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("CLIENT LIST says %q\nwant %s", got, want)
	}
	got = second.ask("CLIENT LIST ID 2 77\r\n")
	want := `^\$\d+\r\n` + strings.Replace(two, "readonly", `client\|list`, 1) + "\r\n$"
	if !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("CLIENT LIST ID says %q\nwant %s", got, want)
	}
}

func TestClientKillEndsTheConnectionsThatMeetAllConditions(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	killer, idle, other := s.dial(), s.dial(), s.dial()
	for _, c := range []*peer{killer, idle, other} { // all are served before the first is asked for
		c.send("PING\r\n")
		c.expect("+PONG\r\n")
	}
	killer.send("CLIENT KILL ID 2 ADDR 1.2.3.4:5\r\n")
	killer.expect(":0\r\n")
	killer.send("CLIENT KILL ID 2 ADDR " + idle.LocalAddr().String() + " LADDR " + s.address +
		" TYPE normal USER default\r\n")
	killer.expect(":1\r\n")
	idle.expectEnd()
	killer.send("CLIENT KILL " + other.LocalAddr().String() + "\r\n")
	killer.expect("+OK\r\n")
	other.expectEnd()
	eventually(t, "alone", func() bool { return s.server.Clients() == 1 })
	killer.send("CLIENT KILL TYPE normal\r\n")
	killer.expect(":0\r\n")
	killer.send("PING\r\nCLIENT KILL TYPE normal SKIPME no\r\nPING\r\n")
	killer.expect("+PONG\r\n:1\r\n")
	killer.expectEnd()
}

// A client whose write is with the store is cut off at once; the store hears of it, and keeps the run until it is
// answered.
func TestClientKillCutsAClientThatWaits(t *testing.T) {
	store := newFakeStore(t)
	store.finish = store.park
	s := serve(t, Options{Store: store})
	victim, killer := s.dial(), s.dial()
	victim.send("SET a 1\r\n")
	eventually(t, "submitted", func() bool { return store.pendingCount() == 1 })
	killer.send("CLIENT KILL ID 1\r\n")
	killer.expect(":1\r\n")
	victim.expectEnd()
	eventually(t, "abandoned", func() bool { return store.abandonedCount() == 1 })
}

func TestClientReplyDropsTheRepliesThatNobodyWants(t *testing.T) {
	for _, c := range [][2]string{
		{"CLIENT REPLY OFF\r\nSET a 1\r\nGET a\r\nNOSUCH\r\nPING\r\nCLIENT ID\r\nCLIENT REPLY ON\r\nGET a\r\n",
			"+OK\r\n$1\r\n1\r\n"},
		{"SET a 1\r\nCLIENT REPLY SKIP\r\nGET a\r\nGET a\r\n", "+OK\r\n$1\r\n1\r\n"},
		{"SET a 1\r\nCLIENT REPLY SKIP\r\nSET a 2\r\nGET a\r\nSET a 3\r\n", "+OK\r\n$1\r\n2\r\n+OK\r\n"},
		{"CLIENT REPLY SKIP\r\nNOSUCH\r\nPING\r\n", "+PONG\r\n"},
		{"CLIENT REPLY SKIP\r\nCLIENT ID\r\nPING\r\n", "+PONG\r\n"},
		{"CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n", "$1\r\na\r\n"},
		{"CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\n", ""},
	} {
		input, want := c[0], c[1]
		_, clients := sharedClients(t, 1)
		if got := clients[0].send(input); got != want {
			t.Errorf("%q is answered %q, want %q", input, got, want)
		}
		_, clients = sharedClients(t, 1)
		got := ""
		for i := range len(input) {
			got += clients[0].send(input[i : i+1])
		}
		if got != want {
			t.Errorf("%q, byte by byte, is answered %q, want %q", input, got, want)
		}
	}
}

// A slow command is parked, and its reply dropped when it comes.
func TestClientReplyOffHoldsForWhatIsWaitedFor(t *testing.T) {
	saver, c := savingClient(t)
	c.send("CLIENT REPLY SKIP\r\nSAVE\r\nPING\r\n")
	saver.known.Saves++
	c.advance()
	if got := c.take(); got != "+PONG\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestAPauseOfWritesLetsReadsPass(t *testing.T) {
	store, clients := sharedClients(t, 3)
	now := time.Unix(1700000000, 0)
	clients[0].conn.server.clock = func() time.Time { return now }
	if got := clients[0].send("CLIENT PAUSE 1000 WRITE\r\n"); got != "+OK\r\n" {
		t.Fatalf("got %q", got)
	}
	if got := clients[1].send("GET a\r\nPING\r\nGET a\r\nSET a 1\r\nGET a\r\n"); got != "" {
		t.Fatalf("a run with a write is answered: %q", got)
	}
	if got := clients[2].send("GET a\r\nPING\r\n"); got != "$-1\r\n+PONG\r\n" {
		t.Fatalf("a read is answered %q", got)
	}
	if len(store.bodies) != 0 {
		t.Fatal("a write was executed")
	}
	if action := clients[1].advance(); action != Park || !clients[1].conn.Blocked() {
		t.Fatalf("the connection says %d, blocked %v", action, clients[1].conn.Blocked())
	}
	now = now.Add(time.Second)
	clients[1].advance()
	if got := clients[1].take(); got != "$-1\r\n+PONG\r\n$-1\r\n+OK\r\n$1\r\n1\r\n" {
		t.Fatalf("after the pause: %q", got)
	}
}

func TestAPauseOfEverythingEndsByItselfOrByUnpause(t *testing.T) {
	_, clients := sharedClients(t, 3)
	now := time.Unix(1700000000, 0)
	clients[0].conn.server.clock = func() time.Time { return now }
	clients[0].send("CLIENT PAUSE 1000 WRITE\r\nCLIENT PAUSE 10\r\n")
	for _, c := range clients[1:] {
		if got := c.send("PING\r\nCLIENT ID\r\n"); got != "" {
			t.Fatalf("answered: %q", got)
		}
	}
	now = now.Add(999 * time.Millisecond) // the shorter pause has not shortened the longer
	clients[1].advance()
	if got := clients[1].take(); got != "" {
		t.Fatalf("answered: %q", got)
	}
	clients[0].conn.server.pause.stop() // UNPAUSE itself is put off, as in Redis
	clients[1].advance()
	if got := clients[1].take(); got != "+PONG\r\n:6\r\n" {
		t.Fatalf("got %q", got)
	}
	now = now.Add(time.Millisecond)
	clients[2].advance()
	if got := clients[2].take(); got != "+PONG\r\n:7\r\n" {
		t.Fatalf("got %q", got)
	}
	if got := clients[0].send("CLIENT PAUSE 1000 WRITE\r\nCLIENT UNPAUSE\r\nSET a 1\r\n"); got != "+OK\r\n+OK\r\n+OK\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestAClientThatLeavesDuringAPauseIsForgotten(t *testing.T) {
	store, clients := sharedClients(t, 2)
	clients[0].send("CLIENT PAUSE 100000\r\n")
	clients[1].send("SET a 1\r\n")
	if !clients[1].conn.Abandon() || clients[1].advance() != Close {
		t.Fatal("the connection goes on")
	}
	clients[1].conn.Release()
	if len(store.bodies) != 0 {
		t.Fatal("its write was executed")
	}
}

// Over sockets: what was put off is answered without anybody waking the connection, and an idle connection is not
// disturbed.
func TestAPauseEndsForConnectionsThatWait(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	pausing, paused := s.dial(), s.dial()
	pausing.send("CLIENT PAUSE 60 ALL\r\n")
	pausing.expect("+OK\r\n")
	began := time.Now()
	paused.send("SET a 1\r\nGET a\r\n")
	paused.expect("+OK\r\n$1\r\n1\r\n")
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestClientUnblockOfNobodyIsZero(t *testing.T) {
	_, clients := sharedClients(t, 2)
	if got := clients[0].send("CLIENT UNBLOCK 6\r\nCLIENT UNBLOCK 99 ERROR\r\n"); got != ":0\r\n:0\r\n" {
		t.Fatalf("got %q", got)
	}
}
