package pump

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// S30: States of which none has a majority are told at once, and then with pauses that double up to a limit.
func TestPausesBetweenAlarmsDouble(t *testing.T) {
	var p repeats
	now := time.Unix(1, 0)
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		if !p.due(now) || p.due(now) {
			t.Fatalf("%v: not due once", pause)
		}
		now = now.Add(pause*time.Minute - 1)
		if p.due(now) {
			t.Fatalf("due before a pause of %v min is over", int(pause))
		}
		now = now.Add(1)
	}
}

// S30: A log in which states differ at each index has one line of it.
func TestUndecidedStatesFillNoLog(t *testing.T) {
	var log bytes.Buffer
	r := &Runner{effects: Effects{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	old := &engine.Status{}
	for i := range 100 {
		now := &engine.Status{}
		now.Undecided, now.Apart = old.Undecided+1024, true
		r.logQuarantine(old, now)
		if n := strings.Count(log.String(), "the states of the nodes differ"); n != 1 {
			t.Fatalf("%d lines after %d alarms", n, i+1)
		}
		old = now
	}
	agreed, again := &engine.Status{}, &engine.Status{}
	agreed.Undecided = old.Undecided
	again.Undecided, again.Apart = old.Undecided+1024, true
	r.logQuarantine(old, agreed)
	r.logQuarantine(agreed, again)
	if n := strings.Count(log.String(), "the states of the nodes differ"); n != 2 {
		t.Fatalf("%d lines after they agreed and differ again", n)
	}
}

// S30: each node's log names a member that waits for its turn to be quarantined, once; its own has another line.
func TestMembersThatDifferAreNamedOnce(t *testing.T) {
	var log bytes.Buffer
	r := &Runner{effects: Effects{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	before, now := &engine.Status{}, &engine.Status{Differing: []raftlog.NodeID{2, 3}}
	now.ID = 3
	r.logQuarantine(before, now)
	r.logQuarantine(now, now)
	if n := strings.Count(log.String(), "until it is quarantined"); n != 1 || !strings.Contains(log.String(), "member=2") {
		t.Fatalf("%d lines: %s", n, &log)
	}
}
