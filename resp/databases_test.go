package resp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/resp/topology"
)

// TestEachRunIsInTheDatabaseOfItsClient: writes say it in front of their entry, and reads beside them.
func TestEachRunIsInTheDatabaseOfItsClient(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	c.expect("SET a 0\r\nSELECT 2\r\nSET a 2\r\nGET a\r\nSELECT 0\r\nGET a\r\n",
		"+OK\r\n+OK\r\n+OK\r\n$1\r\n2\r\n+OK\r\n$1\r\n0\r\n")
	want := [][]byte{
		argv.Append(nil, words("SET a 0")),
		argv.Append(argv.Append(nil, words("SELECT 2")), words("SET a 2")),
	}
	if fmt.Sprintf("%q", store.bodies) != fmt.Sprintf("%q", want) {
		t.Errorf("the entries are %q, want %q", store.bodies, want)
	}
}

// TestTheNumberOfDatabasesGoesWithTheEntry where it is not the usual one.
func TestTheNumberOfDatabasesGoesWithTheEntry(t *testing.T) {
	for databases, refused := range map[int]bool{1: true, 2: true, 3: false, 16: false, command.MaxDatabases: false} {
		store := newFakeStore(t)
		c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{Databases: databases}}))
		if got := c.send("SELECT 2\r\n"); (got == "-ERR DB index is out of range\r\n") != refused {
			t.Errorf("of %d databases: %q", databases, got)
		}
		c.send("SET a 1\r\n")
		selected := 2
		if refused {
			selected = 0
		}
		run := command.Run{
			Database: selected, Databases: databases, Calls: []command.Call{{Spec: data.Set, Args: words("SET a 1")}},
		}
		if want := run.Body(nil, argv.Append); !bytes.Equal(store.bodies[0], want) {
			t.Errorf("of %d databases: the entry is %q, want %q", databases, store.bodies[0], want)
		}
	}
	for _, databases := range []int{-1, command.MaxDatabases + 1} {
		if err := (Limits{Databases: databases}).withDefaults().validate(); err == nil {
			t.Errorf("%d databases are taken", databases)
		}
	}
}

// TestLargeWritesAreInTheirDatabase: their body is put together by the reader, before it is known what stands in front.
func TestLargeWritesAreInTheirDatabase(t *testing.T) {
	store := newFakeStore(t)
	limits := Limits{MaxEntryBytes: 1 << 20, MaxRunBytes: 100 << 10, Databases: command.MaxDatabases}
	c := newClient(t, testServer(t, Options{Store: store, Limits: limits}))
	value := strings.Repeat("v", 300<<10)
	for i, database := range []int{0, 1, 15, command.MaxDatabases - 1, 0} {
		c.expect(fmt.Sprintf("SELECT %d\r\n", database), "+OK\r\n")
		input := bulk("SET", "k", value)
		if i > 0 { // the first bytes come while the client is in another database
			input = fmt.Sprintf("SELECT %d\r\n", database) + input
			c.send("SELECT 3\r\n" + input[:200<<10])
			input = input[200<<10:]
		}
		c.send(input)
		run := command.Run{
			Database: database, Databases: limits.Databases,
			Calls: []command.Call{{Spec: data.Set, Args: [][]byte{[]byte("SET"), []byte("k"), []byte(value)}}},
		}
		if want := run.Body(nil, argv.Append); !bytes.Equal(store.bodies[len(store.bodies)-1], want) {
			t.Errorf("in database %d the entry begins with %.40q, want %.40q", database, store.bodies[len(store.bodies)-1], want)
		}
	}
}

// TestALongRequestIsQueued, though what the reader has put together begins with room for the database.
func TestALongRequestIsQueued(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: 1 << 20}}))
	value := strings.Repeat("v", 300<<10)
	for _, database := range []int{0, 5} {
		c.expect(fmt.Sprintf("SELECT %d\r\nMULTI\r\n", database), "+OK\r\n+OK\r\n")
		request := bulk("SET", "k", value)
		c.expect(request[:200<<10], "")
		c.expect(request[200<<10:], "+QUEUED\r\n")
		c.expect("GET k\r\nEXEC\r\n", "+QUEUED\r\n*2\r\n+OK\r\n"+bulkText(value))
	}
}

