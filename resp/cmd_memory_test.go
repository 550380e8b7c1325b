package resp

import (
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/collector"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/info"
	"github.com/raftredis/raftredis/resp/topology"
)

func TestRedisAndThisServerSayTheSameAboutMemory(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for _, input := range []string{
		"MEMORY\r\nMEMORY NOSUCH\r\nMEMORY STATS x\r\nMEMORY USAGE\r\nMEMORY PURGE x\r\nMEMORY HELP x\r\n",
		"MEMORY PURGE\r\nPING\r\n",
	} {
		compare(t, redis, s, input)
	}
}

// names are the keys of a map of RESP2, a line each: bulk strings with a letter in them.
func names(output string) (all []string) {
	for _, line := range strings.Split(output, "\r\n") {
		if line != "" && line[0] >= 'a' && line[0] <= 'z' {
			all = append(all, line)
		}
	}
	return all
}

func TestMemoryStatsHasTheFieldsOfRedis(t *testing.T) {
	redis := realRedis(t)
	theirs := names(converse(t, "unix", redis, "SET a 1\r\nEXPIRE a 1000\r\nMEMORY STATS\r\n"))
	store := newFakeStore(t)
	store.info.Expires = 1
	for _, key := range []string{"a", "b", "c"} {
		store.values[key] = nil
	}
	c := newClient(t, testServer(t, Options{Store: store}))
	c.conn.server.readMemory = func() memoryUse {
		return memoryUse{used: startMemory + 1000, active: startMemory + 1500, heap: 4 << 20, process: 8 << 20}
	}
	got := c.send("MEMORY STATS\r\n")
	ours := names(got)
	newer := map[string]bool{"overhead.hashtable.slot-to-keys": true} // Redis 7.0 has it in cluster mode only
	missing := 0
	for _, name := range theirs {
		if !strings.Contains(got, bulkText(name)) {
			t.Errorf("%s is missing", name)
			missing++
		}
	}
	for _, name := range ours {
		if !newer[name] && !strings.Contains(strings.Join(theirs, "\n"), name) {
			t.Errorf("Redis does not have %s", name)
		}
	}
	if len(theirs) < 27 || missing > 0 {
		t.Errorf("of %d fields %d are missing", len(theirs), missing)
	}
	for _, pair := range []string{
		bulkText("keys.count") + ":3\r\n", bulkText("keys.bytes-per-key") + ":333\r\n",
		bulkText("overhead.hashtable.main") + ":156\r\n", bulkText("overhead.hashtable.expires") + ":34\r\n",
		bulkText("allocator-fragmentation.bytes") + ":500\r\n", bulkText("rss-overhead.ratio") + bulkText("2"),
	} {
		if !strings.Contains(got, pair) {
			t.Errorf("%q is not in %q", pair, got)
		}
	}
	if rest := reply.Skip([]byte(got)); rest == nil || len(rest) != 0 {
		t.Error("the reply is not one map")
	}
	store.info.Keyspace = Keyspace{Keys: 5, Deadlines: 1, Databases: []info.Database{
		{Keys: 2}, {Number: 9, Keys: 3, Deadlines: 1},
	}}
	got = c.send("MEMORY STATS\r\n")
	if rest := reply.Skip([]byte(got)); !strings.Contains(got, bulkText("db.9")+"*6\r\n"+
		bulkText("overhead.hashtable.main")+":156\r\n"+bulkText("overhead.hashtable.expires")+":34\r\n") || len(rest) != 0 {
		t.Errorf("of two databases: %q", got)
	}
}

func TestMallocStatsTellsOfTheRuntime(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	got := c.send("HELLO 3\r\nMEMORY MALLOC-STATS\r\n")
	for _, name := range []string{"txt:", "/gc/heap/live:bytes ", "/memory/classes/heap/objects:bytes "} {
		if !strings.Contains(got, name) {
			t.Errorf("%q is not in %q", name, got)
		}
	}
}

// scale is memory as a test would have it, and what the runtime is told.
type scale struct {
	process, live atomic.Uint64
	// garbage is there beside what is alive, allocated is all that ever was.
	garbage, allocated atomic.Uint64
	// frees counts how often memory was given back; limit is the last soft limit, of sets. percent is the last share of
	// garbage, of percents.
	frees, sets, limit, percents, percent atomic.Int64
}

