package resp

import (
	"errors"
	"net"
	"os"
	"time"
)

// Periods of the server's own work.
const (
	// watchPeriod is how often the clients of parked runs are looked after: one that left is noticed after one to two.
	watchPeriod = 100 * time.Millisecond
	// watchedLinks is how many of them are looked after in a period, in turn: each look is a system call. Of more, one
	// that left is noticed later by a period for each so many.
	watchedLinks = 1000
	// lingerPeriod is how long a connection that this side ends goes on reading and dropping, so that the last reply is
	// not lost to a reset.
	lingerPeriod = 200 * time.Millisecond
	// minAcceptPause and maxAcceptPause bound the pause after a failed accept, which doubles: without descriptors an
	// accept loop would spin.
	minAcceptPause = 5 * time.Millisecond
	maxAcceptPause = time.Second
	// acceptProbePeriod is how long an accept has to wait in vain for a client before the shortage counts as over.
	acceptProbePeriod = 250 * time.Millisecond
	// attackLogPeriod is how long the log says nothing of further clients that speak HTTP.
	attackLogPeriod = time.Minute
)

// accepting is the work that waits while the system gives no connections.
const accepting = "accept connections of clients"

// Serve accepts connections from a listener, which it owns from now on, until Close; then it returns nil. Any other
// error means that the listener is broken. Several listeners may be served at once, each by its own call.
func (s *Server) Serve(listener net.Listener) error {
	if !s.begin(listener) {
		_ = listener.Close() // no client waits on it
		return ErrServerClosed
	}
	defer s.forgetListener(listener)
	pause := time.Duration(0)
	for {
		// Without a client, an accept that gets no descriptor fails at once, and one that gets one waits. So after a
		// failure it waits a moment only: when that is over, so is the shortage.
		awaitClient(listener, pause)
		socket, err := listener.Accept()
		switch {
		case err == nil:
			pause = 0
			s.shortages.End(accepting)
			s.accept(socket)
		case errors.Is(err, os.ErrDeadlineExceeded):
			pause = 0
			s.shortages.End(accepting)
		case s.isClosing():
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			// Mostly: no descriptors left. Connections that end give some back.
			s.metrics.AcceptErrors.Inc()
			pause = min(max(2*pause, minAcceptPause), maxAcceptPause)
			s.shortages.Begin(accepting, err)
			if !s.sleep(pause) {
				return nil
			}
		}
	}
}

// awaitClient sets how long an accept waits for a client: for ever, or for acceptProbePeriod after a failure. A
// listener without deadlines waits for ever.
func awaitClient(listener net.Listener, pause time.Duration) {
	l, has := listener.(interface{ SetDeadline(time.Time) error })
	if !has {
		return
	}
	var until time.Time
	if pause > 0 {
		until = time.Now().Add(acceptProbePeriod)
	}
	_ = l.SetDeadline(until) // it fails on a closed listener, as the accept does then
}

func (s *Server) begin(listener net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.listeners[listener] = struct{}{}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		s.port.CompareAndSwap(0, int64(address.Port))
	}
	if !s.watching {
		s.watching = true
		s.running.Add(1)
		go s.watch()
	}
	return true
}

func (s *Server) forgetListener(listener net.Listener) {
	s.mu.Lock()
	delete(s.listeners, listener)
	s.mu.Unlock()
}

func (s *Server) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// sleep waits, and reports whether the server is still open.
func (s *Server) sleep(period time.Duration) bool {
	timer := time.NewTimer(period)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closing:
		return false
	}
}

// accept starts serving a connection, or turns it away.
func (s *Server) accept(socket net.Conn) {
	s.metrics.Accepted.Inc()
	if s.isProtected(socket.RemoteAddr()) {
		s.turnAway(socket, denied)
		return
	}
	s.mu.Lock()
	if s.closed || int64(len(s.links)) >= s.tuning.MaxClients.Load() {
		reason := tooManyClients
		if s.closed {
			reason = ""
		}
		s.mu.Unlock()
		s.turnAway(socket, reason)
		return
	}
	l := newLink(s, socket)
	s.links[l] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	s.metrics.Clients.Add(1)
	if !l.joinLoop() {
		go l.serve()
	}
}

