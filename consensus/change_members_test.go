package consensus_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// fleet is nodes that come and go, each in a directory of its own.
type fleet struct {
	t         *testing.T
	directory string
	nodes     []*consensus.Node
	options   []consensus.Options
}

// newFleet starts a cluster of one.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	return newCluster(t)
}

// newCluster is newFleet for a second one in the same test.
func newCluster(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, directory: t.TempDir()}
	first := f.start(consensus.Options{Bootstrap: true})
	if err := first.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	return f
}

// start opens one node more.
func (f *fleet) start(o consensus.Options) *consensus.Node {
	f.t.Helper()
	small := smallOptions(filepath.Join(f.directory, string(rune('a'+len(f.nodes)))))
	small.Bootstrap, small.Join = o.Bootstrap, o.Join
	n := open(f.t, small)
	f.nodes, f.options = append(f.nodes, n), append(f.options, small)
	return n
}

// blank opens some nodes that wait to be contacted.
func (f *fleet) blank(count int) []*consensus.Node {
	f.t.Helper()
	var nodes []*consensus.Node
	for range count {
		nodes = append(nodes, f.start(consensus.Options{}))
	}
	return nodes
}

// restart opens a node again, on another port.
func (f *fleet) restart(i int) {
	f.t.Helper()
	if err := f.nodes[i].Close(); err != nil {
		f.t.Fatal(err)
	}
	o := f.options[i]
	o.Machine = &counter{}
	f.nodes[i] = open(f.t, o)
}

func addresses(nodes ...*consensus.Node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.Status().PeerAddress)
	}
	return list
}

// change makes a change by way of a node.
func change(t *testing.T, by *consensus.Node, c consensus.MemberChange) []raftlog.NodeID {
	t.Helper()
	ids, err := by.ChangeMembers(within(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// expectVoters waits until a node knows exactly these nodes as the committed voters.
func expectVoters(t *testing.T, n *consensus.Node, ids ...raftlog.NodeID) {
	t.Helper()
	until(t, "the voters to be as expected", func() bool {
		c := n.Status().Committed
		return c != nil && !c.Joint() && slices.Equal(slices.Sorted(slices.Values(c.Voters)), ids)
	})
}

func TestAClusterGrowsFromOneToFiveUnderLoad(t *testing.T) {
	f := newFleet(t)
	l := startLoad(t, f.nodes[0])
	l.more(t, 50)
	rest := f.blank(4)
	first := change(t, f.nodes[0], consensus.MemberChange{Add: addresses(rest[0], rest[1])})
	more := startLoad(t, rest[0], rest[1])
	second := change(t, rest[1], consensus.MemberChange{Add: addresses(rest[2], rest[3])}) // not on the leader
	if !slices.Equal(first, []raftlog.NodeID{2, 3}) || !slices.Equal(second, []raftlog.NodeID{4, 5}) {
		t.Fatalf("the ids are %d and %d", first, second)
	}
	more.more(t, 50)
	total := l.end(t) + more.end(t)
	for _, n := range f.nodes {
		expectTotal(t, n, total)
		expectVoters(t, n, 1, 2, 3, 4, 5)
	}
}

func TestBlankNodesJoinByThemselvesUnderLoad(t *testing.T) {
	f := newFleet(t)
	l := startLoad(t, f.nodes[0])
	l.more(t, 20)
	for range 2 { // the second one asks all, and those that do not lead send it on
		n := f.start(consensus.Options{Join: addresses(f.nodes...)})
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatal(err)
		}
		until(t, "the node to vote", func() bool { s := n.Status(); return s.Committed.Votes(s.ID) })
	}
	l.more(t, 20)
	total := l.end(t)
	for _, n := range f.nodes {
		expectTotal(t, n, total)
		expectVoters(t, n, 1, 2, 3)
	}
}

// Three of five, among them the leader, change places with three blank nodes in one step; the two that stay are busy.
func TestThreeOfFiveAreReplacedInOneStepUnderLoad(t *testing.T) {
	f := newFleet(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(4)...)})
	staying := f.nodes[3:5]
	l := startLoad(t, staying...)
	l.more(t, 50)
	fresh := f.blank(3)
	ids := change(t, staying[0], consensus.MemberChange{Add: addresses(fresh...), Remove: []raftlog.NodeID{1, 2, 3}})
	if !slices.Equal(ids, []raftlog.NodeID{6, 7, 8}) {
		t.Fatalf("the ids are %d", ids)
	}
	l.more(t, 50)
	total := l.end(t)
	for _, n := range append(staying, fresh...) {
		expectVoters(t, n, 4, 5, 6, 7, 8)
		expectTotal(t, n, total)
	}
	for _, n := range f.nodes[:3] {
		until(t, "who was replaced to know it", func() bool { return n.Status().Removed })
	}
}

