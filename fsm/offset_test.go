package fsm

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// hour is in milliseconds.
const hour = 3_600_000

// tickTo applies an entry that carries nothing but time, with an offset.
func tickTo(m *Machine, stamp, offset int64) {
	m.SetOffset(offset)
	tick(m, stamp)
}

// TestRelativeTimesLastWhateverTheOffsetDoes: wall time jumps by an hour, in both directions, and the time left of a
// relative deadline is what it was. That of an absolute one is what wall time says.
func TestRelativeTimesLastWhateverTheOffsetDoes(t *testing.T) {
	m := newMachine(t)
	scriptAt(t, m, now, "set a 1 px 5000", fmt.Sprint("set b 1 pxat ", now+2*hour))
	for _, offset := range []int64{0, hour, -hour, -9 * hour, 0} {
		tickTo(m, now+1000, offset)
		want := fmt.Sprintf(":4000 :%d :%d :%d", now+5000+offset, 2*hour-1000-offset, now+2*hour)
		if got := scriptAt(t, m, now+1000, "pttl a", "pexpiretime a", "pttl b", "pexpiretime b"); got != want {
			t.Errorf("with offset %d: %s, want %s", offset, got, want)
		}
		checkDeadlines(t, m)
	}
	tickTo(m, now+4999, -hour)
	if got := scriptAt(t, m, now+4999, "exists a b"); got != ":2" {
		t.Fatalf("1 ms before the end of a: %s", got)
	}
	tickTo(m, now+5000, -hour)
	if got := scriptAt(t, m, now+5000, "exists a", "exists b"); got != ":0 :1" {
		t.Fatalf("at the end of a: %s", got)
	}
}

// TestDeadlinesKeepTheirKind asks every command that moves, keeps or replaces a deadline, and then corrects wall time
// by ten seconds: only the time left of an absolute deadline moves.
func TestDeadlinesKeepTheirKind(t *testing.T) {
	in, at := "px 60000", fmt.Sprint("pxat ", now+60_000)
	for script, relative := range map[string]bool{
		"set a 1 " + in: true,
		"set a 1 " + at: false,
		"set a 1 ex 60": true,
		fmt.Sprint("set a 1 exat ", (now+60_000)/1000): false,
		"setex a 60 1":                                                            true,
		"psetex a 60000 1":                                                        true,
		"set a 1; expire a 60":                                                    true,
		"set a 1; pexpire a 60000":                                                true,
		fmt.Sprint("set a 1; pexpireat a ", now+60_000):                           false,
		fmt.Sprint("set a 1; expireat a ", (now+60_000)/1000):                     false,
		"set a 1; getex a " + in:                                                  true,
		"set a 1; getex a " + at:                                                  false,
		"set a 1 " + in + "; set a 2 keepttl":                                     true,
		"set a 1 " + at + "; set a 2 keepttl":                                     false,
		"set a 1 " + in + "; append a 2":                                          true,
		"set a 1 " + at + "; append a 2":                                          false,
		"set a 1 " + in + "; incr a":                                              true,
		"set a 1 " + at + "; incr a":                                              false,
		"set a 1 " + in + "; setrange a 600 x":                                    true,
		"set a 1 " + at + "; setrange a 600 x":                                    false,
		"set b 1 " + in + "; rename b a":                                          true,
		"set b 1 " + at + "; rename b a":                                          false,
		"set b 1 " + in + "; set a 1 " + at + "; copy b a replace":                true,
		"set b 1 " + at + "; set a 1 " + in + "; copy b a replace":                false,
		"set a 1 " + at + "; expire a 60":                                         true,
		"set a 1 " + in + fmt.Sprint("; pexpireat a ", now+60_000):                false,
		"set a 1 " + in + "; persist a; getex a " + at:                            false,
		"set a 1 " + at + "; set a 1; expire a 60":                                true,
		"set a 1 " + in + fmt.Sprint("; pexpireat a ", now+60_000, " gt"):         true,
		"set a 1 " + at + "; pexpire a 60000 lt":                                  false,
		"set a 1 " + in + fmt.Sprint("; pexpireat a ", now+60_001, " gt; pttl a"): false,
		"set a 1 " + at + "; pexpire a 59999 lt; pttl a":                          true,
	} {
		m := newMachine(t)
		scriptAt(t, m, now, splitScript(script)...)
		before := scriptAt(t, m, now, "pttl a")
		tickTo(m, now, -10_000)
		left, _ := strconv.Atoi(before[1:])
		want := fmt.Sprint(":", left+10_000)
		if relative {
			want = before
		}
		again := restored(t, imageOf(t, m))
		for _, m := range []*Machine{m, again} {
			if got := scriptAt(t, m, now, "pttl a"); got != want || left == 0 {
				t.Errorf("%s: %s left, then %s, want %s", script, before, got, want)
			}
			checkDeadlines(t, m)
		}
	}
}

