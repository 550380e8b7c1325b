package resp

import (
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

// allowDebug sets enable-debug-command as a file would.
func allowDebug(t testing.TB, f *Server, value string) {
	t.Helper()
	f.tuning.EnableDebug.Store(strings.ToLower(value))
}

func TestRedisAndThisServerSayTheSameToDebug(t *testing.T) {
	redis := realRedis(t, "--enable-debug-command", "yes")
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	allowDebug(t, s.server, DebugYes)
	for _, input := range comparedInputs(t, "debug.txt") {
		compare(t, redis, s, input)
	}
}

func TestDebugIsRefusedUnlessAllowed(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for _, input := range []string{
		"DEBUG\r\nDEBUG SLEEP 0\r\nDEBUG NOSUCH\r\nDEBUG SLEEP\r\nDEBUG HELP\r\n",
		"CONFIG GET enable-debug-command\r\nCONFIG SET enable-debug-command yes\r\n",
	} {
		compare(t, redis, s, input)
	}
	guarded := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView, Tuning: withPassword("secret")})
	for _, value := range []string{DebugNo, DebugYes} {
		allowDebug(t, guarded.server, value)
		compare(t, realRedis(t, "--requirepass", "secret", "--enable-debug-command", value), guarded,
			"DEBUG\r\nDEBUG SLEEP 0\r\nDEBUG NOSUCH\r\n")
	}
}

func TestLocalDebugIsForClientsOfThisMachine(t *testing.T) {
	f := testServer(t, Options{Store: newFakeStore(t)})
	for _, one := range []struct {
		value, address string
		allowed        bool
	}{
		{"yes", "192.0.2.1:80", true}, {"no", "127.0.0.1:80", false}, {"LOCAL", "192.0.2.1:80", false},
		{"local", "127.0.0.1:80", true}, {"local", "127.8.0.1:80", true}, {"local", "[::1]:80", true},
		{"local", "[::ffff:127.0.0.1]:80", true}, {"local", "[2001:db8::1]:80", false}, {"local", "", true},
	} {
		allowDebug(t, f, one.value)
		c := newClient(t, f)
		c.conn.session.address = one.address
		want := reply.OK(nil)
		if !one.allowed {
			want = reply.Error(nil, debugNotAllowed)
		}
		if got := c.send("DEBUG SLEEP 0\r\n"); got != string(want) {
			t.Errorf("%s from %s: %q", one.value, one.address, got)
		}
	}
}

// DEBUG SLEEP holds up the connection and counts as its command's own time; other connections go on.
func TestDebugSleepIsTheTimeOfTheCommandAndOfNobodyElse(t *testing.T) {
	_, clients := sharedClients(t, 2)
	f := clients[0].conn.server
	allowDebug(t, f, DebugYes)
	now := time.Unix(1700000000, 0)
	f.clock = func() time.Time { return now }
	clients[0].send("CONFIG SET latency-monitor-threshold 100\r\n")
	sleeper, other := clients[0], clients[1]
	if got := sleeper.send("DEBUG SLEEP 1.5\r\n"); got != "" {
		t.Fatalf("answered at once: %q", got)
	}
	if got := other.send("PING\r\nDEBUG SLEEP 0\r\n"); got != "+PONG\r\n+OK\r\n" {
		t.Fatalf("another client gets %q", got)
	}
	now = now.Add(1499 * time.Millisecond)
	if sleeper.advance(); sleeper.take() != "" || !sleeper.conn.Blocked() {
		t.Fatal("too early")
	}
	now = now.Add(time.Millisecond)
	if sleeper.advance(); sleeper.take() != "+OK\r\n" {
		t.Fatal("not at its time")
	}
	slow := other.send("SLOWLOG GET\r\n")
	want := ":1500000\r\n*3\r\n" + bulkText("DEBUG") + bulkText("SLEEP") + bulkText("1.5")
	if !strings.Contains(slow, want) {
		t.Errorf("the slow log is %q", slow)
	}
	if got := other.send("LATENCY LATEST\r\n"); !strings.HasSuffix(got, ":1500\r\n:1500\r\n") {
		t.Errorf("the latest latency is %q", got)
	}
	if got := other.send("INFO commandstats\r\n"); !strings.Contains(got, "cmdstat_debug|sleep:calls=2,usec=1500000,") {
		t.Errorf("the statistics are %q", got)
	}
}

func TestActiveExpiryCannotBeTurnedOff(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	allowDebug(t, c.conn.server, DebugYes)
	if got := c.send("DEBUG SET-ACTIVE-EXPIRE 0\r\n"); got != string(reply.Error(nil, alwaysExpires)) {
		t.Fatalf("got %q", got)
	}
}
