package resp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/channels"
	"github.com/raftredis/raftredis/resp/topology"
)

func TestRedisAndThisServerSayTheSameToThoseWhoListen(t *testing.T) {
	redis := realRedis(t)
	store := newFakeStore(t)
	watch := func(s *Server) { store.published = s.Published }
	s := serve(t, Options{Store: store, ClusterView: topology.NoView, Watch: watch})
	for _, input := range comparedInputs(t, "pubsub.txt") {
		compare(t, redis, s, input)
	}
}

// listeningClients share a store that tells of messages. They speak RESP2.
func listeningClients(t *testing.T, n int) (*fakeStore, []*client) {
	store, clients := sharedClients(t, n)
	f := clients[0].conn.server
	f.tracker.watched = true
	store.changed, store.applied, store.published = f.tracker.changed, f.tracker.applied, f.Published
	return store, clients
}

// pushed is a message, or a confirmation, of words: a number is one.
func pushed(protocol int, words ...any) string {
	text := reply.PushHeader(nil, protocol, len(words))
	for _, word := range words {
		switch word := word.(type) {
		case int:
			text = reply.Integer(text, int64(word))
		case string:
			text = reply.BulkString(text, word)
		case nil:
			text = reply.Null(text, protocol)
		}
	}
	return string(text)
}

func expectSays(t *testing.T, c *client, input, want string) {
	t.Helper()
	if got := c.send(input + "\r\n"); got != want {
		t.Errorf("%q is answered %q, want %q", input, got, want)
	}
}

func TestAMessageIsHeardByThoseWhoListen(t *testing.T) {
	_, c := listeningClients(t, 4)
	c[2].send("HELLO 3\r\n")
	expectSays(t, c[0], "SUBSCRIBE a b", pushed(2, "subscribe", "a", 1)+pushed(2, "subscribe", "b", 2))
	expectSays(t, c[1], "PSUBSCRIBE a*", pushed(2, "psubscribe", "a*", 1))
	expectSays(t, c[2], "SUBSCRIBE a", pushed(3, "subscribe", "a", 1))
	expectSays(t, c[2], "SSUBSCRIBE a", pushed(3, "ssubscribe", "a", 1))
	expectSays(t, c[3], "PUBLISH a 1", ":3\r\n")
	expectSays(t, c[3], "SPUBLISH a 2", ":1\r\n")
	expectSays(t, c[3], "PUBLISH ab 3", ":1\r\n")
	expectSays(t, c[3], "PUBLISH x 4", ":0\r\n")
	expectHears(t, c[:3],
		pushed(2, "message", "a", "1"),
		pushed(2, "pmessage", "a*", "a", "1")+pushed(2, "pmessage", "a*", "ab", "3"),
		pushed(3, "message", "a", "1")+pushed(3, "smessage", "a", "2"))
	expectSays(t, c[0], "UNSUBSCRIBE a", pushed(2, "unsubscribe", "a", 1))
	expectSays(t, c[2], "UNSUBSCRIBE", pushed(3, "unsubscribe", "a", 0))
	expectSays(t, c[3], "PUBLISH a 5", ":1\r\n")
	expectHears(t, c[:3], "", pushed(2, "pmessage", "a*", "a", "5"), "")
}

// A client of RESP2 could not tell a message that comes behind its last UNSUBSCRIBE from a reply.
func TestMessagesComeBeforeWhatEndsThem(t *testing.T) {
	for what, want := range map[string]string{
		"UNSUBSCRIBE":   pushed(2, "unsubscribe", "a", 0),
		"UNSUBSCRIBE a": pushed(2, "unsubscribe", "a", 0),
		"RESET":         "+RESET\r\n",
	} {
		_, c := listeningClients(t, 2)
		c[0].send("SUBSCRIBE a\r\n")
		c[1].send("PUBLISH a 1\r\n")
		if got := c[0].conn.session.mailBytes(); got == 0 {
			t.Fatal("nothing waits for the client")
		}
		c[0].conn.Received(copy(c[0].conn.Space(), what+"\r\n")) // it takes the request before its mail
		c[0].advance()
		if got := c[0].take(); got != pushed(2, "message", "a", "1")+want {
			t.Errorf("%s: heard %q", what, got)
		}
		expectSays(t, c[1], "PUBLISH a 2", ":0\r\n")
		if expectSays(t, c[0], "PING", "+PONG\r\n"); c[0].hear() != "" {
			t.Error("it hears more")
		}
	}
}

