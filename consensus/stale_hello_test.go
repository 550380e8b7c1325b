package consensus

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// metLimit is how long a leader takes at most to hear of its members, and to tell it.
const metLimit = 30 * time.Second

// awaitMet waits until a condition holds that a node's leader brings about.
func awaitMet(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), metLimit)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", metLimit, what)
		}
	}
}

// A voter makes a hello before its first sync is done. By the time that a member takes it, the configuration says that
// the voter has a log. The voter is healthy, and must not be told that it was rolled back: that would stop it for good.
// A process that comes without a log after another one of that voter has confirmed some is told so.
func TestAnOldHelloOfAHealthyVoterIsNoRollback(t *testing.T) {
	f, a := counted(t)
	defer endBlank(t, f, a)
	contacts, joiners := f.round()
	f.settle(contacts, joiners)
	if f.runner.Load() == nil {
		t.Fatal("no cluster is formed: this test says nothing")
	}
	<-a.member
	hello := (peerHandler{a}).Hello(transport.Peer{ID: firstNode})
	hello.Term, hello.Durable = 0, raftlog.Mark{}
	awaitMet(t, "the configuration says that node 2 has a log", func() bool {
		return f.runner.Load().Status().Configuration.HasLog(hello.From)
	})
	for range 2 {
		if err := (peerHandler{f}).Admit(hello); err == nil || errors.Is(err, engine.ErrRolledBack) {
			t.Fatalf("the answer to an old hello is %v", err)
		}
	}
	hello.Boot++
	awaitMet(t, "another process without a log is told that it was rolled back", func() bool {
		err := (peerHandler{f}).Admit(hello)
		if err == nil {
			t.Fatal("a voter that has lost its log is let in")
		}
		return errors.Is(err, engine.ErrRolledBack)
	})
	if a.fenced() {
		t.Error("the healthy voter is fenced")
	}
}

// The process that was first known by an incarnation answers, and does not say who it is: another one with that
// incarnation must wait. One that takes no part any more is gone.
func TestAFirstProcessThatDoesNotSayWhoItIsIsThere(t *testing.T) {
	first, opens := guarded(t, "sesame"), Options{JoinSecret: (&password{word: "open"}).key}
	second, away, quiet := openBlank(t, opens), openBlank(t, opens), openBlank(t, opens)
	defer endBlank(t, first, second, quiet)
	endBlank(t, away)
	quiet.mu.Lock()
	quiet.renaming = true
	quiet.mu.Unlock()
	check := func(what string, n *Node, there bool) {
		t.Helper()
		s := n.Status()
		err := second.checkFirst(s.PeerAddress, "127.0.0.1:9", s.Incarnation, n.boot+1)
		if there != (err != nil) || errors.Is(err, transport.ErrSecret) {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("a member with another password", first, true)
	check("a process that draws another incarnation", quiet, true)
	check("a process that is gone", away, false)
	quiet.mu.Lock()
	member := quiet.identity
	member.ClusterID, member.NodeID = 77, 2
	quiet.setIdentity(member)
	quiet.mu.Unlock()
	for _, kind := range []string{obstacleRemoved, obstacleRolledBack} {
		quiet.obstacle.Store(&Obstacle{Kind: kind, Text: kind})
		check(kind, quiet, false)
	}
}

// A founder that refuses a node, at an address that could be the node's own, has answered: it is another node.
func TestANodeThatRefusesIsNotTheOneThatAsks(t *testing.T) {
	f := openBlank(t, Options{Bootstrap: true, Expect: 2})
	_, port, err := net.SplitHostPort(f.options.PeerAddress)
	if err != nil {
		t.Fatal(err)
	}
	n := openBlankAt(t, "0.0.0.0:0", Options{PeerAddress: "192.0.2.1:" + port, InsecurePeers: true})
	defer endBlank(t, f, n)
	c := contact{place: f.options.PeerAddress}
	if !n.isSelf(c.place) {
		t.Fatalf("%s could not be %s: this test says nothing", c.place, n.options.PeerAddress)
	}
	n.contact(&c, goodJoiner(0, n.options.PeerAddress)) // without an incarnation
	if c.state != contactRefused {
		t.Errorf("the answer is %v, %v", c, c.state)
	}
}

// A founder whose disk fails while it forms the cluster may have written down that a node is a voter: it cannot say
// that it has forgotten the node.
func TestAFounderThatHasEndedReleasesNoNode(t *testing.T) {
	f, a := counted(t)
	defer endBlank(t, a)
	a.mu.Lock()
	j := a.describe()
	a.mu.Unlock()
	j.Withdraw = true
	endBlank(t, f)
	if _, err := (peerHandler{f}).Join(j); !errors.Is(err, ErrClosed) {
		t.Errorf("the answer is %v", err)
	}
}
