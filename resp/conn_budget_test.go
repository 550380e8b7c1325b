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
	var clients []*client
	refused := 0
	for range 10 {
		c := newClient(t, f)
		clients = append(clients, c)
		output := c.send(unfinished)
		if c.ended {
			refused++
			if want := "-" + wire.ErrNoRoom.Error() + "\r\n"; output != want {
				t.Fatalf("a client was refused with %q, want %q", output, want)
			}
			c.conn.Release()
		}
		if used := f.input.Used(); used > 4<<20 {
			t.Fatalf("%d bytes are held, limit %d", used, 4<<20)
		}
	}
	if refused < 5 || refused > 7 || f.metrics.InputLimit.Since() != int64(refused) {
		t.Fatalf("%d of 10 clients were refused, %d counted", refused, f.metrics.InputLimit.Since())
	}
	first := clients[0]
	if got := first.send(strings.Repeat("v", 100<<10) + "\r\n"); got != "+OK\r\n" {
		t.Fatalf("a client within the budget gets %q", got)
	}
	for _, c := range clients {
		if !c.ended {
			c.conn.Release()
		}
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
