package consensus

import (
	"errors"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
)

// Anyone can dial a founder without its secret. That holds it up while it goes on, and not for good.
func TestAHelloWithoutTheSecretHoldsAFounderUpForAWhile(t *testing.T) {
	n := openBlank(t, Options{})
	n.options.Bootstrap = true // and it asks no one: only this test looks whether the time is over
	(peerHandler{n}).Refused(transport.Hello{From: 2}, transport.ErrSecret)
	outwait := func(last time.Time) (barred bool) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.strangerAt = last
		n.outwaitStrangers()
		return n.barred()
	}
	if !outwait(time.Now().Add(time.Hour)) { // no pause of this test is as long as that
		t.Error("it goes on while nodes without the secret dial it")
	}
	if outwait(time.Now().Add(-strangerPatience)) {
		t.Errorf("it stops for good: %+v", n.obstacle.Load())
	}
	(peerHandler{n}).Refused(transport.Hello{From: 2}, transport.ErrSecret)
	if !n.barred() {
		t.Error("the next hello does not hold it up")
	}
	n.obstacle.Store(&Obstacle{Kind: obstacleWiped})
	if !outwait(time.Now().Add(-strangerPatience)) {
		t.Error("a wiped node forms a cluster after a while")
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// A founder that was dialled without its secret forms no cluster as long as that goes on, whatever else it hears.
func TestWhatElseAFounderHearsDoesNotLetItFound(t *testing.T) {
	n := openBlank(t, Options{})
	for _, kind := range []string{obstacleCopied, obstacleOutdated, obstacleReplaced} {
		n.obstacle.Store(&Obstacle{Kind: obstacleSecret})
		if n.tellObstacle(&Obstacle{Kind: kind}); !n.barred() {
			t.Errorf("%s lets it go on", kind)
		}
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// Two members that dial again and again say different things of this node. It tells each once, until a member lets it
// in; but what forbids a founder to form a cluster, or ends a member's part, always counts.
func TestTwoObstaclesDoNotTakeTurns(t *testing.T) {
	n := openBlank(t, Options{})
	for i, step := range []struct {
		kind string
		news bool
		then string
	}{
		{obstacleCopied, true, obstacleCopied},
		{obstacleCopied, false, obstacleCopied},
		{obstacleReplaced, true, obstacleReplaced},
		{obstacleCopied, false, obstacleReplaced},
		{obstacleReplaced, false, obstacleReplaced},
		{obstacleSecret, true, obstacleSecret},
		{obstacleCopied, false, obstacleSecret},
		{obstacleOutdated, false, obstacleSecret},
		{obstacleSecret, false, obstacleSecret},
		{obstacleReplaced, false, obstacleSecret},
		{obstacleWiped, true, obstacleWiped},
		{obstacleOutdated, false, obstacleWiped},
		{obstacleRemoved, true, obstacleRemoved},
		{obstacleWiped, false, obstacleRemoved},
	} {
		if news := n.tellObstacle(&Obstacle{Kind: step.kind}); news != step.news || n.obstacle.Load().Kind != step.then {
			t.Errorf("%d: %s is news: %v; it tells %s", i, step.kind, news, n.obstacle.Load().Kind)
		}
	}
	n.obstacle.Store(&Obstacle{Kind: obstacleReplaced, earlier: []string{obstacleCopied}})
	n.overcome()
	if !n.tellObstacle(&Obstacle{Kind: obstacleCopied}) {
		t.Error("what comes after a member has let it in is not told")
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// A node that takes no part any more is gone for one that asks whether a process with its incarnation is there: the
// original of a directory must not be refused for a copy that was found out.
func TestAFencedNodeDoesNotSayWhoItIs(t *testing.T) {
	n := openBlank(t, Options{})
	for _, kind := range []string{obstacleRemoved, obstacleRolledBack} {
		n.obstacle.Store(&Obstacle{Kind: kind, Text: kind})
		var refusal *transport.Refusal
		if _, err := (peerHandler{n}).Invite(0); !errors.As(err, &refusal) {
			t.Errorf("%s: the answer is %v", kind, err)
		}
	}
	n.obstacle.Store(&Obstacle{Kind: obstacleCopied})
	if who, err := (peerHandler{n}).Invite(0); err != nil || who.Incarnation == 0 {
		t.Errorf("one that was refused as a copy: %+v, %v", who, err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// A member that dials a node whose build is outdated refuses it by the answer, and the node does not hear of that: it
// tells what it is until a member that it has dialled lets it in.
func TestAnOutdatedNodeSaysSoWhileMembersDialIt(t *testing.T) {
	n := openBlank(t, Options{})
	n.tellObstacle(&Obstacle{Kind: obstacleOutdated})
	n.letIn()
	if o := n.obstacle.Load(); o == nil || o.Kind != obstacleOutdated {
		t.Errorf("it was dialled, and tells %+v", o)
	}
	peerHandler{n}.Welcomed(transport.Hello{From: 2})
	if o := n.obstacle.Load(); o != nil {
		t.Errorf("it was let in, and tells %+v", o)
	}
	n.tellObstacle(&Obstacle{Kind: obstacleOutdated})
	if n.statusChanged(&engine.Status{}, &engine.Status{}); n.obstacle.Load() == nil {
		t.Error("no one leads, and it tells nothing")
	}
	n.statusChanged(&engine.Status{}, &engine.Status{State: engine.State{Leader: 3}})
	if o := n.obstacle.Load(); o != nil {
		t.Errorf("it follows a leader, and tells %+v", o)
	}
	n.tellObstacle(&Obstacle{Kind: obstacleCopied})
	if n.letIn(); n.obstacle.Load() != nil {
		t.Errorf("a copy is gone, and the node tells %+v", n.obstacle.Load())
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
