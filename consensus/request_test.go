package consensus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

// submit gives a request to a node; the channel has it when it has ended.
func submit(n *consensus.Node, r *consensus.Request) chan *consensus.Request {
	ended := make(chan *consensus.Request, 1)
	r.Done = func(r *consensus.Request) { ended <- r }
	n.Submit(r)
	return ended
}

func TestARequestEndsWithWhatTheMachineAnswered(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap = true
	n := open(t, o)
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	command := &consensus.Request{Body: binary.LittleEndian.AppendUint64(nil, 7)}
	if r := <-submit(n, command); r != command || r.Err != nil || binary.LittleEndian.Uint64(r.Result) != 7 {
		t.Fatalf("the command ended as %+v", r)
	}
	n.Cancel(command) // late, and without an effect
	if _, replicate, apply, reply := command.Timings(); replicate < 0 || apply < 0 || reply < 0 {
		t.Errorf("the command took %v, %v and %v", replicate, apply, reply)
	}
	read := <-submit(n, &consensus.Request{Read: true})
	if read.Err != nil || read.ReadTime == 0 {
		t.Fatalf("the read ended as %+v", read)
	}
	if disk, replicate, _, _ := read.Timings(); disk != 0 || replicate < 0 {
		t.Errorf("the read took %v of the disk's time, and %v", disk, replicate)
	}
	before := n.Status().LastIndex
	if tick := <-submit(n, &consensus.Request{}); tick.Err != nil {
		t.Fatal(tick.Err)
	}
	if after := n.Status().LastIndex; after <= before {
		t.Errorf("a request that moves time left the log at %d", after)
	}
}

func TestAClosedNodeEndsRequestsAsClosed(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap = true
	n := open(t, o)
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	<-n.Done()
	if err := n.Err(); !errors.Is(err, consensus.ErrClosed) {
		t.Errorf("the node stopped with %v", err)
	}
	for name, r := range map[string]*consensus.Request{"command": {Body: []byte("x")}, "read": {Read: true}, "tick": {}} {
		if r := <-submit(n, r); !errors.Is(r.Err, consensus.ErrClosed) {
			t.Errorf("a %s ends with %v", name, r.Err)
		}
	}
}

func TestAContextThatEndsSaysWhetherTheCommandWasSent(t *testing.T) {
	c := newTrio(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.nodes[0].Propose(ended, []byte("x"))
	if !errors.Is(err, consensus.ErrNotDone) || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that was over before: %v", err)
	}
	last := c.nodes[0]
	c.nodes[1].Close()
	c.nodes[2].Close()
	until(t, "the node to lose its leader", func() bool { return last.Status().Leader == 0 })
	waiting, cancel := context.WithCancel(t.Context())
	proposed := make(chan error)
	go func() {
		_, err := last.Propose(waiting, []byte("x"))
		proposed <- err
	}()
	until(t, "the command to wait", func() bool { return last.Status().WaitingRequests == 1 })
	cancel()
	if err := <-proposed; !errors.Is(err, consensus.ErrNotDone) || !errors.Is(err, context.Canceled) {
		t.Errorf("a command that waited for a leader: %v", err)
	}
	if err := last.Query(ended, nil); !errors.Is(err, consensus.ErrNotDone) || !errors.Is(err, context.Canceled) {
		t.Errorf("a query: %v", err)
	}
}

// A node is closed while all its queues are full: commands, reads, requests that move time, commands in pieces. Each
// ends once. One node leads, one follows, and one has no majority any more, with everything that it has waiting.
func TestCloseEndsAllThatWasSubmitted(t *testing.T) {
	c := newCollectors(t)
	leader := c.leader()
	for _, i := range []int{(leader + 1) % 3, leader, (leader + 2) % 3} {
		n := c.nodes[i]
		const rounds = 500
		ended := make(chan *consensus.Request, 3*rounds+2)
		submitted := map[*consensus.Request]int{}
		put := func(r *consensus.Request) {
			submitted[r] = 0
			r.Done = func(r *consensus.Request) { ended <- r }
			n.Submit(r)
		}
		put(&consensus.Request{Body: command(3*aMiB, 1)})
		put(&consensus.Request{Body: command(2*aMiB, 2)})
		for range rounds {
			put(&consensus.Request{Body: command(1<<10, 3)})
			put(&consensus.Request{Read: true})
			put(&consensus.Request{})
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		for range len(submitted) {
			select {
			case r := <-ended:
				submitted[r]++
			case <-within(t).Done():
				t.Fatalf("node %d: %d requests never end", i, len(submitted)-len(ended))
			}
		}
		for r, times := range submitted {
			if times != 1 {
				t.Fatalf("node %d: a request ended %d times, the last time with %v", i, times, r.Err)
			}
		}
		if len(ended) > 0 {
			t.Fatalf("node %d: %d requests ended twice", i, len(ended))
		}
	}
}