// HELLO changes the form of messages: those from before have the old one, and come before it.
func TestMessagesHaveTheFormOfTheirMoment(t *testing.T) {
	_, c := listeningClients(t, 2)
	c[0].send("HELLO 3\r\nSUBSCRIBE a\r\n")
	c[1].send("PUBLISH a 1\r\n")
	c[0].conn.Received(copy(c[0].conn.Space(), "HELLO 2\r\n"))
	c[0].advance()
	if got := c[0].take(); !strings.HasPrefix(got, pushed(3, "message", "a", "1")+"*14\r\n") {
		t.Errorf("heard %q", got)
	}
	c[1].send("PUBLISH a 2\r\n")
	expectHears(t, c[:1], pushed(2, "message", "a", "2"))
	expectSays(t, c[0], "GET a", "-ERR Can't execute 'get'"+onlyListens+"\r\n")
}

// A message to oneself comes behind the reply, in a transaction behind that of EXEC, and also to who wants no replies.
func TestMessagesToOneself(t *testing.T) {
	_, c := listeningClients(t, 1)
	c[0].send("HELLO 3\r\nSUBSCRIBE foo\r\n")
	expectSays(t, c[0], "PUBLISH foo bar", ":1\r\n"+pushed(3, "message", "foo", "bar"))
	expectSays(t, c[0], "PUBLISH foo bar\r\nPING", ":1\r\n+PONG\r\n"+pushed(3, "message", "foo", "bar"))
	queued := "+OK\r\n" + strings.Repeat("+QUEUED\r\n", 4)
	expectSays(t, c[0], "MULTI\r\nECHO abc\r\nPUBLISH foo bar\r\nPUBLISH foo vaz\r\nECHO def\r\nEXEC",
		queued+"*4\r\n$3\r\nabc\r\n:1\r\n:1\r\n$3\r\ndef\r\n"+
			pushed(3, "message", "foo", "bar")+pushed(3, "message", "foo", "vaz"))
	expectSays(t, c[0], "CLIENT REPLY OFF\r\nPUBLISH foo bar", pushed(3, "message", "foo", "bar"))
	expectSays(t, c[0], "PSUBSCRIBE f*\r\nPING\r\nPUNSUBSCRIBE",
		pushed(3, "psubscribe", "f*", 2)+pushed(3, "punsubscribe", "f*", 1))
	expectSays(t, c[0], "UNSUBSCRIBE", pushed(3, "unsubscribe", "foo", 0))
	expectSays(t, c[0], "CLIENT REPLY ON", "+OK\r\n")
}

func TestListeningInATransaction(t *testing.T) {
	_, c := listeningClients(t, 2)
	queued := "+OK\r\n" + strings.Repeat("+QUEUED\r\n", 3)
	expectSays(t, c[0], "MULTI\r\nECHO x\r\nSUBSCRIBE a\r\nECHO y\r\nEXEC",
		queued+"*3\r\n$1\r\nx\r\n"+pushed(2, "subscribe", "a", 1)+"$1\r\ny\r\n")
	expectSays(t, c[1], "PUBLISH a 1", ":1\r\n")
	expectHears(t, c[:1], pushed(2, "message", "a", "1"))
	expectSays(t, c[1], "MULTI\r\nSUBSCRIBE a\r\nUNSUBSCRIBE a\r\nSSUBSCRIBE s\r\nEXEC",
		queued+"*3\r\n"+pushed(2, "subscribe", "a", 1)+pushed(2, "unsubscribe", "a", 0)+"-"+shardWithin+"\r\n")
	expectSays(t, c[1], "PING", "+PONG\r\n")
}

