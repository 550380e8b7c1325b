package resp

import (
	"strings"
	"testing"
)

// A client that has said RESET to a server with a password is a stranger again, with the limits of one.
func TestResetMakesAStrangerOfAClient(t *testing.T) {
	_, clients := sharedClients(t, 1)
	c := clients[0]
	c.send("CONFIG SET requirepass secret\r\nRESET\r\n")
	got := c.send("*2\r\n$4\r\nAUTH\r\n$16385\r\n")
	if !strings.Contains(got, "unauthenticated bulk length") {
		t.Fatalf("got %q", got)
	}
}
