package resp

import (
	"fmt"
	"runtime/metrics"
	"strconv"
	"strings"

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
