package transport

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

// says reports whether a problem is a refusal with the text of a certain error: that is all that crosses the wire.
func says(wanted error) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), wanted.Error()) }
}

func TestTheHandlerSeesTheWholeHello(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	seen := make(chan Hello, 1)
	b.admit = func(h Hello) error { seen <- h; return nil }
	a.link(b.peer())
	want := a.Hello(Peer{})
	want.To, want.ToIncarnation = 2, b.peer().Incarnation
	if got := <-seen; !reflect.DeepEqual(got, want) {
		t.Fatalf("sent %+v\n got %+v", want, got)
	}
}

func TestTheHandlersRefusalReachesTheDialler(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	b.admit = func(Hello) error {
		return &Refusal{Text: "rolled back, rejoin as a new member", Redirect: "192.0.2.9:1"}
	}
	a.transport.SetPeers([]Peer{b.peer()})
	err := a.awaitProblem(2, func(error) bool { return true })
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Redirect != "192.0.2.9:1" || !strings.Contains(err.Error(), "rolled back") {
		t.Fatalf("the dialler learned: %v", err)
	}
	b.mu.Lock()
	b.admit = nil
	b.mu.Unlock()
	a.awaitUp(2)
}

// Where a join secret guards who the members are, a stranger hears why it is refused and what to do, and no id.
func TestAStrangerHearsWhatToDoAndNoID(t *testing.T) {
	secret := func(salt []byte) []byte { return salt }
	guarded := start(t, 1, func(_ *node, o *Options) { o.JoinSecret = secret }).transport
	open := start(t, 2).transport
	own, theirs := Hello{ClusterID: 0xabcdef, From: 1, Boot: 1}, Hello{ClusterID: 7, From: 2, To: 1, Boot: 2}
	other := fmt.Errorf("node 2: %w", checkIdentity(&own, &theirs))
	if !strings.Contains(other.Error(), "0000000000abcdef") {
		t.Fatalf("the error names no cluster: %v", other)
	}
	theirs.ClusterID = 0
	noID, blank := checkIdentity(&own, &theirs), checkMeeting(&Hello{}, &theirs)
	const advised = "the node belongs to another cluster; correct the address, or empty the data directory to add the node"
	for _, c := range []struct {
		t      *Transport
		proven bool
		err    error
		want   string
	}{
		{guarded, false, other, advised},
		{guarded, true, other, other.Error()},
		{open, false, other, other.Error()},
		{guarded, false, noID, noID.Error()},
		{guarded, false, blank, blank.Error()},
		{guarded, false, ErrSelf, ErrSelf.Error()},
	} {
		got := c.t.untold(&handshake{proven: c.proven}, c.err)
		if got.Error() != c.want || causeNumber(got) != causeNumber(c.err) {
			t.Errorf("%v is told as %v, want %s", c.err, got, c.want)
		}
	}
}

// What the other side says of the secret is said once, to a node that asks to join and to one that asks for a change.
func TestARefusalForTheSecretExplainsItself(t *testing.T) {
	refusal := &Refusal{Cause: ErrSecret, Text: "the other side's words"}
	if err := explainSecret(refusal); !errors.Is(err, refusal) || err.Error() != refusal.Error() {
		t.Errorf("it becomes %v", err)
	}
	err := explainSecret(ErrSecret)
	if !errors.Is(err, ErrSecret) || !strings.Contains(err.Error(), "start the node with") {
		t.Errorf("what this side finds becomes %v", err)
	}
}

// A node hears that it is let in where it dialled: not where it was refused, nor where it was dialled, which says
// nothing of what the other side thinks of it.
func TestOnlyTheDiallerHearsThatItIsWelcome(t *testing.T) {
	a, b, c := start(t, 1), start(t, 2), start(t, 3, func(n *node, _ *Options) {
		n.admit = func(Hello) error { return &Refusal{Text: "no"} }
	})
	a.link(b.peer())
	if a.welcomed.Load() != 1 || b.welcomed.Load() != 0 {
		t.Errorf("the dialler heard it %d times, the other side %d times", a.welcomed.Load(), b.welcomed.Load())
	}
	b.transport.SetPeers([]Peer{c.peer()})
	b.awaitProblem(3, func(err error) bool { return strings.Contains(err.Error(), "no") })
	if b.welcomed.Load() != 0 {
		t.Error("a node that was refused hears that it is welcome")
	}
}

