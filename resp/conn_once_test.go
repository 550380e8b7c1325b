package resp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

const (
	fakeReply = "-ERR not in the fake store\r\n"
	nested    = "sessions are not nested\r\n"
	ofNode    = "it concerns the connection or the node\r\n"
)

// What RAFT.ONCE does not take is refused before it has an entry, and so takes no sequence.
func TestOnceRefusesWhatHasNoPlaceInTheLog(t *testing.T) {
	for name, c := range map[string]struct{ call, want string }{
		"write":           {"SET k v", ""},
		"read":            {"GET k", ""},
		"unknown":         {"NOSUCH c", "-ERR unknown command 'NOSUCH', with args beginning with: 'c' \r\n"},
		"a transaction":   {"MULTI", "-ERR RAFT.ONCE does not take 'multi': " + ofNode},
		"watching":        {"WATCH k", "-ERR RAFT.ONCE does not take 'watch': " + ofNode},
		"unknown part":    {"OBJECT x k", "-ERR unknown subcommand 'x'. Try OBJECT HELP.\r\n"},
		"too few words":   {"SET k", "-ERR wrong number of arguments for 'set' command\r\n"},
		"only a half":     {"OBJECT", "-ERR RAFT.ONCE does not take 'object': " + ofNode},
		"the connection":  {"CLIENT ID", "-ERR RAFT.ONCE does not take 'client|id': " + ofNode},
		"the node":        {"CONFIG GET x", "-ERR RAFT.ONCE does not take 'config|get': " + ofNode},
		"waits":           {"WAIT 1 0", "-ERR RAFT.ONCE does not take 'wait': " + ofNode},
		"a secret":        {"AUTH secret", "-ERR RAFT.ONCE does not take 'auth': " + ofNode},
		"of the node":     {"MEMORY USAGE k", "-ERR RAFT.ONCE does not take 'memory|usage': " + ofNode},
		"once more":       {"RAFT.ONCE 1 1 SET k v", "-ERR RAFT.ONCE does not take 'raft.once': " + nested},
		"another session": {"RAFT.SESSION OPEN", "-ERR RAFT.ONCE does not take 'raft.session|open': " + nested},
	} {
		store := newFakeStore(t)
		runs := countRuns(store)
		client := newClient(t, testServer(t, Options{Store: store}))
		got := client.send("RAFT.ONCE 1 1 " + c.call + "\r\n")
		if taken := c.want == ""; taken && got != fakeReply || !taken && got != c.want || taken != (*runs == 1) {
			t.Errorf("%s: %q, %d runs", name, got, *runs)
		}
	}
}

// RAFT.ONCE stands in a pipeline like any write, and has the client's own words in the log.
func TestOnceIsAWriteOfItsRun(t *testing.T) {
	store := newFakeStore(t)
	runs := countRuns(store)
	c := newClient(t, testServer(t, Options{Store: store}))
	c.expect("SET a 1\r\nRAFT.ONCE 1 1 INCR a\r\nRAFT.ONCE 1 2 nosuch\r\nGET a\r\n",
		"+OK\r\n"+fakeReply+"-ERR unknown command 'nosuch', with args beginning with: \r\n"+bulkText("1"))
	want := argv.Append(argv.Append(nil, words("SET a 1")), words("RAFT.ONCE 1 1 INCR a"))
	if *runs != 1 || len(store.bodies) != 1 || string(store.bodies[0]) != string(want) {
		t.Errorf("%d runs, entries %q", *runs, store.bodies)
	}
	stats := c.send("INFO commandstats\r\n")
	if !strings.Contains(stats, "cmdstat_raft.once:calls=1,") || strings.Contains(stats, "cmdstat_incr:") {
		t.Errorf("%s", stats)
	}
}

