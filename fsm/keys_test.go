package fsm

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/commands/data"
)

func TestCommandsOfKeysAnswer(t *testing.T) {
	checkScripts(t, map[string]struct{ script, want string }{
		"type":               {"set a 1; type a; type b", "+OK +string +none"},
		"touch":              {"set a 1; touch a a b", "+OK :2"},
		"unlink":             {"mset a 1 b 2; unlink a b c a; dbsize", "+OK :2 :0"},
		"rename":             {"set a 1; rename a b; get b; exists a", "+OK +OK $1 1 :0"},
		"rename replaces":    {"mset a 1 b 2; rename a b; get b; dbsize", "+OK +OK $1 1 :1"},
		"rename nothing":     {"rename a b; rename a a", "-ERR no such key -ERR no such key"},
		"rename to itself":   {"set a 1 ex 5; rename a a; ttl a", "+OK +OK :5"},
		"renamenx":           {"set a 1; renamenx a b; get b; set a 2; renamenx a b; get b", "+OK :1 $1 1 +OK :0 $1 1"},
		"renamenx nothing":   {"set b 1; renamenx a b", "+OK -ERR no such key"},
		"renamenx to itself": {"set a 1; renamenx a a; renamenx b b", "+OK :0 -ERR no such key"},
		"copy":               {"set a 1; copy a b; mget a b", "+OK :1 *2 $1 1 $1 1"},
		"copy nothing":       {"copy a b; exists b", ":0 :0"},
		"copy on something":  {"mset a 1 b 2; copy a b; get b; copy a b REPLACE; get b", "+OK :0 $1 2 :1 $1 1"},
		"copy to itself": {
			"copy a a; copy a a replace",
			strings.Repeat("-ERR source and destination objects are the same ", 2),
		},
		"copy db 0": {"set a 1; copy a b db 0; copy a b DB 0 replace", "+OK :1 :1"},
		"copy to no db": {
			"set a 1; copy a b db 16; copy a b db -1",
			"+OK -ERR DB index is out of range -ERR DB index is out of range",
		},
		"copy db text": {"copy a b db x", "-ERR value is not an integer or out of range"},
		"copy db huge": {
			"copy a b db 2147483648",
			"-ERR value is out of range, value must between -2147483648 and 2147483647",
		},
		"copy db of nothing": {"copy a b db", "-ERR syntax error"},
		"copy foo":           {"copy a b foo", "-ERR syntax error"},
		"flushall":           {"mset a 1 b 2; flushall; dbsize; keys *; set a 3; dbsize", "+OK +OK :0 *0 +OK :1"},
		"flushdb":            {"set a 1 ex 5; flushdb async; set a 1; ttl a; flushdb SYNC; dbsize", "+OK +OK +OK :-1 +OK :0"},
		"flush foo": {
			"set a 1; flushall foo; flushdb sync async; dbsize",
			"+OK -ERR syntax error -ERR syntax error :1",
		},
		"encodings": {
			"mset a 12 b 012 c x; object encoding a; object encoding b; object encoding c",
			"+OK $3 int $6 embstr $6 embstr",
		},
		"encoding of long": {"set a " + strings.Repeat("x", 45) + "; object encoding a", "+OK $3 raw"},
		"encoding of made": {
			"append a 1; append a 2; object encoding a; append a x; object encoding a",
			":1 :2 $3 int :3 $6 embstr",
		},
		"object of nothing": {"object encoding a; object freq a; object idletime a; object refcount a", "$-1 $-1 $-1 $-1"},
		"refcount":          {"set a 1; object refcount a", "+OK :2147483647"},
		"shared numbers": {"mset a 0 b 9999 c 10000 d -1 e 01 f x; object refcount a; object refcount b; " +
			"object refcount c; object refcount d; object refcount e; object refcount f",
			"+OK :2147483647 :2147483647 :1 :1 :1 :1"},
		"freq":      {"set a 1; object freq a", "+OK " + "-" + noFrequency},
		"idle time": {"set a 1; object idletime a", "+OK :0"},
	})
}

