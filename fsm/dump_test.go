package fsm

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/rdb"
)

// payload is an object with its footer.
func payload(object []byte, version rdb.Version) []byte { return rdb.Seal(object, version) }

// payloads are one of each type that can be restored.
func payloads() map[string][]byte {
	text := func(texts ...string) (b []byte) {
		for _, one := range texts {
			b = rdb.AppendText(b, one)
		}
		return b
	}
	counted := func(t rdb.Type, count uint64, body []byte) []byte {
		return append(rdb.AppendLength([]byte{byte(t)}, count), body...)
	}
	stream := rdb.NewStreamWriter(0, 2)
	for i := range 5 {
		stream.Entry(rdb.StreamID{Millis: uint64(i + 1)}, [][]byte{[]byte("field"), fmt.Append(nil, i)})
	}
	object, version := stream.Finish(&rdb.Stream{
		Length: 5, Added: 9, First: rdb.StreamID{Millis: 1}, Last: rdb.StreamID{Millis: 7},
		MaxDeleted: rdb.StreamID{Millis: 6},
		Groups: []rdb.StreamGroup{{
			Name: "g", Last: rdb.StreamID{Millis: 3}, Read: 4,
			Pending: []rdb.StreamPending{
				{ID: rdb.StreamID{Millis: 2}, Millis: 1_700_000_000_000, Deliveries: 3, Consumer: 1},
			},
			Consumers: []rdb.StreamConsumer{{Name: "a", Seen: 1_700_000_000_000, Active: -1}, {Name: "b", Seen: 5, Active: 4}},
		}},
	})
	elements := slices.Repeat([]string{"a", "7", strings.Repeat("e", 300)}, 44)[:130]
	return map[string][]byte{
		"string": payload(append([]byte{byte(rdb.String)}, text("text")...), rdb.Version6),
		"number": payload(append([]byte{byte(rdb.String)}, text("-77")...), rdb.Version6),
		"hash":   payload(counted(rdb.Hash, 2, text("f", "1", "g", strings.Repeat("v", 300))), rdb.Version6),
		"list":   payload(counted(rdb.List, 130, text(elements...)), rdb.Version6),
		"set":    payload(counted(rdb.Set, 3, text("a", "7", strings.Repeat("m", 300))), rdb.Version6),
		"stream": payload(object, version),
	}
}

// A value that was restored is dumped, and restored from that it is the same.
func TestRestore_WhatIsRestoredIsDumped(t *testing.T) {
	m := newMachine(t)
	for name, p := range payloads() {
		restore := func(key string, p []byte) string {
			return do(m, [][]byte{[]byte("restore"), []byte(key), []byte("0"), p})
		}
		dump := func(key string) []byte {
			reply := do(m, [][]byte{[]byte("dump"), []byte(key)})
			_, bulk, _ := strings.Cut(reply, "\r\n")
			return []byte(strings.TrimSuffix(bulk, "\r\n"))
		}
		if got := restore(name, p); got != "+OK\r\n" {
			t.Errorf("%s: %q", name, got)
			continue
		}
		first := dump(name)
		if got := restore("again:"+name, first); got != "+OK\r\n" {
			t.Errorf("%s, dumped as %q: %q", name, first, got)
			continue
		}
		if second := dump("again:" + name); string(second) != string(first) {
			t.Errorf("%s is dumped as %q, and restored as %q", name, first, second)
		}
		one, other := m.state.Space(0).Get([]byte(name)), m.state.Space(0).Get([]byte("again:"+name))
		if one.Kind() != other.Kind() || one.Apart() != nil && one.Apart().Digest() != other.Apart().Digest() {
			t.Errorf("%s is another value when it was dumped and restored", name)
		}
	}
	checkHash(t, m)
}

