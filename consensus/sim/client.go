package sim

import (
	"fmt"
	"strconv"
	"time"
)

// client asks one thing at a time of one node. When the node dies or keeps it waiting for too long it goes to another.
type client struct {
	w      *World
	number int
	// home is the node it is connected to.
	home *node
	// current is what it waits for, nil while it thinks.
	current *request
	// probing: the next request is a read at another node, at once.
	probing bool
	// resting clients ask nothing of their own accord.
	resting bool
	written int
}

func newClient(w *World, number int) *client {
	return &client{w: w, number: number, home: w.nodes[number%len(w.nodes)]}
}

func (c *client) begin() { c.w.after(c.w.options.Clients.Start, c.think) }

// think plans the next request.
func (c *client) think() {
	if c.resting {
		return
	}
	delay := c.w.chance.around(c.w.options.Clients.Think)
	if c.probing {
		delay = c.w.chance.between(0, 100*time.Microsecond)
	}
	c.w.after(delay, func() {
		if c.current == nil && !c.resting {
			c.ask(c.invent())
		}
	})
}

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

// invent makes up a request.
func (c *client) invent() *request {
	o, chance := &c.w.options.Clients, c.w.chance
	if c.probing || chance.hits(o.Reads) {
		c.probing = false
		r := &request{calls: []call{{name: "GET", key: c.key()}}}
		if chance.hits(0.2) {
			r.calls = append(r.calls, call{name: "GET", key: c.key()})
		}
		return r
	}
	key := c.key()
	r := &request{calls: []call{c.write(key)}}
	if chance.hits(o.Pipelines) {
		for range chance.number(1, 3) {
			if chance.hits(0.5) {
				r.calls = append(r.calls, call{name: "GET", key: key})
				continue
			}
			r.calls = append(r.calls, c.write(c.key()))
		}
	}
	return r
}

// key picks one of the keys that are in use now. The first half of them holds numbers.
func (c *client) key() string {
	o := &c.w.options.Clients
	age := int(c.w.now / o.KeyLife)
	kind := oneOf(c.w.chance, "n", "s")
	return fmt.Sprintf("%s%d.%d", kind, c.w.chance.IntN(o.Keys), age)
}

// write makes up a write. No two writes of a world say the same, so that a value tells who wrote it.
func (c *client) write(key string) call {
	c.written++
	unique := strconv.Itoa(c.written*100 + c.number)
	pick := c.w.chance.IntN(20)
	switch {
	case pick == 0:
		return call{name: "DEL", key: key}
	case key[0] == 'n' && pick == 1:
		return call{name: "SET", key: key, value: unique}
	case key[0] == 'n':
		return call{name: "INCR", key: key}
	case pick < 8:
		return call{name: "APPEND", key: key, value: "+" + unique}
	default:
		return call{name: "SET", key: key, value: "=" + unique}
	}
}
