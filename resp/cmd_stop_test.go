package resp

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// stoppable makes clients of a server whose host notes what SHUTDOWN wants.
func stoppable(t *testing.T, saver Saver) (asked *[]bool, clients []*client) {
	asked = new([]bool)
	s := testServer(t, Options{
		Store: newFakeStore(t), Saver: saver, Shutdown: func(now bool) { *asked = append(*asked, now) },
	})
	return asked, []*client{newClient(t, s), newClient(t, s)}
}

func TestShutdownAsksTheHostAndSaysNothing(t *testing.T) {
	for words, now := range map[string]bool{
		"SHUTDOWN": false, "SHUTDOWN nosave": false, "SHUTDOWN NOW": true, "SHUTDOWN NOSAVE NOW FORCE": true,
	} {
		asked, c := stoppable(t, nil)
		c[0].expect("PING\r\n"+words+"\r\nPING\r\n", "+PONG\r\n")
		if len(*asked) != 1 || (*asked)[0] != now || !c[0].ended {
			t.Errorf("%s: the host was asked %v, the connection ended: %v", words, *asked, c[0].ended)
		}
	}
	asked, c := stoppable(t, nil)
	for words, want := range map[string]string{
		"SHUTDOWN x": "-ERR syntax error\r\n", "SHUTDOWN SAVE NOSAVE": "-ERR syntax error\r\n",
		"SHUTDOWN ABORT FORCE": "-ERR syntax error\r\n", "SHUTDOWN ABORT": "-" + noShutdown + "\r\n",
		"SHUTDOWN SAVE": "-" + savesNothing + "\r\n",
	} {
		c[0].expect(words+"\r\n", want)
	}
	if len(*asked) != 0 {
		t.Errorf("the host was asked %v by what is refused", *asked)
	}
	alone := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	alone.expect("SHUTDOWN\r\n", "-"+shutdownNobody+"\r\n")
}

func TestShutdownSaveWaitsForTheSnapshot(t *testing.T) {
	for name, one := range map[string]struct {
		words  string
		ends   func(*fakeSaver)
		reply  string
		asked  int
		closed bool
	}{
		"saved":  {"SHUTDOWN SAVE", func(s *fakeSaver) { s.known.Saves++ }, "", 1, true},
		"failed": {"SHUTDOWN SAVE", func(s *fakeSaver) { s.known.Failures++ }, "-" + shutdownFailed + "\r\n", 0, false},
		"forced": {"SHUTDOWN SAVE FORCE", func(s *fakeSaver) { s.known.Failures++ }, "", 1, true},
	} {
		saver := &fakeSaver{}
		asked, c := stoppable(t, saver)
		c[0].expect(one.words+"\r\n", "")
		if len(*asked) != 0 {
			t.Fatalf("%s: the host was asked before there was a snapshot", name)
		}
		saver.set(func() { one.ends(saver) })
		if got := c[0].hear(); got != one.reply || len(*asked) != one.asked || c[0].ended != one.closed {
			t.Errorf("%s: the reply is %q, the host was asked %d times, the connection ended: %v", name, got, len(*asked),
				c[0].ended)
		}
	}
	saver := &fakeSaver{}
	asked, c := stoppable(t, saver)
	c[0].expect("SHUTDOWN SAVE\r\n", "")
	c[1].expect("SHUTDOWN ABORT\r\n", "+OK\r\n")
	if got := c[0].hear(); got != "-"+shutdownFailed+"\r\n" || len(*asked) != 0 {
		t.Errorf("after ABORT the reply is %q, the host was asked %v", got, *asked)
	}
	saver.set(func() { saver.known.Saves++ })
	c[1].expect("SHUTDOWN ABORT\r\n", "-"+noShutdown+"\r\n")
	saver.refusal = errors.New("no room")
	c[1].expect("SHUTDOWN SAVE\r\n", "-ERR no room\r\n")
	c[1].expect("SHUTDOWN SAVE FORCE\r\n", "")
	if len(*asked) != 1 {
		t.Errorf("SAVE FORCE without room asked the host %v", *asked)
	}
}

func TestFailoverIsForTheLeader(t *testing.T) {
	store, c := follower(t, Options{})
	if got := c.send("FAILOVER\r\n"); !strings.Contains(got, "send it to the leader at 10.0.0.2:7002") {
		t.Errorf("a follower says %q", got)
	}
	store.info.Leader = 0
	c.expect("FAILOVER\r\n", "-"+noLeaderText+"\r\n")
	store.info.Role, store.info.Leader = "leader", 1
	for words, want := range map[string]string{
		"FAILOVER ABORT":               "-" + noFailover + "\r\n",
		"FAILOVER ABORT TIMEOUT 5":     "-ERR syntax error\r\n",
		"FAILOVER TIMEOUT 0":           "-" + failoverTimeout + "\r\n",
		"FAILOVER TIMEOUT x":           "-ERR value is not an integer or out of range\r\n",
		"FAILOVER FORCE":               "-ERR syntax error\r\n",
		"FAILOVER TO 10.0.0.2 7002":    "-" + failoverTarget + "\r\n",
		"FAILOVER TO h 1 FORCE x":      "-ERR syntax error\r\n",
		"REPLICAOF NO ONE":             "-" + noReplicaOf + "\r\n",
		"SLAVEOF 10.0.0.2 7002":        "-" + noReplicaOf + "\r\n",
		"SYNC":                         "-" + noSync + "\r\n",
		"PSYNC ? -1":                   "-" + noSync + "\r\n",
		"CLUSTER REPLICAS " + someName: "*0\r\n",
	} {
		c.expect(words+"\r\n", want)
	}
	if len(store.handOvers) != 0 {
		t.Fatalf("leadership was handed over by what is refused: %v", store.handOvers)
	}
	c.expect("FAILOVER TIMEOUT 1500\r\nFAILOVER\r\n", "+OK\r\n+OK\r\n")
	if len(store.handOvers) != 2 || store.handOvers[0] != 1500*time.Millisecond || store.handOvers[1] != failoverPeriod {
		t.Errorf("handed over for %v", store.handOvers)
	}
	store.info.node(2).Up = false
	c.expect("FAILOVER\r\n", "-"+failoverAlone+"\r\n")
}
