package resp

import (
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/resp/wire"
)

// redisVersion is the version of Redis whose behaviour clients may expect: they choose commands by it.
const redisVersion = "7.2.4"

// front is what all connections of a server share. Its fields are set before the first connection and not changed,
// except for the counters.
type front struct {
	store    Store
	node     Node
	saver    Saver
	view     ClusterView
	redirect bool
	limits   Limits
	version  string
	// settings are what CONFIG SET changes, parameters what CONFIG knows.
	settings   settings
	parameters []parameter
	// configFile is what CONFIG REWRITE rewrites, one at a time by rewriteMu, which is held while disks are waited for.
	// configMu is for CONFIG SET and for changed: what it has set.
	configFile string
	rewriteMu  sync.Mutex
	configMu   sync.Mutex
	changed    []*parameter
	logger     *slog.Logger
	started    time.Time
	// clock is a test's own; nil: the system's. noted is the moment that the server's watch has noted.
	clock func() time.Time
	noted atomic.Int64
	// start does work on a goroutine of its own; without a server it is done at once.
	start func(work func())
	// processID is a fact for INFO.
	processID int
	// port is that of the first listener, for INFO.
	port  atomic.Int64
	stats stats
	// sessions are those of all connections; pause is what CLIENT PAUSE asked for.
	sessions sessions
	pause    pause
	tracker  tracker
	monitors monitors
	// measures, slowLog and latencies are what is known of the time that commands took.
	measures measures
	rates    rates
	// peakMemory is the largest that was seen; memory is what maxmemory makes of it. readMemory and collectGarbage are the
	// runtime's; a test may have its own.
	peakMemory     atomic.Uint64
	memory         memoryLimit
	readMemory     func() memoryUse
	collectGarbage func()
	slowLog        slowLog
	latencies      latencies
	// input bounds the requests of all clients together.
	input *wire.Budget
	// saveScheduled says that a snapshot is to be begun as soon as one can be.
	saveScheduled atomic.Bool
}

// stats are counters since the start of the process, for INFO. Any goroutine may change them.
type stats struct {
	clients, accepted, rejected atomic.Int64
	protocolErrors              atomic.Int64
	inputLimit, outputLimit     atomic.Int64
	writeTimeouts, abandoned    atomic.Int64
	acceptErrors                atomic.Int64
	// parked connections wait for something other than bytes; blocked ones of them not for the store, but because their
	// client, or CLIENT PAUSE, wanted that.
	parked, blocked atomic.Int64
}

func newFront(o Options, limits Limits) *front {
	f := &front{
		store: o.Store, node: o.Node, saver: o.Saver,
		start: func(work func()) { work() }, readMemory: readMemory, collectGarbage: runtime.GC,
		view: o.ClusterView, redirect: o.RedirectMoved, limits: limits, version: o.Version, configFile: o.ConfigFile,
		logger: o.Logger, started: time.Now(), processID: os.Getpid(),
	}
	f.tracker.watched = o.Watch != nil
	f.tracker.sessions = &f.sessions
	f.tracker.mostKeys.Store(defaultTrackedKeys)
	f.input = wire.NewBudget(int64(limits.MaxInputBytes))
	if f.logger == nil {
		f.logger = slog.Default()
	}
	if f.version == "" {
		f.version = "unknown"
	}
	f.settings.init(limits, o.Password)
	f.makeParameters(o.Settings)
	return f
}

// reset makes all counts begin anew, but for those of what is there now.
func (s *stats) reset() {
	for _, count := range []*atomic.Int64{
		&s.accepted, &s.rejected, &s.protocolErrors, &s.inputLimit, &s.outputLimit, &s.writeTimeouts, &s.abandoned,
		&s.acceptErrors,
	} {
		count.Store(0)
	}
}

// password is what clients have to give; empty: nothing.
func (f *front) password() string { return *f.settings.password.Load() }

// mode is what the node says it is: part of a cluster, or one Redis.
func (f *front) mode() string {
	if f.view == NoView {
		return "standalone"
	}
	return "cluster"
}
