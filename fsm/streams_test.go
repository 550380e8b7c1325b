package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// TestAStreamIsReadInOrder goes through what writers and readers of a stream do.
func TestAStreamIsReadInOrder(t *testing.T) {
	runTopicSteps(t, newMachine(t), []topicStep{
		{5, "xadd s nomkstream * f v", "$-1"},
		{5, "xlen s", ":0"},
		{5, "xrange s - +", "*0"},
		{5, "xread streams s 0", "*-1"},
		{5, "xadd s * f one", "$3 5-0"},
		{5, "xadd s * f two", "$3 5-1"},
		{3, "XADD s * f three", "$3 5-2"},
		{9, "xadd s 8-* g four h 4", "$3 8-0"},
		{9, "xadd s 8-* f five", "$3 8-1"},
		{9, "xadd s 8 f six", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"},
		{9, "xadd s 0-0 f v", "-ERR The ID specified in XADD must be greater than 0-0"},
		{9, "xadd s * f", "-ERR wrong number of arguments for 'xadd' command"},
		{9, "xadd s nosuch f v", "-ERR Invalid stream ID specified as stream command argument"},
		{9, "xlen s", ":5"},
		{9, "type s", "+stream"},
		{9, "object encoding s", "$6 stream"},
		{9, "xrange s 5-1 8-0", "*3 *2 $3 5-1 *2 $1 f $3 two *2 $3 5-2 *2 $1 f $5 three *2 $3 8-0 *4 $1 g $4 four $1 h $1 4"},
		{9, "xrange s (5-1 (8-0", "*1 *2 $3 5-2"},
		{9, "xrange s 5 5", "*3 *2 $3 5-0"},
		{9, "xrange s - + count 0", "*-1"},
		{9, "xrange s - + count 1", "*1 *2 $3 5-0"},
		{9, "xrevrange s + - count 2", "*2 *2 $3 8-1 *2 $1 f $4 five *2 $3 8-0"},
		{9, "xread count 1 streams s none s 5-0 0 8-1", "*1 *2 $1 s *1 *2 $3 5-1"},
		{9, "xread streams s $", "*-1"},
		{9, "xread streams s >", "-ERR The > ID can be specified only when calling XREADGROUP"},
		{9, "xdel s 5-1 5-1 7-7", ":1"},
		{9, "xinfo stream s", "*20 $6 length :4 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 " +
			"$17 last-generated-id $3 8-1 $20 max-deleted-entry-id $3 5-1 $13 entries-added :5 " +
			"$23 recorded-first-entry-id $3 5-0 $6 groups :0 $11 first-entry *2 $3 5-0 *2 $1 f $3 one " +
			"$10 last-entry *2 $3 8-1 *2 $1 f $4 five"},
		{9, "xtrim s maxlen 2", ":2"},
		{9, "xtrim s minid 8-1", ":1"},
		{9, "xrange s - +", "*1 *2 $3 8-1"},
		{9, "xsetid s 7", "-ERR The ID specified in XSETID is smaller than the target stream top item"},
		{9, "xsetid s 20-3 entriesadded 100 maxdeletedid 4", "+OK"},
		{9, "xadd s * f v", "$4 20-4"},
		{9, "xtrim s maxlen 0", ":2"},
		{9, "exists s", ":1"},
		{9, "xadd s 18446744073709551615-18446744073709551615 f v", "$41 18446744073709551615-18446744073709551615"},
		{9, "xadd s * f v", "-ERR The stream has exhausted the last possible ID, unable to add more items"},
		{9, "set s x", "+OK"},
		{9, "xadd s * f v", "-WRONGTYPE"},
		{9, "xlen s", "-WRONGTYPE"},
	})
}

// TestAGroupSharesTheWork goes through what consumers do.
func TestAGroupSharesTheWork(t *testing.T) {
	runTopicSteps(t, newMachine(t), []topicStep{
		{5, "xgroup create s g $", "-ERR The XGROUP subcommand requires the key to exist"},
		{5, "xgroup create s g $ mkstream", "+OK"},
		{5, "xgroup create s g 0", "-BUSYGROUP"},
		{5, "xreadgroup group g a streams s >", "*-1"},
		{5, "xreadgroup group nosuch a streams s >", "-NOGROUP No such key 's' or consumer group 'nosuch' in XREADGROUP"},
		{5, "xadd s 1 f one", "$3 1-0"},
		{5, "xadd s 2 f two", "$3 2-0"},
		{5, "xadd s 3 f three", "$3 3-0"},
		{6, "xreadgroup group g a count 1 streams s >", "*1 *2 $1 s *1 *2 $3 1-0 *2 $1 f $3 one"},
		{7, "xreadgroup group g b streams s >", "*1 *2 $1 s *2 *2 $3 2-0 *2 $1 f $3 two *2 $3 3-0"},
		{8, "xreadgroup group g b streams s >", "*-1"},
		{9, "xreadgroup group g a streams s 0", "*1 *2 $1 s *1 *2 $3 1-0 *2 $1 f $3 one"},
		{9, "xpending s g", "*4 :3 $3 1-0 $3 3-0 *2 *2 $1 a $1 1 *2 $1 b $1 2"},
		{9, "xpending s g - + 10", "*3 *4 $3 1-0 $1 a :0 :2 *4 $3 2-0 $1 b :2 :1 *4 $3 3-0 $1 b :2 :1"},
		{9, "xpending s g idle 1 - + 10 b", "*2 *4 $3 2-0"},
		{9, "xpending s g - + 10 zoe", "*0"},
		{9, "xack s g 2-0 2-0 9-9", ":1"},
		{9, "xack s nosuch 2-0", ":0"},
		{12, "xinfo consumers s g", "*2 *8 $4 name $1 a $7 pending :1 $4 idle :3 $8 inactive :6 " +
			"*8 $4 name $1 b $7 pending :1 $4 idle :4 $8 inactive :5"},
		{12, "xinfo groups s", "*1 *12 $4 name $1 g $9 consumers :2 $7 pending :2 $17 last-delivered-id $3 3-0 " +
			"$12 entries-read :3 $3 lag :0"},
		{12, "xclaim s g c 4 1-0 3-0", "*1 *2 $3 3-0 *2 $1 f $5 three"},
		{12, "xclaim s g c 0 1-0 justid", "*1 $3 1-0"},
		{12, "xpending s g - + 10", "*2 *4 $3 1-0 $1 c :0 :2 *4 $3 3-0 $1 c :0 :2"},
		{12, "xdel s 3-0", ":1"},
		{20, "xautoclaim s g a 5 -", "*3 $3 0-0 *1 *2 $3 1-0 *2 $1 f $3 one *1 $3 3-0"},
		{20, "xreadgroup group g a noack streams s >", "*-1"},
		{20, "xadd s 4 f four", "$3 4-0"},
		{20, "xreadgroup group g a noack streams s >", "*1 *2 $1 s *1 *2 $3 4-0"},
		{20, "xpending s g", "*4 :1 $3 1-0 $3 1-0 *1 *2 $1 a $1 1"},
		{20, "copy s t", ":1"},
		{20, "xgroup delconsumer s g a", ":1"},
		{20, "xgroup createconsumer s g a", ":1"},
		{20, "xgroup createconsumer s g a", ":0"},
		{20, "xgroup setid s g 0", "+OK"},
		{20, "xgroup destroy s g", ":1"},
		{20, "xgroup destroy s g", ":0"},
		{20, "xinfo groups s", "*0"},
		{20, "xpending t g", "*4 :1 $3 1-0 $3 1-0 *1 *2 $1 a $1 1"},
		{20, "xack t g 1-0", ":1"},
	})
}

// TestIdleTimesAreElapsedTimes: wall time jumps by an hour, and no entry looks idle for that.
func TestIdleTimesAreElapsedTimes(t *testing.T) {
	const hour = 3_600_000
	m := newMachine(t)
	scriptAt(t, m, 1000, "xgroup create s g 0 mkstream", "xadd s * f v", "xreadgroup group g a streams s >")
	m.SetOffset(hour)
	for _, c := range [][2]string{
		{"xpending s g - + 1", "*1 *4 $6 1000-0 $1 a :10 :1"},
		{"xautoclaim s g b 11 -", "*3 $3 0-0 *0 *0"},
		{"xadd s * f v", "$9 3601010-0"},
		{"xclaim s g b 0 1000-0 time 3601008 justid", "*1 $6 1000-0"},
		{"xpending s g - + 1", "*1 *4 $6 1000-0 $1 b :2 :1"},
	} {
		if got := scriptAt(t, m, 1010, c[0]); got != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got, c[1])
		}
	}
	if got := scriptAt(t, m, 1010, "xinfo stream s full"); !strings.Contains(got, "*4 $6 1000-0 $1 b :3601008 :1") {
		t.Errorf("the moment of delivery is not shown in wall time: %s", got)
	}
	checkHash(t, m)
}

