package pump

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/mailbox"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/internal/shortage"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Effects are the world that a runner acts on. They belong to it from Start to the return of Close, except for
// Transport.
type Effects struct {
	Machine   engine.StateMachine
	Log       engine.Log
	Transport engine.Transport
	Logger    *slog.Logger
	// Snapshots keeps files of snapshots, SnapshotLog is Log once more.
	Snapshots   engine.Snapshots
	SnapshotLog engine.SnapshotLog
	// Shortages is told of work that waits because the system is short of something; nil notes nothing.
	Shortages *shortage.Log
	// SnapshotBytesPerSecond bounds how fast a snapshot is written; 0 means as fast as it goes.
	SnapshotBytesPerSecond int64
	// Hurry, if not nil, says whether snapshots are to be written as fast as it goes now. It must not block.
	Hurry func() bool
	// SubmittedBytes bounds batches on their way from clients to the loop; more is answered Overloaded. 0 means 256 MiB.
	SubmittedBytes int
	// SubmittedReads bounds reads likewise; 0 means 1 Mi.
	SubmittedReads int
	// PeerBytes bounds peers' messages on their way to the loop, and apart from them forwarded batches; 0 means 64 MiB.
	// Messages beyond it are dropped, as a network may; a batch beyond it resets its stream, whose origin sends it again.
	// One peer alone keeps no other one out: see mailbox.PutOf. An origin with much memory may send more than a node with
	// little has room for.
	PeerBytes int
	// Reactor, if not nil, is the loop that this node's turns are taken on: see react.go. It outlives the runner.
	Reactor *reactor.Reactor
	// ReactorAlone: the reactor has this node's sockets and no client's. Clients are other goroutines.
	ReactorAlone bool
	// Tick is the length of a tick.
	Tick time.Duration
	// Leases: the engine's Options.LeaseMillis are not 0.
	Leases bool
	// Clock is the wall clock, of which Inputs.Now tells the engine. Ticks are counted by another.
	Clock func() time.Time
	// Late, if not nil, is called after each event with the time that it took: see the events. The pumps call it, for work
	// that many clients share; it must not block.
	Late func(event string, took time.Duration)
	// Needed, if not nil, says which entry of history is the first that a reader of committed entries has yet to read; 0
	// if there is no reader. The loop calls it in each turn; it must not block.
	Needed func() raftlog.Index
	// Changed, if not nil, is called by the loop after each change of the status, when Status shows it already. It must
	// not block.
	Changed func(before, now *engine.Status)
	// Fatal is called once, from a goroutine of the runner, when the node must not go on: the log failed, or holds what
	// this build cannot understand. It should end the process, and must not call Close, which waits for it.
	Fatal func(error)
}

// Limits of the runner's mailboxes. A full one refuses, and each says what that means.
const (
	// defaultSubmittedBytes, defaultSubmittedReads and defaultPeerBytes are the defaults of Effects.
	defaultSubmittedBytes = 256 << 20
	defaultSubmittedReads = 1 << 20
	defaultPeerBytes      = 64 << 20
	// submittedBatchBytes is the most that a batch counts on its way from clients to the loop: the engine bounds large
	// ones, and a large one must not be refused because a small one came before it.
	submittedBatchBytes = 2 << 20
	// submittedRequests bounds changes of the membership, and arrivals, likewise.
	submittedRequests = 1 << 10
	// completions bounds what is handed in by construction; it only has to be large.
	completions = 1 << 30
	// sealAfter is the idleness after which the log is sealed.
	sealAfter = 10 * time.Millisecond
	// restAfter is the idleness after which history lets go of memory.
	restAfter = time.Second
	// applyEntries is how many entries are applied under one hold of the write lock, if that takes less than maxHold. The
	// clock is read behind each holdEntries of them.
	applyEntries = 256
	maxHold      = 5 * time.Millisecond
	holdEntries  = 4
	// readBytes is how much the applier and the fetcher read from history at a time.
	readBytes = 1 << 20
)

