package fsm

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// topicStep is a command, the moment at which it comes, and how its reply begins.
type topicStep struct {
	at         int64
	line, want string
}

func runTopicSteps(t *testing.T, m *Machine, steps []topicStep) {
	t.Helper()
	for _, s := range steps {
		if got := scriptAt(t, m, s.at, s.line); !strings.HasPrefix(got, s.want) || (s.want == "" && got != "") {
			t.Errorf("%s: got %s, want %s", s.line, got, s.want)
		}
	}
	checkHash(t, m)
}

// TestATopicIsReadOnceAndInOrder goes through what a writer and a reader of one topic do.
func TestATopicIsReadOnceAndInOrder(t *testing.T) {
	runTopicSteps(t, newMachine(t), []topicStep{
		{5, "raft.log read t 0", "*-1"},
		{5, "raft.log append t one", ":1"},
		{5, "raft.log append t two", ":2"},
		{9, "RAFT.LOG Append t three", ":3"},
		{9, "raft.log read t 0", "*3 *2 :1 $3 one *2 :2 $3 two *2 :3 $5 three"},
		{9, "raft.log read t 1 count 1", "*1 *2 :2 $3 two"},
		{9, "raft.log read t 2 COUNT 9223372036854775807", "*1 *2 :3 $5 three"},
		{9, "raft.log read t 3", "*-1"},
		{9, "raft.log read t $", "*-1"},
		{9, "raft.log read t -", "*3 *2 :1"},
		{9, "raft.log read t 0 block 5 count 1", "*1 *2 :1 $3 one"},
		{9, "raft.log read t 3 block 0", "*-1"},
		{9, "type t", "+raftlog"},
		{9, "object encoding t", "$8 sequence"},
		{9, "memory usage t", ":"},
		{9, "debug object t", "+Value at:0x0 refcount:1 encoding:sequence serializedlength:35"},
		{9, "scan 0 type raftlog", "*2 $1 0 *1 $1 t"},
		{12, "raft.log info t", "*20 $7 entries :3 $5 bytes :11 $11 first-index :1 $10 last-index :3 $7 trimmed :0 " +
			"$11 limit-bytes :1073741824 $13 limit-entries :16777216 $13 oldest-age-ms :7 $13 newest-age-ms :3 " +
			"$9 when-full $6 refuse"},
		{12, "raft.log trim t before 3", ":2"},
		{12, "raft.log read t 2", "*1 *2 :3"},
		{12, "raft.log read t 1", "-TRIMMED 3 "},
		{12, "raft.log read t 0", "-TRIMMED 3 "},
		{12, "raft.log read t -", "*1 *2 :3"},
		{12, "raft.log trim t before 100", ":1"},
		{12, "raft.log read t 3", "*-1"},
		{12, "raft.log read t 2", "-TRIMMED 4 "},
		{12, "raft.log read t -", "*-1"},
		{12, "raft.log info t", "*20 $7 entries :0 $5 bytes :0 $11 first-index :4 $10 last-index :3 $7 trimmed :3"},
		{12, "raft.log append t four", ":4"},
		{12, "raft.log read t 3", "*1 *2 :4"},
	})
}