func TestRestore_RefusesInTheOrderOfRedis(t *testing.T) {
	good := payloads()["string"]
	damaged := append([]byte{}, good...)
	damaged[1] ^= 1
	const busy, ttl = "-BUSYKEY Target key name already exists.", "-ERR Invalid TTL value, must be >= 0"
	const number, syntax = "-ERR value is not an integer or out of range", "-ERR syntax error"
	const wrong, bad = "-ERR DUMP payload version or checksum are wrong", "-ERR Bad data format"
	for name, c := range map[string]struct {
		key, ttl string
		payload  []byte
		options  string
		want     string
	}{
		"good":                    {"k", "0", good, "", "+OK"},
		"a key that is there":     {"there", "x", damaged, "", busy},
		"replaced":                {"there", "0", good, "replace", "+OK"},
		"an unknown option":       {"there", "x", damaged, "nosuch", syntax},
		"an option without value": {"there", "x", damaged, "idletime", syntax},
		"two that exclude":        {"k", "0", good, "idletime 1 freq 1", syntax},
		"idle for some time":      {"k", "0", good, "idletime 1000 idletime 1", "+OK"},
		"idle for no time":        {"k", "0", good, "idletime -1", "-ERR Invalid IDLETIME value, must be >= 0"},
		"idle for a word":         {"k", "0", good, "idletime x", number},
		"as frequent as can be":   {"k", "0", good, "FREQ 255", "+OK"},
		"too frequent":            {"k", "0", good, "freq 256", "-ERR Invalid FREQ value, must be >= 0 and <= 255"},
		"a TTL that is none":      {"k", "x", damaged, "", number},
		"a negative TTL":          {"k", "-1", damaged, "", ttl},
		"a TTL beyond all time":   {"k", "9223372036854775807", good, "", ttl},
		"the last moment":         {"k", "9223372036854775807", good, "absttl", "+OK"},
		"damaged":                 {"k", "0", damaged, "", wrong},
		"too short":               {"k", "0", good[:5], "", wrong},
		"a newer version":         {"k", "0", payload([]byte("\x00\x01a"), 12), "", wrong},
		"nothing":                 {"k", "0", payload(nil, 11), "", bad},
		"an unknown type":         {"k", "0", payload([]byte("\x63a"), 11), "", bad},
		"something behind":        {"k", "0", payload([]byte("\x00\x01ab"), 11), "", bad},
	} {
		m := newMachine(t)
		m.Apply(1, 1_700_000_000_000, nil, nil)
		script(m, "set there 1")
		args := [][]byte{[]byte("restore"), []byte(c.key), []byte(c.ttl), c.payload}
		if got := strings.TrimSpace(do(m, append(args, words(c.options)...))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if there := m.state.Space(0).Get([]byte(c.key)) != nil; there != (c.want == "+OK" || c.key == "there") {
			t.Errorf("%s: the key is there: %v", name, there)
		}
	}
}

// A payload says how a value is to end: from now, at a moment, or at one that has passed.
func TestRestore_DeadlinesAreRelativeOrAbsolute(t *testing.T) {
	const now = 1_700_000_000_000
	for name, c := range map[string]struct{ ttl, options, want string }{
		"none":              {"0", "", ":-1"},
		"from now":          {"5000", "", ":5000"},
		"at a moment":       {"1700000007000", "absttl", ":7000"},
		"at this moment":    {"1700000000000", "ABSTTL replace", ":-2"},
		"at a moment past":  {"1", "absttl replace", ":-2"},
		"no moment":         {"0", "absttl replace", ":-1"},
		"in the far future": {"2569591501000", "", ":2569591501000"},
	} {
		m := newMachine(t)
		scriptAt(t, m, now, "set k old ex 100")
		args := [][]byte{[]byte("restore"), []byte("k"), []byte(c.ttl), payloads()["string"], []byte("replace")}
		if got := doAt(t, m, now, append(args, words(c.options)...)); got != "+OK\r\n" {
			t.Errorf("%s: %q", name, got)
		}
		if got := scriptAt(t, m, now, "pttl k"); got != c.want {
			t.Errorf("%s: PTTL is %s, want %s", name, got, c.want)
		}
	}
}

// TestDump_IsRefusedByItsOwnLength, whatever the value has in memory: a sorted set has its members twice.
func TestDump_IsRefusedByItsOwnLength(t *testing.T) {
	m := newMachine(t)
	for name, p := range payloads() {
		do(m, [][]byte{[]byte("restore"), []byte(name), []byte("0"), p})
	}
	lines := []string{"set int -2147483648", "rpush ints" + strings.Repeat(" -2147483648", 500)}
	for _, name := range []string{"few", "many"} {
		line, field := "zadd "+name, "hset h"+name
		for i := range map[string]int{"few": 3, "many": 2000}[name] {
			line += fmt.Sprintf(" %d m%d", i, i)
			field += fmt.Sprintf(" -21474836%d -214748%d", 10+i%38, 3000+i%600)
		}
		lines = append(lines, line, field, "zadd long"+name+" 1 "+strings.Repeat("m", 5000))
	}
	script(m, lines...)
	m.state.Space(0).Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
		dumped := func(limit int) string {
			run := newRun(2, [][]byte{[]byte("dump"), []byte(e.Key())})
			run.MaxReplyBytes = limit
			m.Query(0, run)
			return string(run.Reply)
		}
		whole := dumped(0)
		const overhead = 2 * exec.ValueOverheadBytes
		if got := dumped(len(whole) + overhead); got != whole {
			t.Errorf("%s is refused with %d bytes of %d: %.60q", e.Key(), len(whole)+overhead, len(whole), got)
		}
		if got := dumped(len(whole) - overhead); !strings.HasPrefix(got, "-"+exec.ReplyTooLong) {
			t.Errorf("%s of %d bytes is not refused with less: %.60q", e.Key(), len(whole), got)
		}
		return true
	})
}

