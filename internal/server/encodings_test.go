package server

import (
	"math"
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/setting"
)

// What Redis 7.2 has: names, defaults, bounds.
var encodingSettings = map[string]struct {
	synonym                 string
	value, minimum, maximum int64
	shown                   func(l value.EncodingLimits) int64
}{
	"hash-max-listpack-entries": {"hash-max-ziplist-entries", 512, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.Hash.Entries }},
	"hash-max-listpack-value": {"hash-max-ziplist-value", 64, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.Hash.ElementBytes }},
	"hll-sparse-max-bytes": {"", 3000, 0, math.MaxInt64, nil},
	"list-compress-depth":  {"", 0, 0, math.MaxInt32, nil},
	"list-max-listpack-size": {"list-max-ziplist-size", -2, math.MinInt32, math.MaxInt32,
		func(l value.EncodingLimits) int64 { return l.ListSize }},
	"set-max-intset-entries": {"", 512, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.IntegerSetEntries }},
	"set-max-listpack-entries": {"", 128, 0, math.MaxInt64, func(l value.EncodingLimits) int64 { return l.Set.Entries }},
	"set-max-listpack-value": {"", 64, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.Set.ElementBytes }},
	"stream-node-max-bytes": {"", 4096, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.StreamNodeBytes }},
	"stream-node-max-entries": {"", 100, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.StreamNodeEntries }},
	"zset-max-listpack-entries": {"zset-max-ziplist-entries", 128, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.SortedSet.Entries }},
	"zset-max-listpack-value": {"zset-max-ziplist-value", 64, 0, math.MaxInt64,
		func(l value.EncodingLimits) int64 { return l.SortedSet.ElementBytes }},
}

func TestEncodings_AreSetOneByOne(t *testing.T) {
	for name, want := range encodingSettings {
		c := NewConfig()
		row, before := c.row(name), c.encodings.limits()
		if got := row.String(); got != strconv.FormatInt(want.value, 10) {
			t.Errorf("%s is %s, in Redis %d", name, got, want.value)
		}
		for n, takes := range map[int64]bool{want.minimum: true, want.maximum: true, 7: true} {
			apply, refusal := row.Check(strconv.FormatInt(n, 10), setting.Alone)
			if (refusal == "") != takes {
				t.Fatalf("%s of %d: %s", name, n, refusal)
			}
			if apply(); want.shown != nil && want.shown(c.encodings.limits()) != n {
				t.Errorf("%s of %d leaves %+v", name, n, c.encodings.limits())
			}
			if got := row.String(); got != strconv.FormatInt(n, 10) {
				t.Errorf("%s is %s, and was set to %d", name, got, n)
			}
		}
		for _, text := range []string{strconv.FormatUint(math.MaxInt64+1, 10), "-9223372036854775808", "x", ""} {
			if _, refusal := row.Check(text, setting.Alone); refusal == "" {
				t.Errorf("%s takes %q", name, text)
			}
		}
		apply, refusal := row.Check(strconv.FormatInt(want.value, 10), setting.Alone)
		if refusal != "" {
			t.Fatalf("%s does not go back: %s", name, refusal)
		}
		if apply(); c.encodings.limits() != before {
			t.Errorf("%s changes others: %+v, and before %+v", name, c.encodings.limits(), before)
		}
		if names := row.AllNames(); want.synonym == "" && len(names) != 1 || want.synonym != "" && names[1] != want.synonym {
			t.Errorf("%s is also called %v", name, names)
		}
	}
	if got := NewConfig().encodings.limits(); got != value.DefaultEncodingLimits() {
		t.Errorf("the defaults are %+v", got)
	}
}

func TestEncodings_AFileMayHaveTheOlderNames(t *testing.T) {
	c, err := read(t, "hash-max-ziplist-entries 7\nzset-max-ziplist-value 1kb\nlist-max-ziplist-size -1\n"+
		"set-max-intset-entries 0\n")
	if err != nil {
		t.Fatal(err)
	}
	limits := c.encodings.limits()
	if limits.Hash.Entries != 7 || limits.SortedSet.ElementBytes != 1024 || limits.ListSize != -1 ||
		limits.IntegerSetEntries != 0 {
		t.Errorf("the file leaves %+v", limits)
	}
}