func (s *scale) read() memoryUse {
	used := s.live.Load() + s.garbage.Load()
	return memoryUse{
		used: used, active: used, heap: used, live: s.live.Load(), process: s.process.Load(), allocated: s.allocated.Load(),
	}
}

func (s *scale) setPercent(percent int) {
	s.percent.Store(int64(percent))
	s.percents.Add(1)
}

func (s *scale) setLimit(bytes int64) {
	s.limit.Store(bytes)
	s.sets.Add(1)
}

// weighed is a server whose memory is that of a scale, and whose clock stands.
func weighed(t *testing.T, store *fakeStore, heapBytes int64) (*Server, *scale, *time.Time) {
	t.Helper()
	var memory scale
	s := testServer(t, Options{
		Store: store, Memory: MemoryOptions{SystemBytes: 256 << 20, HeapBytes: heapBytes, SetHeapLimit: memory.setLimit,
			SetPercent: memory.setPercent},
	})
	now := time.Unix(1700000000, 0)
	s.clock = func() time.Time { return now }
	s.readMemory, s.collectGarbage = memory.read, func() { memory.frees.Add(1) }
	return s, &memory, &now
}

const refusedForMemory = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"

func TestWritesThatMayNeedMemoryAreRefusedBeyondMaxMemory(t *testing.T) {
	store := newFakeStore(t)
	s, _, _ := weighed(t, store, 0)
	c := newClient(t, s)
	limit := startMemory + 1000
	text := strconv.FormatUint(limit, 10)
	if got := c.send("SET a 1\r\nCONFIG SET maxmemory " + text + "\r\nCONFIG GET maxmemory\r\n"); got !=
		"+OK\r\n+OK\r\n*2\r\n"+bulkText("maxmemory")+bulkText(text) {
		t.Fatalf("got %q", got)
	}
	// Keys, log and clients count together; what is at the limit is not beyond it.
	for _, at := range []struct {
		data, log int64
		refused   bool
	}{{999, 0, false}, {1000, 0, false}, {1001, 0, true}, {900, 100, false}, {900, 101, true}, {0, 0, false}} {
		store.mu.Lock()
		store.info.Data, store.info.Log = at.data, at.log
		store.mu.Unlock()
		s.weighMemory()
		want := "+OK\r\n$1\r\n2\r\n+PONG\r\n"
		if at.refused {
			want = refusedForMemory + "$1\r\n2\r\n+PONG\r\n"
		}
		if got := c.send("SET a 2\r\nGET a\r\nPING\r\n"); got != want {
			t.Fatalf("with %d bytes of keys and %d of log: %q", at.data, at.log, got)
		}
	}
	if got := c.send("INFO memory\r\n"); !strings.Contains(got, "\r\nmaxmemory:"+text+"\r\n") ||
		!strings.Contains(got, "\r\nused_memory:"+strconv.FormatUint(startMemory, 10)+"\r\n") ||
		!strings.Contains(got, "\r\ntotal_system_memory:268435456\r\n") {
		t.Errorf("INFO says %q", got)
	}
}

