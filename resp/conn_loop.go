package resp

import (
	"errors"
	"time"

	"github.com/raftredis/raftredis/internal/hangup"
	"github.com/raftredis/raftredis/internal/reactor"
)

// Where the server has a reactor, a link is served there: the loop that also takes the node's turns reads, advances and
// writes for all of them, so that a request needs no goroutine to be woken. The loop is for what is quick. A link
// leaves it, and a goroutine of its own serves it as everywhere else, when
//
//	the client does not take its replies        the rest is sent by the goroutine
//	a command waits for something               that is no run of the store
//	a read is long                              see command.Run.BeforeLong
//	what is done took long against expectation  the reactor has gone on without it
//	the connection ends and has to linger
//
// and joins it again when it has been quick for a while.

const (
	// loopReads is how often a link reads before others are served.
	loopReads = 4
	// quickRounds is how many requests in a row a link that left the loop has to answer before it joins it again.
	quickRounds = 32
)

// onLoop is what a link on the reactor has. All but the socket belongs to the loop.
type onLoop struct {
	link   *link
	socket int
	// readable says that the socket may have bytes, or its end; ended that the end is among them, and is not told again.
	readable, ended bool
	// stepping says that a step is under way; entry is what Leave takes.
	stepping bool
	entry    uint64
}

// joinLoop gives the link to the reactor. False: it cannot be, and nothing was done. Else it is the loop's, which takes
// the first step with it: before the socket is watched nothing else may.
//
//  1. The socket is taken. The goroutine that joins publishes the loop, and is held up before it watches the socket.
//  2. Mail has the loop take a step, which ends the connection and closes the socket. A file gets its number.
//  3. The goroutine has that number watched, or finds that it cannot be, and serves a link that has ended.
func (l *link) joinLoop() bool {
	r := l.server.reactor
	if r == nil || l.server.isClosing() {
		return false
	}
	l.mu.Lock()
	socket, err := reactor.Take(l.socket)
	l.away = err == nil
	l.mu.Unlock()
	if err != nil {
		return false
	}
	l.conn.request.Run.BeforeLong = l.beforeLong
	if !r.Post(&onLoop{link: l, socket: socket}) {
		l.setSocket(reactor.Give(socket, l.socket))
		return false
	}
	return true
}

// Do begins the link's time on the reactor: with mail, wakes and a kill that came since its goroutine let go of it.
func (s *onLoop) Do() {
	l := s.link
	l.mu.Lock()
	l.loop.Store(s)
	if l.killed.Load() {
		reactor.Shut(s.socket)
	}
	l.mu.Unlock()
	if err := l.server.reactor.Watch(s.socket, l); err != nil {
		l.forgetLoop(s)
		l.server.start(func() { l.continueAlone(s.socket, stays) })
		return
	}
	l.advanceOnLoop()
}

// post has the loop take a step with the link: one, however often it is asked before that.
func (l *link) post() {
	if l.posted.CompareAndSwap(false, true) {
		l.server.reactor.Post(l)
	}
}

// Ready is called by the loop when the socket has something.
func (l *link) Ready(is reactor.Readiness) {
	if s := l.loop.Load(); s != nil && !s.stepping {
		s.readable, s.ended = s.readable || is.Readable, s.ended || is.Ended
	}
	l.advanceOnLoop()
}

// Do is the task of post.
func (l *link) Do() {
	l.posted.Store(false)
	l.advanceOnLoop()
}

// advanceOnLoop has the link take a step. If it left the loop meanwhile, its goroutine does.
func (l *link) advanceOnLoop() {
	switch s := l.loop.Load(); {
	case s == nil:
		l.wakeGoroutine()
	case !s.stepping: // else the loop has left a step, which ends by leaving the loop
		l.step(s)
	}
}

// What a step ends with.
type ending uint8

const (
	stays ending = iota
	leavesLoop
	ends
)

// step does what can be done without waiting.
func (l *link) step(s *onLoop) {
	r := l.server.reactor
	s.stepping = true
	s.entry = r.Enter()
	end := l.advance(s)
	if !r.Leave(s.entry) { // this goroutine is the loop no more
		r.Do(func() { l.forgetLoop(s) })
		l.continueAlone(s.socket, end)
		return
	}
	s.stepping = false
	switch end {
	case leavesLoop:
		l.forgetLoop(s)
		l.server.start(func() { l.continueAlone(s.socket, end) })
	case ends:
		l.forgetLoop(s)
		reactor.Close(s.socket)
		l.server.start(l.end) // it waits for locks of the server, which are held while all links are looked at
	}
}

