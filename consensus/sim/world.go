package sim

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// world is one run of the simulator: a cluster, its clients, everything around them, and the checkers.
type world struct {
	schedule
	options Options
	chance  chance
	trace   trace
	net     *network
	nodes   []*node
	clients []*client
	checker *checker
	// calm: the safety phase is over, no more faults begin.
	calm   bool
	counts Counts
	// hurryUntil is until when clients ask one thing after the other.
	hurryUntil time.Duration
}

// Counts are figures of a run.
type Counts struct {
	// Turns, Messages and Groups count what the nodes did.
	Turns, Messages, Groups int
	// LeaderChanges counts leaders after the first, up to the liveness phase: that one may take the leader away.
	LeaderChanges int
	// PowerLosses and Kills count crashes, Restarts what followed.
	PowerLosses, Kills, Restarts int
	// Stops counts processes that ended in good order.
	Stops int
	// Done, NotDone, Unknown and Reads count how requests ended; NotDone those up to the liveness phase, at whose
	// beginning clients leave nodes, and take along what was not sent yet. Proposed is how often a batch was sent anew.
	Done, NotDone, Unknown, Reads int
	// Gone counts words that a process is gone, true or not, FalseWords how often they were false.
	Gone, FalseWords int
	// Leased counts reads that a lease answered.
	Leased int
	// Changes counts changes of the membership that a leader took in, Joined and Left the members that came and went.
	Changes, Joined, Left int
	// Moved counts nodes that were started at another address, Met handshakes, PlacesWritten addresses that a leader
	// wrote to the log; only where nodes move.
	Moved, Met, PlacesWritten int
	// Snapshots counts files that were taken, Installed those that took a log's place, FromSnapshots starts from one,
	// TransfersCut and Resumed transfers that broke, and those that went on where one had broken.
	Snapshots, Installed, FromSnapshots, TransfersCut, Resumed int
	// Raised is 1 if the feature level of the cluster was raised. Refused counts starts and connections that a build too
	// old for the log or the level was refused.
	Raised, Refused int
	// InPieces counts batches of several pieces that took effect, Undone last pieces whose body was not whole.
	InPieces, Undone int
	// Spoilt counts states that were spoilt, Quarantined and Healed what came of it.
	Spoilt, Quarantined, Healed int
	// Committed is the length of the committed log.
	Committed int
}

// Result is what came of a run.
type Result struct {
	Options Options
	Counts  Counts
	// Violation is nil if no rule was broken.
	Violation *Violation
	// TraceHash is the same for two runs of the same options.
	TraceHash uint64
	// Events is how many events were noted, Simulated how long the world lasted.
	Events    uint64
	Simulated time.Duration
}

// Run makes a world and lets it run to its end: faults under load, then peace and the proof that the cluster recovers,
// then the checks of the whole history.
func Run(o Options) (result Result) {
	w := newWorld(o)
	defer func() {
		if broken := recover(); broken != nil {
			result = w.result()
			result.Violation = violationOf(broken)
		}
	}()
	w.begin()
	w.run(o.Safety)
	w.settle()
	w.checker.finish()
	return w.result()
}

func newWorld(o Options) *world {
	w := &world{options: o, chance: newChance(o.Seed, 1), trace: trace{out: o.Trace}}
	w.net = newNetwork(w)
	w.checker = newChecker(w)
	for i := range o.Nodes {
		w.nodes = append(w.nodes, newNode(w, raftlog.NodeID(i+1)))
	}
	for i := range o.Clients.Count {
		w.clients = append(w.clients, newClient(w, i))
	}
	return w
}

// begin starts all nodes, then the clients and the faults.
func (w *world) begin() {
	for _, n := range w.nodes {
		n.start()
	}
	for _, c := range w.clients {
		c.begin()
	}
	w.planFaults()
}

// run lets everything happen up to a moment.
func (w *world) run(until time.Duration) {
	for w.step(until) {
	}
}

func (w *world) node(id raftlog.NodeID) *node { return w.nodes[id-1] }

func (w *world) result() Result {
	w.counts.Committed = len(w.checker.committed)
	return Result{
		Options: w.options, Counts: w.counts, TraceHash: w.trace.hash, Events: w.trace.events, Simulated: w.now,
	}
}

// violationOf makes a violation of what a run panicked with. The product panics where it finds one of its own
// invariants broken; that is a violation like those that the checkers find.
func violationOf(broken any) *Violation {
	if v, ok := broken.(*Violation); ok {
		return v
	}
	return &Violation{Rule: "panic", Text: fmt.Sprintf("%v\n%s", broken, debug.Stack())}
}