// All nodes hold the same keys: the node with the least memory bounds them all.
func TestTheMinMaxMemoryOfAllNodesCounts(t *testing.T) {
	store := newFakeStore(t)
	s, _, _ := weighed(t, store, 0)
	const mib = 1 << 20
	for _, c := range []struct{ own, others, wanted int64 }{
		{0, 0, 0}, {0, 5 * mib, 5 * mib}, {7 * mib, 0, 7 * mib}, {7 * mib, 5 * mib, 5 * mib}, {5 * mib, 7 * mib, 5 * mib},
	} {
		s.memory.bytes.Store(c.own)
		for extra, refused := range map[int64]bool{0: false, 1: c.wanted > 0} {
			store.mu.Lock()
			store.info.MinMaxMemory, store.info.Data = c.others, c.wanted-int64(startMemory)+extra
			store.mu.Unlock()
			if s.weighMemory(); s.memory.exceeded.Load() != refused {
				t.Errorf("own %d, others %d, %d beyond the least: refused %t", c.own, c.others, extra, !refused)
			}
		}
	}
	c := newClient(t, s)
	if got := c.send("INFO memory\r\n"); !strings.Contains(got, "\r\nmaxmemory:5242880\r\n") ||
		!strings.Contains(got, "\r\nmaxmemory_cluster:5242880\r\n") {
		t.Errorf("INFO says %q", got)
	}
	if got := c.send("CLUSTER INFO\r\n"); strings.Contains(got, "cluster_settings_differ") {
		t.Errorf("nothing differs, and CLUSTER INFO says %q", got)
	}
	store.mu.Lock()
	store.info.Differ = []string{"maxmemory", "timeout"}
	store.mu.Unlock()
	if got := c.send("CLUSTER INFO\r\n"); !strings.Contains(got, "\r\ncluster_settings_differ:maxmemory,timeout\r\n") {
		t.Errorf("CLUSTER INFO says %q", got)
	}
}

// TestGarbageDoesNotCountAgainstMaxMemory: the heap may hold anything.
func TestGarbageDoesNotCountAgainstMaxMemory(t *testing.T) {
	s, memory, _ := weighed(t, newFakeStore(t), 0)
	s.memory.bytes.Store(int64(startMemory) + 1000)
	memory.process.Store(1 << 40)
	if s.weighMemory(); s.memory.exceeded.Load() {
		t.Error("garbage counts")
	}
	s.memory.bytes.Store(0)
	if s.weighMemory(); s.memory.exceeded.Load() {
		t.Error("no limit is exceeded")
	}
}

// Beyond the container's share, writes are refused if what is there is no garbage.
func TestWritesAreRefusedWhileMemoryIsShort(t *testing.T) {
	s, memory, _ := weighed(t, newFakeStore(t), 200<<20)
	c := newClient(t, s)
	for _, at := range []struct {
		process, live uint64
		refused       bool
	}{
		{200 << 20, 180 << 20, false}, {201 << 20, 100 << 20, false}, {201 << 20, 150 << 20, false},
		{201 << 20, 151 << 20, true}, {199 << 20, 180 << 20, false},
	} {
		memory.process.Store(at.process)
		memory.live.Store(at.live)
		s.weighMemory()
		want := "+OK\r\n"
		if at.refused {
			want = refusedForMemory
		}
		if got := c.send("SET a 2\r\n"); got != want {
			t.Errorf("the process holds %d, %d are alive: %q", at.process, at.live, got)
		}
	}
}

func TestTheSoftLimitFollowsMaxMemoryAndContainer(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct{ maxMemory, container, live, want int64 }{
		{0, 0, 0, math.MaxInt64},
		{0, 205 * mib, 0, 205 * mib},
		{150 * mib, 205 * mib, 0, 205 * mib},
		{150 * mib, 0, 0, 278 * mib},
		{1000 * mib, 0, 0, 1500 * mib},
		{150 * mib, 4000 * mib, 1000 * mib, 1314 * mib}, // more is alive than maxmemory: the collector cannot help
		{150 * mib, 205 * mib, 1000 * mib, 205 * mib},
		{math.MaxInt64, 0, 0, math.MaxInt64},
	} {
		if got := wantedHeap(c.maxMemory, c.container, c.live); got != c.want {
			t.Errorf("maxmemory %d, container %d, alive %d: %d, want %d", c.maxMemory, c.container, c.live, got, c.want)
		}
	}
	s, memory, _ := weighed(t, newFakeStore(t), 0)
	for range 3 {
		s.weighMemory()
	}
	s.memory.bytes.Store(1000 * mib)
	for _, live := range []uint64{0, 1160 * mib, 1170 * mib} { // small changes change nothing
		memory.live.Store(live)
		s.weighMemory()
	}
	if memory.sets.Load() != 2 || memory.limit.Load() != 1500*mib {
		t.Errorf("the limit was set %d times, last to %d", memory.sets.Load(), memory.limit.Load())
	}
}

