package resp

import (
	"strings"
	"testing"
	"time"

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
