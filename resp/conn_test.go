package resp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/resp/wire"
)

func TestEachConnectionCommandHasExactlyOneHandler(t *testing.T) {
	attached := make(map[*command.Spec]int)
	for _, h := range allHandlers {
		attached[h.of]++
		if h.answer == nil {
			t.Errorf("%s has a handler that does not answer", h.of.Name)
		}
	}
	for s := range commands.Each() {
		want := 1
		if container := len(s.Subcommands) > 0 && !s.AcceptsArgc(1); container || s.Class != command.Barrier {
			want = 0
		}
		if attached[s] != want {
			t.Errorf("%s of class %d has %d handlers", s.Name, s.Class, attached[s])
		}
		delete(attached, s)
	}
	for s := range attached {
		t.Errorf("%s has a handler and is in no family of commands", s.Name)
	}
}

func TestAPipelineBecomesOneRun(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	got := c.send("SET a 1\r\nPING\r\nGET a\r\nINCR a\r\nNOSUCH\r\nGET\r\nGET a\r\n")
	want := "+OK\r\n+PONG\r\n$1\r\n1\r\n:2\r\n-ERR unknown command 'NOSUCH', with args beginning with: \r\n" +
		"-ERR wrong number of arguments for 'get' command\r\n$1\r\n2\r\n"
	if got != want {
		t.Fatalf("got %q\nwant %q", got, want)
	}
	if len(store.bodies) != 1 {
		t.Fatalf("%d entries, want 1", len(store.bodies))
	}
	if want := "\x03\x03SET\x01a\x011\x02\x04INCR\x01a"; string(store.bodies[0]) != want {
		t.Fatalf("body %q, want %q", store.bodies[0], want)
	}
}

func TestABarrierStandsBetweenTwoRuns(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	got := c.send("SET a 1\r\nCLIENT SETNAME x\r\nSET b 2\r\nCLIENT GETNAME\r\n")
	if want := "+OK\r\n+OK\r\n+OK\r\n$1\r\nx\r\n"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if len(store.bodies) != 2 {
		t.Fatalf("%d entries, want 2", len(store.bodies))
	}
}

// S9: SET a 1, SELECT 0, GET a in one pipeline, and the SET is slow, or is proposed again after a failover. Neither the
// SELECT nor the GET may overtake it, and nothing is sent before it is answered.
func TestNothingOvertakesASlowWrite(t *testing.T) {
	store := newFakeStore(t)
	store.finish = store.park
	c := newClient(t, testServer(t, Options{Store: store}))
	if got := c.send("SET a 1\r\nSELECT 0\r\nGET a\r\nSELECT 99\r\n"); got != "" {
		t.Fatalf("before the SET is answered: %q", got)
	}
	if n := store.pendingCount(); n != 1 {
		t.Fatalf("%d runs are in flight, want 1", n)
	}
	if action := c.advance(); action != Park {
		t.Fatalf("a needless Advance says %d, want Park", action)
	}
	store.done(store.next())
	if action := c.advance(); action != Park || store.pendingCount() != 1 {
		t.Fatalf("after the SET: action %d, %d in flight", action, store.pendingCount())
	}
	store.done(store.next())
	c.advance()
	if got, want := c.take(), "+OK\r\n+OK\r\n$1\r\n1\r\n-ERR DB index is out of range\r\n"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestAProtocolErrorIsAnsweredBehindEverythingBeforeIt(t *testing.T) {
	store := newFakeStore(t)
	store.finish = store.park
	c := newClient(t, testServer(t, Options{Store: store}))
	c.send("SET a 1\r\n*1\r\n$x\r\nSET b 2\r\n")
	store.done(store.next())
	if action := c.advance(); action != Close {
		t.Fatalf("action %d, want Close", action)
	}
	if got, want := c.take(), "+OK\r\n-ERR Protocol error: invalid bulk length\r\n"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if store.pendingCount() != 0 || len(store.bodies) != 1 {
		t.Fatal("something behind the violation was executed")
	}
}

func TestQuitEndsTheConnectionBehindEverythingBeforeIt(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	if got, want := c.send("SET a 1\r\nQUIT\r\nSET b 2\r\n"), "+OK\r\n+OK\r\n"; got != want || !c.ended {
		t.Fatalf("got %q, ended %v; want %q and the end", got, c.ended, want)
	}
	if len(store.bodies) != 1 {
		t.Fatalf("%d entries, want 1", len(store.bodies))
	}
}

// H4: the three fates of a run have three kinds of words, and only what is definitely not done may be retried.
func TestEveryCallOfARunHearsItsOutcome(t *testing.T) {
	for outcome, prefix := range map[Outcome]string{
		NotDone: "-CLUSTERDOWN ", Uncertain: "-UNCERTAIN ", Overloaded: "-TRYAGAIN ",
	} {
		store := newFakeStore(t)
		store.finish = func(r *Request) {
			// What a store left behind in an unfinished run must not reach the client.
			r.Run.Reply = append(r.Run.Reply, "+half\r\n"...)
			r.Complete(outcome)
		}
		c := newClient(t, testServer(t, Options{Store: store}))
		lines := strings.SplitAfter(c.send("PING\r\nSET a 1\r\nGET a\r\nPING\r\nGET b\r\nSELECT 0\r\nGET c\r\n"), "\n")
		wanted := []string{"+PONG", prefix, prefix, "+PONG", prefix, "+OK", prefix, ""}
		if len(lines) != len(wanted) {
			t.Fatalf("%v: %q", outcome, lines)
		}
		for i, want := range wanted {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%v: reply %d is %q, want %q", outcome, i, lines[i], want)
			}
		}
	}
}

