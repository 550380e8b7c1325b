package resp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/metrics"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/internal/shortage"
	"github.com/raftredis/raftredis/resp/channels"
	"github.com/raftredis/raftredis/resp/stats"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/resp/waits"
	"github.com/raftredis/raftredis/resp/wire"
)

// Options are what a server is made with.
type Options struct {
	// Store is the replicated state machine. Required.
	Store Store
	// Node is the node before which the server stands. Required.
	Node Node
	// Loading, while it is true, says that the node has no state to answer from: clients are told LOADING. The host sets
	// it. Without one, the node never loads.
	Loading *atomic.Bool
	// Saver writes snapshots. Without one, clients that ask for snapshots are refused.
	Saver Saver
	// Shutdown has the process stop, without handing leadership over if now is set. It returns at once, and may be called
	// again. Without it SHUTDOWN is refused.
	Shutdown func(now bool)
	// Watch is called once, by New, with the server that the state machine shall tell of changes and messages from now
	// on: by Changed, Flushed, Applied, Published and Replaced. Without it CLIENT TRACKING is refused, since a cache that
	// hears of no change would be wrong for ever, and so is SUBSCRIBE.
	Watch func(*Server)
	// ClusterView is how the cluster looks to cluster clients. Default topology.SpreadView.
	ClusterView topology.View
	// RedirectMoved makes a node that does not lead answer commands on keys by MOVED to the leader, instead of having
	// them done.
	RedirectMoved bool
	// Limits bounds what clients can make the server hold.
	Limits Limits
	// Version is the product's own version, for INFO.
	Version string
	// ConfigFile is the path of the file from which the node was configured, in the syntax of redis.conf: what CONFIG
	// REWRITE rewrites. Empty: there is none.
	ConfigFile string
	// Settings are what CONFIG shows and changes: the rows of the host's table.
	Settings []Setting
	// Tuning is what Settings change while the server uses it. Default: NewTuning.
	Tuning *Tuning
	// Memory is what memory there is. Default: the front end knows of none.
	Memory MemoryOptions
	// Reactor, if not nil, serves the clients, as long as what they ask for is quick. It outlives the server.
	Reactor *reactor.Reactor
	// Metrics gets what is counted. Default: a set of its own.
	Metrics *metrics.Set
	// Logger gets what an operator should know. Default: slog's.
	Logger *slog.Logger
}

// redisVersion is the version of Redis whose behaviour clients may expect: they choose commands by it.
const redisVersion = "7.2.4"

// ErrServerClosed is returned by Serve on a server that was closed before.
var ErrServerClosed = errors.New("resp: server closed")

// Server serves Redis clients on any number of listeners. Make one with New. Its connections share it: what it was made
// with does not change, the rest guards itself.
type Server struct {
	store    Store
	node     Node
	loading  *atomic.Bool
	saver    Saver
	shutdown func(now bool)
	view     topology.View
	redirect bool
	limits   Limits
	version  string
	// tuning is what CONFIG SET changes, settings, sorted by name, are what CONFIG knows.
	tuning   *Tuning
	settings []Setting
	// idleNanos is Tuning.IdleNanos as connections that wait have heard of it.
	idleNanos atomic.Int64
	// configFile is what CONFIG REWRITE rewrites, one at a time by rewriteMu, which is held while disks are waited for.
	// configMu is for CONFIG SET and for changed: what it has set.
	configFile string
	rewriteMu  sync.Mutex
	configMu   sync.Mutex
	changed    []Setting
	logger     *slog.Logger
	reactor    *reactor.Reactor
	// shortages is the work that waits because the system is short of something.
	shortages *shortage.Log
	started   time.Time
	// clock is a test's own; nil: the system's. noted is the moment that the server's watch has noted.
	clock func() time.Time
	noted atomic.Int64
	// spawn does work on a goroutine of its own; without New it does the work at once.
	spawn func(work func())
	// processID is a fact for INFO.
	processID int
	// port is that of the first listener, for INFO.
	port atomic.Int64
	// sessions are those of all connections; pause is what CLIENT PAUSE asked for.
	sessions sessions
	pause    pause
	// progress wakes connections when the log has come further, saves when a snapshot has.
	progress, saves waiters
	tracker         tracker
	// channels are those to which clients listen.
	channels *channels.Table
	// passedOver counts the clients that were cut since messages were passed over, and of which no log tells yet.
	passedOver atomic.Int64
	// keyWaits are the calls that wait for keys to change.
	keyWaits *waits.Table
	monitors monitors
	// migrations has an element for each call of MIGRATE that works.
	migrations chan struct{}
	// metrics is all that is counted, calls what is counted for each command; rates, slowLog and latencies are what is
	// known of the time that commands took.
	metrics *metrics.Set
	calls   *metrics.Calls
	rates   stats.Rates
	// expiredBefore is how many keys had expired when counts began anew. leaderlessAt is when the watch first found that
	// the node knows of no leader, 0 while it knows of one.
	expiredBefore atomic.Int64
	leaderlessAt  atomic.Int64
	// peakMemory is the most that was in use at any look; memory is what maxmemory makes of it. readMemory and
	// collectGarbage, which gives memory back to the system, are the runtime's; a test may have its own.
	peakMemory atomic.Uint64
	memory     memoryLimit
	// layout is Tuning's, nil for the default.
	layout         atomic.Pointer[command.Layout]
	readMemory     func() memoryUse
	collectGarbage func()
	slowLog        stats.SlowLog
	latencies      stats.Latencies
	// input bounds the requests of all clients together.
	input *wire.Budget
	// attackedAt is when the log last told of a client that speaks HTTP.
	attackedAt atomic.Int64
	// saveScheduled says that a snapshot is to be begun as soon as one can be.
	saveScheduled atomic.Bool
	// saveThenStop says that a client waits for a snapshot after which the process shall stop.
	saveThenStop atomic.Bool

	// closing is closed when the server shall end.
	closing chan struct{}
	// running counts the goroutines of connections, of work for them, and the watch.
	running sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	watching  bool
	listeners map[net.Listener]struct{}
	links     map[*link]struct{}
	// outlived are the sockets of clients that said SHUTDOWN: they see the end of the process, and nothing before it. They
	// stand here so that they are not collected.
	outlived []net.Conn
}

