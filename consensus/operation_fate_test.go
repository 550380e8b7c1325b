package consensus

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Changes whose first attempt went to a leader that was lost.

// single is a cluster of one that leads, and how long things may take there.
func single(t *testing.T) (context.Context, *Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	n := openBlank(t, Options{Bootstrap: true})
	t.Cleanup(func() { n.Close() })
	if err := n.WaitServing(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx, n
}

// newcomer is a blank node, and what it says of itself.
func newcomer(t *testing.T, ctx context.Context, by *Node) (*Node, membership.Member) {
	t.Helper()
	n := openBlank(t, Options{})
	t.Cleanup(func() { n.Close() })
	m, err := by.inviteOne(ctx, n.options.PeerAddress)
	if err != nil || m.ID != 0 {
		t.Fatalf("it says %+v, %v", m, err)
	}
	return n, m
}

// The first leader let B be node 2, and B took that; the next one let C be node 2. Asked for once more, B is not given
// another id, for it would never take it.
func TestD11_ANodeThatTookAnIDFromALostLogIsNotGivenAnother(t *testing.T) {
	ctx, a := single(t)
	b, asInvited := newcomer(t, ctx, a)
	c, _ := newcomer(t, ctx, a)
	if _, err := a.ChangeMembers(ctx, MemberChange{AddLearners: []string{c.options.PeerAddress}}); err != nil {
		t.Fatal(err)
	}
	hello := transport.Hello{ClusterID: a.clusterID(), From: 1, To: 2, ToIncarnation: asInvited.Incarnation}
	if err := b.adopt(hello); err != nil {
		t.Fatal(err)
	}
	u := &operation{
		node: a, runner: a.runner.Load(), open: true,
		change: membership.Change{Add: []membership.Member{asInvited}}, addresses: []string{b.options.PeerAddress},
	}
	_, err := u.propose(ctx)
	if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "node 2") || !strings.Contains(err.Error(), "empty") {
		t.Fatalf("the answer is %v", err)
	}
	if next := a.runner.Load().Status().Configuration.NextID; next != 3 {
		t.Fatalf("the next id is %d", next)
	}
}

// Somebody started another directory in the place of the one that was invited: it is not what a leader may have added.
func TestWhoWasInvitedIsNotReplacedOnTheWay(t *testing.T) {
	ctx, a := single(t)
	b, m := newcomer(t, ctx, a)
	m.Incarnation++
	u := &operation{
		node: a, runner: a.runner.Load(), open: true,
		change: membership.Change{Add: []membership.Member{m}}, addresses: []string{b.options.PeerAddress},
	}
	wait, err := u.propose(ctx)
	if wait != changeRepeat || err != nil || !strings.Contains(u.obstacle, "when it was invited") {
		t.Fatalf("the answer is %v, %v; in the way is %q", wait, err, u.obstacle)
	}
}

// A refusal is final only if no leader can have accepted the same change before.
func TestD3_ARefusalAfterALostAnswerDoesNotSayThatNothingWasDone(t *testing.T) {
	ctx, a := single(t)
	for _, open := range []bool{false, true} {
		u := &operation{node: a, runner: a.runner.Load(), open: open, change: membership.Change{Remove: []raftlog.NodeID{77}}}
		_, err := u.propose(ctx)
		said := strings.Contains(err.Error(), "node 77")
		if errors.Is(err, ErrRefused) == open || errors.Is(err, ErrUnknown) != open || !said {
			t.Errorf("an attempt before: %v; the answer is %v", open, err)
		}
	}
}

// D3: A leader that stops while it is asked says so, and not that it refuses: the change may be in the log, and the
// next leader is asked. One that did not take the change says that, and is asked again.
func TestALeaderThatStopsRefusesNothing(t *testing.T) {
	_, a := single(t)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	change := membership.EncodeChange(membership.Change{Remove: []raftlog.NodeID{77}})
	answer, err := (peerHandler{a}).Change(a.clusterID(), change)
	if err != nil || answer.Reason != engine.ErrStopped.Error() {
		t.Fatalf("a leader that has stopped answers %+v, %v", answer, err)
	}
	for _, ended := range []error{context.Canceled, ErrClosed} {
		var refusal *transport.Refusal
		if err := toldOfStop(ended); !errors.As(err, &refusal) || !errors.Is(err, engine.ErrStopped) {
			t.Fatalf("a leader that ends by %v answers %v", ended, err)
		}
		o := &operation{node: a}
		if wait, err := o.answered(transport.Answer{}, refusal); err != nil || wait != changeRetry || !o.open {
			t.Errorf("who asks waits %v, %v; may be made: %v", wait, err, o.open)
		}
	}
	o := &operation{node: a}
	if _, err := o.answered(transport.Answer{}, &transport.Refusal{Text: "no"}); !errors.Is(err, ErrRefused) || o.open {
		t.Errorf("a refusal is %v; may be made: %v", err, o.open)
	}
}

func TestAQuestionIsUnsentIfThereWasNoConnection(t *testing.T) {
	ctx, a := single(t)
	gone, _ := newcomer(t, ctx, a)
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.transport.Change(ctx, gone.options.PeerAddress, a.clusterID(), nil); !unsent(err) {
		t.Errorf("to a node that is down: %v", err)
	}
	if _, err := a.transport.Change(ctx, a.options.PeerAddress, a.clusterID()+1, nil); err == nil || unsent(err) {
		t.Errorf("to one that refuses: %v", err)
	}
}
