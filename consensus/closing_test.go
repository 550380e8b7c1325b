package consensus

import (
	"errors"
	"io"
	"log/slog"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/internal/reactor/looptest"
)

// nothing is a state machine for tests that apply nothing they look at.
type nothing struct{ StateMachine }

func (nothing) Apply(uint64, int64, []byte, any) []byte { return nil }
func (nothing) Restore(io.Reader) error                 { return nil }

func openBlank(t *testing.T, o Options) *Node {
	t.Helper()
	return openBlankAt(t, "127.0.0.1:0", o)
}

// openBlankAt opens one that listens somewhere else.
func openBlankAt(t *testing.T, listen string, o Options) *Node {
	t.Helper()
	o.Directory, o.PeerListen, o.JournalFileBytes = t.TempDir(), listen, 10<<20
	o.EventLoop = looptest.Asked()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Machine == nil {
		o.Machine = nothing{}
	}
	n, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Err(); err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("the node failed: %v", err)
		}
	})
	return n
}

// A node starts again at an address that its peers dial all the time:
//
//  1. The transport listens, and a peer's hello is to be answered.
//  2. The node takes the transport's address for its own.
//
// The answer must not be given before 2: it would name no address.
func TestANodeThatIsBeingOpenedIntroducesItselfWhenItIsComplete(t *testing.T) {
	n := &Node{assembled: make(chan struct{})}
	said := make(chan transport.Hello)
	go func() { said <- peerHandler{n}.Hello(transport.Peer{}) }()
	n.options.PeerAddress = "127.0.0.1:16379"
	close(n.assembled)
	if h := <-said; h.Address != n.options.PeerAddress {
		t.Fatalf("the node says that it listens on %q", h.Address)
	}
}

// A blank node is closed while a member's hello, or a blank node's request, is being answered:
//
//  1. Close notes that the node is closed, and goes on to wait for the transport.
//  2. The transport's goroutine, which was already in the handshake, asks the peer handler.
//
// The node must take no identity any more, and there is no runner to ask for the configuration.
func TestAClosingNodeBecomesNoMember(t *testing.T) {
	n := openBlank(t, Options{Bootstrap: true, Expect: 2})
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	hello := transport.Hello{ClusterID: 7, From: 1, To: 2, ToIncarnation: n.identity.Incarnation}
	if err := (peerHandler{n}).Admit(hello); !errors.Is(err, ErrClosed) {
		t.Errorf("a hello is answered with %v", err)
	}
	if _, err := (peerHandler{n}).Join(goodJoiner(8, "127.0.0.1:1")); !errors.Is(err, ErrClosed) {
		t.Errorf("a joiner is answered with %v", err)
	}
	if n.identity.NodeID != 0 {
		t.Errorf("the node became node %d", n.identity.NodeID)
	}
	n.mu.Lock()
	n.closed = false
	n.mu.Unlock()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
