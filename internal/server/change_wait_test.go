package server

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/resp"
)

// patience is how long a test waits for what should come at once.
const patience = time.Minute

// lonelyStore is the store of a cluster of one.
func lonelyStore(t *testing.T) *store {
	t.Helper()
	space, changes := newMachine(NewConfig()), &relay{}
	node, err := consensus.Open(consensus.Options{
		Directory: t.TempDir(), Machine: space, PeerListen: "127.0.0.1:0", Bootstrap: true, Events: changes.NodeChanged,
		JournalFileBytes: 16 << 20, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := node.Close(); err != nil {
			t.Error(err)
		}
	})
	return storeOf(node, space, changes)
}

// storeOf is the store before a node that is open.
func storeOf(library *consensus.Node, space *machine, changes *relay) *store {
	s := newStore(newNode(), space, changes)
	s.node.open(library)
	s.look()
	return s
}

// deafPeer is the address of a node that takes connections and says nothing; visited has something when one came.
func deafPeer(t *testing.T) (address string, visited chan net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	visited = make(chan net.Conn, 100)
	go func() {
		for {
			socket, err := listener.Accept()
			if err != nil {
				close(visited)
				return
			}
			visited <- socket
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		for socket := range visited {
			socket.Close()
		}
	})
	return listener.Addr().String(), visited
}

// begin submits a change; the channel gives its result.
func (s *store) begin(wanted resp.MemberChange, timeout time.Duration) (*resp.ChangeRequest, chan resp.ChangeResult) {
	ended := make(chan resp.ChangeResult, 1)
	r := resp.NewChangeRequest(wanted, timeout, func(result resp.ChangeResult) { ended <- result })
	s.Change(r)
	return r, ended
}

func await(t *testing.T, ended chan resp.ChangeResult) resp.ChangeResult {
	t.Helper()
	select {
	case result := <-ended:
		return result
	case <-time.After(patience):
		t.Fatal("the change does not end")
		panic("unreachable")
	}
}

// A wait for a change ends when the time is up, the client has gone or the node stops.
func TestAChangeIsWaitedForOnlySoLong(t *testing.T) {
	for name, end := range map[string]func(s *store, r *resp.ChangeRequest){
		"the time is up":      nil,
		"the client has gone": func(s *store, r *resp.ChangeRequest) { s.AbandonChange(r) },
		"the node stops":      func(s *store, _ *resp.ChangeRequest) { s.changes.stop() },
	} {
		s := lonelyStore(t)
		peer, visited := deafPeer(t)
		timeout := patience
		if end == nil {
			timeout = 500 * time.Millisecond
		}
		r, ended := s.begin(resp.MemberChange{Add: []resp.NewMember{{PeerAddress: peer}}}, timeout)
		if end != nil {
			(<-visited).Close()
			end(s, r)
			s.AbandonChange(r) // once more changes nothing
		}
		if result := await(t, ended); result.Outcome != resp.Uncertain && result.Outcome != resp.NotDone {
			t.Errorf("%s: %+v", name, result)
		}
		if len(s.changes.places) != 0 {
			t.Errorf("%s: %d places are taken", name, len(s.changes.places))
		}
	}
}

func TestTooManyChangesAtOnceAreSentAway(t *testing.T) {
	s := lonelyStore(t)
	for range maxChanges {
		s.changes.places <- struct{}{}
	}
	r, ended := s.begin(resp.MemberChange{Remove: []resp.Member{{ID: 1}}}, patience)
	if result := await(t, ended); result.Outcome != resp.Overloaded {
		t.Errorf("one more than %d changes: %+v", maxChanges, result)
	}
	s.AbandonChange(r)
	<-s.changes.places
	_, ended = s.begin(resp.MemberChange{Remove: []resp.Member{{ID: 1}}}, patience)
	if result := await(t, ended); result.Outcome != resp.NotDone || result.Reason == "" {
		t.Errorf("the last one of %d changes: %+v", maxChanges, result)
	}
}
