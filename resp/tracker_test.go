package resp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

func TestRedisAndThisServerSayTheSameAboutTracking(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView, Watch: func(*Server) {}})
	for _, input := range comparedInputs(t, "tracking.txt") {
		compare(t, redis, s, input)
	}
}

// trackingClients share a store that tells of changes. They speak RESP3.
func trackingClients(t *testing.T, n int) (*fakeStore, []*client) {
	store, clients := sharedClients(t, n)
	f := clients[0].conn.server
	store.changed, store.applied, f.tracker.watched = f.tracker.changed, f.tracker.applied, true
	for _, c := range clients {
		c.send("HELLO 3\r\n")
	}
	return store, clients
}

// invalidated is the message that keys are old, one message for each.
func invalidated(keys ...string) (text string) {
	for _, key := range keys {
		text += ">2\r\n" + bulkText("invalidate") + "*1\r\n" + bulkText(key)
	}
	return text
}

// invalidatedTogether is one message that keys are old.
func invalidatedTogether(keys ...string) string {
	return string((&invalidation{keys: keys}).in(reply.RESP3))
}

// hear lets a client that is idle take its mail.
func (c *client) hear() string {
	c.advance()
	return c.take()
}

// expectHears fails unless each client hears what is wanted of it.
func expectHears(t *testing.T, clients []*client, want ...string) {
	t.Helper()
	for i, c := range clients {
		if got := c.hear(); got != want[i] {
			t.Errorf("client %d hears %q, want %q", i, got, want[i])
		}
	}
}

func TestAChangedKeyIsToldOnceToThoseWhoReadIt(t *testing.T) {
	_, c := trackingClients(t, 3)
	for _, reader := range c[:2] {
		reader.send("CLIENT TRACKING ON\r\n")
	}
	c[0].send("GET a\r\nMGET b c\r\n")
	c[1].send("GET a\r\n")
	c[2].send("SET a 1\r\nSET a 2\r\nSET x 1\r\n")
	expectHears(t, c, invalidated("a"), invalidated("a"), "")
	c[2].send("SET a 3\r\nMSET c 1 b 2\r\n")
	expectHears(t, c, invalidated("c", "b"), "", "")
	c[0].send("GET a\r\nCLIENT TRACKING OFF\r\n")
	c[2].send("SET a 4\r\n")
	expectHears(t, c, "", "", "")
}

// 1. The client asks for a; the read is on its way.
// 2. a changes before the read is executed, or after it and before the reply is sent.
// 3. The message must come behind the reply: before it, the client would not know what to forget, and keep the value.
func TestAChangeIsToldBehindTheReplyThatItMakesOld(t *testing.T) {
	store, c := trackingClients(t, 2)
	c[0].send("CLIENT TRACKING ON\r\n")
	store.finish = store.park
	c[0].send("GET a\r\nPING\r\n")
	read := store.next()
	store.finish = nil
	c[1].send("SET a 1\r\n")
	if got := c[0].hear(); got != "" {
		t.Fatalf("before the reply: %q", got)
	}
	store.done(read)
	if got, want := c[0].hear(), "$1\r\n1\r\n+PONG\r\n"+invalidated("a"); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	c[0].send("GET a\r\n")
	c[1].send("SET a 2\r\n")
	if got := c[0].hear(); got != invalidated("a") {
		t.Fatalf("the next change: %q", got)
	}
}

// A client that writes a key it has read is told, unless it asked not to be; others are told in any case.
func TestNoLoopLeavesOutTheWriterItself(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].send("CLIENT TRACKING ON\r\nGET a\r\n")
	c[1].send("CLIENT TRACKING ON NOLOOP\r\nGET a\r\n")
	if got := c[1].send("SET a 1\r\n"); got != "+OK\r\n" {
		t.Fatalf("the writer gets %q", got)
	}
	expectHears(t, c, invalidated("a"), "")
	c[1].send("GET a\r\n")
	c[0].send("SET a 2\r\n")
	expectHears(t, c, "", invalidated("a"))
	c[0].send("GET b\r\n")
	if got := c[0].send("SET b 1\r\n"); got != "+OK\r\n"+invalidated("b") {
		t.Fatalf("a writer that is told gets %q", got)
	}
}

