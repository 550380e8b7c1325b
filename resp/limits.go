package resp

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/resp/stats"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/resp/wire"
)

// Limits bounds what clients can make the server hold. The zero value of a field means its default; Limits are read
// once, when the server is made.
type Limits struct {
	// Databases is how many databases clients may use: up to command.MaxDatabases. Default 16.
	Databases int
	// MaxArguments is the largest number of arguments of one request. Default 1,048,576.
	MaxArguments int
	// MaxInlineBytes is the longest inline request, and the longest line of a header. Default 64 KiB.
	MaxInlineBytes int
	// MaxEntryBytes is the largest body that one command may give a log entry: a longer write is refused. Default 1 MiB.
	MaxEntryBytes int
	// MaxRunBytes is where a run of writes is cut: the body of a run with several is no longer. Default 1 MiB, or
	// MaxEntryBytes where that is less.
	MaxRunBytes int
	// MaxInputBytes is what all clients together can make the readers hold in requests longer than 64 KiB; the request
	// that would exceed it is refused. At least 1 MiB. Default 2 GiB, or half of the memory that there is if that is known
	// and less.
	MaxInputBytes int64
	// MaxRunCalls is the largest number of commands in one run. Default 1,024.
	MaxRunCalls int
	// FlushBytes is how many bytes of replies may be collected before they are sent although more of the same read is
	// still to be answered. Default 256 KiB.
	FlushBytes int
	// MaxWaitedKeys is how many keys calls may wait for (BLOCK), one for each call and key: one more is refused. Default
	// 100,000.
	MaxWaitedKeys int
	// MaxPatterns is to how many patterns clients may listen (PSUBSCRIBE), each counted once. Default 10,000.
	MaxPatterns int
	// RefusalPeriod is for how long a client may be told of everything that it was not done: then its connection is closed
	// behind the next such reply, so that it looks for another node. Default 10 s.
	RefusalPeriod time.Duration
	// ChangeTimeout is how long a client waits for a change of the members before it is told UNCERTAIN. Default 30 s.
	ChangeTimeout time.Duration
}

// Sizes that trade memory for system calls, and for locks.
const (
	// keptArguments is how many argument slots and calls a connection keeps between runs.
	keptArguments = 4 << 10
	// keptOutputBytes is the largest buffer for replies that a connection keeps between flushes.
	keptOutputBytes = 64 << 10
	// viewCalls is how many reads are executed under one read lock.
	viewCalls = 16
	// maxRidingArguments is how many arguments, names of commands aside, the reads of a run with a write may have
	// together: one for each GET, one for each key of an MGET. They are answered while the entry is applied and all
	// clients wait.
	maxRidingArguments = 64
	// maxRidingReplyBytes is how long the replies of a run with a write may be where client-output-buffer-limit sets
	// nothing: a read beyond it answers with an error. A run of reads has no such bound, for its replies are made as they
	// drain.
	maxRidingReplyBytes = 256 << 20
)

// defaultInputBytes is the default of MaxInputBytes.
const defaultInputBytes = 2 * int64(wire.MaxBytes)

// inputShare is which part of a machine's memory, or a container's, clients may hold in unfinished requests by default.
const inputShare = 2

// inputBytes is the default of MaxInputBytes where the memory is known.
func (o MemoryOptions) inputBytes() int64 {
	memory := o.HeapBytes
	if memory == 0 {
		memory = o.SystemBytes
	}
	if memory == 0 {
		return defaultInputBytes
	}
	return max(min(defaultInputBytes, memory/inputShare), minQueryBytes)
}

// wire is the part of the limits that bounds single requests. Tuning has the rest.
func (l Limits) wire() wire.Limits {
	return wire.Limits{MaxArguments: l.MaxArguments, MaxInlineBytes: l.MaxInlineBytes}
}

// withDefaults replaces zeros by the defaults.
func (l Limits) withDefaults() Limits {
	byDefault := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	byDefault(&l.Databases, command.DefaultDatabases)
	byDefault(&l.MaxEntryBytes, 1<<20)
	byDefault(&l.MaxRunBytes, min(1<<20, l.MaxEntryBytes))
	request := l.wire().WithDefaults()
	l.MaxArguments, l.MaxInlineBytes = request.MaxArguments, request.MaxInlineBytes
	byDefault(&l.MaxRunCalls, 1<<10)
	byDefault(&l.FlushBytes, 256<<10)
	byDefault(&l.MaxWaitedKeys, 100_000)
	byDefault(&l.MaxPatterns, 10_000)
	if l.MaxInputBytes == 0 {
		l.MaxInputBytes = defaultInputBytes
	}
	if l.RefusalPeriod == 0 {
		l.RefusalPeriod = 10 * time.Second
	}
	if l.ChangeTimeout == 0 {
		l.ChangeTimeout = 30 * time.Second
	}
	return l
}

