package consensus_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus"
)

// ledger is a machine that remembers which command it applied at which index.
type ledger struct {
	indexes []uint64
	numbers []uint64
}

func (l *ledger) Apply(index uint64, _ int64, data []byte, _ any) []byte {
	if len(data) >= 8 {
		l.indexes = append(l.indexes, index)
		l.numbers = append(l.numbers, binary.LittleEndian.Uint64(data))
	}
	return nil
}

// Query copies the whole ledger.
func (l *ledger) Query(_ int64, local any) bool {
	*local.(*ledger) = l.copy()
	return false
}

func (l *ledger) copy() ledger { return ledger{slices.Clone(l.indexes), slices.Clone(l.numbers)} }

// from is what the ledger has from an index on.
func (l *ledger) from(index uint64) ledger {
	at, _ := slices.BinarySearch(l.indexes, index)
	return ledger{l.indexes[at:], l.numbers[at:]}
}

func (l *ledger) Freeze() io.WriterTo { return frozenLedger(l.copy()) }

func (l *ledger) Restore(r io.Reader) error {
	*l = ledger{}
	if r == nil {
		return nil
	}
	b, err := io.ReadAll(r)
	for ; len(b) >= 16; b = b[16:] {
		l.indexes = append(l.indexes, binary.LittleEndian.Uint64(b))
		l.numbers = append(l.numbers, binary.LittleEndian.Uint64(b[8:]))
	}
	return err
}

type frozenLedger ledger

func (f frozenLedger) WriteTo(w io.Writer) (int64, error) {
	var b []byte
	for i, index := range f.indexes {
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, index), f.numbers[i])
	}
	n, err := w.Write(b)
	return int64(n), err
}

func newLedger() consensus.StateMachine { return &ledger{} }

// line makes a command of a size with a number.
func line(number uint64, bytes int) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, number), make([]byte, max(bytes-8, 0))...)
}

// propose has a node do a command with a number.
func propose(t *testing.T, n *consensus.Node, number uint64, bytes int) {
	t.Helper()
	if err := proposeOnce(t, n, line(number, bytes)); err != nil {
		t.Fatal(err)
	}
}

// proposeOnce has a node do a command once. On a busy machine there may be no leader for long; then the command was not
// done, and is tried again. The nodes are those of certainOptions.
func proposeOnce(t *testing.T, n *consensus.Node, command []byte) error {
	ctx := within(t)
	for {
		if _, err := n.Propose(ctx, command); !errors.Is(err, consensus.ErrNotDone) || ctx.Err() != nil {
			return err
		}
	}
}

