package main

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
	changes *changes
	// freezing is held by whoever freezes the key space as a reader: one may at a time.
	freezing sync.Mutex
	// serving is set when the node has answered its first linearizable read.
	serving atomic.Bool
}

func newStore(node *consensus.Node) *store { return &store{node: node, changes: newChanges()} }

// submission is a request on its way through the node. Each has one of its own, although a connection uses its request
// again: a late Leave must not meet a younger run. It stays with the request as its ticket.
type submission struct {
	request *resp.Request
	batch   engine.Batch
	read    engine.Read
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
	sub.read.Wake = sub.readEnded
	r.Ticket = sub
	s.node.SubmitRead(&sub.read)
}

func (sub *submission) batchEnded() { sub.request.Complete(outcome(sub.batch.Outcome)) }
func (sub *submission) readEnded()  { sub.request.Complete(outcome(sub.read.Outcome)) }

// View executes a run of reads. False means that keys may expire between the state's time and that of the read: then
// time is being moved, and the run may ask for a moment again.
func (s *store) View(r *resp.Request) bool {
	var stamp int64 // of a stale read: no moment has to be reached
	if !r.Stale {
		stamp = int64(r.Ticket.(*submission).read.Stamp)
	}
	needTick := s.query(stamp, &r.Run)
	if needTick {
		s.node.MoveTime()
	}
	return !needTick
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
