package resp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/resp/channels"
	"github.com/raftredis/raftredis/resp/wire"
)

// A transaction is one entry by itself, whatever stands before and behind it.
func TestATransactionIsOneEntry(t *testing.T) {
	store := newFakeStore(t)
	runs := countRuns(store)
	c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxRunCalls: 2}}))
	c.expect("SET a 1\r\nWATCH a\r\nMULTI\r\nSET b 2\r\nGET a\r\nSET c 3\r\nINCR a\r\nEXEC\r\nSET d 4\r\n",
		"+OK\r\n+OK\r\n+OK\r\n"+strings.Repeat("+QUEUED\r\n", 4)+"*4\r\n+OK\r\n$1\r\n1\r\n+OK\r\n:2\r\n+OK\r\n")
	head := command.TransactionHead([]command.Watched{{Key: []byte("a"), Index: 1, Present: true}})
	want := [][]byte{
		argv.Append(nil, words("SET a 1")),
		argv.Append(argv.Append(argv.Append(argv.Append(nil, head), words("SET b 2")), words("SET c 3")), words("INCR a")),
		argv.Append(nil, words("SET d 4")),
	}
	if *runs != 3 || fmt.Sprint(store.bodies) != fmt.Sprint(want) {
		t.Errorf("%d runs, entries %q, want %q", *runs, store.bodies, want)
	}
}

// A transaction of reads is looked at once, in one state, however many there are.
func TestATransactionOfReadsSeesOneState(t *testing.T) {
	store := newFakeStore(t)
	store.values["a"] = []byte(strings.Repeat("v", 1000))
	c := newClient(t, testServer(t, Options{Store: store}))
	const reads = 20 * viewCalls
	got := c.send("MULTI\r\n" + strings.Repeat("GET a\r\n", reads) + "EXEC\r\n")
	want := "+OK\r\n" + strings.Repeat("+QUEUED\r\n", reads) + fmt.Sprintf("*%d\r\n", reads) +
		strings.Repeat(bulkText(string(store.values["a"])), reads)
	if got != want || store.views != 1 || len(store.bodies) != 0 {
		t.Errorf("%d views, %d entries, %d bytes for %d", store.views, len(store.bodies), len(got), len(want))
	}
}

// Beyond what an entry takes, what one client may send, or what all clients may hold, a command is refused, and the
// transaction does nothing. Its memory is given back, however it ends.
func TestATransactionHasItsLimits(t *testing.T) {
	set := "SET k " + strings.Repeat("v", 1000)
	one, head := argv.Size(words(set)), argv.Size(command.TransactionHead(nil))
	held := one + callBytes + 3*argumentBytes
	for _, c := range []struct {
		name         string
		entry, query int
		input        int64
		sets         int
		refused      bool
	}{
		{"an entry that is full", head + 3*one, 0, 0, 3, false},
		{"an entry that is too long", head + 3*one - 1, 0, 0, 3, true},
		{"all that a client may send", 0, 1 << 20, 0, (1 << 20) / held, false},
		{"more than a client may send", 0, 1 << 20, 0, (1<<20)/held + 1, true},
		{"all that clients may hold", 0, 0, 1 << 20, (1 << 20) / held, false},
		{"more than clients may hold", 0, 0, 1 << 20, (1<<20)/held + 1, true},
	} {
		for _, end := range []string{"EXEC", "DISCARD", "RESET", "QUIT", "kill"} {
			store := newFakeStore(t)
			o := Options{Store: store, Limits: Limits{MaxEntryBytes: c.entry, MaxInputBytes: c.input}, Tuning: NewTuning()}
			if c.entry == 0 {
				o.Limits.MaxEntryBytes = 4 << 20
			}
			if c.query > 0 {
				o.Tuning.MaxQueryBytes.Store(int64(c.query))
			}
			s := testServer(t, o)
			client := newClient(t, s)
			got := client.send("MULTI\r\n" + strings.Repeat(set+"\r\n", c.sets))
			if refused := strings.Contains(got, "-"); refused != c.refused || strings.Count(got, "\r\n") != 1+c.sets {
				t.Errorf("%s: refused %v: %.300q", c.name, refused, got[max(0, len(got)-300):])
			}
			if s.input.Used() == 0 {
				t.Errorf("%s: what is queued is not counted", c.name)
			}
			switch end {
			case "kill":
			case "EXEC":
				got := client.send("EXEC\r\n")
				if executed := got[0] == '*'; executed == c.refused || executed != (len(store.bodies) == 1) {
					t.Errorf("%s: EXEC answers %.100q, %d entries", c.name, got, len(store.bodies))
				}
			default:
				client.send(end + "\r\n")
			}
			if end == "kill" || end == "QUIT" {
				client.conn.end()
				client.conn.Release()
			}
			if used := s.input.Used(); used > wire.ReadBufferBytes {
				t.Errorf("%s, %s: %d bytes are not given back", c.name, end, used)
			}
		}
	}
}

