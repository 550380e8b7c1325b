package resp

import (
	"strings"
	"testing"
	"time"
)

// A client that watches by MONITOR has nothing to send, and as in Redis no timeout closes it.
func TestTheTimeoutSparesClientsThatMonitor(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	setTimeout := func(period time.Duration) {
		s.server.tuning.IdleNanos.Store(int64(period))
		s.server.sessions.nudge() // those who wait already hear of it
	}
	watches := s.dial()
	watches.send("MONITOR\r\n")
	watches.expect("+OK\r\n")
	setTimeout(50 * time.Millisecond)
	for range 3 { // for so long no client says anything that could be shown
		s.dial().expectEnd()
	}
	setTimeout(0)
	asks := s.dial()
	asks.send("PING\r\n")
	asks.expect("+PONG\r\n")
	shown, err := watches.reader.ReadString('\n')
	if err != nil || !strings.HasSuffix(shown, "\"PING\"\r\n") {
		t.Fatalf("the one that watches is shown %q, %v", shown, err)
	}
}
