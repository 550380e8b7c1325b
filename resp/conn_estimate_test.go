package resp

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/resp/channels"
)

// storeWith is a store with strings of zeros.
func storeWith(t *testing.T, lengths map[string]int) *fakeStore {
	store := newFakeStore(t)
	for key, length := range lengths {
		store.values[key] = make([]byte, length)
	}
	return store
}

// inFirst is database 0 of a store.
type inFirst struct{ *fakeStore }

func (s inFirst) Weigh(key []byte) int { return s.fakeStore.Weigh(0, key) }

// A run is cut before its work exceeds the budget: at one call less than fits, at as many, and at one more.
func TestARunHasBoundedWork_AtTheEdges(t *testing.T) {
	const line = "BITOP OR d large"
	store := storeWith(t, map[string]int{"large": 400 << 10})
	args := words(line)
	first := data.BitOp.Estimate(args, argv.Size(args), inFirst{store}).Work
	fit := command.MaxEntryWork / first
	if fit != 2 {
		t.Fatalf("%s is estimated as %d, of which %d fit", line, first, fit)
	}
	for count, want := range map[int]int{fit - 1: 1, fit: 1, fit + 1: 2, 2 * fit: 2, 2*fit + 1: 3, 10 * fit: 10} {
		runs := countRuns(store)
		newClient(t, testServer(t, Options{Store: store})).send(strings.Repeat(line+"\r\n", count))
		if *runs != want {
			t.Errorf("%d calls, of which %d fit, came in %d runs, want %d", count, fit, *runs, want)
		}
	}
}

// As many ordinary commands as a run may have are within the budget, also in a run that is long already.
func TestOrdinaryCommandsFitTheBudget(t *testing.T) {
	store := storeWith(t, map[string]int{"short": 200})
	for _, line := range []string{
		"SET key value", "SET key value EX 10 NX", "INCR counter", "APPEND short x", "SETBIT short 7 1", "GETDEL short",
		"SETRANGE short 100 abc", "BITOP AND short short short", "RENAME short long", "COPY short long", "DEL a b c d",
		"BITFIELD short SET u8 0 1", "DELEX short IFEQ x", "SET key " + strings.Repeat("v", 1000), "MSET a 1 b 2",
	} {
		args := words(line)
		spec, _ := commands.Find(args)
		c := newClient(t, testServer(t, Options{Store: store})).conn
		work, size := 0, argv.Size(args)
		for range 1 << 10 {
			cost := spec.Estimate(args, size, (*foreseen)(c))
			work += cost.Work
			c.bodyBytes += size
			c.writes.add(&command.Call{Spec: spec, Args: args}, size, cost)
		}
		if work > command.MaxEntryWork || work != c.writes.work {
			t.Errorf("%.40s: a thousand are estimated as %d, above %d", line, work, command.MaxEntryWork)
		}
	}
}

// A command that is more work by itself has an entry for itself, wherever it stands, also by RAFT.ONCE.
func TestWhatIsMuchWorkGoesAlone(t *testing.T) {
	for pipeline, want := range map[string]int{
		"SET a 1\r\n" + strings.Repeat("BITOP NOT b large\r\n", 3):               4,
		"SET a 1\r\n" + strings.Repeat("RAFT.ONCE 1 1 BITOP NOT b large\r\n", 3): 4,
		"BITOP NOT b large\r\nSET a 1\r\nSET b 1\r\nBITOP NOT b large\r\n":       3,
		"GET a\r\nBITOP NOT b large\r\nGET a\r\n":                                3,
		"SET a 1\r\nBITOP NOT b small\r\nSET a 1\r\n":                            1,
		"DEL" + strings.Repeat(" k", 1500) + "\r\nSET a 1\r\n":                   1,
		"SET a 1\r\n" + strings.Repeat("SORT small GET w* STORE b\r\n", 3):       4,
		"SET a 1\r\n" + strings.Repeat("SORT small STORE b\r\n", 3):              1,
	} {
		store := storeWith(t, map[string]int{"small": 100, "large": command.MaxEntryWork})
		runs := countRuns(store)
		newClient(t, testServer(t, Options{Store: store})).send(pipeline)
		if *runs != want {
			t.Errorf("%.60q… of %d bytes: %d runs, want %d", pipeline, len(pipeline), *runs, want)
		}
	}
}

