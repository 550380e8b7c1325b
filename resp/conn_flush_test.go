package resp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// floodBytes is more than the sockets of both sides hold, which have narrowBytes or twice that each.
const (
	floodBytes  = 4 << 20
	narrowBytes = 128 << 10
)

// narrow is a listener of sockets that hold little: some packets of the loopback interface, for with less the system
// waits between them.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)
	return conn, errors.Join(tcp.SetReadBuffer(narrowBytes), tcp.SetWriteBuffer(narrowBytes))
}

// serveNarrow is serve with sockets that hold little.
func serveNarrow(t testing.TB, o Options) *serving {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, o, narrow{listener})
}

// slowReader is a client with a socket that holds little.
func (s *serving) slowReader() *peer {
	s.t.Helper()
	p := s.dial()
	if err := errors.Join(p.SetReadBuffer(narrowBytes), p.SetWriteBuffer(narrowBytes)); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// longGets are GETs of a key of 1 KiB, and their replies.
func longGets(store *fakeStore, value []byte) (requests string, replies []byte, count int) {
	key := strings.Repeat("k", 1<<10)
	store.mu.Lock()
	store.values[key] = value
	store.mu.Unlock()
	count = floodBytes >> 10
	return strings.Repeat(bulk("GET", key), count), bytes.Repeat([]byte(bulkText(string(value))), count), count
}

// expectReplies compares what comes with what should come.
func (p *peer) expectReplies(want []byte) {
	p.t.Helper()
	got := make([]byte, 1<<20)
	for at := 0; at < len(want); {
		n, err := p.reader.Read(got)
		if err != nil || !bytes.HasPrefix(want[at:], got[:n]) {
			p.t.Fatalf("behind %d of %d bytes: %d others, %v", at, len(want), n, err)
		}
		at += n
	}
}

// G5: A client sends all its requests before it reads a reply, as libraries do with long pipelines. What is ahead of
// the replies waits as requests.
func TestAPipelineMayBeSentBeforeAReplyIsRead(t *testing.T) {
	store := newFakeStore(t)
	s := serveNarrow(t, Options{Store: store})
	requests, replies, count := longGets(store, bytes.Repeat([]byte("v"), 5000))
	p := s.slowReader()
	p.send(requests)
	store.mu.Lock()
	views := store.views
	store.mu.Unlock()
	if views*viewCalls > count/2 {
		t.Errorf("%d of %d GETs are executed before a reply is read", views*viewCalls, count)
	}
	p.expectReplies(replies)
	p.send("SET a 1\r\nGET a\r\n")
	p.expect("+OK\r\n$1\r\n1\r\n")
}

// The same where writes, reads and commands of the connection alternate.
func TestAPipelineOfAllKindsMayBeSentFirst(t *testing.T) {
	store := newFakeStore(t)
	s := serveNarrow(t, Options{Store: store})
	var requests, replies strings.Builder
	value := strings.Repeat("v", 10_000)
	for i := 0; requests.Len() < floodBytes; i++ {
		text := value + fmt.Sprint(i)
		requests.WriteString(bulk("SET", "k", text) + bulk("GET", "k") + bulk("CLIENT", "GETNAME") + bulk("ECHO", text))
		replies.WriteString("+OK\r\n" + bulkText(text) + "$-1\r\n" + bulkText(text))
	}
	p := s.slowReader()
	p.send(requests.String())
	p.expectReplies([]byte(replies.String()))
}

// What is read ahead is bounded by client-query-buffer-limit; beyond it the client waits for its replies to be read.
func TestReadingAheadIsBounded(t *testing.T) {
	const limit = 1 << 20
	store := newFakeStore(t)
	s := serveNarrow(t, Options{Store: store, Tuning: tuned(func(t *Tuning) { t.MaxQueryBytes.Store(limit) })})
	requests, replies, _ := longGets(store, bytes.Repeat([]byte("v"), 5000))
	p := s.slowReader()
	sent := make(chan error, 1)
	go func() {
		_, err := p.Write([]byte(requests))
		sent <- err
	}()
	session := s.onlySession()
	eventually(t, "read ahead to the limit", func() bool { return session.unread.Load() >= limit })
	if unread := session.unread.Load(); unread > limit+128<<10 {
		t.Errorf("%d bytes are read ahead, limit %d", unread, limit)
	}
	p.expectReplies(replies)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// onlySession is that of the only client.
func (s *serving) onlySession() (only *session) {
	s.t.Helper()
	eventually(s.t, "one client", func() bool {
		all := s.server.sessions.list()
		if len(all) == 1 {
			only = all[0]
		}
		return len(all) == 1
	})
	return only
}

// A client that has said all it wanted closes its direction, and gets its replies all the same.
func TestAClientThatStoppedSendingGetsLongReplies(t *testing.T) {
	store := newFakeStore(t)
	s := serveNarrow(t, Options{Store: store})
	requests, replies, _ := longGets(store, bytes.Repeat([]byte("v"), 1000))
	p := s.slowReader()
	p.send(requests)
	if err := p.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	p.expectReplies(replies)
	p.expectEnd()
}

// Behind QUIT, and behind a violation of the protocol, nothing is executed. The client gets the replies to what came
// before, although it reads them only when it has sent everything.
func TestAnEndedClientIsReadUntilItReads(t *testing.T) {
	for end, last := range map[string]string{
		"QUIT\r\n":     "+OK\r\n",
		"*1\r\n$x\r\n": "-ERR Protocol error: invalid bulk length\r\n",
	} {
		store := newFakeStore(t)
		store.values["k"] = bytes.Repeat([]byte("v"), floodBytes)
		p := serveNarrow(t, Options{Store: store}).slowReader()
		p.send("GET k\r\n" + end + strings.Repeat(bulk("SET", "a", strings.Repeat("v", 1000)), floodBytes/1000))
		p.expectReplies([]byte(bulkText(string(store.values["k"])) + last))
		if len(store.bodies) > 0 {
			t.Errorf("what stands behind %q is executed", end)
		}
	}
}

// G5: a client that asks for much, reads nothing and sends nothing is closed by timeout, if there is one, and holds
// little until then.
func TestAClientThatDoesNotReadHoldsLittle(t *testing.T) {
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), 1<<20)
	s := serveNarrow(t, Options{Store: store})
	p := s.slowReader()
	p.send(strings.Repeat("GET k\r\n", 500))
	session := s.onlySession()
	eventually(t, "replies that wait", func() bool { return session.unsent.Load() > 0 })
	waiting := s.dial()
	waiting.send("CONFIG SET timeout 1\r\n")
	waiting.expect("+OK\r\n")
	eventually(t, "closed", func() bool { return s.server.metrics.WriteTimeouts.Since() == 1 })
	store.mu.Lock()
	views := store.views
	store.mu.Unlock()
	if views*viewCalls > 200 {
		t.Fatalf("%d MB of replies were made for a client that reads nothing", views*viewCalls)
	}
}

