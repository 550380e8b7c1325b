package fsm

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// inDatabase does lines in a database, each as an entry or a query of its own, of which the client may use 16.
func inDatabase(t testing.TB, m *Machine, database int, lines ...string) string {
	t.Helper()
	var replies strings.Builder
	for _, line := range lines {
		run := newRun(2, words(line))
		run.Database = database
		replies.WriteString(runAt(t, m, run, 0))
	}
	return strings.TrimSpace(strings.ReplaceAll(replies.String(), "\r\n", " "))
}

// TestCommandsBetweenDatabasesAnswer as Redis does. Each line says in which database it is.
func TestCommandsBetweenDatabasesAnswer(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"apart": {
			"0 set a 0; 1 get a; 1 set a 1; 0 get a; 1 get a; 0 dbsize; 2 dbsize",
			"+OK $-1 +OK $1 0 $1 1 :1 :0",
		},
		"keys": {
			"1 set a 1; 0 keys *; 1 keys *; 0 scan 0; 1 scan 0; 0 randomkey",
			"+OK *0 *1 $1 a *2 $1 0 *0 *2 $1 0 *1 $1 a $-1",
		},
		"slots": {
			"1 set a 1; 0 cluster countkeysinslot 15495; 1 cluster countkeysinslot 15495; 0 cluster getkeysinslot 15495 9; " +
				"1 cluster getkeysinslot 15495 9",
			"+OK :0 :1 *0 *1 $1 a",
		},
		"debug":      {"1 set a 1; 0 debug object a; 0 memory usage a; 0 object encoding a", "+OK -ERR no such key $-1 $-1"},
		"flushdb":    {"0 set a 0; 1 set a 1; 1 flushdb; 0 get a; 1 get a", "+OK +OK +OK $1 0 $-1"},
		"flushall":   {"0 set a 0; 1 set a 1; 9 flushall; 0 get a; 1 get a", "+OK +OK +OK $-1 $-1"},
		"move":       {"0 set a 0 ex 5; 0 move a 3; 0 get a; 3 get a; 3 ttl a", "+OK :1 $-1 $1 0 :5"},
		"move there": {"0 set a 0; 3 set a 3; 0 move a 3; 0 get a; 3 get a", "+OK +OK :0 $1 0 $1 3"},
		"move none":  {"0 move a 3; 3 exists a", ":0 :0"},
		"move here":  {"2 set a 1; 2 move a 2", "+OK -ERR source and destination objects are the same"},
		"move out":   {"0 move a 16; 0 move a -1", "-ERR DB index is out of range -ERR DB index is out of range"},
		"move text":  {"0 move a x", "-ERR value is not an integer or out of range"},
		"move far": {
			"0 move a 2147483648", "-ERR value is out of range, value must between -2147483648 and 2147483647",
		},
		"move other": {
			"0 setrange a 600 x; 0 move a 1; 1 strlen a; 1 setrange a 0 y; 1 strlen a",
			":601 :1 :601 :601 :601",
		},
		"copy": {
			"0 set a 0 ex 5; 0 copy a b db 4; 0 get a; 4 get b; 4 ttl b; 0 exists b",
			"+OK :1 $1 0 $1 0 :5 :0",
		},
		"copy same": {
			"0 set a 0; 0 copy a a db 4; 4 get a; 0 copy a a db 0",
			"+OK :1 $1 0 -ERR source and destination objects are the same",
		},
		"copy there": {
			"0 set a 0; 4 set a 4; 0 copy a a db 4; 4 get a; 0 copy a a db 4 replace; 4 get a",
			"+OK +OK :0 $1 4 :1 $1 0",
		},
		"copy twice": {"0 set a 0; 0 copy a b db 1 db 2; 1 exists b; 2 exists b", "+OK :1 :0 :1"},
		"copy long": {
			"0 setrange a 600 x; 0 copy a a db 1; 0 setrange a 0 y; 1 getrange a 0 0; 0 getrange a 0 0",
			":601 :1 :601 $1 \x00 $1 y",
		},
		"swap":            {"0 set a 0; 5 set b 5; 0 swapdb 0 5; 0 keys *; 5 keys *", "+OK +OK +OK *1 $1 b *1 $1 a"},
		"swap back":       {"0 set a 0; 9 swapdb 0 5; 9 swapdb 5 0; 0 get a", "+OK +OK +OK $1 0"},
		"swap and remove": {"0 set a 0; 0 set b 0; 0 swapdb 0 5; 5 del a; 0 dbsize; 5 dbsize", "+OK +OK +OK :1 :0 :1"},
		"swap and move": {
			"0 set a 0; 0 set b 0; 0 swapdb 0 5; 5 move a 7; 7 get a; 5 keys *", "+OK +OK +OK :1 $1 0 *1 $1 b",
		},
		"swap with lock": {
			"1 raft.lock l me 1000; 0 swapdb 0 1; 1 swapdb 1 2; 0 swapdb 0 2; 1 swapdb 1 1; 1 raft.holder l; 1 del l; " +
				"0 swapdb 0 1",
			":1 -" + swapStays + " -" + swapStays + " +OK +OK *3 $2 me :1 :1000 :1 +OK",
		},
		"swap with topic": {
			"0 raft.log append t a; 0 swapdb 0 1; 0 move t 2; 0 swapdb 0 1; 0 swapdb 0 2; 2 flushdb; 0 swapdb 0 2",
			":1 -" + swapStays + " :1 +OK -" + swapStays + " +OK +OK",
		},
		"swap self": {"0 set a 0; 0 swapdb 0 0; 0 get a", "+OK +OK $1 0"},
		"swap first": {
			"0 swapdb x 1; 0 swapdb 2147483648 1; 0 swapdb x x",
			strings.Repeat("-ERR invalid first DB index ", 3),
		},
		"swap next": {
			"0 swapdb 1 x; 0 swapdb 16 x; 0 swapdb 1 -2147483649",
			strings.Repeat("-ERR invalid second DB index ", 3),
		},
		"swap out": {
			"0 swapdb 16 0; 0 swapdb 0 16; 0 swapdb -1 0",
			strings.Repeat("-ERR DB index is out of range ", 3),
		},
		"lock": {
			"1 raft.lock l me 1000; 0 raft.holder l; 0 raft.lock l you 1000; 1 move l 2; 1 copy l l db 2",
			":1 $-1 :2 -" + lockStays + " -" + lockStays,
		},
		"topic": {
			"0 raft.log append t a; 1 raft.log read t -; 0 move t 1; 1 raft.log read t -",
			":1 *-1 :1 *1 *2 :2 $1 a",
		},
		"session": {
			"3 raft.session open; 3 raft.once 1 1 incr n; 0 raft.session close 1; 0 get n; 3 get n",
			":1 :1 :1 $-1 $1 1",
		},
	} {
		m := newMachine(t)
		var got []string
		for line := range strings.SplitSeq(c.script, ";") {
			number, line, _ := strings.Cut(strings.TrimSpace(line), " ")
			database, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, inDatabase(t, m, database, line))
		}
		if got, want := strings.Join(got, " "), strings.TrimSpace(c.want); got != want {
			t.Errorf("%s: %s\n got %q\nwant %q", name, c.script, got, want)
		}
		checkHash(t, m)
	}
}

