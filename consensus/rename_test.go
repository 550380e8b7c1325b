package consensus

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// counted is a founder of two nodes, and a blank node that it counts; neither does anything by itself.
func counted(t *testing.T) (f, a *Node) {
	t.Helper()
	f, a = openBlank(t, Options{}), openBlank(t, Options{})
	f.mu.Lock()
	f.options.Bootstrap, f.options.Expect = true, 2
	f.mu.Unlock()
	a.mu.Lock()
	a.founders = []uint64{f.identity.Incarnation}
	self := a.describe()
	a.mu.Unlock()
	c := contact{place: f.options.PeerAddress}
	a.contact(&c, self)
	if c.state != contactBlank || f.Status().Joiners != 1 {
		t.Fatalf("the founder answers %v, and counts %d", c, f.Status().Joiners)
	}
	a.noteAsked([]contact{c})
	return f, a
}

// handshakesLimit is how long the handshakes of a test take at most.
const handshakesLimit = 30 * time.Second

// awaitHandshakes waits until none is under way at a founder: it forms no cluster before.
func awaitHandshakes(t *testing.T, f *Node) {
	t.Helper()
	look, limit := time.NewTicker(time.Millisecond), time.After(handshakesLimit)
	defer look.Stop()
	for f.transport.Handshaking() > 0 {
		select {
		case <-look.C:
		case <-limit:
			t.Fatal("a handshake does not end")
		}
	}
}

