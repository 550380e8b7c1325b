package consensus_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// one is the command that adds one to a counter.
func one() []byte { return binary.LittleEndian.AppendUint64(nil, 1) }

// inDoubt reports whether a client tries again.
func inDoubt(err error) bool {
	return errors.Is(err, consensus.ErrNotDone) || errors.Is(err, consensus.ErrUnknown)
}

// openSession opens a session, on a busy machine perhaps more than one.
func openSession(t *testing.T, n *consensus.Node, ttl time.Duration) uint64 {
	t.Helper()
	ctx := within(t)
	s, err := n.OpenSession(ctx, ttl)
	for inDoubt(err) && ctx.Err() == nil {
		s, err = n.OpenSession(ctx, ttl)
	}
	if err != nil || s == 0 {
		t.Fatalf("session %d, %v", s, err)
	}
	return s
}

// executeOnce proposes a command until its fate is known.
func executeOnce(t *testing.T, n *consensus.Node, session, sequence uint64, command []byte) ([]byte, error) {
	ctx := within(t)
	result, err := n.ProposeOnce(ctx, session, sequence, command)
	for inDoubt(err) && ctx.Err() == nil {
		result, err = n.ProposeOnce(ctx, session, sequence, command)
	}
	return result, err
}

// addOnce adds one, and expects the total that the first attempt came to.
func addOnce(t *testing.T, n *consensus.Node, session, sequence, total uint64) {
	t.Helper()
	result, err := executeOnce(t, n, session, sequence, one())
	if err != nil || len(result) != 8 || binary.LittleEndian.Uint64(result) != total {
		t.Fatalf("session %d, sequence %d: %x, %v; want %d", session, sequence, result, err, total)
	}
}

// serving waits until a node answers.
func serving(t *testing.T, n *consensus.Node) *consensus.Node {
	t.Helper()
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	return n
}

func newSingle(t *testing.T) (*consensus.Node, consensus.Options) {
	o := smallOptions(t.TempDir())
	o.Bootstrap = true
	return serving(t, open(t, o)), o
}

func TestARetryOnAnyNodeIsAnsweredAsTheFirstAttempt(t *testing.T) {
	c := newTrio(t)
	s := openSession(t, c.nodes[0], 0)
	for sequence := uint64(1); sequence <= 3; sequence++ {
		for _, n := range c.nodes {
			addOnce(t, n, s, sequence, sequence)
		}
	}
	expectTotal(t, c.nodes[1], 3)
}

// Attempts that are under way at once, on one node and on others, are executed once, and all hear the same.
func TestAttemptsAtOnceAreExecutedOnce(t *testing.T) {
	c := newTrio(t)
	s := openSession(t, c.nodes[0], 0)
	const sequences, attempts = 50, 6
	var requests sync.WaitGroup
	var mu sync.Mutex
	results, first := map[uint64]string{}, map[uint64]int{}
	for sequence := uint64(1); sequence <= sequences; sequence++ {
		for i := range attempts {
			requests.Add(1)
			r := &consensus.Request{Session: s, Sequence: sequence, Body: one()}
			r.Done = func(r *consensus.Request) {
				defer requests.Done()
				if inDoubt(r.Err) {
					return // the machine is busy; another attempt may be answered
				}
				mu.Lock()
				defer mu.Unlock()
				if before, known := results[sequence]; r.Err != nil || known && before != string(r.Result) {
					t.Errorf("sequence %d: %x, %v; before %x", sequence, r.Result, r.Err, before)
				}
				results[sequence] = string(r.Result)
				if !r.Replayed {
					first[sequence]++
				}
			}
			c.nodes[i%3].Submit(r)
		}
	}
	requests.Wait()
	for sequence := uint64(1); sequence <= sequences; sequence++ {
		if first[sequence] > 1 {
			t.Errorf("sequence %d was executed %d times", sequence, first[sequence])
		}
		if _, err := executeOnce(t, c.nodes[0], s, sequence, one()); err != nil {
			t.Errorf("sequence %d: %v", sequence, err)
		}
	}
	expectTotal(t, c.nodes[0], sequences)
}