// TestXReadWaits if it has nothing to answer and may wait; `$` means the same entry each time. A call that has waited
// waits on while its key is of another type.
func TestXReadWaits(t *testing.T) {
	m := newMachine(t)
	script(m, "xadd s 1 f v", "xadd s 2 f v")
	ask := func(run *command.Run) string {
		run.Reply, run.Waiting = nil, command.Waiting{}
		m.Query(0, run)
		return string(run.Reply)
	}
	for line, waits := range map[string]command.Waiting{
		"xread block 70 streams s 2":         {Wanted: true, Millis: 70},
		"xread BLOCK 0 streams s none 2-0 $": {Wanted: true},
		"xread block 70 streams s 1":         {},
		"xread streams s 2":                  {},
	} {
		run := newRun(2, words(line))
		if ask(run); run.Waiting != (command.Waiting{}) {
			t.Errorf("%s: a call that may not wait says %+v", line, run.Waiting)
		}
		run.MayWait = true
		if ask(run); run.Waiting != waits {
			t.Errorf("%s: %+v, want %+v", line, run.Waiting, waits)
		}
	}
	run := newRun(3, words("xread block 0 streams s new $ $"))
	if run.MayWait = true; ask(run) != "_\r\n" {
		t.Error("there is nothing new, and something is answered")
	}
	script(m, "set new x")
	if got := ask(run); !strings.HasPrefix(got, "-WRONGTYPE") {
		t.Errorf("a call that has not waited is answered with %q", got)
	}
	run.HasWaited = true
	if got := ask(run); got != "_\r\n" || !run.Waiting.Wanted {
		t.Errorf("a call that has waited is answered with %q", got)
	}
	script(m, "del new", "xadd new 5 f v", "xadd s 3 f v", "xadd s 4 f v")
	want := "%2\r\n$1\r\ns\r\n*2\r\n*2\r\n$3\r\n3-0\r\n"
	if got := ask(run); !strings.HasPrefix(got, want) || !strings.Contains(got, "$3\r\nnew\r\n*1\r\n*2\r\n$3\r\n5-0\r\n") {
		t.Errorf("behind $ are %q", got)
	}
}

