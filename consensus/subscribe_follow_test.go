package consensus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// follower reads the log by way of any node that answers, as the documentation tells a host to, and remembers what it
// has read: what was given, and where the log is gone what the state says of it.
type follower struct {
	t      *testing.T
	chance *rand.Rand
	node   func() *consensus.Node
	read   ledger
	// gaps is how often the log was gone, begun how many subscriptions there were.
	gaps, begun int
}

func (f *follower) last() uint64 {
	if n := len(f.read.indexes); n > 0 {
		return f.read.indexes[n-1]
	}
	return 0
}

// run follows the log until it has read entry end, which is known when known is closed.
func (f *follower) run(known <-chan struct{}, end *atomic.Uint64) {
	for resume := uint64(0); end.Load() == 0 || f.last() < end.Load(); {
		n := f.node()
		if f.chance.IntN(3) == 0 {
			f.stayAway(n, resume, known)
		}
		s, err := n.Subscribe(f.t.Context(), resume)
		if err == nil {
			f.begun++
			err = f.some(s, known, end)
			resume = s.Resume()
			s.Close()
		}
		var compacted *consensus.CompactedError
		switch {
		case errors.As(err, &compacted):
			if f.take(n) {
				resume = compacted.First
				f.gaps++
			}
		case err != nil && !errors.Is(err, consensus.ErrClosed) && !errors.Is(err, context.Canceled):
			f.t.Errorf("a subscription ends with %v", err)
			return
		}
	}
}

// stayAway leaves the log alone until a node has compacted it beyond an entry, or is closed, or the end is known.
func (f *follower) stayAway(n *consensus.Node, resume uint64, known <-chan struct{}) {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for n.Status().FirstIndex <= resume {
		select {
		case <-look.C:
		case <-n.Done():
			return
		case <-known:
			return
		}
	}
}

// some reads some commands. A wait for the next one ends when the end is known.
func (f *follower) some(s *consensus.Subscription, known <-chan struct{}, end *atomic.Uint64) error {
	ctx, cancel := context.WithCancel(f.t.Context())
	defer cancel()
	if end.Load() == 0 {
		over := make(chan struct{})
		defer close(over)
		go func() {
			select {
			case <-known:
				cancel()
			case <-over:
			}
		}()
	}
	for range 1 + f.chance.IntN(400) {
		if last := end.Load(); last != 0 && f.last() >= last {
			return nil
		}
		e, err := s.Next(ctx)
		if err != nil {
			return err
		}
		if e.Index > f.last() { // the state had the others
			f.read.indexes = append(f.read.indexes, e.Index)
			f.read.numbers = append(f.read.numbers, binary.LittleEndian.Uint64(e.Command))
		}
	}
	return nil
}

// take takes from the state what the log does not hold any more.
func (f *follower) take(n *consensus.Node) bool {
	return n.View(func(m consensus.StateMachine) {
		rest := m.(*ledger).from(f.last() + 1)
		f.read.indexes = append(f.read.indexes, rest.indexes...)
		f.read.numbers = append(f.read.numbers, rest.numbers...)
	}) == nil
}

// H13: Many commands through all nodes, small and large; nodes that are closed and come back, take leadership over, and
// compact their logs: every subscriber reads every command that was acknowledged, once, in the order of the log,
// however often it leaves and at whichever node it comes back.
func TestEverySubscriberReadsEveryCommandOnce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const subscribers, appenders, rounds = 4, 3, 4
	c := newTrioOf(t, newLedger)
	var nodes [3]atomic.Pointer[consensus.Node]
	restart := func(i int) {
		if err := c.nodes[i].Close(); err != nil {
			t.Error(err)
		}
		c.start(i)
		nodes[i].Store(c.nodes[i])
		if err := c.nodes[i].WaitServing(within(t)); err != nil {
			t.Error(err)
		}
	}
	for i := range c.nodes {
		c.options[i].SnapshotLogBytes, c.options[i].MaxHistoryBytes = 64<<10, 128<<10
		c.options[i].SubscriptionBytes = 64 << 10
		c.options[i].MaxWaitingBytes = 2 << 20 // one or two large commands are put together at a time
		restart(i)
	}

	stop, known := make(chan struct{}), make(chan struct{})
	var appending, reading sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[uint64]bool{}
	for a := range uint64(appenders) {
		appending.Go(func() {
			chance := rand.New(rand.NewPCG(seed, 100+a))
			for number := a; ; number += appenders {
				select {
				case <-stop:
					return
				default:
				}
				size := 200 + chance.IntN(2000)
				if chance.IntN(100) == 0 {
					size = aMiB + chance.IntN(aMiB)
				}
				_, err := nodes[chance.IntN(3)].Load().Propose(within(t), line(number, size))
				mu.Lock()
				acknowledged[number] = err == nil
				mu.Unlock()
			}
		})
	}
	var followers []*follower
	var end atomic.Uint64
	for s := range uint64(subscribers) {
		chance := rand.New(rand.NewPCG(seed, s))
		f := &follower{t: t, chance: chance, node: func() *consensus.Node { return nodes[chance.IntN(3)].Load() }}
		followers = append(followers, f)
		reading.Go(func() { f.run(known, &end) })
	}
	chance := rand.New(rand.NewPCG(seed, 200))
	for range rounds {
		leader := c.leader()
		first := c.nodes[leader].Status().FirstIndex
		until(t, "the log to be compacted", func() bool { return c.nodes[leader].Status().FirstIndex > first })
		_ = c.nodes[(leader+1)%3].TakeOver() // whether it does is chance, too
		restart(chance.IntN(3))
	}
	close(stop)
	appending.Wait()

	var all ledger
	if err := c.nodes[0].Query(within(t), &all); err != nil {
		t.Fatal(err)
	}
	end.Store(all.indexes[len(all.indexes)-1])
	close(known)
	reading.Wait()
	for i, f := range followers {
		t.Logf("subscriber %d: %d commands, %d subscriptions, %d gaps", i, len(f.read.indexes), f.begun, f.gaps)
		if !slices.Equal(f.read.indexes, all.indexes) || !slices.Equal(f.read.numbers, all.numbers) {
			t.Errorf("subscriber %d has read other commands than the machine has applied", i)
		}
	}
	times := map[uint64]int{}
	for _, number := range all.numbers {
		times[number]++
	}
	for number, acked := range acknowledged {
		if acked && times[number] != 1 || times[number] > 1 {
			t.Errorf("command %d is in the log %d times, acknowledged: %v", number, times[number], acked)
		}
	}
}