func TestDump_SaysWhatHasNoForm(t *testing.T) {
	m := newMachine(t)
	script(m, "raft.log append t entry", "raft.lock l holder 5000")
	const none = " has no form in Redis's format"
	want := "$-1 -ERR a value of the type raftlog" + none + " -ERR a value of the type raftlock" + none
	if got := script(m, "dump nosuch", "dump t", "dump l"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// The other damages are those of package rdb. These are objects that are whole there, and no values.
func TestRestore_WhatIsDamagedIsRefused(t *testing.T) {
	for name, object := range map[string]string{
		"a member twice":      "\x02\x02\x01a\x01a",
		"a field twice":       "\x04\x02\x01f\x011\x01f\x012",
		"a string too long":   "\x00\x0a0123456789",
		"a member too long":   "\x02\x01\x0a0123456789",
		"a module":            "\x07\x01a",
		"a hash with nothing": "\x04\x00",
	} {
		m := limitedMachine(t, 8)
		before := m.Hash()
		args := [][]byte{[]byte("restore"), []byte("k"), []byte("0"), payload([]byte(object), rdb.Version10)}
		if got := do(m, args); got != "-ERR Bad data format\r\n" || m.state.Space(0).Size() != 0 {
			t.Errorf("%s: %q, %d keys", name, got, m.state.Space(0).Size())
		}
		if m.Hash() != before {
			t.Errorf("%s leaves another state", name)
		}
	}
}

// A stream that was restored takes entries, and is in an image whatever it says of itself: a number that is full would
// begin anew, and no node could read the image.
func TestRestore_AStreamGoesOn(t *testing.T) {
	for added, taken := range map[uint64]bool{
		1: true, math.MaxInt64 - 1: true, math.MaxInt64: true, math.MaxInt64 + 1: false, math.MaxUint64: false,
	} {
		m := newMachine(t)
		w := rdb.NewStreamWriter(0, 0)
		id := rdb.StreamID{Millis: 1}
		w.Entry(id, [][]byte{[]byte("f"), []byte("v")})
		object, version := w.Finish(&rdb.Stream{Length: 1, Added: added, First: id, Last: id, Groups: []rdb.StreamGroup{
			{Name: "g", Last: id, Read: math.MaxInt64},
		}})
		args := [][]byte{[]byte("restore"), []byte("k"), []byte("0"), payload(object, version)}
		if got := do(m, args); (got == "+OK\r\n") != taken {
			t.Errorf("%d entries were added: %q", added, got)
		}
		script(m, "xadd k 2 f v", "xadd k 3 f v", "xreadgroup group g c streams k >", "xadd k 4 f v")
		checkHash(t, m)
	}
}

// goOnWith does what clients do with a value at k, of any type.
func goOnWith(m *Machine) {
	for _, line := range []string{
		"hset k f v", "hincrby k n 1", "hdel k f", "rpush k a b", "lrem k 1 a", "linsert k before b c", "lset k 0 d",
		"lpop k",
		"sadd k m 5", "srem k m", "spop k", "zadd k 1 m", "zincrby k -5 m", "zpopmin k", "zremrangebyrank k 1 2",
		"xadd k * f v", "xadd k * g v", "xgroup create k group 0", "xreadgroup group group c count 3 streams k >",
		"xautoclaim k group d 0 0", "xtrim k maxlen 2", "append k x", "setrange k 3 y", "pfadd k e", "copy k copy",
	} {
		script(m, line)
	}
}

// FuzzRestore: any object is restored or refused, and what was restored is dumped and restored as the same. It is a
// value as any other from then on.
func FuzzRestore(f *testing.F) {
	for _, p := range payloads() {
		object, _ := rdb.Unseal(p)
		f.Add(object)
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		m := newMachine(t)
		args := [][]byte{[]byte("restore"), []byte("k"), []byte("0"), payload(object, rdb.Version11)}
		if got := do(m, args); got != "+OK\r\n" {
			if m.state.Space(0).Size() != 0 {
				t.Fatalf("%q leaves a key", got)
			}
			return
		}
		_, bulk, _ := strings.Cut(do(m, words("dump k")), "\r\n")
		args = [][]byte{[]byte("restore"), []byte("l"), []byte("0"), []byte(strings.TrimSuffix(bulk, "\r\n"))}
		if got := do(m, args); got != "+OK\r\n" {
			t.Fatalf("what was dumped is answered %q", got)
		}
		digest := func(e *keyspace.Entry) any {
			if text, ok := e.Text(); ok {
				return string(text.Append(nil))
			}
			return e.Apart().Digest()
		}
		if one, other := m.state.Space(0).Get([]byte("k")), m.state.Space(0).Get([]byte("l")); digest(one) != digest(other) {
			t.Fatal("it is another value when it was dumped and restored")
		}
		checkHash(t, m)
		goOnWith(m)
		checkHash(t, m)
	})
}
