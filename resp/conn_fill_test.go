package resp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// fillClient is a client of a store with values of which PFCOUNT has counted only "kept".
func fillClient(t *testing.T, limits Limits) (*fakeStore, *client) {
	store := newFakeStore(t)
	for key, text := range map[string]string{"a": "1", "b": "22", "c": "333", "kept": "4444!"} {
		store.values[key] = []byte(text)
	}
	return store, newClient(t, testServer(t, Options{Store: store, Limits: limits}))
}

// A read that finds no answer in the cache that it may fill is executed as a write. Where the answer is there, where
// old state will do, and of what never fills anything it stays a read.
func TestAReadThatFillsIsAWriteWhereItHasTo(t *testing.T) {
	entry := func(lines ...string) string {
		var body []byte
		for _, line := range lines {
			if line == "MULTI" {
				body = argv.Append(body, command.TransactionHead(nil))
			} else {
				body = argv.Append(body, words(line))
			}
		}
		return string(body)
	}
	queued := func(count int) string { return "+OK\r\n" + strings.Repeat("+QUEUED\r\n", count) }
	var many []string
	for range maxFills + 8 {
		many = append(many, "PFCOUNT a")
	}
	for _, c := range []struct {
		name    string
		lines   []string
		replies string
		entries []string
	}{
		{"no answer", []string{"PFCOUNT a"}, ":1\r\n", []string{entry("PFCOUNT a")}},
		{"an answer", []string{"PFCOUNT kept"}, ":4\r\n", nil},
		{"several keys", []string{"PFCOUNT a b"}, ":1\r\n", nil},
		{"among reads", []string{"GET c", "PFCOUNT a", "PFCOUNT kept", "PFCOUNT b", "STRLEN b", "PFCOUNT c", "GET c"},
			"$3\r\n333\r\n:1\r\n:4\r\n:2\r\n:3\r\n:3\r\n$4\r\n333!\r\n",
			[]string{entry("PFCOUNT a", "PFCOUNT kept", "PFCOUNT b"), entry("PFCOUNT c")}},
		{"with an answer among reads", []string{"GET c", "PFCOUNT kept", "GET c"}, "$3\r\n333\r\n:4\r\n$3\r\n333\r\n", nil},
		{"behind a write", []string{"SET d 1", "PFCOUNT a", "GET a"}, "+OK\r\n:1\r\n$2\r\n1!\r\n",
			[]string{entry("SET d 1", "PFCOUNT a")}},
		{"before a write", []string{"GET a", "PFCOUNT kept", "SET d 1"}, "$1\r\n1\r\n:4\r\n+OK\r\n",
			[]string{entry("PFCOUNT kept", "SET d 1")}},
		{"more than go at once", many, strings.Repeat(":1\r\n", len(many)), []string{entry(many[:maxFills]...)}},
		{"before WATCH", []string{"PFCOUNT a", "WATCH a", "MULTI", "SET d 1", "EXEC"},
			":1\r\n+OK\r\n" + queued(1) + "*1\r\n+OK\r\n", nil},
		{"in a transaction of reads", []string{"MULTI", "GET a", "PFCOUNT a", "PFCOUNT b c", "PFCOUNT kept", "EXEC"},
			queued(4) + "*4\r\n$1\r\n1\r\n:1\r\n:2\r\n:4\r\n", []string{entry("MULTI", "PFCOUNT a", "PFCOUNT kept")}},
		{"in one with the answer", []string{"MULTI", "GET a", "PFCOUNT kept", "EXEC"},
			queued(2) + "*2\r\n$1\r\n1\r\n:4\r\n", nil},
		{"in one with writes", []string{"MULTI", "PFCOUNT kept", "SET d 1", "EXEC"},
			queued(2) + "*2\r\n:4\r\n+OK\r\n", []string{entry("MULTI", "PFCOUNT kept", "SET d 1")}},
		{"where the database changes", []string{"MULTI", "SELECT 99", "SELECT 0", "PFCOUNT a", "EXEC"},
			queued(3) + "*3\r\n-ERR DB index is out of range\r\n+OK\r\n:1\r\n",
			[]string{entry("MULTI", "SELECT 0", "PFCOUNT a")}},
		{"old state", []string{"RAFT.READ STALE", "GET a", "PFCOUNT a"}, "+OK\r\n$1\r\n1\r\n:1\r\n", nil},
		{"no reply", []string{"CLIENT REPLY SKIP", "PFCOUNT a", "PFCOUNT a"}, ":1\r\n", []string{entry("PFCOUNT a")}},
	} {
		for _, calls := range []int{1000, 1} {
			store, client := fillClient(t, Limits{MaxRunCalls: calls})
			got := client.send(strings.Join(c.lines, "\r\n") + "\r\n")
			var entries []string
			for _, body := range store.bodies {
				entries = append(entries, string(body))
			}
			if got != c.replies {
				t.Errorf("%s, runs of %d: got %q, want %q", c.name, calls, got, c.replies)
			}
			if calls > 1 && c.entries != nil && fmt.Sprintf("%q", entries) != fmt.Sprintf("%q", c.entries) {
				t.Errorf("%s: entries %q, want %q", c.name, entries, c.entries)
			}
			if wrote := len(entries) > 0; c.entries == nil && c.name != "before WATCH" && wrote {
				t.Errorf("%s, runs of %d: entries %q", c.name, calls, entries)
			}
		}
	}
}

