package pump

import (
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// rounds is what the loop keeps from one turn to the next.
type rounds struct {
	in      engine.Inputs
	out     engine.Outputs
	last    time.Time // up to which ticks were counted
	elapsed stopwatch
	inline  inline
	// snapshotsAsked is how many requests for a snapshot the turns have taken.
	snapshotsAsked uint64
}

func newRounds(now time.Time) rounds { return rounds{last: now, elapsed: newStopwatch(now)} }

// loop gathers, turns, hands out. It never blocks on anything but the wait for the next input.
func (r *Runner) loop() {
	ticker := time.NewTicker(r.effects.Tick)
	defer ticker.Stop()
	for {
		select {
		case <-r.wake:
		case <-ticker.C:
		case <-r.stopping:
			return
		}
		if len(r.rounds.in.Batches)+len(r.rounds.in.Reads) > 1 {
			letClientsRun()
		}
		if !r.turn() {
			return
		}
		if r.batches.Len() > 0 && !r.holdsBatches(time.Now()) {
			r.wakeLoop() // for those that waited for the group that this turn saw committed
		}
	}
}

// turn has one turn. False: the node must not go on.
func (r *Runner) turn() bool {
	in, out := &r.rounds.in, &r.rounds.out
	in.Reset()
	now := time.Now()
	elapsed := &r.rounds.elapsed
	in.Ticks, r.rounds.last = r.ticksSince(r.rounds.last, now)
	in.Now = raftlog.Stamp(r.effects.Clock().UnixMilli())
	if !r.effects.Leases {
		in.Elapsed = elapsed.at(now) // each turn: a message that is handled before a sleep is seen would count it twice
	}
	r.gather(in)
	if r.effects.Leases {
		// A lease, and a promise, count from a moment behind all that the turn takes:
		//
		//  1. The clock is read, and the process is stopped for a second. Another node is elected.
		//  2. It goes on, gathers a read that came meanwhile, and answers it by a lease that lasted a second ago.
		in.Elapsed = elapsed.read()
	}
	r.engine.Turn(in, out)
	if r.effects.Leases {
		r.leasedReads.Store(r.engine.LeasedReads())
	}
	if out.Fatal != nil {
		r.work.Force(engine.Work{Sent: out.Work.Sent}, 1) // they never left, but Close has to end them
		wakeEnded(out)
		r.fail(out.Fatal)
		return false
	}
	r.stampOutputs(out)
	r.handOut(out)
	return true
}

// ticksSince counts the whole ticks since last. After a pause of the process (a stopped machine, a debugger) it counts
// only a heartbeat's worth: the loop has not seen yet what arrived during the pause, and a burst of ticks would make
// the node believe that all others were silent for so long.
func (r *Runner) ticksSince(last, now time.Time) (ticks int, counted time.Time) {
	ticks = int(now.Sub(last) / r.effects.Tick)
	if limit := r.engine.HeartbeatTicks(); ticks > limit {
		return limit, now
	}
	return ticks, last.Add(time.Duration(ticks) * r.effects.Tick)
}

// gather takes all that arrived.
func (r *Runner) gather(in *engine.Inputs) {
	r.gatherSnapshots(in)
	in.Gone = r.gone.Take(in.Gone)   // before messages are: those that came earlier are in them
	forwards := r.forwards.Take(nil) // a group that they begin takes all
	in.Messages = append(r.messages.Take(in.Messages), forwards...)
	if len(forwards) > 0 || !r.holdsBatches(time.Now()) {
		in.Batches = r.batches.Take(in.Batches)
		in.Left = r.left.Take(in.Left)
	}
	in.Reads = r.reads.Take(in.Reads)
	r.stampReads(in.Reads)
	in.LeftReads = r.leftReads.Take(in.LeftReads)
	in.Applied = r.applied.Take(in.Applied)
	in.Fetched = r.fetched.Take(in.Fetched)
	in.LinksUp = r.linksUp.Take(in.LinksUp)
	in.Changes = r.changes.Take(in.Changes)
	in.Arrivals = r.arrivals.Take(in.Arrivals)
	in.Appended = raftlog.OperationNumber(r.appended.Swap(0))
	in.Written = raftlog.Index(r.written.Swap(0))
	in.HandOver = r.handOver.Swap(false)
	in.TakeOver = r.takeOver.Swap(false)
}

// gatherSnapshots comes before the applier's reports are taken: the report of a freeze is made before its file.
func (r *Runner) gatherSnapshots(in *engine.Inputs) {
	for _, t := range r.taken.Take(nil) { // there is one at a time
		in.Taken = &t
	}
	for _, f := range r.received.Take(nil) {
		in.Received = &f
	}
	in.Retired = r.retired.Swap(false)
	in.LentBytes = r.lentBytes.Load()
	if r.effects.Needed != nil {
		in.Needed = r.effects.Needed()
	}
	in.FetchedBytes = r.fetchedBytes.Swap(0)
	asked := r.snapshotsAsked.Load()
	in.TakeSnapshot = asked != r.rounds.snapshotsAsked
	r.rounds.snapshotsAsked = asked
}

// handOut gives each part of the outputs to its pump. Work comes before messages: the applier knows a batch before any
// node can answer it.
func (r *Runner) handOut(out *engine.Outputs) {
	r.handWork(&out.Work)
	r.handAppends(out.Appends)
	if len(out.Messages) > 0 {
		r.effects.Transport.Send(out.Messages)
	}
	r.handFill(out.Fill)
	for _, f := range out.Fetch {
		r.fetch.Force(f, 1)
	}
	r.handOutSnapshots(out)
	for _, id := range out.Reset {
		r.effects.Transport.Reset(id)
	}
	r.publishStatus() // before those are dialled to whom this node says what it knows of them
	if out.Peers != nil {
		r.effects.Transport.SetPeers(out.Peers)
	}
	wakeEnded(out)
	if out.Again {
		r.wakeLoop()
	}
}

func (r *Runner) handOutSnapshots(out *engine.Outputs) {
	if out.StopInstall {
		r.endFetch()
	}
	if out.Install != nil {
		r.startFetch(out.Install)
	}
	if out.Retain != nil {
		r.garbage.Force(out.Retain, 1)
	}
	if out.Trim != 0 { // only the newest counts: the disk may hang for long
		r.own.Store(uint64(out.Own))
		r.trim.Store(uint64(out.Trim))
		r.garbage.Wake()
	}
}

// wakeEnded wakes the clients whose batches, reads and requests ended in this turn.
func wakeEnded(out *engine.Outputs) {
	for _, b := range out.Ended {
		b.Wake()
	}
	for _, read := range out.EndedReads {
		read.Wake()
	}
	for _, request := range out.EndedChanges {
		request.Wake()
	}
	for _, a := range out.EndedArrivals {
		a.Wake()
	}
}

// TellAll asks for a call of Effects.Changed about the whole status: the state before is nil. It does not block.
func (r *Runner) TellAll() {
	r.tellAll.Store(true)
	r.wakeLoop()
}

// publishStatus makes the state visible to other goroutines, if it changed.
func (r *Runner) publishStatus() {
	state := r.engine.State()
	if old := r.status.Load(); old == nil || old.State != state {
		now := r.engine.StatusAround(state)
		r.logChange(old, &now)
		r.status.Store(&now)
		if old != nil && r.effects.Changed != nil {
			r.effects.Changed(old, &now)
		}
	}
	if r.effects.Changed != nil && r.tellAll.Swap(false) {
		r.effects.Changed(nil, r.status.Load())
	}
}

// logChange logs what an operator wants to see: the leader, and since when.
func (r *Runner) logChange(old, now *engine.Status) {
	if now.Removed && (old == nil || !old.Removed) {
		r.effects.Logger.Warn("this node was removed from the cluster: it refuses clients, and can be stopped",
			"node", now.ID)
	}
	r.logClock(old, now)
	r.logQuarantine(old, now)
	what := "role"
	switch {
	case old == nil:
		what = "started"
	case old.Leader == now.Leader && old.Role == now.Role:
		return
	case old.Leader != now.Leader && now.Leader != 0:
		what = "leader"
	}
	r.effects.Logger.Info(what, "node", now.ID, "role", now.Role.String(), "leader", now.Leader, "term", now.Term)
}
