package resp

import (
	"fmt"
	"math"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/collector"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/info"
)

// memoryHandlers answer MEMORY.
var memoryHandlers = []handler{
	help(node.MemoryHelp),
	{of: node.MemoryMallocStats, answer: memoryMallocStats},
	{of: node.MemoryPurge, answer: memoryPurge, slow: true},
	{of: node.MemoryStats, answer: memoryStats},
}

// memoryUse is what the runtime knows of the memory of the process, in bytes.
type memoryUse struct {
	// used is what live objects occupy, and those that are not yet collected; active is used with the gaps between them;
	// heap is active with what is free and not given back; process is all that the process holds from the system. live is
	// what the last collection found alive. allocated is how much was ever allocated.
	used, active, heap, process, live, allocated uint64
}

// startMemory is what was in use when the process began.
var startMemory = readMemory().used

// readMemory asks the runtime. Unlike runtime.ReadMemStats, this does not stop the world.
func readMemory() memoryUse {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 { return samples[i].Value.Uint64() }
	return memoryUse{
		used: value(0), active: value(0) + value(1), heap: value(0) + value(1) + value(2), process: value(3) - value(4),
		live: value(5), allocated: value(6),
	}
}

// Overhead: what the state machine keeps for a key besides its bytes, on average, and for a deadline.
const (
	keyOverheadBytes      = 52
	deadlineOverheadBytes = 34
)

// memoryReport is what MEMORY STATS tells of.
type memoryReport struct {
	memoryUse
	peak uint64
	// clients is what connections hold in requests, replies and mail.
	clients uint64
	// keys and deadlines are the overhead of each.
	keyCount, keys, deadlines uint64
	// databases are those with keys.
	databases []info.Database
}

func (s *Server) memoryReport() memoryReport {
	space := s.node.Keyspace()
	r := memoryReport{
		memoryUse: s.readMemory(),
		keyCount:  uint64(space.Keys),
		keys:      uint64(space.Keys) * keyOverheadBytes,
		deadlines: uint64(space.Deadlines) * deadlineOverheadBytes,
		databases: space.Databases,
	}
	r.peak = max(s.peakMemory.Load(), r.used)
	r.clients = s.clientBytes()
	return r
}

func (r *memoryReport) overhead() uint64 { return startMemory + r.clients + r.keys + r.deadlines }

// dataset is what is left for keys and values, and for everything that is not counted on its own: the newest entries
// of the log among it.
func (r *memoryReport) dataset() uint64 { return less(r.used, r.overhead()) }

// less subtracts, but not below 0: the numbers were read one after the other.
func less(a, b uint64) uint64 { return a - min(a, b) }

func ratio(a, b uint64) float64 { return float64(a) / float64(max(b, 1)) }

// memoryStats is MEMORY STATS. What this node does not have (a backlog for replicas, scripts) takes no memory; Go's
// heap stands where Redis tells of its allocator.
func memoryStats(c *Conn, dst []byte, _ [][]byte) []byte {
	r := c.server.memoryReport()
	net := less(r.used, startMemory)
	dst = reply.MapHeader(dst, c.protocol(), 27+len(r.databases))
	whole := func(name string, n uint64) { dst = reply.Integer(reply.BulkString(dst, name), int64(n)) }
	fraction := func(name string, x float64) { dst = reply.Double(reply.BulkString(dst, name), c.protocol(), x) }
	whole("peak.allocated", r.peak)
	whole("total.allocated", r.used)
	whole("startup.allocated", startMemory)
	whole("replication.backlog", 0)
	whole("clients.slaves", 0)
	whole("clients.normal", r.clients)
	whole("cluster.links", 0)
	whole("aof.buffer", 0)
	whole("lua.caches", 0)
	whole("functions.caches", 0)
	for _, d := range r.databases {
		name := "db." + strconv.FormatInt(d.Number, 10)
		dst = reply.MapHeader(reply.BulkString(dst, name), c.protocol(), 3)
		whole("overhead.hashtable.main", uint64(d.Keys)*keyOverheadBytes)
		whole("overhead.hashtable.expires", uint64(d.Deadlines)*deadlineOverheadBytes)
		whole("overhead.hashtable.slot-to-keys", 0) // the table is one of slots
	}
	whole("overhead.total", r.overhead())
	whole("keys.count", r.keyCount)
	whole("keys.bytes-per-key", net/max(r.keyCount, 1)*uint64(digit(r.keyCount > 0)))
	whole("dataset.bytes", r.dataset())
	fraction("dataset.percentage", 100*ratio(r.dataset(), net))
	fraction("peak.percentage", 100*ratio(r.used, r.peak))
	whole("allocator.allocated", r.used)
	whole("allocator.active", r.active)
	whole("allocator.resident", r.heap)
	fraction("allocator-fragmentation.ratio", ratio(r.active, r.used))
	whole("allocator-fragmentation.bytes", less(r.active, r.used))
	fraction("allocator-rss.ratio", ratio(r.heap, r.active))
	whole("allocator-rss.bytes", less(r.heap, r.active))
	fraction("rss-overhead.ratio", ratio(r.process, r.heap))
	whole("rss-overhead.bytes", less(r.process, r.heap))
	fraction("fragmentation", ratio(r.process, r.used))
	whole("fragmentation.bytes", less(r.process, r.used))
	return dst
}

