package resp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/command"
)

// Options are what a server is made with.
type Options struct {
	// Store is the replicated state machine. Required.
	Store Store
	// Node is the node before which the server stands. Required.
	Node Node
	// Saver writes snapshots. Without one, clients that ask for snapshots are refused.
	Saver Saver
	// Watch is called once, by New, with the server that the state machine shall tell of changes from now on, by Changed
	// and Flushed. Without it CLIENT TRACKING is refused: a cache that nobody tells of changes would be wrong for ever.
	Watch func(*Server)
	// ClusterView is how the cluster looks to cluster clients. Default SpreadView.
	ClusterView ClusterView
	// RedirectMoved makes a node that does not lead answer commands on keys by MOVED to the leader, instead of having
	// them done.
	RedirectMoved bool
	// Password is what clients have to give (requirepass); empty: none is asked for.
	Password string
	// Limits bounds what clients can make the server hold.
	Limits Limits
	// Version is the product's own version, for INFO.
	Version string
	// ConfigFile is the path of the file from which the node was configured, in the syntax of redis.conf: what CONFIG
	// REWRITE rewrites. Empty: there is none.
	ConfigFile string
	// Settings are further parameters for CONFIG GET; they override those that this package knows itself.
	Settings []Setting
	// Logger gets what an operator should know. Default: slog's.
	Logger *slog.Logger
}

// Periods of the server's own work.
const (
	// watchPeriod is how often the clients of parked runs are looked after: one that left is noticed after one to two.
	watchPeriod = 100 * time.Millisecond
	// lingerPeriod is how long a connection that this side ends goes on reading and dropping, so that the last reply is
	// not lost to a reset.
	lingerPeriod = 200 * time.Millisecond
	// acceptPauseLeast and acceptPauseMost bound the pause after a failed accept, which doubles: without descriptors an
	// accept loop would spin.
	acceptPauseLeast = 5 * time.Millisecond
	acceptPauseMost  = time.Second
)

// ErrServerClosed is returned by Serve on a server that was closed before.
var ErrServerClosed = errors.New("resp: server closed")

// Server serves Redis clients on any number of listeners. Make one with New.
type Server struct {
	front *front
	// closing is closed when the server shall end.
	closing chan struct{}
	// running counts the goroutines of connections, of work for them, and the watch.
	running sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	watching  bool
	listeners map[net.Listener]struct{}
	links     map[*link]struct{}
}

// New makes a server. It serves nothing before Serve.
func New(o Options) (*Server, error) {
	switch {
	case o.Store == nil:
		return nil, errors.New("resp: Options.Store is missing")
	case o.Node == nil:
		return nil, errors.New("resp: Options.Node is missing")
	case int(o.ClusterView) >= len(clusterViews):
		return nil, fmt.Errorf("resp: there is no cluster view %d", o.ClusterView)
	}
	limits := o.Limits.withDefaults()
	if err := limits.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		front:     newFront(o, limits),
		closing:   make(chan struct{}),
		listeners: make(map[net.Listener]struct{}),
		links:     make(map[*link]struct{}),
	}
	s.front.start = s.start
	if o.Watch != nil {
		o.Watch(s)
	}
	return s, nil
}

// Serve accepts connections from a listener, which it owns from now on, until Close; then it returns nil. Any other
// error means that the listener is broken. Several listeners may be served at once, each by its own call.
func (s *Server) Serve(listener net.Listener) error {
	if !s.begin(listener) {
		_ = listener.Close() // nobody can be waiting on it
		return ErrServerClosed
	}
	defer s.forgetListener(listener)
	pause := time.Duration(0)
	for {
		socket, err := listener.Accept()
		switch {
		case err == nil:
			pause = 0
			s.accept(socket)
		case s.isClosing():
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			// Mostly: no descriptors left. Connections that end give some back.
			s.front.stats.acceptErrors.Add(1)
			pause = min(max(2*pause, acceptPauseLeast), acceptPauseMost)
			s.front.logger.Warn("accept failed", "error", err, "pause", pause)
			if !s.sleep(pause) {
				return nil
			}
		}
	}
}

// begin registers a listener and starts the watch with the first one.
func (s *Server) begin(listener net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.listeners[listener] = struct{}{}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		s.front.port.CompareAndSwap(0, int64(address.Port))
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
	s.front.stats.accepted.Add(1)
	s.mu.Lock()
	if s.closed || int64(len(s.links)) >= s.front.settings.maxClients.Load() {
		full := !s.closed
		s.mu.Unlock()
		s.turnAway(socket, full)
		return
	}
	l := newLink(s, socket)
	s.links[l] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	s.front.stats.clients.Add(1)
	go l.serve()
}

// turnAway says why, if it is for want of room. The buffer of a new socket has room for one line, so this never waits.
func (s *Server) turnAway(socket net.Conn, full bool) {
	if full {
		s.front.stats.rejected.Add(1)
		_ = socket.SetWriteDeadline(time.Now().Add(lingerPeriod))
		_, _ = socket.Write([]byte("-ERR max number of clients reached\r\n"))
	}
	_ = socket.Close()
}

// leave takes a connection that has ended out of the books.
func (s *Server) leave(l *link) {
	s.mu.Lock()
	delete(s.links, l)
	s.mu.Unlock()
	s.front.stats.clients.Add(-1)
	s.running.Done()
}

// watch looks after connections that are parked: their goroutines wait for the store and would not notice that the
// client has gone. It costs nothing while no run takes longer than its period. It also does what was put off.
func (s *Server) watch() {
	defer s.running.Done()
	var parked []*link
	led := true
	for s.sleep(watchPeriod) {
		s.front.saveAsScheduled()
		s.front.noted.Store(int64(s.front.moment()))
		s.front.rates.sample(s.front.now(), s.front.measures.traffic())
		led = s.front.forgetWithoutLeader(led)
		s.front.weighMemory()
		s.front.enforceSoftLimits(s.front.now())
		if s.front.stats.parked.Load() == 0 {
			continue
		}
		parked = s.longParked(parked[:0])
		for _, l := range parked {
			if hasGone(l.socket) {
				l.clientGone()
			}
		}
		clear(parked)
	}
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

// Close ends the server: it accepts nothing more, lets every connection finish what it has received, send the replies
// and end, and returns nil when all have ended. If ctx is done before, it cuts the connections, tells the store that
// the clients of submitted runs have gone, and returns the context's error at once; what the store still holds ends
// when the store completes it, and Close may be called again to wait for that.
func (s *Server) Close(ctx context.Context) error {
	s.stop()
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		l.clientGone()
		_ = l.socket.Close() // the client learns it from the socket, nobody else wants to know
	}
	return ctx.Err()
}

// Changed is for the state machine to call for every key that an entry changes or removes, and for every key that time
// removes, while nobody reads. run is the run of this server whose write it was, nil if it is none of this server's.
// The server keeps neither. It waits for nobody.
func (s *Server) Changed(key string, run *command.Run) { s.front.tracker.changed(key, run) }

// Flushed is as Changed, for all keys at once: they were removed, or another state has taken the place of this one.
func (s *Server) Flushed(*command.Run) { s.front.tracker.flushed() }

// stop closes the listeners and wakes every connection that waits for bytes.
func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	for listener := range s.listeners {
		_ = listener.Close()
	}
	for l := range s.links {
		// A goroutine that is about to read sees closing after it has set its own deadline.
		_ = l.socket.SetReadDeadline(time.Unix(1, 0))
	}
}

// Clients is the number of open connections.
func (s *Server) Clients() int { return int(s.front.stats.clients.Load()) }
