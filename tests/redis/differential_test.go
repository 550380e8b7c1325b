package redis_test

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/differences"
	"github.com/raftredis/raftredis/internal/draw"
)

const (
	// comparedCalls is how many replies are compared.
	comparedCalls = 100_000
	// batchCalls are sent together.
	batchCalls = 200
	// lastCalls leave the key space filled: none of them empties it.
	lastCalls = 10_000
	// atomicShare is how rarely a batch is a transaction.
	atomicShare = 3
	// selectShare is how rarely a client goes to another database between two calls.
	selectShare = 30
	// timeSlackMillis is how far apart two servers may see the end of a key that was set through both.
	timeSlackMillis = 60_000
)

// station is a connection to a node, and one to Redis in the same protocol.
type station struct {
	name        string
	redis, here *line
}

// pair is a cluster and a Redis that are told the same, batch by batch, by one client that changes its station.
type pair struct {
	t        testing.TB
	x        *draw.Mix
	stations []station
	// databases is how many there are, 1 if there is only one. hasTransactions says that MULTI exists.
	databases       int
	hasTransactions bool
	compared        int
	// done counts replies that are no error by command, excused those that differ as a line of the list says.
	done, excused map[string]int
	// refused counts transactions that were not executed, since a watched key had changed. meanwhile are the calls that
	// others made while the client of the last one watched.
	refused   int
	meanwhile [][]string
}

// TestDifferential_RepliesAndKeySpacesAreThoseOfRedis sends random calls of every command of the key space to three
// nodes and to a Redis, in both protocols, in transactions and outside, and compares the replies; then all that is
// stored.
func TestDifferential_RepliesAndKeySpacesAreThoseOfRedis(t *testing.T) {
	seed := blackbox.SeedOf(t)
	c := blackbox.StartCluster(t, 3)
	leader := blackbox.Leader(t, c.Nodes)
	count := databases(t, dial(t, leader.Port, 2))
	port, _ := blackbox.StartRedis(t, "--databases", strconv.Itoa(count))
	followers := c.Others(leader)
	w := newPair(t, seed, port, map[string]int{
		"leader": leader.Port, "a follower": followers[0].Port, "another follower": followers[1].Port,
	})
	w.run(comparedCalls)
	blackbox.ExpectEqualStates(t, c.Nodes)
}

func newPair(t testing.TB, seed uint64, redis int, here map[string]int) *pair {
	w := &pair{t: t, x: draw.NewMix(rand.New(rand.NewPCG(seed, 14))), done: map[string]int{}, excused: map[string]int{}}
	w.x.Apart = true
	for _, name := range slices.Sorted(maps.Keys(here)) {
		for _, protocol := range []int{2, 3} {
			w.stations = append(w.stations, station{
				name + ", RESP" + strconv.Itoa(protocol), dial(t, redis, protocol), dial(t, here[name], protocol),
			})
		}
	}
	w.databases = databases(t, w.stations[0].here)
	w.hasTransactions = !strings.HasPrefix(w.stations[0].here.do("discard"), "-ERR unknown")
	return w
}

// run compares so many replies, and then what is stored.
func (w *pair) run(calls int) {
	w.t.Helper()
	for w.compared < calls {
		s := w.stations[w.x.IntN(len(w.stations))]
		w.choose(s)
		w.batch(s, calls-w.compared > lastCalls)
	}
	if w.hasTransactions {
		w.refusal()
	}
	found := compareKeySpaces(w.t, w.stations[0].redis, w.stations[0].here)
	w.t.Logf("%d replies compared, %d transactions refused; stored: %v; excused: %v",
		w.compared, w.refused, found, w.excused)
	for _, d := range draw.Commands() {
		if w.done[d.Name] == 0 && d.Weight > 1 && !w.leavesOut(d.Name, strings.Fields(d.Name)) && !neverDone[d.Name] {
			w.t.Errorf("%s was never answered without an error", d.Name)
		}
	}
	if len(found) == 0 {
		w.t.Error("nothing is stored")
	}
}

// choose lets a client of a station be in one of the databases.
func (w *pair) choose(s station) {
	w.t.Helper()
	if w.databases == 1 {
		return
	}
	database := []string{"select", strconv.Itoa(w.x.IntN(min(w.databases, 3)))}
	w.compare(s, [][]string{database}, []string{"select"}, both(s.redis, s.here, [][]string{database}))
}

// neverDone are commands of the mix that only answer with an error, or that Redis refuses and this server does not.
var neverDone = map[string]bool{"nosuch": true, "object nosuch": true, "object freq": true}