// Runner runs an engine: it has all goroutines of a node between its transport and its clients, and decides nothing.
//
//	LOOP        owns Engine: gathers inputs, calls Turn, effects the outputs out
//	LOG WRITER  takes all queued operations: one write, one sync, then their promises leave
//	APPLIER     owns Applier and writes of the machine, under the lock
//	FILLER      moves committed entries into history
//	FETCHER     reads old entries for followers that are behind
//	SNAPSHOTTER writes frozen states as files
//	RECEIVER    fetches snapshots from other nodes
//	REMOVER     removes snapshots and history that are not needed any more
type Runner struct {
	engine  *engine.Engine
	applier *engine.Applier
	effects Effects

	// machineLock guards the machine: the applier writes, views read. hidden is why no view may read now; nil if all may.
	machineLock sync.RWMutex
	hidden      error

	wake      chan struct{} // wakes the loop; all its mailboxes share it
	messages  *mailbox.Mailbox[engine.Message]
	forwards  *mailbox.Mailbox[engine.Message]
	batches   *mailbox.Mailbox[*engine.Batch]
	reads     *mailbox.Mailbox[*engine.Read]
	left      *mailbox.Mailbox[*engine.Batch]
	leftReads *mailbox.Mailbox[*engine.Read]
	applied   *mailbox.Mailbox[engine.Applied]
	fetched   *mailbox.Mailbox[engine.Fetched]
	linksUp   *mailbox.Mailbox[raftlog.NodeID]
	gone      *mailbox.Mailbox[engine.Gone]
	changes   *mailbox.Mailbox[*engine.ChangeRequest]
	arrivals  *mailbox.Mailbox[*engine.Arrival]
	taken     *mailbox.Mailbox[engine.Taken]
	received  *mailbox.Mailbox[engine.Received]
	durable   durable       // the log writer's
	appended  atomic.Uint64 // highest durable operation
	written   atomic.Uint64 // last index in history
	handOver  atomic.Bool   // asked for
	takeOver  atomic.Bool   // asked for

	leasedReads atomic.Uint64 // answered by a lease

	tellAll        atomic.Bool  // asked for
	lentBytes      atomic.Int64 // history that is there for followers alone
	fetchedBytes   atomic.Int64 // of the file that is being fetched
	retired        atomic.Bool
	snapshotsAsked atomic.Uint64 // how often: see SnapshotUnderway

	appends *mailbox.Mailbox[raft.AppendOperation]
	work    *mailbox.Mailbox[engine.Work]
	fill    *mailbox.Mailbox[[]raftlog.Entry]
	fetch   *mailbox.Mailbox[raft.FetchRequest]
	frozen  *mailbox.Mailbox[engine.Frozen]
	files   *mailbox.Mailbox[fileRequest]
	garbage *mailbox.Mailbox[[]raftlog.SnapshotMark] // what is to be kept
	trim    atomic.Uint64                            // the first entry of history that is to be kept
	own     atomic.Uint64                            // the first one that this node itself needs
	// diskLock is held by what writes the journal, applyLock by what applies: the pump whose work it is, or the loop.
	// writing and applying count what the pumps have of it.
	diskLock, applyLock sync.Mutex
	writing, applying   atomic.Int64
	disk                pace
	sealing             atomic.Bool             // asked for
	unsealed            atomic.Bool             // a group of a loop that went on without it has no seal behind it
	group               []raftlog.Operation     // of the journal's writer
	last                raftlog.OperationNumber // that was made durable; of the journal's writer
	rounds              rounds
	answered            atomic.Int64 // batches that ended since the loop looked
	// endFetch gives up the fetch of a file that was asked for last; it is the loop's.
	endFetch context.CancelFunc

	// undecided spaces the lines about states that differ; it is the loop's.
	undecided repeats

	// began is when the runner did; given and synced are when entries were given to the log writer, and durable.
	began         time.Time
	given, synced marks

	status   atomic.Pointer[engine.Status]
	context  context.Context // ends with stopping
	cancel   context.CancelFunc
	stopping chan struct{}
	stop     sync.Once
	failure  atomic.Pointer[error]
	running  sync.WaitGroup
	closing  sync.Once
	closed   error // what closing the log said
}

// Start runs an engine and its applier, which the caller must not touch any more.
func Start(e *engine.Engine, a *engine.Applier, effects Effects) *Runner {
	r := &Runner{
		engine: e, applier: a, effects: effects,
		wake:      make(chan struct{}, 1),
		messages:  mailbox.New[engine.Message](cmp.Or(effects.PeerBytes, defaultPeerBytes)),
		forwards:  mailbox.New[engine.Message](cmp.Or(effects.PeerBytes, defaultPeerBytes)),
		batches:   mailbox.New[*engine.Batch](cmp.Or(effects.SubmittedBytes, defaultSubmittedBytes)),
		reads:     mailbox.New[*engine.Read](cmp.Or(effects.SubmittedReads, defaultSubmittedReads)),
		left:      mailbox.New[*engine.Batch](completions),
		leftReads: mailbox.New[*engine.Read](completions),
		applied:   mailbox.New[engine.Applied](completions),
		fetched:   mailbox.New[engine.Fetched](completions),
		linksUp:   mailbox.New[raftlog.NodeID](completions),
		gone:      mailbox.New[engine.Gone](submittedRequests),
		changes:   mailbox.New[*engine.ChangeRequest](submittedRequests),
		arrivals:  mailbox.New[*engine.Arrival](submittedRequests),
		appends:   mailbox.New[raft.AppendOperation](completions),
		work:      mailbox.New[engine.Work](completions),
		fill:      mailbox.New[[]raftlog.Entry](completions),
		fetch:     mailbox.New[raft.FetchRequest](completions),
		taken:     mailbox.New[engine.Taken](completions),
		received:  mailbox.New[engine.Received](completions),
		frozen:    mailbox.New[engine.Frozen](completions),
		files:     mailbox.New[fileRequest](completions),
		garbage:   mailbox.New[[]raftlog.SnapshotMark](completions),
		endFetch:  func() {},
		began:     time.Now(),
		rounds:    newRounds(time.Now()),
		stopping:  make(chan struct{}),
	}
	r.context, r.cancel = context.WithCancel(context.Background())
	r.shareWake()
	r.publishStatus()
	s := r.Status()
	r.durable.publish(s.Term, raftlog.Mark{Term: s.DurableTerm, Index: s.Durable})
	if c := e.Core().Configuration(); c != nil {
		effects.Transport.SetPeers(c.Members)
	}
	if effects.Reactor != nil {
		effects.Reactor.Attach(r)
	} else {
		r.running.Go(r.loop)
	}
	for _, pump := range []func(){
		r.writeLog, r.apply, r.fillHistory, r.fetchEntries, r.takeSnapshots, r.fetchFiles, r.removeGarbage,
	} {
		r.running.Go(pump)
	}
	return r
}

