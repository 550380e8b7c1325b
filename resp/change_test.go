package resp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// parkChange keeps the changes of a store until the test ends them.
func parkChange(store *fakeStore) { store.change = func(*ChangeRequest) {} }

func TestRepliesDoNotWaitForAChangeBehindThem(t *testing.T) {
	for _, before := range []struct{ input, output string }{
		{"", ""},
		{"PING\r\n", "+PONG\r\n"},
		{"SET k v\r\nGET k\r\n", "+OK\r\n$1\r\nv\r\n"},
		{"CLIENT ID\r\nGET k\r\nPING\r\nSELECT 0\r\n", ":5\r\n$-1\r\n+PONG\r\n+OK\r\n"},
	} {
		store := newFakeStore(t)
		parkChange(store)
		c := newClient(t, testServer(t, Options{Store: store}))
		c.expect(before.input+"CLUSTER ADDNODE a:1\r\nPING\r\nGET k\r\n", before.output)
		if got := c.conn.Advance(); got != Park {
			t.Fatalf("behind %q the connection says %d", before.input, got)
		}
		store.make(store.changes[0])
		if c.wakes == 0 {
			t.Fatal("the end of a change wakes no connection")
		}
		c.advance()
		want := bulkText(fakeName(100)) + "+PONG\r\n"
		if got := c.take(); !strings.HasPrefix(got, want) || strings.Count(got, "\r\n") < 4 {
			t.Fatalf("behind %q comes %q, want %q and the reply to GET", before.input, got, want)
		}
	}
}

// A change stands behind replies that wait to be sent; the owner is told to send them first, and only then is the
// change submitted: a client that is gone already changes nothing.
func TestAChangeIsSubmittedWhenTheRepliesBeforeItAreSent(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	input := "SET k v\r\nCLUSTER ADDNODE a:1\r\n"
	c.conn.Advance()
	c.conn.Received(copy(c.conn.Space(), input))
	if got := c.conn.Advance(); got != Flush || string(c.conn.Output()) != "+OK\r\n" {
		t.Fatalf("the connection says %d with %q to send", got, c.conn.Output())
	}
	if _, n := store.lastChange(); n != 0 {
		t.Fatal("the change was submitted before the reply was sent")
	}
	c.conn.Release() // what an owner does whose client cannot be written to
}

func TestAChangeIsAbandonedOnceAndWaitedFor(t *testing.T) {
	store := newFakeStore(t)
	parkChange(store)
	c := newClient(t, testServer(t, Options{Store: store}))
	c.expect("CLUSTER REMOVENODE "+someName+"\r\n", "")
	if !c.conn.Abandon() || c.conn.Abandon() {
		t.Fatal("the node was not told once that the client is gone")
	}
	if len(store.forsaken) != 1 || store.forsaken[0] != store.changes[0] || len(store.abandoned) != 0 {
		t.Fatalf("%d changes and %d runs were abandoned", len(store.forsaken), len(store.abandoned))
	}
	if got := c.advance(); got != Receive {
		t.Fatalf("after the end of the change the connection says %d", got)
	}
	c.conn.Release()
}

func TestAConnectionIsNotReleasedDuringAChange(t *testing.T) {
	store := newFakeStore(t)
	parkChange(store)
	c := newClient(t, testServer(t, Options{Store: store}))
	c.expect("CLUSTER REMOVENODE "+someName+"\r\n", "")
	defer func() {
		if recover() == nil {
			t.Fatal("nothing was said")
		}
	}()
	c.conn.Release()
}

func TestAChangeThatEndsTwiceIsTheNodesError(t *testing.T) {
	for _, results := range [][]ChangeResult{{{Outcome: NotDone}, {Outcome: NotDone}}, {{Outcome: outcomes}}} {
		r := &ChangeRequest{wake: func() {}}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v: nothing was said", results)
				}
			}()
			for _, result := range results {
				r.Complete(result)
			}
		}()
	}
}

func TestAClientThatLeavesDuringAChangeIsNoticed(t *testing.T) {
	store := newFakeStore(t)
	parkChange(store)
	s := serve(t, Options{Store: store})
	p := s.dial()
	if _, err := p.Write([]byte("CLUSTER ADDNODE a:1\r\n")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "submitted", func() bool { _, n := store.lastChange(); return n == 1 })
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "without clients", func() bool { return s.server.Clients() == 0 })
	store.mu.Lock()
	defer store.mu.Unlock()
	if len(store.forsaken) != 1 {
		t.Fatalf("%d changes were abandoned, want 1", len(store.forsaken))
	}
}