// memoryMallocStats is MEMORY MALLOC-STATS: everything that the runtime counts about memory and collection, a line
// each.
func memoryMallocStats(c *Conn, dst []byte, _ [][]byte) []byte {
	var samples []metrics.Sample
	for _, known := range metrics.All() {
		if strings.HasPrefix(known.Name, "/memory/") || strings.HasPrefix(known.Name, "/gc/") {
			samples = append(samples, metrics.Sample{Name: known.Name})
		}
	}
	metrics.Read(samples)
	var text strings.Builder
	for _, s := range samples {
		switch s.Value.Kind() {
		case metrics.KindUint64:
			fmt.Fprintf(&text, "%s %d\n", s.Name, s.Value.Uint64())
		case metrics.KindFloat64:
			fmt.Fprintf(&text, "%s %g\n", s.Name, s.Value.Float64())
		default: // histograms are for programs
		}
	}
	return reply.Verbatim(dst, c.protocol(), "txt", text.String())
}

// memoryPurge is MEMORY PURGE: a collection, and what is free goes back to the system. Only its client waits.
func memoryPurge(c *Conn, dst []byte, _ [][]byte) []byte {
	c.inBackground(func() func([]byte) []byte {
		c.server.collect()
		return reply.OK
	})
	return dst
}

// MemoryOptions say what memory there is.
type MemoryOptions struct {
	// SystemBytes is the memory of the machine, or of the container around the process, for INFO; 0: unknown.
	SystemBytes int64
	// HeapBytes is how much of that the runtime may hold before the system would end the process; 0: there is no such
	// limit.
	HeapBytes int64
	// SetHeapLimit sets the soft limit of the runtime, as debug.SetMemoryLimit does. Nil: somebody else has set it.
	SetHeapLimit func(bytes int64)
	// SetPercent sets how much garbage the heap may hold, as debug.SetGCPercent does. Nil: somebody else has set it, and
	// a quiet node does not collect early.
	SetPercent func(percent int)
	// CollectsNever says that nothing but the soft limit is to begin a collection, and MEMORY PURGE.
	CollectsNever bool
}

// memoryLimit is maxmemory: while it is exceeded, writes that may need memory are refused (-OOM) to the clients of this
// node, before they are proposed. Entries of the log are applied whatever they need: nodes that left out different ones
// would differ for ever. All nodes hold the same keys, so the setting should be the same on all; the least
// counts.
//
// What is in use is counted, not measured: the heap has as much garbage again, and what a collection finds alive is old
// when it is known, and has in it what was allocated meanwhile.
//
// The runtime's soft limit follows from maxmemory and from the container. It makes the collector run before garbage
// fills what there is. Where even that does not help, because frozen states, clients and the log hold too much, writes
// are refused as well: that is better than to be ended by the system, and again after each restart.
type memoryLimit struct {
	MemoryOptions
	bytes atomic.Int64
	// exceeded is what every write looks at.
	exceeded atomic.Bool
	// short says that the process holds more than HeapBytes, and that it is no garbage.
	short atomic.Bool
	// tight says that it holds nearly so much.
	tight atomic.Bool

	mu sync.Mutex
	// heapLimit is the soft limit that was set last.
	heapLimit int64
	// percent is how much garbage the heap may hold, 0 before it was set.
	percent int
	// givenBack is when memory was given back to the system last. quiet finds the moments to do it early.
	givenBack time.Time
	quiet     collector.Quiet
	// collecting is how many collections of our own are under way: see collect.
	collecting atomic.Int32
	// logged says that the log has a shortage, lastShort when there was one at the last.
	logged    bool
	lastShort time.Time
}

// Shares of the memory.
const (
	// minHeapRoom is the least that the soft limit leaves beside maxmemory: for the log, for clients, for garbage. Half of
	// maxmemory is more, if that is large.
	minHeapRoom = 128 << 20
	// heapLimitStep is by which part of it the soft limit changes at least: each change stops the world for a moment.
	heapLimitStep = 16
	// freeableBytes is how much more than what is in use the last collection must have found for it to be worth looking
	// again, and giving back what has become free; givingPeriod is how often that is done at most.
	freeableBytes = 64 << 20
	givingPeriod  = 10 * time.Second
	// calmPeriod is how long memory has not been short when the log says that it is over.
	calmPeriod = 10 * time.Second
)

// usedMemory is what this node holds for keys, for the log, and for its clients, and what it held when it started.
// Redis's used_memory counts the same. Garbage is not in use.
func (s *Server) usedMemory() uint64 {
	held := s.node.DataBytes() + s.node.LogBytes() + s.input.Used()
	return startMemory + uint64(max(held, 0))
}

