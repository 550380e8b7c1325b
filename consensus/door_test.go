package consensus

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// doorLimit is how long a member takes at most to serve, and to answer.
const doorLimit = 30 * time.Second

// password is a join secret; salts are those that it was asked for.
type password struct {
	word  string
	mu    sync.Mutex
	salts []string
}

func (p *password) key(salt []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.salts, string(salt)) {
		p.salts = append(p.salts, string(salt))
	}
	key := sha256.Sum256(append([]byte(p.word), salt...))
	return key[:]
}

// guarded is a member that forms its cluster alone, and clients of which have a password.
func guarded(t *testing.T, word string) *Node {
	t.Helper()
	n := openBlank(t, Options{Bootstrap: true, JoinSecret: (&password{word: word}).key})
	ctx, cancel := context.WithTimeout(t.Context(), doorLimit)
	defer cancel()
	if err := n.WaitServing(ctx); err != nil {
		t.Fatal(err)
	}
	return n
}

// There is no cluster secret, and clients have a password. Who does not know it is not told who the members are, and
// changes nothing, whatever else it knows.
func TestAStrangerWithoutThePasswordChangesNothing(t *testing.T) {
	member := guarded(t, "sesame")
	defer endBlank(t, member)
	at, cluster := member.Status().PeerAddress, member.clusterID()
	ctx, cancel := context.WithTimeout(t.Context(), doorLimit)
	defer cancel()
	for name, secret := range map[string]func([]byte) []byte{"none": nil, "wrong": (&password{word: "open"}).key} {
		stranger := openBlank(t, Options{JoinSecret: secret})
		if who, err := stranger.transport.Invite(ctx, at, 0); !errors.Is(err, transport.ErrSecret) {
			t.Errorf("%s: the member says who it is: %+v, %v", name, who, err)
		}
		c := membership.Change{Add: []membership.Member{{
			Incarnation: stranger.Status().Incarnation, Address: stranger.Status().PeerAddress,
		}}}
		answer, err := stranger.transport.Change(ctx, at, cluster, membership.EncodeChange(c))
		if !errors.Is(err, transport.ErrSecret) || !strings.Contains(err.Error(), "password") {
			t.Errorf("%s: the members were changed: %+v, %v", name, answer, err)
		}
		// It says that it is a member of some cluster, and hears which one this is.
		stranger.mu.Lock()
		stranger.identity.ClusterID, stranger.identity.NodeID = cluster+1, 2
		stranger.mu.Unlock()
		err = stranger.transport.Meet(ctx, at)
		if err == nil || strings.Contains(err.Error(), fmt.Sprintf("%016x", cluster)) {
			t.Errorf("%s: a hello is answered: %v", name, err)
		}
		stranger.mu.Lock()
		stranger.identity.ClusterID, stranger.identity.NodeID = 0, 0
		stranger.mu.Unlock()
		endBlank(t, stranger)
	}
	friend := openBlank(t, Options{JoinSecret: (&password{word: "sesame"}).key, Join: []string{at}})
	defer endBlank(t, friend)
	if err := friend.WaitServing(ctx); err != nil {
		t.Fatal(err)
	}
	if n := len(member.Status().Configuration.Members); n != 2 {
		t.Errorf("there are %d members, want 2", n)
	}
	// A member adds a blank node that has no password yet, and one that has another one.
	for _, secret := range []func([]byte) []byte{nil, (&password{word: "other"}).key} {
		blank := openBlank(t, Options{JoinSecret: secret})
		defer endBlank(t, blank)
		added := MemberChange{AddLearners: []string{blank.Status().PeerAddress}}
		if _, err := friend.ChangeMembers(ctx, added); err != nil { // it may have to ask the leader
			t.Error(err)
		}
	}
}

// What is computed to guess one cluster's password is of no use for another one's.
func TestEachClusterHasItsOwnSalt(t *testing.T) {
	first, second := guarded(t, "sesame"), guarded(t, "sesame")
	defer endBlank(t, first, second)
	ctx, cancel := context.WithTimeout(t.Context(), doorLimit)
	defer cancel()
	secret := &password{word: "sesame"}
	n := openBlank(t, Options{JoinSecret: secret.key})
	defer endBlank(t, n)
	for _, at := range []*Node{first, second, first} {
		if who, err := n.transport.Invite(ctx, at.Status().PeerAddress, 0); err != nil || who.NodeID != firstNode {
			t.Fatalf("the member says %+v, %v", who, err)
		}
	}
	if len(secret.salts) != 3 { // its own, and two
		t.Errorf("the salts are %x", secret.salts)
	}
	for _, salt := range secret.salts {
		if len(salt) < 16 {
			t.Errorf("a salt has %d bytes", len(salt))
		}
	}
}