// A client that takes its time, but takes something, is not idle.
func TestAClientThatReadsSlowlyIsNotIdle(t *testing.T) {
	const period = 3 * time.Second
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), floodBytes)
	p := serveNarrow(t, Options{Store: store, Tuning: idleFor(period)}).slowReader()
	began := time.Now()
	p.send("GET k\r\n")
	p.expect("$" + fmt.Sprint(floodBytes) + "\r\n")
	pace := time.NewTicker(period / 30)
	defer pace.Stop()
	part := floodBytes / 100
	for got := 0; got < floodBytes; got += part {
		if time.Since(began) < period+period/3 {
			<-pace.C
		}
		if _, err := io.CopyN(io.Discard, p.reader, int64(min(part, floodBytes-got))); err != nil {
			t.Fatalf("behind %d bytes, after %v: %v", got, time.Since(began), err)
		}
	}
	p.expect("\r\n")
}

// What is shown by MONITOR waits while the replies before it are sent, and not without a bound.
func TestAMonitorThatDoesNotReadIsClosedAtItsLimit(t *testing.T) {
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), floodBytes)
	s := serveNarrow(t, Options{Store: store})
	p := s.slowReader()
	p.send("MONITOR\r\nGET k\r\n")
	session := s.onlySession()
	eventually(t, "replies that wait", func() bool { return session.unsent.Load() > 0 })
	s.server.tuning.Output.mail.store([3]int64{10_000, 0, 0})
	other := s.dial()
	for range 20 {
		other.send(bulk("ECHO", strings.Repeat("x", 1000)))
		other.expect(bulkText(strings.Repeat("x", 1000)))
	}
	eventually(t, "closed", func() bool { return s.server.Clients() == 1 })
	if n := s.server.metrics.OutputLimit.Since(); n != 1 {
		t.Errorf("%d clients were closed for their output", n)
	}
}