// TestNoGapIsSilent has readers with every index that they can have, over all that can happen to a topic.
func TestNoGapIsSilent(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines string
		// want are the beginnings of replies to reads behind an index.
		want map[string]string
	}{
		{"made anew", "raft.log append t a,raft.log append t b,del t,raft.log append t c",
			map[string]string{"0": "*1 *2 :4 $1 c", "1": "-TRIMMED 4 ", "2": "-TRIMMED 4 ", "3": "*1 *2 :4", "4": "*-1",
				"5": "-AHEAD 4 ", "$": "*-1", "-": "*1 *2 :4"}},
		{"deleted", "raft.log append t a,raft.log append t b,del t",
			map[string]string{"0": "*-1", "1": "*-1", "2": "*-1", "3": "-AHEAD 2 ", "$": "*-1", "-": "*-1"}},
		{"never made", "raft.log append other a,raft.log append other b",
			map[string]string{"0": "*-1", "2": "*-1", "3": "-AHEAD 2 "}},
		{"flushed and made anew", "raft.log append t a,flushall,raft.log append t b",
			map[string]string{"0": "*1 *2 :3", "1": "-TRIMMED 3 ", "2": "*1 *2 :3 $1 b"}},
		{"ended and made anew", "raft.log append t a,pexpire t 0,raft.log append t b",
			map[string]string{"0": "*1 *2 :3", "1": "-TRIMMED 3 ", "3": "*-1"}},
		{"another topic renamed to it", "raft.log append t a,raft.log append u b,raft.log append u c,rename u t",
			map[string]string{"0": "*2 *2 :4 $1 b *2 :5 $1 c", "1": "-TRIMMED 4 ", "2": "-TRIMMED 4 ", "3": "*2 *2 :4",
				"4": "*1 *2 :5", "5": "*-1", "6": "-AHEAD 5 "}},
		{"a copy of another put there", "raft.log append t a,raft.log append u b,raft.log append u c,copy u t replace",
			map[string]string{"1": "-TRIMMED 4 ", "4": "*1 *2 :5 $1 c"}},
		{"renamed away", "raft.log append t a,rename t u", map[string]string{"0": "*-1", "1": "*-1", "2": "*-1"}},
		{"replaced by a string", "raft.log append t a,set t b", map[string]string{"0": "-WRONGTYPE", "1": "-WRONGTYPE"}},
		{"trimmed and copied", "raft.log append u a,raft.log append u b,raft.log trim u before 2,copy u t",
			map[string]string{"0": "-TRIMMED 4 ", "2": "-TRIMMED 4 ", "3": "*1 *2 :4 $1 b", "-": "*1 *2 :4"}},
		{"made by a limit", "raft.log append u a,raft.log limit t entries 5",
			map[string]string{"0": "*-1", "1": "*-1", "2": "-AHEAD 1 "}},
	} {
		m := newMachine(t)
		for _, line := range strings.Split(c.lines, ",") {
			if got := scriptAt(t, m, 1000, line); strings.HasPrefix(got, "-") {
				t.Fatalf("%s: %s", line, got)
			}
		}
		again := restored(t, imageOf(t, m))
		for index, want := range c.want {
			line := "raft.log read t " + index
			if got := scriptAt(t, m, 1000, line); !strings.HasPrefix(got, want) {
				t.Errorf("%s, behind %s: got %s, want %s", c.name, index, got, want)
			}
			if got, want := scriptAt(t, again, 1000, line), scriptAt(t, m, 1000, line); got != want {
				t.Errorf("%s, behind %s, restored: got %s, want %s", c.name, index, got, want)
			}
		}
		checkHash(t, m)
	}
}

// TestIndexesNeverComeTwice under one name, also where one entry of the log appends, deletes and appends again.
func TestIndexesNeverComeTwice(t *testing.T) {
	m, seen := newMachine(t), map[string]bool{}
	for range 50 {
		run := newRun(2, words("raft.log append a 1"), words("del a"), words("raft.log append a 2"),
			words("raft.log append b 3"), words("copy a c replace"), words("rename b c"), words("raft.log append c 4"))
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		for i, reply := range strings.Split(strings.TrimSpace(string(run.Reply)), "\r\n") {
			if name := []string{0: "a", 2: "a", 3: "b", 6: "c"}[i]; name != "" {
				if seen[name+reply] || !strings.HasPrefix(reply, ":") {
					t.Fatalf("the index %s of %s came twice", reply, name)
				}
				seen[name+reply] = true
			}
		}
	}
	checkHash(t, m)
}