// unprovenWords is a member of a cluster without a secret, and says is what the node that it dials under an id says.
type unprovenWords struct {
	t *testing.T
	n *Node
}

// newUnprovenWords makes the first of some voters; the others are not there.
func newUnprovenWords(t *testing.T, voters int) *unprovenWords {
	t.Helper()
	w := &unprovenWords{t, openBlank(t, Options{})}
	var others []transport.Join
	for i := range voters - 1 {
		others = append(others, goodJoiner(uint64(8+i), fmt.Sprintf("127.0.0.1:%d", 1+i)))
	}
	formNow(t, w.n, others...)
	return w
}

func (w *unprovenWords) says(id raftlog.NodeID, cause error) {
	w.t.Helper()
	peerHandler{w.n}.Refused(transport.Hello{From: id}, &transport.Refusal{Cause: cause, Text: cause.Error()})
	w.n.mu.Lock()
	defer w.n.mu.Unlock()
	if !w.n.started {
		w.t.Fatal("it is not started")
	}
}

// awaitFenced waits for the note that is written beside, in bounds.
func (w *unprovenWords) awaitFenced() {
	look, limit := time.NewTicker(time.Millisecond), time.After(doorLimit)
	defer look.Stop()
	for waits := true; waits && !w.n.fenced(); {
		select {
		case <-look.C:
		case <-limit:
			waits = false
		}
	}
}