// Writes that are too much work for one entry are refused together; one alone is executed, as without MULTI.
func TestATransactionIsNotTooMuchWork(t *testing.T) {
	const length = 1 << 20
	each := 3*length + 256*4 + argv.Size(words("BITOP NOT b a")) // read, made, and read again to be weighed
	const bitop, within, sorted = "BITOP NOT b a", "SET c d\r\nBITCOUNT a", "SORT a STORE a"
	reads := []string{"BITCOUNT a", "SORT a", "GEORADIUS a 0 0 1 m"} // answered from a frozen state
	for _, c := range []struct {
		line          string
		weight, count int
		refused       bool
	}{
		{bitop, length, maxTransactionWork / each / 2, false}, {bitop, length, 2 * maxTransactionWork / each, true},
		{bitop, maxTransactionWork, 1, false}, {bitop, maxTransactionWork, 2, true},
		{within, maxTransactionWork, 8, false}, // what is read is put off
		{sorted, maxTransactionWork / 65, 2, false}, {sorted, maxTransactionWork / 65, 3, true},
		{reads[0], maxTransactionWork, 8, false}, {reads[1], maxTransactionWork, 8, false},
		{reads[2], maxTransactionWork, 8, false},
	} {
		store := newFakeStore(t)
		store.weights = map[string]int{"a": c.weight}
		client := newClient(t, testServer(t, Options{Store: store}))
		got := client.send("MULTI\r\n" + strings.Repeat(c.line+"\r\n", c.count) + "EXEC\r\n")
		refused := strings.HasSuffix(got, "-"+abortedBy(tooMuchWork)+"\r\n")
		if entry := len(store.bodies) == 1; refused != c.refused || entry != (!refused && !slices.Contains(reads, c.line)) {
			t.Errorf("%d times %s of %d bytes: refused %v, %d entries", c.count, c.line, c.weight, refused, len(store.bodies))
		}
	}
}

// Who hears the messages of a transaction is a part of its work; how long they are is not, that has its own bound.
func TestMessagesOfATransactionAreWork(t *testing.T) {
	const clients = 10_000
	_, c := listeningClients(t, 1)
	for i := range clients {
		c[0].conn.server.channels.Join(channels.Plain, []string{"a"}, deaf(i))
	}
	for _, m := range []struct {
		count, bytes int
		want         string
	}{
		{10, 1, "*10\r\n"}, {10, 25_000, "*10\r\n"}, {2000, 1, "-" + abortedBy(tooMuchWork) + "\r\n"},
	} {
		c[0].send("MULTI\r\n")
		for range m.count {
			expectSays(t, c[0], "PUBLISH a "+strings.Repeat("t", m.bytes), "+QUEUED\r\n")
		}
		if got := c[0].send("EXEC\r\n"); !strings.HasPrefix(got, m.want) {
			t.Errorf("EXEC of %d messages of %d bytes is answered %.80q, want %q", m.count, m.bytes, got, m.want)
		}
	}
}

// What a client watches is bounded. More than that, and no transaction of it is executed.
func TestWatchedKeysAreBounded(t *testing.T) {
	for _, more := range []bool{false, true} {
		store := newFakeStore(t)
		c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: 4 << 20}}))
		key := func(i int) string { return fmt.Sprintf("%06d", i) + strings.Repeat("k", 994) }
		each := argv.Size([][]byte{[]byte(key(0))}) + argumentBytes
		count := maxWatchedBytes / each
		if more {
			count++
		}
		for i := range count {
			c.send("WATCH " + key(i) + "\r\n")
			c.send("WATCH " + key(i) + "\r\n") // it is known
		}
		got, want := c.send("MULTI\r\nSET a 1\r\nEXEC\r\n"), "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n"
		if more {
			want = "+OK\r\n+QUEUED\r\n-" + abortedBy(watchesTooMuch) + "\r\n"
		}
		if got != want {
			t.Errorf("more %v: %q", more, got)
		}
		c.expect("MULTI\r\nSET a 1\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n")
	}
}