// TestXReadGroupDoesNotWait: BLOCK is an error where the call would have to wait, and then nothing has happened.
func TestXReadGroupDoesNotWait(t *testing.T) {
	m := newMachine(t)
	script(m, "xgroup create s g 0 mkstream")
	before, image := m.Hash(), scriptAt(t, m, 0, "xinfo groups s")
	got := script(m, "xreadgroup group g a block 0 streams s >")
	if !strings.HasPrefix(got, "-ERR XREADGROUP does not wait") {
		t.Errorf("got %s", got)
	}
	if got := scriptAt(t, m, 0, "xinfo groups s"); got != image {
		t.Errorf("it left %s behind, in place of %s (%x)", got, image, before)
	}
	if got := script(m, "xreadgroup group g a block 0 streams s 0"); got != "*1 *2 $1 s *0" {
		t.Errorf("what is pending is answered with %s", got)
	}
	script(m, "xadd s 1 f v")
	if got := script(m, "xreadgroup group g a block 0 streams s >"); !strings.HasPrefix(got, "*1 *2 $1 s *1 *2 $3 1-0") {
		t.Errorf("what is there is answered with %s", got)
	}
}

// TestAWriteOfAStreamAnswersWithinTheBound: what is too long is delivered all the same, on all nodes alike.
func TestAWriteOfAStreamAnswersWithinBounds(t *testing.T) {
	m, other := newMachine(t), newMachine(t)
	for i := range 30 {
		line := fmt.Sprintf("xadd s %d f %s", i+1, strings.Repeat("v", 1000))
		script(m, line)
		script(other, line)
	}
	script(m, "xgroup create s g 0")
	script(other, "xgroup create s g 0")
	for _, line := range []string{
		"xreadgroup group g a streams s >", "xreadgroup group g a streams s 0", "xautoclaim s g b 0 -",
		"xclaim s g b 0 1 2 3 4 5 6 7 8 9 10 11 12",
	} {
		run := newRun(2, words(line))
		run.MaxReplyBytes = 10_000
		body := run.Body(nil, argv.Append)
		m.Apply(m.Index()+1, 0, body, run)
		other.Apply(other.Index()+1, 0, bytes.Clone(body), nil)
		if !strings.HasPrefix(string(run.Reply), "-ERR the command was executed, but the reply is longer") {
			t.Errorf("%s: %.60q", line, run.Reply)
		}
		if m.Hash() != other.Hash() {
			t.Fatalf("%s: a node that answers and one that does not have other states", line)
		}
	}
	if got := script(m, "xpending s g"); !strings.HasPrefix(got, "*4 :30 ") {
		t.Errorf("what was delivered is not pending: %s", got)
	}
	run := newRun(2, words("xrange s - +"))
	run.MaxReplyBytes = 10_000
	if m.Query(0, run); !strings.HasPrefix(string(run.Reply), "-ERR the reply would be longer") {
		t.Errorf("XRANGE: %.60q", run.Reply)
	}
}

