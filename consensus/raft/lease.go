package raft

import (
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Reads without a round (thesis section 6.4.1), where Options.LeaseMillis asks for them. Everything else that this
// package does is right whatever clocks do. This rests on one assumption: no node's elapsed clock is a ninth too fast
// or too slow, so that any two run at rates whose ratio is below 10 : 8.
//
//	leader   epoch 7 begins at 1000 ─────────────────────── lease ──────────────── ends at 1000 + leaseMillis
//	               │ carries 7                  ▲ 7, promised
//	voter          └────────► hears at 1000.2 ──┘─────────────── keeps its promise ────────────── for LeaseMillis
//
// A voter that echoes an epoch promises, in the same message, to help no other node to lead for LeaseMillis of its own
// clock. The leader's lease begins when the epoch did that a quorum has promised, which is before any of them heard of
// it, and is shorter than the promises by a fifth. So while it lasts no other node can have been elected: a quorum
// that elects has a member in common with the one that promised. docs/decisions/0077 has the proof, step by step, and
// what each of these rules keeps away:
//
//   - A promise outlives what becomes of the term and the leader (promisedUntil).
//   - It outlives the process: its directory knows what an earlier one may have promised (Restored.PromisedMillis).
//   - A leader that tells another voter to campaign releases the voters from their promises. It has no lease from the
//     beginning of the hand-over on, until an entry behind it is committed (released).
//   - A leader whose configuration changes has no lease until a quorum of the new one has promised.
type lease struct {
	// rounds are the epochs that no quorum has promised yet, in order, as far as there is room: a later one stands for
	// those before it.
	rounds [leaseRounds]leaseRound
	count  int
	// since is when the newest epoch began that a quorum has promised; 0 if there is none.
	since raftlog.Stamp
	// released is the end of the log at which a voter was last told to campaign; 0 if none was in this term.
	released raftlog.Index
}

// leaseRounds is how many epochs are remembered for a lease. There is one per heartbeat, and one per turn with reads
// while there is no lease.
const leaseRounds = 8

// leaseRound is an epoch and when it began.
type leaseRound struct {
	epoch Epoch
	at    raftlog.Stamp
}

// A clock is less than one part in ratePart too fast or too slow: in the time in which the fastest one shows ratePart+1
// parts, the slowest shows ratePart-1. Time services speed clocks up and slow them down by up to a tenth (adjtimex),
// and two at once may go in opposite directions.
const ratePart = 9

// leaseMillis is how long a lease lasts by the leader's clock, where promises last for LeaseMillis by the voters'. A
// promise of whole milliseconds may end almost one early.
func (r *Raft) leaseMillis() raftlog.Stamp {
	if r.down(guard.LeaseIsShorter) {
		return r.options.LeaseMillis
	}
	return (r.options.LeaseMillis - 1) * (ratePart - 1) / (ratePart + 1)
}

// Lease reports whether this leader's reads may be answered at once, from a state that contains index: those that came
// in before the clock of this turn was read.
func (r *Raft) Lease() (index raftlog.Index, ok bool) {
	l := &r.lease
	switch {
	case r.options.LeaseMillis == 0 || r.role != Leader || l.since == 0:
		return 0, false
	case r.commit < r.noOp: // what earlier leaders committed is not known yet
		return 0, false
	case r.quarantine.On():
		return 0, false
	case (r.transferee != 0 || r.commit <= l.released) && !r.down(guard.HandOverEndsLease):
		return 0, false
	case r.clock.Elapsed-l.since >= r.leaseMillis():
		return 0, false
	}
	return r.commit, true
}

// LeaseWaits reports whether the lease comes back only behind an entry that no client may ask for: see release.
func (r *Raft) LeaseWaits() bool {
	return r.role == Leader && r.transferee == 0 && r.lease.released != 0 && r.lease.released == r.log.last().Index
}

// beginLeaseRound begins an epoch with a heartbeat.
func (r *Raft) beginLeaseRound() {
	if r.options.LeaseMillis > 0 {
		r.epoch++
		r.noteLeaseRound()
		r.confirm()
	}
}

// noteLeaseRound remembers when the newest epoch began. No message that carries it has left yet.
func (r *Raft) noteLeaseRound() {
	if l := &r.lease; r.options.LeaseMillis > 0 && l.count < leaseRounds {
		l.rounds[l.count] = leaseRound{epoch: r.epoch, at: r.clock.Elapsed}
		l.count++
	}
}

// notePromise notes what a voter has promised. One that promises less than this leader rests on counts as one that
// promises nothing.
func (r *Raft) notePromise(p *progress, m *Message) {
	if r.options.LeaseMillis == 0 || m.PromiseMillis < r.options.LeaseMillis && !r.down(guard.ShortPromises) {
		return
	}
	p.promised = max(p.promised, m.Epoch)
	l := &r.lease
	reached, n := quorum.Reached(r.deciders(), r.promisedOf), 0
	for n < l.count && l.rounds[n].epoch <= reached {
		l.since = l.rounds[n].at
		if r.down(guard.LeaseFromSending) {
			l.since = r.clock.Elapsed
		}
		n++
	}
	l.count = copy(l.rounds[:], l.rounds[n:l.count])
}

func (r *Raft) promisedOf(id raftlog.NodeID) Epoch {
	if id == r.options.ID {
		return r.epoch
	}
	if p := r.peer(id); p != nil {
		return p.promised
	}
	return 0
}

// endLease forgets what was promised, for the configuration in force is another one:
//
//  1. {1,2,3} has promised node 1 a lease. Node 1 takes the steps to {1,4,5}, which 4 and 5 commit: a moment.
//  2. Nodes 4 and 5 lose node 1, and elect node 4. They have promised nothing.
func (r *Raft) endLease() {
	if !r.down(guard.LeaseOfConfiguration) {
		r.lease.since, r.lease.count = 0, 0
	}
}

// release notes that a voter is told to campaign. The word may arrive long after the hand-over was given up, or the
// candidate's requests may, and voters keep no promise against them. But they carry the end of the log as it is now:
// when an entry behind it is committed, a quorum refuses them for that.
func (r *Raft) release() {
	if r.options.LeaseMillis > 0 {
		r.lease.released = r.log.last().Index
	}
}

// promiseLeader promises to keep away from elections, from now on, and returns for how long.
func (r *Raft) promiseLeader() raftlog.Stamp {
	if r.options.LeaseMillis > 0 {
		r.promisedUntil = max(r.promisedUntil, r.clock.Elapsed+r.options.LeaseMillis)
	}
	return r.options.LeaseMillis
}

// isBound reports whether this node has promised to help no other one to lead, and neither to campaign.
func (r *Raft) isBound() bool {
	forgets := r.down(guard.PromisesKept) || r.suspicion.of != 0 && r.down(guard.PromisesOutliveSuspicion)
	return r.clock.Elapsed < r.promisedUntil && !forgets
}

// recallPromise has the first turn of a process keep what an earlier one may have promised just before it ended.
func (r *Raft) recallPromise() {
	if !r.down(guard.PromisesOutliveRestarts) {
		r.promisedUntil = r.clock.Elapsed + r.promisedBefore
	}
	r.promisedBefore = 0
}
