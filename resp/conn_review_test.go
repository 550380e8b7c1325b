package resp

import (
	"strings"
	"testing"
)

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
