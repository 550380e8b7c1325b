package torture

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	// probePeriod is the time between two reads of a probe.
	probePeriod = 10 * time.Millisecond
	// maxProbe bounds the commands that wait for replies: more than are sent while the longest faults last.
	maxProbe = 2048
)

// probe is a client that stays with one node and reads counters and appends to strands, on and on, without waiting for
// replies. Other clients leave a node that hangs, or wait for it; what a probe asked meanwhile lies before the node
// when it goes on, and it may not be answered from the past, nor be done twice:
//
//  1. A leader is paused. The others elect a new one, and write.
//  2. Reads arrive at the old leader's socket, which the kernel accepts.
//  3. It goes on. It finds the reads, and the news that it leads no more; it must not matter in which order.
type probe struct {
	run  *run
	node int
	// strands are all that it has begun.
	strands []*strand
	// answered counts commands that were done.
	answered atomic.Int64
}

// work works until the run is over, on a new connection when one breaks. An error is what no node may say.
func (p *probe) work(ctx context.Context) error {
	for !p.run.over.Load() && wait(ctx, probePeriod) == nil {
		connection, err := client.Connect(p.run.options.Addresses[p.node], longPatience)
		if err != nil {
			continue
		}
		err = p.session(ctx, connection)
		connection.Close()
		if err != nil {
			return fmt.Errorf("probe of node %d: %w", p.node, err)
		}
	}
	return nil
}

// session sends commands on one connection and judges the replies, which come in the same order.
func (p *probe) session(ctx context.Context, connection *client.Connection) error {
	defer context.AfterFunc(ctx, connection.Close)()
	waiting := make(chan step, maxProbe)
	var sender sync.WaitGroup
	sender.Go(func() {
		p.send(ctx, connection, waiting)
		close(waiting)
	})
	err := p.receive(connection, waiting)
	connection.Close() // the sender ends, and what still waits is never told
	sender.Wait()
	return err
}

// send sends commands until the run is over, the connection breaks, or too many wait.
func (p *probe) send(ctx context.Context, connection *client.Connection, waiting chan<- step) {
	for i := 0; !p.run.over.Load() && wait(ctx, probePeriod) == nil; i++ {
		pair := [2]step{p.run.counters[i%len(p.run.counters)].begin(false), p.add()}
		for _, s := range pair {
			select {
			case waiting <- s:
			default:
				return
			}
		}
		if connection.Send(pair[0].command(), pair[1].command()) != nil {
			return
		}
	}
}

// add begins to append the next number to a strand.
func (p *probe) add() *addition {
	if len(p.strands) > 0 {
		if a := p.strands[len(p.strands)-1].begin(); a != nil {
			return a
		}
	}
	fresh := &strand{key: fmt.Sprintf("strand%d.%d", p.node, len(p.strands))}
	p.strands = append(p.strands, fresh)
	return fresh.begin()
}

// receive judges replies until none is waited for or the connection breaks.
func (p *probe) receive(connection *client.Connection, waiting <-chan step) error {
	for s := range waiting {
		reply, err := connection.Receive()
		if err != nil {
			return nil
		}
		fate, err := fateOf(reply)
		if err != nil {
			return fmt.Errorf("%q: %w", s.command(), err)
		}
		if err := s.settle(outcome{fate: fate, reply: reply}); err != nil {
			return err
		}
		if fate == client.Done {
			p.answered.Add(1)
		}
	}
	return nil
}
