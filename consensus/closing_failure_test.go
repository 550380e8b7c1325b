package consensus

import (
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/reactor/looptest"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// closingListener runs something while Close waits for the transport.
type closingListener struct {
	net.Listener
	meanwhile func()
}

func (l closingListener) Close() error {
	l.meanwhile()
	return l.Listener.Close()
}

// The runner works on while Close closes the transport. What fails then, an entry that this build does not know as much
// as a write of the log, is the end that the host hears of:
//
//  1. Close notes ErrClosed, and waits for the transport.
//  2. The runner fails.
//  3. Err and Close say why. Otherwise the process would end as if it had been stopped.
func TestANodeThatFailsWhileItIsClosedSaysSo(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var n *Node
	listener := closingListener{inner, func() {
		runner := n.runner.Load()
		runner.Receive(2, []engine.Message{{Message: raft.Message{
			Kind: raft.Append, From: 2, To: 1, Term: 1,
			Entries: []raftlog.Entry{{Index: 1, Term: 1, Kind: raftlog.EntryCommand, Level: engine.Level + 1}},
		}}})
		<-runner.Stopped()
	}}
	n, err = Open(Options{
		Directory: t.TempDir(), PeerListener: listener, Bootstrap: true, JournalFileBytes: 10 << 20, Machine: nothing{},
		Logger: slog.New(slog.DiscardHandler), EventLoop: looptest.Asked(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.WaitServing(t.Context()); err != nil {
		t.Fatal(err)
	}
	closing := n.Close()
	cause := n.runner.Load().Err()
	if cause == nil {
		t.Fatal("the node did not fail")
	}
	if !errors.Is(n.Err(), cause) || !errors.Is(closing, cause) {
		t.Fatalf("Err is %v, Close said %v; the node failed with %v", n.Err(), closing, cause)
	}
}

// The node's loop alone calls Options.Events, from the first event on: the race detector sees a second goroutine.
func TestEventsComeFromOneGoroutine(t *testing.T) {
	events := 0
	n, err := Open(Options{
		Directory: t.TempDir(), PeerListen: "127.0.0.1:0", Bootstrap: true, JournalFileBytes: 10 << 20,
		Machine: nothing{}, Logger: slog.New(slog.DiscardHandler), Events: func(Event) { events++ },
		EventLoop: looptest.Asked(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.WaitServing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if events == 0 {
		t.Fatal("no event came")
	}
}

// A host clears or fills a request as soon as Done was called, while another goroutine of the host calls Cancel, which
// may come at any time. The race detector sees what the two share.
func TestCancelAndDoneShareNothing(t *testing.T) {
	n, err := Open(Options{
		Directory: t.TempDir(), PeerListen: "127.0.0.1:0", Bootstrap: true, JournalFileBytes: 10 << 20,
		Machine: nothing{}, Logger: slog.New(slog.DiscardHandler), EventLoop: looptest.Asked(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.WaitServing(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		ended := make(chan struct{})
		r := &Request{Body: []byte("x"), Read: i%2 == 0}
		r.Done = func(r *Request) {
			r.Body, r.Read = nil, false
			close(ended)
		}
		n.Submit(r)
		n.Cancel(r)
		<-ended
	}
}
