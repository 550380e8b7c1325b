package consensus

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/pump"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/internal/shortage"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Open starts a node in its directory. What it becomes depends on the directory first and on the options second:
//
//	the directory belongs to a cluster   the node takes up its place; Bootstrap changes nothing, and at the addresses of
//	                                     Join it asks where the other members are
//	blank, Bootstrap                     it listens for members of a cluster that look for it, and makes a cluster if
//	                                     there are none: alone, or when Expect-1 blank nodes have joined
//	blank, Bootstrap and Join            the same, but it first asks the nodes of Join, each of which must answer; if
//	                                     one is a member, it asks to be taken in
//	blank, Join                          it asks to be taken in, until it is
//	blank, neither                       it waits to be contacted
//	removed, or rolled back              it takes no part, and says why: see Obstacle
//
// Open returns when the directory is read, the machine has the state of the newest snapshot, if there is one, and the
// node listens; see WaitServing. That may take long: Options.Progress tells how far it is, OpenContext can be ended.
func Open(o Options) (*Node, error) { return OpenContext(context.Background(), o) }

// OpenContext is Open until ctx ends: then it closes what it has opened and returns an error that matches ctx's. It
// looks at ctx between its steps and while it reads a snapshot; a step that writes or reads the log is not cut short.
// Nothing is lost, and a later Open begins again. When OpenContext has returned a node, ctx has no meaning any more.
func OpenContext(ctx context.Context, o Options) (*Node, error) {
	o, err := o.complete()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	n, err := o.open(ctx)
	if err != nil && o.listensItself {
		_ = o.PeerListener.Close() // err says more
	}
	return n, err
}

// open is OpenContext with options that are complete, and a listener. The caller closes the listener if there is no
// node.
func (o Options) open(ctx context.Context) (*Node, error) {
	o.progress("opening the log", 0, 0)
	log, restored, err := wal.Open(wal.Options{
		Directory: o.Directory, FileBytes: o.JournalFileBytes,
		MaxEntryBytes: pieceBytes, SegmentBytes: o.segmentBytes(),
	})
	if err != nil {
		return nil, fmt.Errorf("open the log in %s: %w", o.Directory, err)
	}
	if err := checkIdentity(o.Directory, &restored); err != nil {
		log.Close() // nothing was written: its error says nothing
		return nil, fmt.Errorf("open the log in %s: %w", o.Directory, err)
	}
	n := &Node{
		options: o, log: log, boot: raftlog.Boot(random()), restored: restored, machine: newMachine(o.Machine),
		assembled: make(chan struct{}), member: make(chan struct{}), moved: make(chan struct{}, 1),
		learned: make(chan struct{}, 1), located: make(chan struct{}, 1),
		done: make(chan struct{}), news: make(chan struct{}, 1),
		starts: restored.Generation + 1,
	}
	n.shortages = shortage.New(o.Logger, n.renew)
	n.takeIdentity(restored.Identity)
	n.peers.boots = map[raftlog.NodeID]raftlog.Boot{}
	n.context, n.stop = context.WithCancel(context.Background())
	goOn := context.AfterFunc(ctx, n.stop)
	if err = n.restoreState(); err == nil {
		err = n.beginLoop()
	}
	if err == nil {
		err = n.assemble()
	}
	if !goOn() { // whatever ended early ended for that reason
		err = fmt.Errorf("open the node in %s: %w", o.Directory, ctx.Err())
	}
	if err != nil {
		_ = n.Close() // err says more
		return nil, err
	}
	if behind := n.base.Mark.Index; o.OnCommit != nil {
		n.background.Go(func() { n.listen(behind) })
	}
	return n, nil
}

// checkIdentity refuses a log that belongs to no node. A node makes its identity durable before its first term, vote or
// entry; so an identity that belongs to no cluster, beside a log that is not blank, is not the one that the log was
// written under. To go on as a blank node would be to vote twice in terms that the log has seen, or to form a second
// cluster on top of the first one's entries.
func checkIdentity(directory string, r *wal.Recovered) error {
	blank := r.Term == 0 && r.Vote == 0 && r.Checkpoint.Index == 0 && len(r.Entries) == 0 && r.Snapshot == nil
	if r.Identity.NodeID != 0 || blank {
		return nil
	}
	return &wal.CorruptionError{File: filepath.Join(directory, wal.IdentityName), Reason: fmt.Sprintf(
		"it belongs to no cluster, but there is a log of term %d with %d entries behind entry %d",
		r.Term, len(r.Entries), r.Checkpoint.Index)}
}

