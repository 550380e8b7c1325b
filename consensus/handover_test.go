package consensus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus"
)

// load proposes on every node until it is stopped, and fails the test at the first error.
type load struct {
	stop    chan struct{}
	clients sync.WaitGroup
	done    atomic.Uint64
	ended   chan error
}

// clientsPerNode propose at once on each node.
const clientsPerNode = 4

func startLoad(t *testing.T, nodes ...*consensus.Node) *load {
	t.Helper()
	l := &load{stop: make(chan struct{}), ended: make(chan error, len(nodes)*clientsPerNode)}
	one := binary.LittleEndian.AppendUint64(nil, 1)
	for _, n := range nodes {
		for range clientsPerNode {
			l.clients.Go(func() { l.ended <- l.propose(within(t), n, one) })
		}
	}
	return l
}

func (l *load) propose(ctx context.Context, n *consensus.Node, command []byte) error {
	for {
		select {
		case <-l.stop:
			return nil
		default:
		}
		if _, err := n.Propose(ctx, command); err != nil {
			return err
		}
		l.done.Add(1)
	}
}

// more waits until so many commands more were done, so that a test knows that work goes on.
func (l *load) more(t *testing.T, commands uint64) {
	t.Helper()
	want := l.done.Load() + commands
	until(t, "commands to be done", func() bool { return l.done.Load() >= want })
}

// until looks again and again, with a pause that leaves the nodes their processors.
func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for limit := time.After(patience); !reached(); {
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}

// end stops the clients; none of them may have seen an error.
func (l *load) end(t *testing.T) uint64 {
	t.Helper()
	close(l.stop)
	l.clients.Wait()
	close(l.ended)
	for err := range l.ended {
		if err != nil {
			t.Errorf("a command failed: %v", err)
		}
	}
	return l.done.Load()
}

func TestHandOverUnderLoadFailsNoCommand(t *testing.T) {
	c := newTrio(t)
	l := startLoad(t, c.nodes[:]...)
	for range 5 {
		l.more(t, 50)
		first := c.leader()
		if err := c.nodes[first].HandOver(within(t)); err != nil {
			t.Fatal(err)
		}
		if s := c.nodes[first].Status(); s.Leader == s.ID || s.Leader == 0 {
			t.Fatalf("node %d handed over and follows %d", s.ID, s.Leader)
		}
	}
	l.more(t, 50)
	total := l.end(t)
	for _, n := range c.nodes {
		expectTotal(t, n, total)
	}
}

func TestANodeHandsOverThenClosesAndTheOthersGoOn(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	leaving, rest := c.nodes[first], []*consensus.Node{c.nodes[(first+1)%3], c.nodes[(first+2)%3]}
	own, others := startLoad(t, leaving), startLoad(t, rest...)
	own.more(t, 20)
	others.more(t, 20)
	if err := leaving.HandOver(within(t)); err != nil {
		t.Fatal(err)
	}
	drained := own.end(t) // the leaving node's clients end: their commands were met
	if err := leaving.Close(); err != nil {
		t.Fatal(err)
	}
	others.more(t, 20)
	total := drained + others.end(t)
	for _, n := range rest {
		expectTotal(t, n, total)
	}
}

func TestHandOverWithADeadFollowerGoesToTheLivingOne(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	leader, dead, alive := c.nodes[first], c.nodes[(first+1)%3], c.nodes[(first+2)%3]
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	l := startLoad(t, leader, alive)
	l.more(t, 20)
	if err := leader.HandOver(within(t)); err != nil {
		t.Fatal(err)
	}
	if s := leader.Status(); s.Leader != alive.Status().ID {
		t.Fatalf("node %d leads, node %d is the only other one", s.Leader, alive.Status().ID)
	}
	l.more(t, 20)
	expectTotal(t, alive, l.end(t))
}

