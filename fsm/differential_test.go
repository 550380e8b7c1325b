package fsm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/differences"
	"github.com/raftredis/raftredis/internal/draw"
)

const (
	// comparedCalls is how many replies of random calls are compared in an ordinary run.
	comparedCalls = 100_000
	// comparedCallsEach is how many there must be for each command with an error, and without one, if it can have both.
	comparedCallsEach = 5
	// rareShare is how seldom a call is drawn of those that the mix alone leaves to luck: see thorough.
	rareShare = 64
)

// twins are a Redis and a machine that are told the same at the same millisecond.
type twins struct {
	t *testing.T
	x *draw.Mix
	m *Machine
	// call draws a call: that of the mix.
	call func() (name string, line []string)
	// redis are two connections to one server, of which the first speaks RESP2 and the second RESP3. database is the one
	// in which both are, of as many as there are to draw from.
	redis               [2]*realRedis
	database, databases int
	// done and refused count the replies compared by command: those that are no error, and those that are one.
	done, refused map[string]int
	// excused counts replies that differ as a line of the list says, by the line.
	excused map[string]int
	// exact says that replies are the same only to the byte, or as a line of the list says.
	exact bool
	// parted says that the contents differ, as a line of the list says.
	parted bool
	// compared counts all replies, unclear the rounds with a call for which it is unknown at which millisecond Redis
	// made it.
	compared, unclear int
}

func newTwins(t *testing.T, r *rand.Rand) *twins {
	first := startRedis(t, "--proto-max-bulk-len", strconv.Itoa(comparedValueBytes))
	x := draw.NewMix(r)
	return &twins{
		t: t, x: x, call: x.Call, m: limitedMachine(t, comparedValueBytes), redis: [2]*realRedis{first, first.another(3)},
		done: map[string]int{}, refused: map[string]int{}, excused: map[string]int{}, databases: draw.Databases,
	}
}

// TestRepliesOfAllCommandsAreThoseOfRedis sends random calls of every command of the key space to this machine and to a
// real Redis, both at the same millisecond and in both protocols, and compares all bytes of the replies, and of what is
// stored. What may differ stands in the list of differences.
func TestRepliesOfAllCommandsAreThoseOfRedis(t *testing.T) {
	w := newTwins(t, random(t, 41))
	w.call = thorough(w.x)
	for round := 0; w.compared < comparedCalls; round++ {
		w.round()
		if round%50 == 0 {
			w.compareStored()
		}
	}
	w.compareStored()
	checkHash(t, w.m)
	checkDeadlines(t, w.m)
	w.judgeCoverage()
	t.Logf("%d replies compared, %d keys ended meanwhile, %d rounds at an unclear moment, excused %v",
		w.compared, w.m.expired, w.unclear, w.excused)
}

// thorough draws calls of a mix, and now and then one of two kinds that its weights leave to luck. Of a rare command
// whose only error is a wrong number of arguments, some seeds draw too few of those: here each command is called
// without arguments as often as any other. And what is stored is forgotten at times, with the groups of streams, which
// the mix hardly makes again in time for those who ask for them.
func thorough(x *draw.Mix) func() (name string, line []string) {
	all := draw.Commands()
	return func() (name string, line []string) {
		switch x.IntN(rareShare) {
		case 0:
			name = all[x.IntN(len(all))].Name
			return name, strings.Fields(name)
		case 1:
			key, group := []string{"x1", "{a}x2"}[x.IntN(2)], []string{"g1", "g2"}[x.IntN(2)]
			return "xgroup create", []string{"xgroup", "create", key, group, "0", "mkstream"}
		}
		return x.Call()
	}
}

// mixedCall is a call of the mix, and the command as it stands there.
type mixedCall struct {
	name string
	line []string
}

// round draws some calls, has Redis make them, and then this machine, each at the moment at which Redis made it.
func (w *twins) round() {
	at := w.x.IntN(2)
	redis, protocol := w.redis[at], 2+at
	w.choose(min(w.x.Database(), w.databases-1))
	w.x.Now = w.awaitNoDeadline(redis)
	drawn := make([]mixedCall, 1+w.x.IntN(8))
	for i := range drawn {
		drawn[i].name, drawn[i].line = w.draw()
		if drawn[i].name == "xsetid" { // may leave other contents in Redis 7.0: the round ends there
			drawn = drawn[:i+1]
			break
		}
	}
	w.sendTimed(redis, drawn)
	before := w.readTime(redis)
	certain := true
	for i, call := range drawn {
		if call.name == "dbsize" {
			redis.reply() // of SCAN
		}
		want := redis.reply()
		after := w.readTime(redis)
		certain = certain && before == after && !w.disputed(call.line, before)
		if certain {
			w.compare(call, protocol, before, want, drawn[:i])
		}
		before = after
	}
	switch {
	case !certain:
		w.unclear++
		w.beginAnew()
	case w.parted:
		w.beginAnew()
	}
}