// A WATCH that is answered with an error watches nothing, and a client may have sent its transaction before it reads
// that: so the transaction is refused, and the next one is not.
func TestAWatchWithoutAStateBarsEXEC(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	const transaction, done = "MULTI\r\nSET a 1\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n"
	for _, before := range []string{"", "SET b 1\r\n", "GET b\r\n"} {
		store.stateless = true
		got := c.send(before + "WATCH a\r\n" + transaction)
		if want := "+OK\r\n+QUEUED\r\n-" + abortedBy(watchRefused) + "\r\n"; !strings.HasSuffix(got, want) {
			t.Errorf("behind %q: %q", before, got)
		}
		store.stateless = false
		c.expect("WATCH a\r\n"+transaction, "+OK\r\n"+done)
	}
}

// A request that the reader dropped is missing in its transaction, which does nothing then.
func TestADroppedRequestAbortsItsTransaction(t *testing.T) {
	store := newFakeStore(t)
	tuning := NewTuning()
	tuning.MaxQueryBytes.Store(minQueryBytes)
	c := newClient(t, testServer(t, Options{Store: store, Tuning: tuning}))
	long := bulk("SET", "b", strings.Repeat("x", minQueryBytes))
	got := c.send("MULTI\r\nSET a 1\r\n" + long + "EXEC\r\n")
	if !strings.HasSuffix(got, "-"+execAborted+"\r\n") || len(store.bodies) != 0 {
		t.Errorf("%d entries: %q", len(store.bodies), got)
	}
}

// Memory that runs out between queueing and EXEC refuses what needs memory, and a transaction of reads goes on.
func TestEXECIsRefusedForWantOfMemory(t *testing.T) {
	const outOfMemory = "OOM command not allowed when used memory > 'maxmemory'.\r\n"
	for _, c := range []struct{ line, want string }{
		{"SET a 1", "-EXECABORT Transaction discarded because of: " + outOfMemory},
		{"GET a", "*1\r\n$-1\r\n"}, {"PING", "*1\r\n+PONG\r\n"},
	} {
		s := testServer(t, Options{Store: newFakeStore(t)})
		client := newClient(t, s)
		client.expect("MULTI\r\n"+c.line+"\r\n", "+OK\r\n+QUEUED\r\n")
		s.memory.exceeded.Store(true)
		client.expect("EXEC\r\n", c.want)
		client.expect("MULTI\r\nGET a\r\nEXEC\r\n", "+OK\r\n-"+outOfMemory+
			"-EXECABORT Transaction discarded because of previous errors.\r\n")
	}
}

// A node that begins to load between queueing and EXEC says why.
func TestEXECIsRefusedWhileTheNodeLoads(t *testing.T) {
	s := testServer(t, Options{Store: newFakeStore(t)})
	client := newClient(t, s)
	client.expect("MULTI\r\nGET a\r\n", "+OK\r\n+QUEUED\r\n")
	s.loading.Store(true)
	got := client.send("EXEC\r\nMULTI\r\nGET a\r\nEXEC\r\n")
	if !strings.HasPrefix(got, "-EXECABORT Transaction discarded because of: LOADING ") ||
		!strings.HasSuffix(got, "+OK\r\n-LOADING Redis is loading the dataset in memory\r\n-"+execAborted+"\r\n") {
		t.Errorf("%q", got)
	}
}

// A pause holds a transaction as a whole, and the replies before it are sent.
func TestAPauseHoldsATransaction(t *testing.T) {
	store := newFakeStore(t)
	s := testServer(t, Options{Store: store})
	now := s.started.Add(time.Hour)
	s.clock = func() time.Time { return now }
	a, b := newClient(t, s), newClient(t, s)
	a.expect("MULTI\r\nSET a 1\r\n", "+OK\r\n+QUEUED\r\n")
	b.expect("CLIENT PAUSE 10000 WRITE\r\n", "+OK\r\n")
	b.expect("MULTI\r\nGET a\r\nPING\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$-1\r\n+PONG\r\n")
	if got := a.send("EXEC\r\n"); got != "" || len(store.bodies) != 0 {
		t.Errorf("%q, %d entries", got, len(store.bodies))
	}
	b.expect("CLIENT UNPAUSE\r\n", "+OK\r\n")
	a.advance()
	if got := a.take(); got != "*1\r\n+OK\r\n" {
		t.Errorf("%q", got)
	}
	// A pause that a transaction begins counts from its end on.
	a.expect("MULTI\r\nSET a 1\r\nCLIENT PAUSE 10000\r\nSET a 2\r\nEXEC\r\n",
		"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n+OK\r\n")
	if got := b.send("GET a\r\n"); got != "" {
		t.Errorf("%q", got)
	}
}