func TestAReadThatMustWaitForTheStateIsSubmittedAgain(t *testing.T) {
	store := newFakeStore(t)
	reads := 0
	store.finish = func(r *Request) { reads++; store.done(r) }
	store.viewsRefused = 2
	c := newClient(t, testServer(t, Options{Store: store}))
	if got := c.send("PING\r\nGET a\r\n"); got != "+PONG\r\n$-1\r\n" || reads != 3 || store.views != 3 {
		t.Fatalf("got %q after %d reads and %d views", got, reads, store.views)
	}
}

func TestALongRunOfReadsIsExecutedInPortionsBehindOneConfirmation(t *testing.T) {
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), 50<<10)
	reads := 0
	store.finish = func(r *Request) { reads++; store.done(r) }
	f := testServer(t, Options{Store: store, Limits: Limits{FlushBytes: 64 << 10}})
	c := newClient(t, f)
	largest := 0
	c.advance()
	c.conn.Received(copy(c.conn.Space(), strings.Repeat("GET k\r\n", 100)))
	for action := Flush; action != Receive; {
		action = c.conn.Advance()
		largest = max(largest, len(c.conn.Output()))
		c.output = append(c.output, c.conn.Output()...)
		c.conn.Flushed()
	}
	if want := strings.Repeat("$51200\r\n"+string(store.values["k"])+"\r\n", 100); c.take() != want {
		t.Fatal("the replies are not those of 100 reads")
	}
	if limit := viewCalls*51300 + 64<<10; largest > limit || reads != 1 {
		t.Fatalf("%d bytes waited at once, limit %d; %d confirmations", largest, limit, reads)
	}
}

// G5: replies pile up for a client that does not read.
func TestReadsBeyondTheOutputLimitEndTheConnection(t *testing.T) {
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), 40<<10)
	f := testServer(t, Options{
		Store: store, Limits: Limits{MaxEntryBytes: 64 << 10, FlushBytes: 16 << 10},
		Tuning: tuned(func(t *Tuning) { t.Output.Replies().Store(64 << 10) }),
	})
	one := bulkText(string(store.values["k"]))
	c := newClient(t, f)
	if got := c.send("SET a 1\r\nGET k\r\nGET k\r\n"); got != "+OK\r\n"+one+one {
		t.Fatalf("a client that wrote got %d bytes: it does not know what became of its write", len(got))
	}
	if got := c.send("GET k\r\nGET k\r\n"); got != "" || !c.ended {
		t.Fatalf("%d bytes were sent, ended %v", len(got), c.ended)
	}
	if f.metrics.OutputLimit.Since() != 1 {
		t.Fatal("it was not counted")
	}
}

func TestARunIsCutBeforeItsBodyExceedsAnEntry(t *testing.T) {
	store := newFakeStore(t)
	tuning := tuned(func(t *Tuning) { t.MaxBulkBytes.Store(4 << 10) })
	f := testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: 1 << 10}, Tuning: tuning})
	c := newClient(t, f)
	value := strings.Repeat("v", 300)
	var input, want string
	for i := range 50 {
		input += bulk("SET", fmt.Sprint("key", i), value) + bulk("GET", fmt.Sprint("key", i))
		want += "+OK\r\n$300\r\n" + value + "\r\n"
	}
	if got := c.send(input); got != want {
		t.Fatalf("got %q", got)
	}
	commands := 0
	for _, body := range store.bodies {
		if len(body) > 1<<10 || len(body) < 900 && len(store.bodies) < 17 {
			t.Fatalf("a body of %d bytes", len(body))
		}
		for len(body) > 0 {
			_, rest, err := argv.Next(body, nil)
			if err != nil {
				t.Fatal(err)
			}
			body = rest
			commands++
		}
	}
	if commands != 50 || len(store.bodies) < 17 {
		t.Fatalf("%d commands in %d entries", commands, len(store.bodies))
	}
}