// Pipelines with changes among other commands, cut anywhere, and answered by the node at once or later: one reply for
// each command, in order, and each change is submitted after the end of the one before.
func TestPipelinesWithChangesAreAnsweredInOrder(t *testing.T) {
	const seed, rounds = 11, 200
	for round := range rounds {
		random := rand.New(rand.NewPCG(seed, uint64(round)))
		store := newFakeStore(t)
		c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{MaxRunCalls: 1 + random.IntN(5)}}))
		var late *ChangeRequest
		store.change = func(r *ChangeRequest) {
			if late != nil {
				t.Fatalf("seed %d round %d: two changes of one connection at once", seed, round)
			}
			if late = r; random.IntN(2) == 0 {
				late = nil
				store.make(r)
			}
		}
		var input, want strings.Builder
		next := uint64(100) // what the store gives to the first one
		for range random.IntN(30) {
			switch random.IntN(4) {
			case 0:
				fmt.Fprintf(&input, "CLUSTER ADDNODE a:%d\r\n", next)
				want.WriteString(bulkText(fakeName(next)))
				next++
			case 1:
				input.WriteString("ECHO x\r\n")
				want.WriteString("$1\r\nx\r\n")
			case 2:
				input.WriteString("CLIENT ID\r\n")
				want.WriteString(":5\r\n")
			default:
				input.WriteString("SET k v\r\n")
				want.WriteString("+OK\r\n")
			}
		}
		for rest := input.String(); ; {
			if action := c.advance(); action == Park {
				r := late
				late = nil
				store.make(r)
				continue
			}
			if rest == "" {
				break
			}
			n := copy(c.conn.Space(), rest[:1+random.IntN(len(rest))])
			c.conn.Received(n)
			rest = rest[n:]
		}
		if got := c.take(); got != want.String() {
			t.Fatalf("seed %d round %d: input %q\n got %q\nwant %q", seed, round, input.String(), got, want.String())
		}
	}
}

// G14: as for runs: clients leave at any moment while the node changes the members, late and from other goroutines.
func TestNothingRemainsOfClientsThatLeaveDuringChanges(t *testing.T) {
	const seed, clients, rounds = 15, 8, 12
	store := newFakeStore(t)
	var answering sync.WaitGroup
	var once sync.Map
	store.change = func(r *ChangeRequest) {
		answering.Add(1)
		time.AfterFunc(time.Duration(len(r.Change.Add)+len(r.Change.Remove))*200*time.Microsecond, func() {
			defer answering.Done()
			if _, done := once.LoadOrStore(r, true); !done {
				r.Complete(ChangeResult{Outcome: NotDone})
			}
		})
	}
	node := onceNode{store, &once}
	s := serve(t, Options{Store: store, Node: node})
	var leaving sync.WaitGroup
	for i := range clients {
		leaving.Add(1)
		go func() {
			defer leaving.Done()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for range rounds {
				p := s.dial()
				removal := "CLUSTER REMOVENODE " + someName + strings.Repeat(" "+someName, random.IntN(5)) + "\r\n"
				input := strings.Repeat("SET k v\r\n"+removal, random.IntN(10))
				_, _ = p.Write([]byte(input[:random.IntN(len(input)+1)]))
				if random.IntN(2) == 0 {
					_ = p.SetLinger(0) // a reset
				}
				_ = p.Close()
			}
		}()
	}
	leaving.Wait()
	eventually(t, "without clients", func() bool { return s.server.Clients() == 0 })
	answering.Wait()
	if parked := s.server.metrics.Parked.Value(); parked != 0 {
		t.Fatalf("seed %d: %d connections parked", seed, parked)
	}
}

// onceNode ends an abandoned change once: by the node that gives it up, or by the one that made it.
type onceNode struct {
	*fakeStore
	once *sync.Map
}

func (n onceNode) AbandonChange(r *ChangeRequest) {
	if _, done := n.once.LoadOrStore(r, true); !done {
		r.Complete(ChangeResult{Outcome: Uncertain})
	}
}
