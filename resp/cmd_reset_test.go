package resp

import (
	"fmt"
	"strings"
	"testing"
)

// What others know of a connection is gone too; what its library said of itself stays, as in Redis.
func TestResetMakesAConnectionNew(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].send("CLIENT SETNAME name\r\nCLIENT SETINFO LIB-NAME lib\r\nCLIENT NO-EVICT ON\r\n")
	c[0].send("READONLY\r\nRAFT.READ STALE\r\n")
	c[0].send("CLIENT TRACKING ON\r\nGET a\r\nMONITOR\r\n")
	if got := c[0].send("RESET\r\n"); !strings.HasSuffix(got, "+RESET\r\n") {
		t.Fatalf("RESET answers %q", got)
	}
	c[1].send("SET a 1\r\n")
	if got := c[0].hear(); got != "" {
		t.Errorf("it still hears %q", got)
	}
	line := c[0].send("CLIENT INFO\r\n")
	for _, part := range []string{" name= ", " flags=N ", " lib-name=lib ", " resp=2 ", " redir=-1 "} {
		if !strings.Contains(line, part) {
			t.Errorf("%q lacks %q", line, part)
		}
	}
	if facts := c[0].conn.facts(); facts.readOnly || facts.stale || facts.monitoring {
		t.Errorf("left are %+v", *facts)
	}
	if c[0].conn.server.tracker.clients.Load() != 0 {
		t.Error("it still counts as one that tracks")
	}
}

// Who has read the reply to QUIT may rely on it: the session is gone, although its goroutine may have work left.
func TestRedirectionToAClientThatHasQuitIsBroken(t *testing.T) {
	_, c := trackingClients(t, 3)
	target := c[1].conn.session.id
	c[0].send(fmt.Sprintf("CLIENT TRACKING ON REDIRECT %d\r\nGET a\r\n", target))
	if got := c[1].send("QUIT\r\n"); got != "+OK\r\n" {
		t.Fatalf("QUIT answers %q", got)
	}
	c[2].send("SET a 1\r\n")
	broken := ">2\r\n" + bulkText("tracking-redir-broken") + fmt.Sprintf(":%d\r\n", target)
	if got := c[0].hear(); got != broken {
		t.Errorf("got %q, want %q", got, broken)
	}
}

func TestALowerLimitOfTrackedKeysIsInForceAtOnce(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].send("CLIENT TRACKING ON\r\nMGET a b c\r\n")
	c[1].send("CONFIG SET tracking-table-max-keys 1\r\n")
	if got := c[0].hear(); strings.Count(got, "invalidate") != 2 {
		t.Errorf("posted is %q, want two of three keys", got)
	}
	if keys, items, _ := c[0].conn.server.tracker.counts(); keys != 1 || items != 1 {
		t.Errorf("%d keys and %d items are left", keys, items)
	}
	if got := c[0].send("GET d\r\n"); strings.Count(got, "invalidate") > 1 {
		t.Errorf("another key: %q", got)
	}
	if keys, _, _ := c[0].conn.server.tracker.counts(); keys != 1 {
		t.Errorf("%d keys are tracked", keys)
	}
}

// A client that has said RESET to a server with a password has to authenticate again, with tight limits until then.
func TestResetAsksForThePasswordAgain(t *testing.T) {
	_, clients := sharedClients(t, 1)
	c := clients[0]
	c.send("CONFIG SET requirepass secret\r\nRESET\r\n")
	got := c.send("*2\r\n$4\r\nAUTH\r\n$16385\r\n")
	if !strings.Contains(got, "unauthenticated bulk length") {
		t.Fatalf("got %q", got)
	}
}
