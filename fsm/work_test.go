package fsm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
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
	own := data.BitCount.ReadWork(words("bitcount nothing"), &m.space)
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
