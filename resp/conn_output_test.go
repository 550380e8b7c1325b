package resp

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

func TestLimitsOfOutputAreReadAsInRedis(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	set := "CONFIG SET client-output-buffer-limit "
	for _, input := range []string{
		set + "\"normal 1mb 0 0\"\r\nCONFIG GET client-output-buffer-limit\r\n",
		set + "\"normal 2mb 1mb 10 replica 0 0 0 pubsub 5 4 3\"\r\n",
		set + "\"normal 1gb 0 0 replica 512mb 128mb 30 PUBSUB 64k 4KB 5\"\r\nCONFIG GET client-output-buffer-limit\r\n",
		set + "\"slave 256mb 64mb 60 pubsub 32mb 8mb 60\"\r\nCONFIG GET client-output-buffer-limit\r\n",
		set + "\"normal 0 0 0 pubsub 0 0 0\"\r\nCONFIG GET client-output-buffer-limit\r\n",
		set + "\"normal 8gb 0 0\"\r\nCONFIG GET client-output-buffer-limit\r\n",
		set + "\"\"\r\n" + set + "\"normal 1 2 x\"\r\n" + set + "\"normal -1 0 0\"\r\n" + set + "\"master 1 1 1\"\r\n",
	} {
		compare(t, redis, s, input)
	}
}

func TestTheLimitsOfOutputAreThoseOfRedisByDefault(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	want := "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
	if got := c.send("CONFIG GET client-output-buffer-limit\r\n"); got != "*2\r\n"+
		bulkText("client-output-buffer-limit")+bulkText(want) {
		t.Fatalf("got %q", got)
	}
}

func TestTooMuchForTooLongIsAStretchWithoutAGap(t *testing.T) {
	var limit outputLimit
	limit.store([3]int64{1000, 100, 10})
	var at stretch
	now := time.Unix(1700000000, 0)
	for i, step := range []struct {
		seconds, waiting int64
		want             bool
	}{
		{0, 101, false}, {9, 101, false}, {9, 100, false}, {10, 101, false}, {19, 500, false}, {20, 101, true},
	} {
		if got := at.tooLong(&limit, step.waiting, now.Add(time.Duration(step.seconds)*time.Second)); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
	limit.store([3]int64{1000, 100, 0})
	if at.tooLong(&limit, 500, now.Add(time.Hour)) {
		t.Error("a soft limit of no seconds is exceeded")
	}
}

// Ten thousand idle clients cost a node 4 % of a core when each look made a list of them, in order.
func TestLookingForSoftLimitsAllocatesNothing(t *testing.T) {
	s := testServer(t, Options{Store: newFakeStore(t)})
	for range 100 {
		newClient(t, s)
	}
	now := time.Unix(1700000000, 0)
	if got := testing.AllocsPerRun(10, func() { s.enforceSoftLimits(now) }); got != 0 {
		t.Fatalf("a look at 100 clients to whom nothing is owed allocates %v times", got)
	}
}

// G5: a client that does not read has its replies wait: beyond the soft limit for its seconds, though far below the
// hard one and long before a write times out.
func TestAClientBeyondTheSoftLimitIsClosed(t *testing.T) {
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), 1<<20)
	s := serve(t, Options{Store: store})
	asks := s.dial()
	if err := asks.SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	admin := s.dial()
	admin.send("CONFIG SET client-output-buffer-limit \"normal 512mb 1kb 1\"\r\n")
	admin.expect("+OK\r\n")
	asks.send(strings.Repeat("GET k\r\n", 64))
	eventually(t, "closed", func() bool { return s.server.Clients() == 1 })
	if n := s.server.metrics.OutputLimit.Since(); n != 1 {
		t.Errorf("%d clients were closed for their output", n)
	}
	admin.send("PING\r\n")
	admin.expect("+PONG\r\n")
}

// What waits besides replies has a soft limit of its own.
func TestAClientWithTooMuchMailForTooLongIsClosed(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	f := s.server
	f.tuning.Output.mail.store([3]int64{1000, 10, 1})
	killed := make(chan struct{})
	open := func(kill func()) *session {
		one := &session{socket: socket{kill: kill}, wake: func() {}, mailLimit: &f.tuning.Output.mail.hard}
		f.sessions.open(one)
		return one
	}
	stuck := open(func() { close(killed) })
	stuck.post(make([]byte, 11))
	fine := open(func() { t.Error("a client with little mail is closed") })
	fine.post(make([]byte, 10))
	select {
	case <-killed:
	case <-time.After(patience):
		t.Error("never closed")
	}
	f.sessions.close(stuck)
	f.sessions.close(fine)
}

// The hard limit of replies, at one below a reply, at it, and one above; 0 is none.
func TestTheHardLimitOfReplies_AtItsEdges(t *testing.T) {
	value := strings.Repeat("v", 10_000)
	reply := int64(len(bulkText(value)))
	for limit, served := range map[int64]bool{reply - 1: false, reply: true, reply + 1: true, 0: true} {
		store := newFakeStore(t)
		store.values["k"] = []byte(value)
		tuning := tuned(func(t *Tuning) { t.Output.Replies().Store(limit) })
		c := newClient(t, testServer(t, Options{Store: store, Tuning: tuning}))
		if got := c.send("GET k\r\n"); (got == bulkText(value)) != served || c.ended == served {
			t.Errorf("limit %d for a reply of %d: %d bytes, ended %v", limit, reply, len(got), c.ended)
		}
	}
}

