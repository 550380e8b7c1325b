package resp

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/reply"
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

// scale is memory as a test would have it.
type scale struct{ used, live, afterCollection atomic.Uint64 }

func (s *scale) read() memoryUse { return memoryUse{used: s.used.Load(), live: s.live.Load()} }

func (s *scale) collect() {
	s.used.Store(s.afterCollection.Load())
	s.live.Store(s.afterCollection.Load())
}

func TestWritesThatMayNeedMemoryAreRefusedBeyondMaxMemory(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	f := c.conn.server
	now := time.Unix(1700000000, 0)
	f.clock = func() time.Time { return now }
	var memory scale
	f.readMemory, f.collectGarbage = memory.read, memory.collect
	memory.used.Store(2000)
	memory.afterCollection.Store(1001)
	if got := c.send("SET a 1\r\nCONFIG SET maxmemory 1000\r\nCONFIG GET maxmemory\r\n"); got !=
		"+OK\r\n+OK\r\n*2\r\n"+bulkText("maxmemory")+bulkText("1000") {
		t.Fatalf("got %q", got)
	}
	refused := "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	if got := c.send("SET a 2\r\nGET a\r\nINCR n\r\nPING\r\n"); got !=
		refused+"$1\r\n1\r\n"+refused+"+PONG\r\n" {
		t.Fatalf("with too much in use: %q", got)
	}
	if got := c.send("INFO memory\r\n"); !strings.Contains(got, "\r\nmaxmemory:1000\r\nmaxmemory_human:1000B\r\n") {
		t.Errorf("INFO says %q", got)
	}
	memory.used.Store(1000) // without a collection: something was given up
	f.weighMemory()
	if got := c.send("SET a 3\r\n"); got != "+OK\r\n" {
		t.Fatalf("with room again: %q", got)
	}
}

// TestGarbageDoesNotCountAgainstMaxMemory sees that the collector is asked, and how often.
func TestGarbageDoesNotCountAgainstMaxMemory(t *testing.T) {
	f := testServer(t, Options{Store: newFakeStore(t)})
	now := time.Unix(1700000000, 0)
	f.clock = func() time.Time { return now }
	var memory scale
	collections := 0
	f.readMemory, f.collectGarbage = memory.read, func() {
		collections++
		memory.collect()
	}
	memory.afterCollection.Store(500)
	f.memory.bytes.Store(1000)
	for i := range 21 { // two seconds
		memory.used.Store(1500)
		f.weighMemory()
		if f.memory.exceeded.Load() {
			t.Fatalf("look %d: 500 bytes live count as more than 1000", i)
		}
		now = now.Add(watchPeriod)
	}
	if collections != 3 {
		t.Errorf("%d collections in two seconds", collections)
	}
	memory.afterCollection.Store(1200)
	memory.used.Store(1500)
	now = now.Add(collectPeriod)
	if f.weighMemory(); !f.memory.exceeded.Load() {
		t.Error("1200 bytes live count as less than 1000")
	}
	f.memory.bytes.Store(0)
	if f.weighMemory(); f.memory.exceeded.Load() {
		t.Error("no limit is exceeded")
	}
}
