package resp

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// link joins a connection with its socket by one goroutine that reads, advances, waits for the store and writes, one
// after the other. An event loop would do the same for many connections: everything else is in Conn.
type link struct {
	server *Server
	conn   *Conn
	socket net.Conn
	// woken is ready when the store has completed a request or the client has gone.
	woken chan struct{}
	// parking is running, parked, or parkedLong when the watch has seen it parked before.
	parking atomic.Uint32
	// gone is set by the watch or by Close, when nobody waits for the replies any more.
	gone atomic.Bool
}

const (
	running uint32 = iota
	parked
	parkedLong
)

func newLink(s *Server, socket net.Conn, id int64) *link {
	l := &link{server: s, socket: socket, woken: make(chan struct{}, 1)}
	l.conn = newConn(s.front, id, l.wake)
	if tcp, ok := socket.(*net.TCPConn); ok {
		_ = tcp.SetKeepAlivePeriod(keepAlivePeriod) // a socket that refuses this is broken and will say so when read
	}
	return l
}

// wake never blocks: a wake that is already there serves for both.
func (l *link) wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

// clientGone is called by the watch and by Close.
func (l *link) clientGone() {
	if l.gone.CompareAndSwap(false, true) {
		l.wake()
	}
}

// stillParked reports whether the connection was parked already when this was called last.
func (l *link) stillParked() bool {
	return !l.parking.CompareAndSwap(parked, parkedLong) && l.parking.Load() == parkedLong
}

// serve is the life of the connection.
func (l *link) serve() {
	defer l.server.leave(l)
	defer func() { _ = l.socket.Close() }()
	defer l.conn.Release()
	for {
		switch l.conn.Advance() {
		case Receive:
			if !l.flush() || !l.receive() {
				return
			}
		case Park:
			l.park()
		case Flush:
			if !l.flush() {
				return
			}
		case Close:
			if l.flush() {
				l.linger()
			}
			return
		}
	}
}

// receive waits for bytes.
func (l *link) receive() bool {
	if idle := l.server.front.limits.IdleTimeout; idle > 0 {
		_ = l.socket.SetReadDeadline(time.Now().Add(idle))
	}
	if l.server.isClosing() {
		return false
	}
	n, err := l.socket.Read(l.conn.Space())
	l.conn.Received(n)
	return err == nil || n > 0
}

// park waits until the store has answered. A client that leaves meanwhile is made known to the store, once for each
// run, and the run is then waited for all the same: its buffers belong to the store until it is answered.
func (l *link) park() {
	stats := &l.server.front.stats
	stats.parked.Add(1)
	l.parking.Store(parked)
	for l.conn.Advance() == Park {
		if l.gone.Load() && l.conn.Abandon() {
			stats.abandoned.Add(1)
			continue
		}
		l.rest()
	}
	l.parking.Store(running)
	stats.parked.Add(-1)
}

// rest waits for a wake, or for the time of the next look.
func (l *link) rest() {
	if !l.conn.Polling() {
		<-l.woken
		return
	}
	timer := time.NewTimer(pollPeriod)
	defer timer.Stop()
	select {
	case <-l.woken:
	case <-timer.C:
	}
}

// flush sends all output: normally in one write. Each part of at most FlushBytes has its own deadline, so that a slow
// client may take its time for a large reply, but one that does not read is closed.
func (l *link) flush() bool {
	output := l.conn.Output()
	if len(output) == 0 {
		return true
	}
	limits := &l.server.front.limits
	for len(output) > 0 {
		part := output[:min(len(output), limits.FlushBytes)]
		_ = l.socket.SetWriteDeadline(time.Now().Add(limits.WriteTimeout))
		if _, err := l.socket.Write(part); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				l.server.front.stats.writeTimeouts.Add(1)
				l.server.front.logger.Info("client closed: it does not read its replies",
					"client", l.conn.id, "address", l.socket.RemoteAddr(), "pending", len(output))
			}
			return false
		}
		output = output[len(part):]
	}
	l.conn.Flushed()
	return true
}

// linger tells the client that nothing more comes and drops what it still sends, for a short time: closing a socket
// with unread bytes resets it, and a reset overtakes the last reply.
func (l *link) linger() {
	half, ok := l.socket.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = l.socket.SetReadDeadline(time.Now().Add(lingerPeriod))
	waste := make([]byte, smallBufferBytes)
	for !l.server.isClosing() {
		if _, err := l.socket.Read(waste); err != nil {
			return
		}
	}
}
