package sim

import (
	"slices"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Nodes that move. In a world with the fault Move each node lives at a place, and a connection leads to a place,
// not to a node: the node that lives there answers, and says who it is. Processes know places as those of the
// product do, by the same book: from the configuration, from each other, and from a list that an operator gives to
// a node when it moves. A node that is started again without having moved has the list that it had, which may be
// wrong by then.

// Pauses of a process that looks for others: between two attempts to connect, between two rounds through its list, and
// between two looks of a leader at what it should write.
const (
	minKnockPause, maxKnockPause = 20 * time.Millisecond, 100 * time.Millisecond
	minAskPause, maxAskPause     = 200 * time.Millisecond, 5 * time.Second
	writePause                   = time.Second
)

// contacts are what one process knows of where others are.
type contacts struct {
	book locations.Book
	// knocking names the nodes to which an attempt to connect is planned; tries counts attempts, to try all places.
	knocking map[raftlog.NodeID]bool
	tries    map[raftlog.NodeID]int
}

// moves reports whether nodes of this world move.
func (o *Options) moves() bool { return o.Faults.Move > 0 }

// placeName is the place with a number.
func placeName(number int) string { return "place" + strconv.Itoa(number) }

// placesNow are where all nodes live at the moment.
func (w *world) placesNow() (places []string) {
	for _, n := range w.nodes {
		places = append(places, n.place)
	}
	return places
}

// moveSome stops some nodes, lets them live elsewhere, and starts them again, each after an outage of its own. They
// take each other's places, or free ones.
func (w *world) moveSome() {
	order := w.chance.Perm(len(w.nodes))
	movers := order[:w.chance.number(1, len(order))]
	power := w.chance.hits(w.options.Faults.PowerLoss)
	for _, k := range movers {
		w.nodes[k].crash(power)
	}
	if len(movers) > 1 && w.chance.hits(0.5) {
		first := w.nodes[movers[0]].place
		for i, k := range movers[:len(movers)-1] {
			w.nodes[k].place = w.nodes[movers[i+1]].place
		}
		w.nodes[movers[len(movers)-1]].place = first
	} else {
		for _, k := range movers {
			w.nodes[k].place = w.freePlace()
		}
	}
	for _, k := range movers {
		n := w.nodes[k]
		n.list = w.placesNow()
		w.counts.Moved++
		w.fault(n.id, "MOVES to "+n.place)
		n.restartLater()
	}
}

// freePlace is one at which no node lives.
func (w *world) freePlace() string {
	taken := w.placesNow()
	for {
		if place := placeName(w.chance.number(1, 2*len(w.nodes)+1)); !slices.Contains(taken, place) {
			return place
		}
	}
}

// lookAround begins what a process does to find the others.
func (l *life) lookAround() {
	l.knocking, l.tries = map[raftlog.NodeID]bool{}, map[raftlog.NodeID]int{}
	l.configureBook()
	l.do(0, func() { l.ask(minAskPause) })
	l.do(l.w.chance.between(0, writePause), l.writePlaces)
}

func (l *life) configureBook() {
	if c := l.engine.Core().Configuration(); c != nil {
		l.book.Configure(l.id, c.Members)
	}
}

// knockSoon plans an attempt to connect to a node, unless one is planned.
func (l *life) knockSoon(to raftlog.NodeID) {
	if l.knocking[to] {
		return
	}
	l.knocking[to] = true
	l.do(l.w.chance.between(minKnockPause, maxKnockPause), func() { l.knock(to) })
}

// knock tries the next place at which a node may live, and goes on until there is a connection.
func (l *life) knock(to raftlog.NodeID) {
	l.knocking[to] = false
	link, m := l.w.net.link(l.id, to), memberOf(l.book.Members(), to)
	if link.up || m == nil {
		return
	}
	places := l.book.Addresses(m)
	place := places[l.tries[to]%len(places)]
	l.tries[to]++
	other := l.answers(place)
	if other != nil {
		l.meet(other, place)
	}
	if other == nil || other.id != to {
		l.knockSoon(to)
		return
	}
	link.up, link.latest = true, 0
	l.book.Link(to, true)
	l.w.tell(l.id, "connected to n%d at %s", to, place)
	l.linkUp(to)
}

func memberOf(members []membership.Member, id raftlog.NodeID) *membership.Member {
	at := slices.IndexFunc(members, func(m membership.Member) bool { return m.ID == id })
	if at < 0 {
		return nil
	}
	return &members[at]
}

// answers is the process that answers at a place; nil if none does, or only this one.
func (l *life) answers(place string) *life {
	for _, n := range l.w.nodes {
		if n.place != place || n == l.node || n.life == nil || l.w.now < n.life.pausedUntil {
			continue
		}
		if !l.w.net.link(l.id, n.id).cut && !l.w.net.link(n.id, l.id).cut {
			return n.life
		}
	}
	return nil
}

// meet is a handshake: both say who they are, where they live, and what they know of others.
func (l *life) meet(other *life, place string) {
	l.w.counts.Met++
	l.believe(other, place)
	other.believe(l, "")
}

// believe takes what another process says. at is where it answered; empty if it asked.
func (l *life) believe(other *life, at string) {
	m := membership.Find(l.engine.Core().Configuration(), other.id)
	if m == nil {
		return
	}
	if at != "" {
		l.book.Meet(m.ID, m.Incarnation, at)
	}
	said := *m
	said.Address = other.place
	news := l.book.Say(m, &said, locations.Claim{
		ID: m.ID, Incarnation: m.Incarnation, Start: uint64(other.boots), Boot: other.boot, Address: other.place,
	})
	for _, claim := range other.book.Claims() {
		news = l.book.Hear(claim) || news
	}
	if news {
		l.do(l.w.chance.between(time.Millisecond, 10*time.Millisecond), l.passOn)
	}
}

// passOn tells the nodes to which there are connections what this process has learned.
func (l *life) passOn() {
	for _, n := range l.w.nodes {
		if n != l.node && l.w.net.link(l.id, n.id).up {
			if other := l.answers(n.place); other != nil {
				l.meet(other, n.place)
			}
		}
	}
}

// ask asks at the places of the list who lives there, as long as some node is not connected.
func (l *life) ask(pause time.Duration) {
	next := minAskPause
	for _, n := range l.w.nodes {
		if n == l.node || l.w.net.link(l.id, n.id).up {
			continue
		}
		next = min(2*pause, maxAskPause)
		l.knockSoon(n.id)
	}
	for _, place := range l.list {
		if next == minAskPause {
			break // all are connected
		}
		if other := l.answers(place); other != nil {
			l.meet(other, place)
		}
	}
	l.do(next, func() { l.ask(next) })
}

// writePlaces has a leader write to the log where nodes live.
func (l *life) writePlaces() {
	l.do(writePause, l.writePlaces)
	c := l.engine.Core().Configuration()
	own := membership.Find(c, l.id)
	if l.role != raft.Leader || own == nil {
		return
	}
	self := *own
	self.Address = l.place
	possible, _ := locations.Compatible(c, l.book.Moved(c, &self))
	if len(possible) == 0 {
		return
	}
	// A turn in between may make it impossible; the next look makes up for that.
	r := &engine.ChangeRequest{Change: membership.Change{Update: possible}}
	r.Wake = func() {
		l.w.tell(l.id, "writes   %d places: %v", len(possible), r.Err)
		if r.Err == nil {
			l.w.counts.PlacesWritten += len(possible)
		}
	}
	l.in.Changes = append(l.in.Changes, r)
	l.wake()
}

// placesWritten reports whether the log says of all nodes of the core where they live, as far as it can: a node that is
// gone may be said to live where one of the core is by now.
func (w *world) placesWritten(core []*node) bool {
	if !w.options.moves() {
		return true
	}
	leader := w.coreLeader(core)
	if leader == nil {
		return false
	}
	c := leader.life.engine.Core().Configuration()
	var missing []membership.Member
	for _, n := range core {
		if m := *membership.Find(c, n.id); m.Address != n.place {
			m.Address = n.place
			missing = append(missing, m)
		}
	}
	possible, _ := locations.Compatible(c, missing)
	return len(possible) == 0
}