// Monitors see the commands of a transaction when they are executed, and then EXEC.
func TestMonitorsSeeTransactionsInOrder(t *testing.T) {
	s := testServer(t, Options{Store: newFakeStore(t)})
	watcher, c := newClient(t, s), newClient(t, s)
	watcher.send("MONITOR\r\n")
	c.send("WATCH a\r\nMULTI\r\nSET a 1\r\nPING\r\nEXEC\r\nWATCH a\r\nSET a 2\r\nMULTI\r\nGET a\r\nEXEC\r\n" +
		"MULTI\r\nGET a\r\nGET\r\nEXEC\r\nMULTI\r\nDISCARD\r\n")
	watcher.advance()
	var seen []string
	for line := range strings.SplitSeq(strings.TrimSpace(watcher.take()), "\r\n") {
		_, words, _ := strings.Cut(line, "] ")
		seen = append(seen, strings.ToLower(strings.ReplaceAll(words, `"`, "")))
	}
	want := "watch a,multi,set a 1,ping,exec,watch a,set a 2,multi,exec,multi,exec,multi,discard"
	if got := strings.Join(seen, ","); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// What is posted to a client stands behind the reply to its transaction, also where that waits in the middle.
func TestMailStandsBehindATransaction(t *testing.T) {
	store := newFakeStore(t)
	tuning := NewTuning()
	tuning.EnableDebug.Store(DebugYes)
	s := testServer(t, Options{Store: store, Tuning: tuning, Watch: func(*Server) {}})
	store.changed = s.Changed
	now := s.started.Add(time.Hour)
	s.clock = func() time.Time { return now }
	c := newClient(t, s)
	c.send("HELLO 3\r\nCLIENT TRACKING ON\r\nGET a\r\n")
	if got := c.send("MULTI\r\nINCR a\r\nDEBUG SLEEP 1\r\nGET b\r\nPING\r\nEXEC\r\n"); got != "" {
		t.Fatalf("%q", got)
	}
	now = now.Add(2 * time.Second)
	c.advance()
	want := "+OK\r\n" + strings.Repeat("+QUEUED\r\n", 4) + "*4\r\n:1\r\n+OK\r\n_\r\n+PONG\r\n" +
		">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"
	if got := c.take(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// CLIENT LIST tells how many commands are queued, also of the transaction that asks.
func TestClientListTellsOfTransactions(t *testing.T) {
	s := testServer(t, Options{Store: newFakeStore(t)})
	c := newClient(t, s)
	field := func(text, name string) string {
		_, rest, _ := strings.Cut(text, " "+name+"=")
		value, _, _ := strings.Cut(rest, " ")
		return value
	}
	for _, step := range []struct{ line, multi, flags string }{
		{"CLIENT INFO", "-1", "N"}, {"MULTI\r\nCLIENT INFO\r\nGET a\r\nEXEC", "2", "x"}, {"CLIENT INFO", "-1", "N"},
	} {
		got := c.send(step.line + "\r\n")
		if field(got, "multi") != step.multi || field(got, "flags") != step.flags {
			t.Errorf("%q: %q", step.line, got)
		}
		if memory := field(got, "multi-mem"); (memory == "0") != (step.multi == "-1") {
			t.Errorf("%q: multi-mem=%s", step.line, memory)
		}
	}
	c.send("MULTI\r\n")
	if got := newClient(t, s).send("CLIENT LIST\r\n"); !strings.Contains(got, " multi=0 ") {
		t.Errorf("%q", got)
	}
}

// Commands and errors are counted as Redis counts them: what is queued counts when it is executed.
func TestTransactionsAreCountedAsByRedis(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	c.send("MULTI\r\nSET a 1\r\nAUTH a\r\nEXEC\r\nEXEC\r\nMULTI\r\nSET\r\nEXEC\r\nMULTI\r\nSET a 1\r\nDISCARD\r\n")
	got := c.send("INFO commandstats\r\nINFO errorstats\r\n")
	for _, want := range []struct{ name, calls, rejected, failed string }{
		{"multi", "3", "0", "0"}, {"set", "1", "1", "0"}, {"auth", "1", "0", "1"}, {"exec", "3", "0", "2"},
		{"discard", "1", "0", "0"},
	} {
		_, line, _ := strings.Cut(got, "cmdstat_"+want.name+":")
		line, _, _ = strings.Cut(line, "\r\n")
		if !strings.HasPrefix(line, "calls="+want.calls+",") ||
			!strings.HasSuffix(line, ",rejected_calls="+want.rejected+",failed_calls="+want.failed) {
			t.Errorf("%s: %s", want.name, line)
		}
	}
	for _, want := range []string{"errorstat_ERR:count=3", "errorstat_EXECABORT:count=1"} {
		if !strings.Contains(got, want+"\r\n") {
			t.Errorf("no %s in %q", want, got[strings.Index(got, "# Errorstats"):])
		}
	}
}
