package fsm

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// S26: TestReadBehindTimeSeesStateTime reads with an older stamp: existence goes by the later of the
// two.
func TestReadBehindTimeSeesStateTime(t *testing.T) {
	m := newMachine(t)
	m.Apply(1, 50, body("set a 1 pxat 103", "set b 2 pxat 106"), nil)
	m.Apply(2, 105, nil, nil)
	run := newRun(2, words("exists a b"), words("get a"), words("pttl b"), words("dbsize"))
	if m.Query(100, run) {
		t.Fatal("a read of the past asks for a tick")
	}
	if got := string(run.Reply); got != ":1\r\n$-1\r\n:1\r\n:1\r\n" {
		t.Fatalf("got %q", got)
	}
}

// I-1: TestReadAheadOfTimeAsksForTick looks at keys that end between state time and the read's moment. If the
// read just left them out, a later read of another node, whose state time is behind, could find them again.
func TestReadAheadOfTimeAsksForTick(t *testing.T) {
	m := newMachine(t)
	m.Apply(1, 100, body("set soon 1 pxat 103", "set later 2 pxat 200", "set never 3", "set gone 4 pxat 101"), nil)
	m.Apply(2, 101, nil, nil)
	for _, c := range []struct {
		stamp int64
		line  string
		want  bool
	}{
		{102, "get soon", false},
		{103, "get soon", true},
		{103, "exists never soon", true},
		{103, "mget never later", false},
		{103, "get gone", false},
		{103, "get nothing", false},
		{103, "object encoding soon", true},
		{103, "object encoding never", false},
		{103, "dbsize", true},
		{102, "dbsize", false},
		{103, "keys x", true},
		{103, "scan 0", true},
		{103, "randomkey", true},
		{103, "cluster countkeysinslot 0", true},
		{200, "ttl later", true},
		{199, "ttl later", false},
		{1 << 62, "ttl never", false},
	} {
		run := newRun(2, words("get never"), words("nosuch"), words(c.line))
		run.Reply = []byte("before")
		if got := m.Query(c.stamp, run); got != c.want {
			t.Errorf("%s at %d: needs a tick: %v", c.line, c.stamp, got)
		}
		if answered := len(run.Reply) > len("before"); answered == c.want {
			t.Errorf("%s at %d answers %q", c.line, c.stamp, run.Reply)
		}
		image := m.Freeze()
		run.Reply = nil
		if got := image.Query(c.stamp, run); got != c.want {
			t.Errorf("%s at %d, put to an image: needs a tick: %v", c.line, c.stamp, got)
		}
		image.Release()
	}
	tick(m, 103)
	if got := scriptAt(t, m, 103, "get soon", "dbsize", "keys l*r"); got != "$-1 :2 *1 $5 later" {
		t.Fatalf("after the tick: %s", got)
	}
}

// S27: TestTwoThousandKeysEndAtOnce ends them under a load of writes: each is absent for every command at once, an
// entry sweeps a bounded number, and new keys do not keep the old from going.
func TestTwoThousandKeysEndAtOnce(t *testing.T) {
	const many, perEntry = 2000, 8
	m := newMachine(t)
	for i := range many {
		scriptAt(t, m, now, fmt.Sprintf("set key%d %d pxat %d", i, i, now+100))
	}
	entries := 0
	for ; m.Stats().Overdue > 0 || entries == 0; entries++ {
		before := stored(m) - entries*perEntry
		var lines []string
		for i := range perEntry {
			lines = append(lines, fmt.Sprintf("set new%d.%d v ex 100", entries, i))
		}
		m.Apply(m.Index()+1, now+100, body(lines...), nil)
		after := stored(m) - (entries+1)*perEntry
		if swept := before - after; swept > sweepPerEntry+sweepPerWrite*perEntry || swept == 0 {
			t.Fatalf("entry %d swept %d keys", entries, swept)
		}
		if entries > 0 {
			continue
		}
		for i := range many {
			key := fmt.Sprintf("key%d", i)
			want := ":0\r\n$-1\r\n:-2\r\n+none\r\n"
			if got := do(m, words("exists "+key), words("get "+key), words("ttl "+key), words("type "+key)); got != want {
				t.Fatalf("%s: %q", key, got)
			}
		}
		if got := script(m, "dbsize", "keys key*"); got != fmt.Sprintf(":%d *0", perEntry) {
			t.Fatalf("while %d keys are overdue: %s", m.Stats().Overdue, got)
		}
		if m.Due() != now+100 {
			t.Fatalf("the next is due at %d", m.Due())
		}
	}
	const atOnce = sweepPerEntry + sweepPerWrite*perEntry
	if want := (many + atOnce - 1) / atOnce; entries != want {
		t.Fatalf("the backlog took %d entries, want %d", entries, want)
	}
	if m.Stats().Expired != many || m.Stats().Keys != entries*perEntry {
		t.Fatalf("%+v", m.Stats())
	}
	checkDeadlines(t, m)
	checkHash(t, m)
}