func TestACommandThatNoEntryCanHoldIsRefused(t *testing.T) {
	store := newFakeStore(t)
	f := testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: 1 << 10}})
	exact := strings.Repeat("v", 1<<10-1-4-2-2)
	c := newClient(t, f)
	got := c.send(bulk("SET", "k", exact) + bulk("SET", "k", exact+"v") + bulk("STRLEN", "k"))
	want := "+OK\r\n-ERR command exceeds the largest log entry of 1024 bytes (max-entry-bytes)\r\n:1015\r\n"
	if got != want {
		t.Fatalf("got %q\nwant %q", got, want)
	}
}

func TestARunHasAtMostMaxRunCalls(t *testing.T) {
	store := newFakeStore(t)
	longest, runs := 0, 0
	store.finish = func(r *Request) {
		longest = max(longest, len(r.Run.Calls))
		runs++
		store.done(r)
	}
	c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxRunCalls: 10}}))
	got := c.send(strings.Repeat("INCR a\r\nPING\r\nGET a\r\n", 35))
	if n := strings.Count(got, "+PONG\r\n"); n != 35 || longest != 10 || runs < 10 || runs > 11 {
		t.Fatalf("%d answers, longest run %d, %d runs", n, longest, runs)
	}
}

func TestUnauthenticatedClientsMayOnlyAuthenticate(t *testing.T) {
	store := newFakeStore(t)
	f := testServer(t, Options{Store: store, Tuning: withPassword("secret")})
	c := newClient(t, f)
	got := c.send("GET a\r\nPING\r\nNOSUCH\r\nAUTH wrong\r\nSET a 1\r\nAUTH secret\r\nSET a 1\r\nAUTH wrong\r\nGET a\r\n")
	want := "-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n" +
		"-ERR unknown command 'NOSUCH', with args beginning with: \r\n" +
		"-WRONGPASS invalid username-password pair or user is disabled.\r\n-NOAUTH Authentication required.\r\n" +
		"+OK\r\n+OK\r\n-WRONGPASS invalid username-password pair or user is disabled.\r\n$1\r\n1\r\n"
	if got != want {
		t.Fatalf("got %q\nwant %q", got, want)
	}
	newcomer := newClient(t, f)
	got = newcomer.send("*11\r\n")
	if want := "-ERR Protocol error: unauthenticated multibulk length\r\n"; got != want || !newcomer.ended {
		t.Fatalf("got %q", got)
	}
	friend := newClient(t, f)
	large := strings.Repeat("v", 20000)
	if got := friend.send(bulk("AUTH", "secret") + bulk("SET", "k", large)); got != "+OK\r\n+OK\r\n" {
		t.Fatalf("tight limits hold behind AUTH in one pipeline: %q", got)
	}
}

// H11: completions come late and in an order of their own among connections; each connection's replies come in the
// order of its commands, however the bytes are cut.
func TestRepliesKeepTheOrderOfCommandsWhateverTheCompletionsDo(t *testing.T) {
	const seed, connections = 11, 20
	random := rand.New(rand.NewPCG(seed, 0))
	store := newFakeStore(t)
	store.finish = store.park
	f := testServer(t, Options{Store: store, Limits: Limits{MaxRunCalls: 7}})
	type script struct {
		client *client
		input  string
		want   string
	}
	var scripts []*script
	for i := range connections {
		s := &script{client: newClient(t, f)}
		count := 0
		for range 200 {
			key := fmt.Sprint("key", i)
			switch random.IntN(6) {
			case 0, 1:
				count++
				s.input += bulk("INCR", key)
				s.want += fmt.Sprintf(":%d\r\n", count)
			case 2:
				value := fmt.Sprint(random.Uint64())
				s.input += bulk("ECHO", value)
				s.want += fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
			case 3:
				s.input += bulk("STRLEN", key)
				s.want += fmt.Sprintf(":%d\r\n", len(strings.TrimPrefix(fmt.Sprint(count), "0")))
			case 4:
				s.input += bulk("CLIENT", "ID")
				s.want += fmt.Sprintf(":%d\r\n", s.client.conn.session.id)
			case 5:
				s.input += bulk("FOO")
				s.want += "-ERR unknown command 'FOO', with args beginning with: \r\n"
			}
		}
		scripts = append(scripts, s)
	}
	for open := connections; open > 0 || len(store.pending) > 0; {
		if n := len(store.pending); n > 0 && random.IntN(2) == 0 {
			i := random.IntN(n)
			store.pending[0], store.pending[i] = store.pending[i], store.pending[0]
			store.done(store.next())
		}
		s := scripts[random.IntN(connections)]
		if s.client.advance() != Receive || len(s.input) == 0 {
			continue
		}
		n := 1 + random.IntN(min(len(s.input), 200))
		n = copy(s.client.conn.Space(), s.input[:n])
		s.client.conn.Received(n)
		s.client.advance()
		if s.input = s.input[n:]; len(s.input) == 0 {
			open--
		}
	}
	for i, s := range scripts {
		s.client.advance()
		if got := s.client.take(); got != s.want {
			t.Fatalf("seed %d connection %d\n got %q\nwant %q", seed, i, got, s.want)
		}
	}
}

