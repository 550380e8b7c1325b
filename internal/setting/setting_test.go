package setting

import (
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestParseMemory_ReadsWhatRedisReads(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "12": 12, "1b": 1, "3k": 3000, "3kb": 3072, "2M": 2_000_000, "2Mb": 2 << 20,
		"1g": 1_000_000_000, "1GB": 1 << 30,
		"": -1, "x": -1, "1x": -1, "-1": -1, "1bk": -1, "99999999999gb": -1, "kb": -1, "1.5mb": -1, "1tb": -1, "1 mb": -1,
		"9223372036854775808": -1, "8589934592gb": -1, "+1": -1,
	} {
		got, ok := ParseMemory(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}

func TestMemory_IsShortInItsLargestUnit(t *testing.T) {
	var n int64
	m := &Memory{Int: Int{At: At(&n), Max: math.MaxInt64}}
	for bytes, want := range map[int64]string{
		0: "0", 1: "1", 1000: "1000", 1024: "1kb", 1025: "1025", 3 << 20: "3mb", 1 << 30: "1gb", 1<<30 + 1<<10: "1048577kb",
	} {
		n = bytes
		if got := m.Short(); got != want {
			t.Errorf("%d is %s, want %s", bytes, got, want)
		}
		if read, ok := ParseMemory(want); !ok || read != bytes {
			t.Errorf("%s is read as %d", want, read)
		}
	}
}

// What each kind takes and refuses; the texts that it refuses change nothing.
func TestValues_TakeAndRefuse(t *testing.T) {
	var number atomic.Int64
	var bytes int64
	var truth bool
	var word, text string
	var list []string
	var duration time.Duration
	ms := &Int{At: &number, Min: -1, Max: 10, Unit: 1000}
	for name, c := range map[string]struct {
		value Value
		takes map[string]string
		never []string
	}{
		"integer": {ms, map[string]string{"-1": "-1", "0": "0", "10": "10"}, []string{"-2", "11", "x", "", "1e3", "01"}},
		"from 5":  {&Int{At: &number, Min: 5, Max: 9, Zero: "none"}, map[string]string{"0": "0"}, []string{"4", "10"}},
		"memory":  {&Memory{Int{At: At(&bytes), Max: 1 << 20}, 4096}, map[string]string{"8kb": "8192"}, []string{"1"}},
		"switch":  {&YesNo{SwitchAt(&truth)}, map[string]string{"YES": "yes", "no": "no"}, []string{"true", ""}},
		"choice": {&Choice{TextAt(&word), []string{"a", "b"}, map[string]string{"x": "b"}},
			map[string]string{"B": "b", "X": "b", "a": "a"}, []string{"c", ""}},
		"text":     {&Text{TextAt(&text)}, map[string]string{"": "", "x y": "x y"}, nil},
		"list":     {&List{At: &list}, map[string]string{"a,b c": "a b c"}, nil},
		"only":     {Only("yes"), map[string]string{"YES": "yes"}, []string{"no"}},
		"shown":    {Shown(func() string { return "7" }), map[string]string{"7": "7"}, []string{"8"}},
		"duration": {&Duration{&duration}, map[string]string{"-1h": "-1h0m0s"}, []string{"1"}},
	} {
		for input, shown := range c.takes {
			apply, refused := c.value.Parse(input)
			if refused != nil {
				t.Errorf("%s refuses %q: %v", name, input, refused)
				continue
			}
			apply()
			if got := c.value.String(); got != shown {
				t.Errorf("%s: %q is shown as %q, want %q", name, input, got, shown)
			}
			if again, refused := c.value.Parse(c.value.String()); refused != nil {
				t.Errorf("%s does not take what it shows: %v", name, refused)
			} else if again(); c.value.String() != shown {
				t.Errorf("%s: what it shows changes it", name)
			}
		}
		before := c.value.String()
		for _, input := range c.never {
			if _, refused := c.value.Parse(input); refused == nil || refused.Redis == "" || refused.Wanted == "" {
				t.Errorf("%s: %q is taken, or refused without words: %v", name, input, refused)
			}
		}
		if c.value.String() != before {
			t.Errorf("%s was changed by what it refuses", name)
		}
	}
}

func TestRow_AnswersToItsNames(t *testing.T) {
	r := Row{Name: "raft.a-b", Flag: "a-b", Aliases: []string{"old"}, Synonyms: []string{"older"}}
	for name, want := range map[string]bool{
		"raft.a-b": true, "a-b": true, "old": true, "older": true, "raft.old": false, "a": false,
	} {
		if r.Answers(name) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
	if got := r.AllNames(); !slices.Equal(got, []string{"raft.a-b", "older"}) {
		t.Errorf("clients call it %v", got)
	}
	if (&Row{Name: "x"}).Answers("") {
		t.Error("a setting without a flag answers to no name")
	}
}

func TestRow_RefusesClientsWhatTheStartDecides(t *testing.T) {
	var n int64
	r := Row{Name: "x", Value: &Int{At: At(&n), Max: 9}}
	if _, refusal := r.Check("1", Alone); refusal != Immutable {
		t.Errorf("refused with %q", refusal)
	}
	same, refusal := r.Check("0", Alone)
	if refusal != "" {
		t.Errorf("to what it is: refused with %q", refusal)
	}
	if same(); n != 0 {
		t.Errorf("then it is %d", n)
	}
	if _, refusal := (&Row{Name: "x", Value: Only("yes")}).Check("yes", Alone); refusal != Immutable {
		t.Errorf("what has one value for good: refused with %q", refusal)
	}
	r.Live, r.Allowed = true, func(string, Beside) *Refusal { return &Refusal{Redis: "not today"} }
	if _, refusal := r.Check("1", Alone); refusal != "not today" {
		t.Errorf("refused with %q", refusal)
	}
	r.Allowed = nil
	if _, refusal := r.Check("10", Alone); !strings.Contains(refusal, "between 0 and 9") {
		t.Errorf("refused with %q", refusal)
	}
	apply, refusal := r.Check("7", Alone)
	if apply(); n != 7 || refusal != "" {
		t.Errorf("%d, %q", n, refusal)
	}
}