// MemoryIsTight reports whether the process holds nearly what it may: then what takes memory for a while should end
// soon.
func (s *Server) MemoryIsTight() bool { return s.memory.tight.Load() }

// minMaxMemory is the least limit of all members. Each of them holds all keys, so the least bounds them all:
// otherwise the node that a client happens to talk to would decide, and the others would need what their operators
// denied them.
func (s *Server) minMaxMemory() int64 {
	own, others := s.memory.bytes.Load(), s.node.MinMaxMemory()
	if own == 0 || others != 0 && others < own {
		return others
	}
	return own
}

// weighMemory compares what is in use with the limit. It is called again and again, and when the limit is changed.
func (s *Server) weighMemory() {
	m := &s.memory
	limit, used, now := s.minMaxMemory(), s.usedMemory(), s.readMemory()
	s.peak(used)
	if m.collecting.Load() == 0 {
		m.govern(limit, now)
		m.pace(now)
	}
	short := m.HeapBytes > 0 && now.process > uint64(m.HeapBytes) && now.live > uint64(m.HeapBytes/4*3)
	m.tight.Store(m.HeapBytes > 0 && now.process > uint64(m.HeapBytes/8*7))
	m.short.Store(short)
	s.tellShort(short, now)
	m.exceeded.Store(short || limit > 0 && used > uint64(limit))
	if m.mayGiveBack(used, now, s.now()) || m.isQuiet(now, s.now()) {
		s.spawn(s.collect)
	}
}

// collect collects, and gives back what is free. Meanwhile govern and pace wait, for what they change stops the world,
// and would wait for the end of this:
//
//  1. The collection is over, and gives back 1 GiB: some 0.1 s on one core, which no other thread can interrupt.
//  2. What is alive is known now, so another share of garbage is due. To set it, the runtime stops all goroutines one
//     by one, and waits for that core.
//  3. Every client waits.
func (s *Server) collect() {
	s.memory.collecting.Add(1)
	defer s.memory.collecting.Add(-1)
	s.collectGarbage()
}

// govern sets the runtime's soft limit.
func (m *memoryLimit) govern(limit int64, now memoryUse) {
	if m.SetHeapLimit == nil {
		return
	}
	wanted := wantedHeap(limit, m.HeapBytes, int64(min(now.live, math.MaxInt64/2)))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.heapLimit == 0 || max(wanted, m.heapLimit)-min(wanted, m.heapLimit) > m.heapLimit/heapLimitStep {
		m.heapLimit = wanted
		m.SetHeapLimit(wanted)
	}
}

// pace sets how much garbage the heap may hold.
func (m *memoryLimit) pace(now memoryUse) {
	if m.SetPercent == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if next := collector.Next(m.percent, now.live); next != m.percent {
		m.percent = next
		m.SetPercent(next)
	}
}

// isQuiet reports whether so little is allocated that it is worth while to collect, and to give back what is free.
// Where somebody else has set the share of garbage, that is what he wants the node to hold.
func (m *memoryLimit) isQuiet(now memoryUse, at time.Time) bool {
	if m.SetPercent == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.quiet.IsWorth(at, collector.Heap{
		Live: now.live, Used: now.used, Free: now.heap - now.active, Allocated: now.allocated,
	})
}

// wantedHeap is the soft limit for a maxmemory and a container's share, where so much is alive. maxmemory bounds
// garbage, not what is alive: a collector that cannot succeed must not take the cores from the clients. The container's
// share stands, for beyond it is the end.
func wantedHeap(maxMemory, container, live int64) int64 {
	wanted := int64(math.MaxInt64)
	if maxMemory > 0 && maxMemory < math.MaxInt64/4 {
		room := max(maxMemory/2, minHeapRoom)
		wanted = max(maxMemory+room, live+live/4+minHeapRoom/2)
	}
	if container > 0 {
		wanted = min(wanted, container)
	}
	return wanted
}

// mayGiveBack reports whether much of what the last collection found alive is not in use any more, and it is time to
// look again and to give it back. Without writes there is nothing else that would start a collection soon.
func (m *memoryLimit) mayGiveBack(used uint64, now memoryUse, at time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.CollectsNever || now.live < 2*used || now.live < used+freeableBytes || at.Sub(m.givenBack) < givingPeriod {
		return false
	}
	m.givenBack = at
	return true
}

// tellShort says once that a shortage began, and once that it ended for good.
func (s *Server) tellShort(short bool, now memoryUse) {
	m, at := &s.memory, s.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	log := s.logger.With("holds", now.process, "alive", now.live, "limit", m.HeapBytes)
	if short {
		m.lastShort = at
	}
	switch {
	case short && !m.logged:
		m.logged = true
		log.Warn("memory is short: writes that need memory are refused (-OOM); give the node more, or lower maxmemory")
	case m.logged && at.Sub(m.lastShort) >= calmPeriod:
		m.logged = false
		log.Info("memory is not short any more")
	}
}