// validate refuses limits that contradict each other. It is called on limits with their defaults filled in.
func (l Limits) validate() error {
	for _, field := range []struct {
		name  string
		value int
	}{
		{"MaxArguments", l.MaxArguments}, {"MaxInlineBytes", l.MaxInlineBytes}, {"MaxEntryBytes", l.MaxEntryBytes},
		{"MaxRunBytes", l.MaxRunBytes}, {"MaxRunCalls", l.MaxRunCalls}, {"FlushBytes", l.FlushBytes},
		{"MaxWaitedKeys", l.MaxWaitedKeys}, {"MaxPatterns", l.MaxPatterns},
	} {
		if field.value < 1 || field.value > wire.MaxBytes {
			return fmt.Errorf("resp: limit %s is %d, want 1 to 2^30", field.name, field.value)
		}
	}
	switch {
	case l.Databases < 1 || l.Databases > command.MaxDatabases:
		return fmt.Errorf("resp: limit Databases is %d, want 1 to %d", l.Databases, command.MaxDatabases)
	case l.MaxRunBytes > l.MaxEntryBytes:
		return fmt.Errorf("resp: MaxRunBytes %d is above MaxEntryBytes %d", l.MaxRunBytes, l.MaxEntryBytes)
	case l.MaxInputBytes < minQueryBytes:
		return fmt.Errorf("resp: MaxInputBytes %d is below %d", l.MaxInputBytes, minQueryBytes)
	case l.ChangeTimeout < 0 || l.RefusalPeriod < 0:
		return fmt.Errorf("resp: negative timeout (change %v, refusal %v)", l.ChangeTimeout, l.RefusalPeriod)
	}
	return nil
}

// Bounds of proto-max-bulk-len and client-query-buffer-limit, both in bytes. Redis's have the same minimum.
const (
	minQueryBytes = 1 << 20
	maxQueryBytes = wire.MaxBytes
)

// QueryBounds are the least and the largest value of proto-max-bulk-len and of client-query-buffer-limit, in bytes.
func QueryBounds() (minimum, maximum int64) { return minQueryBytes, maxQueryBytes }

// Setting is a row of the host's table of settings, as CONFIG sees it.
type Setting interface {
	// AllNames are the setting's names, in lower case: Redis's, where Redis has one, and then those that it had there
	// before.
	AllNames() []string
	// String is the value in force, as CONFIG GET shows it; Words are the same as arguments of a line in a file.
	String() string
	Words() []string
	// Check reads a new value. It changes nothing; apply puts the value in force. A refusal is the text that CONFIG SET
	// answers. Any goroutine may call it.
	Check(text string, beside setting.Beside) (apply func(), refusal string)
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
	// MemoryPolicy is maxmemory-policy. See EvictionPolicies.
	MemoryPolicy setting.SharedText
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
	// StreamNodeBytes, StreamNodeEntries and SparseBytes decide what some writes leave: see command.Layout.
	StreamNodeBytes, StreamNodeEntries, SparseBytes atomic.Int64
	// Password is what clients have to give; empty: nothing. A client that has authenticated stays so, as in Redis.
	Password setting.SharedText
	// Protected is protected-mode: while there is no password, only clients of this machine are served.
	Protected atomic.Bool
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

// NoEviction is the policy of a node with maxmemory. Nothing is ever evicted here, so another one of Redis's can be
// chosen only without maxmemory, where Redis evicts nothing either: it decides what is kept of the uses of keys.
const NoEviction = "noeviction"

// EvictionPolicies are those of Redis, in its order.
var EvictionPolicies = []string{
	"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random",
	NoEviction,
}

// CountsUses reports whether how often keys are used is kept, and not when they were.
func (t *Tuning) CountsUses() bool { return strings.HasSuffix(t.MemoryPolicy.Load(), "-lfu") }

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
	t.Protected.Store(true)
	t.TrackedKeys.Store(1_000_000)
	layout := command.DefaultLayout()
	t.StreamNodeBytes.Store(int64(layout.StreamNodeBytes))
	t.StreamNodeEntries.Store(int64(layout.StreamNodeEntries))
	t.SparseBytes.Store(int64(layout.SparseBytes))
	t.MemoryPolicy.Store(NoEviction)
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
	s.layout.Store(command.LayoutOf(t.StreamNodeBytes.Load(), t.StreamNodeEntries.Load(), t.SparseBytes.Load()))
	s.weighMemory()
	if idle := t.IdleNanos.Load(); s.idleNanos.Swap(idle) != idle {
		s.sessions.nudge() // connections that wait already hear of it
	}
}