// A session outlives its leader, and a restart of all nodes.
func TestASessionOutlivesFailoverAndRestart(t *testing.T) {
	c := newTrio(t)
	s := openSession(t, c.nodes[0], 0)
	addOnce(t, c.nodes[c.leader()], s, 1, 1)
	lost := c.leader()
	if err := c.nodes[lost].Close(); err != nil {
		t.Fatal(err)
	}
	other := serving(t, c.nodes[(lost+1)%3])
	addOnce(t, other, s, 1, 1)
	addOnce(t, other, s, 2, 2)
	for i, n := range c.nodes {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		c.start(i)
	}
	for _, n := range c.nodes {
		serving(t, n)
		addOnce(t, n, s, 2, 2)
	}
	expectTotal(t, c.nodes[lost], 2)
}

// A snapshot has the sessions: a node that starts from one knows what was executed.
func TestASnapshotHasTheSessions(t *testing.T) {
	n, o := newSingle(t)
	s := openSession(t, n, 0)
	addOnce(t, n, s, 1, 1)
	if err := n.TakeSnapshot(); err != nil {
		t.Fatal(err)
	}
	until(t, "the snapshot", func() bool { return n.Status().SnapshotsEnded > 0 })
	addOnce(t, n, s, 2, 2)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	o.Machine = &counter{}
	n = serving(t, open(t, o))
	if n.Status().Snapshot == nil {
		t.Fatal("it does not start from a snapshot")
	}
	addOnce(t, n, s, 1, 1)
	addOnce(t, n, s, 2, 2)
	addOnce(t, n, s, 3, 3)
}

// Commands around the size of an entry go through the log in a session as they do without, and once.
func TestLargeCommandsAreExecutedOnce(t *testing.T) {
	c := newCollectors(t)
	s, want := openSession(t, c.nodes[0], 0), collector{}
	for i, size := range []int{aMiB - 18, aMiB - 17, aMiB - 16, aMiB, 3*aMiB + 1} {
		b := command(size, uint32(size))
		want.Count++
		want.Checksum = crc32.Update(want.Checksum, crc32.IEEETable, b)
		for _, n := range []*consensus.Node{c.nodes[(c.leader()+1)%3], c.nodes[c.leader()]} {
			result, err := executeOnce(t, n, s, uint64(i+1), b)
			if err != nil || binary.LittleEndian.Uint32(result) != want.Checksum {
				t.Fatalf("%d bytes: %x, %v; want the checksum %08x", size, result, err, want.Checksum)
			}
		}
	}
	expectCollected(t, c, &want)
}

// A caller that gave up asks again: the attempt that it left is done or not, and together they are one.
func TestACallerThatLeftMayAskAgain(t *testing.T) {
	c := newTrio(t)
	s := openSession(t, c.nodes[0], 0)
	for sequence := uint64(1); sequence <= 20; sequence++ {
		ctx, leave := context.WithCancel(t.Context())
		r := &consensus.Request{Session: s, Sequence: sequence, Body: one()}
		ended := submit(c.nodes[1], r)
		c.nodes[1].Cancel(r)
		leave()
		if _, err := c.nodes[1].ProposeOnce(ctx, s, sequence, one()); !errors.Is(err, context.Canceled) {
			t.Fatalf("a context that has ended gives %v", err)
		}
		addOnce(t, c.nodes[2], s, sequence, sequence)
		if <-ended; r.Err != nil && !inDoubt(r.Err) {
			t.Errorf("the attempt that was left ended with %v", r.Err)
		}
	}
	expectTotal(t, c.nodes[0], 20)
}

