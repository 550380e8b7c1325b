package resp

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// takesAll is the port of a server that answers OK to everything.
func takesAll(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "*") {
					fmt.Fprint(conn, "+OK\r\n")
				}
			}
			conn.Close()
		}
	}()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func migrateTo(port string, keys ...string) string {
	return bulk(append([]string{"MIGRATE", "127.0.0.1", port, "", "0", "30000", "KEYS"}, keys...)...)
}

// Each key is removed by an entry of its own, which depends on what was read.
func TestMigrate_RemovesWhatWasRead(t *testing.T) {
	store, clients := sharedClients(t, 1)
	port := takesAll(t)
	for database, selected := range []string{"", "SELECT 1\r\n"} {
		clients[0].send(selected + "SET a 1\r\nSET b 2\r\n")
		store.bodies = nil
		if got := clients[0].send(migrateTo(port, "a", "absent", "b")); got != "+OK\r\n" {
			t.Fatalf("database %d: %q", database, got)
		}
		if len(store.bodies) != 2 || clients[0].send("DBSIZE\r\n") != ":0\r\n" {
			t.Errorf("database %d: %q", database, store.bodies)
		}
		head := command.TransactionHead([]command.Watched{
			{Database: database, Key: []byte("b"), Index: store.puts, Present: true},
		})
		if want := argv.Append(nil, head); !strings.HasPrefix(string(store.bodies[1]), string(want)) {
			t.Errorf("database %d: the removal is %q, want %q and a DEL", database, store.bodies[1], want)
		}
	}
	if got := clients[0].send(migrateTo(port, "a")); got != "+NOKEY\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestMigrate_TellsWhatTheClusterSays(t *testing.T) {
	const older = "-ERR keys changed while they were on their way and stay here; the target has an older copy, which " +
		"MIGRATE … REPLACE overwrites: \"k\"\r\n"
	const both = "-ERR keys were copied to the target and could not be deleted here: \"k\"\r\n"
	const unknown = "-UNCERTAIN keys were copied to the target, and it is not known whether they were deleted here: " +
		"\"k\"\r\n"
	ends := func(outcome Outcome) func(*fakeStore, *Request) {
		return func(_ *fakeStore, r *Request) { r.Complete(outcome) }
	}
	for name, c := range map[string]struct {
		read, write func(*fakeStore, *Request)
		want        string
	}{
		"no leader":      {read: ends(NotDone), want: "-" + outcomeTexts[NotDone]},
		"too much":       {read: ends(Overloaded), want: "-" + outcomeTexts[Overloaded]},
		"no leader then": {write: ends(NotDone), want: both},
		"too much then":  {write: ends(Overloaded), want: both},
		"uncertain":      {write: ends(Uncertain), want: unknown},
		"changed": {write: func(s *fakeStore, r *Request) {
			s.put(s.values, []byte("k"), []byte("2"))
			s.done(r)
		}, want: older},
	} {
		store, clients := sharedClients(t, 1)
		clients[0].send("SET k 1\r\n")
		store.finish = func(r *Request) {
			switch write := len(r.Body) > 0; {
			case write && c.write != nil:
				c.write(store, r)
			case !write && c.read != nil:
				c.read(store, r)
			default:
				store.done(r)
			}
		}
		if got := clients[0].send(migrateTo(takesAll(t), "k")); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if len(store.values["k"]) == 0 {
			t.Errorf("%s: the key is gone", name)
		}
	}
}

// Without a state there is one error, and no array of replies.
func TestMigrate_NoStateIsAnError(t *testing.T) {
	items, failure := readItems([]byte("-"+reply.Loading+"\r\n"), nil)
	if len(items) != 0 || failure != reply.Loading {
		t.Errorf("%v, %q", items, failure)
	}
}

// A state that has to move on first is read again.
func TestMigrate_ReadsAgain(t *testing.T) {
	store, clients := sharedClients(t, 1)
	clients[0].send("SET k 1\r\n")
	store.viewsRefused = 3
	if got := clients[0].send(migrateTo(takesAll(t), "k")); got != "+OK\r\n" || store.viewsRefused != 0 {
		t.Errorf("%q", got)
	}
}

func TestMigrate_WaitsForAPauseOfWrites(t *testing.T) {
	store, clients := sharedClients(t, 2)
	now := time.Unix(1700000000, 0)
	clients[0].conn.server.clock = func() time.Time { return now }
	clients[0].send("SET k 1\r\nCLIENT PAUSE 1000 WRITE\r\n")
	if got := clients[1].send("GET k\r\n" + migrateTo(takesAll(t), "k") + "GET k\r\n"); got != "$1\r\n1\r\n" {
		t.Fatalf("answered %q", got)
	}
	if clients[1].advance(); len(store.values) != 1 {
		t.Fatal("the key was moved")
	}
	now = now.Add(time.Second)
	clients[1].advance()
	if got := clients[1].take(); got != "+OK\r\n$-1\r\n" {
		t.Errorf("after the pause: %q", got)
	}
}

func TestMigrate_HasItsLimits(t *testing.T) {
	store, clients := sharedClients(t, 2)
	server := clients[0].conn.server
	clients[0].send("SET k 1\r\n")
	port := takesAll(t)
	t.Run("all keys of all calls", func(t *testing.T) {
		all := int(server.limits.MaxInputBytes)
		if !server.input.Take(all - 1) {
			t.Fatal("no room at all")
		}
		if got := clients[0].send(migrateTo(port, "k")); !strings.HasPrefix(got, "-") || len(store.values) != 1 {
			t.Errorf("%q", got)
		}
		server.input.Give(all - 1)
	})
	t.Run("calls at once", func(t *testing.T) {
		working := make(chan struct{})
		server.spawn = func(work func()) { go func() { defer close(working); work() }() }
		for range maxMigrations {
			server.migrations <- struct{}{}
		}
		if got := clients[0].send(migrateTo(port, "k")); got != "" || len(store.values) != 1 {
			t.Fatalf("it did not wait: %q", got)
		}
		<-server.migrations
		<-working
		clients[0].advance()
		if got := clients[0].take(); got != "+OK\r\n" {
			t.Errorf("%q", got)
		}
		server.migrations <- struct{}{}
	})
	t.Run("a client that leaves", func(t *testing.T) {
		working := make(chan struct{})
		server.spawn = func(work func()) { go func() { defer close(working); work() }() }
		clients[1].send("SET k 1\r\n" + migrateTo(port, "k"))
		if !clients[1].conn.Abandon() {
			t.Fatal("nothing was abandoned")
		}
		<-working
		if store.mu.Lock(); len(store.values) != 1 {
			t.Error("the key was moved")
		}
		store.mu.Unlock()
	})
	if !server.input.Take(int(server.limits.MaxInputBytes)) {
		t.Error("what the calls took is not given back")
	}
}
