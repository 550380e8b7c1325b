package sim

import (
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// life is one process of a node: the engine, and in place of its goroutines the events that this file and effects.go
// plan.
type life struct {
	*node
	boot    raftlog.Boot
	runs    uint8 // the feature level of its build
	dead    bool
	engine  *engine.Engine
	applier *engine.Applier
	machine machine
	journal *journal.Journal
	// state is what the checkers know of the machine's state, quarantine that of the engine after the last turn, namedBy
	// the operation that carries it.
	state      *condition
	quarantine raftlog.Quarantine
	namedBy    raftlog.OperationNumber
	// pausedUntil: nothing in this process moves before.
	pausedUntil time.Duration

	in       engine.Inputs
	out      engine.Outputs
	forwards []engine.Message
	// counted is the moment up to which ticks were counted.
	counted time.Duration
	planned bool // a turn
	// leased counts reads that a lease has answered.
	leased uint64
	// log is the log as the engine has it, durable or not.
	log mirror
	// role, term and commit are those after the last turn.
	role   raft.Role
	term   raftlog.Term
	commit raftlog.Index
	// inForce is the configuration by which the next turn decides, inForceSince the index of its entry.
	inForce      *membership.Configuration
	inForceSince raftlog.Index

	// acts are what the process does all the time.
	acts acts

	effects
	snapshotEffects
	contacts
	// serving are the requests of clients that wait here.
	serving []*request
}

// acts are functions that are made once in a life, not once for each event.
type acts struct{ turn, write, finishGroup, applyNext func() }

func (l *life) makeActs() {
	l.acts = acts{
		turn:        l.turn,
		write:       func() { l.onDisk(l.acts.finishGroup) },
		finishGroup: l.finishGroup,
		applyNext:   l.applyDue,
	}
}

func newLife(n *node, j *journal.Journal, r *journal.Recovered) (*life, error) {
	w := n.w
	o := w.options.Engine
	o.ID, o.Boot, o.Weakened = n.id, raftlog.Boot(w.chance.Uint64()|1), w.options.Weakened
	o.Seed = w.chance.Uint64()
	o.LeaseMillis = n.drawPromise()
	if n.build > 0 {
		o.Level = n.build
	}
	if w.options.SameSeeds {
		o.Seed = 42
	}
	restored := raft.Restored{
		Term: r.Term, Vote: r.Vote, Floor: r.Checkpoint, ConfigurationIndex: r.ConfigurationIndex,
		Entries: r.Entries, FloorTime: r.CheckpointTime,
	}
	if r.ConfigurationIndex > 0 {
		c, err := membership.Decode(r.ConfigurationBody)
		if err != nil {
			return nil, err
		}
		restored.Configuration = c
	}
	restored.Snapshot, restored.Retained, restored.Quarantine = r.Snapshot, r.Retained, r.Quarantine
	l := &life{node: n, boot: o.Boot, runs: o.Level, journal: j, log: n.stable.log.clone(), term: r.Term}
	l.makeActs()
	l.state = &condition{}
	l.machine = machine{
		StateMachine: w.options.Workload.NewMachine(), node: n, level: o.Level, state: l.state, offset: new(pendingOffset),
	}
	l.quarantine = r.Quarantine
	store, base, err := n.openSnapshots(&r.Opening, l.machine)
	if err != nil {
		return nil, err
	}
	if base.Mark.Index > 0 {
		if err := base.Check(o.Level); err != nil {
			return nil, err
		}
	}
	l.store = store
	restored.Part, restored.PromisedMillis = n.part, l.promise(o.LeaseMillis)
	e, err := engine.New(o, restored, base.Mark.Index)
	if err != nil {
		return nil, err
	}
	l.engine, l.applier = e, engine.NewApplier(o, l.machine, base)
	l.commit, l.counted = e.Core().Commit(), w.now
	l.inForce, l.inForceSince = e.Core().Configuration(), e.Core().ConfigurationIndex()
	return l, nil
}

// begin lets the process run.
func (l *life) begin() {
	var tick func()
	tick = func() {
		l.wake()
		l.do(l.node.tick+l.w.chance.between(0, l.w.options.Clock.Jitter), tick)
	}
	l.do(l.w.chance.between(0, l.node.tick), tick)
}

// do lets the process do something after a while: never if it is dead by then, later if it is paused.
func (l *life) do(delay time.Duration, act func()) { l.w.plan(l.w.now+delay, deed{act: act, life: l}) }

// undergo is the moment at which the process does what was planned.
func (l *life) undergo(act func()) {
	switch {
	case l.dead:
	case l.w.now < l.pausedUntil:
		l.do(l.pausedUntil-l.w.now, act)
	default:
		act()
	}
}

// wake plans a turn, if none is planned. The turn takes everything that arrives until then.
func (l *life) wake() {
	if l.planned {
		return
	}
	l.planned = true
	delay := l.w.chance.between(time.Microsecond, 60*time.Microsecond)
	if k := &l.w.options.Clock; !l.w.calm && l.w.chance.hits(k.LateShare) {
		delay = l.w.chance.between(0, k.Late)
	}
	l.do(delay, l.acts.turn)
}

// receive takes a message from the network into the mailbox, if there is room. For forwarded batches lack of room means
// that the connection is closed: their order must not have holes.
func (l *life) receive(m *engine.Message) {
	o := &l.w.options.Network
	switch {
	case m.Own == engine.Forward && len(l.forwards) >= o.MailboxForwards:
		l.w.tell(l.id, "mailbox for forwards is full")
		l.w.net.closeLink(m.From, l.id)
		return
	case m.Own == engine.Forward:
		l.forwards = append(l.forwards, *m)
	case len(l.in.Messages) >= o.MailboxMessages:
		return
	default:
		l.in.Messages = append(l.in.Messages, *m)
	}
	l.wake()
}

func (l *life) linkUp(to raftlog.NodeID) {
	l.in.LinksUp = append(l.in.LinksUp, to)
	l.wake()
}

// turn runs one turn of the engine on everything that arrived.
func (l *life) turn() {
	l.planned = false
	w, in, out := l.w, &l.in, &l.out
	w.counts.Turns++
	in.Ticks = l.passed()
	in.Now, in.Elapsed = l.clock(), l.elapsed()
	in.LentBytes = l.lentBytes
	in.Messages = append(in.Messages, l.forwards...)
	clear(l.forwards)
	l.forwards = l.forwards[:0]
	l.engine.Turn(in, out)
	in.Reset()
	w.counts.Leased += int(l.engine.LeasedReads() - l.leased)
	l.leased = l.engine.LeasedReads()
	core := l.engine.Core()
	w.trace.note(w.now, noteTurn, l.id, uint64(core.Term())<<8|uint64(core.Role()), uint64(core.Commit()))
	if out.Fatal != nil {
		w.fail("fatal", "n%d: %v", l.id, out.Fatal)
	}
	for i := range out.Appends {
		if s := out.Appends[i].Switch; s != nil && s.Restart {
			l.log = w.checker.upTo(s.Snapshot.Mark)
		}
		if !l.log.add(out.Appends[i].Entries) {
			w.fail("log", "n%d: operation %s leaves a gap", l.id, describeOperation(&out.Appends[i]))
		}
	}
	if w.options.moves() {
		l.configureBook()
	}
	w.checker.afterTurn(l)
	l.handOut()
}

// passed counts the whole ticks since they were last counted, as the product's loop does: of a long time only a
// heartbeat's worth.
func (l *life) passed() int {
	ticks := int((l.w.now - l.counted) / l.node.tick)
	if limit := l.w.options.Engine.HeartbeatTicks; ticks > limit {
		l.counted = l.w.now
		return limit
	}
	l.counted += time.Duration(ticks) * l.node.tick
	return ticks
}

// handOut gives each part of a turn's outputs to its effect. The applier comes before the network: a batch is
// registered before any node can answer it.
func (l *life) handOut() {
	out := &l.out
	if !out.Work.Empty() {
		l.takeWork(out.Work)
	}
	l.takeOperations(out.Appends)
	l.send(out.Messages)
	if len(out.Fill) > 0 {
		l.takeFill(out.Fill)
	}
	for _, f := range out.Fetch {
		l.takeFetch(f)
	}
	l.handOutSnapshots()
	for _, from := range out.Reset {
		l.w.tell(l.id, "reset    the stream of n%d", from)
		l.w.net.closeLink(from, l.id)
	}
	for _, b := range out.Ended {
		b.Wake()
	}
	for _, r := range out.EndedReads {
		r.Wake()
	}
	for _, r := range out.EndedChanges {
		r.Wake()
	}
	for _, a := range out.EndedArrivals {
		a.Wake()
	}
	if out.Again {
		l.wake()
	}
}

// handOutSnapshots gives out what concerns snapshots.
func (l *life) handOutSnapshots() {
	out := &l.out
	if out.StopInstall && l.transfer != nil {
		l.transfer.stopped = true
	}
	if out.Install != nil {
		l.takeInstall(out.Install)
	}
	if out.Retain != nil {
		l.takeGarbage(out.Retain)
	}
	if out.Trim != 0 {
		l.takeTrim(out.Trim, out.Own)
	}
}

func (l *life) send(messages []engine.Message) {
	l.w.counts.Messages += len(messages)
	for i := range messages {
		l.w.checker.leaves(l, &messages[i].Message)
	}
	l.w.net.send(messages)
}