// beforeLong gives the loop away, to go on with something long.
func (l *link) beforeLong() {
	if s := l.loop.Load(); s != nil && s.stepping {
		l.server.reactor.GiveAway(s.entry)
	}
}

// forgetLoop ends the link's time on the reactor. Only the loop calls it.
func (l *link) forgetLoop(s *onLoop) {
	l.server.reactor.Forget(s.socket)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loop.Store(nil)
}

// continueAlone serves the link on this goroutine.
func (l *link) continueAlone(socket int, end ending) {
	l.setSocket(reactor.Give(socket, l.below()))
	if end == ends {
		l.end()
		return
	}
	l.setParked(false)
	l.rounds = 0
	if l.written > 0 && !l.flush() { // before Advance, which may drop the rest
		l.end()
		return
	}
	l.serve()
}

// advance lets the connection go on as far as it can.
func (l *link) advance(s *onLoop) ending {
	l.setParked(false)
	l.conn.cut = l.conn.cut || l.killed.Load() // what the client had sent before stays readable
	for reads := 0; ; {
		switch l.conn.Advance() {
		case Receive:
			if end := l.write(s); end != stays {
				return end
			}
			switch {
			case l.server.isClosing():
				return ends
			case !s.readable:
				return stays
			case reads == loopReads:
				l.post()
				return stays
			}
			reads++
			if !l.read(s) {
				return ends
			}
		case Flush:
			if end := l.write(s); end != stays {
				return end
			}
		case Park:
			if l.conn.Blocked() || l.conn.phase == changing {
				return leavesLoop
			}
			if l.gone.Load() {
				l.conn.cut = l.killed.Load()
				if l.conn.Abandon() {
					l.server.metrics.AbandonedRuns.Inc()
					continue
				}
			}
			l.setParked(true)
			return stays
		case Close:
			return leavesLoop
		}
	}
}

// read takes what the socket has. False: nothing will come any more.
func (l *link) read(s *onLoop) bool {
	space := l.conn.Space()
	n, err := reactor.Read(s.socket, space)
	s.readable = n == len(space) || s.ended
	if errors.Is(err, reactor.ErrNothing) {
		return true
	}
	l.conn.Received(n)
	return err == nil
}

// write sends the output; if the client does not take it all, the link leaves the loop to wait for that.
func (l *link) write(s *onLoop) ending {
	output := l.conn.Output()
	if len(output) == 0 {
		return stays
	}
	n, err := reactor.Write(s.socket, output)
	switch {
	case err == nil:
		l.conn.Flushed()
		return stays
	case errors.Is(err, reactor.ErrNothing):
		l.written = n
		return leavesLoop
	}
	return ends
}

// setParked counts the link among those that wait for the store, or no more.
func (l *link) setParked(now bool) {
	if now == l.countsParked {
		return
	}
	if l.countsParked = now; now {
		l.server.metrics.Parked.Add(1)
		l.parking.Store(parked)
	} else {
		l.server.metrics.Parked.Add(-1)
		l.conn.session.active.Store(int64(l.server.recently())) // before cutIdle may look at it
		l.parking.Store(running)
	}
}

// cutIdle ends the links on the reactor whose clients have said nothing for longer than timeout allows, although no
// reply was due.
func (s *Server) cutIdle() {
	idle := time.Duration(s.tuning.IdleNanos.Load())
	if idle == 0 || s.reactor == nil {
		return
	}
	now := time.Duration(s.monotonic())
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		session := l.conn.session
		if l.parking.Load() == running && now-time.Duration(session.active.Load()) >= idle && !session.mayBeSilent() {
			l.shut()
		}
	}
}

// shut ends the connection if the link is on the reactor.
func (l *link) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.loop.Load(); s != nil {
		reactor.Shut(s.socket)
	}
}

// descriptor is the number of the link's socket, 0 if it has none.
func (l *link) descriptor() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.loop.Load(); s != nil {
		return s.socket
	}
	return descriptor(l.socket)
}

// hasHungUp reports whether the client has gone.
func (l *link) hasHungUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.loop.Load(); s != nil {
		return hangup.SeenAt(s.socket)
	}
	return !l.away && hangup.Seen(l.socket)
}
