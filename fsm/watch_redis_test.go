package fsm

import (
	"slices"
	"strings"
	"testing"
)

// watchedCalls is how many calls are made while a key is watched.
const watchedCalls = 5_000

// fromNow are commands that take a time from now, and takeMoments those that put a key which may have ended already.
// touchNothing are those whose changes are none for Redis.
var (
	fromNow      = strings.Fields("set setex psetex getex expire pexpire restore")
	takeMoments  = strings.Fields("set restore")
	touchNothing = append(groupCommands, "pfdebug", "xsetid")
)

// groupCommands change what is pending in groups of a stream, and who is in them.
var groupCommands = []string{
	"xack", "xclaim", "xautoclaim", "xreadgroup", "xgroup create", "xgroup setid", "xgroup destroy",
	"xgroup createconsumer", "xgroup delconsumer",
}

// TestWatchedKeysChangeAsInRedis has a client watch a key while another one makes a random call, here and in a real
// Redis, and compares whether its transaction is refused.
func TestWatchedKeysChangeAsInRedis(t *testing.T) {
	w := newTwins(t, random(t, 43))
	w.x.Apart = true
	refused := map[string]int{}
	for range watchedCalls {
		var call mixedCall
		call.name, call.line = w.draw()
		if call.name == "xsetid" {
			continue
		}
		key := call.line[len(call.line)-1]
		if w.x.IntN(4) > 0 && len(call.line) > 1 {
			key = call.line[1+w.x.IntN(len(call.line)-1)]
		}
		if w.redisRefuses(call, key) {
			refused[call.name]++
		}
	}
	if len(refused) < 40 {
		t.Errorf("only %d commands changed what was watched: %v", len(refused), refused)
	}
	t.Logf("transactions refused: %v; excused: %v", refused, w.excused)
}

// redisRefuses makes a call while a key is watched, and reports whether Redis refuses a transaction behind it. It fails
// the test if this machine does otherwise.
func (w *twins) redisRefuses(call mixedCall, key string) bool {
	w.t.Helper()
	watching := w.redis[1]
	watching.do("watch", key)
	index, present := w.m.Index(), w.m.state.Space(0).Get([]byte(key)) != nil
	w.sendTimed(w.redis[0], []mixedCall{call})
	before := w.readTime(w.redis[0])
	if call.name == "dbsize" {
		w.redis[0].reply() // of SCAN
	}
	want := w.redis[0].reply()
	certain := before == w.readTime(w.redis[0])
	if certain {
		w.compare(call, 2, before, want, nil)
	} else {
		doAtIn(w.t, w.m, 2, before, toArgs(call.line))
	}
	changed := w.m.state.Space(0).ChangedSince([]byte(key), index, present)
	watching.do("multi")
	refuses := watching.do("exec") == "_\r\n"
	absent := !present && w.m.state.Space(0).Get([]byte(key)) == nil
	switch {
	case changed == refuses:
	case changed && slices.Contains(touchNothing, call.name):
		w.excused["watched-groups"]++
	case changed && call.name == "bitfield" && strings.Contains(want, "$-1"): // lengthened, and then failed
		w.excused["watched-groups"]++
	case changed && absent && call.name == "swapdb": // of two other databases
		w.excused["watched-absence"]++
	case refuses && absent && slices.Contains(takeMoments, call.name):
		w.excused["watched-past"]++
	default:
		w.t.Errorf("%.300q answers %.100q: %q changes here: %t, in Redis: %t", call.line, want, key, changed, refuses)
	}
	if !certain && slices.Contains(fromNow, call.name) {
		w.beginAnew()
	}
	return refuses
}
