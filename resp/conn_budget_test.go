package resp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/resp/wire"
)

// G4: each of many clients stays within its limits, and together they must not exhaust the memory.
func TestUnfinishedRequestsOfAllClientsShareABudget(t *testing.T) {
	limits := Limits{MaxEntryBytes: 1 << 20, MaxInputBytes: 4 << 20}
	store := newFakeStore(t)
	f := testServer(t, Options{Store: store, Limits: limits})
	unfinished := fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s", 1000<<10, strings.Repeat("v", 900<<10))
	rest := strings.Repeat("v", 100<<10) + "\r\nPING\r\n"
	var clients []*client
	for range 10 {
		c := newClient(t, f)
		clients = append(clients, c)
		if output := c.send(unfinished); output != "" || c.ended {
			t.Fatalf("before its end a request is answered %q, ended %v", output, c.ended)
		}
		if used := f.input.Used(); used > 4<<20 {
			t.Fatalf("%d bytes are held, limit %d", used, 4<<20)
		}
	}
	refused := 0
	for _, c := range clients {
		switch got := c.send(rest); got {
		case "+OK\r\n+PONG\r\n":
		case "-" + wire.ErrNoRoom.Error() + "\r\n+PONG\r\n":
			refused++
		default:
			t.Fatalf("a client gets %.100q", got)
		}
		if c.ended {
			t.Fatal("the connection ended")
		}
	}
	if refused < 5 || refused > 7 || f.metrics.InputLimit.Since() != int64(refused) {
		t.Fatalf("%d of 10 requests were refused, %d counted", refused, f.metrics.InputLimit.Since())
	}
	for _, c := range clients {
		c.conn.Release()
	}
	if used := f.input.Used(); used != 0 {
		t.Fatalf("%d bytes are held without a client", used)
	}
}

func TestASmallRequestNeverNeedsTheBudget(t *testing.T) {
	f := testServer(t, Options{Store: newFakeStore(t)})
	f.input = wire.NewBudget(0)
	c := newClient(t, f)
	if got := c.send(strings.Repeat(bulk("SET", "a", strings.Repeat("v", 1000)), 500)); len(got) != 500*len("+OK\r\n") {
		t.Fatalf("got %d bytes", len(got))
	}
}