// subscribe opens a subscription that ends with the test.
func subscribe(t *testing.T, n *consensus.Node, from uint64) *consensus.Subscription {
	t.Helper()
	s, err := n.Subscribe(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// expectNext takes the next command of a subscription, which has a number.
func expectNext(t *testing.T, s *consensus.Subscription, number uint64) consensus.Entry {
	t.Helper()
	e, err := s.Next(within(t))
	if err != nil || len(e.Command) < 8 || binary.LittleEndian.Uint64(e.Command) != number || e.Gap {
		t.Fatalf("the next command is %d bytes at %d, %v; want number %d", len(e.Command), e.Index, err, number)
	}
	return e
}

// alone is a cluster of one node with a ledger.
func alone(t *testing.T, change func(*consensus.Options)) (*consensus.Node, consensus.Options) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	o := certainOptions(t.TempDir())
	o.Bootstrap, o.Machine = true, newLedger()
	if change != nil {
		change(&o)
	}
	n := open(t, o)
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	return n, o
}

// Commands come in order, with what the machine got of them, on leader and follower, before and behind the end of the
// log; a context that ends ends a wait, and no more.
func TestASubscriptionGivesCommandsInOrder(t *testing.T) {
	c := newTrioOf(t, newLedger)
	var all []*consensus.Subscription
	for _, n := range c.nodes {
		all = append(all, subscribe(t, n, 0))
	}
	for i := range uint64(20) {
		propose(t, c.nodes[i%3], i, 8)
	}
	for _, n := range c.nodes {
		all = append(all, subscribe(t, n, 1))
	}
	var first []consensus.Entry
	for at, s := range all {
		var got []consensus.Entry
		for i := range uint64(20) {
			got = append(got, expectNext(t, s, i))
		}
		if first == nil {
			first = got
		}
		for i, e := range got {
			f := first[i]
			if e.Index != f.Index || e.Term != f.Term || e.Time != f.Time || e.WallTime != f.WallTime || e.Time == 0 {
				t.Errorf("subscription %d: entry %d is %+v, subscription 0 has %+v", at, i, e, f)
			}
		}
		if s.Resume() <= got[19].Index {
			t.Errorf("subscription %d goes on from %d, and entry %d was given", at, s.Resume(), got[19].Index)
		}
		short, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		if e, err := s.Next(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("subscription %d: there is nothing more, and it gives %+v, %v", at, e, err)
		}
	}
	propose(t, c.nodes[0], 20, 8)
	for _, s := range all {
		e := expectNext(t, s, 20)
		again := subscribe(t, c.nodes[1], e.Index)
		expectNext(t, again, 20)
		behind := subscribe(t, c.nodes[2], e.Index+1)
		again.Close()
		behind.Close()
	}
}

// An index that the log has not reached is waited for, also by a node that is blank when it is asked.
func TestASubscriptionWaitsForItsIndex(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	founder := certainOptions(t.TempDir())
	founder.Bootstrap, founder.Machine = true, newLedger()
	n := open(t, founder)
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	joiner := certainOptions(t.TempDir())
	joiner.Machine = newLedger()
	blank := open(t, joiner)
	s, ahead := subscribe(t, blank, 0), subscribe(t, n, 30)
	propose(t, n, 7, 8)
	change := consensus.MemberChange{Add: []string{blank.Status().PeerAddress}}
	if _, err := n.ChangeMembers(within(t), change); err != nil {
		t.Fatal(err)
	}
	expectNext(t, s, 7)
	for i := range uint64(40) {
		propose(t, blank, 100+i, 8)
	}
	if e, err := ahead.Next(within(t)); err != nil || e.Index < 30 {
		t.Errorf("from 30 on the first one is %d, %v", e.Index, err)
	}
}

// What ends a subscription is told by its Next, which does not wait, and by the last pair of its loop.
func TestWhatEndsASubscription(t *testing.T) {
	n, _ := alone(t, func(o *consensus.Options) { o.MaxSubscriptions = 2 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	byContext, err := n.Subscribe(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	byHost := subscribe(t, n, 0)
	if s := n.Status(); s.Subscriptions != 2 || s.SubscribedIndex == 0 {
		t.Errorf("%d subscriptions, the first needs %d", s.Subscriptions, s.SubscribedIndex)
	}
	if _, err := n.Subscribe(t.Context(), 0); !errors.Is(err, consensus.ErrOverloaded) {
		t.Errorf("the third of two subscriptions: %v", err)
	}
	var group sync.WaitGroup
	expect := func(s *consensus.Subscription, want error) {
		group.Go(func() {
			for range 2 {
				if _, err := s.Next(within(t)); !errors.Is(err, want) {
					t.Errorf("Next ends with %v, want %v", err, want)
				}
			}
			for e, err := range s.Entries() {
				if !errors.Is(err, want) {
					t.Errorf("the loop has %v, %v; want %v", e, err, want)
				}
			}
		})
	}
	expect(byContext, context.Canceled)
	expect(byHost, consensus.ErrClosed)
	cancel()
	byHost.Close()
	byHost.Close()
	group.Wait()
	until(t, "the subscriptions to be forgotten", func() bool { return n.Status().Subscriptions == 0 })
	if s := n.Status(); s.SubscribedIndex != 0 {
		t.Errorf("nothing is subscribed, and entry %d is needed", s.SubscribedIndex)
	}
	byNode := subscribe(t, n, 0)
	expect(byNode, consensus.ErrClosed)
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
	if _, err := n.Subscribe(t.Context(), 0); !errors.Is(err, consensus.ErrClosed) {
		t.Errorf("a closed node: %v", err)
	}
}

// H14: A subscription that is not read keeps nothing from going on. Its log is kept up to a bound; beyond that it is
// told, with the index from which it can go on, at which everything is there.
func TestASubscriptionThatIsNotReadHoldsUpNothing(t *testing.T) {
	n, o := alone(t, func(o *consensus.Options) { o.SnapshotLogBytes, o.MaxHistoryBytes = 64<<10, 1<<20 })
	slow, kept := subscribe(t, n, 1), subscribe(t, n, 1)
	expectNext := func(number uint64) {
		t.Helper()
		if e, err := kept.Next(within(t)); err != nil || binary.LittleEndian.Uint64(e.Command) != number {
			t.Fatalf("the subscription that is read: %v at %d, want number %d", err, e.Index, number)
		}
	}
	number := uint64(0)
	write := func() {
		propose(t, n, number, 16<<10)
		number++
	}
	for range 2 { // from then on the log may go
		for range 8 {
			write()
		}
		takeSnapshot(t, n)
	}
	read := uint64(0)
	for ; read < number; read++ {
		expectNext(read)
	}
	until(t, "the log to be compacted beyond the bound", func() bool {
		write()
		expectNext(read)
		read++
		return n.Status().FirstIndex > 1
	})
	if written := number * (16<<10 + 512); written < uint64(o.MaxHistoryBytes) {
		t.Errorf("the log went when it had %d bytes, and %d are allowed", written, o.MaxHistoryBytes)
	}
	var compacted *consensus.CompactedError
	given := uint64(0)
	for {
		e, err := slow.Next(within(t))
		if errors.As(err, &compacted) {
			break
		}
		if err != nil || binary.LittleEndian.Uint64(e.Command) != given {
			t.Fatalf("the subscription that was not read: %v at %d, want number %d", err, e.Index, given)
		}
		given++
	}
	if compacted.Index != slow.Resume() || compacted.First <= compacted.Index || given >= number {
		t.Errorf("%d of %d were given, and then %+v", given, number, compacted)
	}
	before := *compacted
	if _, err := subscribe(t, n, before.First-1).Next(within(t)); !errors.As(err, &compacted) ||
		compacted.Index != before.First-1 || compacted.First < before.First {
		t.Errorf("one entry before the first: %v", err)
	}
	again := subscribe(t, n, compacted.First)
	e, err := again.Next(within(t))
	var all ledger
	if err := n.Query(within(t), &all); err != nil {
		t.Fatal(err)
	}
	rest := all.from(compacted.First)
	if err != nil || e.Index != rest.indexes[0] || binary.LittleEndian.Uint64(e.Command) != rest.numbers[0] {
		t.Errorf("from %d on the first one is %d, %v; want %d", compacted.First, e.Index, err, rest.indexes[0])
	}
}

// A node that takes over a snapshot has a gap in its log: its subscription ends there, its listener is told how far the
// gap goes, and neither passes over it in silence.
func TestASubscriptionEndsAtASnapshotOfAnother(t *testing.T) {
	var mu sync.Mutex
	var heard []consensus.Entry
	l := newArchive(t, 3)
	l.write(0, 4)
	s := subscribe(t, l.nodes[2], 1)
	for range 4 {
		if _, err := s.Next(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	resume := s.Resume()
	behind := l.nodes[2].Status().LastIndex
	l.stop(2)
	l.compact(0, behind, 0, 1)
	l.options[2].OnCommit = func(e consensus.Entry) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, e)
	}
	l.start(2)
	s = subscribe(t, l.nodes[2], resume)
	_, err := s.Next(within(t))
	var compacted *consensus.CompactedError
	if !errors.As(err, &compacted) || compacted.Index < resume || compacted.First <= behind {
		t.Fatalf("from %d on, with a log to %d, before a snapshot: %v", resume, behind, err)
	}
	l.write(2, 3)
	again := subscribe(t, l.nodes[2], compacted.First)
	for range 3 {
		if _, err := again.Next(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the listener to hear of the gap and what follows", func() bool {
		mu.Lock()
		defer mu.Unlock()
		gap := slices.IndexFunc(heard, func(e consensus.Entry) bool { return e.Gap && e.Index >= compacted.First-1 })
		return gap >= 0 && len(heard) >= gap+4
	})
	mu.Lock()
	defer mu.Unlock()
	for i := 1; i < len(heard); i++ {
		if heard[i].Index <= heard[i-1].Index {
			t.Errorf("the listener heard %d after %d", heard[i].Index, heard[i-1].Index)
		}
	}
}

// A command above 1 MiB is given whole, once, with its last piece, also to a subscriber that comes in the middle of it.
func TestALargeCommandIsGivenWhole(t *testing.T) {
	c := newTrioOf(t, newLedger)
	large := command(2*aMiB+3, 99)
	var group sync.WaitGroup
	group.Go(func() { // small ones between the pieces
		for i := range uint64(10) {
			if err := proposeOnce(t, c.nodes[1], line(i, 8)); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 2 {
		if err := proposeOnce(t, c.nodes[i], large); err != nil {
			t.Fatal(err)
		}
	}
	group.Wait()
	var all ledger
	if err := c.nodes[2].Query(within(t), &all); err != nil {
		t.Fatal(err)
	}
	last := all.indexes[len(all.indexes)-1]
	for from := uint64(1); from <= last; from++ {
		want := all.from(from)
		s := subscribe(t, c.nodes[from%3], from)
		for i, index := range want.indexes {
			e, err := s.Next(within(t))
			isLarge := len(e.Command) > 8
			if err != nil || e.Index != index || isLarge && !bytes.Equal(e.Command, large) ||
				!isLarge && binary.LittleEndian.Uint64(e.Command) != want.numbers[i] {
				t.Fatalf("from %d: entry %d of %d bytes, %v; want that at %d", from, e.Index, len(e.Command), err, index)
			}
		}
		s.Close()
	}
}

// A listener hears all commands in one order; after a restart it begins behind the snapshot, as the machine does.
func TestAListenerHearsWhatTheMachineApplies(t *testing.T) {
	heard := make(chan consensus.Entry, 1000)
	n, o := alone(t, func(o *consensus.Options) {
		o.OnCommit, o.MaxSubscriptions = func(e consensus.Entry) { heard <- e }, 1
	})
	subscribe(t, n, 0) // the listener takes no place
	expect := func(number uint64) consensus.Entry {
		t.Helper()
		select {
		case e := <-heard:
			if e.Gap || binary.LittleEndian.Uint64(e.Command) != number {
				t.Fatalf("the listener heard %+v, want number %d", e, number)
			}
			return e
		case <-time.After(patience):
			t.Fatal("the listener hears nothing")
		}
		panic("unreachable")
	}
	for i := range uint64(10) {
		propose(t, n, i, 8)
		if expect(i); i == 5 {
			takeSnapshot(t, n)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	o.Machine = newLedger()
	again := open(t, o)
	for i := uint64(6); i < 10; i++ {
		expect(i)
	}
	propose(t, again, 10, 8)
	expect(10)
}