// TestStreamsAreFrozen: an image taken before changes shows none of them.
func TestStreamsAreFrozen(t *testing.T) {
	m := newMachine(t)
	script(m, "xgroup create s g 0 mkstream")
	for i := range 350 {
		script(m, fmt.Sprintf("xadd s %d f %d", i+1, i))
	}
	script(m, "xreadgroup group g a count 200 streams s >")
	hash, image := m.Hash(), m.Freeze()
	script(m, "xadd s 1000 f v", "xdel s 20 120 349", "xtrim s maxlen 60", "xack s g 1 2 3", "xautoclaim s g b 0 -",
		"xreadgroup group g c streams s >", "xgroup delconsumer s g a", "xgroup create s h 0", "xsetid s 2000", "copy s t",
		"xadd t 3000 f v", "xack t g 195")
	checkHash(t, m)
	again := restored(t, written(t, image))
	if again.Hash() != hash {
		t.Fatalf("the image is of state %x, want %x", again.Hash(), hash)
	}
	if got := script(again, "xlen s", "xpending s g"); got != ":350 *4 :200 $3 1-0 $5 200-0 *1 *2 $1 a $3 200" {
		t.Errorf("the image has %s", got)
	}
	if got := script(m, "xlen s", "xlen t"); got != ":60 :61" {
		t.Errorf("the machine goes on with %s", got)
	}
}

// TestTransactionsDoNotWaitForStreams: BLOCK answers null there at once, as in Redis, and the consumer is made; on a
// node that only applies the entry as well.
func TestTransactionsDoNotWaitForStreams(t *testing.T) {
	client, other := &watching{m: newMachine(t)}, newMachine(t)
	script(client.m, "xgroup create s g 0 mkstream")
	script(other, "xgroup create s g 0 mkstream")
	run := client.transaction(2, "xreadgroup group g a block 0 streams s >", "xread block 0 streams s $")
	body := run.Body(nil, argv.Append)
	client.m.Apply(client.m.Index()+1, 0, body, run)
	other.Apply(other.Index()+1, 0, bytes.Clone(body), nil)
	if got := string(run.Reply); got != "*2\r\n*-1\r\n*-1\r\n" {
		t.Errorf("got %q", got)
	}
	if client.m.Hash() != other.Hash() {
		t.Error("the node with the client has another state")
	}
	if got := script(other, "xgroup createconsumer s g a"); got != ":0" {
		t.Errorf("the consumer was not made: %s", got)
	}
}

// TestReadCountsDoNotWrap where a client has set them to the highest: they stay, and what is dumped can be restored.
func TestReadCountsDoNotWrap(t *testing.T) {
	const highest = "9223372036854775807"
	for name, lines := range map[string][]string{
		"of the group":  {"xgroup create s g 0 entriesread " + highest},
		"one below":     {"xgroup create s g 0 entriesread 9223372036854775806"},
		"of the stream": {"xsetid s 2-1 entriesadded " + highest, "xadd s 3-1 f v", "xgroup create s g 2-1 entriesread 5"},
		"of both": {"xsetid s 2-1 entriesadded " + highest, "xgroup create s g 0 entriesread " + highest,
			"xadd s 3-1 f v"},
		"with a deletion": {"xsetid s 2-1 entriesadded " + highest, "xadd s 3-1 f v", "xdel s 1-1", "xgroup create s g 0"},
	} {
		m := newMachine(t)
		script(m, append([]string{"xadd s 1-1 f v", "xadd s 2-1 f v"}, lines...)...)
		for range 4 {
			script(m, "xreadgroup group g c count 1 streams s >")
			dumped := do(m, words("dump s"))
			_, bulk, _ := strings.Cut(dumped, "\r\n")
			p := []byte(strings.TrimSuffix(bulk, "\r\n"))
			if got := do(m, [][]byte{[]byte("restore"), []byte("r"), []byte("0"), p, []byte("replace")}); got != "+OK\r\n" {
				t.Errorf("%s: what is dumped is refused: %q", name, got)
			}
			if got := script(m, "xinfo groups s"); strings.Contains(got, "entries-read :-") {
				t.Errorf("%s: %s", name, got)
			}
		}
		checkHash(t, m)
	}
}
