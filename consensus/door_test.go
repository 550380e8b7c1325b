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

// Without a secret, any program at the address of one member can say that this node was removed. It is believed for
// good when a majority of the other members says so.
func TestOneUnprovenWordRemovesNobody(t *testing.T) {
	n := openBlank(t, Options{})
	formNow(t, n, goodJoiner(8, "127.0.0.1:1"), goodJoiner(9, "127.0.0.1:2"), goodJoiner(10, "127.0.0.1:3"))
	says := func(id raftlog.NodeID) {
		peerHandler{n}.Refused(transport.Hello{From: id}, &transport.Refusal{Cause: transport.ErrRemoved, Text: "removed"})
		n.mu.Lock()
		started := n.started
		n.mu.Unlock()
		if !started {
			t.Fatal("it is not started")
		}
	}
	again := func() *Node {
		t.Helper()
		endBlank(t, n)
		o := n.options
		o.PeerListener, o.PeerListen = nil, "127.0.0.1:0"
		next, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	says(2)
	says(2)
	says(5) // no member
	if o := n.Status().Obstacle; o == nil || o.Kind != obstacleRemoved || n.fenced() {
		t.Errorf("one word: %+v", o)
	}
	if n = again(); n.Status().Obstacle != nil {
		t.Errorf("one word is remembered: %+v", n.Status().Obstacle)
	}
	says(2)
	n.letIn() // a member that is not cut off knows better
	if n.Status().Obstacle != nil {
		t.Error("one word stays although a member lets the node in")
	}
	says(3)
	if n.fenced() {
		t.Error("words of before and after count together")
	}
	says(4)
	look, limit := time.NewTicker(time.Millisecond), time.After(doorLimit)
	defer look.Stop()
	for waits := true; waits && !n.fenced(); { // the note is written beside
		select {
		case <-look.C:
		case <-limit:
			waits = false
		}
	}
	if n = again(); !n.fenced() {
		t.Error("what a majority says is forgotten")
	}
	endBlank(t, n)
}