func TestKillEndsAClientThatDoesNotRead(t *testing.T) {
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), floodBytes)
	s := serveNarrow(t, Options{Store: store})
	p := s.slowReader()
	p.send("GET k\r\n")
	session := s.onlySession()
	eventually(t, "replies that wait", func() bool { return session.unsent.Load() > 0 })
	admin := s.dial()
	admin.send(fmt.Sprintf("CLIENT KILL ID %d\r\n", session.id))
	admin.expect(":1\r\n")
	eventually(t, "closed", func() bool { return s.server.Clients() == 1 })
}

func TestCloseCutsAClientThatDoesNotRead(t *testing.T) {
	store := newFakeStore(t)
	store.values["k"] = bytes.Repeat([]byte("v"), floodBytes)
	s := serveNarrow(t, Options{Store: store})
	p := s.slowReader()
	p.send("GET k\r\n")
	session := s.onlySession()
	eventually(t, "replies that wait", func() bool { return session.unsent.Load() > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.server.Close(ctx); err == nil {
		t.Error("closed before the last reply was read")
	}
	eventually(t, "ended", func() bool { return s.server.Clients() == 0 })
}

// A client without the password gets nothing of what all share, however much it sends while it takes no replies, and is
// closed by itself.
func TestAStrangerIsReadAheadWithinItsOwnBuffer(t *testing.T) {
	const own = 64 << 10
	store := newFakeStore(t)
	s := serveNarrow(t, Options{Store: store, Tuning: tuned(func(t *Tuning) { t.Password.Store("secret") })})
	stranger := s.slowReader()
	go func() { _, _ = stranger.Write([]byte(strings.Repeat("PING\r\n", floodBytes))) }() // ends with the connection
	session := s.onlySession()
	eventually(t, "replies that wait", func() bool { return session.unsent.Load() > 0 })
	eventually(t, "read ahead", func() bool { return session.unread.Load() > own/2 })
	member := s.dial()
	for range 20 {
		member.send(bulk("AUTH", "secret") + "SET a 1\r\n")
		member.expect("+OK\r\n+OK\r\n")
		if used, unread := s.server.input.Used(), session.unread.Load(); used != 0 || unread > own {
			t.Fatalf("the stranger is read ahead by %d bytes, and %d of the budget are taken", unread, used)
		}
	}
}

func TestPatienceWithAStrangerEnds(t *testing.T) {
	for idle, want := range map[time.Duration][2]time.Duration{
		0:                  {strangerPeriod, 0},
		time.Second:        {time.Second, time.Second},
		strangerPeriod:     {strangerPeriod, strangerPeriod},
		strangerPeriod + 1: {strangerPeriod, strangerPeriod + 1},
	} {
		f := testServer(t, Options{Store: newFakeStore(t), Tuning: idleFor(idle)})
		f.tuning.Password.Store("secret")
		c := newClient(t, f)
		l := &link{server: f, conn: c.conn}
		stranger := l.patience()
		c.send(bulk("AUTH", "secret"))
		if known := l.patience(); stranger != want[0] || known != want[1] {
			t.Errorf("timeout %v: %v for a stranger, %v for a client that is known", idle, stranger, known)
		}
	}
}

// nudgedSocket is a socket whose deadline for reading was moved into the past before the first read.
type nudgedSocket struct {
	net.Conn
	reads int
}

func (s *nudgedSocket) CloseWrite() error               { return nil }
func (s *nudgedSocket) SetReadDeadline(time.Time) error { return nil }

func (s *nudgedSocket) Read([]byte) (int, error) {
	if s.reads++; s.reads == 1 {
		return 0, os.ErrDeadlineExceeded
	}
	return 0, io.EOF
}

// A nudge, as mail makes one, does not end the time in which a client whose connection ends may still send. One of the
// tries is fast enough for that time not to be over.
func TestANudgeDoesNotEndLinger(t *testing.T) {
	f := testServer(t, Options{Store: newFakeStore(t)})
	for range 20 {
		socket := &nudgedSocket{}
		(&link{server: f, socket: socket}).linger()
		if socket.reads == 2 {
			return
		}
	}
	t.Error("a nudge ends the time at once")
}