// endBlank closes the nodes of a test.
func endBlank(t *testing.T, nodes ...*Node) {
	t.Helper()
	for _, n := range nodes {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

// expectNoLostVoter says that the founder has made no cluster with a voter that there is not.
func expectNoLostVoter(t *testing.T, f, a *Node) {
	t.Helper()
	if f.runner.Load() != nil {
		<-a.member // the founder has dialled it, so it knows its configuration
		if m := f.runner.Load().Status().Configuration.Members[1]; m.Incarnation != a.Status().Incarnation {
			t.Errorf("node %d is %016x to the cluster, and is %016x", m.ID, m.Incarnation, a.Status().Incarnation)
		}
	}
}

// D12: another founder refuses a node as a copy, which this founder counts.
//
//  1. The founder looks for the node in a round, and finds it.
//  2. The node draws another incarnation.
//  3. The founder ends the round. It must not form the cluster with an incarnation that no directory has.
func TestD12_AFounderNamesNoVoterThatHasRenamedItself(t *testing.T) {
	f, a := counted(t)
	defer endBlank(t, f, a)
	before := a.Status().Incarnation
	_, joiners := f.round()
	if len(joiners) != 1 {
		t.Fatalf("%d nodes are there, want 1", len(joiners))
	}
	a.mu.Lock()
	late := a.describe()
	a.mu.Unlock()
	if !a.renameCopy(nil) || a.Status().Incarnation == before {
		t.Fatalf("it is %016x as before", before)
	}
	awaitHandshakes(t, f)
	f.settle(nil, joiners)
	if f.runner.Load() != nil {
		t.Error("the cluster is formed of nodes that are gone")
	}
	expectNoLostVoter(t, f, a)
	// A question that was under way under the incarnation of before arrives now.
	if _, err := (peerHandler{f}).Join(late); err == nil || f.Status().Joiners != 0 {
		t.Errorf("the incarnation that was given up counts again: %v", err)
	}
}

// The founder is faster: the node stays what the configuration says, and becomes a member.
func TestD12_AVoterDoesNotRenameItself(t *testing.T) {
	f, a := counted(t)
	defer endBlank(t, f, a)
	before := a.Status().Incarnation
	contacts, joiners := f.round()
	awaitHandshakes(t, f)
	f.settle(contacts, joiners)
	if f.runner.Load() == nil {
		t.Fatal("no cluster is formed: this test says nothing")
	}
	if a.renameCopy(nil) || a.Status().Incarnation != before {
		t.Error("a voter of the cluster has renamed itself")
	}
	expectNoLostVoter(t, f, a)
}

// A founder that does not answer may have formed the cluster before it stopped. If a member of a cluster has said that
// the incarnation is another member's, nobody needs to be waited for.
func TestD12_ACopyWaitsForEachFounderThatMayCountIt(t *testing.T) {
	f, a := counted(t)
	defer endBlank(t, a)
	endBlank(t, f)
	before := a.Status().Incarnation
	if a.renameCopy(nil) || a.Status().Incarnation != before {
		t.Error("it has renamed itself, and a founder that it does not reach may count it")
	}
	// Meanwhile none that looks for it finds it.
	if _, err := (peerHandler{a}).Invite(0); err == nil {
		t.Error("a node that gives its incarnation up says that it is there")
	}
	fresh := openBlank(t, Options{})
	defer endBlank(t, fresh)
	other := contact{place: f.options.PeerAddress}
	if fresh.renameCopy([]contact{other}) {
		t.Error("an earlier process of it may have asked the founder that does not answer")
	}
	other.err = &transport.Refusal{Cause: transport.ErrTaken}
	if !errors.Is(other.err, transport.ErrDuplicate) || !fresh.renameCopy([]contact{other}) {
		t.Error("a member has its incarnation, and it waits all the same")
	}
}

// D12: Of two places that have heard of a copy, one forgets it and the other one does not answer. The first one never
// says again that it is a copy, and it goes on all the same, says what it waits for, and takes another incarnation as
// soon as it can.
func TestD12_ACopyGoesOnUntilAllHaveForgottenIt(t *testing.T) {
	f, a := counted(t)
	defer endBlank(t, f, a)
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { // it ends the one connection that comes
		c, err := mute.Accept()
		if err == nil {
			err = c.Close()
		}
		ended <- err
	}()
	before, place := a.Status().Incarnation, mute.Addr().String()
	a.noteAsked([]contact{{asked: []string{place}}})
	refused := contact{address: f.options.PeerAddress, place: f.options.PeerAddress, named: true, state: contactRefused}
	refused.err = &transport.Refusal{Cause: transport.ErrDuplicate, Text: "copied"}
	copied := a.renameIfCopied([]contact{refused}, maxCopiedAnswers)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	a.settle([]contact{refused}, nil)
	if s := a.Status(); s.Incarnation != before || !strings.Contains(s.Waiting, place+" may count this node") {
		t.Errorf("it is %016x, was %016x, and waits for %q", s.Incarnation, before, s.Waiting)
	}

	other := openBlank(t, Options{PeerListener: mute})
	defer endBlank(t, other)
	a.mu.Lock()
	self := a.describe()
	a.mu.Unlock()
	contacts := a.contactAll([]contact{{address: f.options.PeerAddress, named: true}}, self)
	if err := contacts[0].err; err == nil || errors.Is(err, transport.ErrDuplicate) {
		t.Fatalf("the founder that has forgotten it answers %v: this test says nothing", err)
	}
	copied = a.renameIfCopied(contacts, copied)
	if a.Status().Incarnation == before || copied != 0 {
		t.Errorf("it stays %016x for ever", before)
	}
	a.settle(contacts, nil)
	if s := a.Status(); strings.Contains(s.Waiting, place) {
		t.Errorf("it still waits: %q", s.Waiting)
	}
}

// A copy waits for a place that may count it, and for none that cannot. It knows no more of them than a cluster has
// members: with one more it keeps its incarnation, until a member says that it is another one's.
func TestD12_ACopyKnowsWhichPlacesMayCountIt(t *testing.T) {
	a, other := openBlank(t, Options{}), openBlank(t, Options{})
	defer endBlank(t, a, other)
	c := contact{place: other.options.PeerAddress}
	a.mu.Lock()
	self := a.describe()
	a.mu.Unlock()
	a.contact(&c, self)
	if a.noteAsked([]contact{c}); c.state != contactBlank || len(a.asked) != 0 {
		t.Errorf("a node that forms no cluster answers %v, and %v may count it", c, a.asked)
	}
	redirected := c
	redirected.asked = []string{"127.0.0.1:1", c.place}
	if a.noteAsked([]contact{redirected}); !slices.Equal(a.asked, redirected.asked[:1]) {
		t.Errorf("%v may count it", a.asked)
	}
	a.asked = nil
	for i := range membership.MaxMembers {
		a.noteAsked([]contact{{asked: []string{fmt.Sprintf("127.0.0.1:%d", i+1)}}})
	}
	problems := make([]error, membership.MaxMembers+1)
	if held := a.holdsUp(a.asked, problems[1:], nil); held != "" {
		t.Errorf("%d places: %s", len(a.asked), held)
	}
	for range 2 {
		a.noteAsked([]contact{{asked: []string{"127.0.0.2:1", "127.0.0.2:2"}}})
		if held := a.holdsUp(a.asked, problems, nil); !strings.Contains(held, "asked more than 128 places") {
			t.Errorf("one place more: %q", held)
		}
	}
	taken := contact{err: &transport.Refusal{Cause: transport.ErrTaken}}
	if held := a.holdsUp(a.asked, problems, []contact{taken}); held != "" {
		t.Errorf("a member has its incarnation: %s", held)
	}
}

// A node that this founder counts has become a member of another founder's cluster in the meantime.
func TestAFounderDoesNotCountAMemberOfAnotherCluster(t *testing.T) {
	f, a := counted(t)
	defer endBlank(t, f, a)
	formNow(t, a)
	if _, joiners := f.round(); len(joiners) != 0 {
		t.Error("a member of another cluster counts")
	}
}

// A founding member stops right after it has made its identity durable, and has no log. It is the member that it was.
// And one that stops before is taken for it, as long as no leader knows of a log.
func TestAVoterThatNeverHadALogComesBack(t *testing.T) {
	for name, stored := range map[string]bool{"with its identity": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			f, a := openBlank(t, Options{}), openBlank(t, Options{})
			self := goodJoiner(a.identity.Incarnation, a.options.PeerAddress)
			f.mu.Lock()
			f.identity.ClusterID = 77
			f.mu.Unlock()
			a.mu.Lock()
			identity := a.identity
			if stored {
				identity.ClusterID, identity.NodeID = 77, 2
			}
			err := a.storeIdentity(identity)
			a.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			endBlank(t, a)
			formNow(t, f, self)
			o := a.options
			o.PeerListener, o.PeerListen = nil, a.options.PeerAddress
			again, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer endBlank(t, f, again)
			<-again.member
			if err := again.WaitServing(t.Context()); err != nil || again.Status().ID != 2 {
				t.Errorf("it is node %d, %v", again.Status().ID, err)
			}
		})
	}
}