// The share of garbage is set at the first look, and when what is alive has changed enough.
func TestTheShareOfGarbageFollowsTheHeap(t *testing.T) {
	const mib = 1 << 20
	s, memory, _ := weighed(t, newFakeStore(t), 0)
	for _, c := range []struct {
		live uint64
		sets int64
	}{{8 * mib, 1}, {9 * mib, 1}, {1 << 30, 2}, {2 << 30, 2}, {8 * mib, 3}} {
		memory.live.Store(c.live)
		s.weighMemory()
		got, sets := memory.percent.Load(), memory.percents.Load()
		if want := int64(collector.Percent(c.live)); got != want || sets != c.sets {
			t.Errorf("%d alive: %d%%, set %d times; want %d%%, set %d times", c.live, got, sets, want, c.sets)
		}
	}
	s.memory.SetPercent = nil // GOGC is set
	memory.live.Store(1 << 30)
	if s.weighMemory(); memory.percents.Load() != 3 {
		t.Error("what somebody else has set was changed")
	}
}

// A server that has nothing to do collects what its clients left behind.
func TestAQuietServerGivesMemoryBack(t *testing.T) {
	const mib = 1 << 20
	store := newFakeStore(t)
	store.info.Data = 100 * mib
	s, memory, now := weighed(t, store, 0)
	s.memory.quiet = collector.Quiet{} // which has looked, by another clock
	memory.live.Store(100 * mib)
	memory.garbage.Store(40 * mib)
	look := func(allocates uint64) int64 {
		*now = now.Add(collector.Period)
		memory.allocated.Add(allocates)
		s.weighMemory()
		return memory.frees.Load()
	}
	if s.weighMemory(); look(2*mib) != 0 {
		t.Fatal("a server that is busy collects early")
	}
	if look(mib) != 1 {
		t.Fatal("a server that is quiet does not collect")
	}
	if memory.garbage.Store(0); look(0) != 1 {
		t.Fatal("a server without garbage collects")
	}
	memory.garbage.Store(40 * mib)
	s.memory.SetPercent = nil // GOGC is set
	*now = now.Add(time.Hour)
	if look(0) != 1 {
		t.Fatal("a server collects early where somebody else has set the share of garbage")
	}
}

// To change what the runtime keeps to stops the world, and would wait for a collection that gives memory back.
func TestACollectionIsNotDisturbed(t *testing.T) {
	const mib = 1 << 20
	s, memory, now := weighed(t, newFakeStore(t), 0)
	memory.live.Store(8 * mib)
	s.weighMemory()
	sets, percents := memory.sets.Load(), memory.percents.Load()
	s.memory.bytes.Store(1000 * mib)
	during := 0
	s.collectGarbage = func() {
		memory.live.Store(1 << 30)
		if during++; during > 1 {
			return
		}
		*now = now.Add(time.Hour)
		s.weighMemory() // the watch looks again
		if memory.sets.Load() != sets || memory.percents.Load() != percents {
			t.Error("the runtime is told something in a collection")
		}
	}
	s.collect()
	if s.weighMemory(); memory.sets.Load() == sets || memory.percents.Load() == percents {
		t.Error("the runtime is told nothing behind a collection")
	}
}

func TestMemoryOfRemovedKeysIsGivenBack(t *testing.T) {
	s, memory, now := weighed(t, newFakeStore(t), 0)
	for _, c := range []struct {
		alive uint64
		later time.Duration
		frees int64
	}{
		{startMemory + 10<<20, 0, 0}, {startMemory + 80<<20, 0, 1}, {startMemory + 80<<20, givingPeriod - 1, 1},
		{startMemory + 80<<20, 1, 2}, {startMemory, givingPeriod, 2},
	} {
		*now = now.Add(c.later)
		memory.live.Store(c.alive)
		if s.weighMemory(); memory.frees.Load() != c.frees {
			t.Errorf("%d alive: memory was given back %d times, want %d", c.alive, memory.frees.Load(), c.frees)
		}
	}
	s.memory.CollectsNever = true // GOGC=off
	*now = now.Add(givingPeriod)
	memory.live.Store(startMemory + 80<<20)
	if s.weighMemory(); memory.frees.Load() != 2 {
		t.Error("memory was given back where nothing is to collect")
	}
}
