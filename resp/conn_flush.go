package resp

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// A client may send everything before it reads a reply. So the socket is written without waiting, and what it does not
// take is sent by a goroutine of its own, while the goroutine of the link reads ahead: up to
// client-query-buffer-limit. What was read ahead is executed as replies drain; so a pipeline of any length costs its
// requests, and not its replies.
//
// Who reads nothing and sends nothing holds what it asked for until timeout, a soft limit of client-output-buffer-limit
// or the system's keep-alive ends it, as in Redis. Nothing of this touches a flush that the socket takes whole.

const (
	// drainTick is how often a link that waits for its client looks for other reasons to go on or to end.
	drainTick = time.Second
	// sendBytes is how much is sent before the progress is noted.
	sendBytes = 64 << 10
	// lastReplyPeriod is how long a client whose connection ends may take nothing of its last replies.
	lastReplyPeriod = 10 * time.Second
	// strangerPeriod is how long a client that still has to authenticate may neither take replies nor send anything.
	strangerPeriod = 30 * time.Second
)

// flush sends all output: normally by one system call that does not wait.
func (l *link) flush() bool {
	output := l.conn.Output()[l.written:] // the rest was sent before the link left the loop
	if len(output) == 0 {
		return true
	}
	l.written = 0
	if l.pending = output; l.raw != nil {
		if err := l.raw.Write(l.taken); err != nil {
			l.failure = err
		}
	}
	rest := l.pending
	l.pending = nil
	if l.failure != nil || (len(rest) > 0 && !l.drain(rest)) {
		return false
	}
	l.conn.Flushed()
	return true
}

// writeRaw gives the system's socket the rest of the output, as much as it takes. It never asks to be called again.
func (l *link) writeRaw(fd uintptr) (done bool) {
	for {
		n, err := syscall.Write(int(fd), l.pending)
		if err == syscall.EINTR {
			continue
		}
		if err != nil && err != syscall.EAGAIN {
			l.failure = err
		}
		l.pending = l.pending[max(n, 0):]
		return true
	}
}

// drain sends what the socket did not take at once, and reads ahead until that is done. False means that the connection
// is over.
//
//  1. The goroutine that sends notes its end in sent, then nudges.
//  2. This goroutine sets its deadline, then looks into sent, then reads.
//  3. An end that comes before the look is seen; one that comes later ends the read.
func (l *link) drain(rest []byte) bool {
	session := l.conn.session
	session.unsent.Store(int64(len(rest)))
	l.server.start(func() {
		l.sent <- l.send(rest)
		l.nudge()
	})
	quiet, left, reading := time.Now(), int64(len(rest)), true
	for {
		n, room := 0, l.roomAhead(reading)
		if room == nil {
			select {
			case err := <-l.sent:
				return l.drained(err)
			case <-time.After(drainTick):
			}
		} else {
			_ = l.socket.SetReadDeadline(time.Now().Add(drainTick))
			select {
			case err := <-l.sent:
				return l.drained(err)
			default:
				n, reading = l.readAhead(room)
			}
		}
		if now := session.unsent.Load(); n > 0 || now != left {
			quiet, left = time.Now(), now
		}
		if l.isHopeless(time.Since(quiet)) {
			_ = l.socket.Close()
			<-l.sent
			return false
		}
	}
}

// drained ends a drain. The deadline for reading is the drain's: the next read sets its own.
func (l *link) drained(err error) bool {
	l.nudged.Store(true)
	l.conn.session.unsent.Store(0)
	return err == nil
}

// send sends bytes, and waits for the client. It runs on a goroutine of its own and touches nothing but the socket.
func (l *link) send(rest []byte) error {
	for len(rest) > 0 {
		n, err := l.socket.Write(rest[:min(len(rest), sendBytes)])
		if err != nil {
			return err
		}
		rest = rest[n:]
		l.conn.session.unsent.Store(int64(len(rest)))
	}
	return nil
}

// roomAhead is where what the client sends goes meanwhile; nil: it is not read.
func (l *link) roomAhead(reading bool) []byte {
	if !reading || l.server.isClosing() {
		return nil
	}
	return l.conn.Ahead()
}

// readAhead takes what the client has sent, or waits until the deadline. more is false when nothing can come any more.
func (l *link) readAhead(room []byte) (n int, more bool) {
	n, err := l.socket.Read(room)
	l.conn.Received(n)
	l.tookAhead = l.tookAhead || n > 0
	return n, err == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

// isHopeless reports whether the client is to be closed although replies wait for it. quiet is for how long it has
// neither taken nor sent anything.
func (l *link) isHopeless(quiet time.Duration) bool {
	session := l.conn.session
	reason := ""
	switch limit := l.patience(); {
	case session.lostMail():
		l.server.metrics.OutputLimit.Inc()
		reason = "more waits for it than client-output-buffer-limit pubsub allows"
	case limit > 0 && quiet >= limit:
		l.server.metrics.WriteTimeouts.Inc()
		reason = "it neither reads its replies nor sends anything (timeout)"
	default:
		return false
	}
	l.server.logger.Info("client closed: "+reason,
		"client", session.id, "address", l.socket.RemoteAddr(), "pending", session.unsent.Load())
	return true
}

// patience is how long the client may neither take replies nor send anything; 0: for ever.
func (l *link) patience() time.Duration {
	switch {
	case l.conn.phase == ended:
		return lastReplyPeriod
	case l.conn.facts().mayBeSilent():
		return 0
	}
	idle := time.Duration(l.server.tuning.IdleNanos.Load())
	if !l.conn.facts().authenticated && (idle == 0 || idle > strangerPeriod) {
		return strangerPeriod
	}
	return idle
}