// takeIdentity takes what the directory says about the node. A directory that has not been used has no incarnation yet:
// this process draws one, and keeps it when it is used.
func (n *Node) takeIdentity(identity wal.Identity) {
	n.named = identity.Incarnation != 0
	if !n.named {
		identity.Incarnation = random()
	}
	n.setIdentity(identity)
	n.obstacle.Store(decodeObstacle(identity.Note))
	if n.fenced() {
		n.lastSeen = newestConfiguration(&n.restored)
	}
}

// newestConfiguration is the newest configuration in a log; nil if there is none that can be read.
func newestConfiguration(r *wal.Recovered) *membership.Configuration {
	body := r.ConfigurationBody
	for i := range r.Entries {
		if r.Entries[i].Kind.Traits().Configures {
			body = r.Entries[i].Body
		}
	}
	c, err := membership.Decode(body)
	if err != nil {
		return nil
	}
	return c
}

// beginLoop gives the node an event loop of its own, if its host wants that, has none for it, and the system has the
// means.
func (n *Node) beginLoop() error {
	if n.options.Reactor != nil || !n.options.EventLoop {
		return nil
	}
	loop, err := reactor.New()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	case err != nil:
		return fmt.Errorf("begin the event loop: %w", err)
	}
	n.options.Reactor, n.loop = loop, loop
	return nil
}

// assemble starts the transport and what the directory and the options ask for.
func (n *Node) assemble() error {
	o := &n.options
	t, err := transport.New(transport.Options{
		Handler: peerHandler{n}, Admission: peerHandler{n}, SnapshotStore: peerHandler{n},
		Listener: o.PeerListener, Address: o.PeerListen, Reactor: o.Reactor,
		Dial: o.Dial, Lookup: o.Lookup, Secret: o.Secret, JoinSecret: o.JoinSecret, Logger: o.Logger,
		Shortages: n.shortages, MaxConnections: o.MaxPeerConnections,
		MaxEntryBytes: pieceBytes, BulkBytesPerSecond: o.SnapshotBytesPerSecond, QueueBytes: o.peerQueueBytes(),
	})
	if err != nil {
		return err
	}
	n.transport = t
	n.listenUntil = time.Now().Add(o.foundingWindow(t.Addr()))
	if o.PeerAddress == "" {
		o.PeerAddress = t.Addr().String()
	}
	if err := n.begin(); err != nil {
		n.mu.Lock()
		n.closed = true // a peer that has dialled waits to be admitted, and must not make this node a member now
		n.mu.Unlock()
		close(n.assembled)
		return err
	}
	close(n.assembled)
	return nil
}

// begin does what Open promises.
func (n *Node) begin() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := &n.options
	if o.Expect > 1 || len(o.Join) > 0 {
		if err := transport.CheckAddress(o.PeerAddress); err != nil {
			return err
		}
	}
	obstacle := n.obstacle.Load()
	switch {
	case obstacle.fences():
		o.Logger.Warn("this node takes no part any more: "+obstacle.Kind, "reason", obstacle.Text, "by", obstacle.By,
			"address", obstacle.ByAddress, "since", obstacle.At)
		return nil
	case n.identity.NodeID != 0 && !n.neverFormed():
		return n.start()
	case obstacle.bars():
		o.Logger.Warn("this node forms no cluster: "+obstacle.Kind, "reason", obstacle.Text, "by", obstacle.By,
			"address", obstacle.ByAddress, "since", obstacle.At)
		if len(o.Join) > 0 {
			n.ask(o.Join)
		}
		return nil
	case o.Bootstrap && o.Expect == 1 && !time.Now().Before(n.listenUntil):
		return n.form(nil)
	case o.Bootstrap:
		o.Logger.Info("waiting for nodes to join", "expect", o.Expect, "peer", o.PeerAddress)
		n.ask(o.Join)
		return nil
	case n.identity.NodeID == firstNode && n.identity.ClusterID != 0 && n.neverFormed():
		return fmt.Errorf("the cluster in %s was not completed when its first node stopped: start it with the "+
			"bootstrap options it had", o.Directory)
	case len(o.Join) > 0:
		n.ask(o.Join)
		return nil
	}
	o.Logger.Info("this node belongs to no cluster and waits to be contacted", "peer", o.PeerAddress)
	return nil
}

// neverFormed reports whether the node was stopped between giving itself an identity and making the first entry
// durable. No other node can know of such a cluster.
func (n *Node) neverFormed() bool {
	return n.identity.NodeID == firstNode && n.restored.Term == 0 && len(n.restored.Entries) == 0 &&
		n.restored.Checkpoint.Index == 0
}

