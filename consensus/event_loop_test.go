package consensus_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/reactor/looptest"
)

// slowCounter is a counter that adds 1 for a command of one byte; on the node that took it only when gate is closed.
type slowCounter struct {
	counter
	entered chan struct{}
	gate    chan struct{}
}

func (c *slowCounter) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if len(data) == 1 {
		if local != nil {
			close(c.entered)
			<-c.gate
		}
		c.total++
	}
	return c.counter.Apply(index, stamp, data, local)
}

// A machine that applies a command for long holds up what waits for that command, and nothing else: on the loop, which
// goes on without it, as on goroutines. The node goes on leading, and confirms reads of others.
func TestASlowMachineCostsNoLeadership(t *testing.T) {
	for name, loop := range map[string]bool{"on a loop": true, "on goroutines": false} {
		t.Run(name, func(t *testing.T) { slowMachine(t, loop) })
	}
}

func slowMachine(t *testing.T, loop bool) {
	entered, gate := make(chan struct{}), make(chan struct{})
	c := newTrioWith(t, func(o *consensus.Options) { o.EventLoop = loop },
		func() consensus.StateMachine { return &slowCounter{entered: entered, gate: gate} })
	goOn := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(goOn)
	at := slices.IndexFunc(c.nodes[:], leads)
	for at < 0 {
		add(t, c.nodes[0], 0)
		at = slices.IndexFunc(c.nodes[:], leads)
	}
	leader, other := c.nodes[at], c.nodes[(at+1)%3]
	term := leader.Status().Term
	ended := make(chan error, 1)
	leader.Submit(&consensus.Request{Body: []byte{1}, Local: true, Done: func(r *consensus.Request) { ended <- r.Err }})
	<-entered
	electionMillis := consensus.DefaultOptions().ElectionMillis
	for began := time.Now(); time.Since(began) < 3*time.Duration(electionMillis)*time.Millisecond; {
		add(t, other, 1)
		if s := leader.Status(); s.Term != term || !leads(leader) {
			t.Fatalf("the leader of term %d is %s in term %d", term, s.Role, s.Term)
		}
	}
	var total uint64
	if err := other.Query(within(t), &total); err != nil || total < 2 {
		t.Fatalf("total is %d, %v", total, err)
	}
	goOn()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	expectTotal(t, leader, total)
}

// A node that is given a loop uses it, and leaves it to its host. One with a loop of its own ends it with itself. Those
// on goroutines work beside the others.
func TestNodesOnLoopsAndOnGoroutinesAreOneCluster(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	loop := looptest.New(t)
	var nodes []*consensus.Node
	for i, change := range []func(*consensus.Options){
		func(o *consensus.Options) { o.Bootstrap, o.Expect, o.EventLoop = true, 3, true },
		func(o *consensus.Options) { o.EventLoop = false },
		func(o *consensus.Options) { o.Reactor = loop },
	} {
		o := certainOptions(t.TempDir())
		if i > 0 {
			o.Join = []string{nodes[0].Status().PeerAddress}
		}
		change(&o)
		nodes = append(nodes, open(t, o))
	}
	for _, n := range nodes {
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	for v := range uint64(30) {
		add(t, nodes[v%3], v)
		expectTotal(t, nodes[(v+1)%3], v*(v+1)/2)
	}
	for _, n := range nodes {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	if loop != nil {
		done := false
		loop.Do(func() { done = true })
		if !done {
			t.Error("the loop of the host ended with the node")
		}
	}
}

// Open that fails behind the beginning of the loop ends it.
func TestAFailedOpenLeavesNoLoop(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	o := smallOptions(t.TempDir())
	o.Bootstrap, o.Expect, o.PeerAddress, o.EventLoop = true, 2, "no-port", true
	if n, err := consensus.Open(o); err == nil {
		n.Close()
		t.Fatal("an address without a port was taken")
	}
}
