package consensus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/pump"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Node is one member of a cluster, or a blank node that waits to become one. Make it with Open. All methods may be
// called from any goroutine.
type Node struct {
	options Options
	log     *wal.Log
	boot    raftlog.Boot

	// snapshots are this node's files; base is what the one says from which the machine was restored by Open.
	snapshots *snapshots
	base      engine.Base

	// transport is set before Open returns; owner methods may run a moment earlier and wait for it.
	transport *transport.Transport
	assembled chan struct{}
	peers     peers
	links     links
	journals  journals
	ticks     ticks

	// runner is nil while the node is blank.
	runner atomic.Pointer[pump.Runner]

	mu       sync.Mutex
	identity wal.Identity
	restored wal.Recovered
	joiners  []transport.Join // of the cluster that is being formed, in the order in which they asked
	seeds    []string         // peer addresses of those whom this node asks to be taken in
	closed   bool
	started  bool

	context    context.Context // ends with Close
	stop       context.CancelFunc
	background sync.WaitGroup
	member     chan struct{} // closed when the node has become a member
	moved      chan struct{} // has something when a member told its addresses
}

// Propose replicates a command and returns what StateMachine.Apply returned for it on this node. It waits until the
// command is durable on a majority and applied here, or ended otherwise: see ErrNotDone and ErrUnknown. If the context
// ends first, the error is the context's and the outcome is unknown. The node keeps command; it must not be changed.
func (n *Node) Propose(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) > n.options.MaxEntryBytes {
		return nil, fmt.Errorf("%w: %d bytes, allowed are %d", ErrTooLarge, len(command), n.options.MaxEntryBytes)
	}
	ended := make(chan struct{})
	b := &engine.Batch{Body: command, Level: engine.Level, Wake: func() { close(ended) }}
	n.Submit(b)
	select {
	case <-ended:
		return b.Result, n.outcomeError(b.Outcome)
	case <-ctx.Done():
		n.Leave(b)
		return nil, fmt.Errorf("outcome unknown: %w", ctx.Err())
	}
}

