package resp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/reactor/looptest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen soon, before it fails.
const patience = 20 * time.Second

// serving is a server on a loopback port for the length of a test.
type serving struct {
	t       testing.TB
	server  *Server
	address string
}

func serve(t testing.TB, o Options) *serving {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, o, listener)
}

func serveOn(t testing.TB, o Options, listener net.Listener) *serving {
	t.Helper()
	o.Logger, o.Node = slog.New(slog.DiscardHandler), fakeNode(o)
	o = withSettings(o, o.Limits.withDefaults())
	o.Reactor = looptest.New(t)
	server, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	// A test that needs no client would else be over before the goroutine serves.
	eventually(t, "the listener is served", func() bool {
		server.mu.Lock()
		defer server.mu.Unlock()
		return len(server.listeners) > 0
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if n := server.Clients(); n != 0 {
			t.Errorf("%d clients after close", n)
		}
	})
	return &serving{t, server, listener.Addr().String()}
}

// peer is a client with a real socket.
type peer struct {
	t testing.TB
	*net.TCPConn
	reader *bufio.Reader
}

func (s *serving) dial() *peer {
	s.t.Helper()
	socket, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = socket.Close() })
	_ = socket.SetDeadline(time.Now().Add(patience))
	return &peer{s.t, socket.(*net.TCPConn), bufio.NewReader(socket)}
}

func (p *peer) send(input string) {
	p.t.Helper()
	if _, err := p.Write([]byte(input)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) expect(want string) {
	p.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(p.reader, got)
	if err != nil || string(got) != want {
		p.t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// ask sends a command and returns its reply, a bulk string or an integer, as it came.
func (p *peer) ask(input string) string {
	p.t.Helper()
	p.send(input)
	line, err := p.reader.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	if line[0] != '$' && line[0] != '=' {
		return line
	}
	length, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil || length < 0 {
		return line
	}
	rest := make([]byte, length+2)
	if _, err := io.ReadFull(p.reader, rest); err != nil {
		p.t.Fatal(err)
	}
	return line + string(rest)
}

func (p *peer) expectEnd() {
	p.t.Helper()
	if rest, err := io.ReadAll(p.reader); len(rest) > 0 || (err != nil && !errors.Is(err, syscall.ECONNRESET)) {
		p.t.Fatalf("got %q, %v; want the end", rest, err)
	}
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	deadline := time.After(patience)
	for !condition() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("in %v: not %s", patience, what)
		}
	}
}

func TestServerAnswersAPipelineOverASocket(t *testing.T) {
	p := serve(t, Options{Store: newFakeStore(t)}).dial()
	p.send("SET a 1\r\nGET a\r\n" + bulk("INCR", "a"))
	p.expect("+OK\r\n$1\r\n1\r\n:2\r\n")
	p.send("QUIT\r\n")
	p.expect("+OK\r\n")
	p.expectEnd()
}

func TestTheClientAboveMaxClientsIsTurnedAway(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t), Tuning: tuned(func(t *Tuning) { t.MaxClients.Store(2) })})
	first, second := s.dial(), s.dial()
	for _, p := range []*peer{first, second} {
		p.send("PING\r\n")
		p.expect("+PONG\r\n")
	}
	third := s.dial()
	third.expect("-ERR max number of clients reached\r\n")
	third.expectEnd()
	_ = first.Close()
	eventually(t, "a place free", func() bool { return s.server.Clients() == 1 })
	fourth := s.dial()
	fourth.send("PING\r\n")
	fourth.expect("+PONG\r\n")
}

func TestAnIdleClientIsClosedOnlyIfAsked(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t), Tuning: idleFor(300 * time.Millisecond)})
	p := s.dial()
	p.send("PING\r\n")
	p.expect("+PONG\r\n")
	p.expectEnd()
}

// S32: the client of a parked run disconnects and sends the same command again elsewhere; the parked one was not sent.
func TestAParkedRunWhoseClientLeftIsDropped(t *testing.T) {
	store := newFakeStore(t)
	store.finish = store.park
	s := serve(t, Options{Store: store})
	p := s.dial()
	p.send("INCR a\r\nINCR a\r\n")
	eventually(t, "submitted", func() bool { return store.pendingCount() == 1 })
	_ = p.Close()
	eventually(t, "abandoned", func() bool { return store.abandonedCount() == 1 })
	eventually(t, "ended", func() bool { return s.server.Clients() == 0 })
	if store.pendingCount() != 0 || len(store.bodies) != 0 {
		t.Fatal("the run of a client that left is still there, or was executed")
	}
	if n := s.server.metrics.AbandonedRuns.Since(); n != 1 {
		t.Fatalf("%d runs were counted as abandoned", n)
	}
}

