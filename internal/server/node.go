package server

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// node is the library's node. Clients are let in before it is open, so that they are told at once what it does: until
// then it knows nothing, and does nothing for anyone.
type node struct {
	library atomic.Pointer[consensus.Node]
	// opened is closed when library is there.
	opened chan struct{}
	// before is what it knows until then.
	before consensus.Status
}

func newNode() *node {
	return &node{
		opened: make(chan struct{}),
		before: consensus.Status{Role: follows, LastSnapshotAt: time.Now(), LastSnapshotTook: -1},
	}
}

// errOpening is what a command gets that reaches the node before it is open.
var errOpening = errors.New("the node reads its data: ask again in a moment")

// open says, once, that the library's node is there.
func (n *node) open(library *consensus.Node) {
	n.library.Store(library)
	close(n.opened)
}

// isOpen reports whether the node is there.
func (n *node) isOpen() bool { return n.library.Load() != nil }

// Status is the node's; before it is open, that of a node that knows nothing.
func (n *node) Status() *consensus.Status {
	if library := n.library.Load(); library != nil {
		return library.Status()
	}
	return &n.before
}

// LeasedReads counts the reads that a lease answered.
func (n *node) LeasedReads() uint64 {
	if library := n.library.Load(); library != nil {
		return library.LeasedReads()
	}
	return 0
}

// Submit is the node's; before it is open, nothing is done.
func (n *node) Submit(r *consensus.Request) {
	if library := n.library.Load(); library != nil {
		library.Submit(r)
		return
	}
	r.Err = consensus.ErrNotDone
	r.Done(r)
}

// Cancel is the node's.
func (n *node) Cancel(r *consensus.Request) {
	if library := n.library.Load(); library != nil {
		library.Cancel(r)
	}
}

// View is the node's; before it is open, f is not called, because the state is being read.
func (n *node) View(f func(consensus.StateMachine)) error {
	return n.do(func(library *consensus.Node) error { return library.View(f) })
}

// do does something with the node; before it is open, it says so.
func (n *node) do(f func(*consensus.Node) error) error {
	if library := n.library.Load(); library != nil {
		return f(library)
	}
	return errOpening
}

// TakeOver is the node's.
func (n *node) TakeOver() error { return n.do((*consensus.Node).TakeOver) }

// TakeSnapshot is the node's.
func (n *node) TakeSnapshot() error { return n.do((*consensus.Node).TakeSnapshot) }

// Join is the node's.
func (n *node) Join(addresses ...string) error {
	return n.do(func(library *consensus.Node) error { return library.Join(addresses...) })
}

// Query is the node's.
func (n *node) Query(ctx context.Context, local any) error {
	return n.do(func(library *consensus.Node) error { return library.Query(ctx, local) })
}

// ChangeMembers is the node's.
func (n *node) ChangeMembers(ctx context.Context, c consensus.MemberChange) (added []consensus.NodeID, err error) {
	err = n.do(func(library *consensus.Node) error {
		added, err = library.ChangeMembers(ctx, c)
		return err
	})
	return added, err
}

// HandOver is the node's; one that is not open does not lead.
func (n *node) HandOver(ctx context.Context) error {
	return known(n.do(func(library *consensus.Node) error { return library.HandOver(ctx) }))
}

// Err is the node's; one that is not open has not failed.
func (n *node) Err() error { return known(n.do((*consensus.Node).Err)) }

// Close is the node's; one that is not open needs none.
func (n *node) Close() error { return known(n.do((*consensus.Node).Close)) }

// known leaves out that the node is not open.
func known(err error) error {
	if err == errOpening {
		return nil
	}
	return err
}
