package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/reply"
)

// asConnection makes a run as a connection does: what is long may be left to it.
func asConnection(calls ...[][]byte) *command.Run {
	run := newRun(2, calls...)
	run.LateBytes = command.LeftOutBytes
	return run
}

// fillKeys sets a number of keys.
func fillKeys(m *Machine, count int) {
	var entry []byte
	for i := range count {
		entry = argv.Append(entry, words(fmt.Sprintf("set key%d v", i)))
	}
	m.Apply(m.Index()+1, 0, entry, nil)
}

// bitCounts counts the ones of a string.
func bitCounts(keys ...string) (calls [][][]byte) {
	for _, key := range keys {
		calls = append(calls, words("bitcount "+key))
	}
	return calls
}

// P8: A read that is much work does not hold up the entry beside which it stands: the connection executes it when the
// entry is applied, on the state as it was at its place.
func TestLongReadsArePutOff(t *testing.T) {
	m := newMachine(t)
	do(m, words("setrange long 599999 x"))
	calls := [][][]byte{
		words("set a 1"), words("bitcount long"), words("get a"), words("setbit long 0 1"), words("bitcount long"),
		words("set a 2"), words("bitcount a"), words("bitpos long 1"), words("del long"), words("bitcount long"),
		words("get a"),
	}
	run := asConnection(calls...)
	m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
	if late := run.Long.Late(); late != 3 {
		t.Fatalf("%d reads were put off, want 3", late)
	}
	do(m, words("set a 3"), words("setrange long 99 y")) // what comes behind the entry is not seen
	run.Join()
	want := "+OK :4 $1 1 :0 :5 +OK :3 :0 :1 :0 $1 2"
	if got := strings.TrimSpace(strings.ReplaceAll(string(run.Reply), "\r\n", " ")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	checkHash(t, m)
}

// A run of reads is answered where it is up to the limit, all its reads together, and by a frozen state beyond it.
func TestLongReadsWantAFrozenState_AtTheEdges(t *testing.T) {
	m := newMachine(t)
	own := data.BitCount.ReadWork(words("bitcount nothing"), m.state.Space(0))
	limit := command.MaxPresentWork - own
	for _, length := range []int{limit - 1, limit, limit + 1, limit/2 - own/2, limit / 2} {
		key := fmt.Sprint("n", length)
		do(m, [][]byte{[]byte("set"), []byte(key), make([]byte, length)})
		for _, c := range []struct {
			calls  [][][]byte
			freeze bool
		}{
			{bitCounts(key), length > limit},
			{bitCounts(key, key), 2*(length+own) > command.MaxPresentWork},
			{bitCounts("nothing", "nothing", "nothing"), false},
		} {
			run := asConnection(c.calls...)
			if m.Query(0, run); run.WantsFreeze != c.freeze {
				t.Errorf("%d reads of %d bytes: a frozen state is wanted %v", len(c.calls), length, run.WantsFreeze)
			}
			if !run.WantsFreeze {
				continue
			}
			run.WantsFreeze = false
			image := m.Freeze()
			if image.Query(0, run); run.WantsFreeze || len(run.Reply) != len(":0\r\n")*len(c.calls) {
				t.Errorf("%d reads of %d bytes: the frozen state answers %q", len(c.calls), length, run.Reply)
			}
			image.Release()
		}
	}
}

// What is wide is long as well: many keys, a scan of many, and all keys.
func TestReadsOfManyKeysAreLong(t *testing.T) {
	m := newMachine(t)
	fillKeys(m, 3000)
	many := words("exists" + strings.Repeat(" k", command.MaxPresentWork/256))
	for line, long := range map[string]bool{
		"scan 0": false, "scan 0 count 1000": false, "scan 0 count 5000": true, "keys *": true,
	} {
		run := asConnection(words(line))
		if m.Query(0, run); run.WantsFreeze != long {
			t.Errorf("%s: a frozen state is wanted %v", line, run.WantsFreeze)
		}
	}
	if run := asConnection(many); !m.Query(0, run) && !run.WantsFreeze {
		t.Errorf("EXISTS of %d keys is executed while entries wait", len(many)-1)
	}
}

// The reply to a read that was put off is bounded with all others of the run.
func TestWhatIsPutOffIsBounded(t *testing.T) {
	m := newMachine(t)
	fillKeys(m, 5000)
	all := do(m, words("keys *"))
	for bound, whole := range map[int]bool{0: true, 1 << 20: true, 10 * len(all): true, len(all) / 2: false} {
		run := asConnection(words("set a 1"), words("bitcount a"), words("keys *"))
		run.MaxReplyBytes = bound
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		run.Join()
		if got := len(run.Reply) > len(all); got != whole {
			t.Errorf("bound %d: %d bytes", bound, len(run.Reply))
		}
	}
}

// Reads by chance that are put off answer what they would have answered at their places, so no two of a run alike.
func TestReadsByChanceDrawByTheirPlaces(t *testing.T) {
	const count = 40_000
	lines := []string{"set a 1", "keys key1", "randomkey", "randomkey", "randomkey"}
	var calls [][][]byte
	for _, line := range lines {
		calls = append(calls, words(line))
	}
	var replies []string
	for _, run := range []*command.Run{newRun(2, calls...), asConnection(calls...)} {
		m := newMachine(t)
		fillKeys(m, count)
		run.Random = 7
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		if put := run.Long.Late(); (put > 0) != (run.LateBytes > 0) {
			t.Fatalf("%d reads were put off", put)
		}
		run.Join()
		replies = append(replies, string(run.Reply))
	}
	if replies[0] != replies[1] {
		t.Errorf("at their places %q, put off %q", replies[0], replies[1])
	}
	if all := strings.Split(replies[1], "$"); len(all) < 4 || all[len(all)-1] == all[len(all)-2] {
		t.Errorf("two draw alike: %q", replies[1])
	}
}

// Each read by chance of a run draws anew, also where all are answered at once: a pipeline that asks a hundred times
// for a member of a sorted set wants more than one.
func TestReadsByChanceOfARunDrawAnew(t *testing.T) {
	m := newMachine(t)
	for i := range 1000 {
		do(m, words(fmt.Sprintf("set key%d v", i)), words(fmt.Sprintf("sadd s %d", i)),
			words(fmt.Sprintf("zadd z %d %d", i, i)), words(fmt.Sprintf("hset h %d v", i)))
	}
	for _, line := range []string{
		"randomkey", "srandmember s", "srandmember s 2", "srandmember s -2", "hrandfield h", "hrandfield h 2",
		"hrandfield h -2", "zrandmember z", "zrandmember z 2", "zrandmember z -2",
	} {
		for _, before := range []string{"get key1", "set a 1"} { // a query, and an entry
			run := newRun(2, words(before), words(line), words(line), words(line))
			if run.Random = 7; run.HasWrite() {
				m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
			} else {
				m.Query(0, run)
			}
			first := reply.Skip(run.Reply)
			second := reply.Skip(first)
			third := reply.Skip(second)
			one, two := string(first[:len(first)-len(second)]), string(second[:len(second)-len(third)])
			if one == two && two == string(third) {
				t.Errorf("%s behind %s: three times %q", line, before, one)
			}
		}
	}
}

// manyElements is a number of elements that is too much for a read where others wait.
const manyElements = 20_000

// fillContainers makes a container of each type with many elements at its first letter, and a set of two at t.
func fillContainers(t *testing.T, m *Machine) {
	t.Helper()
	for i := range manyElements / 100 {
		var calls [][][]byte
		for k := 100 * i; k < 100*(i+1); k++ {
			calls = append(calls, words(fmt.Sprintf("hset h f%d v%d", k, k)), words(fmt.Sprintf("sadd s m%d", k)),
				words(fmt.Sprintf("zadd z %d m%d", k, k)), words(fmt.Sprintf("rpush l e%d", k)),
				words(fmt.Sprintf("xadd x %d-0 f v%d", k+1, k)), words(fmt.Sprintf("zadd n 0 m%d", k)),
				words(fmt.Sprintf("geoadd g %f %f m%d", float64(k%200)/100, float64(k/200)/100, k)))
		}
		expectNoError(t, do(m, calls...))
	}
	expectNoError(t, do(m, words("sadd t m1 m2"), words("xgroup create x g 0"), words("xreadgroup group g c streams x >")))
}

// A read counts by what it answers, or looks at: the first elements of a large container are a short read, and all of
// them a long one.
func TestReadsAreWeighedByWhatTheyLookAt(t *testing.T) {
	m := newMachine(t)
	fillContainers(t, m)
	for line, long := range map[string]bool{
		"zrange z 0 9": false, "zrange z 0 -1": true, "zrange z -10 -1 withscores": false, "zrevrange z 0 9": false,
		"zrevrange z 0 -1": true, "zrangebyscore z 5 50": false, "zrangebyscore z -inf +inf": true,
		"zrangebyscore z -inf +inf limit 5 10": false, "zrevrangebyscore z +inf 5": true, "zrangebylex n - +": true,
		"zrangebylex n - + limit 0 10": false, "zrevrangebylex n + -": true, "zrange z 100 (5000 byscore": true,
		"zcount z -inf +inf": false, "zrank z m19999": false, "zscan z 0": false, "zscan z 0 count 10000": true,
		"zrandmember z": false, "zrandmember z 10": false, "zrandmember z 10000": true, "zrandmember z -10000": true,
		"lrange l 0 9": false, "lrange l -10 -1": false, "lrange l 0 -1": true, "lrange nothing 0 -1": false,
		"lindex l 10000": false, "lpos l nothing": true, "xrange x - +": true, "xrange x - + count 1": false,
		"xrange x 50 60": false, "xrevrange x + -": true, "xrevrange x + - count 2": false, "xrange x 19990 +": false,
		"xread streams x 0": true, "xread count 2 streams x 0": false, "xread streams x 19990": false,
		"xread count 2 streams x x 0 0": false, "xinfo stream x": false, "xinfo stream x full": true,
		"xpending x g": false, "xpending x g - + 10": false, "xpending x g - + 10 c": false, "xpending x g - + 10000": true,
		"xpending x g idle 9 - + 10": true, "xinfo groups x": true, "xinfo consumers x g": true,
		"hscan h 0": false, "hscan h 0 count 10000": true, "hgetall h": true, "hget h f5": false, "hrandfield h": false,
		"hrandfield h 10 withvalues": false, "hrandfield h 10000": true, "hrandfield h -10000": true,
		"sscan s 0": false, "sscan s 0 count 10000": true, "smembers s": true, "smembers t": false,
		"srandmember s": false, "srandmember s 10": false, "srandmember s 10000": true, "srandmember s -10000": true,
		"sinter s t": false, "sinter s s": true, "sinter s nothing": false, "sunion s t": true, "sunion t t": false,
		"sdiff s t": true, "sdiff t s": false, "sintercard 2 s t": false, "sintercard 2 s s": true,
		"geosearch g fromlonlat 1 1 byradius 1 km": false, "geosearch g fromlonlat 1 1 byradius 500 km": true,
		"georadius_ro g 1 1 500 km": true, "georadius g 1 1 500 km": true, "georadiusbymember g m5 500 km count 5": true,
		"georadius g 1 1 500 km count 5 any": false, "georadiusbymember g m5 1 km": false,
		"sort l alpha": true, "sort_ro l alpha": true, "sort s limit 0 1 alpha": true, "sort t alpha": false,
	} {
		plain, alone := newRun(2, words(line)), asConnection(words(line))
		plain.Random, alone.Random = 9, 9
		m.Query(0, plain)
		if m.Query(0, alone); alone.WantsFreeze != long {
			t.Errorf("%s: a frozen state is wanted %v", line, alone.WantsFreeze)
		}
		if alone.WantsFreeze {
			alone.WantsFreeze = false
			image := m.Freeze()
			image.Query(0, alone)
			image.Release()
		}
		beside := asConnection(words("set a 1"), words(line))
		m.Apply(m.Index()+1, 0, beside.Body(nil, argv.Append), beside)
		if late := beside.Long.Late(); (late == 1) != long {
			t.Errorf("%s: beside a write %d reads are put off", line, late)
		}
		alone.Join()
		beside.Join()
		byChance := strings.Contains(line, "rand") // what is drawn follows from the place
		inPlace, frozen, behind := string(plain.Reply), string(alone.Reply), string(beside.Reply)
		if frozen != inPlace || !byChance && behind != "+OK\r\n"+inPlace {
			t.Errorf("%s: answers %.80q in place, %.80q alone, %.80q beside a write", line, inPlace, frozen, behind)
		}
		expectNoError(t, inPlace)
		if alone.Lookups != plain.Lookups || beside.Lookups != plain.Lookups {
			t.Errorf("%s: counts %v in place, %v alone, %v beside a write", line, plain.Lookups, alone.Lookups, beside.Lookups)
		}
	}
}

// Many reads that are as short as a GET want no frozen state, however many they are; many longer ones do together.
func TestShortReadsDoNotCount(t *testing.T) {
	m := newMachine(t)
	fillContainers(t, m)
	for line, long := range map[string]bool{
		"zrange z 0 9": false, "lrange l 0 20": false, "xrange x - + count 5": false, "lrange l 0 500": true,
	} {
		var calls [][][]byte
		for range 1000 {
			calls = append(calls, words(line))
		}
		run := asConnection(calls...)
		if m.Query(0, run); run.WantsFreeze != long {
			t.Errorf("a thousand times %s: a frozen state is wanted %v", line, run.WantsFreeze)
		}
	}
}

// A call of a write that only reads has no place in the log: SORT and GEORADIUS that store nothing.
func TestWhatStoresNothingIsRead(t *testing.T) {
	for line, writes := range map[string]bool{
		"sort l": false, "sort l limit 0 5 desc": false, "sort l by store": false, "sort l get store": false,
		"sort l limit store store": false, "sort l store": false, "sort l store d": true, "sort l get # store d": true,
		"sort l STORE d desc": true, "georadius g 1 1 5 km": false, "georadius g 1 1 5 km store d": true,
		"georadius g 1 1 5 km STOREDIST d": true, "georadius g 1 1 5 km store": true,
		"georadiusbymember g store 5 km": false, "georadiusbymember g m 5 km count 1 storedist d": true,
	} {
		run := newRun(2, words(line))
		if run.HasWrite() != writes {
			t.Errorf("%s writes %v", line, !writes)
		}
		reading, writing := newMachine(t), newMachine(t)
		for _, m := range []*Machine{reading, writing} {
			do(m, words("rpush l 3 1 2"), words("geoadd g 1 1 m 1 1 store"))
		}
		if writes {
			continue
		}
		got := do(reading, words(line))
		writing.Apply(writing.Index()+1, 0, argv.Append(nil, words(line)), nil) // in the log it changes nothing
		reading.Apply(writing.Index(), 0, nil, nil)
		if reading.Hash() != writing.Hash() {
			t.Errorf("%s changes a state: %q", line, got)
		}
	}
}

// SORT counts what GET finds as well: that is no part of what is sorted.
func TestSortIsWeighedByWhatItFinds(t *testing.T) {
	m := newMachine(t)
	for i := range 60 {
		do(m, words(fmt.Sprint("rpush l ", i)), words(fmt.Sprintf("set o%d %s", i, strings.Repeat("v", 50_000))))
	}
	for line, long := range map[string]bool{
		"sort l get o*": true, "sort_ro l by nosort get o*": true, "sort l limit 0 5 get o*": false,
		"sort l get nothing*": false, "sort l" + strings.Repeat(" get nothing*", 50): true,
	} {
		plain, run := newRun(2, words(line)), asConnection(words(line))
		m.Query(0, plain)
		if m.Query(0, run); run.WantsFreeze != long {
			t.Errorf("%.60s: a frozen state is wanted %v", line, run.WantsFreeze)
		}
		if run.WantsFreeze {
			run.WantsFreeze = false
			image := m.Freeze()
			image.Query(0, run)
			image.Release()
		}
		if run.Join(); string(run.Reply) != string(plain.Reply) {
			t.Errorf("%.60s: answers %d bytes, in place %d", line, len(run.Reply), len(plain.Reply))
		}
	}
}

// In a transaction as well, what is much work is put off, and sees what was there at its place.
func TestLongReadsOfATransactionArePutOff(t *testing.T) {
	m := newMachine(t)
	fillKeys(m, 3000)
	run := asConnection(words("set a 1"), words("keys *"), words("scan 0 count 10000"), words("del a"), words("dbsize"))
	run.Head = command.TransactionHead(nil)
	m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
	if late := run.Long.Late(); late != 2 {
		t.Fatalf("%d reads were put off, want 2", late)
	}
	run.Join()
	reply := string(run.Reply)
	if !strings.HasPrefix(reply, "*5\r\n+OK\r\n*3001\r\n") || !strings.HasSuffix(reply, ":1\r\n:3000\r\n") {
		t.Errorf("answered %.60q … %q", reply, reply[max(len(reply)-60, 0):])
	}
}

// Many short strings in one reply count together: it is their sum that is copied while an entry is applied.
func TestRepliesOfManyShortStringsBesideWritesArePutOff(t *testing.T) {
	m := newMachine(t)
	const length, keys, calls = 4000, 60, 40
	var mget, hmget, xread strings.Builder
	for i := range keys {
		text := strings.Repeat("v", length)
		do(m, words(fmt.Sprintf("set k%d %s", i, text)), words(fmt.Sprintf("hset h f%d %s", i, text)),
			words(fmt.Sprintf("xadd x%d 1-0 f %s", i, text[:length-300])))
		fmt.Fprintf(&mget, " k%d", i)
		fmt.Fprintf(&hmget, " f%d", i)
		fmt.Fprintf(&xread, " x%d", i)
	}
	for _, line := range []string{
		"mget" + mget.String(), "hmget h" + hmget.String(), "xread streams" + xread.String() + strings.Repeat(" 0", keys),
	} {
		run := asConnection(words("set a 1"))
		for range calls {
			run.Calls = append(run.Calls, asConnection(words(line)).Calls...)
		}
		run.Head = command.TransactionHead(nil)
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		if late, copied := run.Long.Late(), len(run.Reply); copied > 2*command.MaxPresentWork {
			t.Errorf("%.5s: %d of %d are put off, and %d bytes are copied", line, late, calls, copied)
		}
	}
}

// Strings that are copied into replies count beside writes, where a run may ask for a thousand of them, also where a
// part of a reply was left to the connection already; and MGET counts for itself.
func TestLongRepliesBesideWritesArePutOff(t *testing.T) {
	m := newMachine(t)
	const length, some = 100_000, 50
	do(m, words("set k "+strings.Repeat("v", length)), words("hset h f "+strings.Repeat("w", length)),
		words("set long "+strings.Repeat("x", command.LeftOutBytes)), words("hset h long "+
			strings.Repeat("y", command.LeftOutBytes)))
	wide := "mget long" + strings.Repeat(" k", some)
	for line, late := range map[string]int{
		"get k": some - 2, "hget h f": some - 2, "hmget h long f f f": some, "hvals h": some, "mget long k k k": some,
		"getrange k 0 99999": some - 2, "getrange k 0 4095": 0, "get long": 0,
	} {
		var calls [][][]byte
		want := ""
		for range some {
			calls = append(calls, words(line))
			want += do(m, words(line))
		}
		run := asConnection(append([][][]byte{words("set a 1")}, calls...)...)
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		if got := run.Long.Late(); got != late {
			t.Errorf("%s: %d of %d were put off, want %d", line, got, some, late)
		}
		do(m, words("append k x"), words("hset h f changed"))
		if run.Join(); string(run.Reply) != "+OK\r\n"+want {
			t.Errorf("%s: answers %d bytes, want %d", line, len(run.Reply), len(want))
		}
		do(m, words("set k "+strings.Repeat("v", length)), words("hset h f "+strings.Repeat("w", length)))
		alone := asConnection(calls...)
		if m.Query(0, alone); line != "hvals h" && !strings.HasPrefix(line, "mget") && alone.WantsFreeze {
			t.Errorf("%s: many of them alone want a frozen state", line)
		}
	}
	run := asConnection(words(wide))
	if m.Query(0, run); !run.WantsFreeze {
		t.Error("MGET of megabytes is answered while others wait")
	}
}

// A search that takes any places goes through all that lie beside its shape as well, where none is within.
func TestASearchForAnyPlaceIsWeighedByWhatItLooksAt(t *testing.T) {
	m := newMachine(t)
	const elements = 20_000
	for i := range elements / 100 {
		var calls [][][]byte
		for k := 100 * i; k < 100*(i+1); k++ {
			calls = append(calls, words(fmt.Sprintf("geoadd g 0.04 0.04 m%d", k))) // 6.3 km from the origin
		}
		expectNoError(t, do(m, calls...))
	}
	for line, long := range map[string]bool{
		"geosearch g fromlonlat 0 0 byradius 5 km count 1 any": true, "georadius g 0 0 5 km count 1 any": true,
		"geosearch g fromlonlat 0 0 byradius 9 km count 1 any":         false,
		"geosearch g fromlonlat 0 0 byradius 9 km count 5000 any":      true,
		"geosearch g fromlonlat 0 0 byradius 5 km asc count 1000 any":  true,
		"geosearch g fromlonlat 10 10 byradius 5 km asc count 100 any": false,
	} {
		plain, run := newRun(2, words(line)), asConnection(words(line))
		m.Query(0, plain)
		if m.Query(0, run); run.WantsFreeze != long {
			t.Errorf("%s: a frozen state is wanted %v", line, run.WantsFreeze)
		}
		if run.WantsFreeze {
			run.WantsFreeze = false
			image := m.Freeze()
			image.Query(0, run)
			image.Release()
		}
		run.Join()
		if string(run.Reply) != string(plain.Reply) {
			t.Errorf("%s: answers %.60q, in place %.60q", line, run.Reply, plain.Reply)
		}
	}
}

// A call of SORT or GEORADIUS that stores nothing is a read, also beside a write: the log does not have it, and what is
// much of it is put off.
func TestReadsOfWritesStayBesideTheEntry(t *testing.T) {
	m := newMachine(t)
	m.Apply(1, 0, body("rpush list"+strings.Repeat(" 2 1", 30_000)), nil)
	run := asConnection(words("set a 1"), words("sort list limit 0 1"), words("georadius places 15 37 200 km"))
	sent := run.Body(nil, argv.Append)
	if want := body("set a 1"); !bytes.Equal(sent, want) {
		t.Errorf("the entry holds %q, want %q", sent, want)
	}
	m.Apply(2, 0, sent, run)
	if late := run.Long.Late(); late != 1 {
		t.Errorf("%d reads were put off, want 1", late)
	}
	run.Join()
	if got := string(run.Reply); got != "+OK\r\n*1\r\n$1\r\n1\r\n*0\r\n" {
		t.Errorf("%q", got)
	}
}

// A read that compares names with a pattern counts by what it is to compile the pattern, and by the bytes of long
// names: what is more than may be done while entries wait is answered from a frozen state, and is the same.
func TestPatternsAndNamesAreWeighed_AtTheEdges(t *testing.T) {
	const names = 10 // as many as SCAN looks at by itself, one of them short
	limit := command.MaxPresentWork / (names - 1)
	longest := "*" + strings.Repeat("?", glob.MaxBytes-2) + "a"
	for _, c := range []struct {
		nameBytes int
		call      string
		times     int
		freeze    bool
	}{
		{9, "sscan s 0 match " + longest, command.MaxPresentWork / glob.Work([]byte(longest)), false},
		{9, "sscan s 0 match " + longest, command.MaxPresentWork/glob.Work([]byte(longest)) + 1, true},
		{9, "scan 0 match " + longest, command.MaxPresentWork/glob.Work([]byte(longest)) + 1, true},
		{9, "keys " + longest, command.MaxPresentWork/glob.Work([]byte(longest)) + 1, true},
		{9, "sscan s 0 match *a?[a-z]*", 200, false},
		{command.KeyWork + limit, "scan 0 match *a*", 1, false},
		{command.KeyWork + limit + 1, "scan 0 match *a*", 1, true},
		{command.KeyWork + limit, "keys *a*", 1, false},
		{command.KeyWork + limit + 1, "keys *a*", 1, true},
	} {
		m := newMachine(t)
		do(m, words("sadd s member"))
		for i := range names - 1 {
			do(m, words(fmt.Sprintf("set %d%s v", i, strings.Repeat("a", c.nameBytes-1))))
		}
		var calls [][][]byte
		for range c.times {
			calls = append(calls, words(c.call))
		}
		plain, run := newRun(2, calls...), asConnection(calls...)
		m.Query(0, plain)
		if m.Query(0, run); run.WantsFreeze != c.freeze {
			t.Errorf("%.30s… %d times, names of %d bytes: a frozen state is wanted %v", c.call, c.times, c.nameBytes,
				run.WantsFreeze)
		}
		if run.WantsFreeze {
			run.WantsFreeze = false
			image := m.Freeze()
			image.Query(0, run)
			image.Release()
		}
		if run.Join(); !bytes.Equal(run.Reply, plain.Reply) {
			t.Errorf("%.30s…: answers %.80q, else %.80q", c.call, run.Reply, plain.Reply)
		}
	}
}