func TestD8_TheLeaderRemovesItselfUnderLoad(t *testing.T) {
	f := newFleet(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(2)...)})
	l := startLoad(t, f.nodes[1:]...)
	l.more(t, 20)
	until(t, "the first node to lead", func() bool {
		s := f.nodes[0].Status()
		if s.Leader == s.ID {
			return true
		}
		_ = f.nodes[0].TakeOver() // a busy machine may have made another one lead
		return false
	})
	change(t, f.nodes[0], consensus.MemberChange{Remove: []raftlog.NodeID{1}})
	l.more(t, 20)
	total := l.end(t)
	for _, n := range f.nodes[1:] {
		expectVoters(t, n, 2, 3)
		expectTotal(t, n, total)
	}
}

// Clients of a node that is removed learn at once that nothing is done there, and before that what became of their
// commands.
func TestS8_ClientsOfARemovedNodeAreToldTheTruthAtOnce(t *testing.T) {
	f := newFleet(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(2)...)})
	leaving := f.nodes[2]
	done, ended := make(chan uint64), make(chan error, 1)
	go func() {
		for n := uint64(0); ; n++ {
			if _, err := leaving.Propose(within(t), []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
				ended <- err
				done <- n
				return
			}
		}
	}()
	change(t, f.nodes[0], consensus.MemberChange{Remove: []raftlog.NodeID{3}})
	if err := <-ended; !errors.Is(err, consensus.ErrNotDone) {
		t.Fatalf("the last command ended with: %v", err)
	}
	total := <-done
	until(t, "the node to know", func() bool { return leaving.Status().Removed })
	begin := time.Now()
	var nothing uint64
	_, errWrite := leaving.Propose(within(t), []byte("x"))
	errRead := leaving.Query(within(t), &nothing)
	if !errors.Is(errWrite, consensus.ErrNotDone) || !errors.Is(errRead, consensus.ErrNotDone) {
		t.Fatalf("a removed node answers %v and %v", errWrite, errRead)
	}
	if took := time.Since(begin); took > time.Duration(consensus.DefaultOptions().WaitMillis)*time.Millisecond {
		t.Fatalf("it took %v", took)
	}
	expectTotal(t, f.nodes[0], total)
	if _, err := leaving.ChangeMembers(within(t), consensus.MemberChange{}); !errors.Is(err, consensus.ErrRefused) {
		t.Fatalf("a removed node changes members: %v", err)
	}
}

func TestALearnerReceivesEverythingAndDoesNotVote(t *testing.T) {
	f := newFleet(t)
	learner := f.blank(1)[0]
	by := consensus.MemberChange{AddLearners: addresses(learner)}
	if ids := change(t, f.nodes[0], by); !slices.Equal(ids, []raftlog.NodeID{2}) {
		t.Fatalf("the ids are %d", ids)
	}
	if err := learner.WaitServing(within(t)); err != nil { // the log has it before it is contacted
		t.Fatal(err)
	}
	add(t, f.nodes[0], 5)
	expectTotal(t, learner, 5)
	expectVoters(t, learner, 1)
	ids := change(t, learner, consensus.MemberChange{Add: addresses(learner)})
	if !slices.Equal(ids, []raftlog.NodeID{2}) {
		t.Fatalf("the ids are %d", ids)
	}
	expectVoters(t, learner, 1, 2)
}

// The refusal of a second learner at an address says: replace the first. So that must be possible.
func TestD10_ALearnerWhoseDiskIsLostIsReplacedAtItsAddress(t *testing.T) {
	f := newFleet(t)
	learner := f.blank(1)[0]
	at := addresses(learner)
	ids := change(t, f.nodes[0], consensus.MemberChange{AddLearners: at})
	if err := learner.Close(); err != nil {
		t.Fatal(err)
	}
	o := smallOptions(t.TempDir())
	o.PeerListen = at[0]
	fresh := open(t, o)
	_, err := f.nodes[0].ChangeMembers(within(t), consensus.MemberChange{AddLearners: at})
	if !errors.Is(err, consensus.ErrRefused) {
		t.Fatalf("beside the old one: %v", err)
	}
	ids = change(t, f.nodes[0], consensus.MemberChange{AddLearners: at, Remove: ids})
	if !slices.Equal(ids, []raftlog.NodeID{3}) {
		t.Fatalf("the ids are %d", ids)
	}
	if err := fresh.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	add(t, f.nodes[0], 5)
	expectTotal(t, fresh, 5)
}

func TestWhatIsDoneIsDoneAgainWithoutEffect(t *testing.T) {
	f := newFleet(t)
	more := f.blank(1)
	grow := consensus.MemberChange{Add: addresses(more[0], f.nodes[0])}
	for range 2 {
		if ids := change(t, f.nodes[0], grow); !slices.Equal(ids, []raftlog.NodeID{2, 1}) {
			t.Fatalf("the ids are %d", ids)
		}
	}
	committed := f.nodes[0].Status().Committed
	change(t, more[0], grow)
	if f.nodes[0].Status().Committed != committed {
		t.Fatal("nothing to change, and the log has a configuration more")
	}
	shrink := consensus.MemberChange{Remove: []raftlog.NodeID{2}}
	change(t, f.nodes[0], shrink)
	change(t, f.nodes[0], shrink)
	expectVoters(t, f.nodes[0], 1)
}

