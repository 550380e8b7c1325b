package resp

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// phaseMap is a map of RESP2 with the given numbers.
func phaseMap(pairs ...any) string {
	text := ""
	for _, one := range pairs {
		switch one := one.(type) {
		case string:
			text += bulkText(one)
		case int:
			text += fmt.Sprintf(":%d\r\n", one)
		}
	}
	return fmt.Sprintf("*%d\r\n", len(pairs)) + text
}

func TestTheSlowLogTellsWhereTheTimeWent(t *testing.T) {
	store, c, now := timedClients(t, 1)
	store.phases = Phases{
		Disk: 5 * time.Millisecond, Replicate: 7 * time.Millisecond, Apply: time.Millisecond, Reply: 2 * time.Millisecond,
	}
	slow := func(input string, end func(*Request)) {
		c[0].send(input)
		*now = now.Add(20 * time.Millisecond)
		end(store.next())
		c[0].hear()
	}
	slow("SET a 1\r\n", store.done)
	store.phases = Phases{Replicate: 12 * time.Millisecond, Reply: 3 * time.Millisecond}
	slow("GET a\r\n", store.done)
	slow("SET b 1\r\n", func(r *Request) { r.Complete(Uncertain) })
	entry := func(id int, phases string) string {
		return "*4\r\n" + fmt.Sprintf(":%d\r\n", id) + ":1700000000\r\n:20000\r\n" + phases
	}
	write := phaseMap("wait", 5000, "disk", 5000, "replicate", 7000, "apply", 1000, "reply", 2000)
	read := phaseMap("wait", 5000, "read-index", 12000, "reply", 3000)
	want := "*3\r\n" + entry(2, "*0\r\n") + entry(1, read) + entry(0, write)
	if got := c[0].send("RAFT.SLOWLOG\r\n"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	c[0].send("HELLO 3\r\n")
	want = "*1\r\n" + entry(2, "%0\r\n")
	if got := c[0].send("RAFT.SLOWLOG 1\r\n"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, wrong := range []string{"RAFT.SLOWLOG x\r\n", "RAFT.SLOWLOG -2\r\n", "RAFT.SLOWLOG 1 2\r\n"} {
		if got := c[0].send(wrong); !strings.HasPrefix(got, "-ERR ") {
			t.Errorf("%q is answered %q", wrong, got)
		}
	}
}

func TestWhatClientsShareIsALatencyWhenItTookLong(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	client := s.dial()
	s.server.Late("fsync", time.Hour) // nothing is watched yet
	client.send("CONFIG SET latency-monitor-threshold 10\r\n")
	client.expect("+OK\r\n")
	s.server.Late("fsync", 9*time.Millisecond)
	s.server.Late("commit", 10*time.Millisecond)
	client.send("LATENCY RESET\r\nLATENCY HISTORY fsync\r\n")
	client.expect(":1\r\n*0\r\n")
}
