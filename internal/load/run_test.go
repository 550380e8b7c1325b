package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a server whose answers a test makes: "" closes the connection, "wait" answers when the test ends.
type fake struct {
	address string
	answer  func(words []string) string
	// connections is how many there were.
	connections atomic.Int64
	done        chan struct{}
	serving     sync.WaitGroup
}

// serve starts a server on a port, 0 for any.
func serve(t *testing.T, port int, answer func(words []string) string) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{address: listener.Addr().String(), answer: answer, done: make(chan struct{})}
	f.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f.connections.Add(1)
			f.serving.Go(func() {
				defer conn.Close()
				f.talk(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		close(f.done)
		f.serving.Wait()
	})
	return f
}

func (f *fake) talk(conn net.Conn) {
	reader := bufio.NewReader(conn)
	for {
		words, err := readRequest(reader)
		if err != nil {
			return
		}
		text := f.answer(words)
		if text == "wait" {
			<-f.done
		}
		if text == "" || text == "wait" {
			return
		}
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
}

func readRequest(reader *bufio.Reader) (words []string, err error) {
	var n int
	if _, err := fmt.Fscanf(reader, "*%d\r\n", &n); err != nil {
		return nil, err
	}
	for range n {
		var length int
		if _, err := fmt.Fscanf(reader, "$%d\r\n", &length); err != nil {
			return nil, err
		}
		word := make([]byte, length+2)
		if _, err := io.ReadFull(reader, word); err != nil {
			return nil, err
		}
		words = append(words, string(word[:length]))
	}
	return words, nil
}

func ok([]string) string { return "+OK\r\n" }

// both runs a test with each driver.
func both(t *testing.T, test func(t *testing.T, run func(context.Context, Options) (*Result, error))) {
	t.Parallel()
	for name, d := range map[string]driver{"of this system": drive, "of any system": driveStreams} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(ctx context.Context, o Options) (*Result, error) { return runBy(ctx, o, d) })
		})
	}
}

