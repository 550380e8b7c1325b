package fsm

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
)

// hyperLogLogTwins are a machine and a Redis with the same HyperLogLogs.
type hyperLogLogTwins struct {
	t     *testing.T
	r     *rand.Rand
	m     *Machine
	redis *realRedis
}

// call makes a call on both, and compares the replies.
func (w *hyperLogLogTwins) call(line ...string) {
	w.t.Helper()
	if got, want := do(w.m, toArgs(line)), w.redis.do(line...); got != want {
		w.t.Fatalf("%.100q: got %.200q, want %.200q", line, got, want)
	}
}

func (w *hyperLogLogTwins) key() string { return "h" + strconv.Itoa(w.r.IntN(4)) }

// elements are many, or few that come again.
func (w *hyperLogLogTwins) elements() (all []string) {
	if w.r.IntN(3) == 0 {
		for range w.r.IntN(5) {
			all = append(all, strconv.Itoa(w.r.IntN(30)))
		}
		return all
	}
	for range 1 + w.r.IntN(400) {
		all = append(all, strconv.FormatUint(w.r.Uint64()>>(4*w.r.IntN(16)), 36))
	}
	return all
}

// step makes a random call.
func (w *hyperLogLogTwins) step() {
	switch w.r.IntN(12) {
	case 0:
		w.call("pfmerge", w.key(), w.key())
	case 1:
		w.call("pfmerge", w.key(), w.key(), w.key(), "absent")
	case 2:
		w.call("pfcount", w.key(), w.key(), w.key())
	case 3:
		words := []string{"decode", "decode", "encoding", "Encoding", "TODENSE", "todense", "nosuch", "getreg"}
		w.call("pfdebug", words[w.r.IntN(len(words))], w.key())
	case 4:
		w.call("del", w.key())
	case 5:
		w.call("pfcount", w.key())
	case 6: // the bytes go through GET and SET
		key := w.key()
		if held := w.stored(key); held != "" {
			w.call("set", w.key(), held)
		}
	default:
		w.call(append([]string{"pfadd", w.key()}, w.elements()...)...)
	}
}

// stored is the string of a key, or nothing, the same in both.
func (w *hyperLogLogTwins) stored(key string) string {
	w.t.Helper()
	got, want := do(w.m, words("get "+key)), w.redis.do("get", key)
	if got != want {
		w.t.Fatalf("%s: got %.300q, want %.300q", key, got, want)
	}
	if got == "$-1\r\n" {
		return ""
	}
	return want[len(want)-2-w.length(key) : len(want)-2]
}

func (w *hyperLogLogTwins) length(key string) (bytes int) {
	w.t.Helper()
	if _, err := fmt.Sscanf(do(w.m, words("strlen "+key)), ":%d", &bytes); err != nil {
		w.t.Fatal(err)
	}
	return bytes
}

// TestHyperLogLogsHaveTheBytesOfRedis makes random calls on HyperLogLogs here and in Redis, and compares replies and
// strings: sparse and dense ones, with and without the answers of PFCOUNT in them.
func TestHyperLogLogsHaveTheBytesOfRedis(t *testing.T) {
	const steps = 1600
	w := &hyperLogLogTwins{t: t, r: random(t, 60), m: newMachine(t), redis: startRedis(t)}
	sparse, dense, counted := 0, 0, 0
	for range steps {
		w.step()
		text := w.stored(w.key())
		switch len(text) {
		case 0:
			continue
		case 12304:
			dense++
		default:
			sparse++
		}
		if text[15]&0x80 == 0 {
			counted++
		}
	}
	if sparse < steps/10 || dense < steps/10 || counted < steps/20 {
		t.Errorf("%d sparse and %d dense strings were compared, %d with an answer", sparse, dense, counted)
	}
	checkHash(t, w.m)
}

// TestDamagedHyperLogLogsAreFoundAsByRedis overwrites bytes of HyperLogLogs, and makes calls that only read the damage.
func TestDamagedHyperLogLogsAreFoundAsByRedis(t *testing.T) {
	w := &hyperLogLogTwins{t: t, r: random(t, 61), m: newMachine(t), redis: startRedis(t)}
	damaged := 0
	for range 1000 {
		w.call("del", "h")
		elements := w.elements()
		if w.r.IntN(4) == 0 {
			elements = append(elements, w.elements()...)
		}
		w.call(append([]string{"pfadd", "h"}, elements...)...)
		for range 1 + w.r.IntN(4) {
			at := w.r.IntN(w.length("h") + 1)
			w.call("setrange", "h", strconv.Itoa(at), string([]byte{byte(w.r.IntN(256))}))
		}
		for _, line := range [][]string{
			{"pfcount", "h"}, {"get", "h"}, {"pfcount", "h", "h"}, {"pfdebug", "encoding", "h"}, {"pfdebug", "decode", "h"},
			{"pfmerge", "to", "h"}, {"pfdebug", "todense", "h"}, {"pfcount", "h", "to"},
		} {
			w.call(line...)
		}
		if got := do(w.m, words("pfmerge other h")); got != "+OK\r\n" {
			damaged++
		}
		w.call("del", "to")
	}
	if damaged < 200 {
		t.Errorf("only %d were found damaged", damaged)
	}
}