func TestAConnectionKeepsNothingOfALargeRequest(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: 8 << 20}}))
	words := []string{"MGET"}
	for range 20_000 {
		words = append(words, "k")
	}
	c.send(bulk(words...))
	c.send(bulk("SET", "k", strings.Repeat("v", 4<<20)))
	c.send(bulk("GET", "k"))
	c.advance()
	c.conn.Space()
	if cap(c.conn.arguments) > keptArguments || cap(c.conn.request.Run.Calls) > keptArguments ||
		cap(c.conn.out) > keptOutputBytes || c.conn.reader.Free() > wire.ReadBufferBytes {
		t.Fatalf("room for %d arguments, %d calls, %d bytes out, %d bytes in", cap(c.conn.arguments),
			cap(c.conn.request.Run.Calls), cap(c.conn.out), c.conn.reader.Free())
	}
	for _, argument := range c.conn.arguments[:cap(c.conn.arguments)] {
		if argument != nil {
			t.Fatal("an argument still points into a buffer")
		}
	}
}

func TestCompletingTwiceIsABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	store := newFakeStore(t)
	store.finish = func(r *Request) { r.Complete(NotDone); r.Complete(NotDone) }
	newClient(t, testServer(t, Options{Store: store})).send("GET a\r\n")
}

// leavingStore answers one call of a run of reads at a time, as a store does where replies are long.
type leavingStore struct{ *fakeStore }

func (s leavingStore) View(r *Request) bool {
	all := r.Run.Calls
	r.Run.Calls, r.Run.Left = all[:1], len(all)-1
	defer func() { r.Run.Calls = all }()
	return s.fakeStore.View(r)
}

// What the store leaves of a run is asked for again, also where the state has to move on in between.
func TestReadsThatTheStoreLeavesAreAnsweredInTheirTurn(t *testing.T) {
	store, clients := sharedClients(t, 1)
	c := clients[0]
	c.conn.server.store = leavingStore{store}
	store.viewsRefused = 1
	c.send("SET a 1\r\n")
	got := c.send(strings.Repeat("GET a\r\nnothing\r\nPING\r\nGET b\r\n", 10))
	want := strings.Repeat("$1\r\n1\r\n-ERR unknown command 'nothing', with args beginning with: \r\n+PONG\r\n$-1\r\n", 10)
	if got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if store.views < 41 {
		t.Fatalf("the store was asked %d times", store.views)
	}
}

// A read whose cost grows with what is stored rides with the writes around it like any other, since the store puts it
// off where it is long. It sees what was written before it, and ends no run.
func TestALongReadRidesWithAWrite(t *testing.T) {
	store, clients := sharedClients(t, 1)
	runs := countRuns(store)
	for _, long := range []string{"KEYS *", "BITCOUNT a", "BITPOS a 1", "LCS a b"} {
		alone := clients[0].send(long + "\r\n")
		for input, want := range map[string]string{
			"SET a 1\r\nGET a\r\n" + long + "\r\nSET a 1\r\n":  "+OK\r\n$1\r\n1\r\n" + alone + "+OK\r\n",
			"CLIENT REPLY SKIP\r\nSET a 1\r\n" + long + "\r\n": alone,
			"GET a\r\n" + long + "\r\n" + long + "\r\n":        "$1\r\n1\r\n" + alone + alone,
		} {
			clients[0].send("SET a 1\r\n")
			before := *runs
			if got := clients[0].send(input); got != want {
				t.Errorf("%q gets %q, want %q", input, got, want)
			}
			if used := *runs - before; used != 1 && !strings.HasPrefix(input, "CLIENT") {
				t.Errorf("%q makes %d runs", input, used)
			}
		}
	}
}
