package consensus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/pump"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/internal/shortage"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Node is one member of a cluster, or a blank node that waits to become one. Make it with Open. All methods may be
// called from any goroutine.
type Node struct {
	options Options
	log     *wal.Log
	boot    raftlog.Boot
	// starts counts the starts of the directory: the journal rolls at each, so its generation grows.
	starts uint64
	// machine is Options.Machine as the engine drives it.
	machine *machine

	// snapshots are this node's files; base is what the one says from which the machine was restored by Open.
	snapshots *snapshots
	base      engine.SnapshotState
	// part names the snapshot of another node of whose file Open found a part; nil if there was none.
	part *raftlog.SnapshotMark

	// loop is the event loop that is the node's own; nil if it has none.
	loop *reactor.Reactor
	// transport is set before Open returns; peerHandler methods may run earlier, and wait for it.
	transport *transport.Transport
	assembled chan struct{}
	peers     peers
	links     links
	journals  journalCapacities
	notices   notices
	ticks     ticks
	// calls are those that were done, for the next callers.
	calls sync.Pool
	// subscriptions read committed entries from history, and put large commands together within bounds.
	subscriptions subscriptions
	assembling    assembling
	// shortages is the work that waits because the system is short of something.
	shortages *shortage.Log

	// runner is nil while the node is blank.
	runner atomic.Pointer[pump.Runner]

	// self is identity, and joinerCount the number of joiners, for those who hold no lock. version counts what status
	// shows and no turn of the engine does.
	self        atomic.Pointer[wal.Identity]
	joinerCount atomic.Int32
	version     atomic.Uint64
	status      atomic.Pointer[cachedStatus]
	watchers    watchers
	// obstacle is why the node takes no part, nil if nothing is known to be in the way; waiting is what a blank node
	// waits for; news wakes the goroutine that asks.
	obstacle atomic.Pointer[Obstacle]
	waiting  atomic.Pointer[waiting]
	news     chan struct{}

	// done is closed when stopped is set.
	done       chan struct{}
	stopped    atomic.Pointer[error]
	failing    sync.WaitGroup
	closing    sync.Once
	closeError error

	mu       sync.Mutex
	identity wal.Identity
	restored wal.Recovered
	// lastSeen is the newest configuration in the log of a node that takes no part any more: its clients may go to those.
	lastSeen *membership.Configuration
	named    bool             // the directory has the incarnation: see name
	joiners  []transport.Join // of the cluster that is being formed, in the order in which they asked
	unformed error            // why they cannot form one
	founders []uint64         // incarnations of the blank nodes that form a cluster, as far as this one hears them
	seeds    []string         // peer addresses of those whom this node asks to be taken in
	// asked are the places that may have heard of this blank node under its incarnation. renaming: it is about to give
	// that up, and heldUp says what it waits for. withdrawn are processes that have given theirs up: see rename.go.
	asked     []string
	renaming  bool
	heldUp    string
	withdrawn []process
	// listenUntil is how long a founder waits for members that dial it.
	listenUntil time.Time
	// words are what nodes that were dialled said of this one where there is no secret, by its kind, and when they said it
	// last; welcomes are those that have let it in since one said that it was rolled back: see Welcomed.
	words    map[string]map[raftlog.NodeID]time.Time
	welcomes map[raftlog.NodeID]bool
	// strangerAt is when a node without the secret dialled this founder last.
	strangerAt time.Time
	seekOnce   sync.Once
	closed     bool
	started    bool

	context    context.Context // ends with Close
	stop       context.CancelFunc
	background sync.WaitGroup
	member     chan struct{} // closed when the node has become a member
	moved      chan struct{} // has something when a member has announced another address
	learned    chan struct{} // has something when this node has learned an address that others may not know
	located    chan struct{} // has something when an address is to be written down
}

