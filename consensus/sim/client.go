package sim

import (
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
)

// client asks one thing at a time of one node. When the node dies or keeps it waiting for too long it goes to another.
type client struct {
	w      *world
	number int
	// home is the node it is connected to.
	home *node
	// current is what it waits for, nil while it thinks.
	current *request
	// probing: the next request is a read at another node, at once.
	probing bool
	// resting clients ask nothing of their own accord.
	resting bool
	source  workload.Client
}

func newClient(w *world, number int) *client {
	source := w.options.Workload.NewClient(number, w.chance.Rand, w.options.Clients.Mix)
	return &client{w: w, number: number, home: w.nodes[number%len(w.nodes)], source: source}
}

func (c *client) begin() { c.w.after(c.w.options.Clients.Start, c.think) }

// think plans the next request.
func (c *client) think() {
	if c.resting {
		return
	}
	delay := c.w.chance.around(c.w.options.Clients.Think)
	if c.w.isHurried() {
		delay = c.w.chance.between(0, 2*time.Millisecond)
	}
	if c.probing {
		delay = c.w.chance.between(0, 100*time.Microsecond)
	}
	c.w.after(delay, func() {
		if c.current == nil && !c.resting {
			invented := c.source.Invent(c.w.now, c.probing || c.isReader())
			c.probing = false
			c.ask(&request{Request: invented})
		}
	})
}

// isReader reports whether the client only reads now: one that writes at a leader which was cut off asks it nothing
// more.
func (c *client) isReader() bool { return c.number%2 == 1 && c.w.isHurried() }

// ask sends a request to the client's node, or to another if that one is down.
func (c *client) ask(r *request) {
	w := c.w
	if c.home.life == nil || w.chance.hits(0.02) {
		c.home = w.nodes[w.chance.IntN(len(w.nodes))]
	}
	if c.home.life == nil {
		w.after(w.chance.between(time.Millisecond, 100*time.Millisecond), c.think)
		return
	}
	c.current = r
	r.then = func() { c.answered(r) }
	life := c.home.life
	w.submit(life, r)
	w.after(w.options.Clients.Patience, func() {
		if c.current == r {
			w.tell(life.id, "left by  the client of request %d", r.number)
			w.leave(life, r)
			c.moveOn()
			c.think()
		}
	})
}

// moveOn forgets the present request and goes to another node.
func (c *client) moveOn() {
	c.current = nil
	c.home = c.w.nodes[c.w.chance.IntN(len(c.w.nodes))]
}

func (c *client) answered(r *request) {
	if c.current != r {
		return // it had left
	}
	c.current = nil
	if c.home.left && r.outcome == refused {
		c.moveOn() // it will never do anything again
	}
	c.probing = c.w.options.Clients.Probe && r.writes && c.w.chance.hits(0.7)
	if c.probing {
		c.moveOn()
	}
	c.think()
}