func TestASequenceLeavesTheWindow(t *testing.T) {
	n, _ := newSingle(t)
	s := openSession(t, n, 0)
	addOnce(t, n, s, 1, 1)
	addOnce(t, n, s, 128, 2)
	addOnce(t, n, s, 1, 1)
	addOnce(t, n, s, 129, 3)
	if _, err := n.ProposeOnce(within(t), s, 1, one()); !errors.Is(err, consensus.ErrSequenceTooOld) {
		t.Errorf("128 below the highest: %v", err)
	}
	addOnce(t, n, s, 2, 4)
	expectTotal(t, n, 4)
}

// bulky answers with more than a session keeps.
type bulky struct{ counter }

func (b *bulky) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	b.counter.Apply(index, stamp, data, local)
	return make([]byte, 4<<20+1)
}

func TestAResultThatIsGoneSaysSo(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap, o.Machine = true, &bulky{}
	n := serving(t, open(t, o))
	s := openSession(t, n, 0)
	if result, err := n.ProposeOnce(within(t), s, 1, one()); err != nil || len(result) != 4<<20+1 {
		t.Fatalf("%d bytes, %v", len(result), err)
	}
	if _, err := n.ProposeOnce(within(t), s, 1, one()); !errors.Is(err, consensus.ErrReplyGone) {
		t.Errorf("the retry: %v", err)
	}
	expectTotal(t, n, 1)
}

// A Request that is submitted again says nothing of what it was before.
func TestAReusedRequestForgetsItsSession(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap, o.Machine = true, &bulky{}
	gone := serving(t, open(t, o))
	kept, _ := newSingle(t)
	serving(t, kept)
	for _, n := range []*consensus.Node{gone, kept} {
		s := openSession(t, n, 0)
		if _, err := executeOnce(t, n, s, 1, one()); err != nil && !errors.Is(err, consensus.ErrReplyGone) {
			t.Fatal(err)
		}
		for name, reuse := range map[string]func(r *consensus.Request){
			"a read":    func(r *consensus.Request) { r.Read, r.Body = true, nil },
			"a command": func(*consensus.Request) {},
			"a tick":    func(r *consensus.Request) { r.Body = nil },
			"refused":   func(r *consensus.Request) { r.Sequence = 1 }, // of no session
		} {
			r := &consensus.Request{Session: s, Sequence: 1, Body: one()}
			for <-submit(n, r); inDoubt(r.Err); {
				<-submit(n, r)
			}
			if r.Replayed != (n == kept) || errors.Is(r.Err, consensus.ErrReplyGone) != (n == gone) {
				t.Fatalf("the retry: %v, %v", r.Replayed, r.Err)
			}
			r.Session, r.Sequence = 0, 0
			reuse(r)
			<-submit(n, r)
			expected := r.Err == nil || inDoubt(r.Err)
			if name == "refused" {
				expected = errors.Is(r.Err, consensus.ErrRefused)
			}
			if !expected || r.Replayed || name != "a command" && r.Result != nil {
				t.Errorf("%s: %v, replayed %v, %d bytes", name, r.Err, r.Replayed, len(r.Result))
			}
		}
	}
}

// A session that was closed or has expired executes nothing. Closing one that is gone does no harm.
func TestASessionThatIsGoneExecutesNothing(t *testing.T) {
	n, _ := newSingle(t)
	// openSession may leave sessions behind after ErrUnknown, so all of them end soon.
	closed, brief := openSession(t, n, 15*time.Second), openSession(t, n, 50*time.Millisecond)
	addOnce(t, n, closed, 1, 1)
	for range 2 {
		if err := n.CloseSession(within(t), closed); err != nil {
			t.Fatal(err)
		}
	}
	// Nothing is asked of the node: the leader itself adds the entry that ends the session.
	until(t, "the session to expire", func() bool { return n.Status().Sessions == 0 })
	for _, s := range []uint64{closed, brief, 1 << 60} {
		if _, err := n.ProposeOnce(within(t), s, 1, one()); !errors.Is(err, consensus.ErrNoSession) {
			t.Errorf("session %d: %v", s, err)
		}
	}
	expectTotal(t, n, 1)
}