// start runs the node as the member that its identity says. The caller holds the lock.
func (n *Node) start() error {
	if n.started || n.closed {
		return nil
	}
	o := n.options.engineOptions()
	o.ID, o.Boot, o.Seed = raftlog.NodeID(n.identity.NodeID), n.boot, random()
	o.Confirmed = n.readConfirmed()
	restored, err := restoredRaft(&n.restored)
	if err != nil {
		return err
	}
	restored.Part, restored.PromisedMillis = n.part, n.promisedBefore()
	o.LeaseMillis = n.promiseUpTo(restored.PromisedMillis, o.LeaseMillis)
	e, err := engine.New(o, restored, n.base.Mark.Index)
	if err != nil {
		return err
	}
	n.restored.Entries = nil // the core has them
	n.started = true
	n.runner.Store(pump.Start(e, engine.NewApplier(o, n.machine, n.base), pump.Effects{
		Machine: n.machine, Log: entries{n.log, n}, SnapshotLog: snapshotLog{n.log, n}, Snapshots: n.snapshots,
		SnapshotBytesPerSecond: n.options.SnapshotBytesPerSecond, Hurry: n.options.Hurry,
		SubmittedBytes: n.options.MaxWaitingBytes, SubmittedReads: o.MaxWaitingReads,
		PeerBytes: n.options.peerQueueBytes(), Reactor: n.options.Reactor, ReactorAlone: n.loop != nil,
		Transport: sender{n.transport, n, o.ID},
		Logger:    n.options.Logger, Shortages: n.shortages, Clock: n.options.Clock, Late: n.options.Late,
		Tick: tick, Leases: o.LeaseMillis > 0,
		Needed:  func() raftlog.Index { return raftlog.Index(n.subscriptions.needed.Load()) },
		Changed: n.statusChanged, Fatal: n.fail,
	}))
	n.base.Pieces, n.base.Sessions = nil, nil // the applier has them
	n.renew()
	n.watchers.wake(everything)
	n.runner.Load().TellAll() // the host is told by the loop alone
	learned := n.readLearned()
	n.recall(learned)
	n.background.Go(func() { n.keepLearned(learned) })
	n.background.Go(n.keepAddresses)
	n.background.Go(n.acquaint)
	n.background.Go(n.tellNotices)
	n.background.Go(n.keepConfirmed)
	switch before, own, asked := restored.PromisedMillis, o.LeaseMillis, n.options.engineOptions().LeaseMillis; {
	case own < asked: // the file could not be written
		n.background.Go(func() { n.keepPromise(promiseInterval, asked) })
	case own < before: // once the promises of earlier processes are over
		n.background.Go(func() { n.keepPromise(2*time.Duration(before)*time.Millisecond, own) })
	}
	close(n.member)
	return nil
}

// restoredRaft is what the log recovered, in the core's words.
func restoredRaft(r *wal.Recovered) (raft.Restored, error) {
	s := raft.Restored{
		Term: r.Term, Vote: r.Vote, Floor: r.Checkpoint, ConfigurationIndex: r.ConfigurationIndex,
		Entries: r.Entries, FloorTime: r.CheckpointTime, Snapshot: r.Snapshot, Retained: r.Retained,
		Quarantine: r.Quarantine,
	}
	if len(r.ConfigurationBody) > 0 {
		c, err := membership.Decode(r.ConfigurationBody)
		if err != nil {
			return s, fmt.Errorf("configuration at entry %d: %w", r.ConfigurationIndex, err)
		}
		s.Configuration = c
	}
	return s, nil
}

// entries is the log as the engine reads and writes it.
type entries struct {
	*wal.Log
	node *Node
}

// Write adds to history, and says so to those who read it.
func (l entries) Write(committed []raftlog.Entry) error {
	err := l.Log.Write(committed)
	if err == nil {
		l.node.subscriptions.wake()
	}
	return err
}

// Entries reads from history, and says in the engine's words that an entry is too old to be there.
func (l entries) Entries(from raftlog.Index, maxBytes int) (raftlog.Mark, []raftlog.Entry, error) {
	previous, found, err := l.Log.Entries(from, maxBytes)
	if errors.Is(err, wal.ErrCompacted) {
		err = fmt.Errorf("%w: %w", engine.ErrCompacted, err)
	}
	return previous, found, err
}

// random draws a number that is not zero.
func random() uint64 {
	var b [8]byte
	for {
		crand.Read(b[:]) // never fails: the runtime ends the process instead
		if v := binary.LittleEndian.Uint64(b[:]); v != 0 {
			return v
		}
	}
}