// TestEmptyEntriesDrainWhatIsDue is what the leader's ticks do.
func TestEmptyEntriesDrainWhatIsDue(t *testing.T) {
	m := newMachine(t)
	var data []byte
	for i := range 3 * sweepPerEntry {
		data = argv.Append(data, words(fmt.Sprintf("set %d v px %d", i, 5+i%2)))
	}
	m.Apply(1, 100, data, nil)
	for _, step := range []struct {
		stamp, due    int64
		keys, overdue int
	}{
		{104, 105, 192, 0},
		{105, 105, 96, 32}, // half of them end, of which 64 are swept
		{105, 106, 96, 0},
		{106, 106, 0, 32},
		{106, 0, 0, 0},
	} {
		tick(m, step.stamp)
		if s := m.Stats(); m.Due() != step.due || s.Keys != step.keys || s.Overdue != step.overdue || s.Deadlines != s.Keys {
			t.Fatalf("at %d: due %d, %+v; want %+v", step.stamp, m.Due(), s, step)
		}
	}
}

// TestWritesSeeNoKeyThatHasEnded runs every write on one that is still stored.
func TestWritesSeeNoKeyThatHasEnded(t *testing.T) {
	for line, want := range map[string]string{
		"incr key":               ":1 :-1",
		"append key x":           ":1 :-1",
		"set key x nx":           "+OK :-1",
		"set key x xx":           "$-1 :-2",
		"set key x get":          "$-1 :-1",
		"set key x keepttl":      "+OK :-1",
		"getex key persist":      "$-1 :-2",
		"expire key 5":           ":0 :-2",
		"persist key":            ":0 :-2",
		"del key":                ":0 :-2",
		"unlink key":             ":0 :-2",
		"rename key other":       "-ERR no such key :-2",
		"renamenx other key":     ":1 :-1",
		"rename other key":       "+OK :-1",
		"copy key third":         ":0 :-2",
		"copy other key":         ":1 :-1",
		"mset key x":             "+OK :-1",
		"pexpireat key 99999999": ":0 :-2",
		"setex key 5 x":          "+OK :5",
		"flushdb":                "+OK :-2",
	} {
		m := newMachine(t)
		var data []byte // more than one entry sweeps, and all of them before the one that is looked at
		for i := range 5 * sweepPerEntry {
			data = argv.Append(data, words(fmt.Sprintf("set before%d v pxat 150", i)))
		}
		m.Apply(1, 100, append(data, body("set key 7 pxat 151", "set other 8")...), nil)
		got := scriptAt(t, m, 151, line)
		if m.Stats().Overdue == 0 && line != "flushdb" {
			t.Fatalf("%s: all was swept before", line)
		}
		if got += " " + scriptAt(t, m, 151, "ttl key"); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
		checkDeadlines(t, m)
		checkHash(t, m)
	}
}

// TestTheLastMomentIsAMoment sets the state time to the end of all numbers.
func TestTheLastMomentIsAMoment(t *testing.T) {
	m := newMachine(t)
	m.Apply(1, 5, body("set a 1 pxat 9223372036854775807", "set b 1"), nil)
	const last = 1<<63 - 1
	if got := scriptAt(t, m, last-1, "pttl a", "dbsize"); got != ":1 :2" {
		t.Fatalf("before: %s", got)
	}
	if got := scriptAt(t, m, last, "pttl a", "dbsize", "set c 1 px 1", "expire b 1"); got != ":-2 :1 "+
		"-ERR invalid expire time in 'set' command -ERR invalid expire time in 'expire' command" {
		t.Fatalf("then: %s", got)
	}
	checkDeadlines(t, m)
}

// stored is the number of keys that are stored, overdue or not.
func stored(m *Machine) int { return m.Stats().Keys + m.Stats().Overdue }