// The reads of a run with a write are answered while all clients wait: only as many ride along as are few, wherever the
// write stands.
func TestFewReadsRideAlongWithAWrite_AtTheEdges(t *testing.T) {
	gets := func(n int) string { return strings.Repeat("GET k\r\n", n) }
	mget := "MGET" + strings.Repeat(" k", maxRidingArguments)
	for input, alone := range map[string]bool{
		"SET a 1\r\n" + gets(maxRidingArguments-1):                                     false,
		"SET a 1\r\n" + gets(maxRidingArguments):                                       false,
		"SET a 1\r\n" + gets(maxRidingArguments+1):                                     true,
		gets(maxRidingArguments) + "SET a 1\r\n":                                       false,
		gets(maxRidingArguments+1) + "SET a 1\r\n":                                     true,
		gets(maxRidingArguments/2) + "SET a 1\r\n" + gets(maxRidingArguments/2):        false,
		gets(maxRidingArguments/2) + "SET a 1\r\n" + gets(maxRidingArguments/2+1):      true,
		"SET a 1\r\n" + mget + "\r\n":                                                  false,
		"SET a 1\r\n" + mget + " k\r\n":                                                true,
		strings.Repeat("SET a 1\r\n", 3*maxRidingArguments) + gets(maxRidingArguments): false,
	} {
		store := newFakeStore(t)
		runs := countRuns(store)
		c := newClient(t, testServer(t, Options{Store: store}))
		got := c.send(input)
		if strings.Count(got, "$-1\r\n")+strings.Count(got, "+OK\r\n") < strings.Count(input, "\r\n") {
			t.Errorf("%.40q...: %d bytes of replies", input, len(got))
		}
		if (*runs > 1) != alone {
			t.Errorf("%.40q... of %d bytes: %d runs", input, len(input), *runs)
		}
	}
}

// A few kB of requests must not make the node hold as many replies as they ask for.
func TestAPipelineWithAWriteIsAnsweredInBounds(t *testing.T) {
	const valueBytes, reads = 16 << 10, 400
	store := newFakeStore(t)
	store.values["big"] = []byte(strings.Repeat("v", valueBytes))
	s := testServer(t, Options{Store: store})
	c := newClient(t, s)
	longest, action := 0, c.conn.Advance()
	if action != Receive {
		t.Fatalf("a fresh connection says %d", action)
	}
	c.conn.Received(copy(c.conn.Space(), "SET a 1\r\n"+strings.Repeat("GET big\r\n", reads)))
	for action = c.conn.Advance(); ; action = c.conn.Advance() {
		longest = max(longest, len(c.conn.Output()))
		c.conn.Flushed()
		if action == Receive {
			break
		}
	}
	bound := s.limits.FlushBytes + (maxRidingArguments+1)*len(bulkText(string(store.values["big"])))
	if longest > bound {
		t.Errorf("%d bytes of replies wait at once, want at most %d", longest, bound)
	}
}

// A run with a write is bounded where the setting bounds nothing; a run of reads is not.
func TestTheRepliesOfARunWithAWriteHaveABound(t *testing.T) {
	for hard, want := range map[int64]int{0: maxRidingReplyBytes, 1000: 1000, 1 << 30: 1 << 30} {
		tuning := tuned(func(t *Tuning) { t.Output.Replies().Store(hard) })
		c := newClient(t, testServer(t, Options{Store: newFakeStore(t), Tuning: tuning}))
		if got := c.conn.ridingReplyBytes(); got != want {
			t.Errorf("hard limit %d: %d, want %d", hard, got, want)
		}
		if got := c.conn.maxReplyBytes(); hard == 0 && got != math.MaxInt {
			t.Errorf("a run of reads has %d bytes", got)
		}
	}
}

// What a connection keeps for replies to ECHO and PING is bounded, behind a run and without one.
func TestNothingOfALongEchoIsKept_AtTheEdges(t *testing.T) {
	for _, before := range []string{"", "GET a\r\n", "SET a 1\r\n"} {
		for length, kept := range map[int]bool{keptOutputBytes / 2: true, 2 * keptOutputBytes: false} {
			c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
			long := bulk("ECHO", strings.Repeat("v", length))
			if got := c.send(before + long + "GET a\r\n"); len(got) < length {
				t.Fatalf("%d bytes of replies", len(got))
			}
			if n := cap(c.conn.fixed); n > keptOutputBytes || (n > 0) != kept {
				t.Errorf("behind %q and an ECHO of %d bytes %d are kept", before, length, n)
			}
		}
	}
}

// A run ends where the replies that are made already are long enough to be sent.
func TestARunEndsBehindLongFixedReplies(t *testing.T) {
	const length = 1000
	long := bulkText(strings.Repeat("v", length))
	for limit, want := range map[int]int{2*len(long) - 1: 2, 2 * len(long): 2, 2*len(long) + 1: 1} {
		store := newFakeStore(t)
		runs := countRuns(store)
		c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{FlushBytes: limit}}))
		echo := bulk("ECHO", strings.Repeat("v", length))
		c.expect("SET a 1\r\n"+echo+echo+"GET a\r\n", "+OK\r\n"+long+long+"$1\r\n1\r\n")
		if *runs != want {
			t.Errorf("FlushBytes %d: %d runs, want %d", limit, *runs, want)
		}
	}
}