func TestOptInAndOptOutGoByTheNextCommand(t *testing.T) {
	_, c := trackingClients(t, 3)
	c[0].send("CLIENT TRACKING ON OPTIN\r\nGET a\r\nCLIENT CACHING YES\r\nGET b\r\nGET c\r\n")
	c[1].send("CLIENT TRACKING ON OPTOUT\r\nGET a\r\nCLIENT CACHING NO\r\nCLIENT ID\r\nGET b\r\nGET c\r\n")
	c[2].send("MSET a 1 b 1 c 1\r\n")
	expectHears(t, c, invalidated("b"), invalidated("a", "c"), "")
	c[0].send("CLIENT CACHING YES\r\nPING\r\nGET a\r\n")
	c[2].send("SET a 2\r\n")
	expectHears(t, c, "", "", "")
}

func TestBroadcastTellsOfAllKeysWithThePrefixes(t *testing.T) {
	_, c := trackingClients(t, 3)
	c[0].send("CLIENT TRACKING ON BCAST PREFIX user: PREFIX item:\r\n")
	c[1].send("CLIENT TRACKING ON BCAST NOLOOP\r\n")
	c[2].send("MSET user:1 a other 1 item:2 b\r\n")
	expectHears(t, c, invalidated("item:2", "user:1"), invalidatedTogether("item:2", "other", "user:1"), "")
	c[2].send("SET user:9 1\r\nSET other 2\r\nSET user:1 3\r\nSET user:9 2\r\nSET use 1\r\nSET user; 1\r\n")
	expectHears(t, c, invalidatedTogether("user:1", "user:9"),
		invalidatedTogether("other", "use", "user:1", "user:9", "user;"), "")
	c[2].send("MULTI\r\nSET user:1 1\r\nSET user:2 2\r\nSET item:1 3\r\nEXEC\r\nSET other 1\r\n")
	expectHears(t, c, invalidated("item:1")+invalidatedTogether("user:1", "user:2"),
		invalidatedTogether("item:1", "user:1", "user:2")+invalidated("other"), "")
	c[1].send("SET user:1 b\r\n")
	expectHears(t, c, invalidated("user:1"), "", "")
	got := c[2].send("INFO clients\r\nINFO stats\r\n")
	for _, field := range []string{"tracking_clients:2", "tracking_total_keys:0", "tracking_total_prefixes:3"} {
		if !strings.Contains(got, "\r\n"+field+"\r\n") {
			t.Errorf("%s is not in %q", field, got)
		}
	}
}

// A client that goes on in the mode BCAST is told once of a key that it had read before, also while another client
// keeps the table of keys alive; and of none outside of its prefixes.
func TestBroadcastForgetsWhatWasReadBefore(t *testing.T) {
	_, c := trackingClients(t, 3)
	c[0].send("CLIENT TRACKING ON\r\nGET user:1\r\nGET other\r\n")
	c[1].send("CLIENT TRACKING ON\r\nGET user:1\r\n")
	c[0].send("CLIENT TRACKING OFF\r\nCLIENT TRACKING ON BCAST PREFIX user:\r\n")
	c[2].send("SET user:1 x\r\nSET other x\r\n")
	expectHears(t, c, invalidated("user:1"), invalidated("user:1"), "")
}

func TestAnotherConnectionIsToldInstead(t *testing.T) {
	_, c := trackingClients(t, 3)
	target := c[1].conn.session.id
	c[0].send(fmt.Sprintf("CLIENT TRACKING ON REDIRECT %d\r\n", target))
	if got := c[0].send("CLIENT GETREDIR\r\n"); got != fmt.Sprintf(":%d\r\n", target) {
		t.Fatalf("CLIENT GETREDIR says %q", got)
	}
	c[0].send("GET a\r\nGET b\r\n")
	c[2].send("SET a 1\r\n")
	expectHears(t, c, "", invalidated("a"), "")
	c[1].conn.Release()
	c[2].send("SET b 1\r\n")
	broken := ">2\r\n" + bulkText("tracking-redir-broken") + fmt.Sprintf(":%d\r\n", target)
	if got := c[0].hear(); got != broken {
		t.Fatalf("without the other: %q", got)
	}
	if got := c[0].send("CLIENT TRACKINGINFO\r\n"); !strings.Contains(got, bulkText("broken_redirect")) {
		t.Fatalf("CLIENT TRACKINGINFO says %q", got)
	}
}