// A member that does not know better took a directory that was set back for the node that it was: each member that
// knows that it had a log refuses it, and tells it so if an earlier process of it has confirmed some. A learner, and a
// founding member that was not heard of yet, have none.
func TestAVoterThatLostItsLogIsRefused(t *testing.T) {
	const earlier, present = 7, 8
	c := &membership.Configuration{
		NextID: 5, Voters: []raftlog.NodeID{1, 2, 3}, Learners: []raftlog.NodeID{4}, Fresh: []raftlog.NodeID{3},
	}
	check := func(what string, mark engine.Confirmed, refused, rolledBack bool) {
		t.Helper()
		s := &engine.Status{Confirmed: []engine.Confirmed{mark}}
		s.Configuration = c
		theirs := transport.Hello{From: mark.Node, Boot: present}
		err := checkHasLog(s, &theirs)
		if (err != nil) != refused || errors.Is(err, engine.ErrRolledBack) != rolledBack {
			t.Errorf("node %d without a log, %s: %v", mark.Node, what, err)
		}
		theirs.Durable.Index = 1
		if err := checkHasLog(s, &theirs); err != nil {
			t.Errorf("node %d with a log, %s: %v", mark.Node, what, err)
		}
	}
	for id, want := range map[raftlog.NodeID]bool{2: true, 3: false, 4: false, 5: false} {
		check("which an earlier process had", engine.Confirmed{Node: id, Boot: earlier, Index: 1}, want, want)
		check("and an earlier process had none", engine.Confirmed{Node: id, Boot: earlier}, want, false)
		check("and has one by now", engine.Confirmed{Node: id, Boot: present, Index: 1}, want, false)
		check("and nothing is known of its processes", engine.Confirmed{Node: id}, want, false)
	}
	if err := checkHasLog(&engine.Status{}, &transport.Hello{From: 2}); err != nil {
		t.Errorf("to a node without a configuration: %v", err)
	}
}

// The first thing that a member does when it starts is to dial the others: what it knows of them it says then already.
func TestAMemberKnowsWhoHasALogFromItsStart(t *testing.T) {
	n := openBlank(t, Options{})
	formNow(t, n)
	if !(peerHandler{n}).Hello(transport.Peer{ID: firstNode}).ToHasLog {
		t.Error("a member that has just started knows of no log")
	}
	endBlank(t, n)
}