// View calls f with the state machine while nothing is applied. Nothing is applied before f returns: f should be short,
// and must not call the node.
//
// Where there is no state that may be shown View returns at once, and does not call f. Errors: ErrNotDone while the
// state is being replaced by a snapshot of another member, which may take minutes, or is quarantined; what Err returns
// if the node has failed, or was closed in the middle of that.
func (n *Node) View(f func(StateMachine)) error {
	r := n.runner.Load()
	if r == nil {
		n.mu.Lock() // a blank node applies nothing, and becomes no member while this is held
		defer n.mu.Unlock()
		if r = n.runner.Load(); r == nil {
			f(n.options.Machine)
			return nil
		}
	}
	err := r.View(func(engine.StateMachine) { f(n.options.Machine) })
	switch {
	case err == nil:
		return nil
	case n.Err() != nil:
		return n.Err()
	case errors.Is(err, pump.ErrRestoring), errors.Is(err, pump.ErrQuarantined):
		return fmt.Errorf("%w: %w", ErrNotDone, err)
	}
	return err // the node fails in this moment
}

// WaitServing waits until the node answers linearizable reads: it is a member, and there is a leader. It ends with the
// context's error, or with ErrClosed if the node stops. A node that was removed never serves again, and waits as well.
func (n *Node) WaitServing(ctx context.Context) error {
	changes, stop := n.watchers.add(Event{Leader: true, Members: true})
	defer stop()
	for {
		if _, err := n.do(ctx, Request{Read: true}); err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		// A blank node, and one that was removed, say no at once. One that is overloaded says so too, and there may be no
		// change that wakes us.
		again := time.NewTimer(servingRetry)
		select {
		case <-changes.woken:
		case <-again.C:
		case <-n.done:
			return errors.Join(ErrClosed, n.Err())
		case <-ctx.Done():
			return ctx.Err()
		}
		again.Stop()
	}
}

// servingRetry is how long WaitServing waits for a change before it tries once more.
const servingRetry = time.Second

// Done is closed when the node has stopped to work: Close was called, or the node failed. A node fails when its disk
// fails or its log or a snapshot is damaged: it acknowledges nothing more, closes itself, and Err says why. The host
// should end the process then.
func (n *Node) Done() <-chan struct{} { return n.done }

// Err is nil while the node works. After that it is why the node failed, also if it failed while it was being closed,
// and else ErrClosed.
func (n *Node) Err() error {
	if err := n.stopped.Load(); err != nil {
		return *err
	}
	return nil
}

// end notes why the node stops working. Only the first reason counts.
func (n *Node) end(why error) (first bool) {
	if first = n.stopped.CompareAndSwap(nil, &why); first {
		close(n.done)
	}
	return first
}

// fail stops a node that must not go on. Its caller may be a goroutine that Close waits for. A node that fails while it
// is being closed has failed all the same: what it promised may not be on its disk.
func (n *Node) fail(err error) {
	if n.end(err) {
		n.failing.Go(func() { _ = n.Close() }) // Err says more than the errors of closing
		return
	}
	if before := n.stopped.Load(); *before == ErrClosed {
		n.stopped.CompareAndSwap(before, &err)
	}
}

// Close stops the node, and waits until it has stopped. What waits ends with ErrNotDone or, if it was sent, with
// ErrUnknown. A second call returns what the first one returned.
func (n *Node) Close() error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.end(ErrClosed)
	n.closing.Do(func() { n.closeError = n.close() })
	return n.closeError
}

func (n *Node) close() error {
	n.stop()
	n.subscriptions.close()
	n.background.Wait()
	var err, errTransport error
	if n.transport != nil { // Open may have failed before it
		errTransport = n.transport.Close() // after this no peerHandler method runs
	}
	if r := n.runner.Load(); r != nil {
		err = r.Close()
	} else {
		err = n.log.Close()
	}
	if n.loop != nil {
		n.loop.Close()
	}
	if err == nil {
		err = errTransport
	}
	return err
}