// TestATopicIsNotRenamedBeyondTheLargestNumber at one number before the largest, at it, and one beyond: what cannot be
// read back from an image is refused, and changes nothing.
func TestATopicIsNotRenamedBeyondTheLargestNumber(t *testing.T) {
	const entries = 3
	refused := "-" + logOutOfIndexes
	for last, fits := range map[uint64]bool{
		keyspace.MaxNumber - 1: true, keyspace.MaxNumber: true, keyspace.MaxNumber + 1: false, 3 << 60: false,
	} {
		for _, step := range []struct{ line, want, from, to string }{
			{"rename a b", "+OK", "a", "b"}, {"renamenx a b", ":1", "a", "b"}, {"copy a b", ":1", "a", "b"},
		} {
			m := newMachine(t)
			script(m, "raft.log append a 1", "raft.log append a 2", "raft.log append a 3")
			m.state.NextNumbers(last - entries - m.state.LastNumber())
			m = restored(t, imageOf(t, m))
			got := script(m, step.line)
			if fits && (got != step.want || m.state.LastNumber() != last) {
				t.Errorf("%s up to %d: %q, the last number is %d", step.line, last, got, m.state.LastNumber())
			}
			if !fits && (got != refused || m.state.LastNumber() != last-entries) {
				t.Errorf("%s up to %d: %q, the last number is %d", step.line, last, got, m.state.LastNumber())
			}
			got = script(m, "raft.log append b 4", "raft.lock l me 1000", "raft.session open")
			if strings.Contains(got, "-") {
				t.Errorf("%s up to %d, and then: %q", step.line, last, got)
			}
			checkHash(t, m)
		}
	}
}

