package resp

import "testing"

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
	if keys, items, _ := c[0].conn.front.tracker.counts(); keys != 0 || items != 0 {
		t.Fatalf("%d keys and %d holders are remembered", keys, items)
	}
}
