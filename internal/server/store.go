package server

import (
	"sync"
	"sync/atomic"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/resp"
)

// store is the node as the front end sees it. It translates, and decides nothing.
type store struct {
	node    *consensus.Node
	machine *machine
	relay   *relay
	changes *changes
	// freezing is held by whoever freezes the key space as a reader: one may at a time.
	freezing sync.Mutex
	// serving is set when the node has answered its first linearizable read.
	serving atomic.Bool
}

func newStore(node *consensus.Node, m *machine, r *relay) *store {
	return &store{node: node, machine: m, relay: r, changes: newChanges()}
}

// submission is a request on its way through the node. Each has one of its own, although a connection uses its request
// again: a late Leave must not meet a younger run. It stays with the request as its ticket.
type submission struct {
	request *resp.Request
	batch   engine.Batch
	read    engine.Read
	// moment is the time of the moment that a run of reads was first given and could not be answered at, for time had
	// to move first; 0 if there is none.
	moment int64
}

// Write submits the run as a batch; its replies are filled by the state machine, to which the run travels along.
func (s *store) Write(r *resp.Request) {
	sub := &submission{request: r}
	sub.batch = engine.Batch{Body: r.Body, Level: engine.Level, Local: &r.Run, Wake: sub.batchEnded}
	r.Ticket = sub
	s.node.Submit(&sub.batch)
}

// Read asks for a moment at which the state is recent enough.
func (s *store) Read(r *resp.Request) {
	sub := &submission{request: r}
	if before, again := r.Ticket.(*submission); again {
		sub.moment = before.moment
	}
	sub.read.Wake = sub.readEnded
	r.Ticket = sub
	s.node.SubmitRead(&sub.read)
}

func (sub *submission) batchEnded() { sub.request.Complete(outcome(sub.batch.Outcome)) }
func (sub *submission) readEnded()  { sub.request.Complete(outcome(sub.read.Outcome)) }

// View executes a run of reads. False means that keys may expire between the state's time and that of the read: then
// time is being moved, and the run may ask for a moment again.
func (s *store) View(r *resp.Request) bool {
	if r.Stale { // no moment has to be reached
		return !s.query(0, &r.Run)
	}
	sub := r.Ticket.(*submission)
	stamp := sub.stamp()
	needTick := s.query(stamp, &r.Run)
	sub.moment = 0
	if needTick {
		sub.moment = stamp
		s.node.MoveTime()
	}
	return !needTick
}

// stamp is the time at which a run of reads is answered: that of the first moment, if it had to ask for another one.
// Any state at or behind a moment answers it, and time has to reach only what was asked for first. If the run
// followed the clock instead, the log's time, which trails it by a commit, would not reach it for as long as keys
// expire all the time. It is the later moment's if that is earlier, as it may be when another node leads.
func (sub *submission) stamp() int64 {
	if sub.moment == 0 {
		return int64(sub.read.Stamp)
	}
	return min(sub.moment, int64(sub.read.Stamp))
}

// Abandon passes on that the client is gone. Only one of the two was ever submitted; the other is zero.
func (s *store) Abandon(r *resp.Request) {
	sub := r.Ticket.(*submission)
	if sub.batch.Wake != nil {
		s.node.Leave(&sub.batch)
	} else {
		s.node.LeaveRead(&sub.read)
	}
}

// Phases is asked about one of the two that was submitted, like Abandon.
func (s *store) Phases(r *resp.Request) resp.Phases {
	sub := r.Ticket.(*submission)
	if sub.batch.Wake != nil {
		return resp.Phases(s.node.Phases(&sub.batch))
	}
	return resp.Phases(s.node.PhasesOfRead(&sub.read))
}

// outcome translates what the engine says into what the front end tells clients.
func outcome(o engine.Outcome) resp.Outcome {
	switch o {
	case engine.Done:
		return resp.Done
	case engine.NotDone:
		return resp.NotDone
	case engine.Unknown:
		return resp.Uncertain
	case engine.Overloaded:
		return resp.Overloaded
	}
	panic("raftredis: a request ended as " + o.String())
}