// choose puts both connections into a database.
func (w *twins) choose(database int) {
	for _, redis := range w.redis {
		redis.do("select", strconv.Itoa(database))
	}
	w.database = database
}

// draw draws a call that can be compared.
func (w *twins) draw() (name string, line []string) {
	for {
		name, line = w.call()
		if !w.exact && slices.Contains(comparedAsStreams, name) {
			continue
		}
		if !differences.Avoid(line) && (name != "incrbyfloat" || redisHasX87) {
			return name, line
		}
	}
}

// sendTimed sends calls to Redis, with one that asks for the time before, between and behind them. DBSIZE counts in
// Redis what has ended and was not looked at, so all is looked at before.
func (w *twins) sendTimed(redis *realRedis, calls []mixedCall) {
	askTime := words("time")
	all := [][][]byte{askTime}
	for _, call := range calls {
		if call.name == "dbsize" {
			all = append(all, words("scan 0 count 100000"))
		}
		all = append(all, toArgs(call.line), askTime)
	}
	redis.send(all...)
}

// readTime reads the reply to TIME, in milliseconds.
func (w *twins) readTime(redis *realRedis) int64 {
	w.t.Helper()
	text := redis.reply()
	var seconds, micros, length int64
	format := strings.ReplaceAll("*2|$%d|%d|$%d|%d|", "|", "\r\n")
	if _, err := fmt.Sscanf(text, format, &length, &seconds, &length, &micros); err != nil {
		w.t.Fatalf("TIME answers %q: %v", text, err)
	}
	return seconds*millisPerSecond + micros/1000
}

// awaitNoDeadline waits until no key ends within the next moment, and returns the time. A key is absent here from the
// millisecond of its deadline on, and in Redis from the next one on: at that millisecond nothing is compared.
func (w *twins) awaitNoDeadline(redis *realRedis) int64 {
	const margin = 2
	for {
		redis.send(words("time"))
		now := w.readTime(redis)
		if !w.endsWithin(now, now+margin) {
			return now
		}
	}
}

// endsWithin reports whether a stored key ends at one of these milliseconds.
func (w *twins) endsWithin(from, to int64) (found bool) {
	w.m.state.Each(func(_ int, space *keyspace.Space) {
		space.Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
			ends := e.Deadline.Wall(w.m.state.Now())
			found = found || ends >= from && ends <= to
			return !found
		})
	})
	return found
}

// disputed reports whether the two count differently at a millisecond: because a key ends there, or because the call
// names just that millisecond as a deadline.
func (w *twins) disputed(line []string, millis int64) bool {
	for _, arg := range line {
		n, err := strconv.ParseInt(arg, 10, 64)
		if err == nil && (n == millis || n == millis/millisPerSecond && millis%millisPerSecond == 0) {
			return true
		}
	}
	return w.endsWithin(millis, millis)
}

// beginAnew empties both, after a round in which it is unknown what Redis did, or known to be something else.
func (w *twins) beginAnew() {
	w.parted = false
	w.redis[0].do("flushall")
	doAt(w.t, w.m, 0, words("flushall"))
}

// compare makes a call here, at a moment, and compares the reply with that of Redis.
func (w *twins) compare(call mixedCall, protocol int, millis int64, want string, before []mixedCall) {
	w.t.Helper()
	present := w.present(millis)
	run := newRun(protocol, toArgs(call.line))
	run.Database = w.database
	got := runAt(w.t, w.m, run, millis)
	w.compared++
	if want[0] == '-' {
		w.refused[call.name]++
	} else {
		w.done[call.name]++
	}
	if got == want || w.sameContent(call, present, got, want) {
		return
	}
	id, excused := differences.Excuse(call.line, want, got)
	if !excused {
		w.t.Fatalf("call %d, RESP%d, at %d: %.300q\n    after %.1000q\n got %.400q\nwant %.400q",
			w.compared, protocol, millis, call.line, before, got, want)
	}
	w.excused[id]++
	w.parted = w.parted || id == "newer-xsetid"
}

// isInteger reports whether a reply is a number.
func isInteger(reply string) bool { return strings.HasPrefix(reply, ":") }

// sameContent reports whether two replies say the same where the order of keys, or the choice among them, is each
// server's own.
func (w *twins) sameContent(call mixedCall, present []string, got, want string) bool {
	switch call.name {
	case "object idletime": // whole seconds of two clocks, and the test looks at keys here; uses_test.go judges them
		return isInteger(got) && isInteger(want)
	case "keys", "scan":
		return sameInAnyOrder(got, want)
	case "randomkey":
		return isOneOf(got, present) && isOneOf(want, present)
	}
	return !w.exact && draw.Same(call.name, call.line, got, want)
}

