package resp

import (
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/resp/topology"
)

func TestMonitorsAreShownTheCommandsOfOthers(t *testing.T) {
	_, c := sharedClients(t, 3)
	f := c[0].conn.server
	f.clock = func() time.Time { return time.Unix(1700000000, 1_234_000) }
	if got := c[0].send("MONITOR\r\nMONITOR\r\n"); got != "+OK\r\n+OK\r\n" {
		t.Fatalf("got %q", got)
	}
	c[1].conn.session.address = "1.2.3.4:5"
	c[1].send(bulk("SET", "a", "1\n\"\\\x00\xff") + bulk("get", "a") + bulk("NOSUCH") + bulk("GET"))
	c[1].send(bulk("config", "get", "save"))
	c[1].send("AUTH secret\r\nHELLO 3 AUTH default secret SETNAME n\r\nPING\r\n")
	want := ""
	for _, line := range []string{
		`"SET" "a" "1\n\"\\\x00\xff"`, `"get" "a"`, `"AUTH" "(redacted)"`,
		`"HELLO" "3" "AUTH" "(redacted)" "(redacted)" "SETNAME" "n"`, `"PING"`,
	} {
		want += "+1700000000.001234 [0 1.2.3.4:5] " + line + "\r\n"
	}
	expectHears(t, c, want, "", "")
	if got := c[2].send("CLIENT LIST ID 5\r\n"); !strings.Contains(got, " flags=O ") {
		t.Errorf("CLIENT LIST says %q", got)
	}
	c[0].hear()
	c[0].conn.Release()
	if f.monitors.watching.Load() != nil {
		t.Error("a monitor that has gone is still shown commands")
	}
	c[1].send("PING\r\n")
}

// A monitor that does not read is closed, and no other client waits for it.
func TestAMonitorThatDoesNotKeepUpIsClosed(t *testing.T) {
	_, c := sharedClients(t, 2)
	c[0].conn.server.tuning.Output.mail.hard.Store(1000)
	c[0].send("MONITOR\r\n")
	for range 100 {
		if got := c[1].send("PING\r\n"); got != "+PONG\r\n" {
			t.Fatalf("got %q", got)
		}
	}
	if action := c[0].advance(); action != Close || c[0].take() != "" {
		t.Fatalf("the connection says %d", action)
	}
}

func TestRedisAndThisServerShowMonitorsTheSame(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	lines := func(network, address string) string {
		output := converse(t, network, address,
			"MONITOR\r\nPING a\r\nECHO \"\\x00\\\"\\n\\t\\a\\b\\\\\"\r\nCLIENT ID\r\n")
		var shown []string
		for _, text := range strings.Split(output, "\r\n") {
			if _, command, found := strings.Cut(text, "] "); found {
				shown = append(shown, command)
			}
		}
		return strings.Join(shown, "\n")
	}
	if got, want := lines("tcp", s.address), lines("unix", redis); got != want || got == "" {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNothingIsMadeForMonitorsThatAreNotThere(t *testing.T) {
	_, c := sharedClients(t, 1)
	spec, _ := commands.Lookup([]byte("ping"))
	args := [][]byte{[]byte("ping")}
	if n := testing.AllocsPerRun(100, func() { c[0].conn.server.show(c[0].conn.session, spec, args) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// No list of commands shows a password: neither SLOWLOG nor MONITOR, also where the command was wrong.
func TestPasswordsAreInNoListOfCommands(t *testing.T) {
	_, clients := sharedClients(t, 2)
	watcher, c := clients[0], clients[1]
	watcher.send("CONFIG SET slowlog-log-slower-than 0\r\nMONITOR\r\n")
	c.send("HELLO AUTH default secret1\r\nHELLO 2 AUTH default secret2\r\nAUTH secret3\r\n" +
		"CONFIG SET maxclients 77 requirepass secret4\r\nCONFIG SET requirepass secret5 x\r\n" +
		"CONFIG SET RequirePass \"\"\r\n" +
		"MIGRATE 127.0.0.1 1 k 0 1 COPY AUTH secret6\r\nMIGRATE 127.0.0.1 1 k 0 1 AUTH2 secret7 secret8 nosuch\r\n")
	lists := watcher.hear() + c.send("SLOWLOG GET -1\r\n")
	if strings.Contains(lists, "secret") {
		t.Fatalf("somebody's password is shown: %q", lists)
	}
	for _, word := range []string{"(redacted)", "maxclients", "77", "requirepass", "HELLO", "COPY", "nosuch"} {
		if !strings.Contains(lists, word) {
			t.Errorf("%q is not shown in %q", word, lists)
		}
	}
}

// What is too long to wait for a monitor is not even made.
func TestMonitor_OfALongCommandEndsAtTheLimit(t *testing.T) {
	tuning := tuned(func(t *Tuning) { t.Output.mail.store([3]int64{64 << 10, 0, 0}) })
	f := testServer(t, Options{Store: newFakeStore(t), Tuning: tuning})
	for length, ends := range map[int]bool{32 << 10: false, 64 << 10: true, 1 << 20: true} {
		watches, other := newClient(t, f), newClient(t, f)
		watches.send("MONITOR\r\n")
		if got := other.send(bulk("ECHO", strings.Repeat("v", length))); len(got) < length {
			t.Fatalf("the other client gets %d bytes", len(got))
		}
		watches.advance()
		shown := watches.take()
		if watches.ended != ends || (len(shown) > length) == ends {
			t.Errorf("%d bytes: %d are shown, ended %v", length, len(shown), watches.ended)
		}
		watches.conn.Release()
		other.conn.Release()
	}
}
