package torture

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// State is what a Gate does to the connections that pass it. Of several faults on one gate the highest state wins.
type State uint8

// The states of a gate.
const (
	// Open passes everything.
	Open State = iota
	// Slow passes every piece after a delay.
	Slow
	// Mute passes what the dialler sends, and nothing of what the target answers: commands are done, and their replies
	// wait until the gate opens, or are lost with the connection.
	Mute
	// Hole passes nothing, not even an end: connections stay, and what they carry arrives when the gate opens.
	Hole
	// Refuse resets the connections that exist, and every new one.
	Refuse
)

// String names the state.
func (s State) String() string { return [...]string{"open", "slow", "mute", "hole", "refuse"}[s] }

// pieceBytes is how much a gate takes from a connection before it passes it on. What does not pass waits in the
// kernel's buffers, until the sender cannot send any more, as with a network that carries nothing.
const pieceBytes = 32 << 10

// targetDialLimit is how long a gate tries to reach its target.
const targetDialLimit = 2 * time.Second

// Gate is a listener that passes connections on to one target: the way from one node to another. Nodes send on the
// connections that they dialled, so each direction between two nodes is a gate of its own. Its methods may be called
// from any goroutine.
type Gate struct {
	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond
	state   State
	delay   time.Duration
	closed  bool
	streams map[*stream]struct{}
}

// stream is a connection through a gate: what the dialler has, and what the target has once it is reached.
type stream struct {
	dialler, target net.Conn
	// cut is closed when the stream is over; ended, under the gate's lock, says that it was.
	cut   chan struct{}
	ended bool
}

// NewGate makes an open gate on a port of its own on the loopback interface.
func NewGate(target string) (*Gate, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("gate to %s: %w", target, err)
	}
	g := &Gate{target: target, listener: listener, streams: map[*stream]struct{}{}}
	g.changed.L = &g.mu
	g.running.Go(g.accept)
	return g, nil
}

// Address is where to dial instead of the target.
func (g *Gate) Address() string { return g.listener.Addr().String() }

// Set changes what the gate does, to connections that exist as well; delay is for Slow only. A piece that was passing
// at this moment may still arrive.
func (g *Gate) Set(state State, delay time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state, g.delay = state, delay
	if state == Refuse {
		g.cutAll()
	}
	g.changed.Broadcast()
}

// Close cuts everything and waits until the gate's goroutines have ended.
func (g *Gate) Close() {
	g.mu.Lock()
	g.closed = true
	g.cutAll()
	g.changed.Broadcast()
	g.mu.Unlock()
	g.listener.Close()
	g.running.Wait()
}

// cutAll ends all streams; the lock is held.
func (g *Gate) cutAll() {
	for s := range g.streams {
		g.end(s)
	}
}

// end closes a stream, resetting its connections; the lock is held.
func (g *Gate) end(s *stream) {
	if s.ended {
		return
	}
	s.ended = true
	close(s.cut)
	delete(g.streams, s)
	reset(s.dialler)
	if s.target != nil {
		reset(s.target)
	}
	g.changed.Broadcast()
}

// reset closes a connection so that the other side sees an error and not an orderly end.
func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0) // fails only on a connection that is closed already
	c.Close()
}

// accept takes connections until the gate is closed. It takes them in every state: a listener that went away for a
// while might find its port taken by somebody else when it returns.
func (g *Gate) accept() {
	for {
		conn, err := g.listener.Accept()
		if err != nil {
			return // only Close ends a listener on the loopback interface
		}
		s := &stream{dialler: conn, cut: make(chan struct{})}
		g.mu.Lock()
		g.streams[s] = struct{}{}
		if g.closed || g.state == Refuse {
			g.end(s)
		}
		g.mu.Unlock()
		g.running.Go(func() { g.serve(s) })
	}
}

// serve joins a connection to the target when the gate lets it pass, and passes both directions until one ends.
func (g *Gate) serve(s *stream) {
	if !g.pass(s, forth) {
		return
	}
	target, err := net.DialTimeout("tcp", g.target, targetDialLimit)
	g.mu.Lock()
	switch {
	case err == nil && s.ended:
		reset(target)
	case err == nil:
		s.target = target
	default:
		g.end(s)
	}
	over := s.ended
	g.mu.Unlock()
	if over {
		return
	}
	g.running.Go(func() { g.carry(s, back) })
	g.carry(s, forth)
}

// direction is where a piece of a stream goes: forth, from the dialler to the target, or back.
type direction bool

const (
	forth direction = false
	back  direction = true
)

// carry passes what one side sends to the other side, piece by piece, and its end.
func (g *Gate) carry(s *stream, d direction) {
	from, to := s.dialler, s.target
	if d == back {
		from, to = to, from
	}
	piece := make([]byte, pieceBytes)
	for {
		n, problem := from.Read(piece)
		if !g.pass(s, d) {
			return
		}
		if _, err := to.Write(piece[:n]); err != nil && problem == nil {
			problem = err
		}
		if problem != nil {
			g.finish(s, to)
			return
		}
	}
}

// finish ends a stream one side of which has ended: after an orderly end the other side gets everything that was sent.
// Nodes never half-close, so that the end of one direction is that of both.
func (g *Gate) finish(s *stream, to net.Conn) {
	to.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end(s)
}

// pass waits until the gate lets a piece of the stream through; false means that the stream is over.
func (g *Gate) pass(s *stream, d direction) bool {
	delay, whole := g.await(s, d)
	if !whole || delay == 0 {
		return whole
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		_, whole = g.await(s, d) // the gate may have become a hole meanwhile
		return whole
	case <-s.cut:
		return false
	}
}

// await waits while the gate lets nothing pass in a direction, and returns by how much it slows what passes and whether
// the stream still stands.
func (g *Gate) await(s *stream, d direction) (delay time.Duration, whole bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for (g.state == Hole || g.state == Mute && d == back) && !s.ended {
		g.changed.Wait()
	}
	if g.state == Slow {
		delay = g.delay
	}
	return delay, !s.ended
}