// A HyperLogLog of Redis brings its answer along, and PFCOUNT gives it as long as nothing was added.
func TestPFCountUsesTheAnswerThatASetBrings(t *testing.T) {
	m, redis := newMachine(t), startRedis(t)
	redis.do("pfadd", "h", "a", "b", "c")
	redis.do("setrange", "h", "8", "\x07\x00\x00\x00\x00\x00\x00\x00")
	held := redis.do("get", "h")
	do(m, [][]byte{[]byte("set"), []byte("h"), []byte(held[len("$22\r\n") : len(held)-2])})
	got, want := script(m, "pfcount h", "pfadd h a", "pfcount h", "pfadd h d", "pfcount h"), ":7 :0 :7 :1 :4"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A query ends where a call has no answer to keep to, if the connection can submit that as a write: what stands before
// it is answered, and of a transaction nothing is. Else the call counts, and leaves the string as it is.
func TestAQueryEndsWhereACallWantsToFill(t *testing.T) {
	m := newMachine(t)
	script(m, "pfadd a 1", "pfadd b 1 2", "pfcount b", "set c text")
	stale := string(imageOf(t, m))
	for _, c := range []struct {
		lines        []string
		fills, trans bool
		want         string
		wants        bool
		left         int
		hits, misses int64
	}{
		{[]string{"pfcount a"}, false, false, ":1", false, 0, 1, 0},
		{[]string{"pfcount a"}, true, false, "", true, 1, 0, 0},
		{[]string{"get c", "pfcount a", "get d"}, true, false, "$4 text", true, 2, 1, 0},
		{[]string{"get c", "pfcount a", "get d"}, true, true, "", true, 0, 0, 0},
		{[]string{"pfcount b", "pfcount d", "pfcount c"}, true, false,
			":2 :0 -WRONGTYPE Key is not a valid HyperLogLog string value.", false, 0, 2, 1},
		{[]string{"pfcount a b", "pfcount b a"}, true, false, ":2 :2", false, 0, 4, 0},
	} {
		for _, frozen := range []bool{false, true} {
			run := newRun(2)
			for _, line := range c.lines {
				run.Calls = append(run.Calls, newCall(words(line)))
			}
			if run.MayFill = c.fills; c.trans {
				run.Head = command.TransactionHead(nil)
			}
			if frozen {
				image := m.Freeze()
				image.Query(0, run)
				image.Release()
			} else {
				m.Query(0, run)
			}
			got := strings.TrimSpace(strings.ReplaceAll(string(run.Reply), "\r\n", " "))
			found := command.Lookups{Hits: c.hits, Misses: c.misses}
			if got != c.want || run.WantsFill != c.wants || run.Left != c.left || run.Lookups != found {
				t.Errorf("%q, frozen %v: %q, wants to fill %v, %d left, %+v",
					c.lines, frozen, got, run.WantsFill, run.Left, run.Lookups)
			}
		}
	}
	if string(imageOf(t, m)) != stale {
		t.Error("queries have changed the state")
	}
	checkHash(t, m)
}

// PFCOUNT is a write only where it is of one key: a log that has another one is refused on all nodes alike, and
// RAFT.ONCE fills as well.
func TestPFCountFillsInTheLog(t *testing.T) {
	m, other := newMachine(t), newMachine(t)
	for i, line := range []string{
		"raft.session open", "pfadd a 1 2 3", "pfadd b 4", "pfcount a b", "pfcount a", "raft.once 1 1 pfcount b",
		"pfcount absent",
	} {
		m.Apply(uint64(i+1), 0, body(line), nil)
		other.Apply(uint64(i+1), 0, body(line), nil)
	}
	for key, want := range map[string]string{"a": "\x03", "b": "\x01"} {
		want = "$8\r\n" + want + strings.Repeat("\x00", 7) + "\r\n"
		if got := do(m, [][]byte{[]byte("getrange"), []byte(key), []byte("8"), []byte("15")}); got != want {
			t.Errorf("%s has kept %q, want %q", key, got, want)
		}
	}
	if got := script(m, "exists absent"); got != ":0" || m.Hash() != other.Hash() {
		t.Errorf("an absent key exists: %s, hashes %x and %x", got, m.Hash(), other.Hash())
	}
	checkHash(t, m)
}
