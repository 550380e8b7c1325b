package consensus

import (
	"errors"
	"testing"

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
