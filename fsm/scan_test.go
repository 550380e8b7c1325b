package fsm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
)

// scanStep is one SCAN: the cursor with which to go on, and the keys.
func scanStep(t testing.TB, m *Machine, cursor string, options ...string) (next string, keys []string) {
	t.Helper()
	reply := do(m, toArgs(append([]string{"scan", cursor}, options...)))
	fields := strings.SplitN(reply, "\r\n", 4)
	if len(fields) != 4 || fields[0] != "*2" {
		t.Fatalf("SCAN %s answers %q", cursor, reply)
	}
	return fields[2], stringsOf(fields[3])
}

// scanAll is all that a scan from its begin to its end shows.
func scanAll(t testing.TB, m *Machine, options ...string) (keys []string) {
	t.Helper()
	cursor := "0"
	for range 100_000 {
		next, some := scanStep(t, m, cursor, options...)
		keys = append(keys, some...)
		if next == "0" {
			return keys
		}
		cursor = next
	}
	t.Fatal("the scan has no end")
	return nil
}

func TestScanAnswers(t *testing.T) {
	checkScripts(t, map[string]struct{ script, want string }{
		"nothing":  {"scan 0", "*2 $1 0 *0"},
		"one":      {"set foo 1; scan 0", "+OK *2 $1 0 *1 $3 foo"},
		"match":    {"mset foo 1 bar 2; scan 0 match f*", "+OK *2 $1 0 *1 $3 foo"},
		"no match": {"mset foo 1 bar 2; scan 0 MATCH x", "+OK *2 $1 0 *0"},
		"type": {
			"set foo 1; scan 0 type STRING; scan 0 type hash; scan 0 type nosuch",
			"+OK *2 $1 0 *1 $3 foo *2 $1 0 *0 *2 $1 0 *0",
		},
		"all options":       {"set foo 1; scan 0 count 5 type string match *o", "+OK *2 $1 0 *1 $3 foo"},
		"behind the end":    {"set foo 1; scan 18446744073709551615; scan 9223372036854775808", "+OK *2 $1 0 *0 *2 $1 0 *0"},
		"a negative cursor": {"set foo 1; scan -1", "+OK *2 $1 0 *0"},
		"no cursor": {
			"scan x; scan 1x; scan - ; scan 18446744073709551616",
			strings.Repeat("-ERR invalid cursor ", 4),
		},
		"zero count":       {"scan 0 count 0; scan 0 count -1", "-ERR syntax error -ERR syntax error"},
		"count of nothing": {"scan 0 count x", "-ERR value is not an integer or out of range"},
		"a huge count":     {"set foo 1; scan 0 count 9223372036854775807", "+OK *2 $1 0 *1 $3 foo"},
		"half an option":   {"scan 0 count; scan 0 match", "-ERR syntax error -ERR syntax error"},
		"no option":        {"scan 0 foo bar", "-ERR syntax error"},
		"keys": {
			"mset foo 1 {foo}2 2 bar 3; keys f?o; keys {*; keys",
			"+OK *1 $3 foo *1 $6 {foo}2 -ERR wrong number of arguments for 'keys' command",
		},
	})
}

// TestAScanShowsWhatStaysExactlyOnce scans while other keys come and go, in slots that divide and merge meanwhile.
func TestAScanShowsWhatStaysExactlyOnce(t *testing.T) {
	r := random(t, 31)
	m := newMachine(t)
	const stay = 2000
	for i := range stay {
		m.state.Space(0).Set(fmt.Appendf(nil, "{%d}stays %d", i%5, i), []byte("v"))
	}
	for _, count := range []string{"1", "7", "100"} {
		seen := map[string]int{}
		cursor, steps := "0", 0
		for {
			next, keys := scanStep(t, m, cursor, "count", count)
			for _, key := range keys {
				seen[key]++
			}
			for range 5 {
				key := fmt.Appendf(nil, "{%d}%d", r.IntN(5), r.IntN(3000))
				if steps++; steps/1000%2 == 0 {
					m.state.Space(0).Set(key, []byte("v"))
				} else {
					m.state.Space(0).Remove(key)
				}
			}
			if cursor = next; cursor == "0" {
				break
			}
			if n, err := strconv.ParseInt(cursor, 10, 64); err != nil || n <= 0 {
				t.Fatalf("cursor %s is no positive number of 64 bits", cursor)
			}
		}
		for i := range stay {
			if n := seen[fmt.Sprintf("{%d}stays %d", i%5, i)]; n != 1 {
				t.Fatalf("COUNT %s: key %d was shown %d times", count, i, n)
			}
		}
	}
}

