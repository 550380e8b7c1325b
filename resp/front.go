package resp

import (
	"log/slog"
	"os"
	"sync/atomic"
	"time"
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
	password string
	version  string
	settings []Setting
	logger   *slog.Logger
	started  time.Time
	// now is the clock; a test may have its own.
	now func() time.Time
	// processID is a fact for INFO.
	processID int
	// port is that of the first listener, for INFO.
	port  atomic.Int64
	stats stats
	// sessions are those of all connections; pause is what CLIENT PAUSE asked for.
	sessions sessions
	pause    pause
	// input bounds the requests of all clients together.
	input budget
	// saveScheduled says that a snapshot is to be begun as soon as one can be.
	saveScheduled atomic.Bool
}

// stats are counters since the start of the process, for INFO. Any goroutine may change them.
type stats struct {
	clients, accepted, rejected atomic.Int64
	commands, refused           atomic.Int64
	inputBytes, outputBytes     atomic.Int64
	protocolErrors              atomic.Int64
	inputLimit, outputLimit     atomic.Int64
	writeTimeouts, abandoned    atomic.Int64
	acceptErrors, parked        atomic.Int64
}

func newFront(o Options, limits Limits) *front {
	f := &front{
		store: o.Store, node: o.Node, saver: o.Saver, now: time.Now,
		view: o.ClusterView, redirect: o.RedirectMoved, limits: limits, password: o.Password, version: o.Version,
		logger: o.Logger, started: time.Now(), processID: os.Getpid(),
	}
	f.input.limit = int64(limits.MaxInputBytes)
	if f.logger == nil {
		f.logger = slog.Default()
	}
	if f.version == "" {
		f.version = "unknown"
	}
	f.settings = mergeSettings(ownSettings(limits, o.ClusterView), o.Settings)
	return f
}

// mode is what the node says it is: part of a cluster, or one Redis.
func (f *front) mode() string {
	if f.view == NoView {
		return "standalone"
	}
	return "cluster"
}
