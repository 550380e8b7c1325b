package fsm

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

// hyperLogLogTwins are a machine and a Redis with the same HyperLogLogs.
type hyperLogLogTwins struct {
	t     *testing.T
	r     *rand.Rand
	m     *Machine
	redis *realRedis
	// counts says that PFCOUNT was asked of single keys: then Redis has answers in their strings, and the machine has not.
	counts bool
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
		if w.counts {
			w.call("pfcount", w.key())
		}
	case 6: // the bytes go through GET and SET
		key := w.key()
		if held := w.stored(key); held != "" {
			w.call("set", w.key(), held)
		}
	default:
		w.call(append([]string{"pfadd", w.key()}, w.elements()...)...)
	}
}

// stored is the string of a key, or nothing, the same in both, but for the answers of PFCOUNT, which Redis keeps.
func (w *hyperLogLogTwins) stored(key string) string {
	w.t.Helper()
	got, want := do(w.m, words("get "+key)), w.redis.do("get", key)
	if w.counts && len(got) > len("$18\r\n") && len(got) == len(want) {
		begin := len(got) - 2 - w.length(key) + 8
		got = got[:begin] + want[begin:begin+8] + got[begin+8:]
	}
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
	const steps = 800
	for _, counts := range []bool{false, true} {
		w := &hyperLogLogTwins{t: t, r: random(t, 60), m: newMachine(t), redis: startRedis(t), counts: counts}
		sparse, dense := 0, 0
		for range steps {
			w.step()
			switch key := w.key(); len(w.stored(key)) {
			case 0:
			case 12304:
				dense++
			default:
				sparse++
			}
		}
		if sparse < steps/10 || dense < steps/10 {
			t.Errorf("%d sparse and %d dense strings were compared", sparse, dense)
		}
		checkHash(t, w.m)
	}
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
			{"pfcount", "h", "h"}, {"pfdebug", "encoding", "h"}, {"pfdebug", "decode", "h"}, {"pfmerge", "to", "h"},
			{"pfdebug", "todense", "h"}, {"pfcount", "h", "to"},
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