// TestWhatWallTimeHasEndedNeverComesBack: wall time is an hour ahead and ends 1,000 keys, of which an entry removes
// some. Then it goes back. All of them stay absent, for each entry and each read, and on a node that is restored in
// between.
func TestWhatWallTimeHasEndedNeverComesBack(t *testing.T) {
	const keys = 1000
	m := newMachine(t)
	var data []byte
	for i := range keys {
		data = argv.Append(data, words(fmt.Sprintf("set a%d 1 pxat %d", i, now+hour-int64(i%7))))
	}
	m.Apply(m.Index()+1, now, data, nil)
	scriptAt(t, m, now, fmt.Sprint("set later 1 pxat ", now+2*hour))
	tickTo(m, now, hour)
	if got := scriptAt(t, m, now, "dbsize", "exists a0 a1 a999 later"); got != ":1 :1" {
		t.Fatalf("an hour ahead: %s", got)
	}
	entries := 0
	for m.SetOffset(0); m.state.Now().Wall != m.state.Now().Log; entries++ {
		if got := m.state.Now(); got.Wall != got.Log+hour || m.Stats().Overdue == 0 || m.Due() > now {
			t.Fatalf("after %d entries time is %+v with %d keys to remove, due %d", entries, got, m.Stats().Overdue, m.Due())
		}
		if got := scriptAt(t, m, now, "dbsize", "exists a0 a1 a999 later"); got != ":1 :1" {
			t.Fatalf("after %d entries: %s", entries, got)
		}
		if entries == 3 {
			m = restored(t, imageOf(t, m))
		}
		tick(m, now)
	}
	if entries < keys/sweepPerEntry-1 || entries > keys/sweepPerEntry+1 {
		t.Fatalf("wall time went back after %d entries", entries)
	}
	got := scriptAt(t, m, now, "dbsize", "exists a0 a1 a999 later", "set a0 1 px 5", "exists a0")
	if got != ":1 :1 +OK :1" {
		t.Fatalf("in the end: %s", got)
	}
}

// TestOffsetIsPartOfTheState: of the image, and of the hash.
func TestOffsetIsPartOfTheState(t *testing.T) {
	m, other := newMachine(t), newMachine(t)
	tickTo(m, now, -hour)
	tick(other, now)
	if m.Hash() == other.Hash() {
		t.Fatal("the hash does not tell offsets apart")
	}
	again := restored(t, imageOf(t, m))
	if again.state.Now() != m.state.Now() || again.Hash() != m.Hash() {
		t.Fatalf("restored with %+v, want %+v", again.state.Now(), m.state.Now())
	}
	tick(again, now+1)
	if got := again.state.Now(); got.Wall != now+1-hour {
		t.Fatalf("then time is %+v", got)
	}
}

// TestDeadlinesAtTheEndsOfTime asks for the largest and smallest moments, with offsets of both signs.
func TestDeadlinesAtTheEndsOfTime(t *testing.T) {
	const maximum = int64(9223372036854775807)
	for _, offset := range []int64{0, hour, -hour} {
		m := newMachine(t)
		tickTo(m, now, offset)
		last := maximum - now - max(offset, 0)
		got := scriptAt(t, m, now, fmt.Sprint("set a 1 px ", last), "pttl a", "pexpiretime a",
			fmt.Sprint("set a 1 px ", last+1), fmt.Sprint("set b 1 pxat ", maximum), "pexpiretime b",
			fmt.Sprint("pexpire b ", last), "set c 1", "pexpireat c -5",
			"exists c")
		const refused = "-ERR invalid expire time in 'set' command"
		want := fmt.Sprintf("+OK :%d :%d %s +OK :%d :1 +OK :1 :0", last, now+offset+last, refused, maximum)
		if got != want {
			t.Errorf("offset %d:\n%s\n%s", offset, got, want)
		}
		checkDeadlines(t, m)
	}
}

// splitScript cuts a script at its semicolons.
func splitScript(script string) (lines []string) {
	for line := range strings.SplitSeq(script, ";") {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// TestMeanTimeLeftCountsBothKinds: relative and absolute deadlines, each by its own time, and keys that are overdue.
func TestMeanTimeLeftCountsBothKinds(t *testing.T) {
	const maximum = int64(9223372036854775807)
	for script, want := range map[string]int64{
		"set a 1":                                  0,
		"set a 1 px 3000":                          3000,
		"set a 1 px 3000; set b 1 px 1000":         2000,
		fmt.Sprint("set a 1 pxat ", now-hour+9000): 9000,
		fmt.Sprint("set a 1 px 3000; set b 1; set c 1 pxat ", now-hour+9000): 6000,
		fmt.Sprint("set a 1 px 1; set c 1 pxat ", now-hour+9001):             4501,
		fmt.Sprintf("set a 1 pxat %d; set b 1 pxat %d", maximum, maximum):    maximum - (now - hour),
	} {
		m := newMachine(t)
		tickTo(m, now, -hour)
		scriptAt(t, m, now, splitScript(script)...)
		if got := m.Stats().Databases[0].MeanMillisLeft; got != want {
			t.Errorf("%s: %d, want %d", script, got, want)
		}
	}
}