// Decision 0073: to listen is confirmed as a read is. What is sent while that is under way may be heard or not; what
// was applied before is not. One that is refused ends the connection.
func TestToListenIsConfirmed(t *testing.T) {
	store, c := listeningClients(t, 2)
	store.finish = store.park
	c[0].conn.Received(copy(c[0].conn.Space(), "SUBSCRIBE a\r\nPING\r\n"))
	if action := c[0].advance(); action != Park || c[0].take() != "" {
		t.Fatalf("SUBSCRIBE was answered before it was confirmed: action %d", action)
	}
	store.finish = nil
	expectSays(t, c[1], "PUBLISH a early", ":0\r\n")
	store.done(store.next())
	c[0].advance()
	if got, want := c[0].take(), pushed(2, "subscribe", "a", 1)+pushed(2, "pong", ""); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	expectSays(t, c[1], "PUBLISH a late", ":1\r\n")
	expectHears(t, c[:1], pushed(2, "message", "a", "late"))

	for _, outcome := range []Outcome{NotDone, Overloaded} {
		store, c := listeningClients(t, 1)
		store.finish = func(r *Request) { r.Complete(outcome) }
		got := c[0].send("SUBSCRIBE a\r\n")
		if want := "-" + outcomeTexts[outcome] + "\r\n"; got != want || !c[0].ended {
			t.Errorf("%v: answered %q, and ended is %v", outcome, got, c[0].ended)
		}
		if s := c[0].conn.server; s.channels.Listening() != 0 || s.input.Used() != 0 {
			t.Errorf("it listens to %d channels", s.channels.Listening())
		}
	}
}

// A client that leaves while SUBSCRIBE is under way, and one that was cut, leave nothing behind.
func TestWhoLeavesListensNoMore(t *testing.T) {
	store, c := listeningClients(t, 3)
	store.finish = store.park
	c[0].conn.Received(copy(c[0].conn.Space(), "SUBSCRIBE a\r\n"))
	c[0].advance()
	if c[0].conn.Abandon(); c[0].advance() != Close {
		t.Error("the connection goes on")
	}
	c[1].conn.Received(copy(c[1].conn.Space(), "SUBSCRIBE a\r\n"))
	c[1].advance()
	c[1].conn.cut = true
	store.done(store.next())
	c[1].advance()
	store.finish = nil
	c[2].send("SUBSCRIBE a b\r\nPSUBSCRIBE p\r\nSSUBSCRIBE s\r\n")
	c[2].send("QUIT\r\n")
	s := c[0].conn.server
	if got := s.channels.Listening(); got != 1 {
		t.Errorf("%d pairs are left behind QUIT, want that of the client that was cut", got)
	}
	for _, one := range c {
		one.conn.Release()
	}
	if s.channels.Listening() != 0 || s.input.Used() != 0 {
		t.Errorf("%d pairs are left, and %d bytes", s.channels.Listening(), s.input.Used())
	}
}

func TestWhoListensIsShown(t *testing.T) {
	_, c := listeningClients(t, 2)
	c[0].send("SUBSCRIBE a b\r\nPSUBSCRIBE p\r\nSSUBSCRIBE s t u\r\n")
	list := c[1].send("CLIENT LIST TYPE pubsub\r\n")
	if !strings.Contains(list, " flags=P db=0 sub=2 psub=1 ssub=3 ") || strings.Count(list, "\n") != 3 {
		t.Errorf("CLIENT LIST TYPE pubsub is %q", list)
	}
	if list := c[1].send("CLIENT LIST TYPE normal\r\n"); strings.Contains(list, "flags=P") ||
		!strings.Contains(list, " sub=0 psub=0 ssub=0 ") {
		t.Errorf("CLIENT LIST TYPE normal is %q", list)
	}
	text := c[1].send("INFO clients stats\r\n")
	for _, line := range []string{
		"pubsub_clients:1", "pubsub_channels:2", "pubsub_patterns:1", "pubsubshard_channels:3",
	} {
		if !strings.Contains(text, line+"\r\n") {
			t.Errorf("INFO lacks %s", line)
		}
	}
	var killed []int64
	for _, one := range c {
		one.conn.session.kill = func() { killed = append(killed, one.conn.session.id) }
	}
	expectSays(t, c[1], "CLIENT KILL TYPE pubsub", ":1\r\n")
	if !slices.Equal(killed, []int64{c[0].conn.session.id}) {
		t.Errorf("killed are %d", killed)
	}
}

