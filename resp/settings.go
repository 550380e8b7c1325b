package resp

import (
	"sync/atomic"

	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/resp/stats"
	"github.com/raftredis/raftredis/resp/topology"
)

// Setting is a row of the host's table of settings, as CONFIG sees it.
type Setting interface {
	// Key is the setting's name, in lower case: Redis's, where Redis has one.
	Key() string
	// String is the value in force, as CONFIG GET shows it; Words are the same as arguments of a line in a file.
	String() string
	Words() []string
	// Check reads a new value. It changes nothing; apply puts the value in force. A refusal is the text that CONFIG SET
	// answers. Any goroutine may call it.
	Check(text string) (apply func(), refusal string)
}

// Tuning is what the host may change while a server uses it, by CONFIG SET or by itself. It concerns this node only,
// and never what commands do to keys. Make one with NewTuning.
type Tuning struct {
	// MaxClients is the number of connections that may be open at once. The next one gets an error and is closed.
	MaxClients atomic.Int64
	// MaxBulkBytes is proto-max-bulk-len, the largest single argument. MaxQueryBytes is client-query-buffer-limit: the
	// largest request, and how much of what a client sends is taken while it does not take its replies.
	MaxBulkBytes, MaxQueryBytes atomic.Int64
	// MaxMemoryBytes is maxmemory; 0: no limit. See memoryLimit.
	MaxMemoryBytes atomic.Int64
	// IdleNanos closes a connection that sends nothing for so long; 0: never.
	IdleNanos        atomic.Int64
	KeepAliveSeconds atomic.Int64
	// SlowerThanMicros is from which time on the slow log takes a command: negative: none. SlowLogCommands is how many it
	// keeps.
	SlowerThanMicros, SlowLogCommands atomic.Int64
	// LatencyThresholdMillis is from which time on an event is late; 0: none.
	LatencyThresholdMillis atomic.Int64
	// LatencyTracking keeps how the times of each command are distributed.
	LatencyTracking atomic.Bool
	// TrackedKeys is how many keys are remembered for CLIENT TRACKING.
	TrackedKeys atomic.Int64
	// Password is what clients have to give; empty: nothing. A client that has authenticated stays so, as in Redis.
	Password setting.SharedText
	// EnableDebug is whether DEBUG is answered: to no client, to clients on this machine (local), or to all (yes).
	EnableDebug setting.SharedText
	// EndpointType is by which of their names cluster clients are told to connect to nodes: a name of
	// topology.EndpointTypes.
	EndpointType setting.SharedText
	// Output is how much may wait for a client.
	Output OutputLimits
	// Percentiles are those that INFO latencystats tells of each command.
	Percentiles stats.Percentiles
}

// defaultBulkBytes is Redis's proto-max-bulk-len.
const defaultBulkBytes = 512 << 20

// NewTuning returns Redis's defaults. As in Redis, DEBUG is refused: it writes into the node's log what a client likes,
// and holds up its connection as long as the client likes.
func NewTuning() *Tuning {
	t := &Tuning{}
	t.MaxClients.Store(10_000)
	t.MaxBulkBytes.Store(defaultBulkBytes)
	t.MaxQueryBytes.Store(maxQueryBytes)
	t.KeepAliveSeconds.Store(300)
	t.SlowerThanMicros.Store(10_000)
	t.SlowLogCommands.Store(128)
	t.LatencyTracking.Store(true)
	t.TrackedKeys.Store(1_000_000)
	t.EnableDebug.Store(DebugNo)
	t.EndpointType.Store(topology.IPEndpoint.String())
	t.Output.init()
	return t
}

// retune takes over what the parts of the server keep for themselves, and wakes what waits by an old value.
func (s *Server) retune() {
	t := s.tuning
	s.calls.Untracked.Store(!t.LatencyTracking.Load())
	s.tracker.maxKeys.Store(t.TrackedKeys.Load())
	s.tracker.shed()
	s.memory.bytes.Store(t.MaxMemoryBytes.Load())
	s.weighMemory()
	if idle := t.IdleNanos.Load(); s.idleNanos.Swap(idle) != idle {
		s.sessions.nudge() // connections that wait already hear of it
	}
}