func TestAFlushAndTheLossOfTheLeaderMakeAllKeysOld(t *testing.T) {
	store, c := trackingClients(t, 2)
	f := c[0].conn.server
	everything := ">2\r\n" + bulkText("invalidate") + "_\r\n"
	c[0].send("CLIENT TRACKING ON\r\nGET a\r\n")
	f.tracker.flushed()
	expectHears(t, c, everything, "")
	c[0].send("GET a\r\n")
	led := f.forgetWithoutLeader(true)
	store.info.Leader = 0
	led = f.forgetWithoutLeader(led)
	led = f.forgetWithoutLeader(led)
	expectHears(t, c, everything, "")
	if keys, items, _ := f.tracker.counts(); led || keys != 0 || items != 0 {
		t.Errorf("led %v, %d keys, %d items", led, keys, items)
	}
}

func TestNothingIsRememberedOfClientsThatHaveGone(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].send("CLIENT TRACKING ON\r\nGET a\r\n")
	c[0].conn.Release()
	f := c[0].conn.server
	keys, items, _ := f.tracker.counts()
	if n := f.tracker.clients.Load(); n != 0 || keys != 0 || items != 0 {
		t.Fatalf("%d clients, %d keys, %d items", n, keys, items)
	}
	c[1].send("SET a 1\r\n")
}

// A client that has said QUIT tracks no more, also while its connection is still there.
func TestAClientThatQuitsTracksNoMore(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].send("CLIENT TRACKING ON BCAST PREFIX a\r\nQUIT\r\n")
	got := c[1].send("INFO clients\r\nINFO stats\r\n")
	for _, field := range []string{"tracking_clients:0", "tracking_total_prefixes:0"} {
		if !strings.Contains(got, "\r\n"+field+"\r\n") {
			t.Errorf("%s is not in %q", field, got)
		}
	}
}

func TestMailBeyondItsLimitEndsTheConnection(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].conn.server.tuning.Output.mail.hard.Store(int64(len(invalidatedTogether("key1", "key2"))))
	c[0].send("CLIENT TRACKING ON BCAST\r\n")
	c[1].send("MSET key1 1 key2 1\r\n")
	expectHears(t, c, invalidatedTogether("key1", "key2"), "")
	c[1].send("MSET key1 1 key2 1 key3 1\r\n")
	if action := c[0].advance(); action != Close || c[0].take() != "" {
		t.Fatalf("the connection says %d", action)
	}
}

// Over a socket: a client that only listens is told.
func TestAnIdleConnectionIsTold(t *testing.T) {
	store := newFakeStore(t)
	s := serve(t, Options{Store: store, Watch: func(s *Server) { store.changed = s.Changed }})
	reader, writer := s.dial(), s.dial()
	reader.send("HELLO 3\r\nCLIENT TRACKING ON\r\nGET a\r\nECHO end\r\n")
	for line := ""; line != "end\r\n"; {
		line, _ = reader.reader.ReadString('\n')
	}
	for i := range 100 {
		writer.send(fmt.Sprintf("SET a %d\r\n", i))
		writer.expect("+OK\r\n")
		reader.expect(invalidated("a"))
		reader.send("GET a\r\n")
		reader.expect(fmt.Sprintf("$%d\r\n%d\r\n", len(itoa(i)), i))
	}
}

// cachingClient keeps what it reads until it is told to forget it.
type cachingClient struct {
	*client
	cache map[string]string
	asked []string
}

// digest takes replies and messages in the order in which they came.
func (c *cachingClient) digest(t *testing.T, input string) {
	for rest := input; rest != ""; {
		var value any
		value, rest = parseReply(t, rest)
		if message, ok := value.([]any); ok {
			delete(c.cache, message[1].([]any)[0].(string))
			continue
		}
		key := c.asked[0]
		c.asked = c.asked[1:]
		c.cache[key] = fmt.Sprint(value)
	}
}