func TestWhatASessionDoesNotTakeIsRefused(t *testing.T) {
	n, _ := newSingle(t)
	s := openSession(t, n, time.Millisecond)
	for name, r := range map[string]*consensus.Request{
		"no sequence": {Session: s, Body: one()}, "no session": {Sequence: 1, Body: one()},
		"no command": {Session: s, Sequence: 1}, "a read": {Session: s, Sequence: 1, Body: one(), Read: true},
		"something local": {Session: s, Sequence: 1, Body: one(), Local: 1},
	} {
		if <-submit(n, r); !errors.Is(r.Err, consensus.ErrRefused) {
			t.Errorf("%s: %v", name, r.Err)
		}
		n.Cancel(r) // late, and without an effect
	}
	if _, err := n.ProposeOnce(within(t), 0, 1, one()); !errors.Is(err, consensus.ErrRefused) {
		t.Errorf("session 0: %v", err)
	}
	for _, ttl := range []time.Duration{-1, -time.Hour, 367 * 24 * time.Hour} {
		if _, err := n.OpenSession(within(t), ttl); !errors.Is(err, consensus.ErrRefused) {
			t.Errorf("a session that lives for %v: %v", ttl, err)
		}
	}
	openSession(t, n, 366*24*time.Hour)
	blank := open(t, smallOptions(t.TempDir()))
	if _, err := blank.OpenSession(within(t), 0); !errors.Is(err, consensus.ErrNotDone) {
		t.Errorf("on a blank node: %v", err)
	}
}

// A node that was away when a session was opened, and gets a snapshot in the place of that log, knows the session.
func TestASnapshotThatIsSentBringsTheSessions(t *testing.T) {
	l := newArchive(t, 3)
	l.write(0, 5)
	l.stop(2)
	end := l.nodes[2].Status().LastIndex
	leader := l.leader(0, 1)
	s, page := openSession(t, l.nodes[leader], 0), make([]byte, pageBytes)
	if _, err := executeOnce(t, l.nodes[leader], s, 1, page); err != nil {
		t.Fatal(err)
	}
	l.written++
	l.compact(leader, end, 0, 1)
	takeSnapshot(t, l.nodes[leader])
	l.start(2)
	if _, err := executeOnce(t, serving(t, l.nodes[2]), s, 1, page); err != nil {
		t.Fatal(err)
	}
	l.expectAlike(2, 0, 1) // the retry wrote no page
	if status := l.nodes[2].Status(); status.SnapshotsInstalled != 1 || status.Sessions != 1 {
		t.Fatalf("status is %+v", status)
	}
}

// A subscriber gets the commands of sessions like others, small and in pieces, with the numbers by which it knows them
// again; not what opens and closes sessions.
func TestASubscriberGetsTheCommandsOfSessions(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap, o.Machine = true, &collector{}
	n := serving(t, open(t, o))
	s := openSession(t, n, 0)
	type given struct{ session, sequence, bytes uint64 }
	want := []given{{s, 1, 5}, {s, 1, 5}, {s, 2, 2*aMiB + 3}, {0, 0, 7}}
	for _, w := range want {
		r := &consensus.Request{Session: w.session, Sequence: w.sequence, Body: command(int(w.bytes), 1)}
		if <-submit(n, r); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if err := n.CloseSession(within(t), s); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Propose(within(t), command(9, 1)); err != nil {
		t.Fatal(err)
	}
	subscription, err := n.Subscribe(within(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Close()
	for _, w := range append(want, given{0, 0, 9}) {
		e, err := subscription.Next(within(t))
		if got := (given{e.Session, e.Sequence, uint64(len(e.Command))}); err != nil || got != w ||
			!bytes.Equal(e.Command, command(int(w.bytes), 1)) {
			t.Fatalf("got %+v, %v; want %+v", got, err, w)
		}
	}
}