// Redis: an invalidation that is redirected to a client of RESP2 is a message, if that listens to any channel.
func TestInvalidationsOfRESP2AreMessages(t *testing.T) {
	_, c := listeningClients(t, 3)
	c[1].send(fmt.Sprintf("HELLO 3\r\nCLIENT TRACKING ON REDIRECT %d\r\nGET a\r\n", c[0].conn.session.id))
	c[2].send("SET a 1\r\n")
	expectHears(t, c[:1], "")
	c[0].send("SUBSCRIBE __redis__:invalidate\r\n")
	c[1].send("GET a\r\n")
	c[2].send("SET a 2\r\n")
	const head = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n"
	expectHears(t, c[:1], head+"*1\r\n$1\r\na\r\n")
	c[1].conn.server.Flushed(nil)
	expectHears(t, c[:1], head+"*-1\r\n")
	expectSays(t, c[0], "HELLO 3", "-ERR Can't execute 'hello'"+onlyListens+"\r\n")
}

func TestASlowListenerIsLost(t *testing.T) {
	_, c := listeningClients(t, 3)
	c[0].send("CONFIG SET client-output-buffer-limit \"pubsub 100 0 0\"\r\n")
	c[0].send("SUBSCRIBE a\r\n")
	c[1].send("SUBSCRIBE a\r\n")
	message := strings.Repeat("x", 60)
	for range 2 {
		expectSays(t, c[2], "PUBLISH a "+message, ":2\r\n")
		c[1].hear()
	}
	if c[0].advance(); !c[0].ended {
		t.Error("a client for which too much waits goes on")
	}
	if c[1].ended {
		t.Error("a client that reads was ended")
	}
}

func TestListenersAreBounded(t *testing.T) {
	store := newFakeStore(t)
	s := testServer(t, Options{Store: store, Limits: Limits{MaxPatterns: 2, MaxInputBytes: 1 << 20}})
	s.tracker.watched = true
	store.published = s.Published
	c := newClient(t, s)
	expectSays(t, c, "PSUBSCRIBE a b c", "-"+tooManyPatterns+"\r\n")
	expectSays(t, c, "PSUBSCRIBE a b", pushed(2, "psubscribe", "a", 1)+pushed(2, "psubscribe", "b", 2))
	expectSays(t, c, "PSUBSCRIBE c", "-"+tooManyPatterns+"\r\n")
	expectSays(t, c, "PUNSUBSCRIBE b", pushed(2, "punsubscribe", "b", 1))
	longest := strings.Repeat("p", channels.MaxPatternBytes)
	expectSays(t, c, "PSUBSCRIBE b "+longest+"p", "-"+longPattern+"\r\n")
	expectSays(t, c, "PSUBSCRIBE "+longest, pushed(2, "psubscribe", longest, 2))
	expectSays(t, c, "PUNSUBSCRIBE "+longest+"p "+longest,
		pushed(2, "punsubscribe", longest+"p", 2)+pushed(2, "punsubscribe", longest, 1))
	expectSays(t, c, "SUBSCRIBE "+longest+"p", pushed(2, "subscribe", longest+"p", 2))
	before, refused := s.input.Used()-int64(len(longest)+1+listenerBytes), 0
	for i := 0; refused == 0 && i < 100; i++ {
		if got := c.send(fmt.Sprintf("SUBSCRIBE %s%d\r\n", strings.Repeat("n", 20<<10), i)); got[0] == '-' {
			refused++
		}
	}
	if refused == 0 || c.ended {
		t.Error("names of 2 MB were taken, or the client was ended")
	}
	c.send("UNSUBSCRIBE\r\n")
	if got := s.input.Used(); got != before {
		t.Errorf("%d bytes are held, want %d", got, before)
	}
}

