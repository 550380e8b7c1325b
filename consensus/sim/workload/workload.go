// Package workload says what a simulated world needs from the state machine under test: the machine itself, clients
// that know what to ask it, and a model that knows what it should have answered. Package sim runs any Workload;
// internal/worlds has the one of the key space.
package workload

import (
	"math/rand/v2"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Epoch is what a clock that is right says when a world begins, in milliseconds since 1970 UTC.
const Epoch = 1_700_000_000_000

// StateMachine is what the log drives, Image a frozen state.
type (
	StateMachine = engine.StateMachine
	Image        = engine.Image
)

// Workload is a state machine with clients and a model. Its methods must not depend on anything but their arguments:
// the same seed has to make the same world.
type Workload interface {
	// NewMachine makes the state machine of a process that starts.
	NewMachine() StateMachine
	// NewClient makes a client. Clients are numbered from 0; all of them draw from chance.
	NewClient(number int, chance *rand.Rand, mix Mix) Client
	// Write is some request that writes.
	Write() Request
	// NumberOf finds the number of a run in the body of its entry.
	NumberOf(body []byte) (number int, ok bool)
	// Check returns a *Violation if the answers of a finished world contradict the model, and nil otherwise. The history
	// lists all runs in the order in which they were asked, log is what the machines were given.
	Check(history []Operation, log *Log) error
}

// Spoilings is how many ways there are to spoil a state.
const Spoilings = 3

// Spoiler is a workload whose states can be spoilt.
type Spoiler interface {
	// Spoil returns the body of an entry with something added that no client wrote, in one of Spoilings ways, counted from
	// 0. A machine that applies it in the place of the body has most likely another state afterwards.
	Spoil(body []byte, way int) []byte
}

// Mix is what clients ask for.
type Mix struct {
	// Reads is the share of requests that only read, Pipelines that of writes with more than one command.
	Reads, Pipelines float64
	// Timed is the share of requests on things that end by themselves, Drawn that of requests of every kind that the
	// machine knows, with arguments at all edges.
	Timed, Drawn float64
	// Crowds is the share of requests for many things that end at the same moment, with those of others.
	Crowds float64
	// Keys is how many things of each kind are in use at a time; each is retired after KeyLife.
	Keys    int
	KeyLife time.Duration
}

// Client makes up the requests of one client. No two writes of a world should say the same.
type Client interface {
	// Invent makes up a request at a time of the world; with readsOnly, one that only reads.
	Invent(now time.Duration, readsOnly bool) Request
	// Proof makes up a write, and a read of what it wrote.
	Proof() (write, read Request)
}

// Request is what a client asks for. It does not change; each attempt at it is a Run of its own.
type Request interface {
	// Reads reports whether the request only reads.
	Reads() bool
	// Begin makes a run with a number that no other run of the world has.
	Begin(number int) Run
}

// Run is one attempt at a request.
type Run interface {
	// Body is the body of the entry of a run that writes. It carries the run's number.
	Body() []byte
	// Local is what StateMachine.Apply and StateMachine.Query get. The machine answers in it.
	Local() any
	// Answered is called when the run is done. It returns what is wrong with the form of the answer.
	Answered() error
	// String is the request with its answer, if it has one.
	String() string
}

// InSession is a Run in a session. Its Body is the command that the machine gets, if it gets it.
type InSession interface {
	Run
	// SessionBody is the body of the entry, a raftlog.SessionBody.
	SessionBody() []byte
	// Ended is called before Answered, with what became of the run, the index of its entry, and the result. It returns
	// what is wrong with that.
	Ended(outcome engine.SessionOutcome, at raftlog.Index, result []byte) error
}

// Operation is a run as the world saw it.
type Operation struct {
	Run    Run
	Number int
	// Asked and Answered count requests and answers of the world. Answered means nothing unless Known.
	Asked, Answered int64
	// Known means that the client has the answer.
	Known bool
	// Index is where the entry of the run is in the committed log, 0 if it is not there.
	Index raftlog.Index
	// ReadAt is the index of the state that answered a run which only reads, 0 if none did; Stamp is the moment of the
	// read.
	ReadAt raftlog.Index
	Stamp  raftlog.Stamp
}

// Log is what the committed log gave to the machines.
type Log struct {
	// Seed is what every machine began with.
	Seed uint64
	// Inputs has one element for each index, from 1 on.
	Inputs []Input
}

// Input is what machines were given at one index, and what came of it.
type Input struct {
	// Offset is set before the entry is applied, if SetsOffset.
	Offset     int64
	SetsOffset bool
	// Stamp and Data are those of StateMachine.Apply, Hash is that of the state behind it, 0 if no sound node was there.
	Stamp int64
	Data  []byte
	Hash  uint64
}

// Violation is the breach of a rule.
type Violation struct {
	// Rule is a few words by which violations of one kind are known: the invariant's name.
	Rule string
	// Text is what happened.
	Text string
}

// Error is rule and text.
func (v *Violation) Error() string { return v.Rule + ": " + v.Text }