// again starts the node again.
func (w *unprovenWords) again() {
	w.t.Helper()
	endBlank(w.t, w.n)
	o := w.n.options
	o.PeerListener, o.PeerListen = nil, "127.0.0.1:0"
	next, err := Open(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.n = next
}

// Without a secret, any program at the address of one member can say that this node was removed. It is believed for
// good when a majority of the other members says so.
func TestOneUnprovenWordRemovesNobody(t *testing.T) {
	w := newUnprovenWords(t, 4)
	says := func(id raftlog.NodeID) { w.says(id, transport.ErrRemoved) }
	says(2)
	says(2)
	says(5) // no member
	if o := w.n.Status().Obstacle; o == nil || o.Kind != obstacleRemoved || w.n.fenced() {
		t.Errorf("one word: %+v", o)
	}
	if w.again(); w.n.Status().Obstacle != nil {
		t.Errorf("one word is remembered: %+v", w.n.Status().Obstacle)
	}
	says(2)
	w.n.letIn() // a member that is not cut off knows better
	if w.n.Status().Obstacle != nil {
		t.Error("one word stays although a member lets the node in")
	}
	says(3)
	if w.n.fenced() {
		t.Error("words of before and after count together")
	}
	says(4)
	w.awaitFenced()
	if w.again(); !w.n.fenced() {
		t.Error("what a majority says is forgotten")
	}
	endBlank(t, w.n)
}

// Of two voters the other one is a majority of the others, and one node all the same: its word fences no node for good.
func TestOneOfTwoVotersFencesNoNode(t *testing.T) {
	for _, cause := range []error{transport.ErrRemoved, engine.ErrRolledBack} {
		w := newUnprovenWords(t, 2)
		w.says(2, cause)
		w.says(2, cause)
		if w.again(); w.n.Status().Obstacle != nil {
			t.Errorf("%v: one word is remembered: %+v", cause, w.n.Status().Obstacle)
		}
		endBlank(t, w.n)
	}
}

// Nor is it believed for good that the node was rolled back; but it may be true, so the node takes part in nothing
// until it is settled: it lets no node in, and no message leaves or is taken.
func TestOneUnprovenWordRollsNoNodeBack(t *testing.T) {
	w := newUnprovenWords(t, 4)
	says := func(id raftlog.NodeID) { w.says(id, engine.ErrRolledBack) }
	says(2)
	says(2)
	says(5) // no member
	if o := w.n.Status().Obstacle; o == nil || o.Kind != obstacleRolledBack || w.n.fenced() || !w.n.heldBack() {
		t.Fatalf("one word: %+v", o)
	}
	var refusal *transport.Refusal
	if err := (peerHandler{w.n}).Admit(transport.Hello{From: 3}); !errors.As(err, &refusal) || refusal.Cause != nil {
		t.Errorf("a node that is held back lets another one in: %v", err)
	}
	if (peerHandler{w.n}).Receive(3, nil) {
		t.Error("a node that is held back takes messages")
	}
	w.n.letIn() // one that was being let in when the word came
	for _, kind := range []string{obstacleCopied, obstacleOutdated, obstacleReplaced} {
		w.n.tellObstacle(&Obstacle{Kind: kind})
	}
	w.says(4, transport.ErrRemoved)
	if !w.n.heldBack() {
		t.Errorf("it goes on: %+v", w.n.Status().Obstacle)
	}
	if w.again(); w.n.Status().Obstacle != nil {
		t.Errorf("one word is remembered: %+v", w.n.Status().Obstacle)
	}
	says(2)
	says(4)
	w.awaitFenced()
	if w.again(); !w.n.fenced() {
		t.Error("what a majority says is forgotten")
	}
	endBlank(t, w.n)
}

// A node that is held back goes on when those that said so take it back, or when they are silent and a majority of the
// others has let it in since.
func TestAWordThatIsTakenBackHoldsNoNodeUp(t *testing.T) {
	w := newUnprovenWords(t, 5)
	defer func() { endBlank(t, w.n) }()
	welcomed := func(id raftlog.NodeID) { peerHandler{w.n}.Welcomed(transport.Hello{From: id}) }
	silent := func(id raftlog.NodeID) {
		w.n.mu.Lock()
		defer w.n.mu.Unlock()
		w.n.words[obstacleRolledBack][id] = time.Now().Add(-wordPatience)
	}
	expect := func(what string, held bool) {
		t.Helper()
		if w.n.heldBack() != held || held != (w.n.Status().Obstacle != nil) {
			t.Errorf("%s: the node is held back: %v; it tells %+v", what, w.n.heldBack(), w.n.Status().Obstacle)
		}
	}
	says := func(id raftlog.NodeID) { w.says(id, engine.ErrRolledBack) }
	says(2)
	welcomed(3)
	welcomed(4)
	welcomed(5)
	expect("three others have let it in, and one repeats it", true)
	welcomed(2)
	expect("it was taken back", false)

	says(2)
	expect("it is said again", true)
	welcomed(3)
	welcomed(4)
	silent(2)
	welcomed(4)
	expect("two of four others have let it in, and one is silent", true)
	says(6)
	silent(6)
	welcomed(5)
	expect("three have let it in, and those that said it are silent", false)

	says(2)
	welcomed(3)
	welcomed(4)
	says(3)
	silent(2)
	silent(3)
	welcomed(5)
	expect("two have let it in since", true)
	welcomed(3)
	expect("the third one has let it in, too", false)
}

// The same over real connections: what lives at the address of one member says it once, and the member itself does
// not. The node takes part again by itself, and at no time has a note on its disk.
func TestANodeGoesOnAfterOneForgedWord(t *testing.T) {
	first := openBlank(t, Options{Bootstrap: true})
	ctx, cancel := context.WithTimeout(t.Context(), doorLimit)
	defer cancel()
	nodes := []*Node{first}
	defer func() { endBlank(t, nodes...) }()
	for range 2 {
		if err := nodes[0].WaitServing(ctx); err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, openBlank(t, Options{Join: []string{first.Status().PeerAddress}}))
	}
	n := nodes[2]
	if err := n.WaitServing(ctx); err != nil {
		t.Fatal(err)
	}
	for _, by := range nodes[:2] {
		(peerHandler{n}).Refused(transport.Hello{From: by.Status().ID},
			&transport.Refusal{Cause: engine.ErrRolledBack, Text: "rolled back"})
		if !n.heldBack() && n.Status().Obstacle == nil {
			t.Log("it was let in again before this test could look")
		}
		if err := n.WaitServing(ctx); err != nil {
			t.Fatal(err)
		}
		if n.heldBack() || n.self.Load().Note != "" {
			t.Errorf("it serves, and tells %+v", n.Status().Obstacle)
		}
	}
}
