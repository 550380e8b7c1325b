package server

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/resp/topology"
)

// store is the node as the front end sees it. It translates, and decides nothing.
type store struct {
	node    *node
	config  *Config
	machine *machine
	relay   *relay
	changes *changes
	// alike compares settings with those of other nodes; nil in tests without any.
	alike *alike
	// own is where the node is reached, also while it is no member.
	own    topology.Own
	logger *slog.Logger
	// freezing is held by the reader that freezes the key space: one may at a time.
	freezing sync.Mutex
	// serving is set when the node has answered its first linearizable read.
	serving atomic.Bool
	// stopping is set when the node was told to stop.
	stopping atomic.Bool
	loading  loading
	stall    stall
}

func newStore(n *node, m *machine, r *relay) *store {
	s := &store{node: n, config: &Config{}, machine: m, relay: r, changes: newChanges(), logger: slog.Default()}
	s.loading.begin(time.Now())
	r.store.Store(s)
	return s
}

// submission is a request on its way through the node. A connection uses its request again, and so the submission that
// stays with it as its ticket; unless it was cancelled, for a late Cancel must not meet a younger run. The submission
// is the companion (Local) by which the state machine and Done find the run.
type submission struct {
	consensus.Request
	request   *resp.Request
	cancelled bool
	// readTime is when a run of reads was first confirmed and could not be answered, because time had to move first; 0 if
	// that did not happen.
	readTime int64
}

// submissionOf is the submission that a request has, or a new one.
func submissionOf(r *resp.Request) *submission {
	sub, again := r.Ticket.(*submission)
	if again && !sub.cancelled {
		return sub
	}
	fresh := &submission{request: r}
	fresh.Local, fresh.Done, r.Ticket = fresh, complete, fresh
	return fresh
}

// Write submits the run as a command. The state machine fills its replies.
func (s *store) Write(r *resp.Request) {
	sub := submissionOf(r)
	sub.Request.Read, sub.Body, sub.readTime = false, r.Body, 0
	s.node.Submit(&sub.Request)
}

// Read asks for a time at which the state is recent enough.
func (s *store) Read(r *resp.Request) {
	sub := submissionOf(r)
	sub.Request.Read, sub.Body = true, nil
	s.node.Submit(&sub.Request)
}

// complete tells the front end how a run ended. Only a run of reads that was confirmed is submitted again.
func complete(r *consensus.Request) {
	sub := r.Local.(*submission)
	if sub.Body = nil; r.Err != nil {
		sub.readTime = 0
	}
	sub.request.Complete(outcome(r.Err))
}

// View executes a run of reads. False means that the run may be submitted again. Keys may expire between the state's
// time and that of the read: then time is being moved. Or the state is being replaced, or the node ends: then the next
// confirmation waits, in bounds, or says so.
func (s *store) View(r *resp.Request) bool {
	if r.Stale { // it needs no confirmation
		needTick, err := s.query(0, &r.Run)
		return !needTick && err == nil
	}
	sub := r.Ticket.(*submission)
	stamp := sub.stamp()
	needTick, err := s.query(stamp, &r.Run)
	sub.readTime = 0
	if err != nil {
		return false
	}
	if needTick {
		sub.readTime = stamp
		s.node.Submit(&consensus.Request{Done: func(*consensus.Request) {}})
	}
	return !needTick
}

// stamp is the time at which a run of reads is answered: that of its first confirmation. Any state at or behind a
// confirmation answers the run, and time has to reach only what was asked for first. If the run followed the clock
// instead, the log's time, which trails the clock by a commit, would not reach it while keys expire all the time. A
// later confirmation may be earlier, when another node leads; then the run takes that.
func (sub *submission) stamp() int64 {
	if sub.readTime == 0 {
		return sub.ReadTime
	}
	return min(sub.readTime, sub.ReadTime)
}

// Abandon passes on that the client is gone.
func (s *store) Abandon(r *resp.Request) {
	sub := r.Ticket.(*submission)
	sub.cancelled = true
	s.node.Cancel(&sub.Request)
}

// Phases says where the time of a run went.
func (s *store) Phases(r *resp.Request) (p resp.Phases) {
	p.Disk, p.Replicate, p.Apply, p.Reply = r.Ticket.(*submission).Timings()
	return p
}

// outcome translates what the library says into what the front end tells clients.
func outcome(err error) resp.Outcome {
	switch {
	case err == nil:
		return resp.Done
	case errors.Is(err, consensus.ErrUnknown):
		return resp.Uncertain
	case errors.Is(err, consensus.ErrNotDone), errors.Is(err, consensus.ErrRefused):
		return resp.NotDone
	}
	return resp.Overloaded // or closed
}
