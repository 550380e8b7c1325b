package resp

import (
	"sync"
	"sync/atomic"
	"time"
)

// pause is what CLIENT PAUSE asked for: for a while, runs with a write, or all commands, are put off. A pause on a node
// concerns the clients of that node only.
type pause struct {
	// on is false whenever there is no pause to look at: nearly always.
	on    atomic.Bool
	mu    sync.Mutex
	until time.Time
	all   bool
	// waiters are the connections whose next command is put off.
	waiters waiters
}

// begin makes a pause, or makes the present one longer or stricter; it never makes one shorter or milder.
func (p *pause) begin(now time.Time, period time.Duration, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on.Load() {
		p.until, p.all = now, false
	}
	if until := now.Add(period); until.After(p.until) {
		p.until = until
	}
	p.all = p.all || all
	p.on.Store(true)
}

// stop ends the pause before its time.
func (p *pause) stop() {
	p.on.Store(false)
	p.waiters.tell()
}

// end is when the pause is over.
func (p *pause) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// holds reports whether commands of a kind are put off now.
func (s *Server) holds(write bool) bool { return s.pause.on.Load() && s.pause.holds(s.now(), write) }

func (p *pause) holds(now time.Time, write bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) {
		p.on.Store(false)
		return false
	}
	return write || p.all
}

// putOff makes the connection wait for the end of the pause if there is one that holds its next command, and reports
// whether it does.
func (c *Conn) putOff(write bool) bool {
	if !c.server.holds(write) {
		return false
	}
	c.server.pause.waiters.add(c)
	c.phase, c.abandoned = paused, false
	return true
}

// resumed goes on with what was put off if the pause is over, and reports whether it is.
func (c *Conn) resumed() bool {
	if c.server.holds(c.bodyBytes > 0) {
		return false
	}
	c.stopPausing()
	if len(c.request.Run.Calls) > 0 {
		c.submit()
	}
	return true
}

func (c *Conn) stopPausing() {
	c.server.pause.waiters.remove(c)
	c.phase = gathering
}