// Whatever the order in which reads are sent, executed and answered while keys change: when all is delivered, no cache
// holds a value that is not the store's.
func TestNoCacheIsStaleWhenEverythingIsDelivered(t *testing.T) {
	const seed, rounds, keys = 29, 4000, 5
	random := rand.New(rand.NewPCG(seed, 0))
	store, all := trackingClients(t, 4)
	clients := make([]*cachingClient, 3)
	for i := range clients {
		clients[i] = &cachingClient{client: all[i], cache: make(map[string]string)}
		clients[i].send("CLIENT TRACKING ON\r\n")
	}
	store.finish = store.park
	key := func() string { return fmt.Sprint("key", random.IntN(keys)) }
	for round := range rounds {
		c := clients[random.IntN(len(clients))]
		switch random.IntN(3) {
		case 0: // a write comes from somewhere
			store.mu.Lock()
			changed := key()
			store.values[changed] = []byte(fmt.Sprint(round))
			all[0].conn.server.tracker.changed(changed, nil)
			store.mu.Unlock()
		case 1:
			if len(c.asked) == 0 {
				c.asked = append(c.asked, key(), key())
				c.digest(t, c.send("GET "+c.asked[0]+"\r\nGET "+c.asked[1]+"\r\n"))
			}
		case 2:
			if store.pendingCount() > 0 {
				store.done(store.next())
			}
			c.digest(t, c.hear())
		}
	}
	for store.pendingCount() > 0 {
		store.done(store.next())
	}
	cached := 0
	for i, c := range clients {
		c.digest(t, c.hear())
		for key, value := range c.cache {
			cached++
			if now := string(store.values[key]); value != now && (value != "<nil>" || now != "") {
				t.Errorf("seed %d: client %d holds %s = %s, which is %s", seed, i, key, value, now)
			}
		}
	}
	if cached == 0 {
		t.Error("nothing is cached at the end")
	}
}

func TestTrackingIsRefusedWhereNobodyTellsOfChanges(t *testing.T) {
	_, c := sharedClients(t, 1)
	if got := c[0].send("CLIENT TRACKING ON\r\n"); got != "-"+trackingUnwatched+"\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestChangesCostNothingWhileNobodyTracks(t *testing.T) {
	_, c := sharedClients(t, 1)
	tracker := &c[0].conn.server.tracker
	if n := testing.AllocsPerRun(100, func() { tracker.changed("key", (*command.Run)(nil)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A client that asked not to be told of its own writes reads in one pipeline what it has just written. The value that
// it keeps is that of the read: the next change, by somebody else, must be told.
func TestNoLoopTellsOfChangesBehindAReadThatRodeWithTheOwnWrite(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].send("CLIENT TRACKING ON NOLOOP\r\n")
	if got := c[0].send("SET a 1\r\nGET a\r\n"); got != "+OK\r\n$1\r\n1\r\n" {
		t.Fatalf("the writer gets %q", got)
	}
	c[1].send("SET a 2\r\n")
	expectHears(t, c, invalidated("a"), "")
	c[1].send("SET a 3\r\n")
	expectHears(t, c, "", "")
	if keys, items, _ := c[0].conn.server.tracker.counts(); keys != 0 || items != 0 {
		t.Fatalf("%d keys and %d holders are remembered", keys, items)
	}
}

// Each prefix costs something with each key that is written: a client may have so many.
func TestAClientHasSoManyPrefixesAtMost(t *testing.T) {
	_, c := trackingClients(t, 1)
	var many strings.Builder
	for i := range maxPrefixes - 1 {
		fmt.Fprintf(&many, " PREFIX %04d", i)
	}
	ask := func(prefixes string) string { return c[0].send("CLIENT TRACKING ON BCAST" + prefixes + "\r\n") }
	if got := ask(many.String() + " PREFIX a PREFIX b"); got != "-"+trackingPrefixes+"\r\n" {
		t.Fatalf("one too many at once: %q", got)
	}
	if got := ask(many.String()) + ask(" PREFIX a") + ask(" PREFIX b"); got != "+OK\r\n+OK\r\n-"+trackingPrefixes+"\r\n" {
		t.Fatalf("one too many by and by: %q", got)
	}
}