// TestNumbersAfterAnOldStateCameBack come again; the recipe of `raftredis help backup` makes them new.
func TestNumbersAfterAnOldStateCameBack(t *testing.T) {
	m := newMachine(t)
	script(m, "raft.log append orders 1", "raft.log append orders 2")
	old := imageOf(t, m)
	script(m, "raft.log append orders 3", "raft.log append orders 4", "raft.lock l one 1000")
	known := m.state.LastNumber() // the highest token or index that a client has
	m = restored(t, old)
	token := func() uint64 {
		script(m, "del l")
		token, err := strconv.ParseUint(strings.TrimPrefix(script(m, "raft.lock l two 1000"), ":"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	if got := token(); got > known {
		t.Fatalf("the token is %d, above %d: what the help says of it is not needed", got, known)
	}
	for i := 0; uint64(i) <= known; i++ {
		script(m, "raft.log append raise x")
	}
	if got := script(m, "rename orders moved", "rename moved orders", "raft.log read orders 4"); !strings.HasPrefix(got,
		"+OK +OK -TRIMMED ") {
		t.Errorf("a reader from before: %q", got)
	}
	if got := token(); got <= known {
		t.Errorf("a token of %d, not above %d", got, known)
	}
}

// TestTopicCommandsRefuse what they cannot do, and change nothing then.
func TestTopicCommandsRefuse(t *testing.T) {
	m := newMachine(t)
	script(m, "raft.log append t a", "set s x", "raft.log limit full entries 2", "raft.log append full 1",
		"raft.log append full 2", "raft.log limit small bytes 3", "raft.log append small ab")
	before := m.Hash()
	for line, want := range map[string]string{
		"raft.log append s x":                        "-WRONGTYPE",
		"raft.log read s 0":                          "-WRONGTYPE",
		"raft.log trim s before 1":                   "-WRONGTYPE",
		"raft.log limit s entries 1":                 "-WRONGTYPE",
		"raft.log info s":                            "-WRONGTYPE",
		"get t":                                      "-WRONGTYPE",
		"append t x":                                 "-WRONGTYPE",
		"raft.log info none":                         "-ERR no such key",
		"raft.log trim none before 1":                ":0",
		"raft.log trim t before x":                   "-ERR value is not an integer or out of range",
		"raft.log trim t bytes -1":                   "-ERR value is not an integer or out of range",
		"raft.log trim t since 1":                    "-ERR syntax error",
		"raft.log trim t before 1":                   ":0",
		"raft.log trim t bytes 1":                    ":0",
		"raft.log trim t age 9223372036854775807":    ":0",
		"raft.log read t x":                          "-ERR after-index is neither",
		"raft.log read t -1":                         "-ERR after-index is neither",
		"raft.log read t 01":                         "-ERR after-index is neither",
		"raft.log read t 9223372036854775807":        "-AHEAD 1 ",
		"raft.log read t 9223372036854775808":        "-ERR after-index is neither",
		"raft.log read t 0 count 0":                  "-ERR COUNT must",
		"raft.log read t 0 count x":                  "-ERR COUNT must",
		"raft.log read t 0 block -1":                 "-ERR BLOCK must",
		"raft.log read t 0 block":                    "-ERR syntax error",
		"raft.log read t 0 wait 1":                   "-ERR syntax error",
		"raft.log limit t bytes 0":                   "-ERR BYTES must",
		"raft.log limit t bytes 68719476737":         "-ERR BYTES must",
		"raft.log limit t entries 4294967297":        "-ERR ENTRIES must",
		"raft.log limit t entries x":                 "-ERR ENTRIES must",
		"raft.log limit t full perhaps":              "-ERR syntax error",
		"raft.log limit t full":                      "-ERR syntax error",
		"raft.log limit t":                           "+OK",
		"raft.log limit t entries 16777216":          "+OK",
		"raft.log append full 3":                     "-TOPICFULL the topic may hold 2 entries",
		"raft.log append small ab":                   "-TOPICFULL",
		"raft.log append small abcd":                 "-TOPICFULL",
		"raft.log nosuch t":                          "-ERR unknown subcommand 'nosuch'. Try RAFT.LOG HELP.",
		"raft.log append t":                          "-ERR wrong number of arguments for 'raft.log|append' command",
		"raft.log read t 0 count 1 count 1 block 1 ": "*1 *2 :1",
	} {
		if got := script(m, line); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
	if m.Hash() == before { // entries were applied: the time of the state did not move, but nothing else may have
		return
	}
	if got := script(m, "raft.log info t"); !strings.Contains(got, "$7 entries :1") {
		t.Errorf("a refused command changed something: %s", got)
	}
}

// TestTheLongestEntry is as long as MaxTopicEntryBytes.
func TestTheLongestEntry(t *testing.T) {
	m := newMachine(t)
	for length, want := range map[int]string{
		value.MaxTopicEntryBytes: ":1", value.MaxTopicEntryBytes + 1: "-ERR an entry of a topic has at most 16777216 bytes",
	} {
		args := [][]byte{[]byte("raft.log"), []byte("append"), []byte(strconv.Itoa(length)), make([]byte, length)}
		if got := do(m, args); !strings.HasPrefix(got, want[:1]) {
			t.Errorf("%d bytes: %s, want %s", length, got, want)
		}
	}
	key := strconv.Itoa(value.MaxTopicEntryBytes)
	plain := do(m, words("raft.log read "+key+" 0"))
	late := newLate(words("raft.log read " + key + " 0"))
	m.Query(0, late)
	if late.Long.Bytes() != value.MaxTopicEntryBytes || late.WantsFreeze {
		t.Errorf("%d bytes are left to the connection", late.Long.Bytes())
	}
	script(m, "raft.log trim "+key+" bytes 0")
	if late.Join(); string(late.Reply) != plain || len(plain) < value.MaxTopicEntryBytes {
		t.Error("the reply that the connection makes is another one")
	}
	checkHash(t, m)
}

// TestATopicHasItsLimits at the edges: as many entries and bytes as it may have, and one more.
func TestATopicHasItsLimits(t *testing.T) {
	runTopicSteps(t, newMachine(t), []topicStep{
		{1, "raft.log limit t entries 3 bytes 10", "+OK"},
		{1, "type t", "+raftlog"},
		{1, "raft.log append t 123", ":1"},
		{1, "raft.log append t 1234567", ":2"},
		{1, "raft.log append t x", "-TOPICFULL the topic may hold 3 entries of together 10 bytes"},
		{1, "raft.log limit t bytes 11", "+OK"},
		{1, "raft.log append t x", ":3"},
		{1, "raft.log limit t bytes 100", "+OK"},
		{1, "raft.log append t x", "-TOPICFULL"},
		{1, "raft.log limit t full trim", "+OK"},
		{1, "raft.log append t y", ":4"},
		{1, "raft.log read t 1", "*3 *2 :2"},
		{1, "raft.log read t 0", "-TRIMMED 2 "},
		{1, "raft.log limit t bytes 5", "+OK"},
		{1, "raft.log read t -", "*2 *2 :3 $1 x *2 :4 $1 y"},
		{1, "raft.log append t 12345", ":5"},
		{1, "raft.log read t -", "*1 *2 :5"},
		{1, "raft.log append t 123456", "-TOPICFULL"},
		{1, "raft.log limit t full refuse entries 1 bytes 1", "+OK"},
		{1, "raft.log read t -", "*1 *2 :5"}, // what is there stays
		{1, "raft.log append t 1", "-TOPICFULL"},
		{1, "raft.log trim t bytes 4", ":1"},
		{1, "raft.log append t 1", ":6"},
	})
}

// TestATopicIsTrimmedByAge that is counted in log time.
func TestATopicIsTrimmedByAge(t *testing.T) {
	runTopicSteps(t, newMachine(t), []topicStep{
		{1000, "raft.log append t a", ":1"},
		{2000, "raft.log append t b", ":2"},
		{2000, "raft.log append t c", ":3"},
		{3000, "raft.log trim t age 2000", ":0"},
		{3001, "raft.log trim t age 2000", ":1"},
		{3001, "raft.log trim t age 1001", ":0"},
		{3001, "raft.log trim t age 1000", ":2"},
		{3001, "raft.log read t 3", "*-1"},
	})
}

// TestAReadIsBounded in bytes: it stops before the entry that would exceed them, and gives one entry in any case.
func TestAReadIsBounded(t *testing.T) {
	m := newMachine(t)
	half := maxReadBytes / 2
	for _, length := range []int{half - logEntryOverhead, half - logEntryOverhead, 1, maxReadBytes + 1, 1} {
		do(m, [][]byte{[]byte("raft.log"), []byte("append"), []byte("t"), make([]byte, length)})
	}
	for after, want := range map[int]string{0: "*2\r\n", 1: "*2\r\n", 2: "*1\r\n", 3: "*1\r\n", 4: "*1\r\n"} {
		if got := do(m, words(fmt.Sprintf("raft.log read t %d", after))); !strings.HasPrefix(got, want) {
			t.Errorf("behind %d: %.10q, want %q", after, got, want)
		}
	}
	for range defaultReadEntries + 1 {
		do(m, words("raft.log append u x"))
	}
	if got := do(m, words("raft.log read u 0")); !strings.HasPrefix(got, "*1000\r\n") {
		t.Errorf("without COUNT: %.10q", got)
	}
	run := newRun(2, words("raft.log read t 0"))
	run.MaxReplyBytes = 1000
	if m.Query(0, run); !strings.HasPrefix(string(run.Reply), "-ERR the reply would be longer") {
		t.Errorf("beyond the output limit: %.40q", run.Reply)
	}
	run = newRun(2, words("raft.log read u 0"))
	run.MaxReplyBytes = 10 * (logEntryOverhead + 1)
	if m.Query(0, run); !strings.HasPrefix(string(run.Reply), "*10\r\n") {
		t.Errorf("within the output limit: %.40q", run.Reply)
	}
}

// TestAReadSaysThatItWaits if it has nothing to answer and may wait; `$` means the same entry each time.
func TestAReadSaysThatItWaits(t *testing.T) {
	m := newMachine(t)
	script(m, "raft.log append t a", "raft.log append t b")
	ask := func(run *command.Run) string {
		run.Reply, run.Waiting = nil, command.Waiting{}
		m.Query(0, run)
		return string(run.Reply)
	}
	for _, c := range []struct {
		line  string
		waits command.Waiting
	}{
		{"raft.log read t 2 block 70", command.Waiting{Wanted: true, Millis: 70}},
		{"raft.log read t 2 BLOCK 0", command.Waiting{Wanted: true}},
		{"raft.log read none 0 block 1", command.Waiting{Wanted: true, Millis: 1}},
		{"raft.log read t 1 block 70", command.Waiting{}},
		{"raft.log read t 2", command.Waiting{}},
		{"raft.log read t 3 block 1", command.Waiting{}},
	} {
		run := newRun(2, words(c.line))
		if ask(run); run.Waiting != (command.Waiting{}) {
			t.Errorf("%s: a call that may not wait says %+v", c.line, run.Waiting)
		}
		run.MayWait = true
		if ask(run); run.Waiting != c.waits {
			t.Errorf("%s: %+v, want %+v", c.line, run.Waiting, c.waits)
		}
	}
	run, first := newRun(3, words("raft.log read t $ block 0")), newRun(3, words("raft.log read new $ block 0"))
	run.MayWait, first.MayWait = true, true
	if ask(run) != "_\r\n" || ask(first) != "_\r\n" {
		t.Error("there is nothing behind the newest entry, and something is answered")
	}
	script(m, "raft.log append t c", "raft.log append t d", "raft.log append new e")
	if got := ask(run); !strings.HasPrefix(got, "*2\r\n*2\r\n:3\r\n") {
		t.Errorf("behind $ are %q", got)
	}
	if got := ask(first); !strings.HasPrefix(got, "*1\r\n*2\r\n:5\r\n") {
		t.Errorf("behind the $ of a topic that was not there are %q", got)
	}
}

// TestTopicsSurviveImages with changes before and behind, of the machine and of the restored one.
func TestTopicsSurviveImages(t *testing.T) {
	m := newMachine(t)
	for i := range 300 {
		scriptAt(t, m, int64(i), fmt.Sprintf("raft.log append t%d %s", i%3, strings.Repeat("x", i*7)))
		if i%40 == 39 {
			scriptAt(t, m, int64(i), fmt.Sprintf("raft.log trim t%d bytes %d", i%3, i*50), "copy t1 t2 replace")
			image := imageOf(t, m)
			again := restored(t, image)
			if again.Hash() != m.Hash() || !bytes.Equal(imageOf(t, again), image) || again.HeldBytes() != m.HeldBytes() {
				t.Fatalf("at %d, the restored state is another", i)
			}
			if i%80 == 39 {
				m = again
			}
		}
	}
	checkHash(t, m)
}

// topicBatch is how many appends of a benchmark are one entry, as a run of a busy node.
const topicBatch = 16

// BenchmarkTopicAppend appends entries of 100 bytes, one operation each.
func BenchmarkTopicAppend(b *testing.B) {
	m := newMachine(b)
	var data []byte
	for range topicBatch {
		data = argv.Append(data, [][]byte{[]byte("RAFT.LOG"), []byte("APPEND"), []byte("topic"), make([]byte, 100)})
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%topicBatch == 0 {
			m.Apply(m.Index()+1, int64(n), data, nil)
		}
		if n%(1<<20) == 0 {
			script(m, "raft.log trim topic bytes 0")
		}
	}
}

// BenchmarkTopicDrain reads a topic of 100,000 entries of 100 bytes by 1,000; one operation is one entry.
func BenchmarkTopicDrain(b *testing.B) {
	const entries, count = 100_000, 1000
	m := newMachine(b)
	for range entries {
		m.Apply(m.Index()+1, 1, argv.Append(nil,
			[][]byte{[]byte("RAFT.LOG"), []byte("APPEND"), []byte("topic"), make([]byte, 100)}), nil)
	}
	b.ReportAllocs()
	run := newRun(2, words("RAFT.LOG READ topic 0 COUNT 1000"))
	n := 0
	for b.Loop() {
		if n%count == 0 {
			run.Calls[0].Args[3] = strconv.AppendInt(nil, int64(n%entries), 10)
			run.Reply = run.Reply[:0]
			m.Query(1, run)
		}
		n++
	}
	if len(run.Reply) < count*100 {
		b.Fatalf("%d bytes are no %d entries", len(run.Reply), count)
	}
}