// TestAnEntryKnowsItsDatabase: the node at which it arrived and one that replays it come to one state, for runs that
// begin in any database, with any number of them, and choose others on their way.
func TestAnEntryKnowsItsDatabase(t *testing.T) {
	r := random(t, 58)
	origin, other := newMachine(t), newMachine(t)
	contents := map[int]map[string]string{}
	for range 3000 {
		run := &command.Run{Protocol: 2, Databases: []int{0, 16, 3, command.MaxDatabases}[r.IntN(4)]}
		count := run.Databases
		if count == 0 {
			count = command.DefaultDatabases
		}
		run.Database = r.IntN(min(count, 4))
		var want strings.Builder
		at := run.Database
		for range 1 + r.IntN(5) {
			key := string(rune('a' + r.IntN(3)))
			if contents[at] == nil {
				contents[at] = map[string]string{}
			}
			switch r.IntN(6) {
			case 0:
				at = []int{0, 1, count - 1}[r.IntN(3)]
				run.Calls = append(run.Calls, newCall(words(fmt.Sprint("select ", at))))
				want.WriteString("+OK\r\n")
			case 1, 2:
				value := strconv.Itoa(r.IntN(1000))
				run.Calls = append(run.Calls, newCall(words("set "+key+" "+value)))
				contents[at][key] = value
				want.WriteString("+OK\r\n")
			case 3:
				with := []int{0, 1, count - 1}[r.IntN(3)]
				run.Calls = append(run.Calls, newCall(words(fmt.Sprint("swapdb ", at, " ", with))))
				contents[at], contents[with] = contents[with], contents[at]
				want.WriteString("+OK\r\n")
			default:
				run.Calls = append(run.Calls, newCall(words("get "+key)))
				if value, is := contents[at][key]; is {
					fmt.Fprintf(&want, "$%d\r\n%s\r\n", len(value), value)
				} else {
					want.WriteString("$-1\r\n")
				}
			}
		}
		if !run.HasWrite() {
			origin.Query(0, run)
		} else {
			body := run.Body(nil, argv.Append)
			if r.IntN(2) == 0 {
				origin.Prepare(body, len(body))
				run.Summarize(0)
			}
			origin.Apply(origin.Index()+1, 0, body, run)
			other.Apply(other.Index()+1, 0, body, nil)
		}
		if string(run.Reply) != want.String() {
			t.Fatalf("database %d of %d, %v\n got %q\nwant %q", run.Database, run.Databases, run.Calls, run.Reply, want.String())
		}
		if origin.Hash() != other.Hash() {
			t.Fatalf("database %d of %d, %v: the states differ", run.Database, run.Databases, run.Calls)
		}
	}
	if again := restored(t, imageOf(t, origin)); again.Hash() != origin.Hash() {
		t.Error("the state that was restored is another one")
	}
}

