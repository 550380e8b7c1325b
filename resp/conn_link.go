package resp

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/resp/wire"
)

// link joins a connection with its socket by one goroutine that reads, advances, waits for the store and writes, one
// after the other. An event loop would do the same for many connections: everything else is in Conn.
type link struct {
	server *Server
	conn   *Conn
	// loop is what the link has on the reactor, nil while a goroutine serves it; then socket is the connection. mu guards
	// the change from one to the other.
	loop   atomic.Pointer[onLoop]
	mu     sync.Mutex
	socket net.Conn
	// away says that the socket below the connection is the reactor's, or on its way to it or back. mu guards it.
	away bool
	// posted says that the loop will take a step with the link: see post.
	posted atomic.Bool
	// rounds is how many requests the goroutine has answered since the link left the loop, written how much of the output
	// was sent before. countsParked says that the link on the loop is counted in Metrics.Parked.
	rounds, written int
	countsParked    bool
	// woken is ready when what the connection waits for has come, or the client has gone.
	woken chan struct{}
	// parking is running, parked, or parkedLong when the watch has seen it parked before.
	parking atomic.Uint32
	// gone is set by the watch or by kill, when no client waits for the replies any more. killed says that it was kill.
	gone, killed atomic.Bool
	// raw is the system's socket, nil if there is none below. taken is write, made once; pending and failure are what it
	// works on: the output that is still to be sent, and why it cannot be.
	raw     syscall.RawConn
	taken   func(fd uintptr) bool
	pending []byte
	failure error
	// sent gets the end of the goroutine that sends while this one reads ahead; tookAhead says that it has read something
	// which was not looked at.
	sent      chan error
	tookAhead bool
	// nudged says that the deadline for reading may have been moved into the past.
	nudged atomic.Bool
	// blocked says that the connection is counted in Metrics.Blocked.
	blocked bool
}

const (
	running uint32 = iota
	parked
	parkedLong
)

func newLink(s *Server, below net.Conn) *link {
	l := &link{server: s, woken: make(chan struct{}, 1), sent: make(chan error, 1)}
	l.setSocket(below)
	l.conn = newConn(s, socket{
		address: below.RemoteAddr().String(), local: below.LocalAddr().String(), descriptor: l.descriptor,
		kill: l.kill, nudge: l.nudge,
	}, l.wake)
	if tcp, ok := below.(*net.TCPConn); ok {
		// A socket that refuses this is broken and will say so when it is read.
		_ = tcp.SetKeepAliveConfig(keepAlive(s.tuning.KeepAliveSeconds.Load()))
	}
	return l
}

// setSocket makes this the connection that the goroutine of the link serves. A link that was killed while it had none
// ends.
func (l *link) setSocket(below net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.socket, l.away, l.raw = below, false, nil
	if system, ok := below.(syscall.Conn); ok {
		if raw, err := system.SyscallConn(); err == nil {
			l.raw, l.taken = raw, l.writeRaw
		}
	}
	if l.killed.Load() {
		_ = below.Close()
	}
}

// below is the connection.
func (l *link) below() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.socket
}

// keepAliveProbes is how many probes a client may leave unanswered. Redis sends as many, in a third of the time.
const keepAliveProbes = 3

// keepAlive is what tcp-keepalive asks for; 0: nothing.
func keepAlive(seconds int64) net.KeepAliveConfig {
	idle := time.Duration(seconds) * time.Second
	interval := max(idle/keepAliveProbes, time.Second)
	return net.KeepAliveConfig{Enable: seconds > 0, Idle: idle, Interval: interval, Count: keepAliveProbes}
}

// descriptor is the number that the system gave a socket, 0 if it gave none.
func descriptor(below net.Conn) (number int) {
	if system, ok := below.(syscall.Conn); ok {
		if raw, err := system.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { number = int(fd) }) // an error means that it is closed already
		}
	}
	return number
}

// kill cuts the connection, whatever it is doing. Anyone may call it.
//
// It closes the socket before it wakes the goroutine of the link:
//
//  1. The goroutine is parked; its run is with the store.
//  2. A kill that woke it first would let it abandon the run, take "not done" for the answer, and write that.
//  3. The client would read a reply from a connection that was cut.
func (l *link) kill() {
	l.cutOff()
	l.clientGone()
}

// cutOff ends the connection. What serves the link learns it from the socket.
func (l *link) cutOff() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.loop.Load(); s != nil {
		reactor.Shut(s.socket)
	} else {
		_ = l.socket.Close() // the error adds nothing
	}
	l.killed.Store(true)
}