// S32: the client left bytes behind that are not read while the run is parked, and the run had been sent: the
// connection waits for the outcome.
func TestARunThatWasSentIsWaitedForThoughItsClientLeft(t *testing.T) {
	store := newFakeStore(t)
	var sent *Request
	submitted := make(chan struct{})
	store.finish = func(r *Request) { sent = r; close(submitted) }
	s := serve(t, Options{Store: store})
	p := s.dial()
	p.send("INCR a\r\n")
	<-submitted
	p.send("GET a\r\n")
	_ = p.Close()
	eventually(t, "abandoned", func() bool { return store.abandonedCount() == 1 })
	if s.server.Clients() != 1 {
		t.Fatal("the connection ended while the store had its buffers")
	}
	store.mu.Lock()
	store.finish = nil
	store.mu.Unlock()
	store.done(sent)
	eventually(t, "ended", func() bool { return s.server.Clients() == 0 })
	if string(store.values["a"]) != "1" {
		t.Fatalf("a is %q", store.values["a"])
	}
}

func TestAClientThatOnlyStoppedSendingGetsItsReplies(t *testing.T) {
	store := newFakeStore(t)
	p := serve(t, Options{Store: store}).dial()
	p.send("SET a 1\r\nGET a\r\n")
	if err := p.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	p.expect("+OK\r\n$1\r\n1\r\n")
	p.expectEnd()
}

func TestCloseLetsConnectionsFinishWhatTheyReceived(t *testing.T) {
	store := newFakeStore(t)
	store.finish = store.park
	s := serve(t, Options{Store: store})
	idle, busy := s.dial(), s.dial()
	busy.send("INCR a\r\n")
	eventually(t, "submitted", func() bool { return store.pendingCount() == 1 && s.server.Clients() == 2 })
	closed := make(chan error, 1)
	go func() { closed <- s.server.Close(context.Background()) }()
	idle.expectEnd()
	if _, err := net.Dial("tcp", s.address); err == nil {
		t.Error("a closing server accepts connections")
	}
	select {
	case err := <-closed:
		t.Fatalf("closed before the last reply: %v", err)
	default:
	}
	store.done(store.next())
	busy.expect(":1\r\n")
	busy.expectEnd()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}

func TestCloseCutsConnectionsWhenItsTimeIsOver(t *testing.T) {
	store := newFakeStore(t)
	var sent *Request
	submitted := make(chan struct{})
	store.finish = func(r *Request) { sent = r; close(submitted) }
	s := serve(t, Options{Store: store})
	p := s.dial()
	p.send("INCR a\r\n")
	<-submitted
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.server.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("close: %v", err)
	}
	p.expectEnd()
	eventually(t, "abandoned", func() bool { return store.abandonedCount() == 1 })
	sent.Complete(Uncertain) // what a store does with everything when it closes
}

// Many clients have a run under way and requests behind it, and the store answers nothing. Close ends all of them when
// its time is over, and no goroutine is left; what the store answers later goes nowhere.
func TestCloseEndsClientsWithFullPipelines(t *testing.T) {
	const clients = 50
	store := newFakeStore(t)
	var mu sync.Mutex
	var runs []*Request
	store.finish = func(r *Request) {
		mu.Lock()
		defer mu.Unlock()
		runs = append(runs, r)
	}
	under := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(runs)
	}
	s := serve(t, Options{Store: store, Limits: Limits{MaxRunCalls: 10}})
	var all []*peer
	for range clients {
		p := s.dial()
		p.send(strings.Repeat("INCR a\r\nGET a\r\n", 500))
		all = append(all, p)
	}
	eventually(t, "a run of each client is under way", func() bool { return under() == clients })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.server.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("close: %v", err)
	}
	for _, p := range all {
		p.expectEnd()
	}
	eventually(t, "the store is told of each", func() bool { return store.abandonedCount() == clients })
	mu.Lock()
	abandoned := slices.Clone(runs)
	mu.Unlock()
	for _, r := range abandoned {
		r.Complete(Uncertain)
	}
	// A goroutine that began another run would wait for that.
	eventually(t, "no client is left, or one begins a run", func() bool {
		return s.server.Clients() == 0 || under() > clients
	})
	if n := under(); n != clients {
		t.Fatalf("%d runs were begun, %d of them behind Close", n, n-clients)
	}
}

