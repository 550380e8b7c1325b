package raft

import (
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// disk is what the core knows of the node's durable state: append operations leave through Ready, in order, and come
// back through Appended.
//
// The danger is a completion that is believed too much (B7):
//
//  1. Entries 5 and 6 of term 1 leave with operation 8.
//  2. A new leader replaces 5 and 6 by its own entries, of term 2; they leave with operation 9.
//  3. Operation 8 completes. The disk holds entries 5 and 6, but not those that the log now holds.
//
// An index alone cannot tell, nor can index and term if a third leader brings the first entries back. The cure: each
// operation in flight carries the last index up to which *the disk after it* agrees with *the log as it is now*. It is
// the log's last index when the operation leaves, and every truncation lowers it in all operations in flight.
type disk struct {
	// handed is what all operations that left add up to: the number of the last one, its term and vote, and the last
	// index in step with the log.
	handed flight
	// done is the same for the operations that completed.
	done flight
	// flying are the operations between done and handed; handed is the last of them.
	flying []flight
	// promised are the promises that left with operations in flight, the newest of each sort: see promises.
	promised []promised
	// waited counts the ticks since the disk last completed something while operations were on their way, or since one
	// left for an idle disk; waitedBefore is what it was when the last one completed.
	waited       int
	waitedBefore int
}

// flight is one operation on its way to the disk.
type flight struct {
	number raftlog.OperationNumber
	term   raftlog.Term
	vote   raftlog.NodeID
	// last: the disk after this operation agrees with the log up to here.
	last raftlog.Index
	// snapshot is the one in force after this operation, retained the one before it; nil when there is none.
	snapshot, retained *raftlog.SnapshotMark
}

// promised is a message that leaves when an operation is durable.
type promised struct {
	with    raftlog.OperationNumber
	message Message
}

// maxFlyingOperations bounds the operations on their way to the disk. Beyond it nothing is handed out, and what the
// disk does not know grows into one operation. A disk that moves never meets it: it takes all that waits at once. While
// a disk hangs, terms and entries come and each turn would add an operation.
const maxFlyingOperations = 4096

func newDisk(restored flight) disk { return disk{handed: restored, done: restored} }

// truncated tells that the log's entries from index from on are no longer those that were handed out.
func (d *disk) truncated(from raftlog.Index) {
	d.handed.last = min(d.handed.last, from-1)
	d.done.last = min(d.done.last, from-1)
	for i := range d.flying {
		if guard.Down(guard.FlyingTruncated) {
			break
		}
		d.flying[i].last = min(d.flying[i].last, from-1)
	}
}

// hand makes the next operation leave, after which the disk holds term, vote and the log up to last, and s is in force,
// if it is not nil.
func (d *disk) hand(
	term raftlog.Term, vote raftlog.NodeID, last raftlog.Index, s *raftlog.SnapshotSwitch,
) raftlog.OperationNumber {
	d.handed.number++
	d.handed.term, d.handed.vote, d.handed.last = term, vote, last
	if s != nil {
		d.handed.snapshot, d.handed.retained = s.Snapshot, s.Retained
	}
	d.flying = append(d.flying, d.handed)
	return d.handed.number
}

// completed tells that all operations up to number are durable. The last one that did may be told again: the disk has
// done something else, and has not hung until now. Other numbers that completed before are ignored.
func (d *disk) completed(number raftlog.OperationNumber) {
	if number > d.handed.number {
		panic(fmt.Sprintf("raft: operation %d completed, the last one handed out is %d", number, d.handed.number))
	}
	n := 0
	for n < len(d.flying) && d.flying[n].number <= number {
		d.done = d.flying[n]
		n++
	}
	d.flying = append(d.flying[:0], d.flying[n:]...)
	d.promised = slices.DeleteFunc(d.promised, func(p promised) bool { return p.with <= number })
	if n > 0 || number == d.done.number && !d.idle() {
		d.waited, d.waitedBefore = 0, d.waited
	}
}

// full reports whether no more operations may leave.
func (d *disk) full() bool {
	return len(d.flying) >= maxFlyingOperations && !guard.Down(guard.FlyingBounded)
}

// carry notes the promises that leave with an operation.
func (d *disk) carry(number raftlog.OperationNumber, messages []Message) {
	for i := range messages {
		m := &messages[i]
		d.promised = slices.DeleteFunc(d.promised, func(p promised) bool { return p.message.sameUpToIndex(m) })
		d.promised = append(d.promised, promised{with: number, message: *m})
	}
}

// promises reports whether an operation in flight carries a promise that says as much as m. Without this, a leader
// whose follower's disk hangs makes it queue an operation with each heartbeat, for the sake of the same answer.
func (d *disk) promises(m *Message) bool {
	if guard.Down(guard.PromisesCoalesce) {
		return false
	}
	return slices.ContainsFunc(d.promised, func(p promised) bool {
		return p.message.sameUpToIndex(m) && p.message.Index >= m.Index
	})
}

// tick lets a unit of time pass.
func (d *disk) tick() {
	if !d.idle() {
		d.waited++
	}
}

// idle reports whether everything handed out is durable.
func (d *disk) idle() bool { return len(d.flying) == 0 }

// takeOperation fills the operation of this Ready: term, vote, entries and snapshot that the disk does not know yet,
// and the promises that rest on it.
//
// Promises may also rest on an operation that left earlier and is still in flight (an acknowledgement of entries that
// came a second time). An empty operation then carries them: operations complete in order, so what completes it has
// completed what they rest on. If nothing is in flight they need not wait at all.
//
// A disk that hangs is handed no more than maxFlyingOperations: then all of this waits for the first completion.
func (r *Raft) takeOperation(op *AppendOperation) {
	if r.disk.full() {
		*op = AppendOperation{Promises: reuse(op.Promises)}
		return
	}
	op.Promises, r.promises = r.promises, reuse(op.Promises)
	last := r.log.last().Index
	changed := r.disk.handed.term != r.term || r.disk.handed.vote != r.vote || r.disk.handed.last != last ||
		r.switching != nil || r.summoned.wantsOperation() || r.quarantineChanged
	if !changed && r.disk.idle() {
		r.messages = append(r.messages, op.Promises...)
		op.Promises = reuse(op.Promises)
	}
	if !changed && len(op.Promises) == 0 {
		*op = AppendOperation{Promises: op.Promises}
		return
	}
	from := r.disk.handed.last + 1
	if r.switching != nil && r.switching.Restart {
		from = r.switching.Snapshot.Index + 1
	}
	op.Entries = r.log.slice(from, last, maxInt)
	op.Term, op.Vote, op.Commit = r.term, r.vote, r.commit
	op.Switch, r.switching = r.switching, nil
	op.Quarantine = r.takeQuarantine()
	op.Number = r.disk.hand(r.term, r.vote, last, op.Switch)
	r.disk.carry(op.Number, op.Promises)
	if r.summoned.wantsOperation() {
		r.summoned.operation = op.Number
	}
}

// maxInt stands for no limit.
const maxInt = int(^uint(0) >> 1)

// reuse empties a slice and forgets what it pointed to.
func reuse[T any](s []T) []T {
	clear(s)
	return s[:0]
}

// Appended tells the core that all append operations up to number are durable.
func (r *Raft) Appended(number raftlog.OperationNumber) {
	r.disk.completed(number)
	switch r.role {
	case Follower:
		r.heedSummons()
	case Candidate:
		r.countOwnVote()
	case Leader:
		r.commitByCounting()
	}
	r.releaseMemory()
}

// Written tells the core that the entries up to i are in history. They may leave memory, as far as they are known here
// to be committed and durable.
func (r *Raft) Written(i raftlog.Index) {
	r.written = max(r.written, i)
	r.releaseMemory()
}

func (r *Raft) releaseMemory() {
	r.log.release(max(r.log.written, min(r.written, r.commit, r.disk.done.last)), r.useless())
	r.membership.forgetBelow(r.log.floor.Index)
}

// Applied tells the core that the entries up to i are applied here. The index goes back where the state does.
func (r *Raft) Applied(i raftlog.Index) {
	r.applied = i
	r.releaseMemory()
}

// useless is up to which entry memory is of no use for what is in history: what is applied, on a node that has no other
// one to send it to. One that joins later gets it from history.
func (r *Raft) useless() raftlog.Index {
	if r.inForce().IsAlone() {
		return r.applied
	}
	return 0
}