// Where the write is not done, or that is not known, the client gets its number all the same, and nothing is kept; also
// by a transaction. A read behind it that cannot be confirmed is refused as always.
func TestAReadThatCannotFillIsARead(t *testing.T) {
	const queued = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
	for _, outcome := range []Outcome{NotDone, Uncertain, Overloaded} {
		for lines, want := range map[string]string{
			"GET b\r\nPFCOUNT a\r\nPFCOUNT b\r\nGET a\r\n":         "$2\r\n22\r\n:1\r\n:2\r\n$1\r\n1\r\n",
			"MULTI\r\nPFCOUNT a\r\nGET a\r\nPFCOUNT b\r\nEXEC\r\n": queued + "*3\r\n:1\r\n$1\r\n1\r\n:2\r\n",
		} {
			store, client := fillClient(t, Limits{})
			writes := 0
			store.finish = func(r *Request) {
				if r.Run.HasWrite() {
					writes++
					r.Complete(outcome)
				} else {
					store.done(r)
				}
			}
			if got := client.send(lines); got != want || writes != 1 || len(store.bodies) != 0 {
				t.Errorf("%v: %d writes, got %q, want %q", outcome, writes, got, want)
			}
			store.finish = nil
			if got := client.send("PFCOUNT a\r\n"); got != ":1\r\n" || len(store.bodies) != 1 {
				t.Errorf("%v: afterwards %q, %d entries", outcome, got, len(store.bodies))
			}
		}
	}
	store, client := fillClient(t, Limits{})
	reads := 0
	store.finish = func(r *Request) {
		if reads++; reads == 3 { // GET and PFCOUNT, the write, GET
			r.Complete(NotDone)
		} else {
			store.done(r)
		}
	}
	got := client.send("GET a\r\nPFCOUNT a\r\nGET b\r\n")
	if rest, ok := strings.CutPrefix(got, "$1\r\n1\r\n:1\r\n-CLUSTERDOWN"); !ok || strings.Count(rest, "\r\n") != 1 {
		t.Errorf("got %q", got)
	}
}

// As in Redis a pause of writes holds what may write, of one key and of several, in a transaction and alone; also where
// it begins when the read has shown that it has to write.
func TestAPauseOfWritesHoldsReadsThatMayFill(t *testing.T) {
	for _, line := range []string{"PFCOUNT a", "PFCOUNT kept", "PFCOUNT a b", "GET a\r\nPFCOUNT kept"} {
		for _, within := range []string{"", "MULTI\r\n"} {
			store, c := fillClient(t, Limits{})
			s := c.conn.server
			now := time.Unix(1700000000, 0)
			s.clock = func() time.Time { return now }
			c.send(within)
			s.pause.begin(now, time.Second, false)
			end := "\r\n"
			if within != "" {
				end += "EXEC\r\n"
			}
			if got := strings.ReplaceAll(c.send(line+end), "+QUEUED\r\n", ""); got != "" || store.views != 0 {
				t.Errorf("%s: in the pause %q", line, got)
			}
			now = now.Add(time.Second)
			if c.advance(); !strings.Contains(c.take(), ":") {
				t.Errorf("%s: behind the pause there is no number", line)
			}
		}
	}
	for _, lines := range []string{"GET b\r\nPFCOUNT a\r\nGET b\r\n", "MULTI\r\nPFCOUNT a\r\nGET b\r\nEXEC\r\n"} {
		store, c := fillClient(t, Limits{})
		s := c.conn.server
		now := time.Unix(1700000000, 0)
		s.clock = func() time.Time { return now }
		store.finish = func(r *Request) { // the pause begins when the read was submitted
			s.pause.begin(now, time.Second, false)
			store.done(r)
		}
		before := c.send(lines)
		if action := c.advance(); action != Park || !c.conn.Blocked() || len(store.bodies) != 0 {
			t.Errorf("in the pause the connection says %d, and has answered %q", action, before)
		}
		now, store.finish = now.Add(time.Second), nil
		c.advance()
		if got := c.take(); !strings.HasSuffix(got, ":1\r\n$2\r\n22\r\n") || len(store.bodies) != 1 {
			t.Errorf("behind the pause %q", got)
		}
	}
}

// A client that leaves while its read fills a cache, or waits to, leaves nothing behind, and statistics count one call.
func TestAClientMayLeaveWhileItsReadFills(t *testing.T) {
	store, c := fillClient(t, Limits{})
	c.send("GET a\r\nPFCOUNT a\r\nGET b\r\n")
	if stats := c.send("INFO commandstats\r\n"); !strings.Contains(stats, "cmdstat_pfcount:calls=1,") ||
		!strings.Contains(stats, "cmdstat_get:calls=2,") {
		t.Errorf("statistics: %q", stats)
	}
	store.finish = func(r *Request) {
		if r.Run.HasWrite() {
			store.park(r)
		} else {
			store.done(r)
		}
	}
	c.send("GET a\r\nPFCOUNT b\r\nGET b\r\n")
	if action := c.advance(); action != Park || store.pendingCount() != 1 {
		t.Fatalf("the connection says %d, %d are submitted", action, store.pendingCount())
	}
	if !c.conn.Abandon() || store.abandonedCount() != 1 {
		t.Fatal("the store was not told")
	}
	c.conn.cut = true
	if action := c.advance(); action != Close {
		t.Errorf("the connection says %d", action)
	}
	c.conn.Release()
}
