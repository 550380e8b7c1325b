package resp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/resp/topology"
)

// removed makes a client of a node that was removed from a cluster of two others.
func removed(t *testing.T, o Options) (*fakeStore, *client) {
	store := newFakeStore(t)
	store.info.State, store.info.Role, store.info.Leader = topology.Removed, "follower", 0
	store.info.NodeID, store.info.Name = 9, fakeName(9)
	store.info.Nodes[0].Up, store.info.Nodes[1].Up = false, false
	store.finish = func(r *Request) { r.Complete(NotDone) }
	o.Store = store
	return store, newClient(t, testServer(t, o))
}

func TestARemovedNodeSendsItsClientsToMembers(t *testing.T) {
	const other = "-" + removedText + "; a member is at 10.0.0.1:7001\r\n"
	for view, want := range map[topology.View]string{
		// foo is in the upper half of the slots, bar in the lower one.
		topology.SpreadView: "-MOVED 12182 10.0.0.2:7002\r\n-MOVED 5061 10.0.0.1:7001\r\n+PONG\r\n",
		topology.LeaderView: "-MOVED 12182 10.0.0.1:7001\r\n-MOVED 5061 10.0.0.1:7001\r\n+PONG\r\n",
		topology.NoView:     strings.Repeat(other, 2) + "+PONG\r\n",
	} {
		store, c := removed(t, Options{ClusterView: view})
		c.expect("SET foo 1\r\nGET bar\r\nPING\r\nDBSIZE\r\n", want+other)
		if view == topology.SpreadView {
			store.info.Nodes[1].Absent = true
			c.expect("GET foo\r\n", "-MOVED 12182 10.0.0.1:7001\r\n")
		}
		store.info.Nodes = nil
		c.expect("GET foo\r\n", "-"+removedText+"\r\n")
		c.expect("RAFT.READ STALE\r\n", "-"+readOnlyRemoved+"\r\n")
		if view != topology.NoView {
			c.expect("READONLY\r\nGET foo\r\n", "+OK\r\n-"+removedText+"\r\n")
		}
	}
}

// What may have been done is never sent anywhere else.
func TestARemovedNodeSaysMovedOnlyOfWhatWasNotDone(t *testing.T) {
	store, c := removed(t, Options{})
	store.finish = func(r *Request) { r.Complete(Uncertain) }
	if got := c.send("SET foo 1\r\n"); !strings.HasPrefix(got, "-UNCERTAIN ") {
		t.Errorf("a write of unknown fate is answered %q", got)
	}
}

func TestABlankNodeSaysThatItBelongsToNoCluster(t *testing.T) {
	store := newFakeStore(t)
	store.info = fakeInfo{Name: fakeName(9), State: topology.Joining, Role: "follower"}
	store.finish = func(r *Request) { r.Complete(NotDone) }
	c := newClient(t, testServer(t, Options{Store: store}))
	c.expect("GET foo\r\n", "-"+blankText+"\r\n")
}

// The connection of a client is closed behind the first refusal that comes a period after the first one of them, and
// not before; one command that is done begins a new period.
func TestAClientThatHearsOnlyRefusalsIsClosed(t *testing.T) {
	for _, outcome := range []Outcome{NotDone, Uncertain, Overloaded} {
		store, clients := sharedClients(t, 1)
		c, now := clients[0], time.Unix(1700000000, 0)
		period := c.conn.server.limits.RefusalPeriod
		c.conn.server.started = now
		c.conn.server.clock = func() time.Time { return now }
		refuse := func() { store.finish = func(r *Request) { r.Complete(outcome) } }
		step := func(after time.Duration, ended bool) {
			t.Helper()
			now = now.Add(after)
			if got := c.send("GET a\r\n"); got == "" || c.ended != ended {
				t.Fatalf("%v: after %v the reply is %q, the connection ended: %v", outcome, after, got, c.ended)
			}
		}
		refuse()
		step(period, false)
		step(period-1, false)
		store.finish = nil
		step(1, false) // done
		refuse()
		step(period, false)
		step(period-1, false)
		step(1, outcome == NotDone)
		if got := c.conn.server.metrics.RefusedTooLong.Value(); (got == 1) != (outcome == NotDone) {
			t.Errorf("%v: %d connections are counted", outcome, got)
		}
	}
}

// A pattern that is too long is refused wherever names are compared with it, before it is proposed and where it is
// queued: by RAFT.ONCE every node would compare it while it applies the entry. A text that matches itself may be
// longer.
func TestALongPatternIsRefused(t *testing.T) {
	refusal := "-" + longGlob + "\r\n"
	for _, call := range []string{
		"KEYS %s", "SCAN 0 MATCH %s", "SCAN 0 COUNT 5 MATCH %s TYPE set", "SSCAN k 0 MATCH %s", "HSCAN k 0 MATCH %s",
		"ZSCAN k 0 COUNT 5 MATCH %s", "CONFIG GET a %s", "PUBSUB CHANNELS %s", "PUBSUB SHARDCHANNELS %s",
		"COMMAND LIST FILTERBY PATTERN %s", "RAFT.ONCE 1 1 SCAN 0 MATCH a MATCH %s", "RAFT.ONCE 1 1 SSCAN k 0 MATCH %s",
		"RAFT.ONCE 1 1 HSCAN k 0 MATCH %s", "RAFT.ONCE 1 1 ZSCAN k 0 MATCH %s",
	} {
		for _, c := range []struct {
			special string
			length  int
			refused bool
		}{
			{"*", glob.MaxBytes - 1, false}, {"*", glob.MaxBytes, false}, {"*", glob.MaxBytes + 1, true},
			{"a", glob.MaxBytes + 1, false}, {`\`, glob.MaxBytes + 1, true}, {"[", 5000, true},
		} {
			store := newFakeStore(t)
			runs := countRuns(store)
			client := newClient(t, testServer(t, Options{Store: store}))
			line := fmt.Sprintf(call, strings.Repeat("a", c.length-1)+c.special) + "\r\n"
			if got := client.send(line); (got == refusal) != c.refused || c.refused && *runs > 0 {
				t.Errorf("%s with %d bytes and %s: %.80q, %d runs", call, c.length, c.special, got, *runs)
			}
			client.expect("MULTI\r\n", "+OK\r\n")
			if got := client.send(line); (got == refusal) != c.refused {
				t.Errorf("%s with %d bytes and %s in MULTI: %.80q", call, c.length, c.special, got)
			}
		}
	}
	// Where no pattern stands, anything may.
	key := strings.Repeat("*", glob.MaxBytes+1)
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	for _, call := range []string{"GET %s", "SSCAN %s 0", "RAFT.ONCE 1 1 HSCAN %s 0 MATCH a"} {
		if got := c.send(fmt.Sprintf(call, key) + "\r\n"); got == refusal {
			t.Errorf("%s: a key is refused as a pattern", call)
		}
	}
}