// TestTheBodyOfDatabase0IsAsItWas: what says the database is there only where it has to be.
func TestTheBodyOfDatabase0IsAsItWas(t *testing.T) {
	for _, c := range []struct {
		database, databases int
		want                string
	}{
		{0, 0, ""}, {0, 16, ""}, {1, 16, "SELECT 1"}, {15, 0, "SELECT 15"}, {0, 17, "SELECT 0 17"},
		{1023, 1024, "SELECT 1023 1024"},
	} {
		run := newRun(2, words("set a 1"))
		run.Database, run.Databases = c.database, c.databases
		want := body("set a 1")
		if c.want != "" {
			want = append(body(c.want), want...)
		}
		got := run.Body(nil, argv.Append)
		if !bytes.Equal(got, want) {
			t.Errorf("database %d of %d: the body is %q, want %q", c.database, c.databases, got, want)
		}
		if head := len(got) - len(body("set a 1")); head > command.MaxSelectionBytes {
			t.Errorf("database %d of %d: %d bytes in front", c.database, c.databases, head)
		}
	}
}

// TestSelectionsThatAreNoneChangeNothing: the log should have none, and all nodes take them alike.
func TestSelectionsThatAreNoneChangeNothing(t *testing.T) {
	for _, line := range []string{
		"select 16", "select -1", "select x", "select", "select 3 3", "select 1 1025", "select 1 0", "select 1 x",
		"select 1 2 3", "select 1024 1024",
	} {
		m := newMachine(t)
		m.Apply(1, 0, body("select 2", line, "set a 1"), nil)
		if got := inDatabase(t, m, 2, "get a"); got != "$1 1" {
			t.Errorf("behind %q database 2 has %s", line, got)
		}
	}
	m := newMachine(t)
	m.Apply(1, 0, body("select 500 1000", "select 20", "set a 1", "move a 999", "move a 1000"), nil)
	m.Apply(2, 0, body("set a 0"), nil) // an entry begins anew
	run := newRun(2, words("get a"))
	run.Database, run.Databases = 999, 1000
	if m.Query(0, run); string(run.Reply) != "$1\r\n1\r\n" {
		t.Errorf("database 999 has %q", run.Reply)
	}
	if got := inDatabase(t, m, 0, "get a"); got != "$1 0" {
		t.Errorf("database 0 has %s", got)
	}
}

// TestASequenceIsOfOneDatabase: the same command in another database is another one.
func TestASequenceIsOfOneDatabase(t *testing.T) {
	m := newMachine(t)
	inDatabase(t, m, 0, "raft.session open")
	if got := inDatabase(t, m, 3, "raft.once 1 1 incr n", "raft.once 1 1 incr n", "get n"); got != ":1 :1 $1 1" {
		t.Errorf("in database 3: %s", got)
	}
	if got := inDatabase(t, m, 4, "raft.once 1 1 incr n", "get n"); got != "-"+sequenceUsed+" $-1" {
		t.Errorf("in database 4: %s", got)
	}
	got := inDatabase(t, m, 4, "raft.once 1 2 swapdb 3 4", "raft.once 1 2 swapdb 3 4", "raft.once 1 3 get n")
	if got != "+OK +OK $1 1" {
		t.Errorf("a swap in a session: %s", got)
	}
}

