package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/raftredis/raftredis/internal/client"
	"github.com/raftredis/raftredis/internal/conditional"
)

const (
	// patience is how long clients wait for a reply: every other one longer than any fault lasts and any node waits, the
	// others so short that they leave a node that does not answer.
	longPatience  = 20 * time.Second
	shortPatience = time.Second
	// maxPipeline bounds the commands of a pipeline.
	maxPipeline = 8
	// stickPipelines bounds how long a client stays with a node of its choice.
	stickPipelines = 100
	// maxThink bounds the time between two pipelines. The pipelines are for checking, not for load.
	maxThink = 8 * time.Millisecond
)

// worker is a client.
type worker struct {
	run      *run
	id       int
	rng      *rand.Rand
	patience time.Duration
	sequence int

	connection *client.Connection
	node       int
	// left is how many pipelines it stays with this node.
	left int
}

func newWorker(r *run, id int) *worker {
	w := &worker{run: r, id: id, rng: rand.New(rand.NewPCG(r.options.Seed, uint64(id)+1)), patience: longPatience}
	if id%2 == 1 {
		w.patience = shortPatience
	}
	return w
}

// work sends pipelines until the run is over. An error is what no node may say.
func (w *worker) work(ctx context.Context) error {
	defer w.leave()
	for !w.run.over.Load() && wait(ctx, time.Duration(w.rng.Int64N(int64(maxThink)))) == nil {
		if w.connection == nil {
			w.connect()
			continue
		}
		whole, err := w.exchange(ctx, w.draw())
		if err != nil {
			return fmt.Errorf("client %d on node %d: %w", w.id, w.node, err)
		}
		wanted, known := w.wanted()
		if w.left--; !whole || w.left <= 0 || known && wanted != w.node {
			w.leave()
		}
	}
	return nil
}

// wanted is the node that waits for clients, if there is one. One half of the clients do not care.
func (w *worker) wanted() (node int, known bool) {
	wanted := w.run.wanted.Load()
	return int(wanted) - 1, wanted > 0 && w.id%2 == 0
}

// connect chooses a node. One that is down refuses at once, and the next draw finds another.
func (w *worker) connect() {
	w.node, w.left = w.rng.IntN(len(w.run.options.Addresses)), 1+w.rng.IntN(stickPipelines)
	if wanted, known := w.wanted(); known {
		w.node = wanted
	}
	w.connection, _ = client.Connect(w.run.options.Addresses[w.node], w.patience)
}

func (w *worker) leave() {
	if w.connection != nil {
		w.connection.Close()
		w.connection = nil
	}
}

// draw draws a pipeline: often of one command, on a register or a counter.
func (w *worker) draw() (steps []step) {
	commands := max(1, w.rng.IntN(2*maxPipeline)-maxPipeline)
	if w.rng.IntN(2) == 0 {
		r := w.run.registers.pick(w.rng.IntN(registerSlots), commands)
		for range commands {
			steps = append(steps, w.drawAccess(r))
		}
		return steps
	}
	c := w.run.counters[w.rng.IntN(len(w.run.counters))]
	for range commands {
		steps = append(steps, c.begin(w.rng.IntN(2) == 0))
	}
	return steps
}

// drawAccess draws a command on a register. Each client writes values of its own.
func (w *worker) drawAccess(r *register) *access {
	a := &access{register: r, name: []string{"GET", "SET", "APPEND"}[w.rng.IntN(3)]}
	if w.run.options.Conditional && w.rng.IntN(2) == 0 {
		a.name, a.condition = w.drawCondition(r.expected())
	}
	if a.name != "GET" && a.name != "DELEX" {
		a.value = fmt.Sprintf("<%d.%d>", w.id, w.sequence)
		w.sequence++
	}
	return a
}

// drawCondition draws a write that takes place only if a register has, or has not, the value that it was last known to
// have.
func (w *worker) drawCondition(expected string) (name string, condition []string) {
	name = []string{"SET", "SET", "DELEX"}[w.rng.IntN(3)]
	switch word := []string{"IFEQ", "IFNE", "IFDEQ", "IFDNE"}[w.rng.IntN(4)]; word {
	case "IFDEQ", "IFDNE":
		condition = []string{word, conditional.Digest(expected)}
	default:
		condition = []string{word, expected}
	}
	if name == "SET" && w.rng.IntN(4) == 0 {
		condition = append(condition, "GET")
	}
	return name, condition
}

// exchange sends a pipeline, settles every command of it, and reports whether the connection is whole.
func (w *worker) exchange(ctx context.Context, steps []step) (whole bool, err error) {
	defer context.AfterFunc(ctx, w.connection.Close)()
	commands := make([][]string, len(steps))
	for i, s := range steps {
		commands[i] = s.command()
	}
	call := w.run.now()
	replies, broken := w.connection.Pipeline(commands)
	o := outcome{client: w.id, pipeline: w.run.pipelines.Add(1), call: call, end: w.run.now()}
	all, err := outcomes(o, len(commands), replies)
	if err != nil {
		return false, fmt.Errorf("%q: %w", commands, err)
	}
	number(all, func(i int) bool { return steps[i].traces(all[i].fate) })
	for i, s := range steps {
		if err := s.settle(all[i]); err != nil {
			return false, err
		}
		w.run.tally.add(w.node, all[i])
	}
	return broken == nil, ordered(steps)
}