// leavesOut reports whether a call cannot be compared.
func (w *pair) leavesOut(name string, call []string) bool {
	// Redis computes these with what the processor has beyond 64 bits, if it has it.
	longDouble := runtime.GOARCH == "amd64" || runtime.GOARCH == "386"
	// What reaches the end of the longest string takes half a gigabyte on each server.
	reaches := []string{"bitfield", "bitfield_ro", "setbit", "setrange"}
	if slices.Contains(reaches, name) && slices.ContainsFunc(call, isFar) {
		return true
	}
	floats := name == "incrbyfloat" || name == "hincrbyfloat"
	return differences.Avoid(call) || name == "xsetid" /* 7.0 takes other IDs */ || !longDouble && floats
}

// isFar reports whether an argument is an offset near the end of the longest string.
func isFar(arg string) bool { return arg == "4294967295" || arg == "536870911" || arg == "536870912" }

// batch draws some calls, and makes them at both, now and then as one.
func (w *pair) batch(s station, mayEmpty bool) {
	w.t.Helper()
	if w.hasTransactions && w.x.IntN(atomicShare) == 0 {
		calls, names := w.calls(1+w.x.IntN(batchCalls/4), mayEmpty)
		w.transaction(s, calls, names)
		return
	}
	calls, names := w.calls(batchCalls, mayEmpty)
	w.compare(s, calls, names, both(s.redis, s.here, calls))
}

// calls draws so many calls, or one more.
func (w *pair) calls(count int, mayEmpty bool) (calls [][]string, names []string) {
	for len(calls) < count {
		name, call := w.x.Call()
		switch {
		case w.leavesOut(name, call), !mayEmpty && strings.HasPrefix(name, "flush"):
			continue
		case name == "dbsize": // Redis counts what has ended and was not looked at
			calls, names = append(calls, []string{"scan", "0", "count", "100000"}), append(names, "scan")
		}
		if before := consumerOf(name, call); before != nil {
			calls, names = append(calls, before), append(names, "xgroup createconsumer")
		}
		calls, names = append(calls, call), append(names, name)
		if w.databases > 1 && w.x.IntN(selectShare) == 0 {
			calls, names = append(calls, w.x.Select()), append(names, "select")
		}
	}
	return calls, names
}

// consumerOf is a call that makes the consumer of another call, nil for none: in Redis 7.0 such a call makes it only
// if it gets something.
func consumerOf(name string, call []string) []string {
	at := func(word string) int {
		return slices.IndexFunc(call, func(arg string) bool { return strings.EqualFold(arg, word) })
	}
	switch group, streams := at("group"), at("streams"); {
	case (name == "xclaim" || name == "xautoclaim") && len(call) > 3:
		return []string{"xgroup", "createconsumer", call[1], call[2], call[3]}
	case name == "xreadgroup" && group == 1 && len(call) > 3 && streams > 0 && streams+1 < len(call):
		return []string{"xgroup", "createconsumer", call[streams+1], call[2], call[3]}
	}
	return nil
}

// compare compares replies.
func (w *pair) compare(s station, calls [][]string, names []string, all []answers) {
	w.t.Helper()
	for i, a := range all {
		w.compared++
		if !strings.HasPrefix(a.redis, "-") {
			w.done[names[i]]++
		}
		if w.same(names[i], calls[i], a) {
			continue
		}
		id, excused := differences.Excuse(calls[i], a.redis, a.here)
		if !excused {
			w.t.Fatalf("call %d, %s: %.300q\n    after %.2000q\n here %.400q\nRedis %.400q",
				w.compared, s.name, calls[i], calls[max(0, i-8):i], a.here, a.redis)
		}
		w.excused[id]++
	}
}

// isDigit reports whether a reply is 0 or 1.
func isDigit(reply string) bool { return reply == ":0\r\n" || reply == ":1\r\n" }

// same reports whether two replies say the same; times may lie some seconds apart.
func (w *pair) same(name string, call []string, a answers) bool {
	switch name {
	case "exec": // which is refused on both sides, here with the reason
		const aborted = "-EXECABORT "
		return strings.HasPrefix(a.redis, aborted) && strings.HasPrefix(a.here, aborted)
	case "ttl", "expiretime":
		return nearly(a, timeSlackMillis/1000)
	case "object idletime": // Redis has had the reads that other nodes have answered here
		return draw.Same(name, call, a.redis, a.here) || nearly(a, timeSlackMillis/1000)
	case "pttl", "pexpiretime":
		return nearly(a, timeSlackMillis)
	case "expire", "pexpire":
		// Where a key has the same time to live already, it is later by some milliseconds or by none: Redis makes the
		// calls of a batch in one. What deadlines keys have in the end is compared in any case.
		if slices.ContainsFunc(call, func(arg string) bool { return strings.EqualFold(arg, "gt") }) {
			return draw.Same(name, call, a.redis, a.here) || isDigit(a.redis) && isDigit(a.here)
		}
	}
	return draw.Same(name, call, a.redis, a.here)
}