// New makes a server. It serves nothing before Serve.
func New(o Options) (*Server, error) {
	switch {
	case o.Store == nil:
		return nil, errors.New("resp: Options.Store is missing")
	case o.Node == nil:
		return nil, errors.New("resp: Options.Node is missing")
	case !o.ClusterView.Valid():
		return nil, fmt.Errorf("resp: there is no cluster view %d", o.ClusterView)
	}
	limits := o.Limits.withDefaults()
	if o.Limits.MaxInputBytes == 0 {
		limits.MaxInputBytes = o.Memory.inputBytes()
	}
	if err := limits.validate(); err != nil {
		return nil, err
	}
	s := newServer(o, limits)
	s.spawn = s.start
	o.Node.Notify(s.progress.tell, s.saves.tell)
	if o.Watch != nil {
		o.Watch(s)
	}
	return s, nil
}

// newServer makes a server without sockets.
func newServer(o Options, limits Limits) *Server {
	s := &Server{
		store: o.Store, node: o.Node, loading: o.Loading, saver: o.Saver, shutdown: o.Shutdown,
		spawn: func(work func()) { work() }, readMemory: readMemory, collectGarbage: debug.FreeOSMemory,
		tuning: o.Tuning, view: o.ClusterView, redirect: o.RedirectMoved, limits: limits, version: o.Version,
		configFile: o.ConfigFile, reactor: o.Reactor,
		logger: o.Logger, started: time.Now(), processID: os.Getpid(),
		closing: make(chan struct{}), listeners: make(map[net.Listener]struct{}), links: make(map[*link]struct{}),
	}
	s.memory.MemoryOptions = o.Memory
	s.tracker.watched = o.Watch != nil
	s.tracker.sessions = &s.sessions
	s.keyWaits = waits.New(limits.MaxWaitedKeys)
	s.migrations = make(chan struct{}, maxMigrations)
	s.channels = channels.New(limits.MaxPatterns)
	s.input = wire.NewBudget(limits.MaxInputBytes)
	if s.logger == nil {
		s.logger = slog.Default()
	}
	if s.loading == nil {
		s.loading = new(atomic.Bool)
	}
	if s.version == "" {
		s.version = "unknown"
	}
	s.shortages = shortage.New(s.logger, nil)
	s.initMetrics(o.Metrics)
	if s.tuning == nil {
		s.tuning = NewTuning()
	}
	byName := func(a, b Setting) int { return strings.Compare(a.AllNames()[0], b.AllNames()[0]) }
	s.settings = slices.SortedFunc(slices.Values(o.Settings), byName)
	s.retune()
	return s
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
		l.kill()
	}
	return ctx.Err()
}

// Changed is for the state machine to call for every key that an entry changes or removes, and for every key that time
// removes, while no read runs. run is the run of this server whose write it was, nil if it is none of this server's.
// The server keeps neither, and does not block.
func (s *Server) Changed(key string, run *command.Run) {
	s.tracker.changed(key, run)
	s.keyWaits.Changed(key)
}

// Applied is for the state machine to call behind each entry, when it has called Changed for all that the entry has
// changed.
func (s *Server) Applied() { s.tracker.applied() }

// Flushed is as Changed, for all keys at once: they were removed, or another state has taken the place of this one.
func (s *Server) Flushed(*command.Run) {
	s.tracker.flushed()
	s.keyWaits.TellAll(waits.KeyChanged)
}

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
		l.nudge()
	}
	s.keyWaits.TellAll(waits.StandingChanged)
}

// Clients is the number of open connections.
func (s *Server) Clients() int { return int(s.metrics.Clients.Value()) }

// start does work on a goroutine of its own. Close waits for it.
func (s *Server) start(work func()) {
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		work()
	}()
}

// password is what clients have to give; empty: nothing.
func (s *Server) password() string { return s.tuning.Password.Load() }

// mode is what the node says it is: part of a cluster, or one Redis.
func (s *Server) mode() string {
	if s.view == topology.NoView {
		return "standalone"
	}
	return "cluster"
}

// monotonic is a point of this process's monotonic clock, counted from its start. Reading that clock alone costs half
// of what time.Now does, and for a small command time.Now would cost as much as all else that is done for it. The zero
// value is none.
type monotonic time.Duration

// now is the time of day, and the monotonic time with it.
func (s *Server) now() time.Time {
	if s.clock != nil {
		return s.clock()
	}
	return time.Now()
}

// monotonic is the present time.
func (s *Server) monotonic() monotonic {
	if s.clock != nil {
		return monotonic(s.clock().Sub(s.started))
	}
	return monotonic(time.Since(s.started))
}

// recently is a moment that is past by watchPeriod or a little more, for what need not be known better. It costs
// nothing: the server's watch notes it.
func (s *Server) recently() monotonic {
	if noted := s.noted.Load(); noted != 0 {
		return monotonic(noted)
	}
	return s.monotonic() // there is no watch
}

// since is the time that has passed since a moment.
func (s *Server) since(m monotonic) time.Duration { return time.Duration(s.monotonic() - m) }