// D13.
func TestAnotherClusterAtTheAddressIsRefused(t *testing.T) {
	a := start(t, 1)
	b := start(t, 2, func(n *node, _ *Options) {
		n.hello.ClusterID++
		n.admit = func(Hello) error { t.Error("the handler was asked about another cluster"); return nil }
	})
	a.transport.SetPeers([]Peer{b.peer()})
	a.awaitProblem(2, says(ErrCluster))
}

// D12.
func TestAWipedOrReplacedDirectoryIsNotTheDialledNode(t *testing.T) {
	a := start(t, 1)
	b := start(t, 2, func(n *node, _ *Options) { n.hello.Incarnation = 4711 })
	expected := b.peer()
	expected.Incarnation = 1002
	a.transport.SetPeers([]Peer{expected})
	a.awaitProblem(2, says(ErrIncarnation))
}

// D12.
func TestAnotherNodeAtTheAddressIsRefused(t *testing.T) {
	a, c := start(t, 1), start(t, 3)
	expected := c.peer()
	expected.ID = 2
	a.transport.SetPeers([]Peer{expected})
	a.awaitProblem(2, says(ErrNode))
}

// D11: B was made node 4 by a leader whose log was lost, and its connection stands. C is node 4.
func TestTheConnectionOfANodeThatLostItsIDGivesWayToItsHolder(t *testing.T) {
	x, b := start(t, 1), start(t, 4)
	c := start(t, 4, func(n *node, _ *Options) { n.hello.Incarnation, n.hello.Boot = 9004, 9005 })
	b.link(x.peer())
	c.transport.SetPeers([]Peer{x.peer()})
	c.awaitProblem(1, says(ErrIncarnation))
	x.mu.Lock()
	x.admit = func(theirs Hello) error { // as its configuration says now
		if theirs.Incarnation != c.peer().Incarnation {
			return ErrIncarnation
		}
		return nil
	}
	x.mu.Unlock()
	x.transport.SetPeers([]Peer{c.peer()})
	c.awaitUp(1)
	b.awaitProblem(1, says(ErrIncarnation))
}

// D12.
func TestACopyOfADirectoryIsRefusedWhileTheOriginalLives(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	clone := start(t, 1, func(n *node, _ *Options) { n.hello.Boot = 3001 })
	a.link(b.peer())
	clone.transport.SetPeers([]Peer{b.peer()})
	clone.awaitProblem(2, says(ErrDuplicate))
	a.transport.Send([]engine.Message{heartbeat(1, 2, 1)})
	if got := b.awaitMessage(); got.Epoch != 1 {
		t.Fatalf("the original was disturbed: %+v", got)
	}
	a.stop()
	clone.awaitUp(2) // a restart looks like this
}

func TestANewConnectionOfTheSameProcessReplacesTheOld(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	twin := start(t, 1) // same boot: as if a dialled again before b saw the first connection end
	a.link(b.peer())
	twin.link(b.peer())
	if err := a.awaitDown(2); err == nil {
		t.Fatal("a link ended without a reason")
	}
}

// D14.
func TestANodeThatDialsItselfIsTold(t *testing.T) {
	a := start(t, 1)
	a.transport.SetPeers([]Peer{{ID: 2, Incarnation: 1002, Address: a.address()}})
	a.awaitProblem(2, says(ErrSelf))
}

// D14.
func TestAddressesThatOthersCannotDialAreRefused(t *testing.T) {
	for _, address := range []string{
		"0.0.0.0:6379", "[::]:6379", ":6379", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:70000", "",
	} {
		if CheckAddress(address) == nil {
			t.Errorf("%q is accepted", address)
		}
	}
	for _, address := range []string{"192.0.2.1:1", "[2001:db8::1]:16379", "db.example:65535"} {
		if err := CheckAddress(address); err != nil {
			t.Error(err)
		}
	}
}