// Query executes StateMachine.Query with local, on a state that holds everything acknowledged by any node before the
// call. While that needs a tick, time is moved through the log and it is executed again: at the time of its first
// moment, or an earlier one if another leader's clock says so. If it followed the clock, the log's time, which trails
// it by a commit, would not reach it for as long as things end all the time.
func (n *Node) Query(ctx context.Context, local any) error {
	stamp := int64(math.MaxInt64)
	for {
		now, err := n.moment(ctx)
		if err != nil {
			return err
		}
		stamp = min(stamp, now)
		needTick := false
		n.View(func(m StateMachine) { needTick = m.Query(stamp, local) })
		if !needTick {
			return nil
		}
		select {
		case <-n.MoveTime():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// moment waits until the state is as new as a query wants it, and returns the leader's time.
func (n *Node) moment(ctx context.Context) (stamp int64, err error) {
	ended := make(chan struct{})
	r := &engine.Read{Wake: func() { close(ended) }}
	n.SubmitRead(r)
	select {
	case <-ended:
		return int64(r.Stamp), n.outcomeError(r.Outcome)
	case <-ctx.Done():
		n.LeaveRead(r)
		return 0, ctx.Err()
	}
}

func (n *Node) outcomeError(o engine.Outcome) error {
	switch o {
	case engine.Done:
		return nil
	case engine.NotDone:
		return ErrNotDone
	case engine.Overloaded:
		select {
		case <-n.runner.Load().Stopped(): // that is why it was refused
			return ErrClosed
		default:
			return ErrOverloaded
		}
	case engine.Unknown:
		return ErrUnknown
	}
	panic("consensus: a batch ended as " + o.String())
}

// Submit gives a batch to the node, for callers that wait in a way of their own. It never blocks; b.Wake is called when
// the batch ended, which may be before Submit returns. On a blank node it ends as NotDone.
func (n *Node) Submit(b *engine.Batch) {
	if r := n.runner.Load(); r != nil {
		r.Submit(b)
		return
	}
	b.Outcome = engine.NotDone
	b.Wake()
}

// SubmitRead asks for a moment at which View shows a state as new as Query's. It never blocks; see Submit.
func (n *Node) SubmitRead(read *engine.Read) {
	if r := n.runner.Load(); r != nil {
		r.SubmitRead(read)
		return
	}
	read.Outcome = engine.NotDone
	read.Wake()
}

// Phases says where the time of a submitted batch went that ended as Done; it is asked soon after.
func (n *Node) Phases(b *engine.Batch) pump.Phases { return n.runner.Load().Phases(b) }

// PhasesOfRead is Phases for a read.
func (n *Node) PhasesOfRead(read *engine.Read) pump.Phases {
	return n.runner.Load().PhasesOfRead(read)
}

// Leave tells that nobody waits for a submitted batch any more: if it was never sent, it is dropped.
func (n *Node) Leave(b *engine.Batch) {
	if r := n.runner.Load(); r != nil {
		r.Leave(b)
	}
}

// LeaveRead is Leave for a read.
func (n *Node) LeaveRead(read *engine.Read) {
	if r := n.runner.Load(); r != nil {
		r.LeaveRead(read)
	}
}

// View calls f with the state machine while nothing is applied. f should be short, and must not call the node.
func (n *Node) View(f func(StateMachine)) {
	r := n.runner.Load()
	if r == nil {
		n.mu.Lock() // a blank node applies nothing, and becomes no member while this is held
		defer n.mu.Unlock()
		if r = n.runner.Load(); r == nil {
			f(n.options.Machine)
			return
		}
	}
	r.View(f)
}

// Status is what a node knows of itself and its cluster.
type Status struct {
	engine.Status
	// Blank: the node belongs to no cluster yet. Joiners and Expect say how far forming one has come.
	Blank   bool
	Joiners int
	Expect  int
	// ClusterID, Name and Incarnation identify the cluster, the node for its clients, and its data directory.
	ClusterID   uint64
	Name        string
	Incarnation uint64
	// PeerAddress is where the node listens for peers.
	PeerAddress string
	// LastSnapshotAt is when this node's last snapshot of its own was complete; before the first, when it was opened.
	LastSnapshotAt time.Time
	// SnapshotBeganAt is when the last attempt at one began, and LastSnapshotTook how long the last one took that ended;
	// negative before the first.
	SnapshotBeganAt  time.Time
	LastSnapshotTook time.Duration
	// Linked are the nodes to which messages can leave at this moment, in order. That says nothing of their health.
	Linked []raftlog.NodeID
	Log    wal.Stats
}

// Status returns the node's state as of its last turn.
func (n *Node) Status() Status {
	n.mu.Lock()
	s := Status{
		Joiners: len(n.joiners), Expect: n.options.Expect, ClusterID: n.identity.ClusterID, Name: n.identity.Name,
		Incarnation: n.identity.Incarnation, PeerAddress: n.options.PeerAddress,
	}
	n.mu.Unlock()
	if r := n.runner.Load(); r != nil {
		s.Status = *r.Status()
	} else {
		s.Blank = true
	}
	s.LastSnapshotAt = time.Unix(0, n.snapshots.takenAt.Load())
	s.SnapshotBeganAt = time.Unix(0, n.snapshots.beganAt.Load())
	s.LastSnapshotTook = time.Duration(n.snapshots.took.Load())
	s.Linked, s.Log = n.links.list(), n.log.Stats()
	return s
}

// servingRetry is how long WaitServing waits for another status before it asks once more.
const servingRetry = 100 * time.Millisecond

// WaitServing waits until the node answers linearizable reads: it is a member, and there is a leader. It ends with the
// context's error, or with ErrClosed if the node stops. A node that was removed never serves again, and waits as well.
func (n *Node) WaitServing(ctx context.Context) error {
	select {
	case <-n.member:
	case <-ctx.Done():
		return ctx.Err()
	}
	runner := n.runner.Load()
	for {
		ended, changed := make(chan struct{}), runner.Changed()
		r := &engine.Read{Wake: func() { close(ended) }}
		runner.SubmitRead(r)
		select {
		case <-ended:
			if r.Outcome == engine.Done {
				return nil
			}
		case <-runner.Stopped():
			return errors.Join(ErrClosed, runner.Err())
		case <-ctx.Done():
			runner.LeaveRead(r)
			return ctx.Err()
		}
		// A node that was removed says no at once, and one without a leader after a while.
		select {
		case <-changed:
		case <-time.After(servingRetry):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close stops the node. What waits ends as ErrNotDone or, if it was sent, as ErrUnknown.
func (n *Node) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil
	}
	n.closed = true
	n.mu.Unlock()
	n.stop()
	n.background.Wait()
	errTransport := n.transport.Close() // after this no owner method runs
	var err error
	if r := n.runner.Load(); r != nil {
		err = r.Close()
	} else {
		err = n.log.Close()
	}
	if err == nil {
		err = errTransport
	}
	return err
}