// nudge makes the goroutine of the link look for mail: it ends a read that brings nothing. Anyone may call it.
//
//  1. The goroutine clears the deadline if nudged is set, then looks for mail, then reads.
//  2. Mail that was posted before it looked is seen. Mail that was posted later comes with a deadline that is set after
//     the goroutine has cleared it, so the read ends.
//  3. A deadline that was set for mail which is already taken ends a read for nothing, and nudged is set again.
func (l *link) nudge() {
	if l.loop.Load() != nil {
		l.post()
		return
	}
	l.nudged.Store(true)
	_ = l.below().SetReadDeadline(time.Unix(1, 0))
}

// wake never blocks: a wake that is already there serves for both.
func (l *link) wake() {
	if l.loop.Load() != nil {
		l.post()
		return
	}
	l.wakeGoroutine()
}

func (l *link) wakeGoroutine() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

// clientGone is called by the watch and by kill.
func (l *link) clientGone() {
	if l.gone.CompareAndSwap(false, true) {
		l.wake()
	}
}

// stillParked reports whether the connection was parked already when this was called last.
func (l *link) stillParked() bool {
	return !l.parking.CompareAndSwap(parked, parkedLong) && l.parking.Load() == parkedLong
}

// serve is the life of the connection on a goroutine, until it ends or the link joins the loop.
func (l *link) serve() {
	for {
		l.tookAhead = false
		switch l.conn.Advance() {
		case Receive:
			if !l.flush() {
				l.end()
				return
			}
			if l.rounds++; l.rounds >= quickRounds && !l.tookAhead && l.joinLoop() {
				return
			}
			if !l.tookAhead && !l.receive() {
				l.end()
				return
			}
		case Park:
			l.park()
		case Flush:
			if !l.flush() {
				l.end()
				return
			}
		case Close:
			if l.flush() && !l.conn.outlives {
				l.linger()
			}
			l.end()
			return
		}
	}
}

// end is the end of the connection.
func (l *link) end() {
	l.setParked(false)
	l.conn.Release()
	l.closeSocket()
	l.server.leave(l)
}

// closeSocket closes the socket, unless it is to live as long as the process.
func (l *link) closeSocket() {
	if !l.conn.outlives {
		_ = l.socket.Close() // no client waits for it
		return
	}
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	l.server.outlived = append(l.server.outlived, l.socket)
}

// receive waits for bytes, or for mail.
func (l *link) receive() bool {
	idle := time.Duration(l.server.tuning.IdleNanos.Load())
	if l.conn.facts().mayBeSilent() {
		idle = 0
	}
	var began, deadline time.Time
	if idle > 0 {
		began = time.Now()
		deadline = began.Add(idle)
	}
	if l.nudged.Swap(false) || idle > 0 {
		_ = l.socket.SetReadDeadline(deadline)
	}
	if l.server.isClosing() {
		return false
	}
	if l.conn.session.mailed.Load() {
		return true
	}
	n, err := l.socket.Read(l.conn.Space())
	l.conn.Received(n)
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && (idle == 0 || time.Since(began) < idle) {
		l.nudged.Store(true)
		return !l.server.isClosing()
	}
	return err == nil || n > 0
}

// park waits until the store has answered. A client that ends meanwhile is made known to the store, once for each
// run, and the run is then waited for all the same: its buffers belong to the store until it is answered.
func (l *link) park() {
	counts := l.server.metrics
	counts.Parked.Add(1)
	l.parking.Store(parked)
	for l.conn.Advance() == Park {
		l.countBlocked(l.conn.Blocked())
		if l.gone.Load() {
			l.conn.cut = l.killed.Load()
			if l.conn.Abandon() {
				counts.AbandonedRuns.Inc()
				continue
			}
		}
		l.rest()
	}
	l.countBlocked(false)
	l.conn.session.active.Store(int64(l.server.recently()))
	l.parking.Store(running)
	counts.Parked.Add(-1)
}

func (l *link) countBlocked(now bool) {
	if now == l.blocked {
		return
	}
	l.blocked = now
	if now {
		l.server.metrics.Blocked.Add(1)
	} else {
		l.server.metrics.Blocked.Add(-1)
	}
}

// rest waits for a wake, or for the moment at which the connection is to go on by itself.
func (l *link) rest() {
	until := l.conn.Until()
	if until.IsZero() {
		<-l.woken
		return
	}
	timer := time.NewTimer(until.Sub(l.server.now()))
	defer timer.Stop()
	select {
	case <-l.woken:
	case <-timer.C:
	}
}

// linger tells the client that nothing more comes and drops what it still sends, for a short time: closing a socket
// with unread bytes resets it, and a reset overtakes the last reply.
func (l *link) linger() {
	half, ok := l.socket.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	until, waste := time.Now().Add(lingerPeriod), make([]byte, wire.SmallBufferBytes)
	for {
		_ = l.socket.SetReadDeadline(until) // a nudge may have moved it into the past
		if l.server.isClosing() {
			return
		}
		_, err := l.socket.Read(waste)
		if err != nil && (!errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(until)) {
			return
		}
	}
}