// Reads by RAFT.ONCE are executed on all nodes while an entry is applied, so that a run has few of them.
func TestARunHasFewReadsByOnce(t *testing.T) {
	const get, half = "RAFT.ONCE 1 1 GET k\r\n", maxRidingArguments / 2
	for pipeline, want := range map[string]int{
		strings.Repeat(get, 2*half):                                       1,
		strings.Repeat(get, 2*half+1):                                     2,
		strings.Repeat("RAFT.ONCE 1 1 SCAN 0 COUNT 9999\r\n", 2*half/3+1): 2,
		strings.Repeat("RAFT.ONCE 1 1 INCR k\r\n", 4*half):                1,
		strings.Repeat("GET k\r\n", half+1) + strings.Repeat(get, half):   2,
	} {
		store := newFakeStore(t)
		runs := countRuns(store)
		newClient(t, testServer(t, Options{Store: store})).send(pipeline)
		if *runs != want {
			t.Errorf("%d runs, want %d, of %d times %q …", *runs, want, strings.Count(pipeline, "\n"), pipeline[:30])
		}
	}
}

// INFO counts sessions without the lock of the state, which an entry holds while it is applied.
func TestInfoCountsSessions(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	if got := c.send("INFO raft\r\n"); !strings.Contains(got, "\r\nraft_sessions:3\r\nraft_session_bytes:700\r\n") {
		t.Errorf("INFO raft says %q", got)
	}
}

func words(line string) [][]byte { return bytes.Fields([]byte(line)) }

// A command is refused for want of memory with RAFT.ONCE as it is without, unless it was executed: a retry needs none.
func TestOnceIsRefusedForWantOfMemory(t *testing.T) {
	store := newFakeStore(t)
	server := testServer(t, Options{Store: store})
	server.memory.exceeded.Store(true)
	c := newClient(t, server)
	const short = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	c.expect("RAFT.ONCE 1 1 SET k v\r\nRAFT.ONCE 1 1 DEL k\r\nRAFT.ONCE 1 1 GET k\r\nRAFT.SESSION OPEN\r\n",
		short+fakeReply+fakeReply+short)
	store.settled = true
	c.expect("RAFT.ONCE 1 1 SET k v\r\nRAFT.ONCE 1 2 SET k v\r\nRAFT.ONCE 2 1 SET k v\r\nRAFT.ONCE x 1 SET k v\r\n",
		fakeReply+short+short+fakeReply)
}

// The keys of RAFT.ONCE are those of its command.
func TestOnceHasTheKeysOfItsCommand(t *testing.T) {
	_, c := follower(t, Options{RedirectMoved: true})
	c.expect("RAFT.ONCE 1 1 GET foo\r\nRAFT.ONCE 1 1 BITOP AND bar foo\r\nRAFT.ONCE 1 1 DBSIZE\r\n",
		"-MOVED 12182 10.0.0.2:7002\r\n-MOVED 5061 10.0.0.2:7002\r\n"+fakeReply)
	for line, want := range map[string]string{
		"GETKEYS RAFT.ONCE 1 1 MSET a 1 b 2":        "*2\r\n" + bulkText("a") + bulkText("b"),
		"GETKEYS RAFT.ONCE 1 1 DBSIZE":              "-ERR The command has no key arguments\r\n",
		"GETKEYS RAFT.ONCE 1 1 nosuch a":            "-ERR Invalid command specified\r\n",
		"GETKEYS RAFT.ONCE 1 1 RAFT.ONCE 1 2 GET k": "-ERR The command has no key arguments\r\n",
		"GETKEYS RAFT.ONCE 1 1 GET":                 "-ERR Invalid number of arguments specified for command\r\n",
		"GETKEYS RAFT.ONCE 1 1":                     "-ERR Invalid number of arguments specified for command\r\n",
		"GETKEYSANDFLAGS RAFT.ONCE 1 1 GET k":       "*1\r\n*2\r\n" + bulkText("k") + "*2\r\n+RO\r\n+access\r\n",
	} {
		if got := c.send("COMMAND " + line + "\r\n"); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	if got := c.send("COMMAND INFO RAFT.ONCE\r\n"); !strings.Contains(got, "+movablekeys\r\n") {
		t.Errorf("COMMAND INFO says %q", got)
	}
}