func TestIdentityRules(t *testing.T) {
	own := Hello{ClusterID: 5, From: 2, Incarnation: 20, Boot: 200}
	good := Hello{ClusterID: 5, From: 1, Incarnation: 10, Boot: 100, To: 2, ToIncarnation: 20}
	blank := Hello{Incarnation: 20, Boot: 200}
	for name, c := range map[string]struct {
		own    Hello
		change func(*Hello)
		want   error
	}{
		"fits":                      {own, func(*Hello) {}, nil},
		"own boot":                  {own, func(h *Hello) { h.Boot = 200 }, ErrSelf},
		"other cluster":             {own, func(h *Hello) { h.ClusterID = 6 }, ErrCluster},
		"no cluster":                {own, func(h *Hello) { h.ClusterID = 0 }, ErrCluster},
		"no id":                     {own, func(h *Hello) { h.From = 0 }, ErrCluster},
		"for another id":            {own, func(h *Hello) { h.To = 3 }, ErrNode},
		"for node 0":                {own, func(h *Hello) { h.To = 0 }, ErrCluster},
		"own id":                    {own, func(h *Hello) { h.From = 2 }, ErrNode},
		"for another incarnation":   {own, func(h *Hello) { h.ToIncarnation = 21 }, ErrIncarnation},
		"blank, meant":              {blank, func(*Hello) {}, nil},
		"blank, other incarnation":  {blank, func(h *Hello) { h.ToIncarnation = 21 }, ErrIncarnation},
		"blank, called by a blank":  {blank, func(h *Hello) { h.ClusterID, h.From = 0, 0 }, ErrCluster},
		"blank, id of the dialler":  {blank, func(h *Hello) { h.To = 1 }, ErrNode},
		"blank, dialled by itself":  {blank, func(h *Hello) { h.Boot = 200 }, ErrSelf},
		"a reply to another's boot": {own, func(h *Hello) { h.Boot = 0 }, nil},
	} {
		theirs := good
		c.change(&theirs)
		if err := checkIdentity(&c.own, &theirs); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// D10, D14: The node that answers must be the one that was dialled.
func TestAnswersAreThoseOfTheDialledNode(t *testing.T) {
	own := Hello{ClusterID: 5, From: 2, Incarnation: 20, Boot: 200}
	answer := Hello{ClusterID: 5, From: 1, Incarnation: 10, Boot: 100, To: 2, ToIncarnation: 20}
	for name, c := range map[string]struct {
		peer Peer
		want error
	}{
		"the one": {Peer{ID: 1, Incarnation: 10}, nil}, "another id": {Peer{ID: 3, Incarnation: 10}, ErrNode},
		"another directory": {Peer{ID: 1, Incarnation: 11}, ErrIncarnation},
	} {
		if err := checkAnswer(&own, &answer, c.peer); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestASecretMustBeTheSameOnBothSides(t *testing.T) {
	secret := func(s string) func(*node, *Options) {
		return func(_ *node, o *Options) { o.Secret = []byte(s) }
	}
	for _, c := range []struct{ dialler, answer string }{{"right", "wrong"}, {"right", ""}, {"", "right"}} {
		t.Run(c.dialler+"-"+c.answer, func(t *testing.T) {
			refused := make(chan error, 1)
			a := start(t, 1, secret(c.dialler))
			b := start(t, 2, secret(c.answer), func(n *node, _ *Options) {
				n.refused = func(_ Hello, err error) {
					select {
					case refused <- err:
					default:
					}
				}
			})
			b.admit = func(Hello) error { t.Error("the handler was asked about an unauthenticated node"); return nil }
			b.join = func(Join) error { t.Error("the handler was asked about an unauthenticated node"); return nil }
			a.transport.SetPeers([]Peer{b.peer()})
			a.awaitProblem(2, says(ErrSecret))
			if err := <-refused; !errors.Is(err, ErrSecret) { // whichever side found out, a founder must know
				t.Errorf("the other side hears %v", err)
			}
			_, err := a.transport.Join(context.Background(), b.address(), Join{Address: "192.0.2.1:1"})
			if err == nil || !says(ErrSecret)(err) {
				t.Errorf("join: %v", err)
			}
		})
	}
	a, b := start(t, 1, secret("right")), start(t, 2, secret("right"))
	a.link(b.peer())
	a.transport.Send([]engine.Message{heartbeat(1, 2, 1)})
	if got := b.awaitMessage(); got.Epoch != 1 {
		t.Fatalf("got %+v", got)
	}
}

func TestJoinIsAnsweredByTheHandler(t *testing.T) {
	blank := start(t, 0, func(n *node, _ *Options) { n.hello = Hello{Incarnation: 77, Boot: 78} })
	member := start(t, 1)
	request := Join{Incarnation: 77, Address: "192.0.2.1:16379", Attributes: []byte("attributes")}
	seen := make(chan Join, 1)
	answers := []error{nil, errors.New("full"), &Refusal{Text: "not the leader", Redirect: "192.0.2.2:1"}}
	for _, answer := range answers {
		member.mu.Lock()
		member.join = func(j Join) error { seen <- j; return answer }
		member.mu.Unlock()
		_, err := blank.transport.Join(context.Background(), member.address(), request)
		if got := <-seen; !reflect.DeepEqual(got, request) {
			t.Fatalf("sent %+v\n got %+v", request, got)
		}
		if (err == nil) != (answer == nil) {
			t.Fatalf("answered %v, got %v", answer, err)
		}
		var refusal *Refusal
		if answer != nil && (!errors.As(err, &refusal) || !strings.Contains(answer.Error(), refusal.Text)) {
			t.Fatalf("answered %v, got %v", answer, err)
		}
		if chosen, ok := answer.(*Refusal); ok && *refusal != *chosen {
			t.Fatalf("answered %+v, got %+v", chosen, refusal)
		}
	}
	request.Address = "0.0.0.0:16379"
	if _, err := blank.transport.Join(context.Background(), member.address(), request); err == nil {
		t.Fatal("a wildcard address was accepted")
	}
}

func TestJoinEndsWithItsContext(t *testing.T) {
	blank := start(t, 0, func(n *node, _ *Options) { n.hello = Hello{Incarnation: 77, Boot: 78} })
	member := start(t, 1)
	ctx, cancel := context.WithCancel(context.Background())
	member.join = func(Join) error { cancel(); <-ctx.Done(); return nil }
	stalled := newProxy(t, member.address(), func(_ int, offset int64, piece []byte) ([]byte, bool) {
		if offset > 0 {
			return nil, false
		}
		cancel()
		return nil, false // the request is never passed on
	})
	if _, err := blank.transport.Join(ctx, stalled.address(), Join{Address: "192.0.2.1:1"}); err == nil {
		t.Fatal("joined without an answer")
	}
}

func TestABlankNodeTakesItsIdentityFromAHello(t *testing.T) {
	leader := start(t, 1)
	blank := start(t, 0, func(n *node, _ *Options) {
		n.hello = Hello{Incarnation: 77, Boot: 78}
		n.admit = func(h Hello) error { // called with n.mu held
			n.hello.ClusterID, n.hello.From = h.ClusterID, h.To
			return nil
		}
	})
	wiped := Peer{ID: 4, Incarnation: 76, Address: blank.address()}
	leader.transport.SetPeers([]Peer{wiped})
	leader.awaitProblem(4, says(ErrIncarnation))
	if h := blank.Hello(Peer{}); h.From != 0 {
		t.Fatalf("a hello for another incarnation gave identity: %+v", h)
	}
	leader.link(Peer{ID: 4, Incarnation: 77, Address: blank.address()})
	leader.transport.Send([]engine.Message{heartbeat(1, 4, 1)})
	if got := blank.awaitMessage(); got.To != 4 {
		t.Fatalf("got %+v", got)
	}
	if h := blank.Hello(Peer{}); h.ClusterID != testCluster || h.From != 4 {
		t.Fatalf("identity is %+v", h)
	}
	blank.link(leader.peer())
	blank.transport.Send([]engine.Message{heartbeat(4, 1, 2)})
	if got := leader.awaitMessage(); got.From != 4 {
		t.Fatalf("got %+v", got)
	}
}

// A node that was rolled back, say, must not be sent anything either: what it is told might end it.
func TestTheHandlerJudgesWhoAnswersAsWell(t *testing.T) {
	a, b := start(t, 1), start(t, 2)
	a.mu.Lock()
	a.admit = func(h Hello) error {
		if h.From != 2 || h.Durable != b.hello.Durable {
			t.Errorf("it judges %+v", h)
		}
		return errors.New("not that one")
	}
	a.mu.Unlock()
	a.transport.SetPeers([]Peer{b.peer()})
	a.awaitProblem(2, func(err error) bool { return strings.Contains(err.Error(), "not that one") })
}
