package resp

import "testing"

// A threshold of 0 keeps every command, also one that is answered on the spot.
func TestSlowLogWithoutAThresholdKeepsEveryCommand(t *testing.T) {
	_, clients := sharedClients(t, 1)
	c := clients[0]
	c.send("PING\r\nCONFIG SET slowlog-log-slower-than 0\r\nPING\r\nECHO x\r\nGET a\r\nPING\r\n")
	if got := c.send("SLOWLOG LEN\r\n"); got != ":5\r\n" {
		t.Errorf("kept are %q, want CONFIG SET, PING, ECHO, GET and PING", got)
	}
}