// shareWake lets all mailboxes of the loop wake it.
func (r *Runner) shareWake() {
	for _, m := range []interface {
		Share(wake chan struct{})
		Ring(ring func())
	}{
		r.messages, r.forwards, r.batches, r.reads, r.left, r.leftReads, r.applied, r.fetched, r.taken, r.received,
		r.linksUp, r.gone, r.changes, r.arrivals,
	} {
		if m.Share(r.wake); r.effects.Reactor != nil {
			m.Ring(r.effects.Reactor.Wake)
		}
	}
}

func (r *Runner) wakeLoop() {
	if r.effects.Reactor != nil {
		r.effects.Reactor.Wake()
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Submit gives a batch to the node. It never blocks; b.Wake is called when the batch ended, which may be before Submit
// returns. A runner that stopped refuses.
func (r *Runner) Submit(b *engine.Batch) {
	if r.hasStopped() || !r.batches.Put(b, min(b.Size(), submittedBatchBytes)) {
		b.End(engine.Overloaded)
		b.Wake()
	}
}

// SubmitRead gives a read to the node: read.Wake is called when the state may be read.
func (r *Runner) SubmitRead(read *engine.Read) {
	if r.hasStopped() || !r.reads.Put(read, 1) {
		read.End(engine.Overloaded)
		read.Wake()
	}
}

// SubmitChange gives a request to the node. It never blocks; r.Wake is called when the request was answered.
func (r *Runner) SubmitChange(request *engine.ChangeRequest) {
	if r.hasStopped() || !r.changes.Put(request, 1) {
		request.Err = engine.ErrStopped
		request.Wake()
	}
}

// SubmitArrival is SubmitChange for a member that introduces itself.
func (r *Runner) SubmitArrival(a *engine.Arrival) {
	if r.hasStopped() || !r.arrivals.Put(a, 1) {
		a.Err = engine.ErrStopped
		a.Wake()
	}
}

// Leave tells that the client of a batch is gone. The batch still ends: as NotDone if it was never sent.
func (r *Runner) Leave(b *engine.Batch) { r.left.Force(b, 1) }

// LeaveRead is Leave for a read.
func (r *Runner) LeaveRead(read *engine.Read) { r.leftReads.Force(read, 1) }

// View calls f with the machine under the read lock. f must not keep the machine, and should be short: it holds up the
// applier. If there is no state that may be shown, View returns why, at once, and does not call f: ErrRestoring, or
// what Err returns.
func (r *Runner) View(f func(engine.StateMachine)) error {
	r.machineLock.RLock()
	defer r.machineLock.RUnlock()
	if err := r.failure.Load(); err != nil {
		return *err
	}
	if r.hidden != nil {
		return r.hidden
	}
	if r.status.Load().Quarantine.On() {
		return ErrQuarantined
	}
	f(r.effects.Machine)
	return nil
}

// hide keeps views away from the machine, for why; nil lets them in again.
func (r *Runner) hide(why error) {
	r.machineLock.Lock()
	defer r.machineLock.Unlock()
	if r.hidden = why; guard.Down(guard.HalfAStateIsHidden) {
		r.hidden = nil
	}
}

// Receive takes messages from a peer; it never blocks. It drops messages without room: Raft sends them again. When it
// drops batches it resets the connection, so that their origin sends them again.
func (r *Runner) Receive(from raftlog.NodeID, messages []engine.Message) {
	for i := range messages {
		m := &messages[i]
		if m.Own == engine.Forward {
			if !r.forwards.PutOf(uint64(from), *m, messageBytes(m)) {
				r.effects.Transport.Reset(from)
				return
			}
			continue
		}
		r.messages.PutOf(uint64(from), *m, messageBytes(m))
	}
}

func messageBytes(m *engine.Message) int {
	bytes := 64 + 8*len(m.Absent) + 24*len(m.Confirmed) + len(m.Notice)
	for i := range m.Entries {
		bytes += m.Entries[i].Size()
	}
	for i := range m.Batches {
		bytes += raftlog.EntryHeaderBytes + len(m.Batches[i].Body)
	}
	if m.Snapshot != nil {
		bytes += len(m.Snapshot.Configuration)
	}
	return bytes
}

// LinkUp tells that a connection to a peer was made.
func (r *Runner) LinkUp(to raftlog.NodeID) { r.linksUp.Force(to, 1) }

// Gone tells that a process of another node seems to have ended. All that came from it was given to Receive before. A
// word that finds no room is lost: it is said again.
func (r *Runner) Gone(g engine.Gone) { r.gone.Put(g, 1) }

// HandOver asks the node to give leadership away, if it leads: to the voter that is up and has the longest log; if that
// one does not take over within an election timeout, to the next, until each was tried once. It does not block; Status
// shows the result. While the leader waits for a voter it appends nothing, and what clients sent waits.
func (r *Runner) HandOver() {
	r.handOver.Store(true)
	r.wakeLoop()
}

// TakeOver asks the leader, if one is known and it is another node, to hand leadership to this node. It does not block,
// and the request may be lost.
func (r *Runner) TakeOver() {
	r.takeOver.Store(true)
	r.wakeLoop()
}

// Status is the node's state as of its last turn.
func (r *Runner) Status() *engine.Status { return r.status.Load() }

// LeasedReads counts the reads that a lease answered: see engine.Engine.LeasedReads.
func (r *Runner) LeasedReads() uint64 { return r.leasedReads.Load() }

// Err is why the runner stopped by itself, nil if it did not.
func (r *Runner) Err() error {
	if err := r.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Stopped is closed when the runner stops, by Close or by a failure.
func (r *Runner) Stopped() <-chan struct{} { return r.stopping }

func (r *Runner) hasStopped() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}

// fail stops the node for good. Nothing is acknowledged after it. Work that ended because the node stops has not
// failed.
func (r *Runner) fail(err error) {
	if errors.Is(err, engine.ErrStopped) {
		return
	}
	if r.failure.CompareAndSwap(nil, &err) {
		r.halt()
		r.effects.Fatal(err)
	}
}

// halt tells all goroutines to end.
func (r *Runner) halt() {
	r.stop.Do(func() {
		close(r.stopping)
		r.cancel()
	})
}

// Close stops all goroutines and ends everything that waits: batches that were never sent as NotDone, the others as
// Unknown. It closes the log, and returns its error, and why the runner stopped by itself if it did. A second call
// changes nothing.
func (r *Runner) Close() error {
	r.halt()
	if r.effects.Reactor != nil {
		r.effects.Reactor.Detach()
	}
	r.running.Wait()
	r.closing.Do(func() {
		r.awaitInline()
		r.endAll()
		r.releaseImages()
		r.closed = errors.Join(r.Err(), r.closeLog())
	})
	return r.closed
}

// closeLog seals the log first, so that damage to its last group while the node is at rest cannot pass for a torn
// write. A log that failed is not touched any more.
func (r *Runner) closeLog() error {
	var err error
	if r.Err() == nil {
		err = r.effects.Log.Seal()
	}
	return errors.Join(err, r.effects.Log.Close())
}

// endAll runs when nothing else does.
func (r *Runner) endAll() {
	var batches []*engine.Batch
	for _, w := range r.work.Close() {
		for _, s := range w.Sent {
			s.Batch.End(engine.Unknown)
			batches = append(batches, s.Batch)
		}
	}
	batches = append(batches, r.applier.AbandonAll()...)
	var notDone []*engine.Batch
	for _, a := range r.applied.Close() {
		notDone = append(notDone, a.NotDone...)
	}
	notDone = append(notDone, r.batches.Close()...)
	for _, b := range append(notDone, r.engine.Waiting()...) {
		b.End(engine.NotDone)
		batches = append(batches, b)
	}
	for _, b := range batches {
		b.Wake()
	}
	for _, read := range append(r.reads.Close(), r.engine.AllReads()...) {
		read.End(engine.NotDone)
		read.Wake()
	}
	for _, request := range r.changes.Close() {
		request.Err = engine.ErrStopped
		request.Wake()
	}
	for _, a := range r.arrivals.Close() {
		a.Err = engine.ErrStopped
		a.Wake()
	}
}
