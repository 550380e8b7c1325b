package resp

import (
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

func TestLimitsThatContradictEachOtherAreRefused(t *testing.T) {
	for part, limits := range map[string]Limits{
		"2^30":            {MaxEntryBytes: 1<<30 + 1},
		"no room for":     {MaxEntryBytes: 1 << 20, MaxRequestBytes: 1 << 20},
		"below one":       {MaxInputBytes: 1 << 20},
		"negative":        {ChangeTimeout: -time.Second},
		"change -1s":      {ChangeTimeout: -time.Second},
		"MaxInlineBytes ": {MaxInlineBytes: 1 << 20, MaxEntryBytes: 1 << 10},
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

func TestTheDefaultLimitsAreValid(t *testing.T) {
	for _, limits := range []Limits{{}, {MaxEntryBytes: 1 << 10}, {MaxEntryBytes: 64 << 20}} {
		limits := limits.withDefaults()
		if err := limits.validate(); err != nil {
			t.Errorf("%+v: %v", limits, err)
		}
	}
}