// What a run has made counts for the calls behind it, though it is not stored yet.
func TestARunForeseesWhatItMakes(t *testing.T) {
	const made = "SETRANGE a 99999999 x\r\n"
	for pipeline, want := range map[string]int{
		made + strings.Repeat("BITOP NOT b a\r\n", 3):                                              2,
		made + "RENAME a c\r\n" + strings.Repeat("BITOP NOT b c\r\n", 3):                           2,
		made + "COPY a c\r\n" + strings.Repeat("BITOP NOT b c\r\n", 3):                             2,
		"SET a " + strings.Repeat("v", 30<<10) + "\r\n" + strings.Repeat("BITOP NOT b a\r\n", 100): 4,
		made + strings.Repeat("BITOP NOT b c\r\n", 3):                                              1,
		"SETBIT a 800000000 1\r\n" + strings.Repeat("BITOP NOT b a\r\n", 3):                        2,
		"BITFIELD a SET u8 #100000000 1\r\nBITOP NOT b a\r\n":                                      2,
		strings.Repeat(made, 150):                                                                  2,
	} {
		store := newFakeStore(t)
		runs := countRuns(store)
		newClient(t, testServer(t, Options{Store: store})).send(pipeline)
		if *runs != want {
			t.Errorf("%.60q… of %d bytes: %d runs, want %d", pipeline, len(pipeline), *runs, want)
		}
	}
}

// SORT and GEORADIUS that store nothing are reads: they have no entry, and ride along with writes.
func TestWhatStoresNothingHasNoEntry(t *testing.T) {
	for pipeline, want := range map[string]int{
		"SORT a\r\n": 0, "SORT a BY b GET store\r\n": 0, "GEORADIUS a 0 0 1 m\r\n": 0, "SORT a STORE b\r\n": 1,
		"GEORADIUS a 0 0 1 m STORE b\r\n": 1, "SET a 1\r\nSORT a\r\nSET b 1\r\n": 1,
		"MULTI\r\nSORT a\r\nEXEC\r\n": 0, "MULTI\r\nSORT a STORE b\r\nEXEC\r\n": 1,
	} {
		store := storeWith(t, map[string]int{"a": 100})
		newClient(t, testServer(t, Options{Store: store})).send(pipeline)
		if got := len(store.bodies); got != want {
			t.Errorf("%q makes %d entries, want %d", pipeline, got, want)
		}
	}
}

// What rides along with a write is not in its entry, alone or in a transaction: there it would be executed on all nodes
// while all clients wait, and no estimate counts it.
func TestWhatStoresNothingIsInNoBody(t *testing.T) {
	for _, read := range []string{"SORT a", "SORT a GET store", "GEORADIUS a 0 0 1 m", "GEORADIUSBYMEMBER a store 1 m"} {
		for _, pipeline := range []string{
			"SET a 1\r\n" + read + "\r\n", "MULTI\r\n" + read + "\r\nSET a 1\r\n" + read + "\r\nEXEC\r\n",
		} {
			store := storeWith(t, map[string]int{"a": 100})
			newClient(t, testServer(t, Options{Store: store})).send(pipeline)
			if len(store.bodies) != 1 || strings.Contains(string(store.bodies[0]), strings.Fields(read)[0]) {
				t.Errorf("%q makes the entries %q", pipeline, store.bodies)
			}
		}
	}
}

// deaf is a client that listens.
type deaf int

func (deaf) Hear(*channels.Message) {}

// A run of messages is cut by who hears them, also where RAFT.ONCE carries them: at one message less than fits, at as
// many, and at one more.
func TestARunOfMessagesIsCutByWhoHearsThem(t *testing.T) {
	for line, sharded := range map[string]bool{
		"PUBLISH channel text": false, "RAFT.ONCE 1 1 PUBLISH channel text": false, "SPUBLISH channel text": true,
	} {
		const clients = 1000
		store, c := listeningClients(t, 2)
		listeners := c[0].conn.server.channels
		for i := range clients {
			listeners.Join(channels.Plain, []string{"channel"}, deaf(i))
			listeners.Join(channels.Shard, []string{"channel"}, deaf(i))
		}
		args := words(line)
		heard := listeners.Work([]byte("channel"), len("channeltext"), sharded)
		fit := command.MaxEntryWork / (argv.Size(args) + 256*len(args) + heard)
		if heard < clients*len("channeltext") || fit < 2 || fit > 50 {
			t.Fatalf("%s is estimated as %d, of which %d fit", line, heard, fit)
		}
		spec, _ := commands.Find(args)
		if cost := spec.Estimate(args, 0, (*foreseen)(c[1].conn)); cost.Work != 256*len(args)+heard {
			t.Errorf("%s is estimated as %d, want %d more than %d", line, cost.Work, heard, 256*len(args))
		}
		for count, want := range map[int]int{1: 1, fit - 1: 1, fit: 1, fit + 1: 2, 2*fit + 1: 3} {
			runs := countRuns(store)
			c[1].send(strings.Repeat(line+"\r\n", count))
			if *runs != want {
				t.Errorf("%s: %d calls, of which %d fit, came in %d runs, want %d", line, count, fit, *runs, want)
			}
		}
	}
}