// must fails the test if a run has no result.
func must(t *testing.T) func(*Result, error) *Result {
	return func(r *Result, err error) *Result {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func TestRun_CountsEachRequestOnce(t *testing.T) {
	const requests = 300
	both(t, func(t *testing.T, run func(context.Context, Options) (*Result, error)) {
		var pings, gets atomic.Int64
		server := serve(t, 0, func(words []string) string {
			switch words[0] {
			case "PING":
				pings.Add(1)
				return "+PONG\r\n"
			case "GET":
				if n := gets.Add(1); n%10 == 0 {
					return "-CLUSTERDOWN no leader\r\n"
				}
				return "$200000\r\n" + strings.Repeat("x", 200_000) + "\r\n"
			}
			return "-ERR what?\r\n"
		})
		for _, rate := range []float64{0, 1500} {
			pings.Store(0)
			gets.Store(0)
			r := must(t)(run(t.Context(), Options{
				Addresses: []string{server.address}, Connections: 5, Pipeline: 3, Threads: 2, Rate: rate, Requests: requests,
				Commands: []Command{{Template: "PING"}, {Template: "GET k"}}, Interval: 10 * time.Millisecond,
			}))
			if r.Commands[0].Done() != pings.Load() || r.Commands[1].Done()+r.Commands[1].Failed != gets.Load() ||
				r.Commands[1].Failed != gets.Load()/10 || r.All.Done()+r.All.Failed != requests {
				t.Errorf("%d and %d of %d done, %d failed; the server counts %d and %d", r.Commands[0].Done(),
					r.Commands[1].Done(), r.All.Done(), r.All.Failed, pings.Load(), gets.Load())
			}
			if len(r.Errors) != 1 || r.Errors[0] != (Errors{"CLUSTERDOWN", gets.Load() / 10, "CLUSTERDOWN no leader"}) {
				t.Errorf("errors are %+v", r.Errors)
			}
			if len(r.Intervals) == 0 || r.Elapsed <= 0 || r.Rate(&r.All) <= 0 || r.Interrupted || r.Began.IsZero() {
				t.Errorf("%d intervals in %v", len(r.Intervals), r.Elapsed)
			}
			if rate > 0 && (r.Elapsed < 199*time.Millisecond || r.Lag.Count() != requests) {
				t.Errorf("300 requests at 1,500/s took %v, and %d have a lag", r.Elapsed, r.Lag.Count())
			}
		}
	})
}

// The requests of a warm-up are sent and not counted.
func TestRun_AWarmUpDoesNotCount(t *testing.T) {
	both(t, func(t *testing.T, run func(context.Context, Options) (*Result, error)) {
		server := serve(t, 0, ok)
		warm, counted := int64(0), int64(0)
		o := Options{
			Addresses: []string{server.address}, Connections: 3, Rate: 1000, WarmUp: 300 * time.Millisecond,
			Duration: 400 * time.Millisecond, Interval: 100 * time.Millisecond,
			Progress: func(i Interval) {
				if i.WarmUp {
					warm += i.Done
				} else {
					counted += i.Done
				}
			},
		}
		r := must(t)(run(t.Context(), o))
		if r.All.Done() != 400 || r.Lag.Count() != 400 {
			t.Errorf("%d requests count, want 400", r.All.Done())
		}
		if warm+counted > 700 || warm < 1 || r.Elapsed < 300*time.Millisecond {
			t.Errorf("%d were done in the warm-up, %d behind it, in %v", warm, counted, r.Elapsed)
		}
	})
}

func TestRun_ServersAndConnectionsThatFailAreCounted(t *testing.T) {
	both(t, func(t *testing.T, run func(context.Context, Options) (*Result, error)) {
		n := atomic.Int64{}
		first := serve(t, 0, func(words []string) string {
			switch n.Add(1) {
			case 20:
				return "" // closes the connection
			case 30:
				return "wait"
			case 40:
				return "HTTP/1.1 400 Bad Request\r\n"
			}
			return "+OK\r\n"
		})
		second := serve(t, 0, ok)
		r := must(t)(run(t.Context(), Options{
			Addresses: []string{first.address, second.address}, Connections: 4, Rate: 400, Requests: 200, Timeout: time.Second,
		}))
		// Connections that broke were dialled again, at the other address.
		want := map[string]int64{KindBroken: 1, KindTimeout: 1, KindProtocol: 0}
		for _, e := range r.Errors {
			if at, is := want[e.Kind]; !is || e.Count < at || e.First == "" {
				t.Errorf("errors %+v", e)
			}
			delete(want, e.Kind)
		}
		if delete(want, KindProtocol); len(want) > 0 {
			t.Errorf("missing are %v of %+v", want, r.Errors)
		}
		if r.All.Done()+r.All.Failed != 200 || r.BrokenConnections < 2 || second.connections.Load() < 3 {
			t.Errorf("%d done, %d failed, %d connections broken, %d at the second address", r.All.Done(), r.All.Failed,
				r.BrokenConnections, second.connections.Load())
		}
	})
}

// An open loop whose server does not answer ends when what was due may be answered no more, and has lost no request.
func TestRun_AServerThatHangsIsSeenToHang(t *testing.T) {
	both(t, func(t *testing.T, run func(context.Context, Options) (*Result, error)) {
		server := serve(t, 0, func([]string) string { return "wait" })
		r := must(t)(run(t.Context(), Options{
			Addresses: []string{server.address}, Connections: 2, Rate: 100, Duration: 300 * time.Millisecond,
			Timeout: 500 * time.Millisecond,
		}))
		kinds := map[string]int64{}
		for _, e := range r.Errors {
			kinds[e.Kind] = e.Count
		}
		if r.All.Failed != 30 || r.All.Done() != 0 || kinds[KindTimeout] < 2 || kinds[KindUnsent] < 10 {
			t.Errorf("%d failed, %d done: %+v", r.All.Failed, r.All.Done(), r.Errors)
		}
	})
}

func TestRun_EndsWithWhatItHasWhenItIsInterrupted(t *testing.T) {
	both(t, func(t *testing.T, run func(context.Context, Options) (*Result, error)) {
		n := atomic.Int64{}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		server := serve(t, 0, func([]string) string {
			switch {
			case n.Add(1) == 500:
				cancel()
			case n.Load() > 600:
				return "wait"
			}
			return "+OK\r\n"
		})
		r := must(t)(run(ctx, Options{Addresses: []string{server.address}, Connections: 4, Duration: time.Hour}))
		if !r.Interrupted || r.All.Done() < 400 || r.All.Done() > 600 || r.Failed() != 0 {
			t.Errorf("interrupted %v, %d done, errors %+v", r.Interrupted, r.All.Done(), r.Errors)
		}
	})
}

// Without any server the run ends with an error, and with what was measured.
func TestRun_EndsWhenNoServerIsLeft(t *testing.T) {
	both(t, func(t *testing.T, run func(context.Context, Options) (*Result, error)) {
		gone := make(chan struct{})
		n := atomic.Int64{}
		server := serve(t, 0, func([]string) string {
			if n.Add(1) == 100 {
				close(gone)
			}
			if n.Load() >= 100 {
				return ""
			}
			return "+OK\r\n"
		})
		// The listener goes before the connections, so nothing answers a dial.
		proxy, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			<-gone
			proxy.Close()
		}()
		go forward(proxy, server.address)
		r, err := run(t.Context(), Options{
			Addresses: []string{proxy.Addr().String()}, Connections: 2, Requests: 1000, Timeout: 300 * time.Millisecond,
		})
		if !errors.Is(err, errNoServer) || r == nil || r.All.Done() < 90 || r.FailedDials == 0 || r.DialError == "" {
			t.Fatalf("the error is %v, the result %+v", err, r)
		}
	})
}

// forward passes connections on to an address until the listener is closed.
func forward(listener net.Listener, address string) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", address)
		if err != nil {
			from.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				pair[0].Close()
				pair[1].Close()
			}()
		}
	}
}