func TestObjectHelpIsAListOfLines(t *testing.T) {
	want := fmt.Sprintf("*%d\r\n", len(data.Object.HelpLines()))
	for _, line := range data.Object.HelpLines() {
		want += "+" + line + "\r\n"
	}
	if got := do(newMachine(t), words("object help")); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// S22: TestCopyAndOriginalChangeApart copies and renames long strings, whose bytes are shared, and changes them
// afterwards, with images taken in between.
func TestCopyAndOriginalChangeApart(t *testing.T) {
	m := newMachine(t)
	long := strings.Repeat("0123456789", 1000)
	change := func(key, more string) { do(m, toArgs([]string{"append", key, more})) }
	value := func(key string) string {
		e := m.state.Space(0).Get([]byte(key))
		if e == nil {
			return ""
		}
		return content(e)
	}
	change("a", long)
	change("a", "-")
	script(m, "copy a b", "copy b c")
	change("a", "of a")
	change("b", "of b")
	image, frozen := m.Freeze(), imageOf(t, m)
	script(m, "rename a d", "copy d a")
	change("d", ", then d")
	change("a", " again")
	for key, want := range map[string]string{
		"a": "-of a again", "b": "-of b", "c": "-", "d": "-of a, then d",
	} {
		if got := value(key); got != long+want {
			t.Errorf("%s ends with %q, want %q", key, got[len(long):], want)
		}
	}
	if !bytes.Equal(written(t, image), frozen) {
		t.Error("the image is not what it was")
	}
	checkHash(t, m)
	if again := restored(t, imageOf(t, m)); again.Hash() != m.Hash() {
		t.Error("the image of the machine restores to another")
	}
}

// TestFlushCostsTheSameAtAnySize counts allocations, because times vary.
func TestFlushCostsTheSameAtAnySize(t *testing.T) {
	cost := func(keys int) uint64 {
		m := newMachine(t)
		for i := range keys {
			key := []byte{byte(i), byte(i >> 8)}
			m.state.Space(0).PutUntil(m.state.Space(0).Place(key), key, keyspace.NewEntry(key, nil), keyspace.At(now))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m.Apply(1, 1, body("flushall"), nil)
		runtime.ReadMemStats(&after)
		if !reflect.DeepEqual(m.Stats(), Stats{}) || m.Due() != 0 {
			t.Fatalf("it left %+v", m.Stats())
		}
		return after.Mallocs - before.Mallocs
	}
	if few, many := cost(1), cost(10_000); many > few+10 {
		t.Fatalf("%d allocations with one key, %d with many", few, many)
	}
}

// TestAnImageSurvivesAFlush holds the state of before.
func TestAnImageSurvivesAFlush(t *testing.T) {
	m := sampleOfTime(t)
	image, want := m.Freeze(), imageOf(t, m)
	script(m, "flushall", "set a other")
	if !bytes.Equal(written(t, image), want) {
		t.Fatal("the image changed")
	}
	if got := restored(t, imageOf(t, m)); script(got, "dbsize", "get a") != ":1 $5 other" {
		t.Fatal("what was set after the flush is not what is there")
	}
	checkDeadlines(t, m)
}

// H2: TestWatchersAndReadersLeaveNoTrace applies one log where it came from, with reads in between, images, and a
// watcher; and elsewhere.
func TestWatchersAndReadersLeaveNoTrace(t *testing.T) {
	r := random(t, 26)
	origin, follower := newMachine(t), newMachine(t)
	var c counter
	origin.Watch(&c)
	for range 1500 {
		stamp := follower.state.Now().Log + r.Int64N(30) - 10
		var calls [][][]byte
		for range 1 + r.IntN(4) {
			calls = append(calls, toArgs(timedCommand(r, stamp)))
			if r.IntN(2) == 0 {
				calls = append(calls, words([]string{"randomkey", "dbsize", "scan 0", "object freq {1}1"}[r.IntN(4)]))
			}
		}
		run := newRun(3, calls...)
		run.Random = r.Uint64()
		data := run.Body(nil, argv.Append)
		origin.Apply(origin.Index()+1, stamp, data, run)
		follower.Apply(follower.Index()+1, stamp, data, nil)
		if origin.Hash() != follower.Hash() {
			t.Fatalf("index %d: hashes %x and %x", origin.Index(), origin.Hash(), follower.Hash())
		}
		if r.IntN(20) == 0 {
			origin.Freeze().Release()
		}
	}
	if !bytes.Equal(imageOf(t, origin), imageOf(t, follower)) || c.changes == 0 {
		t.Fatal("the images differ")
	}
}