func TestChangesThatCannotBeAreRefusedWithAReason(t *testing.T) {
	f, other := newFleet(t), newCluster(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(1)...)})
	for name, c := range map[string]struct {
		change consensus.MemberChange
		text   string
	}{
		"a node of another cluster": {consensus.MemberChange{Add: addresses(other.nodes[0])}, "another cluster"},
		"who never was":             {consensus.MemberChange{Remove: []raftlog.NodeID{77}}, "node 77"},
		"all voters":                {consensus.MemberChange{Remove: []raftlog.NodeID{1, 2}}, "last voter"},
		"added and removed": {
			consensus.MemberChange{Add: addresses(f.nodes[1]), Remove: []raftlog.NodeID{2}}, "added and removed",
		},
		"a voter as a learner": {consensus.MemberChange{AddLearners: addresses(f.nodes[1])}, "is a voter"},
	} {
		for i, n := range f.nodes {
			_, err := n.ChangeMembers(within(t), c.change)
			if !errors.Is(err, consensus.ErrRefused) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s, by node %d: %v", name, i+1, err)
			}
		}
	}
	_, err := f.blank(1)[0].ChangeMembers(within(t), consensus.MemberChange{})
	if !errors.Is(err, consensus.ErrRefused) {
		t.Errorf("a blank node changes members: %v", err)
	}
}

func TestARemovedNodesDirectoryIsNotAddedAgain(t *testing.T) {
	f := newFleet(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(2)...)})
	change(t, f.nodes[0], consensus.MemberChange{Remove: []raftlog.NodeID{2}})
	_, err := f.nodes[2].ChangeMembers(within(t), consensus.MemberChange{Add: addresses(f.nodes[1])})
	if !errors.Is(err, consensus.ErrRefused) || !strings.Contains(err.Error(), "node 2") {
		t.Fatalf("the error is %v", err)
	}
}

// A learner that never answers is in the log, and is waited for. Giving it up frees the way.
func TestAPromotionThatDoesNotComeCanBeGivenUp(t *testing.T) {
	f := newFleet(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(2)...)})
	dead := f.blank(1)[0]
	ctx, cancel := context.WithCancel(within(t))
	waiting := make(chan error, 1)
	member := consensus.MemberChange{Add: addresses(dead), Remove: []raftlog.NodeID{2}}
	go func() { _, err := f.nodes[0].ChangeMembers(ctx, member); waiting <- err }()
	until(t, "the new node to be invited", func() bool { return f.nodes[0].Status().Configuration.NextID == 5 })
	dead.Close()
	if !slices.Contains(f.nodes[0].Status().Committed.Voters, 4) { // unless it was faster than Close
		cancel()
		if err := <-waiting; !errors.Is(err, consensus.ErrPending) || !errors.Is(err, context.Canceled) {
			t.Fatalf("the error is %v", err)
		}
	}
	cancel()
	change(t, f.nodes[1], consensus.MemberChange{Remove: []raftlog.NodeID{4}})
}

// All but one of the nodes are started anew at other addresses. They find each other by what they announce.
func TestMembersThatMoveAreFoundAgain(t *testing.T) {
	f := newFleet(t)
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(f.blank(2)...)})
	l := startLoad(t, f.nodes[0])
	l.more(t, 10)
	total := l.end(t)
	for _, i := range []int{1, 2} {
		f.restart(i)
	}
	add(t, f.nodes[0], 1)
	for _, n := range f.nodes {
		expectTotal(t, n, total+1)
	}
	for i, n := range f.nodes {
		want := n.Status().PeerAddress
		for _, other := range f.nodes {
			until(t, "the configuration to have the new address", func() bool {
				return other.Status().Committed.Members[i].Address == want
			})
		}
	}
}

// The log that a new member receives begins with members that are gone, and its first messages name no others.
func TestANewMemberFindsThoseWhoCameAfterTheFounders(t *testing.T) {
	f := newFleet(t)
	for range 6 { // more than a leader sends without an answer
		command := make([]byte, 1<<20)
		if _, err := f.nodes[0].Propose(within(t), command); err != nil {
			t.Fatal(err)
		}
	}
	second := f.blank(1)[0]
	change(t, f.nodes[0], consensus.MemberChange{Add: addresses(second)})
	change(t, second, consensus.MemberChange{Remove: []raftlog.NodeID{1}})
	if err := f.nodes[0].Close(); err != nil {
		t.Fatal(err)
	}
	third := f.blank(1)[0]
	change(t, second, consensus.MemberChange{Add: addresses(third)})
	expectVoters(t, third, 2, 3)
}