func TestHandOverWhereNobodyCanTakeOverEndsWithTheContext(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	for i, n := range c.nodes {
		if i != first {
			n.Close()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.nodes[first].HandOver(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the error is %v", err)
	}
}

func TestHandOverIsVoidWhereThereIsNothingToGive(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	blank := open(t, smallOptions(t.TempDir()))
	o := smallOptions(t.TempDir())
	o.Bootstrap = true
	alone := open(t, o)
	if err := alone.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*consensus.Node{blank, alone} {
		if err := n.HandOver(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	add(t, alone, 1) // it leads on
}

func TestHandOverOfAFollowerChangesNothing(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	if err := c.nodes[(first+1)%3].HandOver(within(t)); err != nil {
		t.Fatal(err)
	}
	if c.leader() != first {
		t.Fatal("a follower gave away what it did not have")
	}
}

func TestCloseRightAfterHandOver(t *testing.T) {
	c := newTrio(t)
	add(t, c.nodes[0], 1)
	first := c.leader()
	handing := make(chan error, 1)
	go func() { handing <- c.nodes[first].HandOver(within(t)) }()
	if err := c.nodes[first].Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-handing; err != nil && !errors.Is(err, consensus.ErrClosed) {
		t.Fatalf("the error is %v", err)
	}
	expectTotal(t, c.nodes[(first+1)%3], 1)
}

func TestTakeOverMovesLeadershipHere(t *testing.T) {
	c := newTrio(t)
	l := startLoad(t, c.nodes[:]...)
	for i, n := range c.nodes {
		if i == c.leader() {
			if err := n.TakeOver(); !errors.Is(err, consensus.ErrAlreadyLeader) {
				t.Fatalf("a leader that takes over gets %v", err)
			}
			continue
		}
		l.more(t, 20)
		if err := n.TakeOver(); err != nil {
			t.Fatal(err)
		}
		until(t, "the node that asked to lead", func() bool { return c.leader() == i })
	}
	l.more(t, 20)
	expectTotal(t, c.nodes[0], l.end(t))
}

func TestTakeOverOfABlankNodeIsRefused(t *testing.T) {
	if err := open(t, smallOptions(t.TempDir())).TakeOver(); !errors.Is(err, consensus.ErrRefused) {
		t.Fatalf("a blank node gets %v", err)
	}
}

func TestTakeOverWithoutALeaderIsRefused(t *testing.T) {
	c := newTrio(t)
	c.nodes[0].Close()
	c.nodes[1].Close()
	last := c.nodes[2]
	until(t, "the node to lose its leader", func() bool { return last.Status().Leader == 0 })
	if err := last.TakeOver(); !errors.Is(err, consensus.ErrNotDone) {
		t.Fatalf("without a leader the error is %v", err)
	}
}

func TestAnAbsentVoterIsNamedOnEveryNodeUntilItHasCaughtUp(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	gone := (first + 1) % 3
	id := c.nodes[gone].Status().ID
	c.nodes[gone].Close()
	alive := []*consensus.Node{c.nodes[first], c.nodes[(first+2)%3]}
	named := func(want int) {
		t.Helper()
		for _, n := range alive {
			until(t, "the same list of absent voters", func() bool {
				absent := n.Status().Absent
				return len(absent) == want && (want == 0 || absent[0] == id)
			})
		}
	}
	named(1)
	add(t, alive[0], 1)
	c.start(gone)
	named(0)
	match := c.nodes[c.leader()].Status().Match
	for id := range consensus.NodeID(3) {
		if match[id+1] == 0 {
			t.Fatalf("the leader says that node %d, which is up, has nothing: %v", id+1, match)
		}
	}
}

func TestHandOverOfAWholeClusterThatStopsDoesNotWaitForTheContext(t *testing.T) {
	c := newTrio(t)
	first := c.leader()
	for k := range c.nodes {
		if k != first {
			if err := c.nodes[k].Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.nodes[first].HandOver(within(t)); !errors.Is(err, consensus.ErrNotDone) {
		t.Fatalf("the last node that runs handed over with %v, want ErrNotDone", err)
	}
}
