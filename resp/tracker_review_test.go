package resp

import (
	"fmt"
	"strings"
	"testing"
)

// A client that asked not to be told of its own writes reads in one pipeline what it has just written. The value that
// it keeps is that of the read: the next change, by somebody else, must be told.
func TestNoLoopTellsOfChangesBehindAReadThatRodeWithTheOwnWrite(t *testing.T) {
	_, c := trackingClients(t, 2)
	c[0].send("CLIENT TRACKING ON NOLOOP\r\n")
	if got := c[0].send("SET a 1\r\nGET a\r\n"); got != "+OK\r\n$1\r\n1\r\n" {
		t.Fatalf("the writer gets %q", got)
	}
	c[1].send("SET a 2\r\n")
	expectHears(t, c, told("a"), "")
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
	for i := range mostPrefixes - 1 {
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
