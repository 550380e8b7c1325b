package resp

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/stepwise"
	"github.com/raftredis/raftredis/resp/topology"
)

// Store is what the server asks of the replicated state machine behind it. All methods may be called from many
// goroutines at once, and none of them waits for another node or for a disk.
type Store interface {
	// Write submits a run with at least one write. The store answers by one call of r.Complete, at once or later, from
	// any goroutine. With Done it has before appended the replies of all calls to r.Run.Reply, each read answered at its
	// place among the writes; with any other outcome Reply is not looked at. r.Body is the body of the log entry and the
	// store's for ever; r.Run is the store's until it calls Complete.
	Write(r *Request)
	// Read submits a run of reads only. The store answers by one call of r.Complete; Done means that its state is now
	// recent enough that executing the run from it is linearizable. The connection then calls View.
	Read(r *Request)
	// View executes a run of reads from the present state under the store's read lock and appends all replies to
	// r.Run.Reply, or those to its first calls if they are long: then r.Run.Left says how many calls are left. Long values
	// may be left to r.Run.Long, which the connection joins. False means that the state has to move on first (a deadline
	// has passed that it does not know of yet, or another state is taking its place): Reply is not looked at, and the
	// connection submits the run again by Read. A run with r.Stale set comes here without a Read before it: any state
	// will do.
	View(r *Request) bool
	// Settled reports whether RAFT.ONCE will never execute a sequence from now on: it was executed, say. The store looks
	// into its present state under the read lock. False says nothing, for that state may be old.
	Settled(session, sequence uint64) bool
	// Weigh is how much work it is to go through the value at a key of a database: see command.Stored. It looks into the
	// present state under the read lock: by that a connection estimates what its writes cost, and that state may be old.
	Weigh(database int, key []byte) int
	// Abandon says that the client of a submitted request has gone: if no part was sent or appended yet, it is
	// dropped and completed with NotDone; otherwise nothing changes. It may come after Complete was called. Complete is
	// called once in any case.
	Abandon(r *Request)
	// Phases says where the time went of a request that ended as Done and was submitted by Write or Read. It is asked
	// once at most, behind Complete, and only of what took long.
	Phases(r *Request) Phases
}

// Phases are parts of the time between the submission of a run and now. The rest of that time came before them.
type Phases struct {
	// Disk is how long the node's own disk took, Replicate what else it took until a majority of disks had the run's
	// writes; of a run of reads, Replicate is the confirmation that the state is recent, and Disk is 0.
	Disk, Replicate time.Duration
	// Apply is the time until the run was executed, Reply what has passed since.
	Apply, Reply time.Duration
}

// Outcome is how a run ended. Each is said to the client in words that make its library do the right thing: the
// prefixes that libraries answer by sending the command again stand only where nothing was done.
type Outcome uint8

const (
	// Done: all calls were executed, all writes are durable on a majority.
	Done Outcome = iota
	// NotDone: no call was executed, and none will be. The client is told CLUSTERDOWN and may send it again.
	NotDone
	// Uncertain: the writes may have been executed, or may yet be. The client is told UNCERTAIN, which no library
	// retries.
	Uncertain
	// Overloaded: as NotDone, because the node has too much in hand. The client is told TRYAGAIN.
	Overloaded
	outcomes
)

var outcomeTexts = [outcomes]string{
	NotDone: "CLUSTERDOWN The command was not executed: no leader took it in time",
	Uncertain: "UNCERTAIN The command may or may not have been executed: this node does not know. " +
		"Look whether it was before you send it again",
	Overloaded: "TRYAGAIN The command was not executed: the node has too much in hand",
}

// String names the outcome.
func (o Outcome) String() string {
	return [...]string{"done", "not done", "uncertain", "overloaded"}[o]
}

// Request is one run on its way through the store. A connection has one and uses it again when it is answered.
type Request struct {
	// Run holds the calls; its arguments alias the connection's buffer and are valid until Complete.
	Run command.Run
	// Body is the body of the log entry: the run's writes in order, in the encoding of package argv. Nil for a run of
	// reads. It belongs to the store.
	Body []byte

	// Stale says that the run is to be viewed in whatever state there is: its client asked for that: see Conn.mayReadOld.
	Stale bool

	// Ticket is the store's own: what it has to remember of the request between its calls. The server never looks at
	// it, and calls Write, Read, View and Abandon for one request from one goroutine at a time.
	Ticket any

	// outcome is how it ended last.
	outcome Outcome
	// state is idle, waiting or, above that, waiting+1+outcome. Only Complete moves it away from waiting.
	state atomic.Uint32
	// wake makes the owner of the connection call Advance. It never blocks and may be called when there is nothing new.
	wake func()
}

const (
	idle uint32 = iota
	waiting
)

// Complete ends the request. It is called exactly once for each Write and Read, by any goroutine, and does not block;
// the store must not touch the request afterwards. A second call panics.
func (r *Request) Complete(outcome Outcome) {
	wake := r.wake // the request may be submitted again as soon as the state has changed
	if outcome >= outcomes || !r.state.CompareAndSwap(waiting, waiting+1+uint32(outcome)) {
		panic(fmt.Sprintf("resp: request completed twice, or with no outcome (%d)", outcome))
	}
	wake()
}

// begin makes the request wait for its completion.
func (r *Request) begin() {
	if !r.state.CompareAndSwap(idle, waiting) {
		panic("resp: a request was submitted before the last one was answered")
	}
}

// completed reports whether the request is answered.
func (r *Request) completed() bool { return r.state.Load() > waiting }

// end returns the outcome of a completed request and makes it ready for the next one.
func (r *Request) end() Outcome {
	state := r.state.Swap(idle)
	if state <= waiting {
		panic("resp: a request ended before it was completed")
	}
	r.outcome = Outcome(state - waiting - 1)
	return r.outcome
}

// refusalPrefix begins what a node answers that takes no part in a cluster.
const refusalPrefix = "CLUSTERDOWN The command was not executed: "

// What is said instead of the text of NotDone by a node that is no member any more, or none yet.
const (
	removedText = refusalPrefix + "this node was removed from its cluster"
	blankText   = refusalPrefix + "this node belongs to no cluster yet"
)

// notDoneText is what a run is answered that was not done by a member, or by a node that is none yet.
func (s *Server) notDoneText(state topology.State) string {
	if s.loading.Load() {
		return reply.Loading
	}
	why := s.node.Leader().Refusal
	switch {
	case why != "":
		return refusalPrefix + why
	case state == topology.Removed:
		return removedText
	case state.Blank():
		return blankText
	}
	return outcomeTexts[NotDone]
}

// refuse appends the same error for every call of the run; calls that needed no state keep their replies.
func refuse(dst []byte, calls []command.Call, text string) []byte {
	for i := range calls {
		if calls[i].Spec == nil {
			dst = stepwise.Append(dst, calls[i].Fixed)
		} else {
			dst = reply.Error(dst, text)
		}
	}
	return dst
}