// Why clients are turned away: Redis's texts, to the letter. The second is denied with protected-mode.
const (
	tooManyClients = "-ERR max number of clients reached\r\n"
	denied         = "-DENIED Redis is running in protected mode because protected mode is enabled and no password is " +
		"set for the default user. In this mode connections are only accepted from the loopback interface. If you want to " +
		"connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable " +
		"protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to " +
		"Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from " +
		"internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable " +
		"the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and " +
		"then restarting the server. 3) If you started the server manually just for testing, restart it with the " +
		"'--protected-mode no' option. 4) Set up an authentication password for the default user. NOTE: You only need " +
		"to do one of the above things in order for the server to start accepting connections from the outside.\r\n"
)

// turnAway closes a connection, with a reason unless that is empty. The buffer of a new socket has room for one line,
// so this never waits.
func (s *Server) turnAway(socket net.Conn, reason string) {
	if reason != "" {
		s.metrics.Rejected.Inc()
		_ = socket.SetWriteDeadline(time.Now().Add(lingerPeriod))
		_, _ = socket.Write([]byte(reason))
	}
	_ = socket.Close()
}

// isProtected reports whether protected-mode keeps a client out: one from elsewhere, while no password is asked for.
func (s *Server) isProtected(clientAddress net.Addr) bool {
	return s.tuning.Protected.Load() && s.password() == "" && !isLocal(clientAddress.String())
}

// attacked tells of a client that speaks HTTP: mostly a web page that makes a browser send commands. It is one line a
// minute, or the log would be another way to attack.
func (s *Server) attacked(by *session) {
	now, before := int64(s.monotonic()), s.attackedAt.Load()
	if (before != 0 && now-before < int64(attackLogPeriod)) || !s.attackedAt.CompareAndSwap(before, now) {
		return
	}
	s.logger.Warn("Possible SECURITY ATTACK detected: a client sends POST or Host: commands, as web pages do that want "+
		"to make a browser command this server (cross protocol scripting). Its connection is aborted",
		"client", by.id, "address", by.address)
}

// leave takes a connection that has ended out of the books.
func (s *Server) leave(l *link) {
	s.mu.Lock()
	delete(s.links, l)
	s.mu.Unlock()
	s.metrics.Clients.Add(-1)
	s.running.Done()
}

// watch looks after connections that are parked: their goroutines wait for the store and would not notice that the
// client has gone. It costs nothing while no run takes longer than its period. It also does what was put off.
func (s *Server) watch() {
	defer s.running.Done()
	var due []*link
	led, unready := true, 0
	for s.sleep(watchPeriod) {
		s.saveAsScheduled()
		s.noted.Store(int64(s.monotonic()))
		s.rates.Sample(s.now(), s.calls.Traffic())
		s.noteLeader()
		led = s.forgetWithoutLeader(led)
		unready = s.confirmWaits(unready)
		s.cutDeaf()
		s.weighMemory()
		s.enforceSoftLimits(s.now())
		s.cutIdle()
		due = s.lookAfter(due)
	}
}

// lookAfter tells some of the parked connections that are due if their clients have gone, and returns the others. When
// none is due, all that are parked are.
func (s *Server) lookAfter(due []*link) []*link {
	if len(due) == 0 && s.metrics.Parked.Value() > 0 {
		due = s.longParked(due)
	}
	rest := max(len(due)-watchedLinks, 0)
	for _, l := range due[rest:] {
		if l.parking.Load() == parkedLong && l.hasHungUp() {
			l.clientGone()
		}
	}
	clear(due[rest:])
	return due[:rest]
}

// longParked lists the connections that have been parked for a whole period.
func (s *Server) longParked(dst []*link) []*link {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		if l.stillParked() {
			dst = append(dst, l)
		}
	}
	return dst
}