// TestReadsWaitForDeadlinesOfTheirDatabase, and for those of another one if they look at all keys.
func TestReadsWaitForDeadlinesOfTheirDatabase(t *testing.T) {
	m := newMachine(t)
	inDatabase(t, m, 2, "set a 1 px 100")
	inDatabase(t, m, 0, "set a 0")
	for _, c := range []struct {
		database int
		lines    []string
		waits    bool
	}{
		{0, []string{"get a"}, false}, {2, []string{"get a"}, true}, {2, []string{"get b"}, false},
		{0, []string{"select 2", "get a"}, true}, {2, []string{"select 0", "get a"}, false}, {0, []string{"dbsize"}, true},
	} {
		run := newRun(2)
		for _, line := range c.lines {
			run.Calls = append(run.Calls, newCall(words(line)))
		}
		run.Database = c.database
		if got := m.Query(200, run); got != c.waits {
			t.Errorf("database %d, %v: waits %v", c.database, c.lines, got)
		}
	}
}

// TestASwapTellsThatAllIsOld: clients keep values in caches, and others wait for keys.
func TestASwapTellsThatAllIsOld(t *testing.T) {
	m := newMachine(t)
	inDatabase(t, m, 0, "set a 0")
	inDatabase(t, m, 1, "set a 1")
	var d diary
	m.Watch(&d)
	for _, step := range []struct {
		database   int
		line, want string
	}{
		{1, "set b 1", "b*"}, {0, "move a 3", "a* a*"}, {1, "copy a a db 5", "a*"}, {2, "flushdb", "everything*"},
		{0, "swapdb 0 1", "everything*"}, {0, "swapdb 1 1", ""}, {4, "flushall", "everything*"},
	} {
		inDatabase(t, m, step.database, step.line)
		if got := d.read(); got != step.want {
			t.Errorf("%s: told of %q, want %q", step.line, got, step.want)
		}
	}
}

// TestStatsAreOfEachDatabase.
func TestStatsAreOfEachDatabase(t *testing.T) {
	m := newMachine(t)
	inDatabase(t, m, 0, "set a 0")
	inDatabase(t, m, 7, "set a 1 px 500", "set b 1", "set c 1 px 1500")
	inDatabase(t, m, 8, "set a 1", "del a")
	want := []DatabaseStats{{Keys: 1}, {Number: 7, Keys: 3, Deadlines: 2, MeanMillisLeft: 1000}}
	if s := m.Stats(); !slices.Equal(s.Databases, want) || s.Keys != 4 || s.Deadlines != 2 {
		t.Errorf("%+v", s)
	}
	tick(m, 600)
	if s := m.Stats(); len(s.Databases) != 2 || s.Databases[1].Keys != 2 || s.Expired != 1 {
		t.Errorf("after one has ended: %+v", s)
	}
}

// TestReadsOfAFrozenStateAreOfTheirDatabase: those that a query puts to one, and those that are put off beside writes,
// behind a SELECT of a transaction too.
func TestReadsOfAFrozenStateAreOfTheirDatabase(t *testing.T) {
	m := newMachine(t)
	inDatabase(t, m, 3, "setrange long 599999 x", "setbit long 0 1", "set a 3")
	inDatabase(t, m, 0, "set a 0")
	image := m.Freeze()
	defer image.Release()
	beside := asConnection(words("set b 1"), words("bitcount long"), words("get a"))
	beside.Database = 3
	within := asConnection(
		words("bitcount long"), words("select 3"), words("bitcount long"), words("get a"), words("set b 2"),
	)
	within.Head = command.TransactionHead(nil)
	for run, late := range map[*command.Run]int{beside: 1, within: 1} {
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		if got := run.Long.Late(); got != late {
			t.Errorf("%v: %d reads were put off, want %d", run.Calls, got, late)
		}
	}
	inDatabase(t, m, 3, "swapdb 3 0", "flushall")
	asked := newRun(2, words("bitcount long"), words("select 3"), words("bitcount long"), words("get a"))
	image.Query(0, asked)
	for run, want := range map[*command.Run]string{
		beside: "+OK :5 $1 3", within: "*5 :0 +OK :5 $1 3 +OK", asked: ":0 +OK :5 $1 3",
	} {
		run.Join()
		if got := strings.TrimSpace(strings.ReplaceAll(string(run.Reply), "\r\n", " ")); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