// S23: TestScanAndChanceFollowContent goes on with a scan, step by step, on machines of another layout: restored,
// and grown from larger and from smaller; and asks all of them for random keys.
func TestScanAndChanceFollowContent(t *testing.T) {
	const keys = 3000
	key := func(i int) []byte { return fmt.Appendf(nil, "{%d}key %d", i%3, i) }
	straight, devious := newMachine(t), newMachine(t)
	for i := range keys {
		straight.state.Space(0).Set(key(i), []byte("v"))
	}
	for i := range 4 * keys {
		devious.state.Space(0).Set(key(i), []byte("other"))
	}
	for i := 4*keys - 1; i >= 0; i-- {
		devious.state.Space(0).Remove(key(i))
		if i < keys {
			devious.state.Space(0).Set(key(i), []byte("v"))
		}
	}
	machines := []*Machine{straight, devious, restored(t, imageOf(t, straight))}
	cursor, shown := "0", 0
	for step := 0; ; step++ {
		next, found := scanStep(t, machines[step%3], cursor, "count", "10")
		for _, m := range machines {
			if n, same := scanStep(t, m, cursor, "count", "10"); n != next || !slices.Equal(same, found) {
				t.Fatalf("step %d: cursor %s leads to %s with %v, or to %s with %v", step, cursor, next, found, n, same)
			}
		}
		shown += len(found)
		if cursor = next; cursor == "0" {
			break
		}
	}
	if shown != keys {
		t.Fatalf("%d keys were shown, want %d", shown, keys)
	}
	for chance := range uint64(300) {
		want := drawn(straight, chance)
		for i, m := range machines {
			if got := drawn(m, chance); got != want {
				t.Fatalf("chance %d: machine %d picks %q, the first %q", chance, i, got, want)
			}
		}
	}
}

// TestScanCountIsBounded bounds how long the applier may have to wait for one SCAN.
func TestScanCountIsBounded(t *testing.T) {
	m := newMachine(t)
	for i := range exec.MaxScanCount + 5 {
		m.state.Space(0).Set(fmt.Appendf(nil, "%d", i), nil)
	}
	cursor, keys := scanStep(t, m, "0", "count", fmt.Sprint(10*exec.MaxScanCount))
	if cursor == "0" || len(keys) != exec.MaxScanCount {
		t.Fatalf("%d keys and cursor %s, want %d and more to come", len(keys), cursor, exec.MaxScanCount)
	}
	if cursor, keys = scanStep(t, m, cursor, "count", fmt.Sprint(10*exec.MaxScanCount)); cursor != "0" || len(keys) != 5 {
		t.Fatalf("then %d keys and cursor %s, want 5 and the end", len(keys), cursor)
	}
	if keys := scanAll(t, m, "count", "3"); len(keys) != exec.MaxScanCount+5 {
		t.Fatalf("%d keys by threes", len(keys))
	}
}

// crowd is a key space in which many keys have one position.
type crowd struct {
	exec.Reader
	positions []keyspace.Position
	entries   []keyspace.Entry
}

func (c *crowd) Scan(from keyspace.Position, visit func(at keyspace.Position, e *keyspace.Entry) bool) {
	for i, at := range c.positions {
		if at >= from && !visit(at, &c.entries[i]) {
			return
		}
	}
}

// TestKeysOfOnePositionAreShownTogether asks for one key at a time where five share a position.
func TestKeysOfOnePositionAreShownTogether(t *testing.T) {
	c := &crowd{positions: []keyspace.Position{3, 7, 7, 7, 7, 7, 9}}
	for i := range c.positions {
		c.entries = append(c.entries, keyspace.NewEntry(fmt.Appendf(nil, "%d", i), nil))
	}
	cursor := "0"
	for _, want := range []string{
		"*2 $1 7 *1 $1 0", "*2 $1 9 *5 $1 1 $1 2 $1 3 $1 4 $1 5", "*2 $1 0 *1 $1 6",
	} {
		reply := string(scanKeys(exec.View{Space: c}, exec.Call{Args: words("scan " + cursor + " count 1")}))
		if got := strings.TrimSpace(strings.ReplaceAll(reply, "\r\n", " ")); got != want {
			t.Fatalf("cursor %s: %s, want %s", cursor, got, want)
		}
		cursor = strings.Fields(want)[2]
	}
}
