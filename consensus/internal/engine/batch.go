package engine

import (
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Outcome is how a batch or a read ended.
type Outcome uint8

// The outcomes.
const (
	// Pending: it has not ended yet.
	Pending Outcome = iota
	// Done: a batch was applied and its replies are filled; a read may now be executed.
	Done
	// NotDone: it was definitely not done, and never will be; the client may send it again.
	NotDone
	// Unknown: a batch may or may not have been done, now or later. No node sends it again on the client's behalf.
	Unknown
	// Overloaded: refused at once because too much is waiting; definitely not done.
	Overloaded
)

// String is the outcome in words.
func (o Outcome) String() string {
	return [...]string{"pending", "done", "not done", "unknown", "overloaded"}[o]
}

// Batch is one run of commands on its way through the log. Its submitter fills the first group of fields, gives it
// away, and does not touch it (nor what Local points to) until Wake was called.
type Batch struct {
	// Body is the entry's body; it is immutable from here on.
	Body []byte
	// Level is the feature level a node needs to apply Body. A leader appends nothing above the level in force.
	Level uint8
	// InSession: Body is a raftlog.SessionBody. Local is then not passed on.
	InSession bool
	// Local is passed to StateMachine.Apply on this node.
	Local any
	// Wake is called once, when the batch ended. It must not block.
	Wake func()

	// Outcome and Result are set before Wake is called, and Session for a batch in a session that is Done.
	Outcome Outcome
	Result  []byte
	Session SessionOutcome

	// gone: its client left; it is dropped as soon as that is safe.
	gone bool
	// submitted is the tick of its submission. since is the tick from which its present wait counts: its submission, or
	// the proof that it was not done.
	submitted uint64
	since     uint64

	// Times belong to the pumps.
	Times Times
}

// Times says when a batch passed from one pump to the next, in nanoseconds since the node began. The owner of the batch
// sets it. All batches of a turn or of a span share one time.
type Times struct {
	// Index is the entry that carried the batch.
	Index                    raftlog.Index
	Sent, Committed, Applied int64
}

// Size is what a batch counts against limits of bytes.
func (b *Batch) Size() int { return raftlog.EntryHeaderBytes + len(b.Body) }

// End sets the outcome. The owner of the batch calls it, once.
func (b *Batch) End(o Outcome) {
	if b.Outcome != Pending {
		panic("engine: a batch ended twice: " + b.Outcome.String() + ", then " + o.String())
	}
	b.Outcome = o
}

// Read is a request to read from a state that is at least as new as any write acknowledged before.
type Read struct {
	// Wake is called once, when Outcome is set: Done means that the state may be read now. It must not block.
	Wake func()
	// Outcome and Stamp are set before Wake is called. Stamp is the leader's time at the confirmation.
	Outcome Outcome
	Stamp   raftlog.Stamp

	gone  bool
	since uint64
	// TakenAt and EndedAt belong to the pumps: when the loop took the read, and when it let it go.
	TakenAt, EndedAt int64
}

// End sets the outcome. The owner of the read calls it, once.
func (r *Read) End(o Outcome) {
	if r.Outcome != Pending {
		panic("engine: a read ended twice: " + r.Outcome.String() + ", then " + o.String())
	}
	r.Outcome = o
}

// Sent is a batch that is about to be sent, with the name under which the log may show it.
type Sent struct {
	Batch *Batch
	// Tick is when it is sent; the deadline of an unknown fate counts from here.
	Tick     uint64
	Term     raftlog.Term
	Sequence raftlog.Sequence
}