// present lists the keys that are there at a moment.
func (w *twins) present(millis int64) (keys []string) {
	w.m.state.Space(w.database).Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
		if !e.Expired(w.m.state.NowAt(millis)) {
			keys = append(keys, e.Key())
		}
		return true
	})
	return keys
}

// isOneOf reports whether a reply is one of these keys.
func isOneOf(reply string, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return reply == fmt.Sprintf("$%d\r\n%s\r\n", len(key), key)
	})
}

// compareStored compares all keys of all databases with value and deadline, at one moment for each.
func (w *twins) compareStored() {
	w.t.Helper()
	for database := range command.DefaultDatabases {
		w.choose(database)
		w.compareDatabase()
	}
}

func (w *twins) compareDatabase() {
	w.t.Helper()
	var calls []mixedCall
	for _, key := range w.present(w.awaitNoDeadline(w.redis[0])) {
		for _, line := range draw.Contents(w.m.state.Space(w.database).Get([]byte(key)).Kind().Name(), key) {
			calls = append(calls, mixedCall{line[0], line})
		}
		calls = append(calls, mixedCall{"pexpiretime", []string{"pexpiretime", key}})
	}
	calls = append(calls, mixedCall{"dbsize", []string{"dbsize"}})
	w.sendTimed(w.redis[0], calls)
	before := w.readTime(w.redis[0])
	certain := true
	for _, call := range calls {
		if call.name == "dbsize" {
			w.redis[0].reply()
		}
		want := w.redis[0].reply()
		after := w.readTime(w.redis[0])
		certain = certain && before == after && !w.disputed(nil, before)
		if certain {
			w.compare(call, 2, before, want, nil)
		}
		before = after
	}
}

// judgeCoverage fails the test if it did not look at something that it is there to look at.
func (w *twins) judgeCoverage() {
	w.t.Helper()
	mustFail := []string{"object nosuch", "nosuch"}
	if !redisHasX87 {
		w.t.Log("INCRBYFLOAT was not compared: this Redis computes with other numbers")
		w.done["incrbyfloat"], w.refused["incrbyfloat"] = comparedCallsEach, comparedCallsEach
	}
	for _, d := range draw.Commands() {
		done, refused := w.done[d.Name], w.refused[d.Name]
		rare := d.Weight < 5
		switch {
		case differences.Avoid(strings.Fields(d.Name)): // Redis has no such command
		case slices.Contains(comparedAsStreams, d.Name):
		case slices.Contains(mustFail, d.Name) && done == 0 && refused >= comparedCallsEach:
		case rare && done > 0 && refused > 0:
		case done < comparedCallsEach || refused < comparedCallsEach:
			w.t.Errorf("%s was compared %d times without an error and %d times with one", d.Name, done, refused)
		}
	}
	if w.m.expired < comparedCalls/250 {
		w.t.Errorf("%d keys ended: that is hardly a comparison of expiry", w.m.expired)
	}
	if w.unclear > w.compared/25 {
		w.t.Errorf("%d rounds had an unclear moment, and what was stored was forgotten", w.unclear)
	}
}

// ownPrefix begins the names of commands that Redis does not have.
const ownPrefix = "raft."

// comparedAsStreams are commands that leave other contents behind in Redis 7.0, unless they follow on others: see
// TestStreamsAreThoseOfRedis.
var comparedAsStreams = []string{"xreadgroup", "xclaim", "xautoclaim", "xsetid"}

// comparedElsewhere are commands of the key space that need a Redis of another kind, or clients that listen; that tell
// of memory or of hashes of our own; and one that takes Redis seconds.
var comparedElsewhere = []string{"cluster countkeysinslot", "cluster getkeysinslot", "debug digest",
	"debug digest-value", "debug object", "memory usage", "pfselftest", "publish", "spublish", "watch"}

// TestEveryCommandOfTheKeySpaceIsInTheMix fails when a command is added and not compared with Redis.
func TestEveryCommandOfTheKeySpaceIsInTheMix(t *testing.T) {
	var mixed []string
	for _, d := range draw.Commands() {
		mixed = append(mixed, d.Name)
	}
	for s := range commands.Each() {
		name := strings.ReplaceAll(s.Name, "|", " ")
		ours := (reads[s.ID()] != nil || writes[s.ID()] != nil) && !strings.HasPrefix(s.Name, ownPrefix)
		if ours && !slices.Contains(mixed, name) && !slices.Contains(comparedElsewhere, name) {
			t.Errorf("no test compares %s with Redis", name)
		}
	}
}