// TestTheLargestWriteOfEachDatabase: what stands in front of it counts.
func TestTheLargestWriteOfEachDatabase(t *testing.T) {
	const limit = 1 << 10
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: limit}}))
	for _, database := range []int{0, 7} {
		head := len((&command.Run{Database: database}).Body(nil, argv.Append))
		c.expect(fmt.Sprintf("SELECT %d\r\n", database), "+OK\r\n")
		length := limit - head - argv.Size(words("SET a ")) - 2 // the value has a length of two bytes
		got := c.send(bulk("SET", "a", strings.Repeat("v", length)))
		if bytes := len(store.bodies[len(store.bodies)-1]); got != "+OK\r\n" || bytes != limit {
			t.Errorf("database %d, the longest: %q, %d bytes", database, got, bytes)
		}
		if got := c.send(bulk("SET", "a", strings.Repeat("v", length+1))); !strings.HasPrefix(got, "-ERR command exceeds") {
			t.Errorf("database %d, one byte more: %q", database, got)
		}
	}
}

// TestBodiesFitAnEntry: those of runs and of transactions, with all that SELECT adds to them, up to the last byte.
func TestBodiesFitAnEntry(t *testing.T) {
	const limit = 1 << 10
	set := func(length int) string { return bulk("SET", "a", strings.Repeat("v", length)) }
	for _, database := range []int{0, 7} {
		longest, refused := map[string]int{}, 0
		for extra := range 80 {
			for kind, input := range map[string]string{
				"run": set(extra) + strings.Repeat(set(60), 20),
				"transaction": "MULTI\r\n" + set(880+extra) + strings.Repeat("SELECT 5\r\nSELECT 0\r\n", 3) +
					"SET b 1\r\nEXEC\r\n",
				"run with reads": set(extra) + strings.Repeat("SORT "+strings.Repeat("k", 100)+"\r\n", 20),
			} {
				store := newFakeStore(t)
				c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: limit}}))
				c.expect(fmt.Sprintf("SELECT %d\r\n", database), "+OK\r\n")
				if got := c.send(input); strings.HasSuffix(got, "-"+execAborted+"\r\n") {
					refused++
				}
				for _, body := range store.bodies {
					if longest[kind] = max(longest[kind], len(body)); len(body) > limit {
						t.Fatalf("database %d, a %s, %d: an entry has %d bytes", database, kind, extra, len(body))
					}
				}
			}
		}
		if longest["run"] != limit || longest["transaction"] != limit || refused == 0 {
			t.Errorf("database %d: the longest have %v bytes, %d were refused", database, longest, refused)
		}
	}
}

// TestASelectionCostsNoAllocation but the first time: each run of a client in another database than 0 has it.
func TestASelectionCostsNoAllocation(t *testing.T) {
	for _, run := range []*command.Run{{}, {Database: 7, Databases: 16}, {Database: 7, Databases: 100}} {
		run.Calls = []command.Call{{Spec: data.Set, Args: words("SET a 1")}}
		body := run.Body(nil, argv.Append)
		if allocations := testing.AllocsPerRun(100, func() { body = run.Body(body[:0], argv.Append) }); allocations > 0 {
			t.Errorf("database %d of %d: %v allocations", run.Database, run.Databases, allocations)
		}
		run.Database = 3
		if got := run.Body(nil, argv.Append); !bytes.Contains(got, []byte("SELECT\x013")) {
			t.Errorf("in database 3 the body is %q", got)
		}
	}
}

