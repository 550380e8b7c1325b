package resp

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/reply"
)

// instantStore answers every run at once and without a state, so that a benchmark shows this package alone.
type instantStore struct{}

func (instantStore) Write(r *Request) {
	for range r.Run.Calls {
		r.Run.Reply = reply.OK(r.Run.Reply)
	}
	r.Complete(Done)
}

func (instantStore) Read(r *Request) { r.Complete(Done) }

func (instantStore) View(r *Request) bool {
	for range r.Run.Calls {
		r.Run.Reply = reply.Null(r.Run.Reply, r.Run.Protocol)
	}
	return true
}

func (instantStore) Settled(_, _ uint64) bool { return false }
func (instantStore) Weigh(int, []byte) int    { return 0 }

func (instantStore) Abandon(*Request) {}

func (instantStore) Phases(*Request) Phases { return Phases{} }

var benchmarkCommands = map[string]string{
	"set64": bulk("SET", "key:000000012345", strings.Repeat("v", 64)),
	"get":   bulk("GET", "key:000000012345"),
	"ping":  "PING\r\n",
}

// benchmarkServer is a server whose watch has noted a moment.
func benchmarkServer(t testing.TB) *Server {
	f := testServer(t, Options{Store: instantStore{}, Node: newStillNode(fakeInfo{})})
	f.noted.Store(int64(f.monotonic()))
	return f
}

// round sends one pipeline through a connection and takes the replies.
func (c *client) round(t testing.TB, input string) {
	if c.conn.Advance() != Receive {
		t.Fatal("the connection does not receive")
	}
	c.conn.Flushed()
	c.conn.Received(copy(c.conn.Space(), input))
	c.conn.Advance()
}

// A run with writes costs one allocation, the body of its entry, which outlives it; everything else is reused.
func TestAConnectionAllocatesNothingButBodies(t *testing.T) {
	for name, want := range map[string]float64{"set64": 1, "get": 0, "ping": 0} {
		for _, depth := range []int{1, 16} {
			c := newClient(t, benchmarkServer(t))
			input := strings.Repeat(benchmarkCommands[name], depth)
			c.round(t, input)
			if got := testing.AllocsPerRun(100, func() { c.round(t, input) }); got != want {
				t.Errorf("%d times %s: %v allocations, want %v", depth, name, got, want)
			}
		}
	}
}

func BenchmarkConn(b *testing.B) {
	for _, name := range []string{"set64", "get", "ping"} {
		for _, depth := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/pipeline=%d", name, depth), func(b *testing.B) {
				c := newClient(b, benchmarkServer(b))
				input := strings.Repeat(benchmarkCommands[name], depth)
				b.ReportAllocs()
				for i := 0; i < b.N; i += depth {
					c.round(b, input)
				}
			})
		}
	}
}

// BenchmarkServer has the system calls and the goroutine of a connection, one client on loopback.
func BenchmarkServer(b *testing.B) {
	for _, depth := range []int{1, 16} {
		b.Run(fmt.Sprintf("get/pipeline=%d", depth), func(b *testing.B) {
			s := serve(b, Options{Store: instantStore{}, Node: newStillNode(fakeInfo{})})
			socket, err := net.Dial("tcp", s.address)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = socket.Close() }()
			input := []byte(strings.Repeat(benchmarkCommands["get"], depth))
			output := make([]byte, depth*len("$-1\r\n"))
			b.ReportAllocs()
			for i := 0; i < b.N; i += depth {
				if _, err := socket.Write(input); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(socket, output); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
