package resp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/resp/topology"
)

func TestLimitsThatContradictEachOtherAreRefused(t *testing.T) {
	for part, limits := range map[string]Limits{
		"2^30":                      {MaxEntryBytes: 1<<30 + 1},
		"below 1048576":             {MaxInputBytes: 1<<20 - 1},
		"negative":                  {ChangeTimeout: -time.Second},
		"change -1s":                {ChangeTimeout: -time.Second},
		"MaxRunBytes 2048 is above": {MaxRunBytes: 2 << 10, MaxEntryBytes: 1 << 10},
	} {
		_, err := New(Options{Store: newFakeStore(t), Node: newFakeStore(t), Limits: limits})
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%+v: %v, want an error about %q", limits, err, part)
		}
	}
	for part, o := range map[string]Options{
		"Store":          {Node: newFakeStore(t)},
		"Node":           {Store: newFakeStore(t)},
		"cluster view 3": {Store: newFakeStore(t), Node: newFakeStore(t), ClusterView: topology.NoView + 1},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want an error about %s", err, part)
		}
	}
}

func TestUnfinishedRequestsHoldAPartOfTheMemory(t *testing.T) {
	for _, c := range []struct{ system, heap, want int64 }{
		{0, 0, 2 << 30}, {64 << 30, 0, 2 << 30}, {1 << 30, 0, 512 << 20}, {256 << 20, 200 << 20, 100 << 20},
		{0, 1000, 1 << 20},
	} {
		memory := MemoryOptions{SystemBytes: c.system, HeapBytes: c.heap}
		if got := memory.inputBytes(); got != c.want {
			t.Errorf("%+v: %d bytes, want %d", memory, got, c.want)
		}
	}
}

func TestTheDefaultLimitsAreValid(t *testing.T) {
	for _, limits := range []Limits{
		{}, {MaxEntryBytes: 1 << 10}, {MaxEntryBytes: 64 << 20}, {MaxEntryBytes: 1 << 30}, {MaxInputBytes: 1 << 20},
	} {
		limits := limits.withDefaults()
		if err := limits.validate(); err != nil {
			t.Errorf("%+v: %v", limits, err)
		}
	}
}

// A write that is longer than a run may be is a run of its own, in its place among the others. Its body is what was
// read.
func TestALongWriteIsARunOfItsOwn(t *testing.T) {
	const limit = 64 << 10
	for _, beyond := range []int{-1, 0, 1, 100 << 10} {
		store := newFakeStore(t)
		f := testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: 1 << 20, MaxRunBytes: limit}})
		long := strings.Repeat("v", limit+beyond-len("\x03\x03SET\x01k\x80\x80\x04"))
		input := bulk("SET", "a", "1") + bulk("GET", "a") + bulk("SET", "k", long) + bulk("STRLEN", "k") +
			bulk("INCR", "a") + bulk("SET", "k", long+"!") + bulk("GET", "a")
		want := fmt.Sprintf("+OK\r\n$1\r\n1\r\n+OK\r\n:%d\r\n:2\r\n+OK\r\n$1\r\n2\r\n", len(long))
		random := rand.New(rand.NewPCG(1, uint64(limit+beyond)))
		for range 5 {
			store.bodies = nil
			c := newClient(t, f)
			if got := c.sendPieces(random, input); got != want {
				t.Fatalf("%d beyond: got %.200q, want %q", beyond, got, want)
			}
			for _, body := range store.bodies {
				_, rest, err := argv.Next(body, nil)
				if err != nil || (len(body) > limit && len(rest) > 0) {
					t.Fatalf("%d beyond: a body of %d bytes has %d behind its first command, %v", beyond, len(body), len(rest), err)
				}
			}
			c.conn.Release()
		}
	}
}