// TestARunEndsBehindSWAPDB: what is stored at the keys of the calls behind it is estimated anew. For a transaction,
// which is not cut, the estimate follows SELECT and SWAPDB.
func TestARunEndsBehindSWAPDB(t *testing.T) {
	for pipeline, want := range map[string]int{
		"SWAPDB 0 1\r\nSET a 1\r\nSET b 1\r\n": 2, "SET a 1\r\nSWAPDB 0 1\r\nSET b 1\r\n": 2,
		"RAFT.ONCE 1 1 SWAPDB 0 1\r\nSET a 1\r\n": 2, "RAFT.ONCE 1 1 SET a 1\r\nSET a 1\r\n": 1,
	} {
		store := newFakeStore(t)
		if newClient(t, testServer(t, Options{Store: store})).send(pipeline); len(store.bodies) != want {
			t.Errorf("%q: %d entries, want %d", pipeline, len(store.bodies), want)
		}
	}
	much := strings.Repeat("BITOP NOT b a\r\n", 3)
	for lines, refused := range map[string]bool{
		much: false, "SELECT 3\r\n" + much: true, "SELECT 3\r\nSELECT 0\r\n" + much: false,
		"SELECT 3\r\nSELECT 99\r\n" + much: true, "SWAPDB 0 3\r\n" + much: true, "SWAPDB 99 3\r\n" + much: false,
		"SWAPDB 3 0\r\nSWAPDB 0 5\r\n" + much: false, "SWAPDB 3 0\r\nSWAPDB 0 5\r\nSELECT 5\r\n" + much: true,
		"RAFT.ONCE 1 1 SWAPDB 3 0\r\n" + much: true,
	} {
		store := newFakeStore(t)
		store.databases[3]["a"] = make([]byte, maxTransactionWork/4)
		got := newClient(t, testServer(t, Options{Store: store})).send("MULTI\r\n" + lines + "EXEC\r\n")
		if strings.HasSuffix(got, "-"+abortedBy(tooMuchWork)+"\r\n") != refused {
			t.Errorf("%q: want refused %v: %.300q", lines, refused, got)
		}
	}
}

// TestARefusedSELECTOfATransactionIsCounted, and one that is accepted, each once.
func TestARefusedSELECTOfATransactionIsCounted(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	c.send("MULTI\r\nSELECT 99\r\nSET a 1\r\nSELECT 3\r\nEXEC\r\n")
	_, stats, _ := strings.Cut(c.send("INFO commandstats\r\n"), "cmdstat_select:")
	stats, _, _ = strings.Cut(stats, "\r\n")
	if !strings.HasPrefix(stats, "calls=2,") || !strings.HasSuffix(stats, "rejected_calls=0,failed_calls=1") {
		t.Errorf("%s", stats)
	}
}

// TestClientsAndMonitorsShowTheDatabase: CLIENT INFO, CLIENT LIST and MONITOR.
func TestClientsAndMonitorsShowTheDatabase(t *testing.T) {
	_, c := sharedClients(t, 2)
	c[0].conn.server.clock = func() time.Time { return time.Unix(1700000000, 0) }
	c[0].send("MONITOR\r\n")
	c[1].conn.session.address = "1.2.3.4:5"
	c[1].send("SELECT 9\r\nGET a\r\n")
	if got := c[0].hear(); got != "+1700000000.000000 [0 1.2.3.4:5] \"SELECT\" \"9\"\r\n"+
		"+1700000000.000000 [9 1.2.3.4:5] \"GET\" \"a\"\r\n" {
		t.Errorf("a monitor hears %q", got)
	}
	for _, line := range []string{"CLIENT INFO\r\n", "CLIENT LIST ID 6\r\n"} {
		if got := c[1].send(line); !strings.Contains(got, " db=9 ") {
			t.Errorf("%q says %q", line, got)
		}
	}
	if got := c[1].send("RESET\r\nCLIENT INFO\r\n"); !strings.Contains(got, " db=0 ") {
		t.Errorf("behind RESET: %q", got)
	}
}

// TestClientsOfAClusterHaveDatabases, whatever the node shows.
func TestClientsOfAClusterHaveDatabases(t *testing.T) {
	for _, view := range []topology.View{topology.SpreadView, topology.LeaderView, topology.NoView} {
		c := newClient(t, testServer(t, Options{Store: newFakeStore(t), ClusterView: view}))
		c.send("CLUSTER SLOTS\r\nREADONLY\r\nASKING\r\n")
		c.expect("SELECT 3\r\nSET a 3\r\nSELECT 0\r\nGET a\r\nSELECT 3\r\nGET a\r\n",
			"+OK\r\n+OK\r\n+OK\r\n$-1\r\n+OK\r\n$1\r\n3\r\n")
	}
}