func TestRun_IntroducesItself(t *testing.T) {
	both(t, func(t *testing.T, run func(context.Context, Options) (*Result, error)) {
		var mu sync.Mutex
		var first []string
		server := serve(t, 0, func(words []string) string {
			mu.Lock()
			defer mu.Unlock()
			if first = append(first, strings.Join(words, " ")); words[0] == "AUTH" && words[len(words)-1] != "right" {
				return "-WRONGPASS no\r\n"
			}
			return "+OK\r\n"
		})
		o := Options{Addresses: []string{server.address}, User: "u", Password: "right", Database: 3}
		o.Connections, o.Requests, o.Commands = 1, 1, []Command{{Template: "PING"}}
		must(t)(run(t.Context(), o))
		mu.Lock()
		got := strings.Join(first, ", ")
		mu.Unlock()
		if got != "AUTH u right, SELECT 3, PING" {
			t.Errorf("the server was sent %s", got)
		}
		o.User, o.Password = "", "wrong"
		if r, err := run(t.Context(), o); r != nil || err == nil || !strings.Contains(err.Error(), "AUTH: WRONGPASS no") {
			t.Errorf("a wrong password ends with %v, %v", r, err)
		}
	})
}

func TestRun_WithoutAServerDoesNotBegin(t *testing.T) {
	nowhere := []string{"127.0.0.1:1"}
	if r, err := Run(t.Context(), Options{Addresses: nowhere, Timeout: time.Second}); r != nil || err == nil {
		t.Errorf("without a server there is %v, %v", r, err)
	}
	if r, err := Run(t.Context(), Options{Connections: -1}); r != nil || err == nil {
		t.Errorf("with wrong options there is %v, %v", r, err)
	}
}

// On a real socket, too, a server that stalls shows in the percentiles of an open loop.
func TestRun_AnOpenLoopShowsAStall(t *testing.T) {
	t.Parallel()
	const stall = 500 * time.Millisecond
	n := atomic.Int64{}
	server := serve(t, 0, func([]string) string {
		if n.Add(1) == 200 {
			<-time.After(stall)
		}
		return "+OK\r\n"
	})
	// One connection, so that all requests stand behind the one that stalls: a half of them are due while it does.
	r := must(t)(Run(t.Context(), Options{
		Addresses: []string{server.address}, Connections: 1, Rate: 1000, Duration: time.Second,
	}))
	if got := r.All.Latency.Quantile(0.99); r.All.Done() != 1000 || got < stall*9/10 {
		t.Errorf("p99 is %v of %d requests, want nearly %v", got, r.All.Done(), stall)
	}
}