// A client whose connection lasts has missed no message.
func TestMissedMessagesEndTheConnection(t *testing.T) {
	for name, miss := range map[string]func(store *fakeStore, s *Server){
		"replaced": func(_ *fakeStore, s *Server) { s.Replaced() },
		"removed": func(store *fakeStore, s *Server) {
			store.info.State = topology.Removed
			s.cutDeaf()
		},
		"quarantined": func(store *fakeStore, s *Server) {
			store.info.Health = Health{State: HealthQuarantined}
			s.cutDeaf()
		},
		"leaderless": func(store *fakeStore, s *Server) {
			store.info.Leader = 0
			s.noteLeader()
			if s.cutDeaf(); s.metrics.RefusedTooLong.Value() > 0 {
				t.Error("clients were cut at once")
			}
			began := s.now()
			s.clock = func() time.Time { return began.Add(s.limits.RefusalPeriod + time.Second) }
			s.cutDeaf()
		},
	} {
		store, c := listeningClients(t, 2)
		s := c[0].conn.server
		began := time.Now()
		s.clock = func() time.Time { return began }
		c[0].send("SUBSCRIBE a\r\n")
		var killed []int
		for i, one := range c {
			one.conn.session.kill = func() { killed = append(killed, i) }
		}
		s.cutDeaf()
		if len(killed) > 0 {
			t.Errorf("%s: clients of a node that hears were cut", name)
		}
		if miss(store, s); !slices.Equal(killed, []int{0}) {
			t.Errorf("%s: cut are %d, want the one that listens", name, killed)
		}
		if waits := s.passedOver.Load(); (waits == 1) != (name == "replaced") {
			t.Errorf("%s: of %d clients no log tells yet", name, waits)
		}
		s.cutDeaf()
		refused := s.metrics.RefusedTooLong.Value()
		if s.passedOver.Load() != 0 || (refused == 1) != (name == "leaderless") {
			t.Errorf("%s: %d clients count as refused for long", name, refused)
		}
	}
}

// Where calls with keys are sent to the leader, so are those with shard channels, but for the end of listening.
func TestShardChannelsAreSentOnAsKeysAre(t *testing.T) {
	for _, spread := range []bool{false, true} {
		store, c := follower(t, Options{RedirectMoved: !spread})
		c.conn.server.tracker.watched, store.published = true, c.conn.server.Published
		moved := "-MOVED 12182 10.0.0.2:7002\r\n"
		if spread {
			expectSays(t, c, "SPUBLISH foo text", ":0\r\n")
			expectSays(t, c, "SSUBSCRIBE foo bar", pushed(2, "ssubscribe", "foo", 1)+pushed(2, "ssubscribe", "bar", 2))
			continue
		}
		expectSays(t, c, "SPUBLISH foo text", moved)
		expectSays(t, c, "SSUBSCRIBE foo", moved)
		expectSays(t, c, "SUNSUBSCRIBE foo", pushed(2, "sunsubscribe", "foo", 0))
		expectSays(t, c, "PUBLISH foo text", ":0\r\n")
		expectSays(t, c, "SUBSCRIBE foo", pushed(2, "subscribe", "foo", 1))
	}
}

// Timeouts are for clients that should say something.
func TestWhoListensMayBeSilent(t *testing.T) {
	store := newFakeStore(t)
	tuning := NewTuning()
	tuning.IdleNanos.Store(int64(50 * time.Millisecond))
	s := serve(t, Options{Store: store, Tuning: tuning, Watch: func(s *Server) { store.published = s.Published }})
	listener, talker := s.dial(), s.dial()
	listener.send("SUBSCRIBE a\r\n")
	listener.expect(pushed(2, "subscribe", "a", 1))
	talker.expectEnd()
	talker = s.dial()
	talker.send("PUBLISH a 1\r\n")
	talker.expect(":1\r\n")
	listener.expect(pushed(2, "message", "a", "1"))
}

// CLIENT PAUSE WRITE holds messages, and what only reads here and writes in Redis.
func TestAPauseOfWritesHoldsMessages(t *testing.T) {
	_, c := listeningClients(t, 3)
	c[0].send("SUBSCRIBE a\r\n")
	c[1].send("CLIENT PAUSE 100000 WRITE\r\n")
	for _, held := range []string{"PUBLISH a 1\r\n", "PFCOUNT a\r\n"} {
		c[2].conn.Received(copy(c[2].conn.Space(), held))
		if action := c[2].advance(); action != Park {
			t.Errorf("%q is not held", held)
		}
		c[1].send("CLIENT UNPAUSE\r\n")
		c[2].advance()
		if c[2].take() == "" {
			t.Errorf("%q is held for ever", held)
		}
		c[1].send("CLIENT PAUSE 100000 WRITE\r\n")
	}
	expectHears(t, c[:1], pushed(2, "message", "a", "1"))
}