func TestServeOnAClosedServerSaysSo(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	p := s.dial()
	p.send("PING\r\n")
	p.expect("+PONG\r\n")
	if err := s.server.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.Serve(listener); !errors.Is(err, ErrServerClosed) {
		t.Fatalf("serve: %v", err)
	}
}

// exhausted is a listener without descriptors for some accepts.
type exhausted struct {
	net.Listener
	mu       sync.Mutex
	failures int
	attempts []time.Time
}

func (l *exhausted) Accept() (net.Conn, error) {
	l.mu.Lock()
	l.attempts = append(l.attempts, time.Now())
	failing := l.failures > 0
	l.failures--
	l.mu.Unlock()
	if failing {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// G7: accepting connections spins when descriptors run out.
func TestAcceptPausesLongerAndLongerWithoutDescriptors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	short := &exhausted{Listener: listener, failures: 5}
	s := serveOn(t, Options{Store: newFakeStore(t)}, short)
	p := s.dial()
	p.send("PING\r\n")
	p.expect("+PONG\r\n")
	short.mu.Lock()
	defer short.mu.Unlock()
	pause := minAcceptPause
	for i := 1; i <= 5; i++ {
		if gap := short.attempts[i].Sub(short.attempts[i-1]); gap < pause {
			t.Errorf("accept %d came %v after a failure, want at least %v", i, gap, pause)
		}
		pause *= 2
	}
	if n := s.server.metrics.AcceptErrors.Since(); n != 5 {
		t.Errorf("%d errors were counted", n)
	}
}

// SetDeadline is that of the listener behind it.
func (l *exhausted) SetDeadline(t time.Time) error {
	return l.Listener.(*net.TCPListener).SetDeadline(t)
}

// The shortage is over, and no client comes: nothing says any more that accepting waits. After that a client may take
// its time.
func TestAShortageOfAcceptsEndsWithoutAClient(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, Options{Store: newFakeStore(t)}, &exhausted{Listener: listener, failures: 1})
	eventually(t, "the shortage has begun and is over", func() bool {
		return s.server.shortages.Begun() == 1 && len(s.server.shortages.Now()) == 0
	})
	p := s.dial()
	p.send("PING\r\n")
	p.expect("+PONG\r\n")
	if n := s.server.shortages.Begun(); n != 1 {
		t.Fatalf("%d shortages began", n)
	}
}

// H11 with goroutines: the store answers from other goroutines, at random moments, while clients send pipelines.
func TestPipelinesOverSocketsKeepTheirOrder(t *testing.T) {
	const seed, clients, rounds = 7, 16, 40
	store := newFakeStore(t)
	var answering sync.WaitGroup
	store.finish = func(r *Request) {
		answering.Add(1)
		go func() {
			defer answering.Done()
			store.done(r)
		}()
	}
	s := serve(t, Options{Store: store, Limits: Limits{MaxRunCalls: 5}})
	var done sync.WaitGroup
	for i := range clients {
		p := s.dial()
		done.Add(1)
		go func() {
			defer done.Done()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			count := 0
			for range rounds {
				var input, want string
				for range 1 + random.IntN(30) {
					count++
					input += bulk("INCR", fmt.Sprint("k", i)) + bulk("GET", fmt.Sprint("k", i)) + "SELECT 0\r\n"
					want += fmt.Sprintf(":%d\r\n%s+OK\r\n", count, bulkText(fmt.Sprint(count)))
				}
				if _, err := p.Write([]byte(input)); err != nil {
					t.Errorf("seed %d client %d: %v", seed, i, err)
					return
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(p.reader, got); err != nil || string(got) != want {
					t.Errorf("seed %d client %d: %v\n got %q\nwant %q", seed, i, err, got, want)
					return
				}
			}
		}()
	}
	done.Wait()
	answering.Wait()
}
