package sim

import (
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// network carries messages between nodes. For each direction between two nodes there is a connection, as the product
// has it: it breaks with what is under way on it, it is made anew, and then the sending side is told. A cut does not
// break a connection; it swallows what is sent.
type network struct {
	w *world
	// links are by sender and receiver.
	links [][]link
	// calm suspends loss, duplication and delays.
	calm bool
	// filter, when not nil, decides about each message before anything else does.
	filter func(m *engine.Message) verdict
	// held are what the filter held back, in order.
	held []engine.Message
	// landed are flights that may be used again.
	landed []*flight
}

// flight is a message under way.
type flight struct {
	message engine.Message
	// connection is the one on which it was sent.
	connection int
	// land lets it arrive.
	land func()
}

type link struct {
	cut bool
	up  bool
	// connection numbers the connections of this direction.
	connection int
	// latest is when the last message arrives that was sent in order.
	latest time.Duration
}

// verdict is what a script's filter wants with a message.
type verdict uint8

const (
	pass verdict = iota
	drop
	hold
)

func newNetwork(w *world) *network {
	net := &network{w: w, links: make([][]link, w.options.idsMax()+1)}
	for i := range net.links {
		net.links[i] = make([]link, len(net.links))
	}
	return net
}

func (net *network) link(from, to raftlog.NodeID) *link { return &net.links[from][to] }

// send takes messages from a node, which may change them afterwards.
func (net *network) send(messages []engine.Message) {
	for i := range messages {
		m := &messages[i]
		if net.filter != nil {
			switch net.filter(m) {
			case drop:
				net.w.tell(m.From, "dropped  %s", describe(m))
				continue
			case hold:
				net.w.tell(m.From, "held     %s", describe(m))
				net.held = append(net.held, copyMessage(m))
				continue
			}
		}
		net.transmit(m)
	}
}

// transmit lets a message go, and perhaps a copy of it.
func (net *network) transmit(m *engine.Message) {
	w, l := net.w, net.link(m.From, m.To)
	w.trace.note(w.now, noteSend, m.From, kindNumber(m)<<32|uint64(m.To), uint64(m.Term)<<32|uint64(m.Index))
	o := &w.options.Network
	if !l.up || l.cut || !net.calm && w.chance.hits(o.Loss) {
		if w.telling() {
			w.tell(m.From, "lost     %s", describe(m))
		}
		return
	}
	if w.telling() {
		w.tell(m.From, "send     %s", describe(m))
	}
	net.plan(m, l)
	if !net.calm && w.chance.hits(o.Duplicate) {
		net.plan(m, l)
	}
}

// plan lets a copy of a message arrive after a while.
func (net *network) plan(m *engine.Message, l *link) {
	w, o := net.w, &net.w.options.Network
	delay := w.chance.between(o.MinDelay, o.MaxDelay)
	if !net.calm && w.chance.hits(o.SlowShare) {
		delay = w.chance.between(o.MaxDelay, o.SlowDelay)
	}
	arrival := w.now + delay
	if o.Ordered {
		arrival = max(arrival, l.latest)
		l.latest = arrival
	}
	f := net.takeOff()
	f.message, f.connection = copyMessage(m), l.connection
	w.at(arrival, f.land)
}

// takeOff gives a flight without a message.
func (net *network) takeOff() *flight {
	if last := len(net.landed) - 1; last >= 0 {
		f := net.landed[last]
		net.landed = net.landed[:last]
		return f
	}
	f := &flight{}
	f.land = func() {
		net.deliver(&f.message, f.connection)
		f.message = engine.Message{}
		net.landed = append(net.landed, f)
	}
	return f
}

func (net *network) deliver(m *engine.Message, connection int) {
	w, l := net.w, net.link(m.From, m.To)
	survives := l.connection == connection || w.chance.hits(w.options.Network.LateShare)
	life := w.node(m.To).life
	if life == nil || l.cut || !survives {
		return
	}
	w.trace.note(w.now, noteDeliver, m.To, kindNumber(m)<<32|uint64(m.From), uint64(m.Term))
	life.receive(m)
}

// release lets go what a filter held back.
func (net *network) release() {
	held := net.held
	net.held = nil
	for i := range held {
		net.transmit(&held[i])
	}
}

// closeLink breaks the connection from one node to another: what is under way is lost. It is made anew after a while.
func (net *network) closeLink(from, to raftlog.NodeID) {
	l := net.link(from, to)
	if !l.up {
		return
	}
	l.up = false
	l.connection++
	if sender := net.w.node(from).life; sender != nil {
		sender.book.Link(to, false)
	}
	net.reconnect(from, to)
}

// reconnect makes a connection anew, if both ends are there by then.
func (net *network) reconnect(from, to raftlog.NodeID) {
	w := net.w
	if w.options.moves() { // then the sender has to find the receiver first
		if sender := w.node(from).life; sender != nil {
			sender.knockSoon(to)
		}
		return
	}
	w.after(w.chance.between(time.Millisecond, 30*time.Millisecond), func() {
		l := net.link(from, to)
		sender, receiver := w.node(from).life, w.node(to).life
		if l.up || l.cut || sender == nil || receiver == nil {
			return
		}
		up := func() {
			l.up, l.latest = true, 0
			w.tell(from, "connected to n%d", to)
			sender.linkUp(to)
		}
		if w.options.Faults.Upgrade > 0 {
			net.shakeHands(from, to, up)
			return
		}
		up()
	})
}

// eachPeer calls f for both directions between a node and every other.
func (net *network) eachPeer(id raftlog.NodeID, f func(from, to raftlog.NodeID)) {
	for _, n := range net.w.nodes {
		if n.id != id {
			f(id, n.id)
			f(n.id, id)
		}
	}
}

// setCut cuts a direction or heals it. A healed connection goes on, or turns out to be broken.
func (net *network) setCut(from, to raftlog.NodeID, cut bool) {
	l := net.link(from, to)
	if l.cut == cut {
		return
	}
	l.cut = cut
	if cut {
		return
	}
	if l.up && net.w.chance.hits(0.5) {
		net.closeLink(from, to)
		return
	}
	if !l.up {
		net.reconnect(from, to)
	}
}

// heal ends all cuts.
func (net *network) heal() {
	for _, a := range net.w.nodes {
		for _, b := range net.w.nodes {
			if a != b {
				net.setCut(a.id, b.id, false)
			}
		}
	}
}

// kindNumber is a number for the message's kind, whichever of the two it has.
func kindNumber(m *engine.Message) uint64 { return uint64(m.Kind) | uint64(m.Own)<<8 }

// copyMessage copies a message as encoding and decoding do: nothing is shared, configurations are not decoded.
func copyMessage(m *engine.Message) engine.Message {
	c := *m
	c.Entries = copyEntries(m.Entries)
	c.Absent = append([]raftlog.NodeID(nil), m.Absent...)
	c.Batches = append([]engine.ForwardedBatch(nil), m.Batches...)
	for i := range c.Batches {
		c.Batches[i].Body = append([]byte(nil), c.Batches[i].Body...)
	}
	if m.Report != nil {
		report := *m.Report
		report.Notes = slices.Clone(report.Notes)
		c.Report = &report
	}
	if m.Verdict != nil {
		verdict := *m.Verdict
		verdict.Agreed, verdict.Quarantined = slices.Clone(verdict.Agreed), slices.Clone(verdict.Quarantined)
		c.Verdict = &verdict
	}
	return c
}
