package resp

import (
	"testing"
	"time"
)

// healthReply is what RAFT.HEALTH answers in RESP2.
func healthReply(ready string, h Health) string {
	return "*8\r\n" + bulkText("live") + bulkText("yes") + bulkText("ready") + bulkText(ready) + bulkText("state") +
		bulkText(string(h.State)) + bulkText("reason") + bulkText(h.Reason)
}

func TestHealth_SaysWhyANodeIsNotReady(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	for _, state := range []HealthState{
		HealthLoading, HealthFetching, HealthBlank, HealthForming, HealthNoLeader, HealthCatchingUp, HealthOverloaded,
		HealthLeaving, HealthStopping, HealthRemoved,
	} {
		store.info.Health = Health{State: state, Reason: "it is so"}
		if got, want := c.send("RAFT.HEALTH\r\n"), healthReply("no", store.info.Health); got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
		if got, want := c.send("RAFT.HEALTH ready\r\n"), "-NOTREADY "+string(state)+": it is so\r\n"; got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
		if got := c.send("RAFT.HEALTH LIVE\r\n"); got != "+live\r\n" {
			t.Errorf("%s: %q", state, got)
		}
	}
}

// What a node knows may be old: only a read that a majority confirms shows that it serves.
func TestHealth_ReadyIsWhatAMajorityConfirms(t *testing.T) {
	store := newFakeStore(t)
	s := testServer(t, Options{Store: store})
	now := time.Unix(1700000000, 0)
	s.clock = func() time.Time { return now }
	c := newClient(t, s)
	store.info.Health = Health{State: HealthReady, Reason: "it serves"}
	if got := c.send("RAFT.HEALTH READY\r\n"); got != "+ready\r\n" {
		t.Errorf("confirmed at once: %q", got)
	}
	if got := c.send("RAFT.HEALTH\r\n"); got != healthReply("yes", store.info.Health) {
		t.Errorf("confirmed at once: %q", got)
	}
	var done func(bool)
	store.info.confirm = func(d func(bool)) { done = d }
	const refusal = "-NOTREADY unconfirmed: a read was not confirmed in time: the way to the leader, or to a majority, " +
		"is cut, or this node is behind\r\n"
	for name, one := range map[string]struct {
		end  func()
		want string
	}{
		"confirmed later": {func() { done(true) }, "+ready\r\n"},
		"refused":         {func() { done(false) }, refusal},
		"too late":        {func() { now = now.Add(confirmPeriod) }, refusal},
	} {
		if got := c.send("RAFT.HEALTH READY\r\n"); got != "" {
			t.Fatalf("%s: answered before: %q", name, got)
		}
		if until := c.conn.Until(); !until.Equal(now.Add(confirmPeriod)) {
			t.Errorf("%s: it waits until %v", name, until)
		}
		one.end()
		c.advance()
		if got := c.take(); got != one.want {
			t.Errorf("%s: %q, want %q", name, got, one.want)
		}
	}
	done(true) // for a probe that was answered long ago
	if got := c.send("PING\r\n"); got != "+PONG\r\n" {
		t.Errorf("then PING gets %q", got)
	}
}

func TestHealth_TakesOneOfTwoWords(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	for input, want := range map[string]string{
		"RAFT.HEALTH NOW\r\n":        "-ERR RAFT.HEALTH takes LIVE or READY\r\n",
		"RAFT.HEALTH READY LIVE\r\n": "-ERR wrong number of arguments for 'raft.health' command\r\n",
	} {
		if got := c.send(input); got != want {
			t.Errorf("%q gets %q, want %q", input, got, want)
		}
	}
}
